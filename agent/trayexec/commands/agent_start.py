"""Starts an agent in the background: whoever asks first, and `trayexec agent start`."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.light import agent_connection, agent_environment, agent_record, own_command, paths, private_files, stderr
from trayexec.light.errors import Text, TrayexecError, Trouble, shown, trouble
from trayexec.light.polling import readable
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from _socket import socket


START = 60.0  # seconds until we stop believing that the agent comes up: a login can load a machine for long
APPEAR = 3.0  # seconds until another agent that is said to run has made its socket
POLL = 0.02
IN_LINE = 0.1  # seconds between looks of those who wait for the one that starts it
LAST_WORDS = 4096  # bytes


def start(environ: Mapping[str, str]) -> "socket":
    """Start an agent in the background and connect to it. A hundred callers may do so at once: one of them does.

    Raises TrayexecError with the agent's own words when it cannot start.
    """
    deadline, patience = time.monotonic() + START, _Patience(environ)
    with _line(environ) as line:
        while True:
            is_first = _is_first(line)  # seen before we look, or one that came between would be missed
            with contextlib.suppress(agent_connection.AgentAbsentError):
                return agent_connection.connect(environ)
            if is_first or time.monotonic() > deadline:
                started = _start(environ, deadline)
                break
            patience.wear()
            time.sleep(IN_LINE)
    if sys.stderr.isatty():
        from trayexec.commands import first_start  # noqa: PLC0415 — for a person

        first_start.tell(environment(environ))
    return started


@contextlib.contextmanager
def _line(environ: Mapping[str, str]) -> Iterator[int]:
    """The folder that all who start this user's agent see, opened, to be locked; -1 where there is none."""
    folder = -1
    with contextlib.suppress(OSError):
        path = str(Path(agent_record.record(environ)).parent)
        private_files.own_folder(path)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        if folder >= 0:
            os.close(folder)


def _is_first(folder: int) -> bool:
    """Whether nobody else starts one now: a hundred that come up at once keep each other from it for half a minute."""
    if folder < 0:
        return True
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network home without locks: the agents sort it out among themselves
        return True
    return True


def _start(environ: Mapping[str, str], deadline: float) -> "socket":
    while True:
        said = _launch(environ)
        if said[0] not in {"listening", "already_running"}:
            raise TrayexecError(_why_not(said))
        try:
            return _connect(environ)
        except agent_connection.AgentAbsentError:
            # One may just be going away, or have lost its socket; then the next one gets the lock.
            if time.monotonic() > deadline:
                raise TrayexecError(_deaf(said)) from None


def _launch(environ: Mapping[str, str]) -> list[str]:
    """Start the process, and return what it says: `listening`, or a code, a title and a hint."""
    mine, agents = os.pipe()
    try:
        with _log(environ) as log:
            begun = os.fstat(log).st_size
            process = subprocess.Popen(
                [*own_command.again(), "agent", "--isolated", "--ready-fd", str(agents)],
                env=environment(environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(agents,),
                start_new_session=True,
                cwd="/",
            )
            os.close(agents)
            agents = -1
            said = _hear(mine, environ) or ["", "", _last_words(log, begun)]
    except OSError as error:
        return ["", "", str(error), ""]
    finally:
        os.close(mine)
        if agents >= 0:
            os.close(agents)
    process.returncode = 0  # it is not ours to wait for: it outlives us
    return [*said, "", "", ""]


def _last_words(log: int, begun: int) -> str:
    """What a process said that ended before it was an agent: its last line since then that is none of the log."""
    with contextlib.suppress(OSError):  # its words may have gone nowhere
        said = os.pread(log, LAST_WORDS, max(begun, os.fstat(log).st_size - LAST_WORDS)).decode(errors="replace")
        lines = [line for line in said.splitlines() if line and not line[0].isspace() and not line[0].isdigit()]
        return lines[-1].removeprefix("trayexec: ") if lines else ""
    return ""


def _why_not(said: list[str]) -> Trouble:
    code, title, hint, *_ = said
    if title:
        return trouble(code, "{title}", "{hint}", title=title, hint=hint)
    if hint:
        return trouble(
            "no_agent",
            "The agent did not start: {why}",
            "Run `trayexec agent` in a terminal to see more. Where parts of trayexec are missing, install it again.",
            why=shown(hint),
        )
    return trouble("no_agent", "The agent did not start.", "Run `trayexec agent` in a terminal: it says why.")


def _deaf(said: list[str]) -> Trouble:
    return trouble(
        "agent_silent",
        "{title} But it cannot be reached.",
        "End that process, then try again.",
        title=said[1],
    )


def _log(environ: Mapping[str, str]) -> "_Output":
    return _Output(Path(paths.log_path(environ)))


class _Output:
    """Where the agent's own output goes: its log, or nowhere when that cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> int:
        try:
            private_files.own_folder(str(self._path.parent))
            self._descriptor = private_files.keep(str(self._path))
        except OSError:
            self._descriptor = os.open(os.devnull, os.O_WRONLY)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of an agent that somebody with this one starts."""
    kept = agent_environment.of(environ)
    kept.setdefault("HOME", paths.home(environ))
    runtime = agent_record.runtime_folder(environ)
    if runtime and not kept.get("XDG_RUNTIME_DIR", "").startswith("/"):
        kept["XDG_RUNTIME_DIR"] = runtime  # cron starts it for the desktop, too
    if kept.get("TRAYEXEC_SOCKET"):
        kept["TRAYEXEC_SOCKET"] = str(Path(kept["TRAYEXEC_SOCKET"]).absolute())  # the agent has another working folder
    return kept


def _hear(pipe: int, environ: Mapping[str, str]) -> list[str]:
    """What the new agent says: that it listens, or why it does not."""
    said = b""
    deadline, patience = time.monotonic() + START, _Patience(environ)
    while (left := deadline - time.monotonic()) > 0:
        if readable(pipe, seconds=min(left, 1.0)):
            more = os.read(pipe, 4096)
            if not more:
                break
            said += more
        else:
            patience.wear()
    return said.decode("utf-8", "replace").splitlines()


class _Patience:
    """Somebody at a terminal, who is told after a second what takes so long."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._ends = time.monotonic() + 1.0

    def wear(self) -> None:
        """Tell it once, when it is time."""
        if time.monotonic() > self._ends and sys.stderr.isatty():
            stderr.say(speaker(self._environ)(Text("starting the agent…")))
            self._ends = float("inf")


def _connect(environ: Mapping[str, str]) -> "socket":
    deadline = time.monotonic() + APPEAR
    while True:
        try:
            return agent_connection.connect(environ)
        except agent_connection.AgentAbsentError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL)

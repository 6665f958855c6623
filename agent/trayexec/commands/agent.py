"""`agent`: in the foreground, or started and stopped in the background."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec import cli, client, needed, ourselves, paths, whereis, writing
from trayexec.core.sections import shown
from trayexec.core.shellwords import word
from trayexec.errors import Text, TrayexecError, Trouble, trouble
from trayexec.ready import readable
from trayexec.words import speaker

if TYPE_CHECKING:
    from _socket import socket
    from typing import NoReturn

START = 20.0  # seconds until we stop believing that the agent comes up
STOP = 10.0  # seconds until we stop believing that it ends
APPEAR = 3.0  # seconds until another agent that is said to run has made its socket
POLL = 0.02
LAST_WORDS = 4096  # bytes
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # ignored by Python itself


def agent(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """`agent`, `agent start`, `agent stop`."""
    if options.what == "start":
        return _start(environ)
    if options.what == "stop":
        return _stop(environ)
    return _foreground(options, environ)


def _foreground(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if not options.isolated:
        _isolate(options, environ)
    from trayexec.daemon import app  # noqa: PLC0415 — the whole agent

    def hello() -> None:
        if sys.stderr.isatty():
            cli.say(speaker(environ)(Text("the agent listens; Ctrl-C stops it and forgets everything")))

    if options.ready_fd is not None:
        _begin_afresh()
    writing.sweep(paths.state_folder(environ))
    ready = hello if options.ready_fd is None else app.tell_ready(options.ready_fd)
    face = app.Face.HEADLESS if options.headless else app.Face.TRAY
    try:
        status = app.run(app.Wish(needed.of(environ), face, ready))
    except TrayexecError as error:
        if options.ready_fd is None:
            raise
        speak = speaker(environ)
        what = error.trouble
        os.write(options.ready_fd, f"{what.code}\n{speak(what.title)}\n{speak(what.hint)}\n".encode())
        return cli.FAILED
    app.leave(status)
    return status


def _isolate(options: argparse.Namespace, environ: Mapping[str, str]) -> "NoReturn":
    """Begin again, in the same process, with an interpreter that neither the environment nor the folder bends.

    Whoever starts an agent by hand has a shell with whatever is in it, and our own start scripts cannot be isolated:
    installers write their first line. Nothing of the agent has been loaded until then.
    """
    argv = [*ourselves.again(), "agent", "--isolated"]
    argv += ["--headless"] if options.headless else []
    argv += ["--ready-fd", str(options.ready_fd)] if options.ready_fd is not None else []
    env = _environment(environ)
    os.chdir("/")
    sys.stdout.flush()
    os.execve(argv[0], argv, env)  # noqa: S606 — ourselves, once more


def _begin_afresh() -> None:
    """Hear every signal: what a command ignored or blocked that needed an agent is no wish about the agent.

    A shell's background job and nohup(1) do that, and it is inherited. The agent is everybody's, and outlives both.
    """
    for number in set(signal.Signals) - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def start(environ: Mapping[str, str]) -> "socket":
    """Start an agent in the background and connect to it. A hundred callers may do so at once: one agent comes of it.

    Raises TrayexecError with the agent's own words when it cannot start.
    """
    deadline = time.monotonic() + START
    while True:
        said = _launch(environ)
        if said[0] not in {"listening", "already_running"}:
            raise TrayexecError(_why_not(said))
        try:
            return _connect(environ)
        except client.AgentAbsentError:
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
                [*ourselves.again(), "agent", "--isolated", "--ready-fd", str(agents)],
                env=_environment(environ),
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
            writing.own_folder(str(self._path.parent))
            self._descriptor = writing.keep(str(self._path))
        except OSError:
            self._descriptor = os.open(os.devnull, os.O_WRONLY)
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    kept = needed.of(environ)
    kept.setdefault("HOME", paths.home(environ))
    runtime = whereis.runtime_folder(environ)
    if runtime and not kept.get("XDG_RUNTIME_DIR", "").startswith("/"):
        kept["XDG_RUNTIME_DIR"] = runtime  # cron starts it for the desktop, too
    if kept.get("TRAYEXEC_SOCKET"):
        kept["TRAYEXEC_SOCKET"] = str(Path(kept["TRAYEXEC_SOCKET"]).absolute())  # the agent has another working folder
    return kept


def _hear(pipe: int, environ: Mapping[str, str]) -> list[str]:
    """What the new agent says: that it listens, or why it does not."""
    said = b""
    deadline = time.monotonic() + START
    patient = time.monotonic() + 1.0
    while (left := deadline - time.monotonic()) > 0:
        if readable(pipe, seconds=min(left, 1.0)):
            more = os.read(pipe, 4096)
            if not more:
                break
            said += more
        elif time.monotonic() > patient and sys.stderr.isatty():
            cli.say(speaker(environ)(Text("starting the agent…")))
            patient = deadline
    return said.decode("utf-8", "replace").splitlines()


def _connect(environ: Mapping[str, str]) -> "socket":
    deadline = time.monotonic() + APPEAR
    while True:
        try:
            return client.connect(environ)
        except client.AgentAbsentError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL)


def _start(environ: Mapping[str, str]) -> int:
    speak = speaker(environ)
    try:
        client.connect(environ).close()
    except client.AgentAbsentError:
        start(environ).close()
        cli.say(speak(Text("the agent is running")))
    else:
        cli.say(speak(Text("the agent is running already")))
    return cli.OK


def _stop(environ: Mapping[str, str]) -> int:
    speak = speaker(environ)
    stopped = 0
    for connection in client.everyone(environ):
        path = str(connection.getpeername())

        def patient(seconds: int, path: str = path) -> None:
            if seconds > STOP:
                raise TrayexecError(_unstoppable(path))

        for line in client.ask(connection, {"op": "stop"}, patient):
            client.outcome(line)
        connection.close()
        _await_end(path, environ)
        stopped += 1
    if stopped:
        cli.say(speak(Text("the agent has stopped and forgotten everything")))
    else:
        cli.say(speak(Text("no agent is running")))
    return cli.OK


def _await_end(path: str, environ: Mapping[str, str]) -> None:
    """Wait until nobody listens there. Raises TrayexecError."""
    deadline = time.monotonic() + STOP
    while time.monotonic() < deadline:
        try:
            client.connect_to(path, environ).close()
        except TrayexecError:
            return
        time.sleep(POLL)
    raise TrayexecError(_unstoppable(path))


def _unstoppable(path: str) -> Trouble:
    return trouble(
        "agent_silent",
        "The agent does not stop.",
        "End its process, whose number is in its lock file: `kill -9 $(cat {lock})`",
        lock=word(str(Path(path).with_suffix(".lock"))),
    )

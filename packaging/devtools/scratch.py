"""A throw-away home with all that the real program needs: D-Bus, a keyring, a pretended AWS. Nothing stays of it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from devtools.machine import TOP, NotReadyError

PATIENCE = 20.0  # seconds: only what is broken takes as long
KEPT = ("LANG", "LC_ALL", "LC_MESSAGES", "TERM", "NO_COLOR")
SHOWN = ("DISPLAY", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")
# A session bus on which nothing starts by itself: no prompter, no notification service.
CLOSED = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>{services}
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>
"""


class Terminal(Enum):
    """Which terminal a program may ask on."""

    NONE = "none"
    OURS = "the one we run on"


@dataclass(slots=True)
class Aws:
    """The pretended AWS: its world, and its control plane."""

    world: Mapping[str, Any]

    @property
    def user(self) -> Mapping[str, Any]:
        """The first user, with keys and device."""
        user: Mapping[str, Any] = self.world["users"][0]
        return user

    def ask(self, what: str, document: Mapping[str, Any] | None = None) -> Any:
        """Ask, or change something, under `/_sim/`."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.world['url']}/_sim/{what}", data=body)  # noqa: S310 — our own
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 — likewise
            return json.load(answer)

    def code(self) -> str:
        """A code that is good now."""
        return str(self.ask("code")["unused"])


@dataclass(slots=True)
class Scratch:
    """One throw-away home. Get it from `scratch`."""

    folder: Path
    env: dict[str, str]
    aws: Aws

    @property
    def home(self) -> Path:
        """The home."""
        return self.folder / "home"

    @property
    def log(self) -> str:
        """What the agent has logged so far."""
        path = self.home / ".local/state/trayexec/agent.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def run(self, argv: Sequence[str], *, given: str | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a program here to its end, without a terminal."""
        return subprocess.run(
            argv,
            env=self.env,
            cwd=self.home,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )

    def start(self, argv: Sequence[str], *, terminal: Terminal = Terminal.NONE) -> "subprocess.Popen[str]":
        """Start a program here; what it says comes on its stdout."""
        return subprocess.Popen(
            argv,
            env=self.env,
            cwd=self.home,
            stdin=subprocess.DEVNULL if terminal is Terminal.NONE else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=terminal is Terminal.NONE,
        )

    @property
    def agent(self) -> int | None:
        """The pid of the agent, if one runs."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(self.socket)
            except OSError:
                return None
            pid: int = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            return pid

    @property
    def socket(self) -> str:
        """The agent's private socket."""
        return str(self.folder / "run/trayexec/agent.sock")

    def end_agent(self) -> None:
        """End the agent, the hard way if need be."""
        pid = self.agent
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(pid, number)
                with contextlib.suppress(NotReadyError):
                    eventually("the agent to end", lambda: self.agent is None, seconds=5)
                    return

    def unlock(self) -> None:
        """Open the session with a good code."""
        done = self.run(["trayexec", "auth", "--code-stdin"], given=self.aws.code())
        if done.returncode:
            raise NotReadyError(f"trayexec auth failed: {done.stderr}")


def eventually(what: str, probe: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait until `probe` answers true. Raises NotReadyError naming `what`."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            raise NotReadyError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


@contextlib.contextmanager
def scratch(programs: Path, *, aws: Sequence[str] = (), display: Mapping[str, str] | None = None) -> Iterator[Scratch]:
    """A throw-away home, its `PATH` beginning with `programs`; ends and removes everything at the end.

    `aws` are options of the pretended AWS. `display` is an environment that names a display to show dialogs on.
    """
    # A short path: a socket's may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="trayexec-"))
    running: list[subprocess.Popen[bytes]] = []
    try:
        env = _environment(folder, programs, display or {})
        _start_bus(folder, env, running, opened=bool(display))
        _start_keyring(folder, env, running)
        here = Scratch(folder, env, _start_aws(folder, env, running, aws))
        try:
            yield here
        finally:
            here.end_agent()
    finally:
        for process in reversed(running):
            _end(process)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, programs: Path, display: Mapping[str, str]) -> dict[str, str]:
    places = {
        "HOME": "home",
        "XDG_RUNTIME_DIR": "run",
        "XDG_CONFIG_HOME": "home/.config",
        "XDG_CACHE_HOME": "home/.cache",
        "XDG_DATA_HOME": "home/.local/share",
        "XDG_STATE_HOME": "home/.local/state",
        "TMPDIR": "home/tmp",
    }
    env = {name: str(folder / place) for name, place in places.items()}
    for place in env.values():
        Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
    env |= {name: os.environ[name] for name in KEPT if name in os.environ}
    env |= {name: display[name] for name in SHOWN if name in display}
    if "DISPLAY" in display:
        env["XAUTHORITY"] = display.get("XAUTHORITY") or str(Path.home() / ".Xauthority")
    if "WAYLAND_DISPLAY" in display:  # it is looked for in XDG_RUNTIME_DIR, unless it is a whole path
        env["WAYLAND_DISPLAY"] = str(Path(display.get("XDG_RUNTIME_DIR", "/")) / display["WAYLAND_DISPLAY"])
    return {**env, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


def _start_bus(folder: Path, env: dict[str, str], running: list[subprocess.Popen[bytes]], *, opened: bool) -> None:
    """A session bus of our own. `opened`: the desktop's own notification service may be started on it."""
    path = folder / "run/bus"
    config = folder / "bus.conf"
    services = "<standard_session_servicedirs/>" if opened else ""
    config.write_text(CLOSED.format(socket=path, services=services))
    env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={path}"
    argv = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
    running.append(_start(argv, folder / "bus.log", env))
    eventually("the session bus", lambda: _listens(path))


def _listens(path: Path) -> bool:
    """Whether somebody takes connections: the file of a socket is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as knock:
        return knock.connect_ex(str(path)) == 0


def _start_keyring(folder: Path, env: Mapping[str, str], running: list[subprocess.Popen[bytes]]) -> None:
    argv = ["gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground"]
    keyring = _start(argv, folder / "keyring.log", env)
    running.append(keyring)
    if keyring.stdin is not None:
        keyring.stdin.write(b"open sesame")
        keyring.stdin.close()
    bus = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"]
    asking = ["dbus-send", *bus, "string:org.freedesktop.secrets"]

    def owned() -> bool:
        return b"true" in subprocess.run(asking, env=env, capture_output=True, check=False).stdout

    eventually("the keyring", owned)


def _start_aws(
    folder: Path, env: Mapping[str, str], running: list[subprocess.Popen[bytes]], options: Sequence[str]
) -> Aws:
    config = Path(env["HOME"]) / ".aws/config"
    config.parent.mkdir()
    # Standard library only, so it runs on the Python that runs us; it ends with its standard input, that is, with us.
    argv = [sys.executable, "-m", "awssim", "--while-stdin", "--config", str(config), *options]
    said = folder / "aws.json"
    with said.open("wb") as out:
        process = subprocess.Popen(
            argv, env={**env, "PYTHONPATH": str(TOP / "tests")}, cwd=folder, stdin=subprocess.PIPE, stdout=out
        )
    running.append(process)
    eventually("the pretended AWS", lambda: said.read_bytes().endswith(b"\n"))
    return Aws(json.loads(said.read_bytes()))


def _start(argv: Sequence[str], log: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        # A session of its own: Ctrl-C is for us, and what we started is ended in order.
        return subprocess.Popen(
            argv, env=env, cwd=env["HOME"], stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

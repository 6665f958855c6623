"""A whole trayexec for tests: a private home, the STS double, stored keys, a real agent, and the command line.

```
with private_desktop() as desk, rig_on(desk) as rig:
    rig.store_keys()                      # through the real gnome-keyring of the desktop
    rig.auth(rig.sim.code())              # starts the agent, as any command does
    done = rig.run("account-a", "--", "aws", "sts", "get-caller-identity")
    assert done.status == 0
```

`desk` may have a display, a panel and notifications or none of these: the rig adds only what it is asked for. Every
agent that was started is ended with the block, whoever started it.
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from awssim import Sim, default_world
from awssim.world import Key, World
from support.desktop import PATIENCE, Desktop, DesktopError, eventually
from support.files import at_rest
from support.processes import alive

COMMAND = (sys.executable, str(Path(__file__).parents[2] / "packaging" / "bin" / "trayexec"))
# Takes the terminal that is its standard input as the controlling one, as a login does, and goes on as the command.
ON_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
# What a person does, as a program: looks at the device and types. Each time it is asked leaves a line.
TYPIST = """\
import json, sys, urllib.request
with open(sys.argv[2], "a") as asked:
    asked.write("asked\\n")
with urllib.request.urlopen(sys.argv[1]) as answer:
    print(json.load(answer)["code"])
"""


class Done(NamedTuple):
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Keyring:
    """A keyring in which alice's long-term keys are stored for the profile `default`."""

    desk: Desktop
    key: Key


def world_with(key: Key) -> World:
    """The default world, in which alice has this key: keys that are in the keyring already serve a new world."""
    world = default_world()
    (alice,) = world.users.values()
    world.keys = {key.id: replace(key, holder=alice)}
    return world


@contextlib.contextmanager
def rig_on(desk: Desktop, sim: Sim | None = None) -> Iterator["Rig"]:
    """A rig on this desktop, with an AWS double of its own unless one is given that runs already."""
    with contextlib.ExitStack() as stack:
        rig = Rig(desk, stack.enter_context(Sim()) if sim is None else sim)
        stack.callback(rig.end)
        at_rest(rig.config(rig.sim.world.config_text(rig.sim.url)))
        yield rig


@dataclass(slots=True)
class Rig:
    """A desktop, an AWS, and trayexec between them. Get it from `rig_on`."""

    desk: Desktop
    sim: Sim
    command: tuple[str, ...] = COMMAND  # how trayexec is called
    _started: list[subprocess.Popen[str]] = field(init=False, default_factory=list)
    _terminals: list["Terminal"] = field(init=False, default_factory=list)
    _given: set[str] = field(init=False, default_factory=set)

    # Places ---------------------------------------------------------------------------------------------------------

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that runs here; change it to change what follows."""
        return self.desk.env

    @property
    def socket(self) -> Path:
        """The private socket."""
        return self.desk.home("run/trayexec/agent.sock")

    @property
    def log(self) -> str:
        """What the agent wrote in its log."""
        path = self.desk.home("home/.local/state/trayexec/agent.log")
        return path.read_text() if path.exists() else ""

    @property
    def ledger(self) -> list[dict[str, Any]]:
        """Who asked for what, and what was answered: the whole lines of the file in use, which is being written."""
        path = self.desk.home("home/.local/state/trayexec/requests.jsonl")
        return [json.loads(line) for line in path.read_text().split("\n")[:-1] if line] if path.exists() else []

    @property
    def tries(self) -> int:
        """How often `answer_by_itself` was asked for a code."""
        path = self.desk.home("asked")
        return len(path.read_text().splitlines()) if path.exists() else 0

    def config(self, text: str) -> Path:
        """Write `~/.aws/config`."""
        return self.write("home/.aws/config", text)

    def settings(self, text: str) -> Path:
        """Write our own `config.toml`."""
        return self.write("home/.config/trayexec/config.toml", text)

    def answer_by_itself(self, *, more: str = "") -> None:
        """Let a program give the code that the device shows, instead of a person; `tries` counts how often."""
        script = self.write("typist.py", TYPIST)
        argv = [sys.executable, "-I", str(script), f"{self.sim.url}/_sim/code", str(self.desk.home("asked"))]
        self.settings(f"[prompt]\nmethod = {json.dumps(argv)}\n{more}")

    def write(self, path: str, text: str | bytes) -> Path:
        """Write a file inside the private folder."""
        file = self.desk.home(path)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    # Commands -------------------------------------------------------------------------------------------------------

    def run(
        self,
        *words: str,
        stdin: str = "",
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        seconds: float = 60.0,
    ) -> Done:
        """`trayexec WORDS…` to its end, without a terminal. `env` adds to the environment; None takes a name out."""
        begun = time.monotonic()
        process = self.start(*words, env=env, cwd=cwd)
        out, err = process.communicate(stdin, timeout=seconds)
        return Done(process.returncode, out, err, time.monotonic() - begun)

    def start(
        self, *words: str, env: Mapping[str, str | None] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[str]:
        """`trayexec WORDS…`, running, its three streams pipes, its own session so that it has no terminal."""
        process = subprocess.Popen(
            [*self.command, *words],
            env=self.environment(env),
            cwd=cwd or self.desk.home("home"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def terminal(self, *words: str, env: Mapping[str, str | None] | None = None) -> "Terminal":
        """`trayexec WORDS…` on a terminal of its own."""
        return self.terminal_for([*self.command, *words], env=env)

    def terminal_for(self, argv: list[str], *, env: Mapping[str, str | None] | None = None) -> "Terminal":
        """Any program on a terminal of its own."""
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", ON_TERMINAL, *argv],
                env=self.environment(env),
                cwd=self.desk.home("home"),
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        terminal = Terminal(ours, process)
        self._terminals.append(terminal)
        return terminal

    def environment(self, more: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """The environment of a command: the desktop's, with `more`; None takes a name out."""
        merged: dict[str, str | None] = {**self.env, **(more or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def store_keys(self, profile: str = "default", *, user: str = "alice") -> Done:
        """Put a user's long-term keys into the keychain, as a person would. The desktop gets a keyring for it."""
        if "DBUS_SESSION_BUS_ADDRESS" not in self.env:
            self.desk.start_keyring()
        key = self.sim.world.user_key(user)
        keys: dict[str, str | None] = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
        return _well(self.run("keys", "add", profile, "--env", env=keys))

    def fresh_code(self) -> str:
        """A code that AWS will take and that was never given to the agent. There are five at a time."""
        codes = [self.sim.code(steps=steps) for steps in (0, 1, -1, 2, -2)]
        return next(code for code in codes if code not in self._given | self.sim.codes_used())

    def auth(self, code: str | None = None, *words: str, env: Mapping[str, str | None] | None = None) -> Done:
        """Open the session with a fresh code, unless another is given; it may be refused."""
        code = self.fresh_code() if code is None else code
        self._given.add(code)
        return self.run("auth", *words, "--code-stdin", stdin=f"{code}\n", env=env)

    def unlock(self) -> Self:
        """Open the session, and make sure that it is open."""
        _well(self.auth())
        return self

    def status(self) -> Any:
        """The document of `status --json`."""
        return _well(self.run("status", "--json")).json

    def phase(self, identity: str = "default") -> str:
        """The phase of an identity: `locked`, `prompting`, `opening`, `open`."""
        return next(str(one["phase"]) for one in self.status()["identities"] if one["name"] == identity)

    # The agent ------------------------------------------------------------------------------------------------------

    @property
    def agent_pid(self) -> int:
        """The process that holds the lock of the socket's folder; 0 when none does."""
        return holder(self.socket.with_suffix(".lock"))

    def start_agent(self) -> int:
        """Start the agent in the background, as a command would, and return its process id."""
        _well(self.run("agent", "start"))
        return self.agent_pid

    def foreground_agent(self, *words: str, env: Mapping[str, str | None] | None = None) -> subprocess.Popen[str]:
        """`trayexec agent` as a child of the test, listening."""
        process = self.start("agent", *(words or ("--headless",)), env=env)
        place = Path((env or {}).get("TRAYEXEC_SOCKET") or self.socket)
        eventually("the agent to listen", lambda: listens(place) or process.poll() is not None)
        return process

    def end(self) -> None:
        """End what was started here: commands, terminals and the agent, whoever started it."""
        for terminal in self._terminals:
            terminal.end()
        for process in self._started:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
        for lock in self.desk.folder.glob("**/*.lock"):
            end_process(holder(lock))


@dataclass(slots=True)
class Terminal:
    """A program on a terminal of its own, and a person in front of it."""

    _end: int
    process: subprocess.Popen[bytes]
    screen: str = field(init=False, default="")

    def wait_for(self, pattern: str, *, seconds: float = PATIENCE) -> str:
        """Wait until something that matches is on the screen; take it off with all before it, and return both."""
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.screen, re.DOTALL)) is None:
            if not self._look(deadline - time.monotonic()):
                raise DesktopError(f"waited for {pattern!r} on a terminal that shows {self.screen!r}")
        taken, self.screen = self.screen[: found.end()], self.screen[found.end() :]
        return taken

    def type(self, text: str) -> None:
        r"""Type; `\n` is Return, `\x03` Ctrl-C, `\x04` Ctrl-D."""
        os.write(self._end, text.encode())

    def ended(self, *, seconds: float = PATIENCE) -> tuple[int, str]:
        """Wait for the program's end: its exit status, and what was left on the screen."""
        deadline = time.monotonic() + seconds
        while self._look(deadline - time.monotonic()):
            pass
        return self.process.wait(max(1.0, deadline - time.monotonic())), self.screen

    @property
    def modes(self) -> list[Any]:
        """How the terminal treats what is typed and shown: what `stty -a` says."""
        return termios.tcgetattr(self._end)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size; what is drawn on it is told."""
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the window: the programs on the terminal get a hangup."""
        os.close(self._end)
        self._end = -1

    def end(self) -> None:
        """Close the terminal: its programs get a hangup."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._end >= 0:
            os.close(self._end)
            self._end = -1

    def _look(self, seconds: float) -> bool:
        """Read what came; False when nothing did in time, or nothing more will."""
        if seconds <= 0 or not select.select([self._end], [], [], seconds)[0]:
            return False
        try:
            more = os.read(self._end, 65536)
        except OSError:  # EIO: every program on it has ended
            return False
        self.screen += more.decode("utf-8", "replace")
        return bool(more)


def holder(lock: Path) -> int:
    """The process whose id stands in this lock file, while it runs; 0 when it does not."""
    try:
        pid = int(lock.read_text().strip() or 0)
    except (OSError, ValueError):
        return 0
    return pid if pid and alive(pid) else 0


def end_process(pid: int) -> None:
    """Ask a process to end, and make it end."""
    if not pid:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        with contextlib.suppress(DesktopError):
            eventually(f"process {pid} to end", lambda: not alive(pid), seconds=6)
            return


def hear(connection: socket.socket, awaited: bytes) -> None:
    """Read until this was said; on a busy machine a caller first hears that somebody is there."""
    said = b""
    while awaited not in said:
        more = connection.recv(4096)
        assert more, f"hung up on after {said!r}"
        said += more


def listens(path: Path) -> bool:
    """Whether somebody takes connections there: a socket is a file before its agent listens."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as caller:
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True


def _well(done: Done) -> Done:
    if done.status:
        raise DesktopError(f"exit status {done.status}: {done.err or done.out}")
    return done

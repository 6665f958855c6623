"""Lets the person on the terminal choose from a list, which a process of its own draws (`child.py`).

That process never sees a secret, so prompt_toolkit is loaded by none that does; and whichever of the two is killed, the
other one leaves the terminal as it was.
"""

import json
import os
import signal
import subprocess
import termios
from collections.abc import Mapping
from dataclasses import asdict
from types import FrameType, TracebackType
from typing import Any, Self

from trayexec.adapters.profile_picker.listing import ProfileQuestion
from trayexec.light import own_command
from trayexec.light.errors import TrayexecError, Trouble, trouble

LEFT = 130  # the child's exit status where the person chose nothing
GRACE = 2.0  # seconds for the child to leave the terminal as it was
ENDS = (signal.SIGTERM, signal.SIGHUP)
# What the child needs of the environment: how the terminal is spoken to, and in which letters.
NEEDED = ("TERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE")
DUMB = {"", "dumb", "unknown"}  # terminals on which nothing can be drawn
# Show the cursor, no style, no bracketed paste, nothing below: what prompt_toolkit does at its end.
PUT_BACK = b"\x1b[?25h\x1b[0m\x1b[?2004l\r\x1b[J"


def there(environ: Mapping[str, str]) -> bool:
    """Whether this process has a terminal to draw on, in whose foreground it runs."""
    if environ.get("TERM", "") in DUMB:
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


class ProfilePicker:
    """A list that is being prepared, and then asked with: its process starts while the rows are gathered."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Keep the environment; nothing is started yet."""
        self._environ = environ

    def __enter__(self) -> Self:
        """Start the child. From here on a signal that would end this process ends the child before."""
        self._terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        self._before = termios.tcgetattr(self._terminal)
        self._handlers = {number: signal.signal(number, _end) for number in ENDS}
        self._child = subprocess.Popen(
            own_command.python("trayexec.adapters.profile_picker.child"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: self._environ[name] for name in NEEDED if name in self._environ},
        )
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End the child if it runs, and put the terminal back if it could not. Then end by the signal that came."""
        self._end_child()
        if self._child.returncode < 0:  # killed, as it was drawing perhaps
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            os.write(self._terminal, PUT_BACK)
        os.close(self._terminal)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if isinstance(error, _EndedError):
            os.kill(os.getpid(), error.number)

    def ask(self, question: ProfileQuestion) -> list[int]:
        """The numbers of the rows that the person chose, one at least.

        Raises KeyboardInterrupt for Esc and Ctrl-C, TrayexecError (`picker`) where the list could not be shown.
        """
        assert self._child.stdin is not None  # noqa: S101 — both are pipes
        assert self._child.stdout is not None  # noqa: S101 — likewise
        try:
            self._child.stdin.write(json.dumps(asdict(question)).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and says why
        said = self._child.stdout.read()
        status = self._child.wait()
        if status == LEFT:
            raise KeyboardInterrupt
        chosen: Any = json.loads(said) if status == 0 else None
        if chosen:
            return [int(number) for number in chosen]
        raise TrayexecError(self._broken())

    def _broken(self) -> Trouble:
        assert self._child.stderr is not None  # noqa: S101 — a pipe
        last = self._child.stderr.read().decode(errors="replace").strip().splitlines()
        return trouble(
            "picker",
            "The list of profiles could not be shown: {why}",
            "Name the profile on the command line.",
            why=last[-1] if last else f"signal {-self._child.returncode}",
        )

    def _end_child(self) -> None:
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                try:
                    stream.close()  # the end of the first one tells it to end
                except BrokenPipeError:
                    continue
        try:
            self._child.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class _EndedError(BaseException):
    """A signal that ends this process has come."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end(number: int, _frame: FrameType | None) -> None:
    raise _EndedError(number)

"""Who called, and our own two streams: whoever writes on them does so here, so that no status line gets into output.

Written are bytes, at once and whole; a write that blocks can be ended by a signal.
"""

import fcntl
import os
import select
import sys
import time

from trayexec.light.columns import wide
from trayexec.light.errors import lines, visible
from trayexec.light.frozen import Frozen
from trayexec.light.polling import writable
from trayexec.light.signs import plain
from trayexec.light.stderr import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Literal, TypeVar

    from trayexec.commands.reading import Options
    from trayexec.light.errors import Text

    Stream = Literal["out", "err"]  # standard output or standard error
    Buffer = bytes | bytearray | memoryview
    T = TypeVar("T")

OUT: "Stream" = "out"
ERR: "Stream" = "err"
STREAMS: "tuple[Stream, Stream]" = (OUT, ERR)
USUAL = 80  # columns
REDRAW = 0.1  # seconds between two status lines
PATIENCE = 1.0  # seconds for a reader to take the rest, once we are told to end
SURE = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 512  # bytes that a writable pipe takes without blocking
PIPE = 1 << 20  # bytes that a pipe holds, where the system lets us say so
CLEAR = b"\r\x1b[K"


class LostError(Exception):
    """Nobody takes our output any more: the reader has left, or the disk is full. `why` is the system's word for it."""

    def __init__(self, stream: "Stream", why: OSError | None) -> None:
        super().__init__(stream)
        self.stream = stream
        self.why = why


class InterruptedWriteError(Exception):
    """A signal came while we were blocked."""


class Streams:
    """Standard output and error as file descriptors; `terminals` are those that are one that can move its cursor."""

    def __init__(
        self,
        descriptors: "Mapping[Stream, int]",
        terminals: "frozenset[Stream]",
        width: "Callable[[], int]",
        clock: "Callable[[], float]",
    ) -> None:
        """`width` says how many columns the terminal has now, `clock` counts seconds and never jumps back."""
        self.descriptors = descriptors
        self.terminals = terminals
        self.clock = clock
        self.blocked = False  # a signal handler may raise InterruptedWriteError, to get us out
        self.ending = False
        self._width = width
        self._status = ""
        self._drawn = False
        self._next = 0.0

    def write(self, stream: "Stream", *parts: "Buffer") -> None:
        """Write whole lines, which the `parts` are together. Raises LostError."""
        if not parts:
            return
        if self._drawn and stream in self.terminals:
            self.clear()
        try:
            self._write(self.descriptors[stream], *parts)
        except OSError as error:
            raise LostError(stream, error) from None

    def say(self, sentence: str) -> None:
        """One line for the person, if there is somebody to read it."""
        try:
            said = readable(f"trayexec: {lines(sentence)}\n", self.descriptors[ERR], os.environ)
            self.write(ERR, said.encode("utf-8", "backslashreplace"))
        except LostError:
            pass

    def status(self, text: str) -> None:
        """What is going on, on a line that goes away again: only on a terminal, and not too often."""
        if ERR not in self.terminals or self.clock() < self._next or (self._drawn and text == self._status):
            return
        self._next = self.clock() + REDRAW
        try:
            cut = _cut(plain(visible(text), os.environ), self._width() - 1)  # a line that wraps could not be taken off
            self._write(self.descriptors[ERR], CLEAR + cut.encode("utf-8", "backslashreplace"))
            self._status, self._drawn = text, True
        except (OSError, LostError):
            pass

    def clear(self) -> None:
        """Take the status line off."""
        if self._drawn:
            self._drawn = False
            try:  # noqa: SIM105 — as above
                self._write(self.descriptors[ERR], CLEAR)
            except (OSError, LostError):
                pass

    def interruptible(self, act: "Callable[[], T]") -> "T":
        """What `act` returns. Raises InterruptedWriteError when a signal comes before that."""
        self.blocked = True
        try:
            return act()
        finally:
            self.blocked = False

    def _write(self, descriptor: int, *parts: "Buffer") -> None:
        rest = list(parts)
        while rest:
            count = self._try(descriptor, rest[0]) if self.ending else self._wait(descriptor, rest)
            while rest and count >= len(rest[0]):
                count -= len(rest.pop(0))
            if count:
                rest[0] = memoryview(rest[0])[count:]

    def _wait(self, descriptor: int, parts: "list[Buffer]") -> int:
        """Write, however long it takes, until a signal comes, at which a part may be written twice."""
        try:
            return self.interruptible(lambda: os.writev(descriptor, parts))
        except InterruptedWriteError:
            return 0
        except BlockingIOError:  # somebody else made it so: the terminal is shared
            writable(descriptor, seconds=PATIENCE)
            return 0

    def _try(self, descriptor: int, part: "Buffer") -> int:
        """As much as goes without blocking, now that we are to end."""
        if not writable(descriptor, seconds=PATIENCE):
            raise LostError(OUT, None)
        return os.write(descriptor, memoryview(part)[:SURE])


def _cut(text: str, columns: int) -> str:
    """As much of the beginning as these columns hold."""
    while wide(text) > max(1, columns):
        text = text[: -max(1, (wide(text) - columns) // 2)]
    return text


def widen(pipe: int) -> None:
    """Fewer turns for much output: what is no pipe, or may not be wider, stays as it is."""
    if sys.platform == "linux":
        try:
            if fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) < PIPE:
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
        except OSError:
            pass


class Invocation(Frozen):
    """Who called: the options, the command and its file, the environment, and the caller's own two streams."""

    options: "Options"
    command: "Sequence[str]"
    program: "str"
    environ: "Mapping[str, str]"
    screen: "Streams"
    speak: "Callable[[Text], str]"

    def say(self, text: "Text") -> None:
        """A line for the person."""
        self.screen.say(self.speak(text))


def screen_of(environ: "Mapping[str, str]") -> Streams:
    """The streams as Python found them: a closed one is the null device by now."""
    descriptors: dict[Stream, int] = {OUT: sys.stdout.fileno(), ERR: sys.stderr.fileno()}
    for descriptor in descriptors.values():
        widen(descriptor)
    able = environ.get("TERM", "dumb") != "dumb"
    terminals = frozenset(one for one, descriptor in descriptors.items() if able and os.isatty(descriptor))
    return Streams(descriptors, terminals, lambda: _columns(descriptors[ERR]), time.monotonic)


def _columns(terminal: int) -> int:
    """How wide a terminal is now; one that does not know is taken for a usual one."""
    return os.get_terminal_size(terminal).columns or USUAL

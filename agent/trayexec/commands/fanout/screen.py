"""Who called, and our own two streams: whoever writes on them does so here, so that no status line gets into output.

Written are bytes, at once and whole; a write that blocks can be ended by a signal.
"""

import fcntl
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from trayexec.commands.reading import Options
from trayexec.core.columns import wide
from trayexec.light.errors import Text, lines, visible
from trayexec.light.polling import writable

USUAL = 80  # columns
REDRAW = 0.1  # seconds between two status lines
PATIENCE = 1.0  # seconds for a reader to take the rest, once we are told to end
SURE = select.PIPE_BUF if hasattr(select, "PIPE_BUF") else 512  # bytes that a writable pipe takes without blocking
PIPE = 1 << 20  # bytes that a pipe holds, where the system lets us say so
CLEAR = b"\r\x1b[K"

Buffer = bytes | bytearray | memoryview


class Stream(Enum):
    """Which of the two."""

    OUT = "out"
    ERR = "err"


class LostError(Exception):
    """Nobody takes our output any more: the reader has left, or the disk is full. `why` is the system's word for it."""

    def __init__(self, stream: Stream, why: OSError | None) -> None:
        super().__init__(stream.value)
        self.stream = stream
        self.why = why


class InterruptedWriteError(Exception):
    """A signal came while we were blocked."""


@dataclass(slots=True)
class Streams:
    """Standard output and error as file descriptors; `terminals` are those that are one that can move its cursor."""

    descriptors: dict[Stream, int]
    terminals: frozenset[Stream]
    width: Callable[[], int]
    clock: Callable[[], float]
    blocked: bool = field(default=False, init=False)
    ending: bool = field(default=False, init=False)
    _status: str = field(default="", init=False)
    _drawn: bool = field(default=False, init=False)
    _next: float = field(default=0.0, init=False)

    def write(self, stream: Stream, *parts: Buffer) -> None:
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
        with suppress(LostError):
            self.write(Stream.ERR, f"trayexec: {lines(sentence)}\n".encode("utf-8", "backslashreplace"))

    def status(self, text: str) -> None:
        """What is going on, on a line that goes away again: only on a terminal, and not too often."""
        if Stream.ERR not in self.terminals or self.clock() < self._next or (self._drawn and text == self._status):
            return
        self._next = self.clock() + REDRAW
        with suppress(OSError, LostError):
            cut = _cut(visible(text), self.width() - 1)  # a line that wraps could not be taken off
            self._write(self.descriptors[Stream.ERR], CLEAR + cut.encode("utf-8", "backslashreplace"))
            self._status, self._drawn = text, True

    def clear(self) -> None:
        """Take the status line off."""
        if self._drawn:
            self._drawn = False
            with suppress(OSError, LostError):
                self._write(self.descriptors[Stream.ERR], CLEAR)

    @contextmanager
    def may_be_poked(self) -> Iterator[None]:
        """While in here, a signal handler may raise PokedError to get us out."""
        self.blocked = True
        try:
            yield
        finally:
            self.blocked = False

    def _write(self, descriptor: int, *parts: Buffer) -> None:
        rest = list(parts)
        while rest:
            count = self._try(descriptor, rest[0]) if self.ending else self._wait(descriptor, rest)
            while rest and count >= len(rest[0]):
                count -= len(rest.pop(0))
            if count:
                rest[0] = memoryview(rest[0])[count:]

    def _wait(self, descriptor: int, parts: list[Buffer]) -> int:
        """Write, however long it takes, until a signal comes, at which a part may be written twice."""
        try:
            with self.may_be_poked():
                return os.writev(descriptor, parts)
        except InterruptedWriteError:
            return 0
        except BlockingIOError:  # somebody else made it so: the terminal is shared
            writable(descriptor, seconds=PATIENCE)
            return 0

    def _try(self, descriptor: int, part: Buffer) -> int:
        """As much as goes without blocking, now that we are to end."""
        if not writable(descriptor, seconds=PATIENCE):
            raise LostError(Stream.OUT, None)
        return os.write(descriptor, memoryview(part)[:SURE])


def _cut(text: str, columns: int) -> str:
    """As much of the beginning as these columns hold."""
    while wide(text) > max(1, columns):
        text = text[: -max(1, (wide(text) - columns) // 2)]
    return text


def widen(pipe: int) -> None:
    """Fewer turns for much output: what is no pipe, or may not be wider, stays as it is."""
    if sys.platform == "linux":
        with suppress(OSError):
            if fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ) < PIPE:
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who called: the options, the command and its file, the environment, and the caller's own two streams."""

    options: Options
    command: Sequence[str]
    program: str
    environ: Mapping[str, str]
    screen: Streams
    speak: Callable[[Text], str]

    def say(self, text: Text) -> None:
        """A line for the person."""
        self.screen.say(self.speak(text))


def screen_of(environ: Mapping[str, str]) -> Streams:
    """The streams as Python found them: a closed one is the null device by now."""
    descriptors = {Stream.OUT: sys.stdout.fileno(), Stream.ERR: sys.stderr.fileno()}
    for descriptor in descriptors.values():
        widen(descriptor)
    able = environ.get("TERM", "dumb") != "dumb"
    terminals = frozenset(one for one, descriptor in descriptors.items() if able and os.isatty(descriptor))
    return Streams(descriptors, terminals, lambda: _columns(descriptors[Stream.ERR]), time.monotonic)


def _columns(terminal: int) -> int:
    """How wide a terminal is now; one that does not know is taken for a usual one."""
    return os.get_terminal_size(terminal).columns or USUAL

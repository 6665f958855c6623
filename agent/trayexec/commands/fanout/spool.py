"""What a command has said, kept until it ends: a little in our memory, much outside of it."""

import errno
import io
import os
import sys
from collections.abc import Iterator

IN_MEMORY = 1 << 20  # bytes
PORTION = 1 << 18
UNSAID = 1 << 30  # bytes, where the system does not say how much memory there is
SHARE = 4  # one part in so many of the machine's memory may be filled: more, and everything stands still


class MemoryBudget:
    """What all commands of a run may have kept at a time, in bytes."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, size: int) -> None:
        """Use up some. Raises OSError when there is not so much."""
        if size > self._left:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        self._left -= size

    def give(self, size: int) -> None:
        """Have it back."""
        self._left += size


def room_here() -> MemoryBudget:
    """A room that this machine can spare."""
    try:
        return MemoryBudget(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // SHARE)
    except (ValueError, OSError):  # no name of POSIX
        return MemoryBudget(UNSAID)


class Spool:
    """Bytes to be read back once, in order."""

    def __init__(self, room: MemoryBudget) -> None:
        self._room = room
        self._buffer = bytearray()
        self._file: io.BufferedRandom | io.BytesIO | None = None
        self.size = 0
        self.last = b""

    def add(self, data: bytes) -> None:
        """Keep `data`. Raises OSError when there is no room for it."""
        self._room.take(len(data))
        self.size += len(data)
        if self._file is None and len(self._buffer) + len(data) > IN_MEMORY:
            self._file = _nameless()
            self._file.write(self._buffer)
            self._buffer = bytearray()
        if self._file is None:
            self._buffer += data
        else:
            self._file.write(data)
        self.last = data[-1:] or self.last

    def portions(self) -> Iterator[bytes]:
        """All of it, from the beginning."""
        if self._file is None:
            yield bytes(self._buffer)
            return
        self._file.seek(0)
        while portion := self._file.read(PORTION):
            yield portion

    def close(self) -> None:
        """Forget it."""
        self._room.give(self.size)
        self.size = 0
        self._buffer = bytearray()
        if self._file is not None:
            self._file.close()


def _nameless() -> io.BufferedRandom | io.BytesIO:
    """Memory outside of ours, which may be swapped out, where there is such a thing: never a file on a disk."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("trayexec-output", os.MFD_CLOEXEC), "w+b")
    else:  # noqa: RET505 — so that a type checker knows what is reached where
        return io.BytesIO()

"""What a command has said, kept until it ends: a little in our memory, much outside of it."""

import io
import os
from collections.abc import Iterator

IN_MEMORY = 1 << 20  # bytes
PORTION = 1 << 18


class Spool:
    """Bytes to be read back once, in order."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._file: io.BufferedRandom | io.BytesIO | None = None
        self.size = 0
        self.last = b""

    def add(self, data: bytes) -> None:
        """Keep `data`. Raises OSError when there is no room for it."""
        if self._file is None and len(self._buffer) + len(data) > IN_MEMORY:
            self._file = _nameless()
            self._file.write(self._buffer)
            self._buffer = bytearray()
        if self._file is None:
            self._buffer += data
        else:
            self._file.write(data)
        self.size += len(data)
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
        self._buffer = bytearray()
        if self._file is not None:
            self._file.close()


def _nameless() -> io.BufferedRandom | io.BytesIO:
    """Memory outside of ours, which may be swapped out, where there is such a thing: never a file on a disk."""
    if not hasattr(os, "memfd_create"):
        return io.BytesIO()
    return os.fdopen(os.memfd_create("trayexec-output", os.MFD_CLOEXEC), "w+b")

"""Tells at once when somebody has written into one of a few folders: inotify(7), where the kernel has it.

Elsewhere it tells nothing, and whoever looks every few seconds finds out a little later. All calls return at once.
"""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

_WRITTEN = 0x008 | 0x080  # IN_CLOSE_WRITE: closed by who wrote; IN_MOVED_TO: renamed to here
_MANY = 64 * 1024  # bytes of events taken at a time


class FolderWatch:
    """Some folders; nothing is watched until it is opened. `add` may be called from any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._libc: ctypes.CDLL | None = None
        self._descriptor = -1

    def open(self) -> int | None:
        """A descriptor that can be read when something was written; None where there is no such thing."""
        if sys.platform != "linux":
            return None
        try:
            libc = ctypes.CDLL(None)
            descriptor: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, AttributeError):
            return None
        if descriptor < 0:  # a limit of the user's: fs.inotify.max_user_instances
            return None
        self._libc, self._descriptor = libc, descriptor
        return descriptor

    def add(self, folder: Path) -> None:
        """Watch this folder, too; one that is watched already, or is not there, is no matter."""
        if self._libc is not None and self._descriptor >= 0:
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _WRITTEN)

    def taken(self) -> None:
        """Take note of what happened: the descriptor is quiet until something else does."""
        with contextlib.suppress(OSError):
            os.read(self._descriptor, _MANY)

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

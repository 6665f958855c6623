"""Tells at once when somebody has written into a folder or to a file: inotify(7), where the kernel has it.

It does not hear what another machine writes to a network file system. So each call says whether it hears; whoever uses
it looks by itself, every few seconds, at what is not heard.
"""

import contextlib
import ctypes
import os
import stat
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

_WRITTEN = 0x008 | 0x080  # IN_CLOSE_WRITE: closed by who wrote; IN_MOVED_TO: renamed to here
_REMOVED = 0x040 | 0x200  # IN_MOVED_FROM, IN_DELETE
_MADE = 0x100  # IN_CREATE
_CHANGED = 0x004  # IN_ATTRIB: its mode, its owner, or how many names it has
_SELF = 0x400 | 0x800  # IN_DELETE_SELF, IN_MOVE_SELF
_LINK, _ADD = 0x02000000, 0x20000000  # IN_DONT_FOLLOW, IN_MASK_ADD
_IGNORED = 0x8000  # IN_IGNORED: what was watched is gone
_FOLDER = _WRITTEN | _REMOVED | _SELF
_FILE = _WRITTEN | _CHANGED | _SELF
_MANY = 64 * 1024  # bytes of events taken at a time
_EVENT = struct.Struct("iIII")

# Nobody but this machine writes there (statfs(2), linux/magic.h).
_LOCAL = frozenset(
    {
        0xEF53,  # ext2, ext3, ext4
        0x58465342,  # xfs
        0x9123683E,  # btrfs
        0x01021994,  # tmpfs
        0x858458F6,  # ramfs
        0xF2F52010,  # f2fs
        0x2FC12FC1,  # zfs
        0xCA451A4E,  # bcachefs
        0x3153464A,  # jfs
        0x794C7630,  # overlayfs
    }
)


class FolderWatch:
    """Some folders and files; nothing is heard until it is opened. All but `open` and `taken` are for any thread."""

    def __init__(self) -> None:
        """Begin with none."""
        self._libc: ctypes.CDLL | None = None
        self._descriptor = -1
        self._names: dict[int, set[bytes] | None] = {}  # of which entries a folder is to tell; None: of all
        self._lock = threading.Lock()  # two threads may add names to one folder

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

    def add(self, folder: Path) -> bool:
        """Hear of what is written into this folder; False where that cannot be heard."""
        return self._watch(str(folder), _FOLDER, None) and self._is_local(str(folder))

    def add_file(self, path: str) -> bool:
        """Hear of what is written to this file, and of another in its place; False where that cannot be heard.

        One that is not there is heard of when it comes. A look at a file that hangs does so here as well.
        """
        try:
            seen = os.lstat(path)
            is_device = stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116 — what is named may hold a NUL
        except FileNotFoundError:
            return not os.path.lexists(path) and self._await(path)  # where a link leads is not awaited
        except (OSError, ValueError):
            return False
        if is_device:
            return True  # /dev/null: nothing can be written to it, though many do
        folder = os.path.split(path)[0]
        heard = [self._watch(path, _FILE, None), self._watch(folder, _SELF, set()), self._is_local(path)]
        if stat.S_ISLNK(seen.st_mode):
            heard += [self._watch(path, _FILE | _LINK, None), self._is_local(folder)]
        return all(heard)

    def taken(self) -> bool:
        """Take note of what happened, and say whether it matters: the descriptor is quiet until something else does."""
        matters = False
        for watch, mask, name in self._events():
            names = self._names.get(watch)
            matters = matters or not name or names is None or name in names
            if mask & _IGNORED:
                with self._lock:
                    self._names.pop(watch, None)
        return matters

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _await(self, path: str) -> bool:
        """Hear of it when `path`, or the first of the folders above it that is missing, comes into being."""
        folder, name = os.path.split(path)
        if not name or folder == path:
            return False
        if self._watch(folder, _MADE | _FOLDER, {os.fsencode(name)}):
            return self._is_local(folder)
        # One that comes just now is not missed: who is told False looks again by itself.
        return not os.path.lexists(folder) and self._await(folder) and not os.path.lexists(folder)

    def _watch(self, path: str, mask: int, names: set[bytes] | None) -> bool:
        if self._libc is None or self._descriptor < 0:
            return False
        try:
            watch: int = self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), mask | _ADD)
        except (ValueError, ctypes.ArgumentError):  # a NUL in the name
            return False
        if watch < 0:
            return False
        with self._lock:
            known = self._names.get(watch, set())
            self._names[watch] = None if names is None or known is None else known | names
        return True

    def _is_local(self, path: str) -> bool:
        if self._libc is None:
            return False
        found = ctypes.create_string_buffer(512)  # a `struct statfs`, which begins with the kind of file system
        if self._libc.statfs(os.fsencode(path), found):
            return False
        return ctypes.c_long.from_buffer(found).value & 0xFFFFFFFF in _LOCAL

    def _events(self) -> Iterator[tuple[int, int, bytes]]:
        with contextlib.suppress(OSError):
            said = os.read(self._descriptor, _MANY)
            while said:
                watch, mask, _, length = _EVENT.unpack_from(said)
                yield watch, mask, said[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
                said = said[_EVENT.size + length :]

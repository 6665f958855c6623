"""Files that others may write at the same moment: read, and replaced without losing what they write.

A rename loses what somebody writes who had the old file open. So a file is replaced only while nobody has it open for
writing and it says what is expected, and what it says in the end is told. Blocking, for a second at most.
"""

import contextlib
import errno
import fcntl
import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from trayexec.light import private_files
from trayexec.light.private_files import PRIVATE

SETTLED = 0.2  # seconds a file must have been left alone before we take it for finished
PATIENCE = 1.0  # seconds to wait for somebody who has a file open that we have replaced

_INSTANT = 0.02  # seconds


@dataclass(frozen=True, slots=True)
class Version:
    """What a file is to say, and its mode."""

    data: bytes
    mode: int


def text_of(path: Path) -> str | None:
    """The text of one of our files, whatever has been done to it."""
    data = bytes_of(path)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def bytes_of(path: Path) -> bytes | None:
    """What a file says, whatever it is; None where there is none. Raises OSError, also for what is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would block, a device would never end
            raise OSError(errno.EINVAL, "it is no file")
        return file.read()


def settled(path: Path) -> str:
    """The text of a file that nobody is writing any more."""
    for _ in range(10):
        if not 0 <= time.time() - path.stat().st_mtime < SETTLED:
            break
        time.sleep(SETTLED / 2)
    with _read_lease(path):
        return text_of(path) or ""


def put(path: Path, text: str, *, mode: int = PRIVATE) -> None:
    """Let the file say this; it is not touched when it says so already."""
    private_files.update(str(path), _encoded(text), mode=mode)


@contextlib.contextmanager
def _staged(path: Path, version: Version) -> Iterator[Path]:
    """A file beside this one, whole and on the disk, to be renamed to it; otherwise it goes with the block."""
    new, descriptor = private_files.create(str(path.parent), mode=version.mode)
    try:
        private_files.fill(descriptor, version.data)
        yield Path(new)
    finally:
        Path(new).unlink(missing_ok=True)
        os.close(descriptor)  # only now: who sweeps up sees by the lock that somebody is at work


def swap(path: Path, text: str, expected: str | None) -> str | None:
    """Let the file say this if it says what is expected. Returns what it said, at the very last."""
    data = _encoded(text)
    if bytes_of(path) == data:
        return text
    found = replace(path, Version(data, PRIVATE), None if expected is None else _encoded(expected))
    return None if found is None else found.decode("utf-8", "surrogateescape")


def replace(path: Path, new: Version, expected: bytes | None) -> bytes | None:
    """Put a new file in place of one that says what is expected. Returns what the old one said in the end.

    If that is not the expected, it is as it was, or, when somebody opened it just as it was replaced, only what is
    returned is left of it: nobody would look there again.
    """
    old = Path(private_files.unforeseen(str(path.parent)))
    try:
        old.hardlink_to(path)
    except FileNotFoundError:
        return _made(path, new) if expected is None else None
    except OSError:  # the file system knows no links
        found = bytes_of(path)
        if found == expected:
            private_files.put(str(path), new.data, mode=new.mode)
        return found
    try:
        with _in_use(old), _staged(path, new) as made, _read_lease(old) as is_undisturbed:
            if old.read_bytes() != expected or not _same(path, old):
                return bytes_of(path)
            made.replace(path)
            if is_undisturbed():
                return expected
        time.sleep(_INSTANT)
        with _in_use(old), _read_lease(old):
            return old.read_bytes()
    finally:
        old.unlink(missing_ok=True)


@contextlib.contextmanager
def _in_use(path: Path) -> Iterator[None]:
    """Let who sweeps up see that this second name of a file is in use."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        private_files.locked(descriptor)
        yield
    finally:
        os.close(descriptor)


def _made(path: Path, new: Version) -> bytes | None:
    """Put a new file where there is none. Returns what is there instead: somebody may have been as quick."""
    with _staged(path, new) as made:
        try:
            path.hardlink_to(made)  # a rename would replace what is there by now
        except OSError:
            found = bytes_of(path)
            if found is None:  # the file system knows no links, or there is one that leads nowhere
                made.replace(path)
            return found
    return None


@contextlib.contextmanager
def _read_lease(path: Path) -> Iterator[Callable[[], bool]]:
    """Wait until nobody has this file open for writing; in the block, it can be asked whether that is certainly so.

    Only then is a read lease given (fcntl(2), Linux), and who opens the file has to wait for the block's end. Where
    there are no leases it is never certain. Nobody is waited for any longer than `PATIENCE`.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        leased = _leased(descriptor)
        yield lambda: leased and fcntl.fcntl(descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK
    finally:
        os.close(descriptor)  # and with it the lease


def _leased(descriptor: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        # The kernel tells of who waits by a signal: one that is ignored, not SIGIO, which would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        for _ in range(round(PATIENCE / _INSTANT)):
            try:
                fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            except BlockingIOError:
                time.sleep(_INSTANT)
                continue
            return True
    except OSError:
        pass
    return False


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except FileNotFoundError:
        return False


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

"""Every file that we make: whole or not at all, for this user only, and never where somebody else has led us.

A new file gets a name that nobody can foresee (O_EXCL, O_NOFOLLOW), is locked while it is being made, and is then
renamed to where it belongs: a link or a pipe that was put there is replaced, not followed. What a crash leaves is known
by its name, its owner and the lock that nobody holds, and goes at the next start. Light: shells wait for `hook`.
"""

import errno
import fcntl
import os
import stat
import time

PREFIX = ".trayexec-"
_RANDOM = 12  # bytes of a name after it
PRIVATE = 0o600
OWN_FOLDER = 0o700
SETTLED = 0.2  # seconds within which who has made a file has locked it
FORGOTTEN = 60.0  # seconds after which a second name of a file of the user's is nobody's any more


def create(folder: str = ".", *, mode: int = PRIVATE, dir_fd: int | None = None) -> tuple[str, int]:
    """A new file in this folder, for us only until it has this mode: its path, and a descriptor that holds its lock.

    Raises OSError, and leaves nothing.
    """
    path = unforeseen(folder)
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE, dir_fd=dir_fd
    )
    try:
        locked(descriptor)
        os.fchmod(descriptor, mode)  # whatever the umask is
    except OSError:
        os.close(descriptor)
        os.unlink(path, dir_fd=dir_fd)
        raise
    return path, descriptor


def unforeseen(folder: str) -> str:
    """A path in this folder that is not taken, and that nobody can foresee."""
    return f"{folder}/{PREFIX}{os.urandom(_RANDOM).hex()}"


def locked(descriptor: int) -> None:
    """Say that somebody works with this file, for as long as it is open; where that cannot be said, its age does."""
    try:  # noqa: SIM105 — contextlib is slow to import
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass


def fill(descriptor: int, data: bytes) -> None:
    """Write all of it, down to the disk."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def put(path: str, data: bytes, *, mode: int = PRIVATE) -> None:
    """Let the file at `path` say this, whatever is there now. Raises OSError."""
    new, descriptor = create(os.path.dirname(path) or ".", mode=mode)  # noqa: PTH120 — pathlib is slow to import
    try:
        try:
            fill(descriptor, data)
            os.replace(new, path)  # noqa: PTH105 — likewise
        except BaseException:
            os.unlink(new)  # noqa: PTH108 — likewise
            raise
    finally:
        os.close(descriptor)


def update(path: str, data: bytes, *, mode: int = PRIVATE) -> None:
    """As `put`, but the file is not touched when it says so already. Raises OSError."""
    if not says(path, data):
        put(path, data, mode=mode)


def says(path: str, data: bytes) -> bool:
    """Whether there is a file of these bytes; what is no file is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and os.read(descriptor, len(data) + 1) == data
    except OSError:
        return False
    finally:
        os.close(descriptor)


def begin(name: str, folder: int) -> int:
    """An empty file with this name in an open folder, to be written as it comes; what was there is replaced.

    Raises OSError, and leaves what was there.
    """
    new, descriptor = create(dir_fd=folder)
    try:
        os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.close(descriptor)
        os.unlink(new, dir_fd=folder)
        raise
    return descriptor


def keep(path: str) -> int:
    """A file that stays, opened to be read and added to, made if it is not there: a log, a lock.

    Raises OSError for anything but a file of this user's: it is neither followed nor waited for.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, PRIVATE)
    seen = os.fstat(descriptor)
    if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.geteuid():
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file of yours", path)
    if stat.S_IMODE(seen.st_mode) != PRIVATE:
        os.fchmod(descriptor, PRIVATE)
    return descriptor


def trusted_folder(path: str) -> int:
    """A folder in which nobody else can put a file in place of ours, opened. Raises OSError with the reason."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    seen = os.fstat(descriptor)
    others = seen.st_mode & stat.S_IWOTH or (seen.st_mode & stat.S_IWGRP and seen.st_gid != os.getegid())
    why = None
    if seen.st_uid not in {0, os.geteuid()}:
        why = "it belongs to another user"
    elif others and not seen.st_mode & stat.S_ISVTX:
        why = "others may write to it"
    if why is not None:
        os.close(descriptor)
        raise OSError(errno.EPERM, why, path)
    return descriptor


def make_folder(path: str) -> None:
    """A folder, and what is missing above it, for this user only, whatever the umask. Raises OSError."""
    if os.path.isdir(path):  # noqa: PTH112 — pathlib is slow to import
        return
    above = os.path.dirname(path)  # noqa: PTH120 — likewise
    if above not in {"", path}:
        make_folder(above)
    try:
        os.mkdir(path, OWN_FOLDER)  # noqa: PTH102 — likewise
    except FileExistsError:
        if not os.path.isdir(path):  # noqa: PTH112 — likewise
            raise


def own_folder(path: str) -> None:
    """A folder of ours, made if need be, and closed to others if it was not. Raises OSError for somebody else's."""
    make_folder(path)
    seen = os.stat(path)  # noqa: PTH116 — pathlib is slow to import
    if seen.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it belongs to another user", path)
    if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        os.chmod(path, OWN_FOLDER)  # noqa: PTH101 — likewise


def probe(folder: str, size: int) -> None:
    """Write so many bytes there, to a file that has no name or loses it at once. Raises OSError."""
    path, descriptor = create(folder)
    try:
        os.unlink(path)  # noqa: PTH108 — pathlib is slow to import
        fill(descriptor, b"\0" * size)
    finally:
        os.close(descriptor)


def sweep(folder: str) -> None:
    """Remove what a crash has left there: nothing but files of ours that nobody works with. Raises nothing."""
    whole = len(PREFIX) + 2 * _RANDOM
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX) and len(entry.name) == whole]
    except OSError:
        return
    for name in names:
        try:
            _sweep(f"{folder}/{name}")
        except OSError:
            continue  # it is gone, or not ours


def _sweep(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        seen = os.fstat(descriptor)
        age = time.time() - seen.st_ctime
        if not stat.S_ISREG(seen.st_mode) or seen.st_uid != os.geteuid() or 0 <= age < SETTLED:
            return
        if seen.st_nlink > 1 and 0 <= age < FORGOTTEN:
            return  # another name of a file of the user's, on which somebody else may hold a lock
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:  # a file system without locks
            if 0 <= age < FORGOTTEN:
                return
        os.unlink(path)  # noqa: PTH108 — pathlib is slow to import
    finally:
        os.close(descriptor)

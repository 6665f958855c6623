"""One agent per socket: the folder is ours, a lock held for life decides, and only its holder touches the socket."""

import contextlib
import errno
import fcntl
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

from trayexec.light import private_files
from trayexec.light.errors import Text, TrayexecError, trouble

LONGEST_PATH = 107  # bytes in sockaddr_un (unix(7)) without the final NUL; macOS has 103 and says so itself


@dataclass(frozen=True, slots=True)
class Claim:
    """The lock and the bound socket of the one agent."""

    path: Path
    lock: int
    listener: socket.socket
    made: os.stat_result

    def holds(self) -> bool:
        """Whether socket and lock are still where they were made: a logout or a tidy-up may have taken them away."""
        try:
            there, lock = self.path.lstat(), _lock_of(self.path).lstat()
        except OSError:
            return False
        return os.path.samestat(there, self.made) and os.path.samestat(lock, os.fstat(self.lock))

    def release(self) -> None:
        """Remove the socket, unless it is another agent's by now, and let the next agent in."""
        if self.holds():
            self.path.unlink(missing_ok=True)
        self.listener.close()
        os.close(self.lock)


class AlreadyRunningError(TrayexecError):
    """Another agent holds the lock."""


class AgentLock:
    """The word that the one agent of this user leaves in the home: a lock held for life, and where it listens.

    Sockets are found by an environment, of which a user has several; the home is the same for all. Where nothing can be
    written there the agent does without, and `trouble` says why: a caller with another environment may then start a
    second one.
    """

    def __init__(self, path: Path) -> None:
        """Keep where; `take` does the rest."""
        self._path = path
        self._lock = -1
        self.trouble: str | None = None

    def take(self) -> None:
        """Become the only one. Raises AlreadyRunningError when there is another."""
        try:
            private_files.own_folder(str(self._path.parent))
            lock = private_files.keep(str(self._path))
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already(lock) from None
        except OSError as error:  # a network home without locks
            os.close(lock)
            self.trouble = error.strerror or type(error).__name__
            return
        self._lock = lock

    @property
    def descriptor(self) -> int:
        """The lock, for the next agent in this process; -1 where there is none."""
        return self._lock

    def adopt(self, descriptor: int) -> None:
        """Be the only one with the lock of the former agent in this process."""
        self._lock = descriptor

    def tell(self, socket: Path) -> None:
        """Say where this agent listens."""
        if self._lock < 0:
            return
        line = f"{os.getpid()}\n{socket}\n".encode(errors="surrogateescape")
        try:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, line, 0)
        except OSError as error:  # a full disk: the lock holds all the same
            self.trouble = error.strerror or type(error).__name__

    def renew(self, socket: Path) -> bool:
        """Whether this is still the only one. What a tidy-up took away is written anew."""
        if self._lock < 0:
            return True
        with contextlib.suppress(OSError):
            if os.path.samestat(self._path.lstat(), os.fstat(self._lock)):
                return True
        old, self._lock = self._lock, -1
        try:
            self.take()
        except AlreadyRunningError:
            return False
        finally:
            os.close(old)
        self.tell(socket)
        return True

    def release(self) -> None:
        """Leave no word of a socket that is gone, and let the next agent in."""
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1


def claim(path: Path) -> Claim:
    """Become the agent of this socket.

    Raises AlreadyRunningError when there is one, TrayexecError when the folder cannot be trusted.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise TrayexecError(
            trouble(
                "socket_path",
                "The path of the private socket is too long: {path}",
                "Name a shorter one with TRAYEXEC_SOCKET (at most {most} bytes).",
                path=str(path),
                most=LONGEST_PATH,
            )
        )
    _own_folder(path.parent)
    lock = _lock(_lock_of(path))
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(path))
    except OSError as error:
        os.close(lock)
        raise _cannot(path, error) from None
    finally:
        os.umask(before)
    return Claim(path, lock, listener, path.lstat())


def adopted(path: Path, *, listener: int, lock: int) -> Claim:
    """The socket and the lock of the former agent in this process."""
    return Claim(path, lock, socket.socket(fileno=listener), path.lstat())


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _own_folder(folder: Path) -> None:
    """Make the folder, or make sure that it is a real one, ours, and closed to all others."""
    try:
        private_files.make_folder(str(folder.parent))
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileExistsError:
        raise _untrusted(folder, Text("it is not a folder")) from None
    except OSError as error:
        why = Text("it is a symbolic link") if error.errno in {errno.ELOOP, errno.ENOTDIR} else str(error.strerror)
        raise _untrusted(folder, why) from None
    try:
        seen = os.fstat(handle)
        if seen.st_uid != os.geteuid():
            raise _untrusted(folder, Text("it belongs to another user"))
        if seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise _untrusted(folder, Text("others may write to it"))
        if folder.name == "trayexec" and seen.st_mode & 0o077:
            os.fchmod(handle, 0o700)
    finally:
        os.close(handle)


def _untrusted(folder: Path, why: str | Text) -> TrayexecError:
    return TrayexecError(
        trouble(
            "socket_folder",
            "The folder of the private socket cannot be trusted: {folder} ({why}).",
            "Remove it, or name a socket in a folder of your own (mode 0700) with TRAYEXEC_SOCKET.",
            folder=str(folder),
            why=why,
        )
    )


def _cannot(path: Path, error: OSError) -> TrayexecError:
    return TrayexecError(
        trouble(
            "socket",
            "The private socket {path} cannot be made: {why}.",
            "Name another with TRAYEXEC_SOCKET.",
            path=str(path),
            why=error.strerror or str(error),
        )
    )


def _lock(path: Path) -> int:
    """The lock, held until this process ends however it ends."""
    try:
        lock = private_files.keep(str(path))
    except OSError as error:
        raise _cannot(path, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise _already(lock) from None
    with contextlib.suppress(OSError):  # on a full disk the lock holds all the same; only the number is not there
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    return lock


def _already(lock: int) -> AlreadyRunningError:
    """Who holds the lock, which is closed here."""
    said = os.pread(lock, 32, 0).decode("ascii", "replace").split()
    os.close(lock)
    return AlreadyRunningError(
        trouble(
            "already_running",
            "A trayexec agent is already running (pid {pid}).",
            "Nothing to do; `trayexec agent stop` ends it.",
            pid=said[0] if said else "?",
        )
    )


def _remove_stale(path: Path) -> None:
    """What an agent that was killed left behind: only the holder of the lock gets here. A file of yours it is not."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise TrayexecError(
            trouble(
                "socket",
                "{path} is in the way: it is not a socket.",
                "Move it away, or name another socket with TRAYEXEC_SOCKET.",
                path=str(path),
            )
        )
    path.unlink()

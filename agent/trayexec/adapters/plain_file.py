"""Small files of the user's, read without ever hanging, half, or without end.

A named pipe would block for ever, a device would never end, and an editor may be in the middle of writing.
"""

import errno
import io
import os
import stat
from dataclasses import dataclass

from trayexec.core.config.sections import shown
from trayexec.core.shell_words import word
from trayexec.light.errors import TrayexecError, trouble

# What tells one version of a file from another; a single number stands for a file that cannot be looked at.
Stamp = tuple[int, ...]

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})
_TRIES = 3
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Content:
    """The text of one version of a file, with Unix line ends; a byte order mark stays, for not all take one."""

    text: str
    stamp: Stamp


def stamp_of(path: str) -> Stamp:
    """The version of the file that is at `path` now; symbolic links are followed. Never raises."""
    try:
        return _stamp(os.stat(path))  # noqa: PTH116 — of several files at every request; a Path costs twice the look
    except OSError as error:
        return (error.errno or 0,)
    except ValueError:  # a NUL in the name
        return (errno.EINVAL,)


def dated(stamp: Stamp) -> int | None:
    """When the file of this version was written, in ns since 1970; None where there was none."""
    return stamp[3] if len(stamp) > 1 else None


def read(path: str, *, limit: int) -> Content | None:
    """The file at `path`, None if there is none; the null device is an empty file, an idiom for "none of these".

    Raises TrayexecError (`file`) for what is no regular file, is longer than `limit` bytes, cannot be read, is not
    UTF-8, or changes all the time.
    """
    try:
        if _is_null(path):
            return Content("", stamp_of(path))
        for _ in range(_TRIES):
            before = os.stat(path)  # noqa: PTH116 — pathlib is slow to import, and a Tab waits for it
            _check(path, before, limit)
            data, after = _take(path, limit)
            if after is not None and len(data) == after.st_size:
                return Content(_decode(path, data), _stamp(after))
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise _unreadable(path, error.strerror or type(error).__name__) from None
    except ValueError:
        raise _unreadable(path, "the name is malformed") from None
    raise TrayexecError(
        trouble(
            "file",
            "The file {file} changes while it is read.",
            "Wait until what is writing it has finished, and try again.",
            file=shown(path),
        )
    )


def _stamp(seen: os.stat_result) -> Stamp:
    # The change time and the mode notice a chmod and a file put back with its old date.
    return (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_mode)


def _is_null(path: str) -> bool:
    return os.path.realpath(path) == os.path.realpath(os.devnull)


def _check(path: str, seen: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(seen.st_mode):
        raise TrayexecError(
            trouble(
                "file",
                "{file} is not a file but a folder, a pipe or a device.",
                "Put an ordinary file there, or move it away.",
                file=shown(path),
            )
        )
    if seen.st_size > limit:
        raise TrayexecError(
            trouble(
                "file",
                "The file {file} is too long: more than {limit} bytes.",
                "Check that it is the right file, and shorten it.",
                file=shown(path),
                limit=limit,
            )
        )


def _take(path: str, limit: int) -> tuple[bytes, os.stat_result | None]:
    """The bytes and the version they are of; no version if it changed meanwhile. Raises OSError, TrayexecError."""
    # Without O_NONBLOCK, opening a pipe that took the file's place just now would wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(descriptor)
        _check(path, before, limit)
        data = file.read(limit + 1)
        after = os.fstat(descriptor)
    return data, after if _stamp(before) == _stamp(after) else None


def _decode(path: str, data: bytes) -> str:
    try:
        return io.StringIO(data.decode(), newline=None).read()
    except UnicodeDecodeError as error:
        raise TrayexecError(
            trouble(
                "file",
                "The file {file} is not UTF-8 text: see line {line}.",
                "Save it as UTF-8 in your editor.",
                file=shown(path),
                line=data.count(b"\n", 0, error.start) + 1,
            )
        ) from None


def _unreadable(path: str, reason: str) -> TrayexecError:
    return TrayexecError(
        trouble(
            "file",
            "The file {file} cannot be read: {reason}.",
            "Check who owns it and its permissions: `ls -l {path}`",
            file=shown(path),
            path=word(path),
            reason=reason,
        )
    )

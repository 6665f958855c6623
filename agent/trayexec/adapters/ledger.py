"""The ledger: who asked for what and what was answered, as lines of JSON in a private file that cannot grow for ever.

The agent writes it, `trayexec log` reads it, with or without an agent. Every line is written at once and for itself,
so that neither a full disk nor a crash costs more than the line it met.
"""

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from trayexec.adapters.journal import SECRETS
from trayexec.core.ports import Entry
from trayexec.core.sections import shown
from trayexec.errors import TrayexecError, trouble

SIZE = 1 << 20  # bytes of one file
KEPT = 2  # older files beside the one in use
LONGEST = 256  # characters of a name that a caller gave itself
UNKNOWN = {"unknown_profile", "unknown_identity"}  # then the name is whatever was typed, and may be anything


class FileLedger:
    """The port `Ledger`, on the file at `path`."""

    def __init__(self, path: Path, *, size: int = SIZE) -> None:
        """Keep the place; the file is opened anew for each line, so nothing is lost when somebody moves it away."""
        self._path = path
        self._size = size

    def note(self, entry: Entry) -> None:
        """Add a line, if the disk lets us."""
        line = (json.dumps(_said(entry)) + "\n").encode()
        with contextlib.suppress(OSError):  # the port's promise: credentials come before the book about them
            try:
                self._append(line)
            except FileNotFoundError:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._append(line)

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            seen = os.fstat(descriptor)
            if not stat.S_ISREG(seen.st_mode):
                return
            if seen.st_size and seen.st_size + len(line) > self._size:
                os.close(descriptor)
                descriptor = -1
                self._rotate()
                descriptor = os.open(self._path, flags, 0o600)
                seen = os.fstat(descriptor)
            if seen.st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
            torn = seen.st_size > 0 and os.pread(descriptor, 1, seen.st_size - 1) != b"\n"
            os.write(descriptor, b"\n" + line if torn else line)
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _rotate(self) -> None:
        *_, newest = files = older(self._path)
        for number in range(len(files) - 1):
            if files[number + 1].exists():
                files[number + 1].replace(files[number])
        self._path.replace(newest)


class Reader:
    """Reads the ledger from its beginning, and goes on with what is added, also across a change of files."""

    def __init__(self, path: Path) -> None:
        """Keep the place."""
        self._path = path
        self._descriptor = -1
        self._rest = b""

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def history(self) -> Iterator[Entry]:
        """Everything that there is, oldest first. Raises TrayexecError (`file`) for what cannot be read."""
        ours = os.fstat(self._descriptor).st_ino if self._descriptor >= 0 else 0
        for path in older(self._path):
            with Reader(path) as reader:
                descriptor = reader._descriptor
                if descriptor >= 0 and os.fstat(descriptor).st_ino != ours:  # else it was put aside since we opened it
                    yield from reader._take()
        yield from self.news()

    def news(self) -> Iterator[Entry]:
        """What was added since. Raises TrayexecError (`file`) for what cannot be read."""
        yield from self._take()
        if self._moved():
            yield from self._take()  # what came between our look and the change
            self._close()
            self._open()
            yield from self._take()

    def _take(self) -> Iterator[Entry]:
        while self._descriptor >= 0 and (more := os.read(self._descriptor, 1 << 16)):
            *lines, self._rest = (self._rest + more).split(b"\n")
            yield from filter(None, map(_parse, lines))

    def _moved(self) -> bool:
        """Whether the name stands for another file now, or for a shorter one."""
        try:
            there = self._path.lstat()
        except OSError:
            return False
        if self._descriptor < 0:
            return True
        ours = os.fstat(self._descriptor)
        at = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino) or ours.st_size < at

    def _open(self) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unreadable(self._path, error.strerror or type(error).__name__) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would block, a device would never end
            os.close(descriptor)
            raise _unreadable(self._path, "it is not a file")
        self._descriptor = descriptor

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._rest = -1, b""


def older(path: Path) -> list[Path]:
    """The files that were put aside, oldest first; they need not be there."""
    return [path.with_name(f"{path.name}.{number}") for number in range(KEPT, 0, -1)]


def _unreadable(path: Path, reason: str) -> TrayexecError:
    return TrayexecError(
        trouble(
            "file",
            "The file {file} cannot be read: {reason}.",
            "Check who owns it and its permissions: ls -l {file}",
            file=shown(str(path)),
            reason=reason,
        )
    )


def _said(entry: Entry) -> dict[str, object]:
    """What is written: names as they are, but nothing endless, and no secret that somebody took for a name.

    Told field by field: `dataclasses.asdict` takes longer than the rest of an answer.
    """
    typed = entry.answer in UNKNOWN
    return {
        "at": entry.at,
        "profile": (SECRETS.sub("[redacted]", entry.profile) if typed else entry.profile)[:LONGEST],
        "op": entry.op,
        "pid": entry.pid,
        "program": SECRETS.sub("[redacted]", entry.program)[:LONGEST],
        "answer": entry.answer,
        "parents": entry.parents,
    }


def _parse(line: bytes) -> Entry | None:
    """The entry on a line; None for one that a crash or a full disk has torn."""
    try:
        said: dict[str, Any] = json.loads(line)
        at, profile, op, program, answer = (str(said[key]) for key in ("at", "profile", "op", "program", "answer"))
        return Entry(at, profile, op, int(said["pid"]), program, answer, tuple(map(str, said.get("parents", ()))))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None

"""The ledger: who asked for what and what was answered, as lines of JSON in a private file that cannot grow for ever.

The agent writes it, `trayexec log` reads it, with or without an agent. Nothing is kept back: a full disk costs no more
than the lines that it met, a crash those of one turn of the agent's loop (`daemon/ledger_writer.py`).
"""

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from trayexec.adapters.redact import redacted, redacted_word
from trayexec.core.config.sections import shown
from trayexec.core.ports import Entry
from trayexec.core.shell_words import word
from trayexec.light import private_files
from trayexec.light.errors import TrayexecError, trouble

SIZE = 1 << 20  # bytes of one file
KEPT = 2  # older files beside the one in use
LONGEST = 256  # characters of a name that a caller gave itself
UNKNOWN = {"unknown_profile", "unknown_identity"}  # then the name is whatever was typed, and may be anything


class FileLedger:
    """The port `Ledger`, on the file at `path`."""

    def __init__(self, path: Path, *, size: int = SIZE) -> None:
        """Keep the place; the file is opened anew each time, so nothing is lost when somebody moves it away."""
        self._path = path
        self._size = size

    def note(self, entry: Entry) -> None:
        """Add a line, if the disk lets us."""
        self.write([entry])

    def write(self, entries: Iterable[Entry]) -> None:
        """Add a line for each, if the disk lets us."""
        lines = "".join(f"{json.dumps(_said(entry))}\n" for entry in entries).encode()
        with contextlib.suppress(OSError):  # the port's promise: credentials come before the record of them
            try:
                self._append(lines)
            except FileNotFoundError:
                private_files.own_folder(str(self._path.parent))
                self._append(lines)

    def _append(self, lines: bytes) -> None:
        descriptor = private_files.keep(str(self._path))
        try:
            seen = os.fstat(descriptor)
            if seen.st_size and seen.st_size + len(lines) > self._size:
                os.close(descriptor)
                descriptor = -1
                self._rotate()
                descriptor = private_files.keep(str(self._path))
                seen = os.fstat(descriptor)
            torn = seen.st_size > 0 and os.pread(descriptor, 1, seen.st_size - 1) != b"\n"
            os.write(descriptor, b"\n" + lines if torn else lines)
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
    """Reads the ledger from its beginning, and goes on with what is added, however often the files change."""

    def __init__(self, path: Path) -> None:
        """Keep the place."""
        self._path = path
        self._descriptor = -1
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._turn_to(-1)

    def entries(self) -> Iterator[Entry]:
        """What there is, oldest first; then, each time, what was added. Raises TrayexecError (`file`)."""
        yield from self._take()
        while (following := self._following()) >= 0:
            yield from self._take()  # what came between our look and the change
            self._turn_to(following)
            yield from self._take()

    def _take(self) -> Iterator[Entry]:
        if self._descriptor >= 0 and os.fstat(self._descriptor).st_size < os.lseek(self._descriptor, 0, os.SEEK_CUR):
            os.lseek(self._descriptor, 0, os.SEEK_SET)  # somebody emptied it
            self._rest = b""
        while self._descriptor >= 0 and (more := os.read(self._descriptor, 1 << 16)):
            *lines, self._rest = (self._rest + more).split(b"\n")
            yield from filter(None, map(_parse, lines))

    def _following(self) -> int:
        """A descriptor of the file that comes after ours; -1 while ours is the last."""
        while later := self._later():
            path, version = later[0]
            descriptor = _opened(path)
            if descriptor >= 0 and _version(os.fstat(descriptor)) == version:
                return descriptor
            if descriptor >= 0:
                os.close(descriptor)  # another file has that name by now: look again
        return -1

    def _later(self) -> list[tuple[Path, tuple[int, int]]]:
        """The files after ours, oldest first."""
        files = self._files()
        while _names(again := self._files()) != _names(files):  # they were renamed while we looked
            files = again
        if self._descriptor < 0:
            return _names(files)
        ours = os.fstat(self._descriptor)
        versions = [_version(seen) for _, seen in files]
        if _version(ours) in versions:
            return _names(files[versions.index(_version(ours)) + 1 :])
        # Ours is gone: whatever was written to since then is new.
        return _names((path, seen) for path, seen in files if seen.st_mtime_ns >= ours.st_mtime_ns)

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for path in (*older(self._path), self._path):
            try:
                found.append((path, path.lstat()))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise _unreadable(path, error.strerror or type(error).__name__) from None
        return found

    def _turn_to(self, descriptor: int) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._rest = descriptor, b""


def _names(files: Iterable[tuple[Path, os.stat_result]]) -> list[tuple[Path, tuple[int, int]]]:
    return [(path, _version(seen)) for path, seen in files]


def _version(seen: os.stat_result) -> tuple[int, int]:
    """What a file keeps when it gets another name."""
    return seen.st_dev, seen.st_ino


def _opened(path: Path) -> int:
    """A descriptor of the file, -1 if there is none. Raises TrayexecError (`file`)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return -1
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would block, a device would never end
        os.close(descriptor)
        raise _unreadable(path, "it is not a file")
    return descriptor


def older(path: Path) -> list[Path]:
    """The files that were put aside, oldest first; they need not be there."""
    return [path.with_name(f"{path.name}.{number}") for number in range(KEPT, 0, -1)]


def _unreadable(path: Path, reason: str) -> TrayexecError:
    return TrayexecError(
        trouble(
            "file",
            "The file {file} cannot be read: {reason}.",
            "Check who owns it and its permissions: `ls -l {path}`",
            file=shown(str(path)),
            path=word(str(path)),
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
        "profile": (redacted_word(entry.profile) if typed else entry.profile)[:LONGEST],
        "op": entry.op,
        "pid": entry.pid,
        "program": redacted(entry.program)[:LONGEST],
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

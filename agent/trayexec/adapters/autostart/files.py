"""Entries for start at login that are files: read, written whole or not at all, taken away."""

import os
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.adapters.autostart.entry import LoginEntry
from trayexec.light import private_files

LONGEST = 64 * 1024  # bytes


def text_of(place: str) -> str | None:
    """What the file says, None where there is none. Raises TrayexecError (`file`)."""
    content = plain_file.read(place, limit=LONGEST)
    return content.text if content is not None else None


def write_file(entry: LoginEntry, backup: Path | None) -> None:
    """Let the file say what it is to say, whole or not at all; what it said goes to `backup`. Raises OSError."""
    target = _target(entry.place)
    folder = os.path.dirname(target)  # noqa: PTH120 — as private_files takes it
    private_files.make_folder(folder)
    private_files.sweep(folder)
    _keep(entry, backup)
    private_files.put(target, entry.wanted.encode())


def remove_file(entry: LoginEntry, backup: Path | None) -> None:
    """Take the file away, or the link to one; what it said goes to `backup`. Raises OSError."""
    _keep(entry, backup)
    Path(entry.place).unlink(missing_ok=True)


def _target(place: str) -> str:
    """The file that is to be replaced: the one that a link leads to, but the link itself where that is no file."""
    target = os.path.realpath(place)
    return target if os.path.isfile(target) or not os.path.exists(target) else place  # noqa: PTH110, PTH113 — strings


def _keep(entry: LoginEntry, backup: Path | None) -> None:
    if backup is not None:
        private_files.put(str(backup), (entry.found or "").encode())

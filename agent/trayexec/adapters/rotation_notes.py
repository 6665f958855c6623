"""What is written down of rotations that were begun: which key each replaces, and since when. Nothing in it is secret.

Without it a rotation that was killed would not know its own key from one that somebody else made.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trayexec.adapters import plain_file
from trayexec.adapters.atomic_replace import put
from trayexec.core.config.sections import shown
from trayexec.core.rotation import Begun
from trayexec.light import private_files
from trayexec.light.errors import TrayexecError, trouble

LONGEST = 1_000_000


class RotationNotes:
    """The notes in the file at `path`, for whoever holds its lock."""

    def __init__(self, path: str) -> None:
        """Nothing is read or written yet."""
        self._path = path

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other rotation run inside this block. Raises TrayexecError (`rotating`, `file`)."""
        try:
            private_files.own_folder(str(Path(self._path).parent))
            lock = private_files.keep(f"{self._path}.lock")
        except OSError as error:
            raise _unwritable(self._path, error) from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise TrayexecError(
                    trouble("rotating", "Another rotation of keys is running.", "Wait until it has ended.")
                ) from None
            yield
        finally:
            os.close(lock)

    def read(self, name: str) -> Begun | None:
        """What is written down of the keys of that name; a broken note is none."""
        said = self._all().get(name)
        try:
            return Begun(str(said["old"]), float(said["at"]), str(said["new"])) if said is not None else None
        except (KeyError, TypeError, ValueError):
            return None

    def write(self, name: str, begun: Begun) -> None:
        """Write it down, so that it outlives everything. Raises TrayexecError (`file`)."""
        self._put({**self._all(), name: asdict(begun)})

    def forget(self, name: str) -> None:
        """Take it away. Raises TrayexecError (`file`)."""
        self._put({one: said for one, said in self._all().items() if one != name})

    def _all(self) -> Mapping[str, Any]:
        with contextlib.suppress(TrayexecError, ValueError, TypeError, KeyError, RecursionError):
            content = plain_file.read(self._path, limit=LONGEST)
            said = json.loads(content.text)["rotations"] if content is not None else {}
            return said if isinstance(said, dict) else {}
        return {}

    def _put(self, rotations: Mapping[str, Any]) -> None:
        try:
            put(Path(self._path), json.dumps({"version": 1, "rotations": rotations}, indent=1) + "\n")
        except OSError as error:
            raise _unwritable(self._path, error) from None


def _unwritable(path: str, error: OSError) -> TrayexecError:
    return TrayexecError(
        trouble(
            "file",
            "{file} cannot be written: {why}.",
            "Make room or make it writable: a rotation that is killed goes on by what stands there.",
            file=shown(path),
            why=error.strerror or type(error).__name__,
        )
    )

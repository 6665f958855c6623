"""Remembers, from one agent to the next, of which programs a person wants to hear no more. Nothing in it is secret.

What tells a program from others is kept as a digest, and its name beside it only so that a person can take a line out.
"""

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trayexec.adapters import plain_file
from trayexec.adapters.redact import redacted
from trayexec.core.broker.events import KeptQuiet
from trayexec.light import private_files
from trayexec.light.errors import TrayexecError

LONGEST = 1_000_000
LABEL = 256  # characters of a name that a program gave itself


def read(path: str) -> Mapping[str, str]:
    """The programs' names by their marks. A broken file is empty: it is told of them once more."""
    with contextlib.suppress(TrayexecError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        content = plain_file.read(path, limit=LONGEST)
        said: Any = json.loads(content.text) if content is not None else {"programs": {}}
        return {str(mark): str(label) for mark, label in said["programs"].items()}
    return {}


def add(path: str, programs: Iterable[KeptQuiet]) -> None:
    """Write these down beside the others. Raises OSError."""
    new = {one.mark: redacted(one.label)[:LABEL] for one in programs}
    private_files.own_folder(str(Path(path).parent))
    said = {"version": 1, "programs": {**read(path), **new}}
    private_files.put(path, f"{json.dumps(said, indent=1, ensure_ascii=False)}\n".encode(errors="replace"))

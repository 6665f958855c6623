"""What the last run over several profiles left undone, for `--retry-failed`: names, and which files they stand in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.core.config.sections import shown
from trayexec.light import paths, private_files
from trayexec.light.errors import TrayexecError, trouble

NAME = "last-fanout.json"
VERSION = 1
LONGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class LastRun:
    """`selection` is what was said, `failed` the profiles that did not succeed, `files` the caller's own AWS files."""

    selection: tuple[str, ...]
    failed: tuple[str, ...]
    files: Mapping[str, str]


def remember(last: LastRun, environ: Mapping[str, str]) -> None:
    """Write it. Raises OSError."""
    path = _path(environ)
    private_files.own_folder(str(path.parent))
    document = {"version": VERSION, "selection": last.selection, "failed": last.failed, "files": dict(last.files)}
    private_files.put(str(path), (json.dumps(document) + "\n").encode())


def recall(files: Mapping[str, str], environ: Mapping[str, str]) -> LastRun:
    """The last run. Raises TrayexecError when there was none, or when it was about other AWS files than `files`."""
    path = _path(environ)
    content = plain_file.read(str(path), limit=LONGEST)
    if content is None:
        raise TrayexecError(
            trouble(
                "no_last_run",
                "There is no last run to take the failures from.",
                "Name the profiles: trayexec 'prod-*' -- CMD…",
            )
        )
    try:
        last = _read(json.loads(content.text))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise TrayexecError(
            trouble(
                "no_last_run",
                "The file {file} is not what a run left there.",
                "Remove it, and name the profiles.",
                file=shown(str(path)),
            )
        ) from None
    if dict(last.files) != dict(files):
        raise TrayexecError(
            trouble(
                "no_last_run",
                "The last run was about the profiles of other AWS files.",
                "Set AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE as they were then, or name the profiles.",
            )
        )
    return last


def _path(environ: Mapping[str, str]) -> Path:
    return Path(paths.state_folder(environ)) / NAME


def _read(document: Mapping[str, object]) -> LastRun:
    files = document["files"]
    if document["version"] != VERSION or not isinstance(files, dict):
        raise ValueError
    return LastRun(_names(document["selection"]), _names(document["failed"]), files)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return tuple(value)

"""What is remembered of stored keys outside the keychain: under which names there are any, and whose they are.

A keychain may be locked or slow, and what a profile means must not depend on that. Nothing in this file is secret. It
decides which profiles are looked for in the keychain, and which are refused as somebody else's; what is used is always
the keychain's own item, and whose keys that holds is looked at again then. So a stale line leads to a refusal at most.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trayexec.adapters import plain_file
from trayexec.adapters.atomic_replace import put
from trayexec.light import private_files
from trayexec.light.errors import TrayexecError

LONGEST = 1_000_000


def read(path: str) -> Mapping[str, str]:
    """The ARN of whose keys are stored, by name; an empty one where it is not known yet. A broken file is empty."""
    with contextlib.suppress(TrayexecError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        content = plain_file.read(path, limit=LONGEST)
        said: Any = json.loads(content.text) if content is not None else {"keys": {}}
        return {str(name): str(arn) for name, arn in said["keys"].items()}
    return {}


def note(path: str, name: str, arn: str) -> None:
    """Keys are stored under this name, and are those of `arn`. Raises OSError."""
    _change(path, {name: arn})


def forget(path: str, name: str) -> None:
    """No keys are stored under this name any more. Raises OSError."""
    _change(path, {name: None})


def settle(path: str, stored: frozenset[str], *, before: Mapping[str, str]) -> None:
    """These are all names under which keys were stored a moment ago; `before` is what was known then. Raises OSError.

    Whose they are stays as it is known, and so does a name that has come meanwhile.
    """
    known = read(path)
    gone = before.keys() - stored
    if gone & known.keys() or stored - known.keys():
        _change(path, {**dict.fromkeys(gone), **{name: known.get(name, "") for name in stored}})


def _change(path: str, changes: Mapping[str, str | None]) -> None:
    """One at a time: the agent and a command may have learned something at the same moment."""
    folder = Path(path).parent
    private_files.own_folder(str(folder))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = {name: arn for name, arn in {**read(path), **changes}.items() if arn is not None}
        put(Path(path), json.dumps({"version": 1, "keys": keys}, indent=1) + "\n")
    finally:
        os.close(lock)

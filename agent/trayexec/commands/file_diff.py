"""How a file of the user's would change, as a person may see it: the lines around it, and of keys just their ends."""

import os
import re
from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain, count
from pathlib import Path

from trayexec.adapters import redact
from trayexec.commands import keychain_entry
from trayexec.light.errors import visible

_KEY_ID = re.compile(r"(?i)(aws_access_key_id\s*[=:]\s*)(.*)")
# Of other tools too: the lines around a key are shown with it.
_SECRET = re.compile(r"(?i)([^=:]*(?:secret|token|passw|passphrase|credential|private|api_?key)[^=:]*[=:]\s*)(?=\S).*")
_LIKE_AN_ID = re.compile(r"A[A-Z0-9]{19}")


def lines(before: str, after: str, file: str) -> Iterator[str]:
    """The lines of the difference, with one around each change."""
    for line in unified_diff(before.splitlines(), after.splitlines(), file, file, lineterm="", n=1):
        yield visible(masked(line))


def free(path: Path, why: str) -> Path:
    """A name beside the file that nothing has yet, for what it said before."""
    names = (path.with_name(f"{path.name}.before-{why}{number}~") for number in chain([""], count(2)))
    return next(name for name in names if not os.path.lexists(name))


def end_of(key_id: str) -> str:
    """The end of an access key id; nothing of what may be something else, as a secret in the wrong place."""
    return keychain_entry.end(key_id) if _LIKE_AN_ID.fullmatch(key_id) else "…"


def masked(line: str) -> str:
    """A line of a file as a person may see it: of keys just the end of the id, of anything secret nothing."""
    line = _KEY_ID.sub(lambda found: f"{found[1]}{end_of(found[2].strip())}", line)
    return redact.redacted(_SECRET.sub(r"\1…", line))

"""Reads a pair of long-term keys from what a program prints. It must not know programs.

Read are the document of AWS's `credential_process`, lines like `aws_access_key_id = …` or `export AWS_ACCESS_KEY_ID=…`,
and items of password managers as JSON, whose fields have a label or a name (`op item get`, `bw get item`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from trayexec.core import key_shape
from trayexec.core.config.sections import shown
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.toml_lines import written_key
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble

LONGEST = 64 * 1024  # bytes of what is printed

_ID, _SECRET, _TOKEN = "accesskeyid", "secretaccesskey", "sessiontoken"
_WANTED = frozenset({_ID, _SECRET, _TOKEN})
_NOT_A_LETTER = re.compile(r"[^a-z0-9]")


def read(printed: bytes, name: str) -> LongTermKeys:
    """The pair for the identity of that name; nothing of what is printed is ever repeated.

    Raises TrayexecError (`keys_command`).
    """
    if len(printed) > LONGEST:
        raise TrayexecError(failed(name, Text("it prints more than 64 KiB")))
    text = printed.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if not text:
        raise TrayexecError(failed(name, Text("it prints nothing")))
    if text.startswith("<"):
        raise TrayexecError(failed(name, Text("it prints a web page, as a proxy sends it")))
    found: dict[str, str] = {}
    for word, value in _pairs(text):
        key = _NOT_A_LETTER.sub("", word.lower()).removeprefix("aws")
        if key in _WANTED and value and found.setdefault(key, value) != value:
            raise TrayexecError(failed(name, Text("it prints more than one pair of keys")))
    if _TOKEN in found:
        raise TrayexecError(failed(name, Text("it prints temporary credentials, and those cannot open a session")))
    if _ID not in found or _SECRET not in found:
        raise TrayexecError(failed(name, Text("it prints no access key id, or no secret access key")))
    if key_shape.wrong_id(found[_ID]) or key_shape.wrong_secret(found[_SECRET]):
        raise TrayexecError(failed(name, Text("what it prints is no access key of an IAM user")))
    return LongTermKeys(found[_ID], Secret(found[_SECRET]))


def failed(name: str, why: Text) -> Trouble:
    """Why the command gives no keys. What it says itself may be secret, and is not repeated."""
    return trouble(
        "keys_command",
        "The command for the keys of {name} gives none: {why}.",
        "Try it in a terminal: it stands as keys under [identity.{table}] in config.toml.",
        name=shown(name),
        why=why,
        table=shown(written_key(name)),
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values, wherever they stand. The header of a section begins as a list does."""
    try:
        yield from _of_document(json.loads(text))
    except (ValueError, RecursionError):
        yield from _of_lines(text)


def _of_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        word, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals:
            word, _, value = word.partition(":")
        yield word, value.strip().strip("'\"")


def _of_document(document: Any) -> Iterator[tuple[str, str]]:
    """Of an object its own, and those of its fields; of a list those of fields."""
    fields = document
    if isinstance(document, Mapping):
        yield from ((key, value) for key, value in document.items() if isinstance(value, str))
        fields = document.get("fields")
    for field in fields if isinstance(fields, list) else []:
        if isinstance(field, Mapping):
            label, value = field.get("label") or field.get("name"), field.get("value")
            if isinstance(label, str) and isinstance(value, str):
                yield label, value

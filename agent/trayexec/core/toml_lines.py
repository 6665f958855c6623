"""Finds the line of each key in a TOML text, and changes one: tomllib does neither. It must not know what keys mean.

Only for text that tomllib has accepted; so the scanner merely has to find where keys and values begin and end
(https://toml.io/en/v1.0.0), and lets tomllib itself read the keys.
"""

import json
import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_GAP = re.compile(r"(?:[\s,]|#[^\n]*)*")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BASIC_LONG = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}(?!")', re.DOTALL)
_LITERAL = re.compile(r"'[^']*'")
_LITERAL_LONG = re.compile(r"'''.*?'{3,5}(?!')", re.DOTALL)
_BARE = re.compile(r"[^,\]}\n#]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_KEY = re.compile(r"""(?:[^"'=\]]|"(?:[^"\\]|\\.)*"|'[^']*')*""")


def key_lines(text: str) -> Mapping[Path, int]:
    """The line, from 1, of every table, key and array element of the valid TOML `text`, by its whole path."""
    found: dict[Path, int] = {}
    table: Path = ()
    at = _gap(text, 0)
    while at < len(text):
        if text[at] == "[":
            start = at
            brackets = 2 if text.startswith("[[", at) else 1
            table, at = _key(text, at + brackets)
            _note(found, table, start)
            at += brackets
        else:
            at = _pair(text, at, table, found)
        at = _gap(text, at)
    ends = [match.start() for match in re.finditer("\n", text)]
    return {path: bisect_left(ends, place) + 1 for path, place in found.items()}


def line_of(text: str, path: Path) -> int:
    """The line of what `path` names in the valid TOML `text`, or of the nearest thing around it that stands there."""
    try:
        lines = key_lines(text)
    except (RecursionError, ValueError):  # nested beyond reason: then the start has to do
        return 1
    return next((lines[path[:size]] for size in range(len(path), 0, -1) if path[:size] in lines), 1)


def _gap(text: str, at: int) -> int:
    """Past white space, commas and comments."""
    match = _GAP.match(text, at)
    return match.end() if match else at


def _note(found: dict[Path, int], path: Path, at: int) -> None:
    for size in range(1, len(path) + 1):
        found.setdefault(path[:size], at)


def _key(text: str, at: int) -> tuple[Path, int]:
    """The key that begins at `at`, and where the `=` or `]` after it is."""
    match = _KEY.match(text, at)
    end = match.end() if match else at
    path: list[str] = []
    node: object = tomllib.loads(f"{text[at:end]} = 0")
    while isinstance(node, dict):
        name, node = next(iter(node.items()))
        path.append(name)
    return tuple(path), end


def _pair(text: str, at: int, table: Path, found: dict[Path, int]) -> int:
    key, equals = _key(text, at)
    _note(found, table + key, at)
    return _value(text, _gap(text, equals + 1), table + key, found)


def _value(text: str, at: int, path: Path, found: dict[Path, int]) -> int:
    """Past the value that begins at `at`, noting what is inside."""
    if text.startswith("{", at):
        at = _gap(text, at + 1)
        while not text.startswith("}", at):
            at = _gap(text, _pair(text, at, path, found))
        return at + 1
    if text.startswith("[", at):
        at = _gap(text, at + 1)
        index = 0
        while not text.startswith("]", at):
            _note(found, (*path, index), at)
            at = _gap(text, _value(text, at, (*path, index), found))
            index += 1
        return at + 1
    for pattern in (_BASIC_LONG, _LITERAL_LONG, _BASIC, _LITERAL, _BARE):
        if match := pattern.match(text, at):
            return max(match.end(), at + 1)
    return at + 1


# Changing


def with_value(text: str, path: Path, value: str) -> str:
    """The valid TOML `text` with this value, as it is written, for the setting `path`: comments and all else stay.

    A setting that is not there goes below its table's header, or with one to the end. What comes out is to be read
    again: in a table that is written in another way it may not be valid.
    """
    table, key = path[:-1], written_key(str(path[-1]))
    statements = [*_statements(text)]
    for found, start, end in statements:
        if found == path and text[start] != "[":
            equals = _key(text, start)[1]
            return f"{text[: equals + 1]} {value}{text[end:]}"
    for found, start, end in statements:
        if found == table and text[start] == "[" and not text.startswith("[[", start):
            line = text.find("\n", end)
            rest = text[line:] if line >= 0 else "\n"
            return f"{text[: line if line >= 0 else len(text)]}\n{key} = {value}{rest}"
    gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[{'.'.join(written_key(str(one)) for one in table)}]\n{key} = {value}\n"


def written_key(key: str) -> str:
    """A key as it is written: bare where it can be, else as a basic string, which is JSON's but for one character."""
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")


def _statements(text: str) -> Iterator[tuple[Path, int, int]]:
    """Every header and every pair of the valid TOML `text`: its whole path, where it begins and where it ends."""
    table: Path = ()
    at = _gap(text, 0)
    while at < len(text):
        start = at
        if text[at] == "[":
            brackets = 2 if text.startswith("[[", at) else 1
            table, at = _key(text, at + brackets)
            at += brackets
            yield table, start, at
        else:
            key, equals = _key(text, at)
            at = _value(text, _gap(text, equals + 1), (), {})
            yield table + key, start, at
        at = _gap(text, at)

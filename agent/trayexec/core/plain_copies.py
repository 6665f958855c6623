"""Finds where an access key stands in plain text in an AWS file, line by line. It must not know files or botocore."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trayexec.core.shell_words import word

_HEADER = re.compile(r"\[(.+)\]")
_OPTION = re.compile(r"([^=:]+?)\s*[=:]\s*(.*)")
_ID, _SECRET = "aws_access_key_id", "aws_secret_access_key"
_TOKENS = {"aws_session_token", "aws_security_token"}


@dataclass(frozen=True, slots=True)
class Copy:
    """A pair in the section of one file: the numbers of its lines, and what each sets, as it is written there."""

    file: str
    section: str
    lines: tuple[tuple[int, str], ...]


def copies(text: str, key_id: str, *, file: str) -> tuple[Copy, ...]:
    """Every section of this text that holds the long-term key with this id."""
    return tuple(
        Copy(file, section, tuple((number, name) for number, name, _ in found.values()))
        for section, said in _sections(text)
        if (found := {name: said[name] for name in (_ID, _SECRET) if name in said})
        and said.get(_ID, (0, "", ""))[2] == key_id
        and not _TOKENS & said.keys()
    )


def removal(copy: Copy, *, platform: str) -> str:
    """A shell command that removes just these lines, each only if it still sets what it set."""
    in_place = "-i ''" if platform == "darwin" else "-i"
    edits = " ".join(f"-e '{number}{{/{name}/d;}}'" for number, name in copy.lines)
    return f"sed {in_place} {edits} {word(copy.file)}"


def _sections(text: str) -> Iterator[tuple[str, Mapping[str, tuple[int, str, str]]]]:
    """Each section and its settings: by lower-case name the line's number, the name as written, and the value."""
    section, said = "", dict[str, tuple[int, str, str]]()
    for number, line in enumerate(_lines(text), 1):
        plain = line.strip()
        if plain.startswith(("#", ";")):
            continue
        header = _HEADER.match(plain)
        if header is not None:
            yield section, said
            section, said = header[1], {}
        elif option := _OPTION.fullmatch(plain):
            said.setdefault(option[1].lower(), (number, option[1], option[2]))
    yield section, said


def _lines(text: str) -> Sequence[str]:
    return text.split("\n")

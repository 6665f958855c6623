"""Reads the accounts.yaml of logsmith (https://github.com/otto-de/logsmith) as a shared config. It knows no files.

The file is YAML, of which this reads what logsmith writes and documents: mappings, lists of mappings, and texts on one
line, plain or quoted. Anything else is an error that names its line: a parser of all of YAML is a larger thing to trust
than a file of some dozen lines is worth.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trayexec.core import settings
from trayexec.core.config.inifile import section_for
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.sections import shown
from trayexec.core.team_config import ACCOUNT, NAME, ROLE_NAME, VALUE, Section, TeamConfig
from trayexec.light.errors import Text, TrayexecError, Trouble

_USUAL_KEY = "access-key"  # the section of the credentials file that has the keys, where a group names no other
_GROUP = ("team", "region", "color", "auth_mode", "access_key", "sso_session", "type", "script", "profiles")
_PROFILE = ("profile", "account", "role", "default", "source")
_DEEPEST = 4
_PAIR = re.compile(r"""(?P<key>[A-Za-z0-9_][\w .@/+-]*|'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")\s*:(?:\s+(?P<value>.*))?""")
_PLAIN = re.compile(r"[A-Za-z0-9_./+(][^\t]*")
_QUOTED = re.compile(r"""(?:'(?P<single>(?:[^']|'')*)'|"(?P<double>(?:[^"\\]|\\.)*)")(?:\s+#.*)?""")


@dataclass(frozen=True, slots=True)
class _Node:
    """A value, and the line on which it begins."""

    value: "str | dict[str, _Node] | list[_Node]"
    line: int


@dataclass(frozen=True, slots=True)
class _Line:
    indent: int
    text: str
    number: int


def parse(text: str, *, file: str) -> TeamConfig:
    """What `text`, the content of `file`, says of AWS. Raises TrayexecError (`team_config`) with file and line."""
    return _Reader(file).config(text)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The name of the file, for what is wrong in it."""

    file: str

    def config(self, text: str) -> TeamConfig:
        """All of it. A name that several groups have stands behind the group's: here only one can have it."""
        root = self._document(text)
        groups = {
            name: self._table(node, _GROUP)
            for name, node in self._table(root, None).items()
            if self._text(self._table(node, _GROUP), "type", "aws") == "aws"
        }
        found = {name: self._profiles(group) for name, group in groups.items()}
        count = Counter(one for profiles in found.values() for one in profiles)
        sections: dict[str, Section] = {}
        members: dict[str, tuple[str, ...]] = {}
        colours: dict[str, str] = {}
        for group, profiles in found.items():
            short = re.sub(r"[^A-Za-z0-9_.-]+", "-", group).strip("-") or "group"
            names = {one: one if count[one] == 1 and one != "default" else f"{short}-{one}" for one in profiles}
            for one, node in profiles.items():
                section = section_for(names[one])
                if section in sections:
                    raise self._wrong(node.line, Text("There are several profiles {name}.", name=shown(names[one])))
                sections[section] = self._section(groups[group], node, names)
                colour = self._text(groups[group], "color", "")
                if _is_ours(colour):
                    colours[names[one]] = colour.lower()
            members[short] = (*members.get(short, ()), *names.values())
        return TeamConfig(sections, {name: globs for name, globs in members.items() if globs}, colours)

    def _profiles(self, group: Mapping[str, _Node]) -> dict[str, _Node]:
        """The profiles of a group, by name."""
        listed = group.get("profiles", _Node([], 0))
        if not isinstance(listed.value, list):
            raise self._wrong(listed.line, Text("It has to be a list of profiles."))
        found = {}
        for node in listed.value:
            name = self._word(self._table(node, _PROFILE), "profile", NAME, node.line)
            if name in found:
                raise self._wrong(node.line, Text("There are several profiles {name}.", name=shown(name)))
            found[name] = node
        return found

    def _section(self, group: Mapping[str, _Node], node: _Node, names: Mapping[str, str]) -> Section:
        """A profile of a group, as AWS's tools have it."""
        said = self._table(node, _PROFILE)
        account, role = self._word(said, "account", ACCOUNT, node.line), self._word(said, "role", ROLE_NAME, node.line)
        region = {"region": self._word(group, "region", VALUE, node.line)} if "region" in group else {}
        if self._text(group, "auth_mode", "key") == "sso" and "source" not in said:
            session = self._word(group, "sso_session", NAME, node.line) if "sso_session" in group else "sso"
            return {"sso_session": session, "sso_account_id": account, "sso_role_name": role, **region}
        source = self._text(said, "source", "")
        if source and source not in names:
            raise self._wrong(said["source"].line, Text("Its group has no profile {name}.", name=shown(source)))
        key = self._word(group, "access_key", NAME, node.line) if "access_key" in group else _USUAL_KEY
        partition = partition_of(region.get("region", "")).name
        return {
            "role_arn": f"arn:{partition}:iam::{account}:role/{role}",
            "source_profile": names[source] if source else key,
            **region,
        }

    # Values

    def _table(self, node: _Node, known: Sequence[str] | None) -> dict[str, _Node]:
        if not isinstance(node.value, dict):
            raise self._wrong(node.line, Text("It has to be a mapping: lines like `key: value`, indented."))
        for key, value in node.value.items():
            if known is not None and key not in known:
                raise self._wrong(value.line, Text("logsmith has no {key} here.", key=shown(key)))
        return node.value

    def _text(self, table: Mapping[str, _Node], key: str, usual: str) -> str:
        node = table.get(key)
        if node is None:
            return usual
        if not isinstance(node.value, str):
            raise self._wrong(node.line, Text("It has to be a text on one line."))
        return node.value

    def _word(self, table: Mapping[str, _Node], key: str, pattern: re.Pattern[str], line: int) -> str:
        found = self._text(table, key, "")
        if pattern.fullmatch(found):
            return found
        if key not in table:
            raise self._wrong(line, Text("It lacks {key}.", key=key))
        raise self._wrong(table[key].line, Text("This cannot be the {key} of a profile.", key=key))

    # YAML

    def _document(self, text: str) -> _Node:
        lines = [*self._lines(text)]
        if not lines:
            return _Node({}, 1)
        node, rest = self._block(lines, lines[0].indent, 0)
        if rest:
            raise self._wrong(rest[0].number, Text("It is not indented as the lines above it."))
        return node

    def _lines(self, text: str) -> Iterator[_Line]:
        """What says something."""
        for number, line in enumerate(text.split("\n"), 1):
            plain = line.strip(" \r")
            if not plain or plain.startswith("#") or (number == 1 and line.rstrip(" \r") == "---"):
                continue
            if not plain.isprintable():
                raise self._wrong(number, Text("It has a character in it that is no letter and no blank."))
            indent = len(line) - len(line.lstrip(" "))
            yield _Line(indent, plain, number)

    def _block(self, lines: list[_Line], indent: int, depth: int) -> tuple[_Node, list[_Line]]:
        """The mapping or the list that begins here, and the lines after it."""
        if depth > _DEEPEST:
            raise self._wrong(lines[0].number, Text("It is nested too deeply."))
        if lines[0].text.startswith("- "):
            return self._list(lines, indent, depth)
        first = lines[0].number
        found: dict[str, _Node] = {}
        while lines and lines[0].indent == indent and not lines[0].text.startswith("- "):
            line, lines = lines[0], lines[1:]
            pair = _PAIR.fullmatch(line.text)
            key = self._scalar(pair["key"], line.number) if pair is not None else ""
            if pair is None or key in found:
                raise self._wrong(line.number, Text("It has to be `key: value`, with a key that is not there yet."))
            value = pair["value"] or ""
            if value and not value.startswith("#"):
                found[key] = _Node(self._scalar(value, line.number), line.number)
            elif lines and (lines[0].indent > indent or (lines[0].indent == indent and lines[0].text.startswith("- "))):
                found[key], lines = self._block(lines, lines[0].indent, depth + 1)
            else:
                found[key] = _Node("", line.number)
        return _Node(found, first), lines

    def _list(self, lines: list[_Line], indent: int, depth: int) -> tuple[_Node, list[_Line]]:
        first = lines[0].number
        found = []
        while lines and lines[0].indent == indent and lines[0].text.startswith("- "):
            line = lines[0]
            inner = line.text[1:].lstrip(" ")
            within = indent + len(line.text) - len(inner)
            node, lines = self._block([_Line(within, inner, line.number), *lines[1:]], within, depth + 1)
            found.append(node)
        return _Node(found, first), lines

    def _scalar(self, text: str, line: int) -> str:
        """A text, plain or quoted, without the remark behind it."""
        if text[0] in "'\"":
            match = _QUOTED.fullmatch(text)
            if match is None:
                raise self._wrong(line, Text("The quotes are not closed, or something stands behind them."))
            if match["double"] is not None and "\\" in match["double"]:
                raise self._wrong(line, Text("It has an escape that is not read here."))
            return match["double"] if match["double"] is not None else match["single"].replace("''", "'")
        plain = re.split(r"\s#", text, maxsplit=1)[0].rstrip()
        if not _PLAIN.fullmatch(plain) or ": " in plain or plain.endswith(":"):
            raise self._wrong(line, Text("This kind of value is not read here: write it in quotes, on one line."))
        return plain

    def _wrong(self, line: int, hint: Text) -> TrayexecError:
        title = Text(
            "Line {line} of {file} is not as logsmith's accounts.yaml has it.", line=line, file=shown(self.file)
        )
        return TrayexecError(Trouble("team_config", title, hint))


def _is_ours(colour: str) -> bool:
    """Whether our settings take the colour; logsmith takes more names than we have."""
    try:
        settings.parse(settings.written({"profile": {"x": {"colour": colour}}}), file="")
    except TrayexecError:
        return False
    return True

"""Changes texts of AWS's files one value at a time: comments, order and line ends stay. It must not know files.

What is a section, a setting and an indented block is what Python's `configparser` says, because botocore asks it.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

Value = str | Mapping[str, str]
Parsed = Mapping[str, Mapping[str, Value]]

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_SETTING = re.compile(r"(?P<key>.*?)\s*[=:]\s*(?P<value>.*)$")
_COMMENT = ("#", ";")
_USUAL = re.compile(r"profile[ \t]+(?P<name>[A-Za-z0-9_.@/+=:,-]+)", re.ASCII)
_LIKE_A_PROFILE = re.compile(r"profiles?(?:\s*[:.=/]\s*|\s+|(?=[\"']))(?P<name>.+)", re.IGNORECASE | re.DOTALL)
# Sections that are something else: botocore's kinds, the CLI's, and ours.
_OF_ANOTHER_KIND = re.compile(r"(?:sso-session|services|plugins|preview|trayexec)\b")


def profile_of(section: str) -> str | None:
    """The profile that a section of the config file describes, as botocore decides it; None for any other section."""
    if section == "default":
        return section
    if not section.startswith("profile"):
        return None
    usual = _USUAL.fullmatch(section)
    if usual:  # of thousands of sections nearly all: to read one as a shell does takes a hundred times as long
        return usual["name"]
    try:
        words = shlex.split(section)
    except ValueError:
        return None
    return words[1] if len(words) == 2 else None  # noqa: PLR2004 — `profile` and its name


def meant_in_config(section: str) -> str | None:
    """The profile that a section of the config file was meant as, though no SDK reads it so; None for any other.

    `[Profile x]`, `[profile: x]`, `[profile "x]`, `[profile a b]`, `[x]`: what people write, by what it must not be.
    """
    if profile_of(section) is not None or _OF_ANOTHER_KIND.match(section):
        return None
    found = _LIKE_A_PROFILE.fullmatch(section.strip())
    name = found["name"] if found else section
    return name.strip().strip("'\"").strip() or None


def meant_in_credentials(section: str) -> str | None:
    """Likewise for the credentials file, where a profile's section is its bare name: `[profile x]` is not x there."""
    found = _LIKE_A_PROFILE.fullmatch(section.strip())
    name = found["name"].strip().strip("'\"").strip() if found else section.strip()
    return name if name and name != section else None


def section_for(profile: str) -> str:
    """The section of the config file that botocore reads as this profile."""
    return profile if profile == "default" else f"profile {shlex.quote(profile)}"


def changes(before: Parsed, after: Parsed) -> Mapping[str, Mapping[str, Value]]:
    """What was added or changed, by section; of an indented block only the lines that are new. Nothing is removed."""
    found = {}
    for section, settings in after.items():
        known = before.get(section, {})
        new = {key: _news(known.get(key), value) for key, value in settings.items() if known.get(key) != value}
        new = {key: value for key, value in new.items() if value != {}}
        if new or section not in before:
            found[section] = new
    return found


def removals(before: Parsed, after: Parsed) -> tuple[str, ...]:
    """What is not there any more: sections, and settings as `section: key`."""
    found: list[str] = []
    for section, settings in before.items():
        if section not in after:
            found.append(section)
            continue
        found += [f"{section}: {key}" for key in settings if key not in after[section]]
    return tuple(found)


def _news(before: Value | None, after: Value) -> Value:
    if isinstance(after, str) or not isinstance(before, Mapping):
        return after
    return {key: value for key, value in after.items() if before.get(key) != value}


def written(text: str, section: str, settings: Mapping[str, Value]) -> str:
    """`text` with these settings in that section, which is added at the end unless it is there."""
    end, lines = _split(text)
    # of two sections for one profile botocore takes the last
    start = max((at for at, line in enumerate(lines) if line.starts(section)), default=None)
    if start is None:
        gap = [_Line("")] if lines and lines[-1].text.strip() else []
        lines += [*gap, _Line(f"[{section}]", section)]
        start = len(lines) - 1
    for key, value in settings.items():
        _put(lines, start, key, value)
    return _joined(lines, end)


def added(text: str, section: str, settings: Mapping[str, Value]) -> str:
    """`text` with those of these settings that the section, as botocore reads it, does not have."""
    _, lines = _split(text)
    start = max((at for at, line in enumerate(lines) if line.starts(section)), default=None)
    if start is not None:
        there = [line for _, line in _settings(lines, start, _section_end(lines, start))]
        settings = {key: value for key, value in settings.items() if not any(line.sets(key) for line in there)}
    return written(text, section, settings) if settings else text


def without(text: str, section: str, settings: Mapping[str, str]) -> str:
    """`text` without these settings of that section, each only if it says just this; comments and the rest stay."""
    end, lines = _split(text)
    start = next((at for at, line in enumerate(lines) if line.header == section), None)
    if start is None:
        return text
    for at, line in reversed(_settings(lines, start, _section_end(lines, start))):
        alone = _block_end(lines, at, _section_end(lines, start)) == at + 1
        if alone and any(line.sets(key) and _value(line) == value for key, value in settings.items()):
            del lines[at]
    return _joined(lines, end)


def says(text: str, section: str, settings: Mapping[str, str]) -> bool:
    """Whether that section has all these settings."""
    _, lines = _split(text)
    start = next((at for at, line in enumerate(lines) if line.header == section), None)
    if start is None:
        return False
    there = [line for _, line in _settings(lines, start, _section_end(lines, start))]
    return all(any(line.sets(key) and _value(line) == value for line in there) for key, value in settings.items())


def line_numbers(text: str) -> Mapping[str, Mapping[str, int]]:
    """By section, as its header is written: the line of each setting, by key in small letters, and the header's, by "".

    Lines are counted from 1.
    """
    _, lines = _split(text)
    found: dict[str, dict[str, int]] = {}
    for start, line in enumerate(lines):
        if line.header is not None:
            settings = _settings(lines, start, _section_end(lines, start))
            matches = ((at, _SETTING.match(one.text.strip())) for at, one in settings)
            found[line.header] = {"": start + 1, **{match["key"].lower(): at + 1 for at, match in matches if match}}
    return found


def without_empty(text: str, section: str) -> str:
    """`text` without the header of that section and the blank lines below it, if the section says nothing."""
    end, lines = _split(text)
    start = next((at for at, line in enumerate(lines) if line.header == section), None)
    if start is None or any(line.says for line in lines[start + 1 : _section_end(lines, start)]):
        return text
    del lines[start]
    while start < len(lines) and not lines[start].text.strip():
        del lines[start]
    return _joined(lines, end)


def emitted(key: str, value: Value) -> str:
    """A setting as lines of a file, each with its line end."""
    return "".join(f"{line.text}\n" for line in _fresh(key, value))


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    header: str | None = None  # the section that begins here

    @property
    def indent(self) -> int:
        return len(self.margin)

    @property
    def margin(self) -> str:
        return self.text[: len(self.text) - len(self.text.lstrip())]

    @property
    def says(self) -> bool:
        """Whether it is more than blank space or a comment."""
        plain = self.text.strip()
        return bool(plain) and not plain.startswith(_COMMENT)

    def starts(self, section: str) -> bool:
        """Whether it is the header of this section, or of the same profile written in another way."""
        name = self.header
        return name is not None and (name == section or (profile_of(name) or name) == (profile_of(section) or section))

    def sets(self, key: str) -> bool:
        match = _SETTING.match(self.text.strip())
        return match is not None and match["key"].lower() == key.lower()


def _split(text: str) -> tuple[str, list[_Line]]:
    """How lines end in this text, and what they say."""
    end = "\r\n" if "\r\n" in text else "\n"
    # not splitlines(): a form feed or a Unicode line separator in a comment ends no line
    plain = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    lines: list[_Line] = []
    deepest: int | None = (
        None  # what is indented more goes on with the setting above it, even if it looks like a header
    )
    for line in map(_Line, plain):
        match = None
        if line.says and (deepest is None or line.indent <= deepest):
            match = _HEADER.match(line.text.strip())
            deepest = None if match else line.indent
        lines.append(replace(line, header=match["name"]) if match else line)
    return end, lines


def _joined(lines: list[_Line], end: str) -> str:
    return end.join(line.text for line in lines) + end if lines else ""


def _section_end(lines: list[_Line], start: int) -> int:
    """Where the section whose header is at `start` ends."""
    return next((at for at in range(start + 1, len(lines)) if lines[at].header is not None), len(lines))


def _fresh(key: str, value: Value, *, margin: str = "") -> list[_Line]:
    if isinstance(value, Mapping):
        return [_Line(f"{margin}{key} ="), *(_Line(f"{margin}    {name} = {one}") for name, one in value.items())]
    first, *more = value.split("\n")
    return [_Line(f"{margin}{key} = {first}".rstrip()), *(_Line(f"{margin}    {one}") for one in more)]


def _put(lines: list[_Line], start: int, key: str, value: Value) -> None:
    """Set one value in the section that begins at `start`."""
    stop = _section_end(lines, start)
    at = next((at for at, line in _settings(lines, start, stop) if line.sets(key)), None)
    if at is None:
        last = max((at for at in range(start, stop) if lines[at].says), default=start)
        lines[last + 1 : last + 1] = _fresh(key, value, margin=_margin(lines, start, stop))
        return
    after = _block_end(lines, at, stop)
    if isinstance(value, Mapping) and not _value(lines[at]):
        for name, one in value.items():
            inner = next((line for line in range(at + 1, after) if lines[line].says and lines[line].sets(name)), None)
            if inner is None:
                lines.insert(after, _Line(f"{' ' * (lines[at].indent + 4)}{name} = {one}"))
                after += 1
            else:
                lines[inner] = _Line(f"{' ' * lines[inner].indent}{name} = {one}")
        return
    lines[at:after] = _fresh(key, value, margin=lines[at].margin)


def _margin(lines: list[_Line], start: int, stop: int) -> str:
    """What a setting at the end of a section begins with, that the next header stays one."""
    there = _settings(lines, start, stop)
    if there:
        return there[-1][1].margin
    return max((line.margin for line in (lines[start], *lines[stop : stop + 1])), key=len)


def _settings(lines: list[_Line], start: int, stop: int) -> list[tuple[int, _Line]]:
    """The lines of a section that begin a setting: an indented line goes on with the one above it."""
    found: list[tuple[int, _Line]] = []
    for at in range(start + 1, stop):
        line = lines[at]
        if line.says and (not found or line.indent <= found[-1][1].indent):
            found.append((at, line))
    return found


def _block_end(lines: list[_Line], at: int, stop: int) -> int:
    """Where the setting at `at` ends: past its indented lines, not past the blank ones and comments that follow."""
    end = at + 1
    for line in range(at + 1, stop):
        if lines[line].says:
            if lines[line].indent <= lines[at].indent:
                break
            end = line + 1
    return end


def _value(line: _Line) -> str:
    match = _SETTING.match(line.text.strip())
    return match["value"] if match else ""

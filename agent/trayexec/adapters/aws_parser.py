"""What the text of the AWS files says: parsed, and both merged, as botocore does it.

botocore's own parser opens the file by itself, so only its grammar is used: the standard library's raw INI parser,
then `botocore.configloader.build_profile_map`, then the merge of `botocore.session.Session.full_config`. A test
compares the two.
"""

import configparser
import re
from collections.abc import Mapping, Sequence

from trayexec.adapters import plain_file
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.sections import Section, Sections, shown
from trayexec.core.config.sources import SECRET, KeyNames, names_in
from trayexec.light.errors import TrayexecError, trouble

LONGEST_BLANK = 1000  # characters within a line
_BLANK = re.compile(rf"\s{{{LONGEST_BLANK}}}")
Parsed = dict[str, dict[str, str | dict[str, str]]]


def parse(text: str, *, file: str) -> Parsed:
    """The sections of one file as `botocore.configloader.raw_config_parse` returns them.

    Raises TrayexecError (`config_syntax`) naming `file` and, where it is known, the line; never what the line says.
    """
    if text.startswith(plain_file.BYTE_ORDER_MARK):
        raise TrayexecError(
            trouble(
                "config_syntax",
                "{file}: the AWS CLI and SDKs read no file that begins with a byte order mark.",
                "Save it in your editor as UTF-8 without a byte order mark (BOM).",
                file=shown(file),
            )
        )
    _check_blanks(text, file)
    plain = _plain(text)
    if plain is not None:
        return plain
    try:
        return _any(text)
    except configparser.DuplicateSectionError as error:
        raise TrayexecError(
            trouble(
                "config_syntax",
                "Line {line} of {file} starts the section [{section}] a second time.",
                "Merge the two into one section.",
                file=shown(file),
                line=error.lineno or 0,
                section=shown(error.section),
            )
        ) from None
    except configparser.DuplicateOptionError as error:
        raise TrayexecError(
            trouble(
                "config_syntax",
                "Line {line} of {file} sets {key} a second time in the section [{section}].",
                "Remove one of the two lines.",
                file=shown(file),
                line=error.lineno or 0,
                key=shown(error.option),
                section=shown(error.section),
            )
        ) from None
    except configparser.MissingSectionHeaderError as error:
        raise _malformed(file, error.lineno) from None
    except configparser.ParsingError as error:
        raise _malformed(file, error.errors[0][0]) from None
    except (configparser.Error, ValueError):
        raise TrayexecError(
            trouble(
                "config_syntax",
                "An indented block in {file} has a line without `=`.",
                "Write each indented line as key = value.",
                file=shown(file),
            )
        ) from None


def merge(config: Parsed, shared: Parsed, environment: Mapping[str, str]) -> Sections:
    """Both files in one, as `botocore.session.Session.full_config`: what the credentials file says wins."""
    profiles, others, keys = merged(config, shared)
    public = {
        name: section if SECRET.isdisjoint(section) else {key: "" if key in SECRET else section[key] for key in section}
        for name, section in profiles.items()
    }
    return Sections(public, others["services"], environment, keys, sso_sessions=others["sso_sessions"])


def merged(
    config: Parsed, shared: Parsed
) -> tuple[dict[str, Section], Mapping[str, Mapping[str, Section]], Mapping[str, KeyNames]]:
    """The profiles; `services` and `sso_sessions` as botocore calls them; where the keys of each profile stand."""
    profiles: dict[str, Section] = dict(profiles_of(config))
    keys = {name: names_in(profiles.get(name, {}), shared.get(name, {})) for name in (*profiles, *shared)}
    for name, section in shared.items():
        profiles[name] = {**profiles.get(name, {}), **section}
    return profiles, _others(config), keys


def _others(config: Parsed) -> Mapping[str, Mapping[str, Section]]:
    found = {name: section for name, section in config.items() if name.startswith(("services", "sso-session"))}
    if not found:
        return {"services": {}, "sso_sessions": {}}
    from botocore.configloader import build_profile_map  # noqa: PLC0415 — who completes a word need not wait for it

    others: Mapping[str, Mapping[str, Section]] = build_profile_map(found)
    return others


def profiles_of(config: Parsed) -> Mapping[str, Section]:
    """The profiles of a config file, as `build_profile_map`; it would copy them all, and read each name as a shell."""
    return {name: section for header, section in config.items() if (name := profile_of(header)) is not None}


def _any(text: str) -> Parsed:
    """Any text, by the standard library's parser. Raises configparser.Error, and ValueError for an indented block."""
    return _contents(_parser(text))


def _parser(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser


def _contents(parser: configparser.RawConfigParser) -> Parsed:
    return {
        section: {key: _nested(parser.get(section, key)) for key in parser.options(section)}
        for section in parser.sections()
    }


def _check_blanks(text: str, file: str) -> None:
    """Refuse a line that the standard library's parser, and so botocore, hangs on: it goes over blanks again and again.

    Raises TrayexecError (`config_syntax`).
    """
    for at, line in enumerate(text.split("\n")):
        if len(line) > LONGEST_BLANK and _BLANK.search(line.strip()):
            raise _malformed(file, at + 1)


def _plain(text: str) -> Parsed | None:
    """The same of a text that is written as nearly all are; None where there is more to it, or something is wrong.

    The standard library's parser takes six times as long, which counts where there are thousands of profiles. Sections
    with an indented line are left to it: a line that is not indented goes on with nothing above it, so they can be
    read apart.
    """
    found: Parsed = {}
    lines = text.split("\n")
    section: dict[str, str | dict[str, str]] | None = None
    begun, is_indented = 0, False
    for at, line in enumerate(lines):
        said = line.strip()
        if not said or said[0] in "#;":
            continue
        if line[0].isspace():
            if section is None:
                return None
            is_indented = True
        elif said[0] == "[" and (end := said.rfind("]")) > 1:
            if is_indented and not _reread(found, lines[begun:at]):
                return None
            name, begun, is_indented = said[1:end], at, False
            if name in found or name == configparser.DEFAULTSECT:
                return None
            section = found[name] = {}
        else:
            key, value = _setting(said)
            if section is None or not key or key in section:
                return None
            section[key] = value
    return None if is_indented and not _reread(found, lines[begun:]) else found


def _setting(line: str) -> tuple[str, str]:
    """The key and the value of a line; nothing for one that is no setting."""
    at = line.find("=")
    colon = line.find(":", 0, at) if at >= 0 else line.find(":")
    at = colon if colon >= 0 else at
    return (line[:at].rstrip().lower(), line[at + 1 :].lstrip()) if at >= 0 else ("", "")


def _reread(found: Parsed, lines: Sequence[str]) -> bool:
    """Whether the standard library's parser makes one section of these lines, the last one found: then it counts."""
    try:
        parser = _parser("\n".join(lines))
        read = _contents(parser)
    except (configparser.Error, ValueError):
        return False
    if parser.sections() != [next(reversed(found))] or parser.defaults():
        return False
    found.update(read)
    return True


def _nested(value: str) -> str | dict[str, str]:
    """A value, or the one level of nesting that an indented block is. Raises ValueError for a line without `=`."""
    if not value.startswith("\n"):
        return value
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    pairs = [line.split("=", 1) for line in lines]
    return {key.strip(): content.strip() for key, content in pairs}


def _malformed(file: str, line: int) -> TrayexecError:
    return TrayexecError(
        trouble(
            "config_syntax",
            "Line {line} of {file} is neither a section like [profile name] nor a setting like key = value.",
            "Correct or remove the line.",
            file=shown(file),
            line=line,
        )
    )

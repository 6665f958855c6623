"""What the text of the AWS files says: parsed, and both merged, as botocore does it.

botocore's own parser opens the file by itself, so only its grammar is used: the standard library's raw INI parser,
then `botocore.configloader.build_profile_map`, then the merge of `botocore.session.Session.full_config`. A test
compares the two.
"""

import configparser
from collections.abc import Mapping

from botocore.configloader import build_profile_map

from trayexec.adapters import plain_file
from trayexec.core.config.inifile import profile_of
from trayexec.core.config.sections import Section, Sections, shown
from trayexec.core.config.sources import SECRET, KeyNames, names_in
from trayexec.light.errors import TrayexecError, trouble

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
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        return {
            section: {key: _nested(parser.get(section, key)) for key in parser.options(section)}
            for section in parser.sections()
        }
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
    others = {name: section for name, section in config.items() if name.startswith(("services", "sso-session"))}
    keys = {name: names_in(profiles.get(name, {}), shared.get(name, {})) for name in (*profiles, *shared)}
    for name, section in shared.items():
        profiles[name] = {**profiles.get(name, {}), **section}
    return profiles, build_profile_map(others), keys


def profiles_of(config: Parsed) -> Mapping[str, Section]:
    """The profiles of a config file, as `build_profile_map`; it would copy them all, and read each name as a shell."""
    return {name: section for header, section in config.items() if (name := profile_of(header)) is not None}


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

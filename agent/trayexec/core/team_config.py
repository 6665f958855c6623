"""Reads a config that a team shares: accounts, roles, groups, colours. It must not know files.

Who can write to the repository that carries it decides what stands in it, so it can say nothing that runs a program,
leads to another endpoint or gives more rights: what is not listed here is an error that names its line.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from trayexec.core import settings
from trayexec.core.config.inifile import Parsed, Value, profile_of, section_for, without, written
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.sections import shown
from trayexec.core.suggest import near
from trayexec.core.toml_lines import Path, line_of, with_value
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble

_TABLES = ("profile", "sso-session", "groups", "colours")
_EITHER = ("account", "role", "region", "output")
_ROLE = ("source_profile", "external_id", "duration_seconds", "role_session_name")
_SESSION = ("sso_start_url", "sso_region", "sso_registration_scopes")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/+=:,-]*", re.ASCII)
VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # what stands on one line of an AWS file as it is
ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
ROLE_NAME = re.compile(r"[\w+=,.@/-]+", re.ASCII)
_HTTPS = re.compile(r"https://[!-~]+")
_SYNTAX = re.compile(r"(?P<reason>.*) \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
# What decides where a profile's credentials come from: with any of them left over it could lead elsewhere.
_SOURCES = frozenset(
    {
        *("role_arn", "source_profile", "credential_source", "web_identity_token_file", "credential_process"),
        *("sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name", "login_session"),
        *("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "include_profile", "parent_profile"),
        *("external_id", "endpoint_url", "services"),
    }
)

Section = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TeamConfig:
    """What it says: sections for the AWS config; groups, and the colours of patterns, for our own settings."""

    sections: Mapping[str, Section] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A section that the person has, too, and that says something else: by key, what they have and what the team has.

    Nothing stands for what one of the two does not say. `header` is the section as it is written in their file;
    `in_credentials` are the keys that their credentials file says, which wins over the config.
    """

    section: str
    header: str
    values: Mapping[str, tuple[str, str]]
    in_credentials: tuple[str, ...] = ()


# Reading


def parse(text: str, *, file: str) -> TeamConfig:
    """What `text`, the content of `file`, says. Raises TrayexecError (`team_config`) with file and line."""
    source = _Source(text, file, _document(text, file))
    root = source.table((), source.root, _TABLES)
    sections: dict[str, Section] = {}
    for name, said in source.table(("sso-session",), root.get("sso-session", {}), None).items():
        sections[f"sso-session {name}"] = source.session(("sso-session", name), said)
    for name, said in source.table(("profile",), root.get("profile", {}), None).items():
        sections[section_for(name)] = source.profile(("profile", name), said)
    groups = source.table(("groups",), root.get("groups", {}), None)
    colours = source.table(("colours",), root.get("colours", {}), None)
    return TeamConfig(
        sections,
        {name: source.group(("groups", name), globs) for name, globs in groups.items()},
        {glob: source.colour(("colours", glob), colour) for glob, colour in colours.items()},
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """The text and the name of its file, to say where something is wrong; each method checks one kind of value."""

    text: str
    file: str
    root: Mapping[str, object]

    def table(self, path: Path, value: object, known: Sequence[str] | None) -> Mapping[str, object]:
        """A table with no keys but the `known` ones; None lets every key be."""
        if not isinstance(value, dict):
            raise self.wrong(path, Text("It has to be a table, on a line of its own in brackets."))
        for key in value:
            if known is not None and key not in known:
                raise self._unknown((*path, key), known)
        return value

    def session(self, path: Path, value: object) -> Section:
        """A sign-in at IAM Identity Center."""
        self._name(path)
        said = self.table(path, value, _SESSION)
        found = {key: self._word((*path, key), said[key], VALUE) for key in _SESSION if key in said}
        self._word((*path, "sso_start_url"), said.get("sso_start_url"), _HTTPS)
        self._word((*path, "sso_region"), said.get("sso_region"), VALUE)
        return found

    def profile(self, path: Path, value: object) -> Section:
        """A profile: a role over somebody's keys, or a permission set of a sign-in."""
        self._name(path)
        if path[-1] == "default":
            raise self.wrong(path, Text("[default] is each person's own: give the profile another name."))
        if isinstance(value, dict) and "sso_session" in value:
            return self._permission_set(path, self.table(path, value, (*_EITHER, "sso_session")))
        said = self.table(path, value, (*_EITHER, *_ROLE, "sso_session"))
        account, role = self._account(path, said), self._word((*path, "role"), said.get("role"), ROLE_NAME)
        settings_of = self._texts(path, said, ("region", "output", "external_id", "role_session_name"))
        partition = partition_of(settings_of.get("region", "")).name
        source = said.get("source_profile", "default")
        found = {
            "role_arn": f"arn:{partition}:iam::{account}:role/{role}",
            "source_profile": self._word((*path, "source_profile"), source, NAME),
            **settings_of,
        }
        if "duration_seconds" in said:
            found["duration_seconds"] = self._seconds((*path, "duration_seconds"), said["duration_seconds"])
        return found

    def _permission_set(self, path: Path, said: Mapping[str, object]) -> Section:
        return {
            "sso_session": self._word((*path, "sso_session"), said["sso_session"], NAME),
            "sso_account_id": self._account(path, said),
            "sso_role_name": self._word((*path, "role"), said.get("role"), ROLE_NAME),
            **self._texts(path, said, ("region", "output")),
        }

    def group(self, path: Path, value: object) -> tuple[str, ...]:
        """A list of names and patterns, as in config.toml."""
        self._like_ours(path, {"groups": {str(path[-1]): value}})
        assert isinstance(value, list)  # noqa: S101 — or it had been refused
        return tuple(value)

    def colour(self, path: Path, value: object) -> str:
        """A colour, as in config.toml."""
        self._like_ours(path, {"profile": {str(path[-1]): {"colour": value}}})
        return str(value)

    def _like_ours(self, path: Path, tables: Mapping[str, Mapping[str, object]]) -> None:
        """Raises TrayexecError for what our own settings would not take."""
        (value,) = (one for said in tables.values() for one in said.values())
        word = value.get("colour") if isinstance(value, dict) else value
        if not (isinstance(word, str) or (isinstance(word, list) and all(isinstance(one, str) for one in word))):
            raise self.wrong(path, Text("It has to be a text, or for a group a list of texts."))
        try:
            settings.parse(settings.written(tables), file=self.file)
        except TrayexecError as error:
            raise self.wrong(path, error.trouble.hint) from None

    def _texts(self, path: Path, said: Mapping[str, object], keys: Sequence[str]) -> dict[str, str]:
        return {key: self._word((*path, key), said[key], VALUE) for key in keys if key in said}

    def _account(self, path: Path, said: Mapping[str, object]) -> str:
        return self._word((*path, "account"), said.get("account"), ACCOUNT)

    def _name(self, path: Path) -> None:
        if not NAME.fullmatch(str(path[-1])):
            raise self.wrong(path, Text("Names have letters, digits and . - _ in them, and no blanks."))

    def _word(self, path: Path, value: object, pattern: re.Pattern[str]) -> str:
        if value is None:
            raise self.wrong(path[:-1], Text("It lacks {key}.", key=str(path[-1])))
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise self.wrong(path, _MEANT.get(str(path[-1]), Text("It has to be a text on one line.")))

    def _seconds(self, path: Path, value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and 900 <= value <= 43200:  # noqa: PLR2004 — AWS's bounds
            return str(value)
        raise self.wrong(path, Text("It has to be a number of seconds from 900 to 43200."))

    def wrong(self, path: Path, hint: Text) -> TrayexecError:
        """What stands there cannot be."""
        title = Text(
            "Line {line} of {file}: {key} is not right.",
            line=line_of(self.text, path),
            file=shown(self.file),
            key=shown(".".join(map(str, path))),
        )
        return TrayexecError(Trouble("team_config", title, hint))

    def _unknown(self, path: Path, known: Sequence[str]) -> TrayexecError:
        title = Text(
            "Line {line} of {file}: a shared config cannot say {key}.",
            line=line_of(self.text, path),
            file=shown(self.file),
            key=shown(".".join(map(str, path))),
        )
        close = near(str(path[-1])[:64], known)
        if close:
            return TrayexecError(
                Trouble("team_config", title, Text("Did you mean {guess}?", guess=" or ".join(map(str, close))))
            )
        return TrayexecError(Trouble("team_config", title, Text("Allowed here: {choices}", choices=", ".join(known))))


_MEANT: Mapping[str, Text] = {
    "account": Text('It has to be an account number of 12 digits in quotes, like "222222222222".'),
    "role": Text("It has to be the name of a role, without account and ARN."),
    "sso_start_url": Text("It has to be an address that begins with https://."),
}


def _document(text: str, file: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        line = int(found["line"]) if found and found["line"] else text.rstrip().count("\n") + 1
        reason: str | Text = shown(found["reason"] if found else str(error))
    except (RecursionError, ValueError):  # what tomllib lets through
        line, reason = 1, Text("nested too deeply, or a number too long")
    raise TrayexecError(
        trouble(
            "team_config",
            "Line {line} of {file} is not valid TOML: {reason}.",
            "The man page has an example: man trayexec, SHARED CONFIG.",
            line=line,
            file=shown(file),
            reason=reason,
        )
    )


# Merging


def differences(team: TeamConfig, config: Parsed, shared: Parsed) -> tuple[Difference, ...]:
    """The sections of the team's that the person has otherwise, in the order of the team."""
    found = []
    for section, wanted in team.sections.items():
        header = _header(config, section)
        own, above = config.get(header, {}), shared.get(profile_of(section) or "", {})
        if not own and not above:
            continue
        said = {**own, **above}
        values = {key: (_plain(said.get(key, "")), value) for key, value in wanted.items() if said.get(key) != value}
        if profile_of(section) is not None:
            values |= {key: (_plain(own[key]), "") for key in own if key in _SOURCES - wanted.keys()}
        if values:
            found.append(Difference(section, header, values, tuple(key for key in values if key in above)))
    return tuple(found)


def missing(team: TeamConfig, config: Parsed, shared: Parsed) -> tuple[str, ...]:
    """The sections that the person does not have."""
    return tuple(
        section
        for section in team.sections
        if not config.get(_header(config, section)) and not shared.get(profile_of(section) or "")
    )


def merged(text: str, new: Mapping[str, Section], taken: Sequence[Difference]) -> str:
    """The text of an AWS config with new sections, and with those that differ as the team has them."""
    for one in taken:
        gone = {key: mine for key, (mine, theirs) in one.values.items() if not theirs}
        text = without(text, one.header, gone)
        text = written(text, one.header, {key: theirs for key, (_, theirs) in one.values.items() if theirs})
    for section, said in new.items():
        text = written(text, section, said)
    return text


def settings_merged(text: str, groups: Mapping[str, tuple[str, ...]], colours: Mapping[str, str]) -> str:
    """The text of a config.toml with these groups and colours. Raises ValueError for one that they do not fit into."""
    wanted = tomllib.loads(text)
    for name, globs in groups.items():
        text = with_value(text, ("groups", name), settings.toml(list(globs)))
        wanted.setdefault("groups", {})[name] = list(globs)
    for glob, colour in colours.items():
        text = with_value(text, ("profile", glob, "colour"), settings.toml(colour))
        wanted.setdefault("profile", {}).setdefault(glob, {})["colour"] = colour
    if tomllib.loads(text) != wanted:
        raise ValueError(text)
    return text


def _header(config: Parsed, section: str) -> str:
    """How this section is written in the file; of two for one profile, the last."""
    name = profile_of(section)
    same: Callable[[str], bool] = (lambda one: profile_of(one) == name) if name is not None else section.__eq__
    return next((one for one in reversed([*config]) if same(one)), section)


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else "…"

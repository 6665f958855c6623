"""Finds the access keys of the AWS files that the keychain can take, and what stays without them. Pure: no files.

Three layouts: keys in a profile's own section; aws-mfa's, whose long-term key of X stands in [X-long-term] and whose
short-term credentials in [X] (https://github.com/broamski/aws-mfa); and what that tool wrote for roles, in [X-role].
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from trayexec.core.config.inifile import Parsed, Value, profile_of, section_for, without, without_empty, written
from trayexec.core.config.sections import Section
from trayexec.core.config.sources import KEY, STATIC_KEYS, TOKENS
from trayexec.core.credentials import Secret

_DEVICE, _ROLE, _ASSUMED = "aws_mfa_device", "assume_role", "assumed_role_arn"  # aws-mfa's own
_LONG_TERM = (*sorted(STATIC_KEYS), _DEVICE, _ROLE)
_SHORT_TERM = (*sorted(STATIC_KEYS), *TOKENS, "expiration", "assumed_role", _ASSUMED)
_ROLE_SETTINGS = frozenset({"role_arn", "source_profile", "credential_source"})
# When a session ends, as the tools that write such sections call it.
_ENDS = ("expiration", "aws_expiration", "aws_session_expiration", "x_security_token_expires", "expires_at")


@dataclass(frozen=True, slots=True)
class AwsFilePair:
    """What the config and the credentials file say, section by section as it is written."""

    config: Parsed
    shared: Parsed

    def profiles(self) -> Iterator[tuple[bool, str, str, Section]]:
        """Whether it stands in the credentials file, the section, the profile it is of, and what it says."""
        for section, said in self.config.items():
            name = profile_of(section)
            if name is not None:
                yield False, section, name, said
        for section, said in self.shared.items():
            yield True, section, section, said

    def sources(self) -> frozenset[str]:
        """The profiles that roles name as theirs."""
        found = (said.get("source_profile") for _, _, _, said in self.profiles())
        return frozenset(name for name in found if isinstance(name, str))

    def said(self, profile: str) -> Section:
        """What the config file says of a profile."""
        return next((said for section, said in self.config.items() if profile_of(section) == profile), {})


@dataclass(frozen=True, slots=True)
class PlainKeys:
    """A long-term access key in plain text, and the profile `name` under which it is to be stored.

    `aside`: they stand where aws-mfa keeps the keys of that profile. `device` and `role` are what it keeps beside them,
    empty where it says nothing.
    """

    in_shared: bool
    section: str
    name: str
    access_key_id: str
    secret: Secret
    aside: bool = False
    device: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class ShortTerm:
    """Temporary credentials in plain text; `ends` in Unix seconds, None where that is not said."""

    in_shared: bool
    section: str
    name: str
    ends: float | None
    by_aws_mfa: bool = False
    role: str = ""  # the ARN of the role that aws-mfa got them for


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What goes into one file and what goes out of it, by section; of `empty` ones not even the header stays."""

    add: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    remove: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    empty: frozenset[str] = frozenset()

    def applied(self, text: str) -> str:
        """The text after it. What somebody has changed meanwhile does not go."""
        for section, settings in self.add.items():
            text = written(text, section, settings)
        for section, gone in self.remove.items():
            text = without(text, section, gone)
        for section in self.empty:
            text = without_empty(text, section)
        return text


def long_term(files: AwsFilePair, *, suffixes: Sequence[str]) -> tuple[PlainKeys, ...]:
    """Every pair without a token.

    That of a profile with one of these `suffixes` is the key of the profile without it, unless a role names just this
    one as its source.
    """
    sources = files.sources()
    found = []
    for in_shared, section, profile, said in files.profiles():
        key, secret = _text(said, KEY), _text(said, "aws_secret_access_key")
        if key and secret and said.keys().isdisjoint(TOKENS):
            base = next((profile.removesuffix(one) for one in suffixes if profile.endswith(one)), "")
            name = profile if not base or profile in sources else base
            found.append(
                PlainKeys(
                    in_shared,
                    section,
                    name,
                    key,
                    Secret(secret),
                    aside=name != profile,
                    device=_text(said, _DEVICE),
                    role=_text(said, _ROLE),
                )
            )
    return tuple(found)


def short_term(files: AwsFilePair) -> tuple[ShortTerm, ...]:
    """Every section with temporary credentials."""
    return tuple(
        ShortTerm(in_shared, section, profile, _end(said), "assumed_role" in said, _text(said, _ASSUMED))
        for in_shared, section, profile, said in files.profiles()
        if KEY in said and not said.keys().isdisjoint(TOKENS)
    )


def edits(files: AwsFilePair, taken: Sequence[PlainKeys], *, now: float) -> tuple[FileEdit, FileEdit]:
    """What changes in the config and in the credentials file once these keys are in the keychain.

    Their lines go, and so do temporary credentials of theirs that have ended at `now` (Unix seconds): they would stand
    in the way. Device and roles that only aws-mfa knew become settings that every tool reads.
    """
    gone: tuple[dict[str, Mapping[str, str]], dict[str, Mapping[str, str]]] = ({}, {})
    for one in taken:
        gone[one.in_shared][one.section] = _said(files, one, _LONG_TERM)
    for short in short_term(files):
        if _owner(short, taken) is not None and short.ends is not None and short.ends <= now:
            gone[short.in_shared][short.section] = _said(files, short, _SHORT_TERM)
    aside = {(one.in_shared, one.section) for one in taken if one.aside}
    config, shared = (
        FileEdit({}, gone[in_shared], frozenset(section for where, section in aside if where == in_shared))
        for in_shared in (False, True)
    )
    return replace(config, add=_settings(files, taken)), shared


def _settings(files: AwsFilePair, taken: Sequence[PlainKeys]) -> Mapping[str, Mapping[str, Value]]:
    """What aws-mfa knew of these keys' profiles and of its roles, as settings, by section of the config file."""
    wanted = [(one.name, "mfa_serial", one.device) for one in taken]
    roles = [(one.name, one.role, one.name) for one in taken if one.aside]
    for short in short_term(files):
        source = _owner(short, taken)
        if source is not None and (source.aside or short.name != source.name):
            roles.append((short.name, short.role, source.name))
    for profile, arn, source_profile in roles:
        if arn and _ROLE_SETTINGS.isdisjoint({*files.said(profile), *files.shared.get(profile, {})}):
            wanted += [(profile, "role_arn", arn), (profile, "source_profile", source_profile)]
    found: dict[str, dict[str, Value]] = {}
    for profile, key, value in wanted:
        if value and key not in files.said(profile) and key not in files.shared.get(profile, {}):
            found.setdefault(section_for(profile), {}).setdefault(key, value)
    return found


def staying(files: AwsFilePair, taken: Sequence[PlainKeys], *, now: float) -> tuple[ShortTerm, ...]:
    """Temporary credentials of these profiles that may still be good at `now` (Unix seconds)."""
    return tuple(
        one for one in short_term(files) if _owner(one, taken) is not None and (one.ends is None or one.ends > now)
    )


def of_one_name(found: Sequence[PlainKeys]) -> Mapping[str, Sequence[PlainKeys]]:
    """The names for which there are several keys, which cannot all be stored under it."""
    by_name: dict[str, list[PlainKeys]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    return {name: all_ for name, all_ in by_name.items() if len({one.access_key_id for one in all_}) > 1}


def _owner(short: ShortTerm, taken: Sequence[PlainKeys]) -> PlainKeys | None:
    """Whose keys made temporary credentials: those of this name; with aws-mfa of the longest that it begins with."""
    of = [
        one for one in taken if short.name == one.name or (short.by_aws_mfa and short.name.startswith(f"{one.name}-"))
    ]
    return max(of, key=lambda one: len(one.name), default=None)


def _said(files: AwsFilePair, one: PlainKeys | ShortTerm, keys: Sequence[str]) -> Mapping[str, str]:
    section = (files.shared if one.in_shared else files.config)[one.section]
    return {key: value for key in keys if isinstance(value := section.get(key), str)}


def _text(said: Section, key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _end(said: Section) -> float | None:
    """When a session ends; a time without a zone is UTC, as aws-mfa writes it."""
    for key in _ENDS:
        try:
            moment = datetime.fromisoformat(_text(said, key))
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None

"""Finds the access keys of the AWS files that the keychain can take, and what stays without them. Pure: no files.

Three layouts: keys in a profile's own section; aws-mfa's, whose long-term key of X stands in [X-long-term] and whose
short-term credentials in [X] (https://github.com/broamski/aws-mfa); and what that tool wrote for roles, in [X-role].
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from trayexec.core.config.endpoints import of_others
from trayexec.core.config.inifile import (
    Parsed,
    Value,
    added,
    profile_of,
    says,
    section_for,
    without,
    without_empty,
)
from trayexec.core.config.sections import Section
from trayexec.core.config.sources import (
    IN_FILES,
    KEY,
    SECRET,
    STATIC_KEYS,
    TOKENS,
    Source,
    is_role,
    names_in,
    without_role,
)
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
        """What the config file says of a profile: of two sections for it, the last."""
        return next((said for section, said in reversed([*self.config.items()]) if profile_of(section) == profile), {})


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
        """The text after it. What somebody has changed meanwhile does not go, and is not replaced.

        Of other keys than there were nothing goes, not even the half that they have in common.
        """
        for section, settings in self.add.items():
            text = added(text, section, settings)
        for section, gone in self.remove.items():
            if says(text, section, {key: value for key, value in gone.items() if key in SECRET}):
                text = without(text, section, gone)
        for section in self.empty:
            text = without_empty(text, section)
        return text

    def expected(self, before: Parsed) -> Parsed:
        """What a file that says `before` is to say after it."""
        after = {section: dict(settings) for section, settings in before.items()}
        for section, settings in self.add.items():
            name = next((one for one in reversed(after) if _profile(one) == _profile(section)), section)
            after[name] = {**settings, **after.get(name, {})}
        for section, gone in self.remove.items():
            for key, value in gone.items():
                if after.get(section, {}).get(key) == value:
                    del after[section][key]
        return {section: said for section, said in after.items() if said or section not in self.empty}


@dataclass(frozen=True, slots=True)
class Holders:
    """The profiles that have long-term keys: those in the keychain alone, and `known`, which are all that there are."""

    stored: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


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


def edits(
    files: AwsFilePair, taken: Sequence[PlainKeys], *, now: float, holders: Holders = Holders()
) -> tuple[FileEdit, FileEdit]:
    """What changes in the config and in the credentials file once these keys are in the keychain.

    Their lines go, and so do temporary credentials of theirs that have ended at `now` (Unix seconds), or of keys that
    went before: they would stand in the way. Device and roles that only aws-mfa knew become settings that every tool
    reads; not while there are credentials of that role that other tools use, for the settings would win over them.
    """
    gone: tuple[dict[str, Mapping[str, str]], dict[str, Mapping[str, str]]] = ({}, {})
    for one in taken:
        gone[one.in_shared][one.section] = _said(files, one, _LONG_TERM)
    ended = going(files, taken, now=now, holders=holders)
    for short in ended:
        gone[short.in_shared][short.section] = _said(files, short, _SHORT_TERM)
    aside = {(one.in_shared, one.section) for one in taken if one.aside}
    config, shared = (
        FileEdit({}, gone[in_shared], frozenset(section for where, section in aside if where == in_shared))
        for in_shared in (False, True)
    )
    roles = [(one.name, one.role, one.name) for one in taken if one.aside]
    for short in ended:
        source = _owner(short, taken, holders)
        if source != short.name or any(one.aside for one in taken if one.name == source):
            roles.append((short.name, short.role, source))
    return replace(config, add=_settings(files, taken, roles)), shared


def _settings(
    files: AwsFilePair, taken: Sequence[PlainKeys], roles: Sequence[tuple[str, str, str]]
) -> Mapping[str, Mapping[str, Value]]:
    """What aws-mfa knew of these keys' profiles and of its roles, as settings, by section of the config file.

    `roles` are profiles, the ARN of the role of each if it has one, and the profile that it is assumed with.
    """
    wanted = [(one.name, "mfa_serial", one.device) for one in taken]
    for profile, arn, source_profile in roles:
        if arn and _may_be_role(files, profile):
            wanted += [(profile, "role_arn", arn), (profile, "source_profile", source_profile)]
    found: dict[str, dict[str, Value]] = {}
    for profile, key, value in wanted:
        if value and key not in files.said(profile) and key not in files.shared.get(profile, {}):
            found.setdefault(section_for(profile), {}).setdefault(key, value)
    return found


def in_use_as_role(files: AwsFilePair, one: PlainKeys, *, now: float) -> ShortTerm | None:
    """The credentials of a role that other tools may be using, where this key's own profile would become that role."""
    if not one.aside or not _may_be_role(files, one.name):
        return None
    of = (short for short in short_term(files) if short.name == one.name and (one.role or short.role))
    return next((short for short in of if short.ends is None or short.ends > now), None)


def on_sessions(files: AwsFilePair, one: PlainKeys, *, holders: Holders) -> tuple[str, str] | None:
    """A role that has as its source where aws-mfa keeps sessions of this key, and that source: both, by profile."""
    kept = {short.name for short in of_keys(files, (one,), holders) if not short.role and short.name != one.name}
    for _, _, profile, said in files.profiles():
        source = _text(said, "source_profile")
        if source in kept and profile != source:
            return profile, source
    return None


def staying(
    files: AwsFilePair, taken: Sequence[PlainKeys], *, now: float, holders: Holders = Holders()
) -> tuple[ShortTerm, ...]:
    """Temporary credentials of these profiles that may still be good at `now` (Unix seconds)."""
    return tuple(one for one in of_keys(files, taken, holders) if one.ends is None or one.ends > now)


def going(
    files: AwsFilePair, taken: Sequence[PlainKeys], *, now: float, holders: Holders = Holders()
) -> tuple[ShortTerm, ...]:
    """Temporary credentials of these profiles that have ended at `now` (Unix seconds)."""
    return tuple(one for one in of_keys(files, taken, holders) if one.ends is not None and one.ends <= now)


def of_keys(files: AwsFilePair, taken: Sequence[PlainKeys], holders: Holders) -> tuple[ShortTerm, ...]:
    """The temporary credentials that were made with these keys, or with those that are stored."""
    made_with = {*(one.name for one in taken), *holders.stored}
    return tuple(one for one in short_term(files) if _owner(one, taken, holders) in made_with)


def in_force(files: AwsFilePair, one: PlainKeys) -> bool:
    """Whether SDKs use this pair for the profile that it stands in, or, if it is kept aside, nothing but keys for its.

    Keys that a program, a login or the other file puts in the shade lead nowhere now, and would once they are stored.
    """
    found = _source(files, one.name)
    if one.aside:
        return found is Source.NOTHING or found in IN_FILES
    used = files.shared.get(one.name, {}) if found is Source.CREDENTIALS_FILE else files.said(one.name)
    return found in IN_FILES and (_text(used, KEY), _text(used, "aws_secret_access_key")) == (
        one.access_key_id,
        one.secret.reveal(),
    )


def left_with_others(files: AwsFilePair, profile: str) -> bool:
    """Whether a program or a login gives SDKs credentials for this profile, where no keys stand in its place."""
    found = _source(files, profile)
    return found is not Source.NOTHING and found not in IN_FILES


def assumed_with(files: AwsFilePair, profile: str) -> str:
    """The profile whose keys SDKs assume the role of this profile with; itself if it has none."""
    at, way = profile, [profile]
    while True:
        said = {**files.said(at), **files.shared.get(at, {})}
        source = _text(said, "source_profile")
        if not is_role(said) or not source or source in way or (len(way) > 1 and not STATIC_KEYS.isdisjoint(said)):
            return at
        way.append(source)
        at = source


def services_of_others(files: AwsFilePair, profile: str) -> str | None:
    """The host of a storage or another service of this profile's that is not AWS's: then its keys are not, either."""
    said = {**files.said(profile), **files.shared.get(profile, {})}
    named = files.config.get(f"services {_text(said, 'services')}", {})
    blocks = [block for name, block in (*said.items(), *named.items()) if name != "sts" and not isinstance(block, str)]
    return next((host for block in blocks if (host := of_others(block.get("endpoint_url", ""))) is not None), None)


def _source(files: AwsFilePair, profile: str) -> Source:
    config, shared = files.said(profile), files.shared.get(profile, {})
    return without_role({**config, **shared}, names_in(config, shared))


def of_one_name(found: Sequence[PlainKeys]) -> Mapping[str, Sequence[PlainKeys]]:
    """The names for which there are several keys, which cannot all be stored under it."""
    by_name: dict[str, list[PlainKeys]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    return {name: all_ for name, all_ in by_name.items() if len({one.access_key_id for one in all_}) > 1}


def _owner(short: ShortTerm, taken: Sequence[PlainKeys], holders: Holders) -> str:
    """Whose keys made temporary credentials: those of this name; with aws-mfa of the longest that it begins with.

    All that there are count, those too that are not taken. Nothing where there are none.
    """
    known = {*(one.name for one in taken), *holders.stored, *holders.known}
    of = (name for name in known if short.name == name or (short.by_aws_mfa and short.name.startswith(f"{name}-")))
    return max(of, key=len, default="")


def _may_be_role(files: AwsFilePair, profile: str) -> bool:
    """Whether neither file says already how it becomes one."""
    return _ROLE_SETTINGS.isdisjoint({*files.said(profile), *files.shared.get(profile, {})})


def _profile(section: str) -> str:
    return profile_of(section) or section


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

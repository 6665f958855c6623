"""Mixes into a profile what its section includes from another one, as aws-vault does. It must not know files.

aws-vault fills in whatever a section lacks from the one that `include_profile` names, and so on from there
(https://github.com/99designs/aws-vault/blob/master/USAGE.md, include_profile; `parent_profile` is an older word for
it). Here that is what belongs to a role, its device and its region: where other credentials come from is not mixed in,
and a profile that botocore finds credentials for by itself never becomes another role.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from trayexec.core.config import problems
from trayexec.core.config.sections import Section, Sections
from trayexec.core.config.sources import LONGEST_CHAIN, SECRET, Source, is_role, without_role
from trayexec.core.suggest import Guesses, told
from trayexec.light.errors import Trouble

KEYS = ("include_profile", "parent_profile")
_OF_ROLE = frozenset(
    {
        *("source_profile", "external_id", "role_session_name", "duration_seconds"),
        *("session_tags", "transitive_session_tags", "source_identity"),
    }
)
_FOUND_ALONG = frozenset({"region", "mfa_serial"})  # what a profile has of its sources and of [default] with us, too
_CODE = "mfa_process"  # what prints the codes of its device
# Settings that decide whose credentials a profile has, and where, and that are not mixed in. Others are those of a
# command, for each SDK to read.
_OTHERS = frozenset(
    {
        *("role_arn", "credential_source", "web_identity_token_file", "endpoint_url"),
        *("web_identity_token_process", "credential_process"),
        *("sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region", "login_session"),
        *SECRET,
    }
)
# A role takes its source's credentials, never these of its own section (aws-vault's vault.go, GetProviderForProfile).
_WITHOUT_ROLE = frozenset(
    {
        "credential_process",
        *("sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region", "login_session"),
        *SECRET,
    }
)


def mixed(sections: Sections) -> Sections:
    """The same with every profile's section as it is with what it includes. Nothing is said of what cannot be."""
    found = {
        name: _mixed(sections, name, section)
        for name, section in sections.profiles.items()
        if any(key in section for key in KEYS)
    }
    return replace(sections, profiles={**sections.profiles, **found}) if found else sections


def fault(sections: Sections, profile: str, guesses: Guesses) -> Trouble | None:
    """Why what the section of a profile includes cannot be told; None where it can, or there is nothing."""
    way = [profile]
    while True:
        named = _named(sections.profiles.get(way[-1], {}))
        if named is None:
            return None
        if named in way:
            return problems.include_loop(profile, (*way, named))
        if named not in sections.profiles:
            return problems.unknown_include(way[-1], named, near=told(guesses.near(named, way[-1]), {}))
        if len(way) > LONGEST_CHAIN:
            return problems.include_too_long(profile)
        way.append(named)


def missed(sections: Sections, profile: str) -> Sequence[str] | None:
    """What an included section has that matters and is not mixed in; None where there is nothing."""
    section = sections.profiles.get(profile, {})
    matters = _OTHERS - _WITHOUT_ROLE if "role_arn" in section else _OTHERS
    return sorted(name for name in _all_of(sections, profile) if name in matters and name not in section) or None


def _mixed(sections: Sections, profile: str, section: Section) -> Section:
    included = _all_of(sections, profile)
    names = {name for name in _FOUND_ALONG & included.keys() if included[name] != _found(sections, profile, name)}
    names |= {_CODE} & included.keys()
    lonely = without_role(section, sections.keys_of(profile)) is Source.NOTHING
    if "role_arn" in section or ("role_arn" in included and lonely):
        names |= {"role_arn", *_OF_ROLE}
    if is_role(section) and "credential_source" in section:
        names.discard("source_profile")
    return {**{name: value for name, value in included.items() if name in names}, **section}


def _all_of(sections: Sections, profile: str) -> Mapping[str, str | Mapping[str, str]]:
    """What all that a profile includes says, the nearest first."""
    said: dict[str, str | Mapping[str, str]] = {}
    for one in _included(sections, profile):
        said = {**one, **said}
    return said


def _included(sections: Sections, profile: str) -> Iterator[Section]:
    """The sections that are mixed in, the nearest first."""
    seen = {profile}
    named = _named(sections.profiles.get(profile, {}))
    while named is not None and named not in seen and named in sections.profiles and len(seen) <= LONGEST_CHAIN:
        seen.add(named)
        yield sections.profiles[named]
        named = _named(sections.profiles[named])


def _named(section: Section) -> str | None:
    """The profile that a section includes."""
    named = next((section[one] for one in KEYS if one in section), None)
    return named if isinstance(named, str) and named else None


def _found(sections: Sections, profile: str, name: str) -> object:
    """What we find of a setting along the profile's own sources, and last in [default]."""
    seen: set[str] = set()
    at: object = profile
    while isinstance(at, str) and at not in seen and len(seen) <= LONGEST_CHAIN:
        seen.add(at)
        section = sections.profiles.get(at, {})
        if name in section:
            return section[name]
        at = section.get("source_profile") if "role_arn" in section else None
    return sections.profiles.get("default", {}).get(name)

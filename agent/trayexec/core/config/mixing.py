"""Finds what aws-vault would mix into a profile from another one, and we would not. It must not know files or botocore.

aws-vault fills in whatever a section lacks from the one that `include_profile` names, and so on from there
(https://github.com/99designs/aws-vault/blob/master/USAGE.md, include_profile; `parent_profile` is an older word for
it). Often that is nothing but what a role's source gives anyway.
"""

from collections.abc import Iterator, Sequence

from trayexec.core.config.sections import Section, Sections
from trayexec.core.config.sources import SECRET

KEYS = ("include_profile", "parent_profile")
# Settings that decide whose credentials a profile has, and where. Others are those of a command, for each SDK to read.
_MATTERS = frozenset(
    {
        *("role_arn", "source_profile", "credential_source", "external_id", "role_session_name", "duration_seconds"),
        *("session_tags", "transitive_session_tags", "source_identity", "web_identity_token_file"),
        *("web_identity_token_process", "credential_process", "mfa_serial", "mfa_process", "region", "endpoint_url"),
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
_FOUND_ALONG = ("region", "mfa_serial")  # what a profile has of its sources and of [default] with us, too


def missed(sections: Sections, profile: str, key: str) -> Sequence[str] | None:
    """The settings that the section named by `key` would add and that matter; None where there are none."""
    section = sections.profiles.get(profile, {})
    added: dict[str, object] = {}
    for one in _included(sections, profile, key):
        added = {**one, **added}
    matters = _MATTERS - _WITHOUT_ROLE if "role_arn" in section else _MATTERS
    lost = [
        name
        for name, value in added.items()
        if name in matters
        and name not in section
        and not (name in _FOUND_ALONG and value == _found(sections, profile, name))
    ]
    return sorted(lost) or None


def _included(sections: Sections, profile: str, key: str) -> Iterator[Section]:
    """The sections that are mixed in, the nearest first."""
    seen = {profile}
    named = sections.profiles.get(profile, {}).get(key)
    while isinstance(named, str) and named not in seen and named in sections.profiles:
        seen.add(named)
        section = sections.profiles[named]
        yield section
        named = next((section[one] for one in KEYS if one in section), None)


def _found(sections: Sections, profile: str, name: str) -> object:
    """What we find of a setting along the profile's own sources, and last in [default]."""
    seen: set[str] = set()
    at: object = profile
    while isinstance(at, str) and at not in seen:
        seen.add(at)
        section = sections.profiles.get(at, {})
        if name in section:
            return section[name]
        at = section.get("source_profile") if "role_arn" in section else None
    return sections.profiles.get("default", {}).get(name)

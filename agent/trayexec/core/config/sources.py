"""Tells which of several sources of credentials a profile's section means: botocore's order, file by file.

The order is that of `botocore.credentials.create_credential_resolver` and `ProfileProviderBuilder.providers`: a role,
then web identity, IAM Identity Center, the credentials file, `login_session`, `credential_process`, the config file.
It must not know files or botocore; a test compares the two.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

Section = Mapping[str, str | Mapping[str, str]]

KEY = "aws_access_key_id"
STATIC_KEYS = frozenset({KEY, "aws_secret_access_key"})
TOKENS = ("aws_security_token", "aws_session_token")  # in this order
SECRET = STATIC_KEYS | {*TOKENS}
LONGEST_CHAIN = 16  # roles; longer chains work nowhere: every one past the first loses time and the MFA context
_SSO = ("sso_role_name", "sso_account_id")  # one of them makes botocore use Identity Center; a session alone does not


class Source(Enum):
    """Where a profile's credentials come from."""

    ROLE = "role_arn"
    WEB_IDENTITY = "web_identity_token_file"
    SSO = "sso_account_id"
    CREDENTIALS_FILE = "an access key in the credentials file"
    LOGIN = "login_session"
    PROCESS = "credential_process"
    CONFIG_FILE = "an access key in the config file"
    INSTANCE = "credential_source = Ec2InstanceMetadata"  # of a role, never of a profile by itself; nor are these:
    ENVIRONMENT = "credential_source = Environment"
    CONTAINER = "credential_source = EcsContainer"
    NOTHING = "none"


# What belongs to each source of credentials. `mfa_serial` and `duration_seconds` are not among these.
_ROLE = frozenset({"role_arn", "source_profile", "credential_source", "external_id", "role_session_name"})
SETTINGS: Mapping[Source, frozenset[str]] = {
    Source.ROLE: _ROLE | {"session_tags", "transitive_session_tags", "source_identity"},
    Source.WEB_IDENTITY: frozenset({"web_identity_token_file", "role_arn", "role_session_name"}),
    Source.SSO: frozenset({"sso_session", "sso_account_id", "sso_role_name", "sso_start_url", "sso_region"}),
    Source.LOGIN: frozenset({"login_session"}),
    Source.PROCESS: frozenset({"credential_process"}),
    Source.INSTANCE: frozenset({"credential_source"}),
    Source.ENVIRONMENT: frozenset({"credential_source"}),
    Source.CONTAINER: frozenset({"credential_source"}),
}
# What a role's credential_source may say (botocore's credentials.py, `CanonicalNameCredentialSourcer`).
NAMED = {
    "Ec2InstanceMetadata": Source.INSTANCE,
    "Environment": Source.ENVIRONMENT,
    "EcsContainer": Source.CONTAINER,
}
OF_THE_CALLER = frozenset({Source.ENVIRONMENT, Source.CONTAINER})  # of its environment, which it has to say
IN_FILES = frozenset({Source.CREDENTIALS_FILE, Source.CONFIG_FILE})


@dataclass(frozen=True, slots=True)
class KeyNames:
    """Which settings that are keys stand in the section of one profile, by file. Never what they say."""

    config: AbstractSet[str] = frozenset()
    shared: AbstractSet[str] = frozenset()


NO_KEYS = KeyNames()


def names_in(config: Mapping[str, object], shared: Mapping[str, object]) -> KeyNames:
    """The names of the keys in the two sections of a profile."""
    if SECRET.isdisjoint(config) and SECRET.isdisjoint(shared):
        return NO_KEYS
    return KeyNames(SECRET & config.keys(), SECRET & shared.keys())


def source(section: Section, keys: KeyNames) -> Source:
    """What a profile's own credentials are, when an SDK or the CLI is to use that profile."""
    return Source.ROLE if is_role(section) else without_role(section, keys)


def as_source(section: Section, keys: KeyNames) -> Source:
    """What they are when another profile names it as its source: then keys beside a role are meant, not the role."""
    return Source.ROLE if is_role(section) and STATIC_KEYS.isdisjoint(section) else without_role(section, keys)


def all_of(section: Section, keys: KeyNames) -> tuple[Source, ...]:
    """Every source of credentials that a profile's section has, in botocore's order: the first one wins."""
    found = (
        (Source.ROLE, is_role(section)),
        (Source.WEB_IDENTITY, bool(section.get("web_identity_token_file"))),
        (Source.SSO, any(name in section for name in _SSO)),
        (Source.CREDENTIALS_FILE, KEY in keys.shared),
        (Source.LOGIN, "login_session" in section),
        (Source.PROCESS, "credential_process" in section),
        (Source.CONFIG_FILE, KEY in keys.config),
    )
    return tuple(one for one, there in found if there)


def is_role(section: Section) -> bool:
    """Whether botocore assumes this role with other credentials."""
    return "role_arn" in section and "web_identity_token_file" not in section


def without_role(section: Section, keys: KeyNames) -> Source:
    """What the profile is if its role, if any, is left aside."""
    return next((one for one in all_of(section, keys) if one is not Source.ROLE), Source.NOTHING)

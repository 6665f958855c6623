"""Names settings and variables of other credential tools, and what takes their place. It must not know files.

None of them is obeyed, and none is passed over in silence: who moved here would miss it. Those that AWS's own SDKs read
are not here. tests/core/config/test_foreign_settings.py has the sources. It must not know files or an environment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trayexec.core.config.sections import shown
from trayexec.light.errors import Text


@dataclass(frozen=True, slots=True)
class OtherToolSetting:
    """Something that another tool reads, and what to do here instead."""

    tool: str
    instead: Text


_SERIAL = Text("write mfa_serial under the profile, its source or [default]")
_TAGS = Text("write session_tags, transitive_session_tags or source_identity under the role")
_ROLE_TIME = Text("write duration_seconds under the role; from a session AWS gives an hour at most")
_SESSION_TIME = Text("set duration under [session] in config.toml")
_NEED = Text("`trayexec --need 30m PROFILE -- …` renews first unless so much is left")
_ASKED = Text("the code is asked for, or taken from `trayexec auth --code-stdin`")
_ROLE = Text("write role_arn and source_profile under a profile of its own")
_OURS = Text("what trayexec can be told is in config.toml, see trayexec(1)")
_EXTERNAL = Text("write external_id under the role")
_LOGIN = Text("trayexec takes the keys of IAM users with MFA: use the profile without it, as before")

SETTINGS: Mapping[str, OtherToolSetting] = {
    "web_identity_token_process": OtherToolSetting("aws-vault", _LOGIN),
    "aws_mfa_device": OtherToolSetting("aws-mfa", _SERIAL),
    "assume_role": OtherToolSetting("aws-mfa", _ROLE),
    "session_token_duration": OtherToolSetting("aws-runas", _SESSION_TIME),
    "credentials_duration": OtherToolSetting("aws-runas", _ROLE_TIME),
    "jump_role": OtherToolSetting("aws-runas", _ROLE),
    "saml_auth_url": OtherToolSetting("aws-runas", _LOGIN),
    "role_duration": OtherToolSetting("awsume", _ROLE_TIME),
    "granted_sso_start_url": OtherToolSetting("granted", _LOGIN),
    "aws_saml_url": OtherToolSetting("aws-okta", _LOGIN),
}
VARIABLES: Mapping[str, OtherToolSetting] = {
    "AWS_MFA_SERIAL": OtherToolSetting("aws-vault", _SERIAL),
    "AWS_SESSION_TAGS": OtherToolSetting("aws-vault", _TAGS),
    "AWS_TRANSITIVE_TAGS": OtherToolSetting("aws-vault", _TAGS),
    "AWS_SOURCE_IDENTITY": OtherToolSetting("aws-vault", _TAGS),
    "AWS_MIN_TTL": OtherToolSetting("aws-vault", _NEED),
    "AWS_ASSUME_ROLE_TTL": OtherToolSetting("aws-vault", _ROLE_TIME),
    "AWS_SESSION_TOKEN_TTL": OtherToolSetting("aws-vault", _SESSION_TIME),
    "AWS_CHAINED_SESSION_TOKEN_TTL": OtherToolSetting("aws-vault", _SESSION_TIME),
    "AWS_FEDERATION_TOKEN_TTL": OtherToolSetting("aws-vault", _SESSION_TIME),
    "AWS_SESSION_TTL": OtherToolSetting("aws-okta", _SESSION_TIME),
    "MFA_DEVICE": OtherToolSetting("aws-mfa", _SERIAL),
    "MFA_STS_DURATION": OtherToolSetting("aws-mfa", _SESSION_TIME),
    "MFA_ASSUME_ROLE": OtherToolSetting("aws-mfa", _ROLE),
    "MFA_SERIAL": OtherToolSetting("aws-runas", _SERIAL),
    "MFA_CODE": OtherToolSetting("aws-runas", _ASKED),
    "SESSION_TOKEN_DURATION": OtherToolSetting("aws-runas", _SESSION_TIME),
    "CREDENTIALS_DURATION": OtherToolSetting("aws-runas", _ROLE_TIME),
    "JUMP_ROLE_ARN": OtherToolSetting("aws-runas", _ROLE),
    "EXTERNAL_ID": OtherToolSetting("aws-runas", _EXTERNAL),
}
# Families: how the tool itself is to work.
PREFIXES: Mapping[str, OtherToolSetting] = {
    "AWS_VAULT_": OtherToolSetting("aws-vault", _OURS),
    "SAML2AWS_": OtherToolSetting("saml2aws", _OURS),
    "GRANTED_": OtherToolSetting("granted", _OURS),
}


def in_section(profile: str, section: Mapping[str, object]) -> Iterator[Text]:
    """What the section of a profile says to other tools."""
    for key in section:
        foreign = SETTINGS.get(key)
        if foreign is not None:
            yield Text(
                "{key} of profile {profile} is for {tool}, and trayexec does not read it: {instead}",
                key=key,
                profile=shown(profile),
                tool=foreign.tool,
                instead=foreign.instead,
            )


def in_environment(environ: Mapping[str, str]) -> Iterator[Text]:
    """What an environment says to other tools; a family is told once."""
    told: set[OtherToolSetting] = set()
    for name in sorted(environ):
        family = next((foreign for prefix, foreign in PREFIXES.items() if name.startswith(prefix)), None)
        foreign = VARIABLES.get(name, family)
        if foreign is None or foreign in told:
            continue
        if name not in VARIABLES:
            told.add(foreign)
        yield Text(
            "the variable {name} is for {tool}, and trayexec does not read it: {instead}",
            name=name,
            tool=foreign.tool,
            instead=foreign.instead,
        )

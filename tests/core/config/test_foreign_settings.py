"""Whatever other credential tools read is named with what there is here instead. The tables below have the sources."""

import pytest

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config import foreign_settings, mixing
from trayexec.core.config.profiles import Unserved
from trayexec.core.config.resolve import resolve
from trayexec.light.caller_variables import is_foreign

PHONE = "arn:aws:iam::111111111111:mfa/alice"
VAULT = "https://github.com/ByteNess/aws-vault/blob/main/USAGE.md"
AWS_MFA = "https://github.com/broamski/aws-mfa/blob/master/README.md"
RUNAS = "https://github.com/mmmorris1975/aws-runas/tree/main/docs"
OKTA = "https://github.com/segmentio/aws-okta/blob/master/README.md"
GRANTED = "https://docs.commonfate.io/granted/usage"
SAML = "https://github.com/Versent/saml2aws/blob/master/README.md"
AWSUME = "https://github.com/trek10inc/awsume/blob/master/docs/advanced/role-duration.md"

# Settings of a profile: by which tool they are read, and where it says so.
SETTINGS = {
    "web_identity_token_process": ("aws-vault", VAULT),
    "aws_mfa_device": ("aws-mfa", AWS_MFA),
    "assume_role": ("aws-mfa", AWS_MFA),
    "session_token_duration": ("aws-runas", RUNAS),
    "credentials_duration": ("aws-runas", RUNAS),
    "jump_role": ("aws-runas", RUNAS),
    "saml_auth_url": ("aws-runas", RUNAS),
    "role_duration": ("awsume", AWSUME),
    "granted_sso_start_url": ("granted", GRANTED),
    "aws_saml_url": ("aws-okta", OKTA),
}
# Settings that are obeyed, and that could lead to another account or other rights if they were only named: where they
# cannot be obeyed, the profile is refused for them.
REFUSED = {
    "include_profile": VAULT,
    "parent_profile": VAULT,
    "session_tags": VAULT,
    "transitive_session_tags": VAULT,
    "source_identity": VAULT,
}
VARIABLES = {
    "AWS_MFA_SERIAL": ("aws-vault", VAULT),
    "AWS_SESSION_TAGS": ("aws-vault", VAULT),
    "AWS_TRANSITIVE_TAGS": ("aws-vault", VAULT),
    "AWS_SOURCE_IDENTITY": ("aws-vault", VAULT),
    "AWS_MIN_TTL": ("aws-vault", VAULT),
    "AWS_ASSUME_ROLE_TTL": ("aws-vault", VAULT),
    "AWS_SESSION_TOKEN_TTL": ("aws-vault", VAULT),
    "AWS_CHAINED_SESSION_TOKEN_TTL": ("aws-vault", VAULT),
    "AWS_FEDERATION_TOKEN_TTL": ("aws-vault", VAULT),
    "AWS_SESSION_TTL": ("aws-okta", OKTA),
    "MFA_DEVICE": ("aws-mfa", AWS_MFA),
    "MFA_STS_DURATION": ("aws-mfa", AWS_MFA),
    "MFA_ASSUME_ROLE": ("aws-mfa", AWS_MFA),
    "MFA_SERIAL": ("aws-runas", RUNAS),
    "MFA_CODE": ("aws-runas", RUNAS),
    "SESSION_TOKEN_DURATION": ("aws-runas", RUNAS),
    "CREDENTIALS_DURATION": ("aws-runas", RUNAS),
    "JUMP_ROLE_ARN": ("aws-runas", RUNAS),
    "EXTERNAL_ID": ("aws-runas", RUNAS),
    "AWS_VAULT_PROMPT": ("aws-vault", VAULT),
    "AWS_VAULT_BACKEND": ("aws-vault", VAULT),
    "SAML2AWS_SESSION_DURATION": ("saml2aws", SAML),
    "GRANTED_ALIAS_CONFIGURED": ("granted", GRANTED),
}
# Variables that choose a role: they never reach a command, and are refused or warned of (light/caller_variables.py).
CHOOSING = {"AWS_ROLE_ARN": VAULT, "AWS_ROLE_SESSION_NAME": VAULT}


def test_the_tables_are_complete() -> None:
    """What the program knows has its source here, and the other way round."""
    assert {name: one.tool for name, one in foreign_settings.SETTINGS.items()} == {
        name: one for name, (one, _) in SETTINGS.items()
    }
    by_name = {name: one.tool for name, one in foreign_settings.VARIABLES.items()}
    assert by_name == {
        name: one for name, (one, _) in VARIABLES.items() if not name.startswith(tuple(foreign_settings.PREFIXES))
    }
    assert {*mixing.KEYS} < {*REFUSED}


@pytest.mark.parametrize("key", SETTINGS)
@pytest.mark.parametrize("place", ["profile dev", "default", "profile bare"])
def test_a_setting_of_another_tool_is_named(place: str, key: str) -> None:
    """Of a served profile, of its source, and of a profile that is not served."""
    sections = {"default": f"mfa_serial = {PHONE}\n", "profile bare": "", "profile dev": ""}
    sections["profile dev"] = "role_arn = arn:aws:iam::222222222222:role/Admin\nsource_profile = default\n"
    sections[place] += f"{key} = x\n"
    text = "".join(f"[{name}]\n{lines}" for name, lines in sections.items())
    found = resolve(merge(parse(text, file="c"), {}, {}), session_name="s")
    (note,) = found.profiles["bare" if place == "profile bare" else "dev"].notes
    assert str(note).startswith(f"{key} of profile {place.removeprefix('profile ')} is for {SETTINGS[key][0]}")


@pytest.mark.parametrize("key", REFUSED)
def test_a_setting_that_would_change_whose_rights_they_are_is_refused(key: str) -> None:
    """It is no matter of taste: without it, it would be another role or another session."""
    text = (
        f"[default]\nmfa_serial = {PHONE}\n[profile x]\nendpoint_url = http://x\n[profile dev]\n{key} = x\n"
        "role_arn = arn:aws:iam::222222222222:role/Admin\nsource_profile = default\n"
    )
    found = resolve(merge(parse(text, file="c"), {}, {}), session_name="s").profiles["dev"]
    assert isinstance(found, Unserved)
    assert key in str(found.problem.title)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_of_another_tool_is_named(name: str) -> None:
    """With the tool that goes by it; a family is told once, with one of its names."""
    environ = {name: "x", "HOME": "/home/me", "AWS_REGION": "eu-west-1"}
    (note,) = foreign_settings.in_environment(environ)
    assert str(note).startswith(f"the variable {name} is for {VARIABLES[name][0]}")
    assert len(list(foreign_settings.in_environment({**environ, "AWS_VAULT_A": "x", "AWS_VAULT_B": "x"}))) <= 2


@pytest.mark.parametrize("name", CHOOSING)
def test_a_variable_that_chooses_a_role_never_reaches_a_command(name: str) -> None:
    """These are AWS's own, too."""
    assert is_foreign(name)


def test_the_device_that_only_aws_mfa_knows_is_pointed_at() -> None:
    """Its line is there to be copied."""
    shared = f"[default-long-term]\naws_access_key_id = x\naws_secret_access_key = x\naws_mfa_device = {PHONE}\n"
    found = resolve(
        merge(parse("[default]\nregion = eu-west-1\n", file="c"), parse(shared, file="s"), {}), session_name="s"
    )
    default = found.profiles["default"]
    assert isinstance(default, Unserved)
    assert f"mfa_serial = {PHONE}" in str(default.problem.hint)

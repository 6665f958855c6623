"""What is copied from the user's files to ours: known settings, and nothing that is a secret or looks like one."""

import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, DEFAULT_S3_CONFIG_VARS
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.resolve import resolve
from trayexec.live.layout import for_server, overlay
from trayexec.live.setting_names import BLOCKS, KNOWN, holds_secret, looks_secret, without_secrets

KEY_ID, KEY, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "IQoJb3JpZ2luX2VjE" * 20
# How secrets are called that no SDK reads: an old key, a slip, another tool's, a note.
NAMES = (
    *(
        "aws_secret_access_key_old",
        "aws_secret_acess_key",
        "aws_secret_key",
        "secret",
        "my_secrets",
        "aws_session_tokn",
    ),
    *(
        "x_security_token",
        "github_token",
        "password",
        "db_passwd",
        "api_key",
        "apikey",
        "aws_access_key",
        "private_key",
    ),
    *("okta_password", "credentials", "mfa_seed", "pin", "old-key", "trayexec_token"),
)
SHAPES = (KEY_ID, "ASIAIOSFODNN7EXAMPLE", KEY, TOKEN, f"was {KEY_ID} before", "-----BEGIN RSA PRIVATE KEY-----")


def overlays(config: str, shared: str) -> str:
    """Both texts that are written for these files."""
    both = parse(config, file="c"), parse(shared, file="s")
    catalogue = resolve(merge(*both, {}), session_name="s")
    live = overlay(*both, catalogue, origin="/c", command=["/bin/us"])
    return live + for_server(both, catalogue, "default", origin="/c", command=["/bin/us"])


def test_every_setting_of_botocore_is_known() -> None:
    """Its own table of what it reads from these files."""
    names = {names for names, *_ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values() if isinstance(names, str)}
    assert names - {"profile"} <= KNOWN.keys() | BLOCKS.keys()
    inner = {path[1] for path, *_ in DEFAULT_S3_CONFIG_VARS.values() if isinstance(path, tuple)}
    assert inner | DEFAULT_S3_CONFIG_VARS.keys() <= BLOCKS["s3"] | {"us_east_1_regional_endpoint"}


@pytest.mark.parametrize("section", ["profile a", "default", "a", "plugins", "sso-session s", "services s", "old"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_secret_is_not_copied_from_the_config(section: str, name: str) -> None:
    """In any section, nested or not; what stands beside it is."""
    config = f"[{section}]\n{name} = hunter2\nx_custom = kept\nnest =\n  {name} = hunter2\n  fine = kept2\n"
    text = overlays(config, "")
    assert "hunter2" not in text
    assert "x_custom = kept\n" in text
    assert "fine = kept2\n" in text


@pytest.mark.parametrize("value", SHAPES)
def test_a_value_that_looks_like_a_secret_is_not_copied(value: str) -> None:
    """Whatever it is called, in either file, nested or not."""
    section = f"x_note = {value}\ncolour = {value}\ns3 =\n  note = {value}\n  addressing_style = path\n"
    text = overlays(f"[profile a]\n{section}[plugins]\n{section}", f"[a]\n{section}[b]\n{section}")
    assert value not in text
    assert text.count("addressing_style = path") == 6


@pytest.mark.parametrize("name", [*NAMES, "x_custom", "note", "region2"])
def test_only_known_settings_come_from_the_credentials_file(name: str) -> None:
    """Nothing else, whatever its name; what the config file says under the same name stays."""
    section = f"{name} = hunter2\nregion = eu-west-3\noutput = yaml\nother =\n  region = hunter2\ns3 =\n  x = hunter2\n"
    text = overlays("[profile a]\nx_custom = kept\n", f"[a]\n{section}[b]\n{section}")
    assert "hunter2" not in text
    assert text.count("region = eu-west-3\noutput = yaml\n") == 4
    assert text.count("x_custom = kept") == 2


def test_known_blocks_come_from_the_credentials_file() -> None:
    """Each with what is known to stand in it: for services the dates of their APIs, and nothing else."""
    blocks = (
        f"emr =\n  service_role = Mine\n  x = hunter2\napi_versions =\n  ec2 = 2015-03-01\n  x = hunter2\n  y = {KEY}\n"
    )
    text = overlays("[profile a]\n", f"[a]\n{blocks}[b]\n{blocks}")
    assert text.count("emr =\n    service_role = Mine\napi_versions =\n    ec2 = 2015-03-01\n") == 4
    assert not any(one in text for one in ("hunter2", KEY))


@pytest.mark.parametrize(
    "line",
    [
        f'/bin/sh -c \'echo {{"Version":1,"AccessKeyId":"{KEY_ID}","SecretAccessKey":"{KEY}"}}\'',
        "/opt/tool --password hunter2",
        "/opt/tool --client-secret=hunter2 x",
        "env API_KEY=hunter2 /opt/tool",
        f"/opt/tool {KEY}",
    ],
)
def test_a_process_with_a_secret_in_its_line_is_started_by_us(line: str) -> None:
    """The line stays in the user's file, where we find it: we start it, as we start one that holds none."""
    assert holds_secret(line)
    config = f"[profile a]\ncredential_process = {line}\n[profile b]\ncredential_process = /opt/tool --token-file x b\n"
    text = overlays(config, "")
    for name in ("a", "b"):
        assert text.count(f"credential_process = /bin/us credential-process --or-from-files '{name}'\n") == 2
    assert not any(one in text for one in ("hunter2", KEY_ID, KEY))


@pytest.mark.parametrize("name", [*KNOWN, "x_custom", "trayexec_role_arn", "keyboard", "spinner", "tokyo"])
def test_what_is_no_secret_is_copied(name: str) -> None:
    """Known settings are known by their names, and words that only sound so are harmless."""
    assert not looks_secret(name, "some-value")
    assert not looks_secret(name, "/home/me/a/long/path/to/some/file/with/many/folders")


def test_what_is_kept_aside_has_no_secret_in_it() -> None:
    """A text that was written over an overlay and is no config: line by line."""
    text = f"[broken\naws_secret_access_key = {KEY}\nregion = r-1\npassword: x1\n{KEY_ID} stands here\n# note\n"
    kept = without_secrets(text)
    assert not any(one in kept for one in (KEY, KEY_ID, "x1"))
    assert "[broken\n" in kept
    assert "region = r-1\n" in kept
    assert kept.endswith("# note\n")


@given(st.text())
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    """Line ends and all, whatever it is, unless a line looks secret; and nothing is raised."""
    kept = without_secrets(text)
    assert kept.count("\n") == text.count("\n")
    assert without_secrets(kept) == kept

"""`env` from end to end: what it prints gets another program in, and secrets on a screen are not passed over."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.rig import COMMAND, Rig

PROGRAMS = Path(sys.executable).parent  # where the AWS CLI from PyPI is: Debian's is older than what it must know here
REGION = {"AWS_DEFAULT_REGION": "eu-west-1"}  # the one that version 1 of the AWS CLI reads


def test_eval_in_a_shell_that_has_other_credentials(open_rig: Rig) -> None:
    """After the eval the shell's own AWS CLI is account-a, whatever the shell had before."""
    stale = {
        "AWS_PROFILE": "account-b",
        "AWS_ACCESS_KEY_ID": "AKIAOLD",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://x/",
    }
    line = 'eval "$("$@")"; aws sts get-caller-identity; env -0'
    done = subprocess.run(
        ["sh", "-c", line, "sh", *COMMAND, "env", "account-a", "--region", "us-west-2"],
        env=open_rig.environment(
            stale | {"AWS_ENDPOINT_URL_STS": open_rig.sim.url, "PATH": f"{PROGRAMS}:/usr/bin:/bin"}
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    identity, _, variables = done.stdout.partition("}")
    seen = dict(entry.split("=", 1) for entry in variables.strip().split("\0")[:-1])
    assert json.loads(identity + "}")["Account"] == "222222222222"
    assert {"AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}.isdisjoint(seen)
    assert (seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"]) == ("us-west-2", "us-west-2")
    assert seen["TRAYEXEC_PROFILE"] == "account-a"
    assert seen["AWS_CREDENTIAL_EXPIRATION"].endswith("Z")


def test_ini_and_json_are_what_the_aws_cli_reads(open_rig: Rig, tmp_path: Path) -> None:
    """As a shared credentials file, and as the answer of a credential_process."""
    account = [str(PROGRAMS / "aws"), "sts", "get-caller-identity", "--query", "Account", "--output", "text"]
    shared = tmp_path / "credentials"
    shared.write_text(open_rig.run("env", "account-b", "--format", "ini").out)
    answer = tmp_path / "answer.json"
    answer.write_text(open_rig.run("env", "account-b", "--format", "json").out)
    config = tmp_path / "config"
    config.write_text(f"[profile account-b]\ncredential_process = cat {answer}\n")
    for more in (
        {"AWS_SHARED_CREDENTIALS_FILE": str(shared), "AWS_CONFIG_FILE": "/dev/null"},
        {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": str(config)},
    ):
        environ = open_rig.environment(
            {**more, "AWS_PROFILE": "account-b", "AWS_ENDPOINT_URL_STS": open_rig.sim.url, **REGION}
        )
        done = subprocess.run(account, env=environ, capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout.strip(), done.stderr) == ("333333333333", "")


def test_secrets_on_a_screen_are_said_to_be_there(open_rig: Rig) -> None:
    """On a terminal a sentence warns, on stderr; in a pipe nothing is said."""
    terminal = open_rig.terminal("env", "account-a")
    _, screen = terminal.ended()
    assert "these are secrets" in screen
    assert "export AWS_SESSION_TOKEN=" in screen
    assert not open_rig.run("env", "account-a").err


@pytest.mark.parametrize("form", ["sh", "fish", "pwsh", "dotenv", "json", "ini"])
def test_a_refusal_prints_nothing(open_rig: Rig, form: str) -> None:
    """Nothing half-written for a profile that is not there: stdout stays empty, the status is 125."""
    done = open_rig.run("env", "acount-a", "--format", form)
    assert (done.status, done.out) == (125, "")
    assert "account-a" in done.err

"""The SDKs that people use, each with its own idea of a credential chain: all come to the endpoint, none elsewhere."""

import shlex
import sys
import time

import pytest

from support.awscli import CLI_1, CLI_2
from support.node import modules
from support.rig import COMMAND, Rig

A, B = "arn:aws:sts::222222222222:assumed-role/Deploy/", "arn:aws:sts::333333333333:assumed-role/Deploy/"
BOTO = "import boto3, sys; print(boto3.client('sts', endpoint_url=sys.argv[1]).get_caller_identity()['Arn'])"
JAVASCRIPT = """\
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
const answer = await new STSClient({ endpoint: process.argv[1] }).send(new GetCallerIdentityCommand({}));
console.log(answer.Arn);
"""
# One process, one client: the SDK itself comes back for new credentials.
BOTO_TWICE = """\
import boto3, sys, time
sts = boto3.client("sts", endpoint_url=sys.argv[1])
for pause in (0, 4):
    time.sleep(pause)
    print(sts.get_caller_identity()["Arn"], boto3.DEFAULT_SESSION.get_credentials().get_frozen_credentials().access_key)
"""
# What must not win: keys, a role, a process and a token, in the files and in the environment.
SHARED = "[default]\naws_access_key_id = AKIASHARED\naws_secret_access_key = shared\n"
STRANGE = {
    "AWS_ACCESS_KEY_ID": "AKIAOUTER",
    "AWS_SECRET_ACCESS_KEY": "outer",
    "AWS_SESSION_TOKEN": "outer",
    "AWS_PROFILE": "account-b",
    "AWS_DEFAULT_PROFILE": "account-b",
    "AWS_ROLE_ARN": "arn:aws:iam::333333333333:role/Deploy",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/other",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/etc/hostname",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/other",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
    "NODE_NO_WARNINGS": "1",  # the SDK says for how long it will support this node
}


def programs(rig: Rig) -> dict[str, list[str]]:
    """Each client, asking who it is."""
    identity = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text", "--endpoint-url", rig.sim.url]
    return {
        "boto3": [sys.executable, "-c", BOTO, rig.sim.url],
        "cli v1": [CLI_1, *identity],
        "cli v2": [CLI_2, *identity],
        "javascript": ["node", "--input-type=module", "-e", JAVASCRIPT, rig.sim.url],  # in the folder of `modules`
    }


@pytest.mark.parametrize("client", ["boto3", "cli v1", "cli v2", "javascript"])
def test_each_client_is_the_role_whatever_else_there_is(open_rig: Rig, client: str) -> None:
    """Static keys in `[default]`, variables of an outer command, another profile: nothing of it is looked at."""
    open_rig.write("home/.aws/credentials", SHARED)
    done = open_rig.run("--server", "account-a", "--", *programs(open_rig)[client], env=STRANGE, cwd=modules())
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(A)


def test_a_default_that_is_served_does_not_win_either(rig: Rig) -> None:
    """`[default]` may be a role of its own: under --server it has no credentials, whoever reads it."""
    config = rig.sim.world.config_text(rig.sim.url).replace("[default]", "[profile base]")
    role = f"role_arn = arn:aws:iam::333333333333:role/Deploy\nsource_profile = base\nendpoint_url = {rig.sim.url}\n"
    rig.config(f"{config.replace('source_profile = default', 'source_profile = base')}\n[default]\n{role}")
    rig.store_keys("base")
    try:
        rig.unlock()
        assert rig.run("default", "--", *programs(rig)["boto3"]).out.startswith(B)
        for argv in programs(rig).values():
            done = rig.run("--server", "account-a", "--", *argv, cwd=modules())
            assert done.out.startswith(A), done.err
    finally:
        rig.run("keys", "remove", "base")  # the keyring is others' as well


def test_other_profiles_are_there_too(open_rig: Rig) -> None:
    """`--profile account-b` inside is account-b, and settings of `[default]` hold."""
    cli = programs(open_rig)["cli v1"]
    inside = f"{shlex.join(cli)}; {shlex.join(cli)} --profile account-b"
    done = open_rig.run("--server", "account-a", "--", "sh", "-c", inside)
    first, second = done.out.split()
    assert first.startswith(A)
    assert second.startswith(B)


def test_a_run_inside_is_the_inner_profile(open_rig: Rig) -> None:
    """Plain, live or served: what is inside asks for its own, and finds the user's own files."""
    cli = programs(open_rig)["cli v1"]
    for mode in ([], ["--live"], ["--server"]):
        done = open_rig.run("--server", "account-a", "--", *COMMAND, *mode, "account-b", "--", *cli)
        assert done.out.startswith(B), done.err
        done = open_rig.run(*mode, "account-b", "--", *COMMAND, "--server", "account-a", "--", *cli)
        assert done.out.startswith(A), done.err


def test_the_outer_region_is_not_that_of_profiles_inside(open_rig: Rig) -> None:
    """Under --live inside, each profile has its own region again, as inside a plain run."""
    for outer in (["--server", "account-a"], ["account-a"]):
        done = open_rig.run(*outer, "--", *COMMAND, "--live", "--", "sh", "-c", "echo ${AWS_REGION-own}")
        assert done.out == "own\n", done.err


def test_exactly_one_address_and_one_token_are_in_the_environment(open_rig: Rig) -> None:
    """SDKs differ in which of two they would take."""
    done = open_rig.run("--server", "--region", "eu-west-3", "account-a", "--", "env", "-0", env=STRANGE)
    seen = dict(line.split("=", 1) for line in done.out.split("\0") if line)
    assert {name for name in seen if name.startswith("AWS_")} == {
        "AWS_ACCOUNT_ID",
        "AWS_CONFIG_FILE",
        "AWS_CREDENTIAL_PROFILES_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_SDK_LOAD_CONFIG",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert seen["AWS_REGION"] == seen["AWS_DEFAULT_REGION"] == "eu-west-3"
    assert seen["TRAYEXEC_PROFILE"] == "account-a"
    assert not open_rig.sim.issued_secrets() & set(seen.values())


def test_one_process_comes_back_for_new_credentials(rig: Rig) -> None:
    """boto3 fetches again when what it holds gets short, and has other keys for the same role."""
    rig.unlock()
    rig.sim.live(role=63)
    done = rig.run("--server", "account-a", "--", sys.executable, "-c", BOTO_TWICE, rig.sim.url)
    assert done.status == 0, done.err
    (first, key), (second, other) = (line.split() for line in done.out.splitlines())
    assert first == second
    assert first.startswith(A)
    assert key != other


def test_a_client_is_told_what_to_do_when_it_is_locked(rig: Rig) -> None:
    """A refusal takes an SDK three seconds, no more, and nobody is asked."""
    rig.answer_by_itself()
    rig.unlock()
    done = rig.run(
        *("--server", "account-a", "--", "sh", "-c"),
        f"{shlex.join([*COMMAND, 'lock'])} && exec {shlex.join(programs(rig)['cli v1'])}",
    )
    assert done.status not in {0, 125}
    assert done.seconds < 15
    assert rig.tries == 0
    begun = time.monotonic()
    assert rig.run("account-a", "--no-wait", "--", "true").status == 125
    assert time.monotonic() - begun < 15

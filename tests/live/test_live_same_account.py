"""`--live` leads to the account that the user's own files lead to outside of it: for the AWS CLI, boto3, JS and Go."""

import json
import shlex
import sys
from collections.abc import Callable, Iterator

import pytest

from awssim.world import Key, Trust
from support.awscli import CLI_1, CLI_2
from support.desktop import program
from support.node import modules
from support.rig import Done, Rig
from support.sdks import BUILD, GET, who

pytestmark = pytest.mark.timeout(GET + BUILD + 120)  # the first one builds the Go program

NODE = """
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
const client = new STSClient({ profile: process.argv[1] });
console.log((await client.send(new GetCallerIdentityCommand({}))).Account);
"""
BOTO3 = (
    "import boto3, sys; print(boto3.Session(profile_name=sys.argv[1]).client('sts').get_caller_identity()['Account'])"
)


def cli(version: str) -> Callable[[Rig, str], list[str]]:
    """A version of the AWS CLI."""

    def words(rig: Rig, profile: str) -> list[str]:
        # the v2 of Debian 12 is too old for endpoint_url in the config file
        line = [version, "--endpoint-url", rig.sim.url, "sts", "get-caller-identity", "--profile", profile]
        return [*line, "--query", "Account", "--output", "text"]

    return words


CLIENTS: dict[str, Callable[[Rig, str], list[str]]] = {
    "CLI 1": cli(CLI_1),
    "CLI 2": cli(CLI_2),
    "boto3": lambda _, profile: [sys.executable, "-c", BOTO3, profile],
    "JavaScript": lambda _, profile: [program("node"), "--input-type=module", "-e", NODE, profile],
    "Go": lambda _, profile: ["sh", "-c", f"echo | {shlex.join([*who('go'), profile])} | cut -f 2"],
}

# These assume roles at the real STS, whatever endpoint_url says: they are from before that setting.
OLD = {"CLI 2", "Go"}


@pytest.fixture
def bob(own: Rig) -> Iterator[Key]:
    """A user of another account, whose keys nobody stores, and a role that trusts him without a code."""
    world = own.sim.world
    user = world.add_user("444444444444", "bob")
    key = world.add_key(user)
    world.add_role("555555555555", "Partner", Trust((user.arn,)))
    yield key
    del world.keys[key.id]


def keys(key: Key) -> str:
    """As lines of a section."""
    return f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"


def process(key: Key) -> str:
    """A program of somebody else's that gives this key."""
    document = {"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret}
    return f"credential_process = printf %s {shlex.quote(json.dumps(document))}\n"


def inside(rig: Rig, client: str, profile: str) -> Done:
    """Who the client says it is, under `--live`, the profile named to the client alone."""
    return rig.run("--live", "--", *CLIENTS[client](rig, profile), cwd=modules(), seconds=90)


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_comes_to_the_account_of_the_files(own: Rig, bob: Key, client: str) -> None:
    """Keys of another account beside [default]'s serial, a role over them, and every order that botocore has."""
    rig, alice = own, own.sim.world.user_key()
    where = f"region = eu-central-1\nendpoint_url = {rig.sim.url}\n"
    role = f"role_arn = arn:aws:iam::555555555555:role/Partner\n{where}source_profile = "
    rig.config(
        rig.sim.world.config_text(rig.sim.url)
        + f"[profile bob]\n{where}"
        + f"[profile partner]\n{role}bob\n"
        + f"[profile program]\n{where}{keys(alice)}{process(bob)}"
        + f"[profile by-program]\n{role}program\n"
        + f"[profile login]\n{where}login_session = arn:aws:iam::999999999999:user/nobody\n"
        + f"[profile both]\n{keys(alice)}{role}both\n"
        + f"[profile by-both]\n{role}both\n"
    )
    rig.write("home/.aws/credentials", f"[bob]\n{keys(bob)}[login]\n{keys(bob)}[both]\n{keys(bob)}")
    expected = {
        "account-a": "222222222222",
        "default": "111111111111",
        "bob": "444444444444",
        "partner": "555555555555",
        "program": "444444444444",
        "by-program": "555555555555",
        "login": "444444444444",
        "both": "555555555555",
        "by-both": "555555555555",
    }
    if client in OLD:
        del expected["by-program"]
    said = {}
    for profile in expected:
        done = inside(rig, client, profile)
        said[profile] = done.out.strip() or done.err
    assert said == expected

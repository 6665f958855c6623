"""Who signs: older SDKs and a tool, in every mode, with variables and files of bob that each of them would take.

What a variable does to a program is not what its documentation says but whose signature arrives.
"""

import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from awssim.world import Key
from support.awscli import CLI_1, CLI_2
from support.desktop import program
from support.node import modules
from support.rig import Done, Rig
from support.sdks import BUILD, GET, left_out, who1

# The first test of each builds or installs its program, or waits for another process that does.
pytestmark = pytest.mark.timeout(GET + BUILD + 120)

BOBS, A, B = "999999999999", "222222222222", "333333333333"
JAVASCRIPT = """
process.env.AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE = "1";
import(process.argv[1]).then(async ({ default: AWS }) => {
  const sts = new AWS.STS({ endpoint: process.argv[2], region: "eu-central-1" });
  console.log((await sts.getCallerIdentity().promise()).Account);
});
"""
CLIENTS: Mapping[str, Callable[[str], list[str]]] = {
    "CLI 1": lambda url: [CLI_1, "sts", "get-caller-identity", "--endpoint-url", url],
    "CLI 2": lambda url: [CLI_2, "sts", "get-caller-identity", "--endpoint-url", url],
    "Go 1": lambda url: [*who1("go"), url],
    "JavaScript 2": lambda url: [
        *(program("node"), "-e", JAVASCRIPT, f"{modules()}/node_modules/aws-sdk/lib/aws.js", url)
    ],
    "rclone": lambda url: [program("rclone"), f"--s3-endpoint={url}", "--retries=1", "lsd", ":s3,env_auth:"],
    **({} if "java" in left_out() else {"Java 1": lambda url: [*who1("java"), url]}),
}
MODES: Mapping[str, tuple[tuple[str, ...], set[str]]] = {
    "plain": (("account-a", "--"), {A}),
    "live": (("--live", "account-a", "--"), {A}),
    "shell": (("shell", "account-a"), {A}),
    "server": (("--server", "account-a", "--"), {A}),
    "fan-out": (("account-a", "account-b", "--output=grouped", "--"), {A, B}),
}


class Stranger(NamedTuple):
    """The rig, and bob, whose keys are everywhere but in our keychain."""

    rig: Rig
    key: Key

    @property
    def env(self) -> dict[str, str]:
        """Variables that are bob's."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AMAZON_ACCESS_KEY_ID", "RCLONE_S3_ACCESS_KEY_ID")
        secrets = ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AMAZON_SECRET_ACCESS_KEY", "RCLONE_S3_SECRET_ACCESS_KEY")
        profiles = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EB_PROFILE", "RCLONE_S3_PROFILE")
        return {
            **dict.fromkeys(names, self.key.id),
            **dict.fromkeys(secrets, self.key.secret),
            **dict.fromkeys(profiles, "bob"),
            "AWS_SDK_LOAD_CONFIG": "1",
            "AWS_CREDENTIAL_PROFILES_FILE": str(self.rig.desk.home("home/.aws/credentials")),
            "JAVA_TOOL_OPTIONS": f"-Daws.accessKeyId={self.key.id} -Daws.secretKey={self.key.secret} -Daws.profile=bob",
            "AWS_ROLE_ARN": f"arn:aws:iam::{BOBS}:role/Deploy",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/etc/hostname",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/bob",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/etc/hostname",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.rig.sim.url,
            "RCLONE_CONFIG": "/dev/null",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }


@pytest.fixture(scope="module")
def stranger(open_rig: Rig) -> Stranger:
    """Bob's keys stand in the credentials file also under the names of our profiles."""
    world = open_rig.sim.world
    key = world.add_key(world.add_user(BOBS, "bob"))
    keys = f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"
    names = ("bob", "account-a", "account-b")
    open_rig.write("home/.aws/credentials", "".join(f"[{name}]\n{keys}" for name in names))
    return Stranger(open_rig, key)


@pytest.mark.parametrize("client", CLIENTS)
def test_outside_bob_signs(stranger: Stranger, client: str) -> None:
    """The variables are such that each of these programs would take them."""
    done = subprocess.run(
        CLIENTS[client](stranger.rig.sim.url),
        env=stranger.rig.environment(stranger.env),
        capture_output=True,
        text=True,
        check=True,
    )
    assert BOBS in done.stdout


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("client", CLIENTS)
def test_inside_the_profile_signs(stranger: Stranger, client: str, mode: str) -> None:
    """In no mode is anything signed by bob, and what is signed is the profile's."""
    words, accounts = MODES[mode]
    before = len(stranger.rig.sim.calls)
    done = _run(stranger, words, CLIENTS[client](stranger.rig.sim.url))
    assert done.status == 0, done.err
    signed = {call.access_key_id for call in stranger.rig.sim.calls[before:]}
    assert stranger.key.id not in signed
    said = {*re.findall(r"\b\d{12}\b", re.sub(r"(?m)^.*arn:.*$", "", done.out))}
    assert said >= accounts
    assert said <= accounts


def _run(stranger: Stranger, words: tuple[str, ...], command: list[str]) -> Done:
    if words[0] != "shell":
        return stranger.rig.run(*words, *command, env=stranger.env)
    shell = stranger.rig.write("shell", f"#!/bin/sh\nexec {shlex.join(command)}\n")
    shell.chmod(0o700)
    return stranger.rig.run(*words, env={**stranger.env, "SHELL": str(shell)})

"""A role that is named by its ARN, without a profile: in every mode, and never another one."""

import json

import pytest

from awssim import Trust
from support.rig import Rig

ROLE = "arn:aws:iam::222222222222:role/Deploy"
SHORT = "333333333333:Deploy"
WHO = "aws sts get-caller-identity --query Account --output text"


def assumed(rig: Rig) -> list[str]:
    """The roles that AWS was asked for, in order."""
    return [one.role_arn for one in rig.sim.calls if one.action == "AssumeRole"]


def test_a_run_is_that_role(open_rig: Rig) -> None:
    """The command has its account and its source's region; a profile of the same role is served from memory then."""
    before = len(assumed(open_rig))
    told = 'echo "$AWS_ACCOUNT_ID $AWS_REGION $TRAYEXEC_PROFILE $AWS_ACCESS_KEY_ID"'
    by_arn = open_rig.run(ROLE, "--", "sh", "-c", told).out.split()
    assert by_arn[:3] == ["222222222222", "eu-central-1", ROLE]
    short = open_rig.run(ROLE.split(":")[4] + ":Deploy", "--source", "default", "--", "sh", "-c", told).out.split()
    profile = open_rig.run("account-a", "--", "sh", "-c", told).out.split()
    assert by_arn[3] == short[3] == profile[3]
    assert assumed(open_rig)[before:] in ([], [ROLE])


def test_the_log_names_it(open_rig: Rig) -> None:
    """As it was typed."""
    assert open_rig.run(SHORT, "--", "true").status == 0
    assert [(one["profile"], one["answer"]) for one in open_rig.ledger][-1] == (SHORT, "ok")


def test_it_runs_beside_profiles(open_rig: Rig) -> None:
    """A fan-out mixes both, `--source` is for the roles alone, and a pattern still means profiles."""
    done = open_rig.run(
        *("account-a", SHORT, "--source", "default", "--output", "json", "--", "sh", "-c", "echo $AWS_ACCOUNT_ID")
    )
    assert done.status == 0, done.err
    said = [json.loads(line) for line in done.out.splitlines()]
    assert {(one["profile"], one["account"], one["stdout"]) for one in said} == {
        ("account-a", "222222222222", "222222222222\n"),
        (SHORT, "333333333333", "333333333333\n"),
    }
    refused = open_rig.run("account-a", "account-b", "--source", "default", "--", "true")
    assert (refused.status, "--source is for a role" in refused.err) == (2, True)


@pytest.mark.parametrize("mode", ["--server", "--live"])
def test_it_renews_over_http(open_rig: Rig, mode: str) -> None:
    """`--live` shows the profiles of the files; a role that is none of them gets the endpoint, and renews there."""
    done = open_rig.run(mode, SHORT, "--", "sh", "-c", 'echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI"; ' + WHO)
    assert done.status == 0, done.err
    address, account = done.out.split()
    assert address.startswith("http://127.0.0.1:")
    assert account == "333333333333"


SOURCE = """
[profile far]
source_profile = default
role_arn = {role}
region = eu-west-3
output = text
endpoint_url = {url}
"""
TOLD = (
    "python3 -c \"import os; print(os.environ.get('AWS_PROFILE'), os.environ['AWS_REGION'])\"; "
    "aws configure get output --profile default; aws sts get-caller-identity"
)


@pytest.mark.parametrize("mode", [(), ("--server",)], ids=["env", "server"])
def test_the_command_has_its_sources_settings(rig: Rig, mode: tuple[str, ...]) -> None:
    """As it would have with the source's profile, and never the source's own credentials."""
    world = rig.sim.world
    anybody = Trust(("*",))
    far, over = (world.add_role(account, "Open", anybody).arn for account in ("444444444444", "555555555555"))
    rig.config(world.config_text(rig.sim.url) + SOURCE.format(role=far, url=rig.sim.url))
    rig.unlock()
    done = rig.run(*mode, over, "--source", "far", "--", "sh", "-c", TOLD)
    assert done.status == 0, done.err
    shown, output, who = done.out.splitlines()
    assert (shown, output) == ("None eu-west-3", "text")
    assert who.split()[0] == "555555555555"
    plain = rig.run(*mode, over, "--source", "default", "--", "aws", "sts", "get-caller-identity")
    assert plain.json["Account"] == "555555555555"


def test_verbs_take_it(open_rig: Rig) -> None:
    """`env`, `why`, and a shell."""
    said = open_rig.run("env", SHORT, "--source", "default", "--format", "json").json
    assert said["AccountId"] == "333333333333"
    assert "arn:aws:iam::333333333333:role/Deploy" in open_rig.run("why", SHORT).out
    shell = open_rig.run("shell", SHORT, stdin=f"{WHO}\n")
    assert (shell.status, shell.out) == (0, "333333333333\n"), shell.err


def test_what_guards_a_profile_guards_its_role(open_rig: Rig) -> None:
    """`confirm` is not got around by naming the role."""
    open_rig.settings('[profile.account-b]\nconfirm = "always"\n')
    try:
        done = open_rig.run(SHORT, "--", "true")
        assert done.status == 125
        assert "is used only when a person allows it" in done.err
    finally:
        open_rig.settings("")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((ROLE, "--source", "defualt"), 125, "There is no profile defualt"),
        (("account-a", "--source", "default"), 2, "--source is for a role that is named by its ARN"),
        (("--live", "account-a", "--source", "default"), 2, "--source is for a role that is named by its ARN"),
        (
            ("arn:aws:iam::22222222222:role/Deploy",),
            125,
            "is neither a profile of the AWS config nor the ARN of a role",
        ),
        (("arn:aws-cn:iam::222222222222:role/Deploy",), 125, "is in the partition aws-cn"),
        (("444444444444:Deploy",), 125, "refused"),
    ],
)
def test_what_is_wrong_is_said(open_rig: Rig, words: tuple[str, ...], status: int, said: str) -> None:
    """In words, and nothing has run."""
    done = open_rig.run(*words, "--", "echo", "ran")
    assert (done.status, done.out) == (status, "")
    assert said in done.err

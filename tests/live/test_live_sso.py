"""IAM Identity Center inside: the real wizard, login and logout of the AWS CLI, and what they write is the user's."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from awssim.world import Trust
from support.awscli import CLI_1, CLI_2
from support.desktop import eventually, program
from support.identitycenter import Center, identity_center
from support.rig import COMMAND, Rig, Terminal

TRAYEXEC = shlex.join(COMMAND)
LIVE = ("--live", "--no-wait", "--")  # on a terminal, and nobody is to choose a profile
TERM = {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PS1": "$ ", "SHELL": "/bin/bash"}
COMMENTED = "# mine, at the top\n{}\n; a note\n[profile plain]  # and another\noutput = text\n# the end\n"
SESSION = """
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_registration_scopes = sso:account:access
"""
BY_SSO = """
[profile by-sso]
sso_session = corp
sso_account_id = 444444444444
sso_role_name = Developer
region = eu-west-1
"""


@pytest.fixture
def center(open_rig: Rig, tmp_path: Path) -> Iterator[Center]:
    """Identity Center for the world of the rig; nothing else may have been asked for."""
    with identity_center(open_rig.sim.world, tmp_path / "center") as center:
        yield center
        assert center.refused == ()


def config_of(rig: Rig) -> Path:
    """The user's own config file."""
    return rig.desk.home("home/.aws/config")


def overlay_of(rig: Rig) -> str:
    """The overlay, brought up to date."""
    return rig.run("--live", "--", "sh", "-c", 'cat "$AWS_CONFIG_FILE"').out


def who(rig: Rig, profile: str, aws: str = CLI_2) -> str:
    """A line of sh that says whose account it is."""
    return shlex.join(
        [
            *(aws, "--endpoint-url", rig.sim.url, "sts", "get-caller-identity", "--profile", profile),
            *("--query", "Account", "--output", "text"),
        ]
    )


def shown(rig: Rig, center: Center, script: str) -> str:
    """What a script prints, live, in reach of Identity Center."""
    done = rig.run("--live", "--", "sh", "-c", script, env=center.env, seconds=90)
    assert done.status == 0, done.err
    return done.out


def answer(terminal: Terminal, *pairs: tuple[str, str]) -> None:
    """Type each answer when it is asked for."""
    for prompt, reply in pairs:
        terminal.wait_for(prompt)
        terminal.type(f"{reply}\r")


def through_the_wizard(terminal: Terminal, center: Center, profile: str) -> None:
    """`aws configure sso` from its first prompt to its last: Auditor in the second account."""
    answer(
        terminal,
        ("session name", "corp"),
        ("start URL", center.double.start_url),
        ("SSO region", center.double.region),
        ("scopes", ""),
    )
    assert center.allow().startswith("https://device.sso.eu-west-1.amazonaws.com/?user_code=")
    terminal.wait_for("2 AWS accounts")
    terminal.wait_for("Production")
    terminal.type("\x1b[B\r")  # the second
    terminal.wait_for("2 roles")
    terminal.wait_for("Auditor")
    terminal.type("\r")
    answer(terminal, ("client Region", "eu-west-3"), ("output format", "yaml"), ("profile name", profile))
    terminal.wait_for(f"--profile {profile}")


WAYS = {
    "live": ([*COMMAND, *LIVE, CLI_2, "configure", "sso"], ""),
    "shell": ([*COMMAND, "shell"], f"{CLI_2} configure sso\n"),
    "hook": (["bash", "--norc"], f'eval "$({TRAYEXEC} hook bash)"; {CLI_2} configure sso\n'),
}


@pytest.mark.parametrize("way", list(WAYS))
def test_the_wizard_ends_in_the_users_own_file(own: Rig, center: Center, way: str) -> None:
    """`aws configure sso`: the session and the profile are in ~/.aws/config as the CLI writes them, and work inside."""
    config = config_of(own)
    config.write_text(COMMENTED.format(config.read_text()))
    before = config.read_text()
    argv, typed = WAYS[way]
    terminal = own.terminal_for([program(argv[0]), *argv[1:]], env={**center.env, **TERM})
    if way == "shell":
        terminal.wait_for("chooses one inside")
        terminal.type("\r")  # no profile
        terminal.wait_for("[#$] ")
    terminal.type(typed)
    through_the_wizard(terminal, center, "audit")
    terminal.type("exit\n" if typed else "")
    assert terminal.ended()[0] == 0
    eventually("it to arrive", lambda: "[profile audit]" in config.read_text())

    after = config.read_text()
    assert after.startswith(before)
    # what the CLI makes of the user's file when it has it to itself
    alone = own.write("alone/config", before)
    outside = own.terminal_for([CLI_2, "configure", "sso"], env={**center.env, **TERM, "AWS_CONFIG_FILE": str(alone)})
    through_the_wizard(outside, center, "audit")
    assert outside.ended()[0] == 0
    written = alone.read_text().removeprefix(before)
    assert SESSION.strip() in written
    assert [line for line in after.removeprefix(before).splitlines() if line] == written.splitlines()
    assert after.removeprefix(before).replace("\n\n", "\n") in overlay_of(own).replace("\n\n", "\n")
    assert (
        shown(own, center, f"AWS_PROFILE=audit {who(own, 'audit')}; {who(own, 'audit', CLI_1)}").split()
        == ["555555555555"] * 2
    )
    assert center.count("get_role_credentials") >= 1


def test_login_and_logout_inside(own: Rig, center: Center) -> None:
    """`aws sso login` opens the page in the user's browser, its token serves both CLIs; `aws sso logout` ends it."""
    config = config_of(own)
    config.write_text(config.read_text() + SESSION + BY_SSO)
    before = config.read_text()
    assert own.auth(env=center.env).status == 0  # a CA bundle of the caller's own makes a session of its own
    terminal = own.terminal(*LIVE, CLI_2, "sso", "login", "--profile", "by-sso", env={**center.env, **TERM})
    center.allow()
    assert "Successfully logged into" in terminal.ended()[1]
    assert shown(own, center, f"{who(own, 'by-sso', CLI_1)}; {who(own, 'by-sso')}").split() == ["444444444444"] * 2
    assert shown(own, center, f"{CLI_2} sso logout --profile by-sso; {who(own, 'account-a')}") == "222222222222\n"
    assert center.count("logout") == 1
    done = own.run("--live", "--", "sh", "-c", who(own, "by-sso"), env=center.env)
    assert "by-sso" in done.err or "corp" in done.err
    assert done.status != 0
    assert config.read_text() == before


def test_a_role_behind_sso_works_inside_as_it_is(own: Rig, center: Center) -> None:
    """SSO profiles and a role behind one work inside as outside, and by us, on the token that the AWS CLI keeps."""
    world = own.sim.world
    world.add_role("666666666666", "Behind", Trust((center.double.role("444444444444", "Developer").arn,)))
    behind = (
        "\n[profile behind]\nrole_arn = arn:aws:iam::666666666666:role/Behind\nsource_profile = by-sso\n"
        "region = eu-west-1\n"
    )
    config = config_of(own)
    legacy = BY_SSO.replace("by-sso", "legacy").replace(
        "sso_session = corp", "sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1"
    )
    config.write_text(config.read_text() + SESSION + BY_SSO + behind + legacy)
    for profile in ("by-sso", "legacy"):
        terminal = own.terminal(*LIVE, CLI_2, "sso", "login", "--profile", profile, env={**center.env, **TERM})
        center.allow()
        assert terminal.ended()[0] == 0
    sts = {"AWS_ENDPOINT_URL_STS": own.sim.url}
    assert own.auth(env={**center.env, **sts}).status == 0
    script = "; ".join(who(own, profile, CLI_1) for profile in ("by-sso", "legacy", "behind", "account-a"))
    done = own.run("--live", "--", "sh", "-c", script, env={**center.env, **sts}, seconds=90)
    assert done.out.split() == ["444444444444", "444444444444", "666666666666", "222222222222"], done.err

    listed = {one["name"]: one["problem"] for one in own.run("list", "--json").json}
    assert set(listed.values()) == {None}
    doctor = own.run("doctor")
    assert doctor.status == 0, doctor.out  # nothing is wrong with them
    pages = center.count("start_device_authorization")
    for name, account in (("by-sso", "4"), ("legacy", "4"), ("behind", "6")):
        line = [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"]
        done = own.run(name, "--", *line, env={**center.env, **sts})
        assert (done.status, done.out) == (0, f"{account * 12}\n"), done.err
    assert center.count("start_device_authorization") == pages  # what the AWS CLI has done is good for all

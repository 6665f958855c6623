"""`setup`: a person at a terminal is led from nothing to a command that works, and can leave anywhere."""

import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from awssim.world import Key
from commands.test_keys_import_aws_vault import keep
from support.desktop import private_desktop
from support.killing import Killer
from support.rig import Rig, Terminal, rig_on
from trayexec.adapters import user_share
from trayexec.adapters.aws_parser import parse
from whole.test_sign_in import SSO, Person

LEAST_STEPS = 15  # that writing all its files takes, seen from outside
ROLE = "arn:aws:iam::222222222222:role/Deploy"
# Each question in the order in which a person with nothing meets it, and the answer.
QUESTIONS: Mapping[str, Callable[[Rig], str]] = {
    r"How do you sign in to AWS\? \[1\] $": lambda _: "1",
    r"Region: \[us-east-1\] $": lambda _: "eu-central-1",
    r"Role to work as.*\(Return: none\): $": lambda _: "222222222222:Deploy",
    r"Name for its profile: \[deploy\] $": lambda _: "account-a",
    r"Another role \(Return: no more\): $": lambda _: "",
    r"\.aws/config.*Write it\? \[Y/n\] $": lambda _: "y",
    r"Enter the access key of default now\? \[Y/n\] $": lambda _: "",
    r"Access key id: $": lambda rig: rig.sim.world.user_key().id,
    r"Secret access key \(not shown\): $": lambda rig: rig.sim.world.user_key().secret,
    r"\+mfa_serial = arn:aws:iam::111111111111:mfa/alice.*Change it so\?.*\[Y/n\] $": lambda _: "yes",
    r"Profile to try: \[account-a\] $": lambda _: "",
    r"MFA code of identity default .*: $": lambda rig: rig.fresh_code(),
    r"\.bashrc.*Write it\? \[Y/n\] $": lambda _: "",
}


@pytest.fixture
def fresh() -> Iterator[Rig]:
    """A machine on which nothing is set up: a keychain with nothing in it, and no AWS files."""
    with private_desktop() as desk, rig_on(desk) as rig:
        desk.start_keyring()
        for name in ("config", "credentials"):
            desk.home(f"home/.aws/{name}").unlink(missing_ok=True)
        rig.env.update({"AWS_ENDPOINT_URL": rig.sim.url, "SHELL": "/bin/bash", "TERM": "dumb"})
        yield rig


def at(terminal: Terminal, question: str) -> str:
    """Wait for a question. Returns the screen up to it."""
    return terminal.wait_for(question.removesuffix("$")).replace("\r\n", "\n")


def answer(terminal: Terminal, question: str, said: str = "") -> str:
    """Wait for the question, and answer it. Returns the screen up to it."""
    screen = at(terminal, question)
    terminal.type(f"{said}\n")
    return screen


def led(rig: Rig, terminal: Terminal, *, until: str = "") -> str:
    """Give each question its answer until one is asked, or to the end. Returns the screen."""
    seen = ""
    endings = [until] if until else [r"Ready\. In any terminal:", r"Not everything is there yet"]
    while True:
        piece = at(terminal, "|".join(f"(?:{one.removesuffix('$')})" for one in (*endings, *QUESTIONS)))
        seen += piece
        if any(re.search(one, piece, re.DOTALL) for one in endings):
            return seen
        asked = next(one for one in QUESTIONS if re.search(one, piece, re.DOTALL))
        terminal.type(f"{QUESTIONS[asked](rig)}\n")


def ended(terminal: Terminal) -> tuple[int, str]:
    """Its exit status, and what was left on the screen."""
    status, screen = terminal.ended()
    return status, screen.replace("\r\n", "\n")


def files_of(rig: Rig) -> dict[str, bytes]:
    """All that stands in their home, but for what the keychain and an agent keep."""
    home = rig.desk.home("home")
    found = [one for one in home.rglob("*") if one.is_file()]
    return {str(one.relative_to(home)): one.read_bytes() for one in found if ".local" not in str(one)}


def config_of(rig: Rig) -> Path:
    """Their AWS config."""
    return rig.desk.home("home/.aws/config")


def keys_in(rig: Rig, text: str) -> Path:
    """Write `~/.aws/credentials`."""
    path = rig.write("home/.aws/credentials", text)
    path.chmod(0o600)
    return path


def two_lines(key: Key) -> str:
    """A key as it stands in a file."""
    return f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"


# From nothing


def test_from_nothing_to_a_command_that_works(fresh: Rig) -> None:
    """Config, keys, device, a session and the hook, each shown first; the line at the end works as it stands."""
    terminal = fresh.terminal("setup")
    screen = led(fresh, terminal)
    status, rest = ended(terminal)
    assert status == 0
    assert fresh.sim.world.user_key().secret not in screen
    (line,) = re.findall(r"^     trayexec (account-a) -- .+$", rest, re.MULTILINE)
    done = fresh.run(line, "--no-wait", "--", "printenv", "AWS_ACCOUNT_ID")
    assert done.out == "222222222222\n", done.err
    assert "trayexec hook bash" in fresh.desk.home("home/.bashrc").read_text()
    assert {one.name for one in config_of(fresh).parent.iterdir()} == {"config", "config.before-setup~"}


def test_what_is_done_is_said_and_passed_over(fresh: Rig) -> None:
    """The second run asks nothing, and changes nothing."""
    terminal = fresh.terminal("setup")
    led(fresh, terminal)
    assert ended(terminal)[0] == 0
    before, calls = files_of(fresh), len(fresh.sim.calls)
    status, screen = ended(fresh.terminal("setup"))
    assert status == 0
    assert screen.count("✓") == 8
    assert "Ready. In any terminal:" in screen
    assert files_of(fresh) == before
    assert len(fresh.sim.calls) == calls


def test_what_is_no_file_cannot_be_written_to(fresh: Rig) -> None:
    """As AWS_CONFIG_FILE=/dev/null has it, which switches a config off."""
    fresh.env["AWS_CONFIG_FILE"] = "/dev/null"
    said = fresh.run("setup", "--dry-run").err
    assert "Unset AWS_CONFIG_FILE" in said
    assert "Would ask how you sign in" not in said


@pytest.mark.parametrize("how", ["killed", "Ctrl-C", "Ctrl-D"])
def test_it_can_be_left_at_every_question(fresh: Rig, how: str) -> None:
    """Nothing is half written, nothing is left over, and the next one goes on from what is done."""
    for question in QUESTIONS:
        terminal = fresh.terminal("setup")
        led(fresh, terminal, until=question)
        before = files_of(fresh)
        if how == "killed":
            terminal.process.send_signal(signal.SIGKILL)
            assert terminal.ended()[0] == -signal.SIGKILL
        else:
            terminal.type("\x03" if how == "Ctrl-C" else "\x04")
            status, screen = ended(terminal)
            assert status == 130, (question, screen)
            assert "`trayexec setup` goes on" in screen
        assert files_of(fresh) == before
        for name in ("config", "credentials"):
            path = config_of(fresh).with_name(name)
            parse(path.read_text() if path.exists() else "", file=name)
    terminal = fresh.terminal("setup")
    led(fresh, terminal)
    assert ended(terminal)[0] == 0
    assert fresh.run("account-a", "--no-wait", "--", "true").status == 0
    assert not [*fresh.desk.home("home").rglob(".trayexec-*")]


@pytest.mark.parametrize("first", [1, 2])
def test_killed_while_it_writes_each_file_is_old_or_whole(bare: Rig, first: int) -> None:
    """Before each thing it does to a file: config, the shell's start file, those for login. The next one goes on."""
    bare.env.update({"DISPLAY": ":4711", "SHELL": "/bin/bash", "TERM": "dumb"})  # nobody's: no agent is started here
    home = bare.desk.home("home")
    answers = (
        *((r"How do you sign in to AWS\? \[1\] ", "2"), (r"Start URL [^\n]*: ", "https://corp.awsapps.com/start")),
        *((r"Region[^\n]*: \[[^\n]*\] ", ""), (r"Account [^\n]*: ", "111111111111"), (r"Permission set[^\n]*: ", "R")),
        *((r"Name for its profile: \[r\] ", ""), (r"Get credentials of r now\?[^\n]*\] ", "s")),
        (r"(?:Write it|Change it so|Make them|Start it at login)\?[^\n]*\[Y/n\] ", ""),
    )

    def begin() -> None:
        for path in sorted(home.rglob("*"), reverse=True):
            if path.is_symlink() or path.is_file():
                path.unlink()
        bare.write("home/.bashrc", "# mine\n")

    def found() -> dict[str, bytes]:
        return {name: text for name, text in files_of(bare).items() if "before-setup" not in name}

    begin()
    old, killer = found(), Killer(bare)
    assert killer.run(0, "setup", answers=answers) == 0
    new = found()
    assert len(new) == len(old) + 4
    for number in count(first, 2):
        begin()
        status = killer.run(number, "setup", answers=answers)
        for name, text in found().items():
            assert ".trayexec-" in name or text in (old.get(name), new[name]), (number, name)
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert killer.run(0, "setup", answers=answers) == 0
        assert found() == new, number
    assert number > LEAST_STEPS


def test_every_step_can_be_skipped(fresh: Rig) -> None:
    """`s` goes on with the next one; nothing is changed, and it is said that not all is there."""
    before = files_of(fresh)
    terminal = fresh.terminal("setup")
    answer(terminal, r"How do you sign in to AWS\? \[1\] ", "s")
    screen = answer(terminal, r"\.bashrc.*Write it\? \[Y/n\] ", "n")
    status, rest = ended(terminal)
    assert status == 0
    assert "Not everything is there yet." in rest
    assert '|| eval "$(' in rest
    assert screen.count("Skipped.") == 4
    assert files_of(fresh) == before


def test_what_is_no_text_is_a_wrong_answer(fresh: Rig) -> None:
    """Bytes that no keyboard sends, and more than anybody types: the question comes again."""
    terminal = fresh.terminal("setup")
    at(terminal, r"How do you sign in to AWS\? \[1\] ")
    os.write(terminal._end, b"\xff\xfe\n")
    answer(terminal, r"How do you sign in to AWS\? \[1\] ", "9" * 3000)
    answer(terminal, r"How do you sign in to AWS\? \[1\] ")
    answer(terminal, r"Region: \[us-east-1\] ", "somewhere")
    answer(terminal, r"A region looks like.*Region: \[us-east-1\] ")
    answer(terminal, r"Role to work as.*: ", "Deploy")
    terminal.type("\x03")
    assert ended(terminal)[0] == 130


def test_a_dry_run_changes_nothing_and_needs_no_terminal(fresh: Rig) -> None:
    """It says what would be done; no agent is started, AWS and the person are not asked."""
    before = files_of(fresh)
    done = fresh.run("setup", "--dry-run")
    assert done.status == 0
    assert (done.out, done.err.count("Would ")) == ("", 5)
    fresh.config(f"[default]\n[profile a]\nrole_arn = {ROLE}\nsource_profile = default\n")
    before = files_of(fresh)
    done = fresh.run("setup", "--dry-run")
    assert "Would ask AWS for the MFA device of default" in done.err.replace("\n     ", " ")
    assert files_of(fresh) == before
    assert not fresh.sim.calls
    assert not fresh.agent_pid


def test_without_a_terminal_it_is_said_what_to_do_by_hand(fresh: Rig) -> None:
    """Exit status 2, whatever the files are; nobody is asked, nothing is changed."""
    fresh.config("[default\n")
    before = files_of(fresh)
    done = fresh.run("setup")
    assert (done.status, done.out) == (2, "")
    assert "There is no terminal to ask on." in done.err
    assert "`trayexec keys add PROFILE --env`" in done.err
    assert files_of(fresh) == before


def test_a_config_that_cannot_be_read_is_not_touched(fresh: Rig) -> None:
    """The error names file and line."""
    path = fresh.config("[default\n")
    terminal = fresh.terminal("setup")
    answer(terminal, r"Line 1 of .*Try again\? \[Y/n\] ", "n")
    terminal.type("\x03")
    assert ended(terminal)[0] == 130
    assert path.read_text() == "[default\n"


# Keys


def test_keys_of_a_file_go_into_the_keychain_with_their_device(fresh: Rig) -> None:
    """The device is asked of AWS with the key where it stands; then the key is stored, and leaves the file."""
    fresh.config(f"[default]\nregion = eu-west-1\n[profile account-a]\nrole_arn = {ROLE}\nsource_profile = default\n")
    path = keys_in(fresh, f"# mine\n[default]\n{two_lines(fresh.sim.world.user_key())}")
    terminal = fresh.terminal("setup")
    answer(terminal, r"\+mfa_serial = arn:aws:iam::111111111111:mfa/alice.*Change it so\?.*\[Y/n\] ")
    answer(terminal, r"Store them in the keychain\?.*\[Y/n\] ")
    screen = answer(terminal, r"Change .*\[y/N\] ", "y")
    assert fresh.sim.world.user_key().secret not in screen
    screen = answer(terminal, r"Profile to try: \[account-a\] ")
    answer(terminal, r"MFA code of identity default .*: ", fresh.fresh_code())
    answer(terminal, r"Write it\? \[Y/n\] ", "s")
    assert ended(terminal)[0] == 0
    assert path.read_text() == "# mine\n[default]\n"
    assert fresh.run("account-a", "--no-wait", "--", "true").status == 0
    (back, away) = re.findall(r"To undo it: `(cp .*) && (trayexec keys remove default)`", screen)[0]
    fresh.desk.run(["sh", "-c", back])
    assert fresh.run(*shlex.split(away)[1:]).status == 0
    assert fresh.sim.world.user_key().secret in path.read_text()
    assert not fresh.run("keys", "list", "--json").json[0]["stored"]


def test_what_aws_mfa_knows_is_not_asked_again(fresh: Rig) -> None:
    """Its device comes along with the key."""
    device = fresh.sim.world.device().serial
    fresh.config(f"[default]\nregion = eu-west-1\n[profile account-a]\nrole_arn = {ROLE}\nsource_profile = default\n")
    keys_in(fresh, f"[default-long-term]\n{two_lines(fresh.sim.world.user_key())}aws_mfa_device = {device}\n")
    terminal = fresh.terminal("setup")
    screen = answer(terminal, r"Store them in the keychain\?.*\[Y/n\] ")
    assert "Asking AWS for the MFA devices" not in screen
    answer(terminal, r"Change .*\[y/N\] ", "y")
    answer(terminal, r"Profile to try: \[account-a\] ", "s")
    answer(terminal, r"Write it\? \[Y/n\] ", "s")
    assert ended(terminal)[0] == 0
    assert f"mfa_serial = {device}" in config_of(fresh).read_text()


def test_a_key_that_aws_refuses_can_be_entered_again(fresh: Rig) -> None:
    """The reason is said; what is wrong goes nowhere."""
    fresh.config("[default]\nregion = eu-west-1\n")
    key = fresh.sim.world.user_key()
    terminal = fresh.terminal("setup")
    answer(terminal, r"Enter the access key of default now\? \[Y/n\] ")
    answer(terminal, r"Access key id: ", key.id)
    answer(terminal, r"Secret access key \(not shown\): ", key.secret[::-1])
    answer(terminal, r"✗.*Try again\? \[Y/n\] ")
    answer(terminal, r"Enter the access key of default now\? \[Y/n\] ")
    answer(terminal, r"Access key id: ", key.id)
    answer(terminal, r"Secret access key \(not shown\): ", key.secret)
    at(terminal, r"\+mfa_serial = .*\[Y/n\] ")
    assert fresh.run("keys", "list", "--json").json[0]["stored"]


@pytest.mark.parametrize("device", [True, False])
def test_without_a_keychain_the_agent_can_hold_the_keys(bare: Rig, device: bool) -> None:  # noqa: FBT001 — a parameter
    """What is missing is said; what is entered counts for the steps after, is on no disk, and goes with the agent."""
    bare.env.update({"AWS_ENDPOINT_URL": bare.sim.url, "SHELL": "/bin/false", "TERM": "dumb"})
    if not device:
        bare.config("[default]\nregion = eu-west-1\n")
    key = bare.sim.world.user_key()
    terminal = bare.terminal("setup")
    screen = answer(terminal, r"Enter that of default, for the agent to hold\? \[Y/n\] ")
    assert "✗  No keychain service is running" in screen
    assert screen.index("2/8") < screen.index("✗")
    answer(terminal, r"\n     Access key id: ", key.id)
    answer(terminal, r"\n     Secret access key \(not shown\): ", key.secret)
    if not device:
        answer(terminal, r"\+mfa_serial = arn:aws:iam::111111111111:mfa/alice.*Change it so\?.*\[Y/n\] ")
    screen = answer(terminal, r"Profile to try: .* " if device else r"Get credentials of default now\? .* ")
    assert "To undo it: `trayexec keys remove default`" in screen or not device
    answer(terminal, r"MFA code of identity default .*: ", bare.fresh_code())
    status, screen = ended(terminal)
    assert status == 0
    assert "Ready. In any terminal:" in screen
    assert not [
        path for path in bare.desk.home("home").rglob("*") if path.is_file() and key.secret in path.read_text("latin1")
    ]
    status, screen = ended(bare.terminal("setup"))
    assert status == 0
    assert "default: in the keychain, or in the agent's memory until it ends" in screen


def test_without_a_keychain_nothing_has_to_be_held(bare: Rig) -> None:
    """The step can be skipped, and the others are offered."""
    bare.env.update({"AWS_ENDPOINT_URL": bare.sim.url, "SHELL": "/bin/false", "TERM": "dumb"})
    terminal = bare.terminal("setup")
    answer(terminal, r"Enter that of default, for the agent to hold\? \[Y/n\] ", "n")
    answer(terminal, r"Profile to try: .* ", "s")
    status, screen = ended(terminal)
    assert status == 0
    assert "Not everything is there yet." in screen


def test_what_aws_vault_keeps_is_offered_by_itself(fresh: Rig) -> None:
    """It is taken over, or the key is asked for as ever; aws-vault's own stay."""
    fresh.config(fresh.sim.world.config_text(fresh.sim.url))
    key = fresh.sim.world.user_key()
    keep(fresh, default=(key.id, key.secret), other=("AKIAIOSFODNN7EXAMPLE", "w" * 40))
    assert "Would offer what aws-vault keeps in this keychain" in fresh.run("setup", "--dry-run").err.replace(
        "\n     ", " "
    )
    terminal = fresh.terminal("setup")
    answer(terminal, r"Look among them for\s+those of default\? \[Y/n\] ", "n")
    answer(terminal, r"Enter the access key of default now\? \[Y/n\] ", "\x03")
    assert ended(terminal)[0] == 130
    terminal = fresh.terminal("setup")
    answer(terminal, r"Look among them for\s+those of default\? \[Y/n\] ")
    screen = answer(terminal, r"Profile to try: .* ", "s")
    assert "To undo it: `trayexec keys remove default`" in screen
    assert key.secret not in screen
    answer(terminal, r"Write it\? \[Y/n\] ", "s")
    assert ended(terminal)[0] == 0
    assert [one["name"] for one in fresh.run("keys", "list", "--json").json if one["stored"]] == ["default"]


def test_aws_vault_with_other_keys_is_no_dead_end(fresh: Rig) -> None:
    """It is said that it has none of those, and they are asked for."""
    fresh.config(fresh.sim.world.config_text(fresh.sim.url))
    keep(fresh, other=("AKIAIOSFODNN7EXAMPLE", "w" * 40))
    terminal = fresh.terminal("setup")
    answer(terminal, r"Look among them for\s+those of default\? \[Y/n\] ")
    assert "It has none of those." in answer(terminal, r"Enter the access key of default now\? \[Y/n\] ", "\x03")
    assert ended(terminal)[0] == 130


def test_profiles_of_which_none_can_be_used_are_not_called_good(fresh: Rig) -> None:
    """They are there, and that is all."""
    fresh.config("[profile a]\nregion = x\nsource_profile = b\n[profile c]\nrole_arn = nonsense\nsource_profile = a\n")
    done = fresh.run("setup", "--dry-run")
    assert "  ·  ~/.aws/config: 0 of 2 profiles can be used\n" in done.err


# Devices


def config_with_keys(rig: Rig) -> None:
    """Alice's keys are stored, and no device is written anywhere."""
    rig.config("[default]\nregion = eu-west-1\n")
    rig.store_keys()


def test_where_aws_does_not_list_devices_the_usual_one_is_proposed(fresh: Rig) -> None:
    """A policy may forbid it. One of another account, or what is no device, is not taken."""
    fresh.sim.world.restrict("alice", permits=())
    config_with_keys(fresh)
    terminal = fresh.terminal("setup")
    usual = r"MFA device: \[arn:aws:iam::111111111111:mfa/alice\] "
    assert "AWS does not tell" in answer(terminal, usual, "arn:aws:iam::222222222222:mfa/alice")
    assert "account 222222222222" in answer(terminal, usual, "phone")
    answer(terminal, usual)
    answer(terminal, r"Change it so\?.*\[Y/n\] ")
    at(terminal, r"Get credentials of default now\? \[Y/n\] ")
    assert "mfa_serial = arn:aws:iam::111111111111:mfa/alice" in config_of(fresh).read_text()


def test_of_several_devices_one_is_chosen(fresh: Rig) -> None:
    """Those that AWS takes in a browser only are no choice."""
    (alice,) = fresh.sim.world.users.values()
    fresh.sim.world.add_device(alice, "old-phone")
    passkey = "arn:aws:iam::111111111111:u2f/user/alice/key-ABC"
    device = fresh.sim.world.add_device(alice, "key")
    fresh.sim.world.devices[passkey] = type(device)(passkey, device.seed, alice.arn)
    del fresh.sim.world.devices[device.serial]
    config_with_keys(fresh)
    terminal = fresh.terminal("setup")
    screen = answer(terminal, r"Which of the devices.*\[1\] ", "3")
    assert "u2f" not in screen
    answer(terminal, r"Which of the devices.*\[1\] ", "2")
    assert "+mfa_serial = arn:aws:iam::111111111111:mfa/old-phone" in at(terminal, r"Change it so\?.*\[Y/n\] ")


def test_one_that_fails_keeps_no_other_from_its_device(fresh: Rig) -> None:
    """What can be no IAM user's key is passed over, one that AWS refuses is said, and the next is asked about."""
    del fresh.env["AWS_ENDPOINT_URL"]
    where = f"endpoint_url = {fresh.sim.url}\nregion = eu-west-1\n"
    fresh.config(f"[profile local]\n{where}[profile old]\n{where}[default]\n{where}")
    key = fresh.sim.world.user_key()
    test = "aws_access_key_id = test\naws_secret_access_key = test\n"
    old = f"aws_access_key_id = AKIAOLDOLDOLDOLDOLDO\naws_secret_access_key = {key.secret}\n"
    keys_in(fresh, f"[local]\n{test}[old]\n{old}[default]\n{two_lines(key)}")
    terminal = fresh.terminal("setup")
    answer(terminal, r"\+mfa_serial = arn:aws:iam::111111111111:mfa/alice.*Change it so\?.*\[Y/n\] ")
    assert "AKIAOLDOLDOLDOLDOLDO" in answer(terminal, r"✗.*Try again\? \[Y/n\] ", "n")
    answer(terminal, r"Store them in the keychain\?.*\[Y/n\] ", "s")
    assert "mfa_serial = arn:aws:iam::111111111111:mfa/alice" in config_of(fresh).read_text()


# Without keys


def test_a_program_that_gives_credentials_needs_no_keys(fresh: Rig) -> None:
    """Nobody is asked for any, nor for a device: only whether it works."""
    answer_of_it = '{"Version": 1, "AccessKeyId": "ASIAQQQQQQQQQQQQQQQQ", "SecretAccessKey": "x", "SessionToken": "x"}'
    program = fresh.write("vault", f"#!/bin/sh\necho '{answer_of_it}'\n")
    program.chmod(0o700)
    fresh.config(f"[profile vault]\ncredential_process = {program}\nregion = eu-west-1\n")
    terminal = fresh.terminal("setup")
    screen = answer(terminal, r"Get credentials of vault now\? \[Y/n\] ")
    assert "none are needed" in screen
    assert "none is needed" in screen
    answer(terminal, r"it works: AWS gave the credentials of vault.*Write it\? \[Y/n\] ", "s")
    status, rest = ended(terminal)
    assert status == 0
    assert "trayexec vault -- " in rest


def test_identity_center_is_written_as_the_aws_cli_has_it(fresh: Rig) -> None:
    """The session, and a profile that lives on it; no key is asked for."""
    terminal = fresh.terminal("setup")
    answer(terminal, r"How do you sign in to AWS\? \[1\] ", "2")
    answer(terminal, r"Start URL .*: ", "corp.awsapps.com")
    answer(terminal, r"It looks like .*Start URL .*: ", "https://corp.awsapps.com/start")
    answer(terminal, r"Region of IAM Identity Center: \[us-east-1\] ", "eu-west-1")
    answer(terminal, r"Account .*: ", "111111111111")
    answer(terminal, r"Permission set.*: ", "ReadOnly")
    answer(terminal, r"Region to work in: \[eu-west-1\] ")
    answer(terminal, r"Name for its profile: \[readonly\] ", "dev")
    answer(terminal, r"Write it\? \[Y/n\] ")
    screen = at(terminal, r"Get credentials of dev now\? \[Y/n\] ")
    assert "none are needed" in screen
    assert config_of(fresh).read_text() == (
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
        "sso_registration_scopes = sso:account:access\n\n"
        "[profile dev]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = ReadOnly\n"
        "region = eu-west-1\n"
    )


@pytest.mark.parametrize("display", [True, False])
def test_a_first_sign_in_is_led_to_and_proven(bare: Rig, display: bool) -> None:  # noqa: FBT001 — a parameter
    """A config with an sso_session asks for no key; the page is opened, or its code shown, and the profile works."""
    person = Person(bare)
    bare.env.update({"SHELL": "/bin/false", "TERM": "dumb"})
    bare.config(SSO.partition("[profile prod]")[0].format(url=bare.sim.url))
    if not display:
        del bare.env["DISPLAY"]
    terminal = bare.terminal("setup")
    screen = answer(terminal, r"Get credentials of dev now\? \[Y/n\] ")
    assert screen.count("none are needed") == 1
    assert "leads you to the sign-in" in at(terminal, r"signed in already\.")
    if display:
        person.decide()
    else:
        at(terminal, r"[A-Z]{4}-[A-Z]{4}")
        person.press(str(person.sign_in()["code"]))
    screen = at(terminal, r"it works: AWS gave the credentials of dev")
    if display:
        answer(terminal, r"Start it at login\? \[Y/n\] ", "s")
    status, screen = ended(terminal)
    assert status == 0
    assert "trayexec dev -- " in screen
    assert (person.count("create_token"), person.count("get_role_credentials")) == (1, 1)
    assert bare.run("dev", "--no-wait", "--", "printenv", "AWS_ACCOUNT_ID").out == "444444444444\n"


# The shell


@pytest.mark.parametrize(
    ("shell", "file", "line"),
    [
        ("bash", ".bashrc", '. ~/.local/state/trayexec/hook.bash 2>/dev/null || eval "$(trayexec hook bash)"'),
        ("zsh", ".zshrc", '. ~/.local/state/trayexec/hook.zsh 2>/dev/null || eval "$(trayexec hook zsh)"'),
        ("fish", ".config/fish/config.fish", "trayexec hook fish | source"),
    ],
)
def test_the_hook_goes_where_the_shell_reads_it(rig: Rig, shell: str, file: str, line: str) -> None:
    """Behind what is there, as the README has it; and it is there the next time."""
    rig.env.update({"SHELL": f"/usr/bin/{shell}", "TERM": "dumb", "PATH": f"{rig.desk.home('bin')}:{rig.env['PATH']}"})
    rig.write("bin/trayexec", "#!/bin/sh\n").chmod(0o755)
    path = rig.write(f"home/{file}", "# mine\nexport SECRET_TOKEN=hunter2")
    for asked in (True, False):
        terminal = rig.terminal("setup")
        answer(terminal, r"Profile to try: .* ", "s")
        if asked:
            assert "hunter2" not in answer(terminal, r"Change it so\?.*\[Y/n\] ")
        assert ended(terminal)[0] == 0
    first, remark, last = path.read_text().split("\n\n", 1)[0], *path.read_text().splitlines()[-2:]
    assert first == "# mine\nexport SECRET_TOKEN=hunter2"
    assert remark.startswith("# trayexec")
    assert last == line


# What is found by its name


def test_what_an_environment_of_its_own_hides_is_linked_to(rig: Rig) -> None:
    """As pipx and uv make one: shown first, made where nothing is; what somebody else put there stays."""
    del rig.env["XDG_DATA_DIRS"]
    rig.env.update({"SHELL": "/bin/true", "TERM": "dumb"})
    theirs = rig.write("home/.local/share/applications/trayexec.desktop", "[Desktop Entry]\n")
    manual = rig.desk.home("home/.local/share/man/man1/trayexec.1")
    manual.parent.mkdir(parents=True)
    manual.symlink_to("/gone/trayexec.1")
    for said in ("n", "", None):
        terminal = rig.terminal("setup")
        answer(terminal, r"Profile to try: .* ", "s")
        if said is not None:
            screen = answer(terminal, r"Make them\? \[Y/n\] ", said)
            assert f"~/.local/share/man/man1/trayexec.1 -> {sys.prefix}/share/man/man1/trayexec.1" in screen
            assert "trayexec.desktop" not in screen
        status, rest = ended(terminal)
        assert status == 0
        assert ("delete these links" in rest) == (said == "")
    assert manual.read_text().startswith(".TH TRAYEXEC 1")
    assert theirs.read_text() == "[Desktop Entry]\n"
    folder = rig.desk.home("home/.local/share")
    linked = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_symlink()}
    assert linked == {*user_share.NAMES} - {"applications/trayexec.desktop"}
    assert "are found" in rig.run("setup", "--dry-run").err


# Start at login


def test_start_at_login_is_offered_where_there_is_a_desktop(rig: Rig) -> None:
    """With the files shown first; what is undone is offered again, and what is there is said."""
    rig.env.update({"SHELL": "/bin/true", "TERM": "dumb"})
    assert "there is no desktop here" in rig.run("setup", "--dry-run").err
    rig.env["DISPLAY"] = ":4711"  # nobody's: the agent is not started here
    rig.write("home/.config/autostart/trayexec.desktop", "[Desktop Entry]\nExec=/gone/trayexec agent\n")
    assert "+Exec=" in rig.run("setup", "--dry-run").err
    for said in ("n", "", None):
        terminal = rig.terminal("setup")
        answer(terminal, r"Profile to try: .* ", "s")
        if said is not None:
            screen = answer(terminal, r"Start it at login\? \[Y/n\] ", said)
            assert "-Exec=/gone/trayexec agent" in screen
            assert "+WantedBy=graphical-session.target" in screen
        status, rest = ended(terminal)
        assert status == 0
        assert ("`trayexec autostart disable`" in rest) == (said == "")
    assert rig.run("autostart", "status", "--json").json["state"] == "on"
    assert rig.run("autostart", "disable").status == 0
    assert "Would offer to start the agent at login" in rig.run("setup", "--dry-run").err


# What a team shares


TEAM = """\
[profile.account-a]
account = "222222222222"
role = "Deploy"
source_profile = "base"
region = "eu-central-1"
[profile.account-b]
account = "333333333333"
role = "Deploy"
source_profile = "base"
[groups]
prod = ["account-*"]
[colours]
"account-*" = "red"
"""


def test_a_shared_config_is_merged_and_the_rest_goes_on_from_it(fresh: Rig) -> None:
    """Profiles and settings, each with its difference; the profile with the keys is made, and they are asked for."""
    team = fresh.write("home/team.toml", TEAM)
    own = fresh.settings('# mine\n[screen]\non_lock = "keep"\n')
    terminal = fresh.terminal("setup", "--from", str(team))
    assert "+role_arn = arn:aws:iam::333333333333:role/Deploy" in answer(terminal, r"config.*Write it\? \[Y/n\] ")
    assert '+prod = ["account-*"]' in answer(terminal, r"config\.toml.*Change it so\?.*\[Y/n\] ")
    answer(terminal, r"keys of base, and there is no such profile yet.*Region for it: \[us-east-1\] ")
    answer(terminal, r"\+\[profile base\].*Change it so\?.*\[Y/n\] ")
    answer(terminal, r"Enter the access key of base now\? \[Y/n\] ")
    key = fresh.sim.world.user_key()
    answer(terminal, r"Access key id: ", key.id)
    answer(terminal, r"Secret access key \(not shown\): ", key.secret)
    answer(terminal, r"\+mfa_serial = .*Change it so\?.*\[Y/n\] ")
    answer(terminal, r"Profile to try: \[account-a\] ", "account-b")
    answer(terminal, r"MFA code of identity base .*: ", fresh.fresh_code())
    answer(terminal, r"Write it\? \[Y/n\] ", "s")
    assert ended(terminal)[0] == 0
    assert own.read_text() == (
        '# mine\n[screen]\non_lock = "keep"\n\n[groups]\nprod = ["account-*"]\n\n'
        '[profile."account-*"]\ncolour = "red"\n'
    )
    assert fresh.run("@prod", "--no-wait", "--dry-run", "--", "true").status == 0
    done = fresh.run("setup", "--from", str(team), "--dry-run")
    assert "you have all that stands in ~/team.toml" in done.err


@pytest.mark.parametrize("yes", [False, True])
def test_a_profile_that_differs_is_not_replaced_unasked(fresh: Rig, yes: bool) -> None:  # noqa: FBT001 — a parameter
    """The difference is shown first; Return leaves it as it is, and so a wrong account never comes by itself."""
    other = f"[profile account-a]\nrole_arn = {ROLE}Other\nsource_profile = base\nregion = eu-central-1\n"
    path = fresh.config(
        f"{other}[profile account-b]\nrole_arn = {ROLE.replace('2' * 12, '3' * 12)}\nsource_profile = base\n"
    )
    before = path.read_text()
    team = fresh.write("home/team.toml", TEAM.partition("[groups]")[0])
    terminal = fresh.terminal("setup", "--from", str(team))
    screen = answer(terminal, r"Take that of .*\? \[y/N\] ", "y" if yes else "")
    assert f"-role_arn = {ROLE}Other" in screen
    assert f"+role_arn = {ROLE}\n" in screen
    if yes:
        answer(terminal, r"Change it so\?.*\[Y/n\] ")
    at(terminal, r"Region for it: ")
    assert path.read_text() == (before.replace(f"{ROLE}Other", ROLE) if yes else before)


def test_a_shared_config_that_is_not_right_changes_nothing(fresh: Rig) -> None:
    """Its line is named; an address is no file, and nothing is fetched."""
    before = files_of(fresh)
    team = fresh.write("team.toml", f'{TEAM}\n[identity.default]\ncode = "evil"\n')
    done = fresh.run("setup", "--from", str(team), "--dry-run")
    assert done.status == 125
    assert "Line 15 of" in done.err
    assert fresh.run("setup", "--from", "https://example.com/team.toml", "--dry-run").status == 2
    assert fresh.run("setup", "--from", "no.toml", "--dry-run").status == 2
    assert files_of(fresh) == before


def test_logsmiths_accounts_are_merged_likewise(fresh: Rig) -> None:
    """Profiles over the keys that it keeps, groups and colours."""
    rows = "  profiles:\n  - profile: live\n    account: '222222222222'\n    role: Deploy\n"
    fresh.write("home/accounts.yaml", f"prod:\n  team: x\n  region: eu-west-1\n  color: '#388E3C'\n{rows}")
    done = fresh.run("setup", "--from", "accounts.yaml", "--dry-run")
    assert done.status == 0, done.err
    assert f"+role_arn = {ROLE}\n     +source_profile = access-key\n     +region = eu-west-1\n" in done.err
    assert '+prod = ["live"]' in done.err
    assert '+colour = "#388e3c"' in done.err
    fresh.write("home/accounts.yaml", "prod: [live]\n")
    assert "Line 1 of accounts.yaml" in fresh.run("setup", "--from", "accounts.yaml", "--dry-run").err


# What leads to it


def test_a_person_with_nothing_is_led_to_it_from_everywhere(fresh: Rig) -> None:
    """By the bare word, which says no more of it once keys are stored, and by whatever looks for profiles."""
    for words in ((), ("list",), ("status",), ("auth", "--no-wait"), ("keys", "list"), ("doctor",)):
        done = fresh.run(*words)
        assert "`trayexec setup`" in done.out + done.err, words
    assert fresh.run().status == 2
    fresh.config(fresh.sim.world.config_text(fresh.sim.url))
    assert "no profile can be used yet" in fresh.run().err
    fresh.store_keys()
    assert "no profile can be used yet" not in fresh.run().err
    fresh.config("[default\n")
    assert "no profile can be used yet" not in fresh.run().err


def test_keys_that_a_command_prints_are_not_asked_for(fresh: Rig) -> None:
    """They are where the person wants them."""
    fresh.config(fresh.sim.world.config_text(fresh.sim.url))
    asked = fresh.run("setup", "--dry-run").out + fresh.run("setup", "--dry-run").err
    assert "Would ask for the access key of default." in asked
    fresh.settings('[identity.default]\nkeys = "/bin/false"\n')
    done = fresh.run("setup", "--dry-run")
    assert "default: in the keychain, or printed by a command of config.toml" in done.out + done.err

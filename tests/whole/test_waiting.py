"""Waiting at a terminal: one question at a time, none after the code is there, and what is waited for in words."""

from collections.abc import Iterator

import pytest

from awssim import Kind
from support.desktop import eventually, private_desktop
from support.rig import COMMAND, Rig
from support.two import two_identities

PROMPT = r"MFA code of identity default \(arn:aws:iam::111111111111:mfa/alice\): "


@pytest.fixture
def both() -> Iterator[Rig]:
    """Two identities, and no display."""
    with private_desktop() as desk, two_identities(desk) as rig:
        yield rig


def test_the_time_left_stands_before_the_question(rig: Rig) -> None:
    """As long as `--wait` says, and less after a slip."""
    terminal = rig.terminal("account-a", "--wait", "70", "--", "true")
    assert "(70 s left) MFA code" in terminal.wait_for(PROMPT)
    terminal.type("12345\n")
    assert "s left) MFA code" in terminal.wait_for(PROMPT)
    terminal.type("\x03")
    terminal.ended()


def test_no_second_question_after_the_code(rig: Rig) -> None:
    """Commands that wait on one terminal do not ask for a code that is there, however slow AWS is with the roles."""
    rig.sim.fault(Kind.DELAY, "AssumeRole", count=3, seconds=3)
    ours = " ".join(f"'{word}'" for word in COMMAND)
    line = " & ".join(f"{ours} {profile} -- echo ran" for profile in ("account-a", "account-b", "default"))
    terminal = rig.terminal_for(["sh", "-c", f"{line} & wait"])
    terminal.wait_for(PROMPT)
    eventually("all to wait", lambda: rig.phase() == "prompting")
    terminal.type(f"{rig.sim.code()}\n")
    status, screen = terminal.ended()
    assert (status, screen.count("ran")) == (0, 3)
    assert "MFA code of identity" not in screen


def test_no_second_question_in_a_fan_out(rig: Rig) -> None:
    """One code for all its profiles, and no other question while their roles come."""
    rig.sim.fault(Kind.DELAY, "AssumeRole", count=2, seconds=3)
    terminal = rig.terminal("account-a", "account-b", "--", "echo", "it", "ran")
    terminal.wait_for(PROMPT)
    terminal.type(f"{rig.sim.code()}\n")
    status, screen = terminal.ended()
    assert (status, screen.count("it ran")) == (0, 2)
    assert "MFA code of identity" not in screen


def test_two_identities_are_asked_one_after_the_other(both: Rig) -> None:
    """A fan-out over both: "1 of 2", then "2 of 2", each once."""
    terminal = both.terminal("account-a", "bob", "--", "echo", "it", "ran")
    assert "(1 of 2, 120 s left)" in terminal.wait_for(PROMPT)
    terminal.type(f"{both.sim.code()}\n")
    terminal.wait_for(r"\(2 of 2, 120 s left\) MFA code of identity bob \(arn:aws:iam::222222222222:mfa/bob\): ")
    terminal.type(f"{both.sim.code('bob')}\n")
    status, screen = terminal.ended()
    assert (status, screen.count("it ran")) == (0, 2)
    assert "MFA code of identity" not in screen


def test_two_commands_for_two_identities_take_turns(both: Rig) -> None:
    """On one terminal the second is asked when the first is done."""
    ours = " ".join(f"'{word}'" for word in COMMAND)
    terminal = both.terminal_for(["sh", "-c", f"{ours} account-a -- echo one ran & {ours} bob -- echo two ran & wait"])
    asked = terminal.wait_for(r"MFA code of identity (default|bob) \([^)]*\): ")
    first, second = ("alice", "bob") if "identity default (" in asked else ("bob", "alice")
    terminal.type(f"{both.sim.code(first)}\n")
    terminal.wait_for(r"MFA code of identity (default|bob) \([^)]*\): ")
    terminal.type(f"{both.sim.code(second)}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "MFA code of identity" not in screen


def test_nobody_is_asked_for_a_code_without_keys(bare: Rig) -> None:
    """First it is looked whether there is anything to unlock."""
    terminal = bare.terminal("account-a", "--", "true")
    status, screen = terminal.ended()
    assert status == 125
    assert "MFA code" not in screen
    assert "No keychain service is running" in screen


def test_aws_is_named_when_it_takes_its_time(rig: Rig) -> None:
    """After the code it is AWS that is waited for, and on a terminal that is said."""
    rig.sim.fault(Kind.DELAY, "GetSessionToken", seconds=4)
    terminal = rig.terminal("account-a", "--", "true")
    terminal.wait_for(PROMPT)
    elsewhere = rig.start("auth", "--code-stdin")
    assert elsewhere.stdin is not None
    elsewhere.stdin.write(f"{rig.fresh_code()}\n")
    elsewhere.stdin.close()
    terminal.wait_for("Waiting for AWS to answer for identity default")
    assert terminal.ended()[0] == 0

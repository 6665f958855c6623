"""`status --format`: a line for a prompt, which never asks, starts or complains."""

import re

import pytest

from support.rig import Rig
from trayexec.commands.status_format import PLACES

EVERY = "|".join(f"{{{one}}}" for one in PLACES)


def test_it_is_a_line_for_the_profile_or_for_each_identity(open_rig: Rig) -> None:
    """Each place is filled; AWS_PROFILE chooses, then the profile that a shell of ours is for."""
    said = r"111111111111\|default\|open\|1[01]h\d\dm\|(?:\d{4}-\d\d-\d\d )?\d\d:\d\d\n"
    assert re.fullmatch(r"\|" + said, open_rig.run("status", "--format", EVERY).out)
    inside = said.replace("111111111111", "222222222222")
    for env in ({"AWS_PROFILE": "account-a"}, {"TRAYEXEC_PROFILE": "account-a"}):
        done = open_rig.run("status", "--format", EVERY, env=env)
        assert re.fullmatch(r"account-a\|" + inside, done.out), done.out
    other = open_rig.run("status", "--format", "{profile}", env={"AWS_PROFILE": "account-b", "TRAYEXEC_PROFILE": "x"})
    assert other.out == "account-b\n"
    gone = open_rig.run("status", "--format", "{profile}", env={"AWS_PROFILE": "nowhere"})
    assert (gone.status, gone.out, gone.err) == (0, "", "")


def test_it_starts_no_agent_and_says_nothing_without_one(bare: Rig) -> None:
    """A prompt is drawn all the time."""
    done = bare.run("status", "--format", EVERY)
    assert (done.status, done.out, done.err) == (125, "", "")
    assert not bare.agent_pid


@pytest.mark.parametrize("text", ["{lefft}", "{", "{}", "{left", "{identity.name}", "{0}", "{left!r}"])
def test_a_place_that_there_is_not_is_an_error_with_those_that_there_are(bare: Rig, text: str) -> None:
    """Whether or not an agent runs."""
    done = bare.run("status", "--format", text)
    assert (done.status, done.out) == (2, "")
    for one in PLACES:
        assert f"{{{one}}}" in done.err


def test_a_locked_identity_has_no_time(rig: Rig) -> None:
    """Its place is empty."""
    rig.start_agent()
    assert rig.run("status", "--format", "[{identity} {phase}{left}{until}]").out == "[default locked]\n"
    assert "does not go with" in rig.run("status", "--json", "--format", "x").err

"""Profiles of `aws login`: whoever has signed in with the AWS CLI is served in every mode, without a code."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from awssim.world import Trust
from support.login import ALICE, signed_in
from support.rig import Rig
from whole.test_providers import WHO, configured, section, status_of

MODES: Mapping[str, tuple[str, ...]] = {
    "run": ("laptop", "--", *WHO),
    "live": ("--live", "laptop", "--", *WHO),
    "server": ("--server", "laptop", "--", *WHO),
    "fan-out": ("laptop", "over", "--output", "json", "--yes", "--", *WHO),
}


@pytest.fixture
def laptop(bare: Rig) -> Rig:
    """A profile of a sign-in, and a role over it."""
    bare.sim.world.add_role("555555555555", "Partner", Trust((ALICE,)))
    over = "role_arn = arn:aws:iam::555555555555:role/Partner\nsource_profile = laptop\n"
    configured(bare, section(bare, "laptop", f"login_session = {ALICE}\n") + section(bare, "over", over))
    return bare


def cache(rig: Rig) -> Path:
    """Where the AWS CLI keeps sign-ins."""
    return Path(rig.desk.home("home/.aws/login/cache"))


def test_it_works_in_every_mode(laptop: Rig) -> None:
    """And so does a role over it; what has ended is renewed once for all of them."""
    signed_in(laptop.sim, cache(laptop), left=-1)
    said = {mode: laptop.run(*words) for mode, words in MODES.items()}
    assert all(done.status == 0 and "111111111111" in done.out for done in said.values()), said
    assert "555555555555" in said["fan-out"].out
    with laptop.sim.login() as login:
        assert [call.grant for call in login.calls] == ["authorization_code", "refresh_token"]
    assert status_of(laptop, "laptop")["account"] == "111111111111"
    assert "login_session" in laptop.run("list").out


def test_nobody_signed_in_is_told_how_and_goes_on_afterwards(laptop: Rig) -> None:
    """The next run after `aws login` is served, without a restart."""
    assert "ready while somebody is signed in with the AWS CLI" in laptop.run("list").out
    refused = laptop.run("laptop", "--", "true")
    assert (refused.status, "`aws login --profile laptop`" in refused.err) == (125, True)
    signed_in(laptop.sim, cache(laptop))
    done = laptop.run("laptop", "--", *WHO)
    assert (done.status, done.out.strip()) == (0, "111111111111"), done.err

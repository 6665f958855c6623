"""A web identity: a token in a file, and the role that AWS gives for it, compared with botocore outside of us."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.test_providers import Home
from awssim import Kind, Sim
from awssim.web_identity import Issuer
from awssim.world import RoleSession, Trust
from trayexec.adapters.aws_files import AwsFiles
from trayexec.core.config.profiles import Profile, Unserved
from trayexec.core.ports import Refusal

ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Pipeline"


@pytest.fixture
def sim() -> Iterator[Sim]:
    """An AWS with a role for the main branch of one repository."""
    with Sim() as sim:
        issuer = sim.world.add_issuer(ACCOUNT)
        sim.world.add_role(ACCOUNT, "Pipeline", Trust((issuer.url,), subject="repo:main*"))
        yield sim


@pytest.fixture
def home(tmp_path: Path, sim: Sim) -> Home:
    """A profile with a token that is good for an hour."""
    home = Home(tmp_path)
    home.write(section(home, sim))
    token(home, sim)
    return home


def section(home: Home, sim: Sim, more: str = "") -> str:
    """The profile."""
    return (
        f"[profile p]\nregion = eu-central-1\nendpoint_url = {sim.url}\nrole_arn = {ROLE}\n"
        f"web_identity_token_file = {home.folder}/token\n{more}"
    )


def token(
    home: Home, sim: Sim, *, subject: str = "repo:main", seconds: float = 3600, issuer: Issuer | None = None
) -> None:
    """Write one."""
    (home.folder / "token").write_text((issuer or sim.world.issuers[0]).token(subject, ends=time.time() + seconds))


def holder(sim: Sim, key_id: str | None) -> RoleSession:
    """Whose credentials these are."""
    found = sim.world.keys[str(key_id)].holder
    assert isinstance(found, RoleSession)
    return found


@pytest.mark.parametrize("name", ["", "role_session_name = me\n"])
def test_the_role_is_the_one_that_botocore_gets(home: Home, sim: Sim, name: str) -> None:
    """Under the name that the profile says, with its account, for an hour, and unsigned."""
    home.write(section(home, sim, name))
    ours, theirs = home.load(), home.outside()
    one, other = holder(sim, ours.access_key_id), holder(sim, theirs[0])
    assert one.role == other.role
    assert (one.name == "me") is (other.name == "me") is bool(name)
    assert ours.account == theirs[3] == ACCOUNT
    assert 3000 < ours.expiry.utc - time.time() <= 3600
    assert [(call.action, call.access_key_id) for call in sim.calls] == [("AssumeRoleWithWebIdentity", "")] * 2


def test_the_token_is_read_anew_each_time(home: Home, sim: Sim) -> None:
    """Who writes it writes another before it ends."""
    token(home, sim, seconds=-1)
    assert home.refused().trouble.code == "source_refused"
    token(home, sim)
    assert home.load().account == ACCOUNT


def test_what_aws_refuses_is_said_and_believed(home: Home, sim: Sim) -> None:
    """With what to do; never with the token."""
    other = Issuer(ACCOUNT, "https://elsewhere.example.com", "sts.amazonaws.com", "x")
    cases = (
        ({"seconds": -1}, "ExpiredTokenException", "write a new one"),
        ({"subject": "repo:fork"}, "AccessDenied", "trust policy"),
        ({"issuer": other}, "InvalidIdentityToken", "issuer"),
    )
    for how, code, words in cases:
        token(home, sim, **how)
        error = home.refused()
        assert error.refusal is Refusal.DENIED
        assert code in str(error.trouble.title)
        assert words in str(error.trouble.hint)
        assert (home.folder / "token").read_text() not in f"{error.trouble.title} {error.trouble.hint}"


def test_a_token_that_is_not_there_is_said(home: Home) -> None:
    """With the file."""
    (home.folder / "token").unlink()
    why = home.refused().trouble
    assert why.code == "source_failed"
    assert f"{home.folder}/token" in str(why.title)


@pytest.mark.parametrize("kind", [Kind.HTML, Kind.ERROR_503, Kind.DROP_BEFORE, Kind.THROTTLE])
def test_what_is_not_an_answer_of_aws_is_no_refusal(home: Home, sim: Sim, kind: Kind) -> None:
    """It is asked again as botocore does, and then said."""
    sim.fault(kind, count=20)
    error = home.refused()
    assert error.trouble.code == "source_unreachable"
    assert error.refusal is Refusal.OTHER
    assert len(sim.calls) <= 3


def test_the_way_to_aws_is_part_of_what_it_is(home: Home, sim: Sim) -> None:
    """Another region or endpoint is another question; and the account is known before."""
    first = home.provider()
    assert first.account == ACCOUNT
    home.write(section(home, sim).replace("eu-central-1", "eu-west-1"))
    assert home.provider() != first
    home.write(section(home, sim).replace(sim.url, "http://127.0.0.1:9"))
    assert home.provider() != first
    home.write(section(home, sim))
    assert home.provider() == first


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (ROLE, "nonsense", "profile_role_arn"),
        (f"role_arn = {ROLE}\n", "", "profile_role_arn"),
        ("web_identity_token_file = /", "web_identity_token_file = ./", "profile_value"),
        ("web_identity_token_file = /", "web_identity_token_file = ~/", "profile_value"),
        ("region", "role_session_name = a b\nregion", "profile_value"),
    ],
)
def test_what_can_be_said_before_aws_is_asked_is(home: Home, sim: Sim, before: str, after: str, code: str) -> None:
    """As the profile's own problem."""
    home.write(section(home, sim).replace(before, after, 1))
    found = AwsFiles(home.env, session_name="s").load().profiles["p"]
    assert isinstance(found, Unserved)
    assert found.problem.code == code


def test_a_role_over_it_is_a_role_over_it(home: Home, sim: Sim) -> None:
    """Its source is the web identity, whatever keys there are beside."""
    over = "role_arn = arn:aws:iam::333333333333:role/X\nsource_profile = p\n"
    home.write(f"{section(home, sim)}[profile over]\nendpoint_url = {sim.url}\n{over}")
    found = AwsFiles(home.env, session_name="s").load().profiles["over"]
    assert isinstance(found, Profile)
    assert found.root == home.provider()

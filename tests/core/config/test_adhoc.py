"""A role that is named by its ARN: over which source, in which partition and region, and what cannot be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.config import adhoc
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Role, Unserved
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Sections
from trayexec.light.errors import TrayexecError

ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Deploy"
DEVICE = "arn:aws:iam::111111111111:mfa/alice"
DEFAULT = {"region": "eu-central-1", "mfa_serial": DEVICE}
A = {"role_arn": ROLE, "source_profile": "default"}
CHINA = {"region": "cn-north-1", "mfa_serial": "arn:aws-cn:iam::444444444444:mfa/li"}


def catalogue(**profiles: dict[str, str]) -> Catalogue:
    """What such a config leads to."""
    return resolve(Sections(profiles, {}, {}), session_name="trayexec-alice")


ONE = catalogue(default=DEFAULT, a=A, far={**A, "region": "us-east-1", "role_arn": f"{ROLE}2"})
SIGNED_IN = catalogue(
    dev={
        "sso_start_url": "https://corp.awsapps.com/start",
        "sso_region": "eu-west-1",
        "sso_account_id": "444444444444",
        "sso_role_name": "Developer",
    }
)
TWO = catalogue(default=DEFAULT, china=CHINA)


def refusal(found: Catalogue, name: str, source: str | None = None) -> str:
    """The title of what is raised."""
    with pytest.raises(TrayexecError) as error:
        adhoc.find(found, name, source)
    return str(error.value.trouble.title)


@pytest.mark.parametrize("source", [None, "default"])
@pytest.mark.parametrize("name", [ROLE, f"{ACCOUNT}:team/Deploy", f"{ACCOUNT}:role/team/Deploy"])
def test_it_is_the_role_that_a_profile_would_be(name: str, source: str | None) -> None:
    """Over the only identity there is, or the one that is named: equal, so that both share their credentials."""
    found, alias = adhoc.find(ONE, name, source), ONE.profiles["a"]
    assert isinstance(alias, Profile)
    assert (found.name, found.account, found.region) == (ROLE, ACCOUNT, "eu-central-1")
    assert found.target == alias.target
    assert found.inherits_region is alias.inherits_region is True


def test_a_source_may_be_a_role() -> None:
    """Then it is assumed on top of that, in that one's region."""
    found = adhoc.find(ONE, "333333333333:Audit", "far")
    far = ONE.profiles["far"]
    assert isinstance(far, Profile)
    assert isinstance(found.target, Role)
    assert (found.target.source, found.region, found.target.endpoint.region) == (far.target, "us-east-1", "us-east-1")


def test_the_partition_is_that_of_the_source() -> None:
    """A short name gets it; an ARN of another partition is refused with both named."""
    assert adhoc.find(TWO, f"{ACCOUNT}:X", "china").role_arn == f"arn:aws-cn:iam::{ACCOUNT}:role/X"
    assert refusal(TWO, ROLE, "china") == (
        f"The role {ROLE} is in the partition aws, but the keys of its source are in aws-cn: "
        "AWS has no way from one to the other."
    )


def test_which_identity_is_never_guessed() -> None:
    """With two of them one is to be named; with none there is nothing to assume it with."""
    assert refusal(TWO, ROLE) == "There are several identities that could assume the role: default, china."
    assert refusal(catalogue(), ROLE).startswith("No profile in")
    with pytest.raises(TrayexecError) as error:
        adhoc.find(SIGNED_IN, ROLE)
    assert "--source" in str(error.value.trouble.hint), "what others give credentials to is not guessed, but there"
    assert adhoc.find(SIGNED_IN, ROLE, "dev").role_arn == ROLE


def test_an_identity_may_be_in_the_keychain_only() -> None:
    """Its keys have a name, and no section."""
    found = catalogue(a={**A, "mfa_serial": DEVICE})
    made = adhoc.find(found, ROLE)
    assert isinstance(found.profiles["a"], Profile)
    assert made.target == found.profiles["a"].target
    assert made.region is None


def test_what_cannot_be_meant_is_said() -> None:
    """A source that is not there or cannot be served, a source for a profile, an ARN with a slip."""
    broken = catalogue(default=DEFAULT, a=A, bad={"role_arn": ROLE})
    assert refusal(ONE, ROLE, "defualt").startswith("There is no profile defualt")
    assert refusal(broken, f"{ACCOUNT}:X", "bad").startswith("Profile bad has a role_arn but no source_profile")
    assert refusal(ONE, "a", "default").startswith("--source is for a role that is named by its ARN")
    assert refusal(ONE, "arn:aws:iam::22222222222:role/X").endswith("nor the ARN of a role.")
    assert refusal(ONE, "22222222222:X").startswith("There is no profile 22222222222:X")


@pytest.mark.parametrize("word", ["22222222222:Deploy", "2222222222222:Deploy"])
def test_what_is_nearly_a_role_is_said(word: str) -> None:
    """Nobody who has lost a digit is told to write a profile of that name."""
    with pytest.raises(TrayexecError) as error:
        adhoc.find(ONE, word)
    assert "12 digits" in str(error.value.trouble.hint)


def test_a_profile_of_that_name_is_meant_by_it() -> None:
    """Unless a source is told."""
    name = f"{ACCOUNT}:X"
    named = catalogue(**{"default": DEFAULT, name: {**A, "role_arn": f"{ROLE}-other"}})
    assert adhoc.find(named, name).role_arn == f"{ROLE}-other"
    assert adhoc.find(named, name, "default").role_arn == f"arn:aws:iam::{ACCOUNT}:role/X"


def test_its_namesakes_are_the_profiles_of_the_same_role() -> None:
    """What the settings say of them holds for it, too; a profile has none."""
    assert list(adhoc.namesakes(adhoc.find(ONE, ROLE), ONE)) == ["a"]
    assert list(adhoc.namesakes(adhoc.find(ONE, "a"), ONE)) == []
    assert list(adhoc.namesakes(adhoc.find(ONE, ROLE.replace("Deploy", "deploy")), ONE)) == ["a"]


def test_a_profile_with_a_problem_guards_its_role_all_the_same() -> None:
    """A slip in its section would else be a way around what the settings say of it."""
    found = catalogue(default=DEFAULT, a={**A, "external_id": "!"})
    assert isinstance(found.profiles["a"], Unserved)
    assert list(adhoc.namesakes(adhoc.find(found, ROLE), found)) == ["a"]


@given(st.text() | st.from_regex(r"(arn:aws[a-z-]*:iam::)?[0-9]{11,13}:(role/)?.{0,9}", fullmatch=True))
def test_no_word_leads_to_another_account(word: str) -> None:
    """Whatever is typed: the account is the one that stands in it, assumed from the only identity, or it is refused."""
    foreign = word.startswith("arn:") and not word.startswith("arn:aws:")
    if not adhoc.is_role(word) or foreign:
        if word not in ONE.profiles:
            refusal(ONE, word)
        return
    found = adhoc.find(ONE, word)
    assert adhoc.account_of(word) == found.account
    assert found.account in word
    assert isinstance(found.target, Role)
    assert isinstance(found.target.source, Identity)

"""`include_profile`: what a section takes over from another one, what it does not, and slips in it."""

import pytest

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.profiles import Catalogue, Profile, Role, Unserved
from trayexec.core.config.resolve import resolve

ROLE = "role_arn = arn:aws:iam::222222222222:role/Deploy\n"
OTHER = "role_arn = arn:aws:iam::333333333333:role/Other\n"
DEVICE = "mfa_serial = arn:aws:iam::111111111111:mfa/alice\n"
DEFAULT = f"[default]\nregion = eu-west-1\n{DEVICE}"


def catalogue(text: str) -> Catalogue:
    """What such a config leads to."""
    return resolve(merge(parse(text, file="config"), {}, {}), session_name="me")


def role(text: str, key: str = "include_profile") -> Role:
    """The role that profile p of this config is."""
    found = catalogue(text.replace("KEY", key)).profiles["p"]
    assert isinstance(found, Profile), found
    assert isinstance(found.target, Role)
    return found.target


def problem(text: str) -> str:
    """What is wrong with profile p of this config, and what to do."""
    found = catalogue(text).profiles["p"]
    assert isinstance(found, Unserved), found
    return f"{found.problem.title} {found.problem.hint}"


@pytest.mark.parametrize("key", ["include_profile", "parent_profile"])
def test_what_the_section_lacks_comes_from_the_included_one(key: str) -> None:
    """And from what that one includes; its own settings win, and so does the nearer section."""
    common = (
        "[profile far]\nexternal_id = far\nrole_session_name = far\n[profile common]\nKEY = far\nexternal_id = near\n"
    )
    found = role(f"{DEFAULT}{common}[profile p]\nKEY = common\nsource_profile = default\n{ROLE}", key)
    assert (found.external_id, found.session_name, found.account) == ("near", "far", "222222222222")
    own = role(f"{DEFAULT}{common}[profile p]\nKEY = common\nsource_profile = default\nexternal_id = own\n{ROLE}", key)
    assert own.external_id == "own"


@pytest.mark.parametrize(
    ("common", "own"),
    [
        (ROLE, "source_profile = default\n"),
        ("source_profile = default\n", ROLE),
        (f"{ROLE}source_profile = default\n", ""),
        (f"{OTHER}source_profile = default\n", ROLE),
    ],
)
def test_role_and_source_may_stand_in_either(common: str, own: str) -> None:
    """A section that names a role is that role, whatever it includes."""
    found = role(f"{DEFAULT}[profile common]\n{common}[profile p]\n{own}include_profile = common\n")
    assert (found.account, found.source.keys) == ("222222222222", "default")  # type: ignore[union-attr]


def test_the_region_is_taken_over() -> None:
    """Before that of the source."""
    text = (
        f"{DEFAULT}[profile c]\nregion = us-east-1\n[profile p]\n{ROLE}source_profile = default\ninclude_profile = c\n"
    )
    found = catalogue(text).profiles["p"]
    assert isinstance(found, Profile)
    assert (found.region, found.inherits_region) == ("us-east-1", False)


def test_an_identity_may_include_what_its_roles_do() -> None:
    """The usual layout of aws-vault: one section for all, the source among them."""
    common = f"[profile common]\nregion = eu-west-3\n{DEVICE}source_profile = p\nduration_seconds = 900\n"
    text = f"{common}[profile p]\ninclude_profile = common\n[profile a]\n{ROLE}include_profile = common\n"
    found = catalogue(text).profiles
    assert isinstance(found["p"], Profile)
    assert isinstance(found["a"], Profile)
    assert isinstance(found["a"].target, Role)
    assert found["a"].target.source == found["p"].target
    assert (found["a"].target.seconds, found["a"].region, found["p"].region) == (900, "eu-west-3", "eu-west-3")


@pytest.mark.parametrize(
    ("own", "missed"),
    [
        ("aws_access_key_id = A\naws_secret_access_key = B\n", "role_arn"),
        ("credential_process = vault\n", "role_arn"),
        ("sso_account_id = 1\nsso_role_name = x\n", "role_arn"),
    ],
)
def test_credentials_of_its_own_are_never_traded_for_a_role(own: str, missed: str) -> None:
    """AWS's tools use them, so a role from elsewhere would be another account: the line is refused."""
    text = f"{DEFAULT}[profile c]\n{ROLE}source_profile = default\n[profile p]\n{own}include_profile = c\n"
    assert f"it would add {missed}" in problem(text)


@pytest.mark.parametrize("said", ["credential_process = x", "endpoint_url = http://x", "web_identity_token_file = /x"])
def test_what_is_not_taken_over_and_matters_is_told(said: str) -> None:
    """Rather than missed; where a role has its source, another way to credentials does not matter."""
    key = said.partition(" ")[0]
    text = f"{DEFAULT}[profile c]\n{said}\n[profile p]\n{DEVICE}include_profile = c\n"
    assert f"it would add {key}" in problem(text)
    beside = f"{DEFAULT}[profile c]\n{said}\n[profile p]\n{ROLE}source_profile = default\ninclude_profile = c\n"
    if key == "credential_process":
        assert role(beside).account == "222222222222"
    else:
        assert f"it would add {key}" in problem(beside)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[profile p]\ninclude_profile = p\n", "p → p"),
        ("[profile p]\ninclude_profile = a\n[profile a]\nparent_profile = p\n", "p → a → p"),
        (
            "[profile p]\ninclude_profile = a\n[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = a\n",
            "p → a → b → a",
        ),
        ("[profile p]\ninclude_profile = comon\n[profile common]\n", "Did you mean common?"),
        ("[profile p]\ninclude_profile = nowhere\n", "there is no such profile"),
    ],
)
def test_a_loop_and_a_slip_are_named(more: str, said: str) -> None:
    """With the way there."""
    assert said in problem(f"{DEFAULT}{more}")


def test_to_include_what_is_there_anyway_changes_nothing() -> None:
    """A device and a region that are found along the sources stay as they are found: whose they are matters."""
    with_it = catalogue(f"{DEFAULT}[profile p]\n{ROLE}source_profile = default\ninclude_profile = default\n")
    without = catalogue(f"{DEFAULT}[profile p]\n{ROLE}source_profile = default\n")
    assert with_it.profiles["p"] == without.profiles["p"]


def test_what_is_included_over_seventeen_profiles_is_refused() -> None:
    """As chains of roles are; over sixteen all is mixed in."""
    steps = [f"[profile a{n}]\ninclude_profile = a{n + 1}\n" for n in range(1, 18)]
    last = f"[profile a18]\n{ROLE}source_profile = default\n"
    text = f"{DEFAULT}{''.join(steps)}{last}[profile p]\ninclude_profile = "
    assert role(f"{text}a3\n").arn.endswith("Deploy")
    assert "through more than 16 profiles" in problem(f"{text}a2\n")

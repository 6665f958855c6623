"""What is an identity and what is none: temporary credentials, keys set aside, settings alone; and stored keys."""

from collections.abc import Mapping

import pytest

from trayexec.adapters.aws_parser import merge, parse
from trayexec.core.config.profiles import Catalogue, Profile, Provider, Unserved
from trayexec.core.config.resolve import resolve

PHONE = "arn:aws:iam::111111111111:mfa/alice"
ALICE, BOB = "arn:aws:iam::111111111111:user/alice", "arn:aws:iam::222222222222:user/bob"
PAIR = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
SHORT = "aws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
TOKEN = f"{SHORT}aws_session_token = x\n"
ROLE = "role_arn = arn:aws:iam::333333333333:role/Admin\n"
DEFAULT = f"[default]\nregion = eu-west-1\nmfa_serial = {PHONE}\n"
DEV = f"[profile dev]\n{ROLE}source_profile = default\n"
# What aws-mfa leaves in the credentials file; the first of these is where this program began.
AWS_MFA = f"[default]\nassumed_role = False\n{TOKEN}aws_security_token = x\nexpiration = 2026-01-31 21:07:09\n"


def catalogue(config: str, shared: str = "", stored: Mapping[str, str] | None = None) -> Catalogue:
    """What the two files lead to while keys are stored under these names."""
    sections = merge(parse(config, file="c"), parse(shared, file="s"), {})
    known = type(sections)(sections.profiles, sections.services, {}, sections.keys, stored or {})
    return resolve(known, session_name="trayexec-me")


def code(found: Catalogue, name: str) -> str:
    """The code of what is wrong with a profile."""
    one = found.profiles[name]
    assert isinstance(one, Unserved), f"{name} is served"
    return one.problem.code


def names(found: Catalogue) -> list[str]:
    """The identities there are."""
    return [one.name for one in found.identities]


@pytest.mark.parametrize("aside", ["default-longterm", "default-long-term"])
@pytest.mark.parametrize("short", [AWS_MFA, f"[default]\n{TOKEN}", ""])
@pytest.mark.parametrize("stored", [{}, {"default": ALICE}, {"default": ""}])
def test_the_layout_of_aws_mfa_has_one_identity(aside: str, short: str, stored: dict[str, str]) -> None:
    """`default`, whose roles are served, before its keys are stored and after; what aws-mfa set aside is named so."""
    found = catalogue(DEFAULT + DEV, f"[{aside}]\n{PAIR}aws_mfa_device = {PHONE}\n{short}", stored)
    assert names(found) == ["default"]
    assert isinstance(found.profiles["dev"], Profile)
    assert code(found, aside) == "profile_longterm"
    said = found.profiles["dev"].notes
    if not stored:
        assert f"[{aside}]" in str(said)
        assert "trayexec keys import default" in str(said)
    elif short:
        assert "win over the temporary" in str(said)


def test_the_serial_may_stand_with_the_roles_alone() -> None:
    """Then the short-term section is no identity's by the look of it, but what is set aside says that it is one."""
    config = f"[default]\nregion = eu-west-1\n{DEV}mfa_serial = {PHONE}\n"
    found = catalogue(config, f"[default-longterm]\n{PAIR}{AWS_MFA}")
    assert names(found) == ["default"]
    assert isinstance(found.profiles["dev"], Profile)


@pytest.mark.parametrize(
    "section",
    [
        TOKEN,
        f"{SHORT}aws_security_token = x\n",
        f"{TOKEN}x_principal_arn = arn:aws:sts::1:assumed-role/A/b\nx_security_token_expires = 2026-01-31T21:07:09Z\n",
        f"{TOKEN}region = eu-west-1\n",
    ],
)
@pytest.mark.parametrize("name", ["saml", "mfa", "session-1700000000"])
def test_temporary_credentials_are_no_identity(name: str, section: str) -> None:
    """Neither by themselves nor for roles over them, which work outside of trayexec as they are."""
    over = f"[profile over]\n{ROLE}source_profile = {name}\n"
    for config, shared in (
        (DEFAULT + DEV + over, f"[{name}]\n{section}"),
        (f"{DEFAULT}{DEV}{over}[profile {name}]\n{section}", ""),
    ):
        found = catalogue(config, shared)
        assert names(found) == ["default"]
        assert code(found, name) == code(found, "over") == "profile_temporary"


def test_a_serial_of_its_own_or_stored_keys_make_it_one() -> None:
    """Somebody has said whose codes are to be asked, or has given the keys."""
    own = "[profile mfa]\nmfa_serial = arn:aws:iam::222222222222:mfa/bob\n"
    assert names(catalogue(DEFAULT + own, f"[mfa]\n{TOKEN}")) == ["default", "mfa"]
    assert names(catalogue(DEFAULT, f"[mfa]\n{TOKEN}", {"mfa": ALICE})) == ["default", "mfa"]
    assert names(catalogue(DEFAULT, f"[default-longterm]\n{PAIR}", {"default-longterm": ALICE}))[1:] == [
        "default-longterm"
    ]


@pytest.mark.parametrize("lines", ["", "region = eu-west-1\n", "output = json\ncli_pager =\ns3 =\n  a = b\n"])
def test_settings_alone_are_no_identity(lines: str) -> None:
    """Unless a role is to be assumed with its keys, or keys are stored for it, or it has a serial of its own."""
    config = f"{DEFAULT}[profile bare]\n{lines}"
    assert code(catalogue(config), "bare") == "profile_settings"
    assert names(catalogue(config)) == ["default"]
    for more, stored in (
        (f"[profile over]\n{ROLE}source_profile = bare\n", {}),
        (f"mfa_serial = {PHONE}\n", {}),
        ("", {"bare": ""}),
        (PAIR, {}),
    ):
        assert "bare" in names(
            catalogue(config + more if "[" in more else f"{DEFAULT}[profile bare]\n{more}{lines}", "", stored)
        )


@pytest.mark.parametrize(
    "process", ["aws-vault export --format=json vault", "granted credential-process --profile vault"]
)
def test_stored_keys_win_over_a_credential_process(process: str) -> None:
    """Who has a set-up with another tool can try us; without stored keys that tool gives the credentials."""
    config = f"{DEFAULT}[profile vault]\ncredential_process = {process}\n[profile over]\n{ROLE}source_profile = vault\n"
    before = [catalogue(config).profiles[name] for name in ("vault", "over")]
    assert [one.root.profile for one in before if isinstance(one, Profile) and isinstance(one.root, Provider)] == [
        "vault",
        "vault",
    ]
    found = catalogue(config, "", {"vault": ALICE})
    assert names(found) == ["default", "vault"]
    for name in ("vault", "over"):
        profile = found.profiles[name]
        assert isinstance(profile, Profile)
        assert "win over its credential_process" in str(profile.notes)


@pytest.mark.parametrize(
    "lines",
    ["sso_session = s\nsso_account_id = 1\n", f"web_identity_token_file = /t\n{ROLE}", "login_session = x\n"],
)
def test_stored_keys_win_over_nothing_else(lines: str) -> None:
    """What else gives a profile its credentials is another person's, or another account's, and goes on."""
    found = catalogue(f"{DEFAULT}[profile other]\n{lines}", "", {"other": ALICE}).profiles["other"]
    assert not isinstance(found, Profile) or isinstance(found.root, Provider)


@pytest.mark.parametrize(
    "half",
    [
        "sso_region = eu-west-1\n",
        "sso_session = s\n",
        "sso_start_url = https://x\n",
        "credential_source = Environment\n",
    ],
)
def test_a_half_written_login_is_none(half: str) -> None:
    """Botocore passes over it, and so do stored keys, and who has written a device beside it."""
    assert isinstance(catalogue(f"{DEFAULT}[profile own]\n{half}", "", {"own": ALICE}).profiles["own"], Profile)
    beside = f"{DEFAULT}[profile own]\nmfa_serial = {PHONE}\n{half}"
    assert isinstance(catalogue(beside).profiles["own"], Profile)
    assert code(catalogue(f"{DEFAULT}[profile own]\n{half}"), "own") in {"profile_sso", "profile_unsupported"}


def test_the_account_of_stored_keys_is_known_and_guarded() -> None:
    """Shown where it is known, never taken from a serial that is only inherited, and never used with another's."""
    bob = f"{DEFAULT}[profile bob]\nregion = eu-west-1\n[profile over]\n{ROLE}source_profile = bob\n"
    unknown = {one.name: one.account for one in catalogue(bob, "", {"bob": ""}).identities}
    assert unknown == {"default": "111111111111", "bob": ""}
    found = catalogue(bob, "", {"bob": BOB})
    assert names(found) == ["default"]
    assert code(found, "bob") == code(found, "over") == "keys_account"
    problem = found.profiles["bob"]
    assert isinstance(problem, Unserved)
    assert "mfa_serial = arn:aws:iam::222222222222:mfa/<device>" in str(problem.problem.hint)
    same = catalogue(bob, "", {"bob": "arn:aws:iam::111111111111:user/robot"})
    assert [one.account for one in same.identities] == ["111111111111", "111111111111"]


@pytest.mark.parametrize("stored", [{"bob": BOB}, {"bob": BOB, "default": ALICE}])
def test_a_hardware_token_of_default_is_for_keys_of_its_account(stored: dict[str, str]) -> None:
    """Its number tells no account: that of the keys of [default] does, once it is known."""
    config = "[default]\nmfa_serial = GAHT12345678\n[profile bob]\nregion = eu-west-1\n"
    found = catalogue(config, "", stored)
    assert isinstance(found.profiles["bob"], Unserved if "default" in stored else Profile)


def test_a_role_without_a_source_is_told_so_whatever_it_includes() -> None:
    """To copy another tool's credential_process beside the role would lead nowhere."""
    one = catalogue(f"{DEFAULT}credential_process = vault\n[profile p]\n{ROLE}include_profile = default\n").profiles[
        "p"
    ]
    assert isinstance(one, Unserved)
    assert "source_profile" in str(one.problem.hint)


@pytest.mark.parametrize("stored", [{}, {"default": ALICE}])
def test_where_aws_mfa_keeps_a_key_is_told_what_is_still_to_do(stored: dict[str, str]) -> None:
    """Once the key is stored, nothing is; and the device, which stands in [default], is not asked for again."""
    aside = "[default-long-term]\naws_access_key_id = A\naws_secret_access_key = B\naws_mfa_device = D\n"
    one = catalogue(DEFAULT, aside, stored).profiles["default-long-term"]
    assert isinstance(one, Unserved)
    assert ("`trayexec keys import default`" in str(one.problem.hint)) is (not stored)
    assert not one.notes


@pytest.mark.parametrize(
    ("arn", "whose"),
    [
        (ALICE, "alice in 111111111111"),
        ("arn:aws:iam::111111111111:user/division/team/alice", "alice in 111111111111"),
        ("arn:aws:iam::111111111111:root", "default in 111111111111"),
        ("", "default in 111111111111"),
    ],
)
def test_an_identity_has_words_of_its_user_and_account(arn: str, whose: str) -> None:
    """What a person knows themselves by; the name of the keys where it is not known whose they are."""
    config = "[default]\nregion = eu-central-1\nmfa_serial = arn:aws:iam::111111111111:mfa/phone\n"
    (identity,) = catalogue(config, stored={"default": arn}).identities
    assert str(identity.whose) == whose


def test_an_identity_of_no_known_account_has_its_name() -> None:
    """As with a hardware token whose keys we have not seen."""
    (identity,) = catalogue("[default]\nregion = eu-central-1\nmfa_serial = GAHT12345678\n").identities
    assert identity.whose == "default"

"""How a profile leads to a role and to keys: one example for each rule."""

from collections.abc import Mapping, Sequence

import pytest

from trayexec.core.config import resolve as resolving
from trayexec.core.config import session_names
from trayexec.core.config.endpoints import endpoint_of
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, StsEndpoint, Unserved
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Section, Sections
from trayexec.core.config.sources import LONGEST_CHAIN
from trayexec.light.errors import Trouble

PHONE = "arn:aws:iam::111111111111:mfa/alice-phone"
TOKEN = "arn:aws:iam::111111111111:mfa/alice-token"
ADMIN = "arn:aws:iam::222222222222:role/Admin"
AUDIT = "arn:aws:iam::333333333333:role/path/Audit"
KEYS = {"aws_access_key_id": "", "aws_secret_access_key": ""}


def catalogue(
    profiles: Mapping[str, Section],
    services: Mapping[str, Section] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Catalogue:
    """What these sections resolve to."""
    return resolve(Sections(profiles, services or {}, environment or {}), session_name="trayexec-alice")


def role(source: str = "default", arn: str = ADMIN, **more: str) -> dict[str, str]:
    """The section of a role profile."""
    return {"role_arn": arn, "source_profile": source, **more}


def served(found: Catalogue, name: str) -> Profile:
    """The profile, which must be a served one."""
    profile = found.profiles[name]
    assert isinstance(profile, Profile), profile
    return profile


def identity_of(found: Catalogue, name: str) -> Identity:
    """The identity of the profile, which must have one."""
    identity = served(found, name).identity
    assert identity is not None
    return identity


def role_of(found: Catalogue, name: str) -> Role:
    """The role of the profile, which must have one."""
    target = served(found, name).target
    assert isinstance(target, Role)
    return target


def problem(found: Catalogue, name: str) -> Trouble:
    """The problem of the profile, which must have one."""
    profile = found.profiles[name]
    assert isinstance(profile, Unserved), profile
    return profile.problem


def test_a_role_profile_leads_to_its_role_and_to_the_keys_of_its_source() -> None:
    """Everything AssumeRole needs is taken from the profile; the keys are those named like the source."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE, "region": "eu-west-1"},
            "a": role(external_id="x-1", role_session_name="me@home", duration_seconds="7200", region="eu-central-1"),
        }
    )
    target = role_of(found, "a")
    assert (target.arn, target.external_id, target.session_name, target.seconds) == (ADMIN, "x-1", "me@home", 7200)
    assert target.endpoint.region == "eu-central-1"
    assert isinstance(target.source, Identity)
    assert (target.source.keys, target.source.mfa_serial, target.source.name) == ("default", PHONE, "default")
    assert target.source.endpoint.region == "eu-west-1"
    assert served(found, "default").target == target.source
    assert served(found, "a").account == "222222222222"


def test_a_role_without_name_and_duration_gets_the_usual_ones() -> None:
    """The session name is the one passed in; the duration is AWS's own default, an hour."""
    target = role_of(catalogue({"a": role(mfa_serial=PHONE)}), "a")
    assert (target.session_name, target.seconds, target.external_id) == ("trayexec-alice", 3600, None)


def test_the_keys_of_default_need_no_section() -> None:
    """Someone who keeps no key on disk may have no [default] at all; it is a source nevertheless, but no profile."""
    found = catalogue({"a": role(mfa_serial=PHONE)})
    assert identity_of(found, "a").keys == "default"
    assert list(found.profiles) == ["a"]


@pytest.mark.parametrize(
    ("sections", "serial"),
    [
        ({"default": {"mfa_serial": TOKEN}, "base": {}, "a": role("base", mfa_serial=PHONE)}, PHONE),
        ({"default": {"mfa_serial": TOKEN}, "base": {"mfa_serial": PHONE}, "a": role("base")}, PHONE),
        ({"default": {"mfa_serial": PHONE}, "base": {}, "a": role("base")}, PHONE),
    ],
    ids=["own", "source", "default"],
)
def test_the_serial_is_found_in_the_profile_then_its_source_then_default(
    sections: dict[str, dict[str, str]], serial: str
) -> None:
    """It never has to be written twice."""
    assert identity_of(catalogue(sections), "a").mfa_serial == serial


def test_one_session_serves_two_roles_even_if_only_one_place_has_the_serial() -> None:
    """G5: the source without a serial, two roles with the same one: the same identity, so one dialog."""
    found = catalogue({"base": {}, "a": role("base", mfa_serial=PHONE), "b": role("base", arn=AUDIT, mfa_serial=PHONE)})
    assert served(found, "a").identity == served(found, "b").identity
    assert len(found.identities) == 1


def test_each_serial_is_a_session_of_its_own_with_a_name_of_its_own() -> None:
    """G6: the same keys with two devices are two identities, and people can tell them apart."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE},
            "a": role(),
            "b": role(mfa_serial=TOKEN),
            "other": {"mfa_serial": PHONE},
        }
    )
    assert [identity.name for identity in found.identities] == [
        "default (alice-phone)",
        "default (alice-token)",
        "other",
    ]
    assert identity_of(found, "b").name == "default (alice-token)"


def test_devices_of_the_same_name_are_told_apart_by_their_whole_serial() -> None:
    """Two identities never have the same name."""
    there = PHONE.replace("111111111111", "444444444444")
    found = catalogue({"a": role(mfa_serial=PHONE), "b": role(mfa_serial=there)})
    assert [identity.name for identity in found.identities] == [f"default ({PHONE})", f"default ({there})"]


def test_the_same_keys_at_two_places_are_two_identities() -> None:
    """A session of one STS means nothing to another one."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": role(endpoint_url="http://127.0.0.1:5000")})
    assert [(each.endpoint_url, each.name) for each in found.identities] == [
        (None, "default"),
        ("http://127.0.0.1:5000", "default at http://127.0.0.1:5000"),
    ]


def test_the_whole_chain_is_walked_at_the_endpoint_of_the_profile_that_was_asked_for() -> None:
    """As with botocore, whose one STS client serves every step: no credentials are sent to a second place."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE, "endpoint_url": "https://one.example.com"},
            "a": role(endpoint_url="https://two.example.com", region="eu-west-1"),
            "b": role("a", arn=AUDIT, ca_bundle="/b.pem", endpoint_url="https://three.example.com"),
            "c": role("a", arn=AUDIT),
        }
    )
    chain = role_of(found, "b")
    assert isinstance(chain.source, Role)
    assert isinstance(chain.source.source, Identity)
    for endpoint in (chain.endpoint, chain.source.endpoint, chain.source.source.endpoint):
        assert (endpoint.url, endpoint.ca_bundle) == ("https://three.example.com", "/b.pem")
    assert identity_of(found, "c").endpoint.url is None


def test_chains_that_meet_share_their_role() -> None:
    """Equal roles share credentials, so the middle of a chain is assumed once."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "hub": role(), "a": role("hub", AUDIT), "b": role("hub")})
    assert role_of(found, "a").source == role_of(found, "hub") == role_of(found, "b").source


def test_an_edited_role_is_another_role() -> None:
    """G14: whatever is asked of AssumeRole makes a difference."""
    base = role_of(catalogue({"a": role(mfa_serial=PHONE)}), "a")
    for change in ({"arn": AUDIT}, {"external_id": "xx"}, {"role_session_name": "xx"}, {"duration_seconds": "900"}):
        assert role_of(catalogue({"a": role(mfa_serial=PHONE, **change)}), "a") != base


def test_a_source_with_static_keys_ends_the_chain_there() -> None:
    """As in botocore: its keys are used, not its role; asked for itself, it is its role."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE},
            "base": role(arn=AUDIT, mfa_serial=PHONE) | KEYS,
            "a": role("base"),
        }
    )
    source = role_of(found, "a").source
    assert isinstance(source, Identity)
    assert source.keys == "base"
    assert role_of(found, "base").arn == AUDIT


def test_a_profile_may_be_its_own_source() -> None:
    """Its keys are stored under its own name; as another's source it ends the chain, with or without keys in a file."""
    found = catalogue({"self": role("self", mfa_serial=PHONE), "a": role("self", arn=AUDIT)})
    assert isinstance(role_of(found, "self").source, Identity)
    assert identity_of(found, "self").keys == "self"
    assert isinstance(role_of(found, "a").source, Identity)


def test_a_loop_is_named() -> None:
    """G1: every profile of the circle says so, and what leads into it shows the way."""
    found = catalogue({"a": role("b"), "b": role("a"), "c": role("a"), "fine": role(mfa_serial=PHONE)})
    assert problem(found, "a").code == problem(found, "b").code == "profile_loop"
    assert "a → b → a" in str(problem(found, "a").title)
    assert "c → a" in str(problem(found, "c").title)
    served(found, "fine")


def test_a_loop_with_static_keys_in_it_is_still_a_loop() -> None:
    """Botocore refuses it too: only a profile that names itself may find its own keys."""
    found = catalogue({"a": role("b", mfa_serial=PHONE) | KEYS, "b": role("a", mfa_serial=PHONE)})
    assert problem(found, "a").code == "profile_loop"
    assert isinstance(role_of(found, "b").source, Identity)


def test_a_missing_source_is_named() -> None:
    """Nothing falls back to [default]."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": role("nowhere"), "b": role("a")})
    assert "nowhere" in str(problem(found, "a").title)
    assert "[profile nowhere]" in str(problem(found, "a").hint)
    assert "b → a" in str(problem(found, "b").title)
    assert problem(found, "b").hint == problem(found, "a").hint


def test_an_endless_chain_is_refused() -> None:
    """Sixteen roles are walked, more are not; a thousand neither."""
    sections = {"p0": {"mfa_serial": PHONE}} | {f"p{n}": role(f"p{n - 1}") for n in range(1, 1000)}
    found = catalogue(sections)
    served(found, f"p{LONGEST_CHAIN}")
    assert problem(found, f"p{LONGEST_CHAIN + 1}").code == "profile_too_long"
    assert problem(found, "p999").code == "profile_too_long"


CORP = {"sso_start_url": "https://corp.awsapps.com/start", "sso_region": "eu-west-1"}
GIVEN = {"sso_account_id": "444444444444", "sso_role_name": "Developer", "region": "eu-west-1"}


def of_sso(profiles: Mapping[str, Section], sessions: Mapping[str, Section]) -> Catalogue:
    """What these profiles resolve to, beside these sections [sso-session]."""
    return resolve(Sections(profiles, {}, {}, sso_sessions=sessions), session_name="trayexec-alice")


def test_profiles_of_one_session_share_its_sign_in() -> None:
    """And a role over one needs it, too; the older way, by a start URL, has its own, as with the AWS CLI."""
    dev, prod = {**GIVEN, "sso_session": "corp"}, {**GIVEN, "sso_session": "corp", "sso_account_id": "555555555555"}
    profiles = {"dev": dev, "prod": prod, "old": {**GIVEN, **CORP}, "over": role("dev")}
    found = of_sso(profiles, {"corp": {**CORP, "sso_registration_scopes": "sso:account:access, more"}})
    shared, old = found.sign_ins
    assert (shared.session, shared.name, shared.scopes) == ("corp", "corp", ("sso:account:access", "more"))
    assert (old.session, old.name, old.start_url) == ("", "corp.awsapps.com", CORP["sso_start_url"])
    roots = [served(found, name).root for name in profiles]
    assert [isinstance(one, Provider) and one.sign_in for one in roots] == [shared, shared, old, shared]
    assert [served(found, name).account for name in ("dev", "prod", "old")] == ["4" * 12, "5" * 12, "4" * 12]


@pytest.mark.parametrize(
    ("profile", "session", "said"),
    [
        ({**GIVEN, "sso_session": "gone"}, CORP, "[sso-session gone]"),
        ({**GIVEN, "sso_session": "corp", "sso_region": "eu-west-3"}, CORP, "sso_region"),
        ({**GIVEN, "sso_session": "corp"}, {"sso_region": "eu-west-1"}, "sso_start_url"),
        ({"sso_account_id": "444444444444", "sso_session": "corp"}, CORP, "sso_role_name"),
        (GIVEN, CORP, "sso_start_url, sso_region"),
    ],
)
def test_half_of_a_sign_in_is_said(profile: Section, session: Section, said: str) -> None:
    """What is missing, or said in two ways, which AWS's tools refuse as well."""
    why = problem(of_sso({"dev": profile}, {"corp": session}), "dev")
    assert why.code == "profile_sso"
    assert said in f"{why.title} {why.hint}"


UNSUPPORTED = {
    "credential_source": "Environment",
    "session_tags": "a=b",
    "transitive_session_tags": "a",
    "source_identity": "me",
}


@pytest.mark.parametrize("key", ["sso_session", "sso_start_url"])
def test_half_of_an_identity_center_profile_says_what_it_lacks(key: str) -> None:
    """One without account and role gives botocore nothing, nor does a role behind it get anything."""
    found = catalogue({"odd one": {key: "x"}, "a": role("odd one"), "fine": role(), "default": {"mfa_serial": PHONE}})
    for name in ("odd one", "a"):
        assert problem(found, name).code.startswith("profile_")
        assert "lacks sso_account_id, sso_role_name" in str(problem(found, name).title)
        assert '[profile "odd one"]' in str(problem(found, name).hint)
    assert isinstance(found.profiles["fine"], Profile)


@pytest.mark.parametrize("key", UNSUPPORTED)
def test_what_is_not_supported_is_said_with_profile_key_and_fix(key: str) -> None:
    """Instead of being ignored; and the profiles that have it as their source say so too (G2, G3)."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE},
            "odd": {key: UNSUPPORTED[key], "region": "eu-west-1"},
            "a": role("odd"),
            "fine": role(),
        }
    )
    assert problem(found, "odd").code == "profile_unsupported"
    assert "odd" in str(problem(found, "odd").title)
    assert key in str(problem(found, "odd").title)
    assert "[profile odd]" in str(problem(found, "odd").hint)
    assert "a → odd" in str(problem(found, "a").title)
    served(found, "fine")
    unserved = found.profiles["odd"]
    assert isinstance(unserved, Unserved)
    assert unserved.region == "eu-west-1"


def test_two_sources_are_one_too_many() -> None:
    """Botocore refuses source_profile and credential_source together, and so do we."""
    found = catalogue({"a": role(mfa_serial=PHONE, credential_source="Environment")})
    assert problem(found, "a").code == "profile_source"
    assert "both" in str(problem(found, "a").title)


def test_a_role_without_a_source_is_a_problem() -> None:
    """Even with static keys beside it: botocore does not take those either."""
    for extra in ({}, KEYS):
        found = catalogue({"default": {"mfa_serial": PHONE}, "a": {"role_arn": ADMIN} | extra})
        assert problem(found, "a").code == "profile_source"


def test_a_source_without_a_role_is_a_problem() -> None:
    """It is not clear whether the source's own rights are meant; with static keys of its own it is."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE},
            "a": {"source_profile": "default"},
            "b": {"source_profile": "default"} | KEYS,
        }
    )
    assert problem(found, "a").code == "profile_role_arn"
    assert identity_of(found, "b").keys == "b"


@pytest.mark.parametrize(
    "line",
    [
        "trayexec credential-process a",
        "/usr/local/bin/trayexec credential-process a",
        '"/opt/my apps/trayexec" credential-process a',
        r'"C:\Program Files\trayexec\TrayExec.exe" credential-process a',
        "python3 -I -m trayexec credential-process a",
        "sh -c 'trayexec credential-process a'",
    ],
)
def test_a_credential_process_that_calls_us_is_no_source(line: str) -> None:
    """We would wait for ourselves."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": {"credential_process": line}})
    assert problem(found, "a").code == "profile_recursion"


def test_a_folder_called_trayexec_is_not_us() -> None:
    """Only a program of that name is."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": {"credential_process": "/opt/trayexec/other a"}})
    assert isinstance(served(found, "a").target, Provider)


def test_role_facts_beat_a_credential_process() -> None:
    """As in botocore: so one profile can serve us and, through us, tools that know no roles."""
    found = catalogue({"a": role(mfa_serial=PHONE, credential_process="trayexec credential-process a")})
    assert role_of(found, "a").arn == ADMIN


def test_without_any_serial_the_fix_is_a_line_to_write() -> None:
    """It belongs to the keys, so that is where it is to be written."""
    found = catalogue({"base": {}, "a": role("base")})
    assert problem(found, "a").code == "profile_mfa"
    assert "mfa_serial = arn:aws:iam::<account>:mfa/<device>" in str(problem(found, "a").hint)
    assert "[profile base]" in str(problem(found, "a").hint)


def test_a_source_without_serial_is_no_problem_of_the_role_that_has_one() -> None:
    """The source itself cannot be served, the role can."""
    found = catalogue({"base": {}, "a": role("base", mfa_serial=PHONE)})
    assert problem(found, "base").code == "profile_mfa"
    served(found, "a")


@pytest.mark.parametrize("where", ["a", "default"])
def test_a_security_key_is_refused_with_the_reason(where: str) -> None:
    """AWS takes FIDO devices in the browser only."""
    sections: dict[str, dict[str, str]] = {"default": {}, "a": role()}
    sections[where]["mfa_serial"] = "arn:aws:iam::111111111111:u2f/user/alice/key-ABC"
    found = catalogue(sections)
    assert problem(found, "a").code == "profile_mfa_fido"
    assert "authenticator app" in str(problem(found, "a").hint)


@pytest.mark.parametrize("serial", ["", "short", "x" * 257, PHONE + " ; comment", PHONE + "ü"])
def test_a_malformed_serial_is_a_problem(serial: str) -> None:
    """9 to 256 characters that STS allows; an empty one does not fall through to [default]."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": role(mfa_serial=serial)})
    assert problem(found, "a").code == "profile_mfa"


ACCOUNT = "arn:aws:iam::111111111111"


@pytest.mark.parametrize(
    "serial",
    [
        f"{ACCOUNT}:user/alice",
        f"{ACCOUNT}:user/team/alice",
        f"{ACCOUNT}:role/Admin",
        f"{ACCOUNT}:group/admins",
        f"{ACCOUNT}:root",
        f"{ACCOUNT}:mfa/",
        f"{ACCOUNT}:mfa",
        f"{ACCOUNT}:mfa/al ice",
        f"{ACCOUNT}:mfa/<device>",
        f"{ACCOUNT}:sms-mfa/alice",
        f"{ACCOUNT}:server-certificate/alice",
        "arn:aws:iam::1111-1111-1111:mfa/alice",
        "arn:aws:iam::11111111111:mfa/alice",
        "arn:aws:iam::1111111111111:mfa/alice",
        "arn:aws:iam::<account>:mfa/alice",
        "arn:aws:iam::ACCOUNT:mfa/DEVICE",
        "arn:aws:iam:111111111111:mfa/alice",
        "arn:aws:iam:us-east-1:111111111111:mfa/alice",
        "arn:aws:sts::111111111111:mfa/alice",
        "arn:aws:sts::111111111111:assumed-role/Admin/alice",
        "arn:aws:s3:::my-bucket-1",
        "arn:gcp:iam::111111111111:mfa/alice",
        "aws:iam::111111111111:mfa/alice",
        "mfa/alice-1",
        "111111111111:mfa/alice",
        "alice.smith",
        f'"{ACCOUNT}:mfa/alice"',
        f"{ACCOUNT}:mfa/" + "x" * 256,
    ],
)
@pytest.mark.parametrize("where", ["a", "default"])
def test_a_serial_that_cannot_be_a_device_is_a_problem_when_it_is_read(where: str, serial: str) -> None:
    """Its own or an inherited one; the profile that has to be corrected is named, and what is wrong with it shown."""
    sections: dict[str, dict[str, str]] = {"default": {}, "a": role()}
    sections[where]["mfa_serial"] = serial
    said = problem(catalogue(sections), "a")
    assert said.code == "profile_mfa"
    assert f"of profile {where}" in str(said.title)
    assert "mfa/" in str(said.hint)


def test_the_arn_of_a_user_is_told_what_a_device_looks_like() -> None:
    """The commonest slip: the user's ARN, which the console shows first."""
    said = problem(catalogue({"default": {"mfa_serial": f"{ACCOUNT}:user/alice"}, "a": role()}), "a")
    assert "ARN of an IAM user" in str(said.title)
    assert f"begins with {ACCOUNT}:mfa/" in str(said.hint)
    assert "AWS console shows" in str(said.hint)


@pytest.mark.parametrize(
    "serial",
    [
        PHONE,
        f"{ACCOUNT}:mfa/team/alice",
        f"{ACCOUNT}:mfa/alice@example.com",
        f"{ACCOUNT}:mfa/root-account-mfa-device",
        "arn:aws-cn:iam::111111111111:mfa/alice",
        "arn:aws-us-gov:iam::111111111111:mfa/alice",
        "arn:aws-iso-b:iam::111111111111:mfa/alice",
        "arn:aws-eusc:iam::111111111111:mfa/alice",
        "GAHT12345678",
        "123456789",
        "0" * 256,
    ],
)
def test_whatever_can_be_a_device_stays_good(serial: str) -> None:
    """Virtual devices of every partition, with a path or without, and the number on a hardware token."""
    assert identity_of(catalogue({"default": {"mfa_serial": serial}}), "default").mfa_serial == serial


def test_a_hardware_token_has_a_bare_serial() -> None:
    """It tells no partition, so the roles do."""
    found = catalogue({"a": role(mfa_serial="GAHT12345678", arn="arn:aws-cn:iam::222222222222:role/Admin")})
    assert role_of(found, "a").endpoint.region == "cn-north-1"
    assert identity_of(found, "a").endpoint.region == "cn-north-1"


def test_a_role_in_another_partition_is_refused_before_any_code() -> None:
    """There is no way from one partition to another; the mistake may be deeper in the chain."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE},
            "a": role(arn="arn:aws-cn:iam::222222222222:role/Admin"),
            "b": role("a"),
        }
    )
    assert problem(found, "a").code == "profile_partition"
    assert "b → a" in str(problem(found, "b").title)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "Admin",
        "arn:aws:iam::22222222222:role/Admin",
        "arn:aws:iam::222222222222:user/alice",
        "arn:aws:iam::222222222222:role/",
        ADMIN + " ; prod",
        ADMIN + "\nx",
        "arn:aws:iam::222222222222:role/" + "x" * 2048,
        "arn:aws:iam::٢٢٢٢٢٢٢٢٢٢٢٢:role/Admin",
    ],
)
def test_a_malformed_role_arn_is_a_problem(arn: str) -> None:
    """A comment after a value is part of it for botocore, and so it is for us."""
    assert problem(catalogue({"a": role(arn=arn, mfa_serial=PHONE)}), "a").code == "profile_role_arn"


@pytest.mark.parametrize("account", ["", "2222222222", "2222222222222", "<account>", "22222222222a"])
def test_a_role_of_no_account_is_told_what_an_account_is(account: str) -> None:
    """Not that it is no role's: the zeros in front get lost in spreadsheets."""
    found = catalogue({"a": role(arn=f"arn:aws:iam::{account}:role/Admin", mfa_serial=PHONE)})
    assert "no account of twelve digits" in str(problem(found, "a").title)
    assert "zeros in front" in str(problem(found, "a").hint)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("external_id", "x"),
        ("external_id", "a b"),
        ("external_id", "x" * 1225),
        ("role_session_name", "x"),
        ("role_session_name", "a/b"),
        ("role_session_name", "x" * 65),
        ("duration_seconds", "899"),
        ("duration_seconds", "43201"),
        ("duration_seconds", "1h"),
        ("duration_seconds", ""),
        ("duration_seconds", "3_600"),
        ("duration_seconds", "٣٦٠٠"),
        ("duration_seconds", "9" * 5000),
        ("region", "eu west 1"),
        ("region", "eu-west-1 # home"),
        ("sts_regional_endpoints", "sometimes"),
        ("endpoint_url", "localhost:4566"),
        ("endpoint_url", "ftp://example.com"),
        ("endpoint_url", "http://"),
        ("endpoint_url", "http://a b/"),
        ("endpoint_url", "http://[::1"),
        ("endpoint_url", "http://example.com:99999"),
        ("services", "missing"),
    ],
)
def test_a_value_that_aws_would_refuse_is_a_problem_before_any_code(key: str, value: str) -> None:
    """It is said, never silently ignored, and it names the profile and the section to repair."""
    found = catalogue({"default": {"mfa_serial": PHONE}, "a": role(**{key: value}), "fine": role()})
    assert "Profile a" in str(problem(found, "a").title) or "profile a" in str(problem(found, "a").title)
    assert "[profile a]" in str(problem(found, "a").hint)
    served(found, "fine")


@pytest.mark.parametrize(
    "key", ["role_arn", "source_profile", "mfa_serial", "region", "external_id", "endpoint_url", "services"]
)
def test_an_indented_block_where_a_value_belongs_is_a_problem(key: str) -> None:
    """Botocore makes such a block a table."""
    section: dict[str, str | Mapping[str, str]] = {**role(mfa_serial=PHONE), key: {"a": "b"}}
    assert problem(catalogue({"a": section}), "a").code == "profile_value"


def test_a_service_section_must_have_a_block_for_sts() -> None:
    """A plain value there is malformed."""
    sections = {"a": role(mfa_serial=PHONE, services="local")}
    assert problem(catalogue(sections, {"local": {"sts": "x"}}), "a").code == "profile_endpoint"
    url = {"local": {"sts": {"endpoint_url": "http://127.0.0.1:1"}}}
    assert role_of(catalogue(sections, url), "a").endpoint.url == "http://127.0.0.1:1"


def test_nothing_but_region_and_serial_is_inherited_from_default() -> None:
    """G4: role, source, external id, endpoint and the rest of [default] stay its own."""
    found = catalogue(
        {
            "base": {"mfa_serial": TOKEN},
            "default": role(
                "base",
                mfa_serial=PHONE,
                region="eu-west-1",
                external_id="xx",
                role_session_name="xx",
                duration_seconds="900",
                endpoint_url="https://sts.example.com",
                use_fips_endpoint="true",
            ),
            "a": role("base", arn=AUDIT),
            "b": KEYS,
        }
    )
    assert served(found, "a").region == "eu-west-1"
    assert identity_of(found, "a").mfa_serial == TOKEN
    target = role_of(found, "a")
    assert (target.external_id, target.session_name, target.seconds) == (None, "trayexec-alice", 3600)
    assert (target.endpoint.url, target.endpoint.use_fips) == (None, False)
    assert served(found, "b").role_arn is None
    assert identity_of(found, "b").keys == "b"


def test_the_region_comes_from_the_profile_then_its_sources_then_default() -> None:
    """And is unknown if none of them has one: the caller's own variable is for the caller to use."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE, "region": "eu-west-1"},
            "hub": role(region="eu-west-2"),
            "far": role("hub", region="eu-west-3"),
            "near": role("hub"),
            "plain": role(),
        }
    )
    assert [served(found, name).region for name in ("far", "near", "plain")] == ["eu-west-3", "eu-west-2", "eu-west-1"]
    assert served(catalogue({"a": role(mfa_serial=PHONE)}), "a").region is None


def test_a_region_of_another_partition_is_not_inherited() -> None:
    """Keys of China at an endpoint of Europe would only be refused."""
    found = catalogue(
        {
            "default": {"mfa_serial": PHONE, "region": "eu-west-1"},
            "cn": {"mfa_serial": "arn:aws-cn:iam::111111111111:mfa/me"},
        }
    )
    assert served(found, "cn").region is None
    assert identity_of(found, "cn").endpoint.region == "cn-north-1"


@pytest.mark.parametrize(
    ("partition", "environment", "region"),
    [
        ("aws", {}, "us-east-1"),
        ("aws-cn", {}, "cn-north-1"),
        ("aws-us-gov", {}, "us-gov-west-1"),
        ("aws-eusc", {}, "eusc-de-east-1"),
        ("aws", {"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-south-1"}, "eu-north-1"),
        ("aws", {"AWS_DEFAULT_REGION": "eu-south-1"}, "eu-south-1"),
        ("aws-cn", {"AWS_REGION": "eu-north-1"}, "cn-north-1"),
        ("aws", {"AWS_REGION": "not a region"}, "us-east-1"),
    ],
)
def test_sts_always_has_a_region(partition: str, environment: dict[str, str], region: str) -> None:
    """G17: the agent's own variables come next, then the partition's first region."""
    serial = f"arn:{partition}:iam::111111111111:mfa/me"
    found = catalogue({"default": {"mfa_serial": serial}}, environment=environment)
    assert identity_of(found, "default").endpoint.region == region
    assert served(found, "default").region is None


def test_a_partition_nobody_knows_yet_needs_a_region() -> None:
    """A new one works as soon as the profile says where."""
    serial = "arn:aws-moon:iam::111111111111:mfa/me"
    found = catalogue({"a": {"mfa_serial": serial}, "b": {"mfa_serial": serial, "region": "moon-north-1"}})
    assert problem(found, "a").code == "profile_region"
    assert identity_of(found, "b").endpoint.region == "moon-north-1"


def test_a_region_where_nobody_knows_the_keys_is_a_problem() -> None:
    """Asked there, STS would call the session unknown, and we would forget it; by a URL something else is asked."""
    lines = {"mfa_serial": PHONE, "region": "cn-north-1"}
    found = catalogue({"a": lines, "b": {**lines, "endpoint_url": "http://127.0.0.1:5000"}})
    assert problem(found, "a").code == "profile_partition"
    assert identity_of(found, "b").endpoint.region == "cn-north-1"


def test_a_region_of_another_partition_is_passed_over_in_a_source() -> None:
    """Nobody knows the keys there; to botocore the region of a source says nothing either."""
    found = catalogue({"default": {"mfa_serial": PHONE, "region": "cn-north-1"}, "a": role(region="eu-west-1")})
    assert identity_of(found, "a").endpoint.region == "us-east-1"


def test_a_hardware_token_is_in_the_partition_of_its_region() -> None:
    """Its number does not tell."""
    found = catalogue({"default": {"mfa_serial": "GAHT12345678", "region": "us-gov-west-1"}})
    assert identity_of(found, "default").partition == "aws-us-gov"


HOSTILE = [
    "__proto__",
    "../x",
    "a\nb",
    "'q\"",
    "ünïcødé 日本",
    "a:b",
    "a/b c",
    "{x}",
    "--",
    "\x1b[31m",
    "",
    "%s",
    "🦀" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_just_names(name: str) -> None:
    """G16: they lead where they say, and what is shown of them cannot move a terminal's cursor."""
    found = catalogue({name: {"mfa_serial": PHONE}, "a": role(name), "b": role(name + "?")})
    assert identity_of(found, "a").keys == name
    assert identity_of(found, "a").name.isprintable()
    for text in (problem(found, "b").title, problem(found, "b").hint):
        assert str(text).isprintable()


@pytest.mark.parametrize("user", ["alice", "DOMAIN\\älice smith", "", "x" * 200])
def test_a_session_name_is_made_for_any_login_name(user: str) -> None:
    """STS takes 2 to 64 characters of a small set."""
    name = session_names.usual(user)
    assert role_of(catalogue({"a": role(mfa_serial=PHONE, role_session_name=name)}), "a").session_name == name


@pytest.mark.parametrize(
    ("sections", "hint"),
    [
        ({"default": {"mfa_serial": PHONE}, "a": {"role_arn": ADMIN}}, "source_profile = default under"),
        ({"a": {"role_arn": ADMIN, "mfa_serial": PHONE} | KEYS}, "source_profile = a under"),
        ({"default": {"role_arn": ADMIN}, "a": {"role_arn": ADMIN}, "me": {"mfa_serial": PHONE}}, "= me under"),
        ({"a": {"role_arn": ADMIN}, "me": {"mfa_serial": PHONE}, "you": KEYS}, "me, you"),
        ({"a": {"role_arn": ADMIN}}, "source_profile = default under"),
        ({"me": {}, "a": {"role_arn": ADMIN, "source_profile": "me # mine"}}, "source_profile = me under"),
        ({"me": {}, "a": {"role_arn": ADMIN, "source_profile": '"me"'}}, "source_profile = me under"),
        ({"a": {"role_arn": ADMIN, "source_profile": "default # the base"}}, "source_profile = default under"),
        ({"Base": {}, "base2": {}, "a": {"role_arn": ADMIN, "source_profile": "base"}}, "Did you mean Base?"),
        (
            {"prod-eu": role(), "prod-us": role(), "a": {"role_arn": ADMIN, "source_profile": "prod"}},
            "prod-eu (222222222222), prod-us (222222222222)",
        ),
        ({"a": {"role_arn": ADMIN, "source_profile": "nothing like it"}}, '[profile "nothing like it"]'),
    ],
)
def test_a_source_is_proposed_that_would_do(sections: dict[str, Section], hint: str) -> None:
    """The profile's own name where it has the keys itself, [default] where that has some, near ones for a slip."""
    assert hint in str(problem(catalogue(sections), "a").hint)


def test_what_thousands_of_roles_have_in_common_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The identity and its place are not looked for anew for each role: one look a role, and one for the keys."""
    looks: list[str] = []
    look = endpoint_of

    def counted(
        sections: Sections, chain: Sequence[str], partition: str, known: dict[tuple[object, ...], StsEndpoint]
    ) -> StsEndpoint:
        looks.append(chain[0])
        return look(sections, chain, partition, known)

    monkeypatch.setattr(resolving, "endpoint_of", counted)
    many = {f"p{number}": role("base") for number in range(500)}
    found = catalogue({"base": {"mfa_serial": PHONE}, **many})
    assert len(found.identities) == 1
    assert len({id(served(found, name).identity) for name in many}) == 1
    assert len(looks) <= len(many) + 2


def test_many_devices_of_one_key_are_named_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a name of its own, and to give it costs the same however many others there are."""
    looks: list[str] = []
    device = resolving._device

    def counted(serial: str) -> str:
        looks.append(serial)
        return device(serial)

    monkeypatch.setattr(resolving, "_device", counted)
    count = 500
    found = catalogue(
        {f"p{n}": role("base", mfa_serial=f"arn:aws:iam::111111111111:mfa/m{n}") for n in range(count)} | {"base": {}}
    )
    assert len({one.name for one in found.identities}) == count
    assert len(looks) <= 3 * count


@pytest.mark.parametrize("end", ["the keys", "a loop"])
def test_a_very_long_chain_is_refused_where_it_is_too_long(end: str) -> None:
    """A thousand sources in a row, ending or going round: refused by all but those near the keys."""
    last = {"mfa_serial": PHONE} if end == "the keys" else role("p0")
    found = catalogue({**{f"p{n}": role(f"p{n + 1}") for n in range(1000)}, "p1000": last})
    assert problem(found, "p0").code == "profile_too_long"
    assert sum(isinstance(one, Profile) for one in found.profiles.values()) == (17 if end == "the keys" else 0)

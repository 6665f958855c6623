"""What holds of a resolution whatever the files say."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trayexec.core.config.mixing import mixed
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Role
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Section, Sections
from trayexec.core.config.sources import LONGEST_CHAIN
from trayexec.light.errors import visible

PHONE = "arn:aws:iam::111111111111:mfa/phone"
ROLE = "arn:aws:iam::222222222222:role/Admin"

# A busy machine is no failure.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Few names, so that sources meet, miss and go round; the odd one to be treated like any other.
NAMES = st.sampled_from(["default", "a", "b", "c", "d", "__proto__", "../x\n"])
# Mostly sound, so that whole chains come out served; now and then anything at all.
VALUES: dict[str, st.SearchStrategy[str]] = {
    "role_arn": st.sampled_from([ROLE, ROLE, ROLE + "2", ROLE.replace("aws", "aws-cn", 1), "nonsense"]),
    "source_profile": NAMES,
    "mfa_serial": st.sampled_from([PHONE, PHONE, PHONE + "2", "GAHT12345678", PHONE.replace("mfa", "u2f"), ""]),
    "region": st.sampled_from(["eu-west-1", "us-east-2", "cn-north-1", "no region", ""]),
    "external_id": st.sampled_from(["good", "x"]),
    "duration_seconds": st.sampled_from(["900", "43200", "1"]),
    "role_session_name": st.sampled_from(["good", "x"]),
    "endpoint_url": st.sampled_from(["http://127.0.0.1:1", "https://two.example.com", "rubbish"]),
    "services": st.sampled_from(["local", "missing"]),
    "use_fips_endpoint": st.sampled_from(["true", "false"]),
    "aws_access_key_id": st.just(""),
    "credential_process": st.sampled_from(["trayexec credential-process a", "other"]),
    "sso_session": st.just("corp"),
    "web_identity_token_file": st.sampled_from(["/token", "token", ""]),
    "credential_source": st.sampled_from(["Ec2InstanceMetadata", "Environment", "other"]),
    "include_profile": NAMES,
}
SOUND = ("role_arn", "source_profile", "mfa_serial", "region", "external_id", "aws_access_key_id")
SECTIONS = st.one_of(
    st.fixed_dictionaries(
        {"role_arn": st.just(ROLE), "source_profile": NAMES}, optional={"mfa_serial": st.just(PHONE)}
    ),
    st.fixed_dictionaries({}, optional={key: VALUES[key] for key in SOUND}),
    st.fixed_dictionaries({}, optional=VALUES),
    st.dictionaries(
        st.sampled_from(sorted(VALUES)) | st.text(max_size=8),
        st.text(max_size=8) | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        max_size=5,
    ),
)
PROFILES = st.dictionaries(NAMES, SECTIONS, max_size=7)
ENVIRONMENTS = st.dictionaries(
    st.sampled_from(["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_USE_FIPS_ENDPOINT", "AWS_ENDPOINT_URL"]),
    st.sampled_from(["eu-north-1", "true", "http://127.0.0.1:9", ""]),
    max_size=1,
)
SERVICES: Mapping[str, Section] = {"local": {"sts": {"endpoint_url": "http://127.0.0.1:2"}}}


def catalogue(profiles: Mapping[str, Section], environment: Mapping[str, str] | None = None) -> Catalogue:
    """What these sections resolve to."""
    return resolve(Sections(profiles, SERVICES, environment or {}), session_name="trayexec-alice")


def links(profile: Profile) -> list[Role]:
    """The roles from the profile's own to the one nearest to the keys."""
    found: list[Role] = []
    target = profile.target
    while isinstance(target, Role):
        found.append(target)
        target = target.source
    return found


def reached(profiles: Mapping[str, Section], name: str) -> set[str]:
    """Every profile that can be come to from this one by following sources and what is mixed in, and itself."""
    found = set[str]()
    ahead = {name}
    while ahead:
        found |= ahead
        sections = [profiles.get(one, {}) for one in ahead]
        named = [one.get(key) for one in sections for key in ("source_profile", "include_profile", "parent_profile")]
        ahead = {one for one in named if isinstance(one, str)} - found
    return found


@patient
@given(PROFILES, ENVIRONMENTS)
def test_every_profile_comes_out_exactly_once_in_order(
    profiles: dict[str, Section], environment: dict[str, str]
) -> None:
    """Nothing raises, nothing is lost, nothing is invented, and every problem is a sentence with a fix."""
    found = catalogue(profiles, environment)
    assert list(found.profiles) == list(profiles)
    for name, profile in found.profiles.items():
        assert profile.name == name
        if not isinstance(profile, Profile):
            assert str(profile.problem.title) == visible(str(profile.problem.title))
            assert str(profile.problem.hint) == visible(str(profile.problem.hint))


@patient
@given(PROFILES)
def test_a_served_chain_is_short_and_ends_in_the_keys_of_a_profile_along_the_way(profiles: dict[str, Section]) -> None:
    """One role for each profile of the chain, and the keys of one that the chain comes to."""
    for name, profile in catalogue(profiles).profiles.items():
        if isinstance(profile, Profile):
            assert len(links(profile)) <= min(LONGEST_CHAIN, len(profiles))
            root = profile.root
            assert (root.keys if isinstance(root, Identity) else root.profile) in reached(profiles, name)


@patient
@given(PROFILES, ENVIRONMENTS)
def test_a_chain_stays_at_one_place_and_in_one_partition(
    profiles: dict[str, Section], environment: dict[str, str]
) -> None:
    """No step sends its credentials to another host than the others, and every step has a region."""
    for profile in catalogue(profiles, environment).profiles.values():
        if isinstance(profile, Profile):
            endpoints = [role.endpoint for role in links(profile)] + [profile.root.endpoint]
            assert len({endpoint.url for endpoint in endpoints}) == 1
            assert all(endpoint.region for endpoint in endpoints)
            assert len({role.arn.split(":")[1] for role in links(profile)}) <= 1


@patient
@given(PROFILES, SECTIONS)
def test_only_region_and_serial_are_inherited_from_default(
    profiles: dict[str, Section], default: dict[str, str]
) -> None:
    """Whoever has both of them and does not come to [default] does not care what [default] says, or whether it is."""
    before = {**profiles, "default": default}
    after = {name: section for name, section in profiles.items() if name != "default"}
    one, other = catalogue(before), catalogue(after)
    for name in after:
        way = reached(after, name)
        complete = all(after.get(each, {}).get("region") for each in way)
        if complete and "default" not in way and any("mfa_serial" in after.get(each, {}) for each in way):
            assert decided(one, name) == decided(other, name)


def decided(found: Catalogue, name: str) -> object:
    """What a profile leads to, or what is wrong with it. A hint may name any profile that there is."""
    profile = found.profiles[name]
    if isinstance(profile, Profile):
        return profile
    return profile.problem.code, str(profile.problem.title), profile.region, profile.role_arn


@patient
@given(PROFILES)
def test_what_default_gives_is_no_more_than_region_and_serial(profiles: dict[str, Section]) -> None:
    """A [default] reduced to those two lines is as good as the whole, for everyone who does not have it as a source.

    What it names as its own source is by that an identity, even with nothing but settings. The two lines may stand in
    what it includes.
    """
    default = mixed(Sections(profiles, SERVICES, {})).profiles.get("default", {})
    reduced = {key: default[key] for key in ("region", "mfa_serial") if key in default}
    one, other = catalogue(profiles), catalogue({**profiles, "default": reduced})
    for name in profiles:
        if "default" not in reached(profiles, name) and name != default.get("source_profile"):
            assert decided(one, name) == decided(other, name)


def _includes(section: Section) -> bool:
    return not {"include_profile", "parent_profile"}.isdisjoint(section)


@patient
@given(PROFILES, NAMES.filter(lambda name: name != "default"), SECTIONS)
def test_a_profile_matters_only_to_those_that_come_to_it(
    profiles: dict[str, Section], name: str, section: Section
) -> None:
    """Broken, repaired or rewritten: it changes nobody else's result, but for what it names as its own source.

    What [default] includes matters to everybody, as its region and its serial do.
    """
    one, other = catalogue({**profiles, name: {"sso_session": "x"}}), catalogue({**profiles, name: section})
    there = {**profiles, name: {}}
    of_all = reached(there, "default") if _includes(profiles.get("default", {})) else set()
    including = [
        section,
        *(said for each, said in profiles.items() if _includes(said) and name in reached(there, each)),
    ]
    named = [said.get("source_profile") for said in including]
    for each in profiles:
        if name not in reached(there, each) | of_all and each not in named:
            assert decided(one, each) == decided(other, each)


@patient
@given(PROFILES)
def test_no_two_identities_have_the_same_name(profiles: dict[str, Section]) -> None:
    """People can name each of them, and equal ones are one."""
    identities = catalogue(profiles).identities
    assert len({identity.name for identity in identities}) == len(set(identities)) == len(identities)

"""Which endpoint is AWS's own: any other is shown to whoever types a code."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from trayexec.core.config.endpoints import endpoint_of, foreign
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.config.sections import ProfileError, Section, Sections

PIECES = (
    *("sts.amazonaws.com", "evil.example", "127.0.0.1", "[::1]", "443", "sts.s3", "%2e", "%40", "%5c"),
    *("@", ":", "/", "?", "#", "\\", ".", ";", "\uff0f", "\u3002", "\u0455ts", "&", "$"),
)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "https://sts.amazonaws.com",
        "https://sts.eu-central-1.amazonaws.com/",
        "https://sts.eu-central-1.amazonaws.com:443",
        "https://sts-fips.us-east-1.amazonaws.com",
        "https://sts.us-west-2.api.aws",
        "https://sts.cn-north-1.amazonaws.com.cn",
        "https://STS.us-gov-west-1.amazonaws.com",
    ],
)
def test_awss_own(url: str | None) -> None:
    """Global, regional, FIPS, dual stack, partitions: nothing to show."""
    assert foreign(url) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:4566", "127.0.0.1:4566"),
        ("http://[::1]:80", "[::1]:80"),
        ("http://sts.eu-central-1.amazonaws.com", "sts.eu-central-1.amazonaws.com"),  # nobody vouches for it
        ("https://sts.amazonaws.com:8443", "sts.amazonaws.com:8443"),
        ("https://bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"),
        ("https://x.execute-api.us-east-1.amazonaws.com", "x.execute-api.us-east-1.amazonaws.com"),
        ("https://ec2-1-2-3-4.compute-1.amazonaws.com", "ec2-1-2-3-4.compute-1.amazonaws.com"),
        ("https://sts.evil.us-east-1.amazonaws.com", "sts.evil.us-east-1.amazonaws.com"),
        ("https://sts.s3.amazonaws.com", "sts.s3.amazonaws.com"),  # a bucket of that name
        ("https://sts.s3-eu-west-1.amazonaws.com", "sts.s3-eu-west-1.amazonaws.com"),
        ("https://sts.amazonaws.com@evil.example", "evil.example"),
        ("https://sts.amazonaws.com.evil.example", "sts.amazonaws.com.evil.example"),
        ("https://sts\u200b.amazonaws.com", "sts\\u200b.amazonaws.com"),
    ],
)
def test_all_others_are_named_by_their_host(url: str, host: str) -> None:
    """Without user names, in plain characters; what anybody can have under amazonaws.com is not AWS's own."""
    assert foreign(url) == host


def test_a_letter_that_looks_like_another_is_escaped() -> None:
    """A Cyrillic letter in AWS's own name is not shown as what it looks like."""
    assert foreign("https://\u0455ts.amazonaws.com") == "\\u0455ts.amazonaws.com"


@example(["evil.example", "\\", "@", "sts.amazonaws.com"])
@example(["evil.example", "\\", ".", "@", "sts.amazonaws.com", "/"])
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6))
def test_the_host_that_is_judged_is_the_one_that_is_reached(pieces: list[str]) -> None:
    """An address that urllib3, which connects, and the standard library read differently is refused."""
    url = "https://" + "".join(pieces)
    try:
        endpoint_of(Sections({"default": {}}, {}, {"AWS_ENDPOINT_URL_STS": url}), ["default"], "aws", {})
    except ProfileError:
        return
    try:
        reached = (parse_url(url).host or "").strip("[]")
    except LocationParseError:
        return  # it cannot be reached at all
    judged = urlsplit(url).hostname or ""
    assert reached == judged or not judged.isascii()
    if foreign(url) is None:
        assert reached == "sts.amazonaws.com"


SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "region": st.sampled_from(["eu-west-1", "us-east-1", "no region"]),
        "endpoint_url": st.sampled_from(["https://one.test", "https://two.test", "none"]),
        "services": st.sampled_from(["corp", "nowhere"]),
        "use_fips_endpoint": st.sampled_from(["true", "false"]),
        "sts_regional_endpoints": st.sampled_from(["legacy", "regional", "neither"]),
        "ca_bundle": st.sampled_from(["/ca.pem", "{'a': 'block'}", {"a": "block"}]),
        "output": st.sampled_from(["json", "text"]),
    },
)


@given(SECTIONS, SECTIONS, st.sampled_from(["", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL", "AWS_STS_REGIONAL_ENDPOINTS"]))
def test_an_endpoint_that_is_known_is_the_profiles_own(one: Section, other: Section, variable: str) -> None:
    """Whatever other profiles of the file say: what is kept for those that say the same changes nothing."""
    services = {"corp": {"sts": {"endpoint_url": "https://sts.corp.test"}}}
    sections = Sections({"one": one, "other": other}, services, {variable: "https://variable.test"})

    def found(profile: str, known: dict[tuple[object, ...], StsEndpoint]) -> StsEndpoint | tuple[str, str]:
        try:
            return endpoint_of(sections, [profile], "aws", known)
        except ProfileError as error:
            return error.profile, str(error)

    known: dict[tuple[object, ...], StsEndpoint] = {}
    for profile in ("one", "other", "one"):
        assert found(profile, known) == found(profile, {})

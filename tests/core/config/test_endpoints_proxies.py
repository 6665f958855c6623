"""Proxies: which one is on the way to STS, as botocore has it, and what of it makes another session."""

import itertools
import urllib.request

import pytest

from trayexec.core.config.endpoints import around, proxy_of
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Role, StsEndpoint
from trayexec.core.config.resolve import resolve
from trayexec.core.config.sections import Sections

bypass = vars(urllib.request)["proxy_bypass_environment"]  # it is documented nowhere, but is what botocore asks
LISTS = [
    "",
    "*",
    "example.com",
    ".example.com",
    "host:8080",
    "HOST",
    " a , b.example.com ",
    "127.0.0.1",
    "..x",
    "*.com",
]
HOSTS = [
    "example.com",
    "sts.example.com",
    "notexample.com",
    "host",
    "host:8080",
    "host:9",
    "127.0.0.1:80",
    "A",
    "x.com",
]
PROFILES = {
    "default": {"mfa_serial": "arn:aws:iam::111111111111:mfa/alice", "region": "eu-west-1"},
    "a": {"role_arn": "arn:aws:iam::222222222222:role/R", "source_profile": "default"},
}


@pytest.mark.parametrize(("no_proxy", "host"), [*itertools.product(LISTS, HOSTS)])
def test_no_proxy_is_read_as_the_standard_library_reads_it(no_proxy: str, host: str) -> None:
    """Which is what botocore asks."""
    assert around(no_proxy, host) == bool(bypass(host, {"no": no_proxy}))


def role(**environment: str) -> Role:
    """What `a` leads to for a caller with this environment."""
    found: Catalogue = resolve(Sections(PROFILES, {}, environment), session_name="s")
    profile = found.profiles["a"]
    assert isinstance(profile, Profile)
    assert isinstance(profile.target, Role)
    return profile.target


def identity_of(found: Role) -> Identity:
    """The identity at the end of its chain."""
    assert isinstance(found.root, Identity)
    return found.root


def test_one_code_whatever_the_proxy_where_tls_keeps_it_out() -> None:
    """The session is the same; the role is asked for by the caller's own way."""
    here, there = role(), role(HTTPS_PROXY="http://proxy:1")
    assert here.root == there.root
    assert (here.endpoint.proxy, there.endpoint.proxy, identity_of(there).endpoint.proxy) == (
        None,
        "http://proxy:1",
        "http://proxy:1",
    )


def test_without_tls_the_proxy_is_part_of_the_session() -> None:
    """It can read the code, and answer in AWS's stead; unless it is not on the way."""
    url = {"AWS_ENDPOINT_URL": "http://sts.example"}
    plain = role(**url).root
    assert role(**url, http_proxy="http://proxy:1").root != plain
    assert role(**url, http_proxy="http://proxy:1", no_proxy=".example").root == plain
    assert role(**url, https_proxy="http://proxy:1").root == plain


def test_no_password_of_a_proxy_is_shown() -> None:
    """Neither to a person nor in a repr."""
    endpoint = StsEndpoint("eu-west-1", proxy="http://me:s3cret@proxy:1/")
    assert proxy_of(endpoint) == "proxy:1"
    shown = repr((role(HTTPS_PROXY="http://me:s3cret@proxy:1"), role(HTTPS_PROXY="http://me:s3cret@proxy:1").root))
    way = repr(role(AWS_ENDPOINT_URL="http://x", HTTP_PROXY="http://me:s3cret@proxy:1").root)
    assert "s3cret" not in repr(endpoint) + shown + way

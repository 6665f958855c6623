"""Which endpoint is AWS's own: any other is shown to whoever types a code."""

import pytest

from trayexec.core.endpoints import foreign


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
        ("https://sts.amazonaws.com@evil.example", "evil.example"),
        ("https://sts.amazonaws.com.evil.example", "sts.amazonaws.com.evil.example"),
        ("https://sts\u200b.amazonaws.com", "sts\\u200b.amazonaws.com"),
    ],
)
def test_all_others_are_named_by_their_host(url: str, host: str) -> None:
    """Without user names, in plain characters; what anybody can have under amazonaws.com is not AWS's own."""
    assert foreign(url) == host

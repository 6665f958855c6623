"""Decides where STS is reached for a profile: region, partition, endpoint, as botocore does. It must not know botocore.

Differs from botocore 1.44 on purpose in three points: a region is inherited (a profile's sources, then `[default]`),
a profile's region beats the environment's, and there is always a region, because the tokens of the global endpoint
do not work in opt-in regions (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from trayexec.core.config import problems
from trayexec.core.config.partitions import PARTITIONS, partition_of
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.config.sections import ProfileError, Sections, shown

# What a section says of how STS is reached, beside the region.
_SETTINGS = frozenset(
    {
        *("endpoint_url", "ignore_configured_endpoint_urls", "services", "use_fips_endpoint", "use_dualstack_endpoint"),
        *("sts_regional_endpoints", "ca_bundle"),
    }
)
_PORT = re.compile(r":[0-9]*\Z")
_REGION = re.compile(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")  # botocore.utils.validate_region_name
# The hosts of botocore's data/endpoints.json and its rules for STS: global, regional, FIPS and dual stack.
_AWS_STS = re.compile(
    r"sts(-fips)?(\.[a-z]{2,8}(-[a-z]+)+-\d{1,2})?\."
    r"(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.(com\.cn|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov"
    r"|cloud\.adc-e\.uk|csp\.hci\.ic\.gov|api\.aws\.(ic|scloud|hci\.ic)\.gov)"
)
_AWS_HOST = re.compile(r"(.+\.)?(amazonaws\.(com(\.cn)?|eu)|api\.aws|api\.amazonwebservices\.(com\.cn|eu))")
# A backslash ends the host to urllib3, which connects, and not to urlsplit, by which we judge and sign.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


def region_of(sections: Sections, chain: Sequence[str], partition: str) -> str | None:
    """The region of the first profile of `chain`: its own, else the next ones', else that of `[default]`.

    An inherited region of another partition is passed over: it could not work. Raises ProfileError for a malformed one.
    """
    own = _region(sections, chain[0])
    if own:
        return own
    inherited = (_region(sections, profile) for profile in (*chain[1:], "default"))
    return next((region for region in inherited if region and partition_of(region).name == partition), None)


def first_region(sections: Sections, chain: Sequence[str]) -> str | None:
    """The first region along `chain`, and last that of `[default]`. Raises ProfileError for a malformed one."""
    return next((region for profile in (*chain, "default") if (region := _region(sections, profile))), None)


def inherits_region(sections: Sections, chain: Sequence[str]) -> bool:
    """Whether only [default], by itself or as a source, says a region for the first profile of `chain`."""
    return chain[0] != "default" and not any(_region(sections, one) for one in chain if one != "default")


def endpoint_of(
    sections: Sections, chain: Sequence[str], partition: str, known: dict[tuple[object, ...], StsEndpoint]
) -> StsEndpoint:
    """How STS is reached for the first profile of `chain`, all of it in `partition`. Raises ProfileError.

    `known` keeps the endpoints by all that profiles say of them: thousands say the same.
    """
    profile = chain[0]
    region = region_of(sections, chain, partition) or _fallback(sections, profile, partition)
    section = sections.profiles.get(profile, {})
    said = (region, *[(key, repr(section[key])) for key in _SETTINGS if key in section])  # a value may be a block
    if said not in known:
        known[said] = _endpoint(sections, profile, region)
    return known[said]


def _endpoint(sections: Sections, profile: str, region: str) -> StsEndpoint:
    direct = StsEndpoint(
        region=region,
        url=_url(sections, profile),
        use_fips=_flag(sections, profile, "use_fips_endpoint"),
        use_dualstack=_flag(sections, profile, "use_dualstack_endpoint"),
        sts_regional_endpoints=_regional(sections, profile),
        ca_bundle=_setting(sections, profile, "ca_bundle") or sections.environment.get("REQUESTS_CA_BUNDLE") or None,
    )
    scheme = "http" if direct.url is not None and is_open(direct.url) else "https"
    proxy = _proxy_variable(sections, scheme)
    return replace(direct, proxy=proxy, no_proxy=_proxy_variable(sections, "no")) if proxy else direct


def _proxy_variable(sections: Sections, name: str) -> str:
    """As urllib.request.getproxies_environment reads it for botocore: what stands in lower case wins, also empty."""
    value = sections.environment.get(f"{name}_proxy")
    return sections.environment.get(f"{name.upper()}_PROXY", "") if value is None else value


def is_open(url: str) -> bool:
    """Whether what is said at this endpoint can be read on the way."""
    return urlsplit(url).scheme == "http"


def around(no_proxy: str, host: str) -> bool:
    """Whether `host` (perhaps with a port) is reached without the proxy: urllib.request.proxy_bypass_environment."""
    if no_proxy == "*":
        return True
    whole = host.lower()
    bare = _PORT.sub("", whole)
    for name in no_proxy.split(","):
        word = name.strip().lstrip(".").lower()
        if word and any(one == word or one.endswith(f".{word}") for one in (bare, whole)):
            return True
    return False


def proxy_of(endpoint: StsEndpoint, host: str = "") -> str | None:
    """The proxy between us and STS, as a person is to see it: host and port, never who may use it.

    `host` is the one that is reached there, where that is known.
    """
    host = host or (urlsplit(endpoint.url).netloc if endpoint.url else f"sts.{endpoint.region}.amazonaws.com")
    if not endpoint.proxy or around(endpoint.no_proxy, host.rpartition("@")[2]):
        return None
    return shown(endpoint.proxy.rpartition("@")[2].rpartition("://")[2].rstrip("/"))


def reader_of(endpoint: StsEndpoint) -> str | None:
    """The proxy that can read what is said to this endpoint; None where there is none, or TLS keeps it out."""
    if endpoint.url is None or not is_open(endpoint.url) or proxy_of(endpoint) is None:
        return None
    return endpoint.proxy


def trusted_by(sections: Sections) -> str | None:
    """The caller's own word for whose certificates are good: with it, other hosts than AWS's may answer for AWS."""
    return sections.environment.get("AWS_CA_BUNDLE") or sections.environment.get("REQUESTS_CA_BUNDLE") or None


def foreign(url: str | None) -> str | None:
    """The host of an endpoint that is not AWS's own STS, as a person is to see it; None where AWS itself is reached.

    Not every host under amazonaws.com is AWS's: anybody can have a bucket, a gateway or a machine there, and `sts` is
    a good name for a bucket. Without TLS none is.
    """
    if url is None:
        return None
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" and _AWS_STS.fullmatch(host) and parts.port in {None, 443} and not _UNSAFE.search(url):
        return None
    host = host.encode("ascii", "backslashreplace").decode()  # a letter may look like another
    shown_host = f"[{host}]" if ":" in host else host
    return shown(shown_host if parts.port is None else f"{shown_host}:{parts.port}")


def of_others(url: str) -> str | None:
    """The host of a service's endpoint that is none of AWS's, as a person is to see it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = url
    return None if not host or _AWS_HOST.fullmatch(host) else shown(host)


def _region(sections: Sections, profile: str) -> str | None:
    region = sections.text(profile, "region")
    if not region or _REGION.fullmatch(region):
        return region or None
    raise ProfileError(profile, problems.no_region(profile, region))


def _fallback(sections: Sections, profile: str, partition: str) -> str:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        region = sections.environment.get(name, "")
        if _REGION.fullmatch(region) and partition_of(region).name == partition:
            return region
    if partition in PARTITIONS:
        return PARTITIONS[partition].first
    raise ProfileError(profile, problems.region_unknown(profile, partition))


def _setting(sections: Sections, profile: str, key: str) -> str | None:
    """A setting whose environment variable, named after it, beats the profile's own line."""
    value = sections.environment.get(f"AWS_{key.upper()}")
    return sections.text(profile, key) if value is None else value


def _flag(sections: Sections, profile: str, key: str) -> bool:
    return (_setting(sections, profile, key) or "").lower() == "true"


def _regional(sections: Sections, profile: str) -> str:
    value = _setting(sections, profile, "sts_regional_endpoints") or "regional"
    if value in {"regional", "legacy"}:
        return value
    raise ProfileError(profile, problems.no_regional_choice(profile, value))


def _url(sections: Sections, profile: str) -> str | None:
    if _flag(sections, profile, "ignore_configured_endpoint_urls"):
        return None
    url = (
        sections.environment.get("AWS_ENDPOINT_URL_STS")
        or sections.environment.get("AWS_ENDPOINT_URL")
        or _service_url(sections, profile)
        or sections.text(profile, "endpoint_url")
    )
    if not url or _is_url(url):
        return url or None
    raise ProfileError(profile, problems.no_endpoint(profile, url))


def _service_url(sections: Sections, profile: str) -> str | None:
    name = sections.text(profile, "services")
    if name is None:
        return None
    services = sections.services.get(name)
    sts = (services or {}).get("sts", {})
    if services and not isinstance(sts, str):
        return sts.get("endpoint_url")
    raise ProfileError(profile, problems.no_services(profile, name))


def _is_url(url: str) -> bool:
    if _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_plain = ":" in host or "%" not in host  # an escape in a name is undone before it is looked up
        return parts.scheme in {"http", "https"} and bool(host) and is_plain and parts.port != 0
    except ValueError:
        return False

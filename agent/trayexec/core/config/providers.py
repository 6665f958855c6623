"""Tells what stands behind a profile whose credentials are no keys of ours. It must not know files or botocore."""

import re
from collections.abc import Mapping

from trayexec.core.config import ownership, problems
from trayexec.core.config.profiles import Provider, SignIn, StsEndpoint
from trayexec.core.config.sections import ProfileError, Section, Sections
from trayexec.core.config.sources import NAMED, OF_THE_CALLER, SETTINGS, Source
from trayexec.light.errors import Trouble

# By which way the caller's machine reaches AWS (urllib.request.getproxies_environment), and whom it trusts there.
_WAY = (
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),
)
# How instance metadata are reached, by the profile and by the caller (botocore's configprovider.py, utils.py)
_METADATA = (
    *("ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode", "ec2_metadata_v1_disabled"),
    *("metadata_service_timeout", "metadata_service_num_attempts"),
)
_OF_METADATA = (
    *("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "AWS_EC2_METADATA_V1_DISABLED"),
    *("AWS_EC2_METADATA_DISABLED", "AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"),
)
_ENDPOINTS = (
    *("AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
    *("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
)
# Where the AWS CLI keeps the sign-ins of `aws login`, and where they are renewed (botocore's utils.py)
_OF_LOGIN = ("AWS_LOGIN_CACHE_DIRECTORY", "AWS_DEFAULT_REGION")
# The credentials in a caller's environment, which it sends where they are asked for (botocore's credentials.py,
# `EnvProvider` and `ContainerProvider`)
_GIVEN = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"),
    *("AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID"),
)
_OF_CONTAINER = (
    *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    *("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
)
GIVEN = frozenset({*_GIVEN, *_OF_CONTAINER})
_HEARD = {
    Source.INSTANCE: _OF_METADATA,
    Source.ENVIRONMENT: _GIVEN,
    Source.CONTAINER: (*_WAY, *_OF_CONTAINER),
    Source.SSO: (*_WAY, *_ENDPOINTS),
    Source.LOGIN: (*_WAY, *_ENDPOINTS, *_OF_LOGIN),
}
# What else may stand in a profile that says something of its credentials, whatever their kind.
_ACCOUNT = "aws_account_id"
_NUMBER = re.compile("[0-9]{12}")
_SAID = {
    kind: tuple(
        sorted(settings.union(_METADATA if kind is Source.INSTANCE else () if kind in OF_THE_CALLER else (_ACCOUNT,)))
    )
    for kind, settings in SETTINGS.items()
}
Variables = tuple[tuple[str, str], ...]


def heard(environment: Mapping[str, str], kind: Source) -> Variables:
    """What of the caller's environment decides how credentials of this kind are had."""
    return _there({name: environment.get(name) for name in _HEARD.get(kind, _WAY)})


def provider_of(
    sections: Sections, profile: str, kind: Source, *, endpoint: StsEndpoint, variables: Variables
) -> Provider:
    """What botocore is asked for `profile`, whose own credentials are of this kind. Raises ProfileError.

    `variables` are what `heard` says of the kind: the same for thousands of profiles.
    """
    if kind is Source.WEB_IDENTITY:
        variables = _there({**dict(variables), **_of_endpoint(endpoint)})
    return Provider(
        kind=kind,
        profile=profile,
        settings=_there({name: sections.text(profile, name) for name in _SAID[kind]}),
        files=sections.files,
        endpoint=endpoint,
        variables=variables,
        account=_account(sections, profile, kind) or "",
        sign_in=_sign_in(sections, profile, variables) if kind is Source.SSO else None,
    )


def lacking(provider: Provider) -> Trouble | None:
    """What the caller has not said of its own credentials, where they are meant; None where it has said enough."""
    said = dict(provider.variables)
    if provider.kind is Source.ENVIRONMENT and not said.get("AWS_ACCESS_KEY_ID"):
        return problems.none_in_environment(provider.profile)
    if provider.kind is Source.ENVIRONMENT and not (said.get("AWS_SECURITY_TOKEN") or said.get("AWS_SESSION_TOKEN")):
        return problems.keys_in_environment(provider.profile)
    if provider.kind is Source.CONTAINER and not any(said.get(name) for name in _OF_CONTAINER[:2]):
        return problems.no_container(provider.profile)
    return None


def _there(said: Mapping[str, str | None]) -> Variables:
    return tuple((name, value) for name, value in said.items() if value is not None)


def _sign_in(sections: Sections, profile: str, variables: Variables) -> SignIn:
    """Whose token the profile needs, as botocore's `SSOProvider` finds it. Raises ProfileError."""
    session = sections.text(profile, "sso_session")
    said: Section = sections.profiles[profile]
    if session is not None:
        found = sections.sso_sessions.get(session)
        if found is None:
            raise ProfileError(profile, problems.no_sso_session(profile, session))
        for key, value in found.items():
            if said.get(key, value) != value:
                raise ProfileError(profile, problems.two_sso_sessions(profile, key, session=session))
        said = {**said, **found}
    needed = ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name")
    missing = [key for key in needed if not isinstance(said.get(key), str) or not said[key]]
    if missing:
        raise ProfileError(profile, problems.half_of_sso(profile, missing))
    scopes = str(said.get("sso_registration_scopes", "")) if session is not None else ""
    return SignIn(
        session=session or "",
        start_url=str(said["sso_start_url"]),
        region=str(said["sso_region"]),
        scopes=tuple(one.strip() for one in scopes.split(",") if one.strip()),
        profile=profile,
        files=sections.files,
        variables=variables,
    )


def _of_endpoint(endpoint: StsEndpoint) -> Mapping[str, str | None]:
    """The variables by which botocore reaches STS there, whatever its files say of it."""
    return {
        "AWS_DEFAULT_REGION": endpoint.region,
        "AWS_ENDPOINT_URL_STS": endpoint.url,
        "AWS_USE_FIPS_ENDPOINT": str(endpoint.use_fips).lower(),
        "AWS_USE_DUALSTACK_ENDPOINT": str(endpoint.use_dualstack).lower(),
        "AWS_STS_REGIONAL_ENDPOINTS": endpoint.sts_regional_endpoints,
        "AWS_CA_BUNDLE": endpoint.ca_bundle,
    }


def _account(sections: Sections, profile: str, kind: Source) -> str | None:
    """The account that the settings name, if they do."""
    if kind is Source.WEB_IDENTITY:
        return (sections.text(profile, "role_arn") or "").split(":")[4]
    if kind is Source.LOGIN:
        return ownership.account_in(sections.text(profile, "login_session") or "")
    if kind is Source.SSO:
        return sections.text(profile, "sso_account_id")
    said = None if kind in NAMED.values() else sections.text(profile, _ACCOUNT)
    return said if said is not None and _NUMBER.fullmatch(said) else None

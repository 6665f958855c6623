"""Builds the AWS console's addresses: where a role's credentials become a sign-in, and where that leads. Pure.

Facts: "Enable custom identity broker access to the AWS console" in the IAM user guide
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html).
"""

import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from trayexec.core.config.partitions import PARTITIONS, partition_of
from trayexec.core.config.sections import shown
from trayexec.light.errors import TrayexecError, trouble

URL_LIFE = 900  # seconds that a sign-in URL works
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

# Where the console's path is not the name that the AWS CLI has for the service.
_PATHS = {
    "dynamodb": "dynamodbv2",
    "logs": "cloudwatch",
    "sfn": "states",
    "ssm": "systems-manager",
    "stepfunctions": "states",
}
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_SERVICE = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)*")


@dataclass(frozen=True, slots=True)
class FederationPage:
    """The federation endpoint to ask for a sign-in token, and the page to land on."""

    endpoint: str
    destination: str


def place_of(
    name: str, *, region: str | None, service: str | None, override: str | None, destination: str | None = None
) -> FederationPage:
    """Where one signs in, in the partition of this name, and lands: on the console's front page, unless told.

    `service` is its path in the console, `destination` a path there or a whole address, and `override` another
    federation endpoint, without its path. Raises TrayexecError (`console_partition`, `console_region`,
    `console_endpoint`, and `usage` for the service and the destination).
    """
    partition = PARTITIONS.get(name)
    if partition is None or partition.signin is None:
        raise TrayexecError(
            trouble(
                "console_partition",
                "Where the console of the AWS partition {partition} is, trayexec does not know.",
                "Sign in there as you do without trayexec.",
                partition=shown(name),
            )
        )
    region = region or partition.first
    if not _REGION.fullmatch(region) or partition_of(region) is not partition:
        raise TrayexecError(
            trouble(
                "console_region",
                "{region} is not a region of the AWS partition {partition}, where the role is.",
                "Name one with --region, such as {first}.",
                region=shown(region),
                partition=name,
                first=partition.first,
            )
        )
    if service is not None and not _SERVICE.fullmatch(service):
        raise TrayexecError(
            trouble(
                "usage",
                "{service} is not the name of a service.",
                "Write it as in the console's own addresses: s3, ec2, cloudformation, cloudwatch.",
                service=shown(service),
            )
        )
    path = _PATHS.get(service, service) if service is not None else "console"
    page = f"https://{region}.{partition.console}/{path}/home?{urlencode({'region': region})}"
    return FederationPage(
        f"{_checked(override)}/federation" if override else f"https://{partition.signin}/federation",
        page if destination is None else _landing(destination, region, str(partition.console)),
    )


def _landing(destination: str, region: str, console: str) -> str:
    """The address in the console: no other host gets a person who has just signed in."""
    url = f"https://{region}.{console}{destination}" if destination.startswith("/") else destination
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        inside = parts.scheme == "https" and parts.netloc == host and (host == console or host.endswith(f".{console}"))
    except ValueError:
        inside = False
    if inside and url.isascii() and url.isprintable() and not {" ", "\\"}.intersection(url):
        return url
    raise TrayexecError(
        trouble(
            "usage",
            "{destination} is no place in the console.",
            "Write a path that begins with /, or an address that begins with https:// and a host of {console}.",
            destination=shown(destination),
            console=console,
        )
    )


def login_url(place: FederationPage, token: str) -> str:
    """The address that signs in whoever opens it, for a quarter of an hour."""
    asked = {"Action": "login", "Issuer": "trayexec", "Destination": place.destination, "SigninToken": token}
    return f"{place.endpoint}?{urlencode(asked)}"


def _checked(url: str) -> str:
    """An endpoint that credentials may be sent to: encrypted, unless it is this machine."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and not parts.query and not parts.fragment and parts.port != 0
        usable = usable and "\\" not in url  # it ends the host to urllib3, which connects
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        usable = safe = False
    if usable and safe:
        return url.rstrip("/").removesuffix("/federation")
    raise TrayexecError(
        trouble(
            "console_endpoint",
            "Credentials are not sent to the sign-in endpoint {url}.",
            "Correct or unset AWS_ENDPOINT_URL_SIGNIN: it begins with https://.",
            url=shown(url),
        )
    )

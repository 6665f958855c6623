"""What each refusal and each accident of STS means for a person and for the session.

`federation` takes from here what is the same for every endpoint of AWS.

AWS's own messages are matched but never shown: some repeat what was sent, a code for one. Sources: the STS API
reference, and the messages as AWS sends them today. Codes are matched first, texts only where one code means several
things. Every text stands whole inside a `trouble(…)`, because that is where translations are collected from.
"""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import urllib3.exceptions
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from trayexec.core.config.endpoints import proxy_of
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.ports import Refusal, StsError
from trayexec.core.shell_words import argument
from trayexec.light.errors import Trouble, trouble

THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
INVALID_KEY = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
SKEWED = frozenset({"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"})
# TLS went wrong before anything of ours was sent: OpenSSL's words for it.
HANDSHAKE = re.compile(r"VERIFY|HANDSHAKE|PROTOCOL|WRONG_VERSION|NO_CERTIFICATE|UNKNOWN_CA|HTTP_REQUEST")
NOT_YET_VALID, NO_LONGER_VALID = 9, 10  # OpenSSL's X509_V_ERR_*: what a very wrong clock looks like


class Purpose(Enum):
    """What was asked of STS."""

    SESSION = "get_session_token"
    ROLE = "assume_role"
    LONG_ROLE = "assume_role with keys and a code"
    CHECK = "get_caller_identity"
    FEDERATION = "get_federation_token"

    @property
    def operation(self) -> str:
        """The client's method: botocore's name of the operation."""
        return self.value.partition(" ")[0]

    @property
    def spends_a_code(self) -> bool:
        """Whether a code goes along, which AWS takes once."""
        return self in {Purpose.SESSION, Purpose.LONG_ROLE}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, as far as an explanation needs it.

    `subject` is the identity's name, the role's ARN or the access key id; `chained`: from another role's credentials.
    `identity` is whose session it needs, `keys` what the keychain calls the keys, `narrowed`: with session policies,
    `tagged`: with session tags or a source identity, `unasked`: by an identity without MFA. `role` is the ARN of one
    that is asked for.
    """

    purpose: Purpose
    endpoint: StsEndpoint
    subject: str
    chained: bool = False
    identity: str = ""
    keys: str = ""
    narrowed: bool = False
    tagged: bool = False
    role: str = ""
    unasked: bool = False


class NotAnswered(Exception):  # noqa: N818 — never shown
    """Something answered, but it was not AWS."""


def explain(error: Exception, request: Request, wall: float) -> StsError:
    """What `error` means. `wall` is our own clock (Unix seconds). Nothing of the request's secrets is in the result."""
    if isinstance(error, ClientError):
        return _refused(error, request, wall)
    return _accident(error, request)


def no_credentials(request: Request) -> StsError:
    """An answer that lacks what was asked for."""
    return _other(
        trouble(
            "sts_no_credentials",
            "The answer of {host} lacks what was asked for.",
            "Try again. If it keeps happening, something on the way to AWS changes the answers: try another network.",
            host=_host(request.endpoint),
        )
    )


def bad_expiration(request: Request) -> StsError:
    """Credentials that have ended already, never end, or do not say when."""
    return _other(
        trouble(
            "sts_expiration",
            "{host} sent credentials whose expiry makes no sense.",
            "Check this machine's clock (`timedatectl`), then try again.",
            host=_host(request.endpoint),
        )
    )


def unusable_endpoint(request: Request, error: Exception) -> StsError:
    """Settings with which nothing can be sent."""
    endpoint = request.endpoint
    if isinstance(error, OSError) and endpoint.ca_bundle:
        what = trouble(
            "sts_ca_bundle",
            "The certificate bundle {path} cannot be read.",
            "Correct ca_bundle in your AWS config, or AWS_CA_BUNDLE: write the whole path from / on; ~ and $HOME "
            "mean nothing there.",
            path=endpoint.ca_bundle,
        )
    elif endpoint.url is not None and isinstance(error, ValueError):
        what = trouble(
            "sts_endpoint",
            "The STS endpoint {url} is not a URL that can be used.",
            "Correct endpoint_url in your AWS config, or AWS_ENDPOINT_URL_STS: it begins with https://.",
            url=endpoint.url,
        )
    else:
        what = trouble(
            "sts_endpoint",
            "There is no STS endpoint for region {region} with these settings ({reason}).",
            "Check region, use_fips_endpoint and use_dualstack_endpoint of the profile in your AWS config.",
            region=endpoint.region,
            reason=type(error).__name__,
        )
    return StsError(what, Refusal.UNSENT)


# AWS said no


def _refused(error: ClientError, request: Request, wall: float) -> StsError:
    answer = error.response
    code, message = str(answer.get("Error", {}).get("Code", "")), str(answer.get("Error", {}).get("Message", ""))
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500:  # noqa: PLR2004 — HTTP's border
        return _down(request, status)
    if code in INVALID_KEY or code in EXPIRED:
        return _invalid(code, request)
    if code == "AccessDenied":
        return _denied(message, request)
    if code == "SignatureDoesNotMatch" or code in SKEWED:
        return _signature(code, message, answered_at(answer), request, wall)
    return _unsuitable(code, message, request)


def _down(request: Request, status: int) -> StsError:
    what = trouble(
        "sts_down",
        "AWS STS has a problem of its own ({host} answered {status}).",
        "Wait a minute and try again; https://health.aws.amazon.com shows outages.",
        host=_host(request.endpoint),
        status=status,
    )
    return StsError(what, Refusal.LOST)


def _invalid(code: str, request: Request) -> StsError:
    if request.purpose is Purpose.ROLE:
        if not request.identity:
            what = trouble(
                "session_ended",
                "AWS does not accept the credentials that were to assume {role}: they have ended, or were revoked.",
                "Run the command again: newer ones are asked for. If it stays so, renew them where they come from.",
                role=request.subject,
            )
        elif code in EXPIRED:
            what = trouble(
                "session_ended",
                "The AWS session has expired.",
                "Unlock again with a new code: `trayexec auth {word} --force`.",
                word=argument(request.identity),
            )
        else:
            what = trouble(
                "session_ended",
                "AWS no longer accepts the session: it was revoked, or its user was changed.",
                "Unlock again with a new code: `trayexec auth {word} --force`.",
                word=argument(request.identity),
            )
        return StsError(what, Refusal.SESSION)
    if request.subject.startswith("ASIA"):
        what = trouble(
            "keys_temporary",
            "The key {subject} is a temporary one, and those cannot open a session.",
            "Use an IAM user's long-term access key (it begins with AKIA): `trayexec keys add {word}`",
            subject=request.subject,
            word=argument(request.keys),
        )
        return StsError(what, Refusal.KEYS)
    what = trouble(
        "keys_refused",
        "AWS does not know the access key of {subject}, or it is inactive.",
        "Make a new key in the AWS console (IAM, Security credentials), then: `trayexec keys add {word}`",
        subject=request.subject,
        word=argument(request.keys),
    )
    return StsError(what, Refusal.KEYS)


def _denied(message: str, request: Request) -> StsError:
    if request.purpose is Purpose.ROLE:
        return StsError(_role_denied(request), Refusal.DENIED)
    if request.purpose is Purpose.FEDERATION:
        return StsError(_no_federation(request), Refusal.DENIED)
    if "one time pass code" in message and "must provide" not in message:
        what = trouble(
            "code_refused",
            "AWS did not accept the code: it is wrong, or was used before.",
            "Wait for the next code, and check that it is the device of {subject} and that its clock is right.",
            subject=request.subject,
        )
        return StsError(what, Refusal.CODE)
    if "MultiFactorAuthentication failed" in message:
        what = trouble(
            "code_budget",
            "AWS checks no more codes for now: there were too many in three minutes, or the MFA serial is not yours.",
            "Wait three minutes and try once. If it keeps happening, correct mfa_serial in your AWS config: "
            "the AWS console shows it under IAM, Users, your user, Security credentials. "
            "A security key (FIDO) cannot be used here.",
        )
        return StsError(what, Refusal.BUDGET)
    if request.purpose is Purpose.LONG_ROLE:
        return StsError(_role_denied(request), Refusal.DENIED)
    return _other(
        trouble(
            "sts_denied",
            "AWS denied the request for {subject}.",
            "Ask the administrator of the account whether a policy forbids it.",
            subject=request.subject,
        )
    )


def _no_federation(request: Request) -> Trouble:
    return trouble(
        "federation_denied",
        "AWS does not let the user of {identity} sign in to the console with its keys.",
        "It needs sts:GetFederationToken, and a policy that denies everything without MFA denies that: there is no MFA "
        "in this. Name a profile with a role_arn (`trayexec list` shows them), or sign in with your user's password.",
        identity=request.subject,
    )


def _role_denied(request: Request) -> Trouble:
    if request.tagged:
        return trouble(
            "role_denied",
            "AWS refused the role {role}, asked for with session tags or a source identity.",
            "AWS gives no reason. The trust policy of the role must allow sts:TagSession for session_tags, and "
            "sts:SetSourceIdentity for source_identity; you, too. Else check role_arn and external_id.",
            role=request.role,
        )
    if request.chained:
        return trouble(
            "role_denied",
            "AWS refused the role {role}, asked for from another role.",
            "A role's credentials carry no MFA: if the trust policy of {role} demands aws:MultiFactorAuthPresent, it "
            "must trust your user instead. Else check role_arn, external_id, the trust policy, and whether the first "
            "role may call sts:AssumeRole.",
            role=request.role,
        )
    if request.unasked:
        return trouble(
            "role_denied",
            "AWS refused the role {role}, asked for without an MFA code.",
            "config.toml says mfa = false, for its profile or the identity {identity}. If this role demands MFA, take "
            "that out, or write the mfa_serial of your device in its own section. Else check role_arn, external_id, "
            "the role's trust policy, and whether your user may call sts:AssumeRole on it.",
            role=request.role,
            identity=request.identity,
        )
    if not request.identity:
        return trouble(
            "role_denied",
            "AWS refused the role {role}.",
            "AWS gives no reason. Check role_arn (does the role exist?), external_id, the role's trust policy, and "
            "whether the source's credentials may call sts:AssumeRole on it. No MFA code goes along with them: a role "
            "that demands one needs a source whose keys trayexec has.",
            role=request.subject,
        )
    return trouble(
        "role_denied",
        "AWS refused the role {role}.",
        "AWS gives no reason. Check role_arn (does the role exist?), external_id, the role's trust policy, and whether "
        "your user may call sts:AssumeRole on it. If the role wants a recent MFA, run: `trayexec auth {word} --force`",
        role=request.role,
        word=argument(request.identity),
    )


def _signature(code: str, message: str, answered: float | None, request: Request, wall: float) -> StsError:
    if code in SKEWED or "Signature expired" in message or "not yet current" in message:
        return StsError(_clock(answered, wall), Refusal.OTHER)
    if "scoped to" in message:
        return _other(
            trouble(
                "sts_region",
                "AWS does not take the region {region} at {host}.",
                "Correct region (or endpoint_url) of the profile in your AWS config.",
                region=request.endpoint.region,
                host=_host(request.endpoint),
            )
        )
    if request.purpose is Purpose.ROLE:
        return _other(
            trouble(
                "sts_signature",
                "AWS did not accept the signature of the request to {host}.",
                "Something between here and AWS changes the requests: try another network, or without the proxy.",
                host=_host(request.endpoint),
            )
        )
    what = trouble(
        "keys_refused",
        "The secret access key of {subject} is not the one that AWS knows.",
        "Store the pair again, copied whole: `trayexec keys add {word}`",
        subject=request.subject,
        word=argument(request.keys),
    )
    return StsError(what, Refusal.KEYS)


def _clock(answered: float | None, wall: float) -> Trouble:
    minutes = 0 if answered is None else round((wall - answered) / 60)
    if minutes > 0:
        return trouble(
            "clock_skew",
            "Your clock is {minutes} minute fast." if minutes == 1 else "Your clock is {minutes} minutes fast.",
            "Set it: `sudo timedatectl set-ntp true` (or the system's date and time settings), then try again.",
            minutes=minutes,
        )
    if minutes < 0:
        return trouble(
            "clock_skew",
            "Your clock is {minutes} minute slow." if minutes == -1 else "Your clock is {minutes} minutes slow.",
            "Set it: `sudo timedatectl set-ntp true` (or the system's date and time settings), then try again.",
            minutes=-minutes,
        )
    return trouble(
        "clock_skew",
        "AWS says that the time of this machine is wrong.",
        "Set it: `sudo timedatectl set-ntp true` (or the system's date and time settings), then try again.",
    )


def _unsuitable(code: str, message: str, request: Request) -> StsError:
    if code in THROTTLED:
        return _other(
            trouble(
                "sts_throttled",
                "AWS STS has too many requests from this account just now.",
                "Wait a minute and try again.",
            )
        )
    if code == "RegionDisabledException":
        return _other(
            trouble(
                "sts_region_disabled",
                "AWS STS is switched off in region {region} for this account.",
                "Use another region for the profile in your AWS config, or let an administrator switch it on "
                "(IAM, Account settings).",
                region=request.endpoint.region,
            )
        )
    if code == "PackedPolicyTooLarge":
        return _other(
            trouble(
                "sts_policy",
                "The session policies and tags of {role} are too large for AWS, which counts them in a packed form.",
                "Shorten them, or store a policy in the role's account and name its ARN.",
                role=request.role,
            )
        )
    if code == "MalformedPolicyDocument" or (request.narrowed and "polic" in message.lower()):
        return _other(
            trouble(
                "sts_policy",
                "AWS does not take the session policy for {role} ({code}).",
                "Check its statements, and that each ARN is that of a policy of the role's account or of AWS's own.",
                role=request.role,
                code=code or "no code",
            )
        )
    if "duration" in message.lower():
        long = request.purpose is Purpose.LONG_ROLE
        return StsError(_too_long(request), Refusal.TOO_LONG if long else Refusal.OTHER)
    return _other(
        trouble(
            "sts_refused",
            "AWS refused the request for {subject} ({code}).",
            "Check these of the profile in your AWS config: {names}",
            subject=request.subject,
            code=code or "no code",
            names=", ".join(re.findall(r" at '(\w+)' failed", message)) or "region, role_arn, mfa_serial",
        )
    )


def _too_long(request: Request) -> Trouble:
    if request.purpose is Purpose.LONG_ROLE:
        return trouble(
            "sts_duration",
            "AWS does not let a session of the role {role} last that long: its maximum is less.",
            "Ask for less with --long or duration_seconds, as in --long 4h, or let an administrator raise the maximum "
            "session duration of the role.",
            role=request.role,
        )
    return trouble(
        "sts_duration",
        "AWS does not let the credentials of {subject} last that long.",
        "Ask for less: duration_seconds in your AWS config, or the session's duration in the settings.",
        subject=request.subject,
    )


# Nothing that AWS said


def _accident(error: Exception, request: Request) -> StsError:
    match error:
        case EndpointConnectionError() | ConnectTimeoutError():
            what, refusal = _unreachable(error, request.endpoint), Refusal.UNSENT
        case SSLError():
            what, refusal = _tls(error, request.endpoint)
        case ProxyConnectionError():
            what, refusal = _proxy(request.endpoint), Refusal.UNSENT
        case ParamValidationError():
            what, refusal = _parameters(error, request), Refusal.UNSENT
        case ReadTimeoutError() | ConnectionClosedError() | HTTPClientError():
            what, refusal = _lost(request), Refusal.LOST
        case ValueError() if "timestamp" in str(error):  # botocore's only word for a date that is none
            return bad_expiration(request)
        case NotAnswered() | ResponseParserError() | ValueError() | LookupError():
            what, refusal = not_aws("sts_not_aws"), Refusal.LOST
        case _:
            what, refusal = _unknown(error, request.endpoint), Refusal.OTHER
    return StsError(what, refusal)


def not_aws(code: str) -> Trouble:
    """Something answered in AWS's place."""
    return trouble(
        code,
        "The answer did not come from AWS; a proxy or a captive portal may be in between.",
        "Open a web page to sign in to this network, or use another one, then try again.",
    )


def _unknown(error: Exception, endpoint: StsEndpoint) -> Trouble:
    return trouble(
        "sts_failed",
        "The request to {host} failed in an unexpected way ({kind}).",
        "Try again. If it keeps failing, please report it.",
        host=_host(endpoint),
        kind=type(error).__name__,
    )


def _proxy(endpoint: StsEndpoint) -> Trouble:
    proxy = proxy_of(endpoint, _host(endpoint)) or ""  # on macOS it may be the system's
    return trouble(
        "sts_proxy",
        "The proxy {proxy} on the way to {host} cannot be reached, or refuses."
        if proxy
        else "The proxy on the way to {host} cannot be reached, or refuses.",
        "Check HTTPS_PROXY and NO_PROXY here. What is asked by a click in the tray goes by those of the shell that "
        "started the agent.",
        proxy=proxy,
        host=_host(endpoint),
    )


def _parameters(error: Exception, request: Request) -> Trouble:
    return trouble(
        "sts_parameters",
        "The request for {subject} cannot be sent as it is.",
        "Check these of the profile in your AWS config: {names}",
        subject=request.subject,
        names=", ".join(re.findall(r"parameter:? \"?(\w+)", str(error))) or "role_arn, mfa_serial",
    )


def _lost(request: Request) -> Trouble:
    if request.purpose.spends_a_code:
        return trouble(
            "sts_lost",
            "The code was sent to {host}, but no answer came.",
            "Check the network and try again with the next code: one that was sent counts as used.",
            host=_host(request.endpoint),
        )
    return trouble(
        "sts_lost",
        "The request was sent to {host}, but no answer came.",
        "Check the network and try again.",
        host=_host(request.endpoint),
    )


def _unreachable(error: Exception, endpoint: StsEndpoint) -> Trouble:
    if any(isinstance(cause, socket.gaierror | urllib3.exceptions.NameResolutionError) for cause in _causes(error)):
        return trouble(
            "sts_dns",
            "The name {host} is not known here.",
            "Check the network, and that region = {region} of the profile in your AWS config is a region of AWS.",
            host=_host(endpoint),
            region=endpoint.region,
        )
    return trouble(
        "sts_unreachable",
        "{host} cannot be reached.",
        "Check the network or the VPN; does a proxy have to be set where trayexec-agent was started?",
        host=_host(endpoint),
    )


def _tls(error: Exception, endpoint: StsEndpoint) -> tuple[Trouble, Refusal]:
    """A failed handshake sent nothing; a connection torn later may have."""
    causes = [cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)]
    unsent = any(
        isinstance(cause, ssl.SSLCertVerificationError) or HANDSHAKE.search(str(cause.reason)) for cause in causes
    )
    if any(getattr(cause, "verify_code", 0) in {NOT_YET_VALID, NO_LONGER_VALID} for cause in causes):
        what = trouble(
            "sts_tls",
            "The certificate of {host} is not valid at this machine's time.",
            "Check this machine's clock first (`timedatectl`); then whether something inspects TLS on this network.",
            host=_host(endpoint),
        )
    else:
        what = untrusted("sts_tls", _host(endpoint))
    return what, Refusal.UNSENT if unsent else Refusal.LOST


def untrusted(code: str, host: str) -> Trouble:
    """No TLS connection to `host` that we would send anything over."""
    return trouble(
        code,
        "The connection to {host} cannot be trusted.",
        "If your company inspects TLS, set ca_bundle in your AWS config to its certificate. Else change the network.",
        host=host,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it wraps: botocore's in `kwargs`, urllib3's in `args` and `reason`."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inner = getattr(found, "kwargs", {})
        waiting += [inner.get("error") if isinstance(inner, Mapping) else None, getattr(found, "reason", None)]
        waiting += [*found.args, found.__cause__, found.__context__]


def answered_at(answer: Mapping[str, Any]) -> float | None:
    """When AWS says it answered (Unix seconds), from the Date header."""
    try:
        return unix_date(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, TypeError):
        return None


def unix_date(header: str | None) -> float | None:
    """What a Date header says, in Unix seconds."""
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except (TypeError, ValueError):
        return None


def _host(endpoint: StsEndpoint) -> str:
    """What people would recognise: the host of the override, or the region's."""
    return (urlsplit(endpoint.url).netloc if endpoint.url else "") or f"AWS STS in {endpoint.region}"


def _other(what: Trouble) -> StsError:
    return StsError(what, Refusal.OTHER)

"""What STS and S3's ListBuckets answer, and IAM by `iam`: who may have what, and every refusal in AWS's words.

The order of the checks is AWS's: scope, then the token and its key, expiry, whether the issuer still exists, the
signature, and only then what was asked for. Whoever calls `answer` holds a lock around it.
"""

import html
import math
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import NoReturn
from urllib.parse import parse_qsl

from awssim import iam, policies, web_identity
from awssim.refused import Refused
from awssim.sigv4 import Received, Signed, fits, read_authorization
from awssim.totp import Verdict
from awssim.world import (
    REGIONS,
    FederatedUser,
    Holder,
    Key,
    Role,
    RoleSession,
    Use,
    User,
    World,
    matches,
    new_secret,
    new_token,
    temporary_key_id,
    trusts,
)

STS = "https://sts.amazonaws.com/doc/2011-06-15/"
S3 = "http://s3.amazonaws.com/doc/2006-03-01/"
BUCKETS = "ListBuckets"
WEB_IDENTITY = "AssumeRoleWithWebIdentity"
SKEW = 900  # seconds a signature may be off
CHAINED = 3600  # seconds that a role assumed with temporary credentials may last

INVALID_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
HALF_MFA = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
BAD_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
OVER_ROLE = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
OVER_CHAIN = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."

_SERIAL = r"[\w+=/:,.@-]{9,256}"
_NAME = r"[\w+=,.@-]{2,64}"
_EXTERNAL_ID = r"[\w+=,.@:/-]{2,1224}"
_CODE = r"[0-9]{6}"
_ARN = r"(?s).{20,2048}"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as the log keeps it. `outcome` is `OK` or AWS's error code, `at` Unix seconds on the double's clock.

    `fault` is the kind of the scripted fault that met the call, if one did; `code` whether it came with a TokenCode.
    `asked` are its parameters, but for the code.
    """

    action: str
    access_key_id: str
    region: str
    role_arn: str
    session_name: str
    outcome: str
    at: float
    code: bool = False
    fault: str | None = None
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long what is issued really lives, in seconds; None means as long as was asked for."""

    session: float | None = None
    role: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer: HTTP status, the code for the log, and the XML."""

    status: int
    outcome: str
    request_id: str
    body: bytes


def read_parameters(request: Received) -> dict[str, str]:
    """The Query parameters, from the query string of a GET or the body of a POST; the first of duplicates counts."""
    text = request.query if request.method == "GET" else request.body.decode("utf-8", "replace")
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, value)
    if request.method == "GET" and request.path == "/" and "Action" not in found:
        return {"Action": BUCKETS}  # S3 has no such parameters: the list of buckets is its root
    return found


def refusal(error: Refused) -> Answer:
    """The XML of an error."""
    kind = "Receiver" if error.status >= 500 else "Sender"
    request_id = str(uuid.uuid4())
    body = (
        f'<ErrorResponse xmlns="{STS}">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{error.code}</Code>\n'
        f"    <Message>{_text(error.message)}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n"
        "</ErrorResponse>\n"
    )
    return Answer(error.status, error.code, request_id, body.encode())


class Service:
    """The service: a world, a clock (Unix seconds), and the lifetimes a test wants."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        """Serve `world` by `clock`."""
        self.world = world
        self.clock = clock
        self.lifetimes = Lifetimes()
        self.codes_used: set[str] = set()

    def answer(self, request: Received, parameters: Mapping[str, str]) -> Answer:
        """Do what the request asks, or refuse it."""
        try:
            if (parameters.get("Action"), parameters.get("Version")) == (WEB_IDENTITY, "2011-06-15"):
                result = self._assume_role_with_web_identity(parameters)  # the token says who asks: nobody signs
            else:
                key = self._authenticate(request)
                result = self._operation(parameters, key)(parameters, key)
        except Refused as error:
            return refusal(error)
        action = parameters["Action"]
        request_id = str(uuid.uuid4())
        if action == BUCKETS:
            return Answer(200, "OK", request_id, result.encode())
        if action in iam.SILENT:
            body = f'<{action}Response xmlns="{iam.NAMESPACE}">\n{_metadata(request_id)}</{action}Response>\n'
            return Answer(200, "OK", request_id, body.encode())
        body = (
            f'<{action}Response xmlns="{iam.NAMESPACE if action in iam.ACTIONS else STS}">\n'
            f"<{action}Result>\n{result}</{action}Result>\n"
            f"{_metadata(request_id)}</{action}Response>\n"
        )
        return Answer(200, "OK", request_id, body.encode())

    # Who is asking

    def _authenticate(self, request: Received) -> Key:
        if "authorization" not in request.headers:
            raise Refused(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        claim = read_authorization(request.headers)
        if claim is None:
            raise Refused(400, "IncompleteSignature", "Authorization header requires 'Credential', 'SignedHeaders' …")
        _check_scope(claim, read_parameters(request).get("Action", ""))
        if claim.region in self.world.disabled_regions:
            raise Refused(
                403, "RegionDisabledException", f"STS is not activated in this region for account: {claim.region}"
            )
        now = self.clock()
        key = self.world.keys.get(claim.access_key_id)
        unknown = key is None or request.headers.get("x-amz-security-token") != key.token
        if key is None or unknown or _partition(claim.region) != key.holder.arn.split(":")[1]:
            raise Refused(403, "InvalidClientTokenId", INVALID_TOKEN)
        if key.expires is not None and now >= key.expires:
            raise Refused(403, "ExpiredToken", EXPIRED_TOKEN)
        if not iam.seen_alive(self.world, key):
            raise Refused(403, "InvalidClientTokenId", INVALID_TOKEN)
        _check_date(claim, request.headers.get("x-amz-date", ""), now)
        if not fits(claim, key.secret, request):
            raise Refused(403, "SignatureDoesNotMatch", BAD_SIGNATURE)
        self.world.uses[key.id] = Use(now, claim.service, claim.region)
        return key

    def _operation(self, parameters: Mapping[str, str], key: Key) -> Callable[[Mapping[str, str], Key], str]:
        action, version = parameters.get("Action", ""), parameters.get("Version", "")
        match action, version:
            case "GetCallerIdentity", "2011-06-15":
                return self._get_caller_identity
            case "GetSessionToken", "2011-06-15":
                return self._get_session_token
            case "AssumeRole", "2011-06-15":
                return self._assume_role
            case "GetFederationToken", "2011-06-15":
                return self._get_federation_token
            case _ if action == BUCKETS:
                return self._list_buckets
            case _, iam.VERSION if action in iam.ACTIONS:
                if key.token is not None and isinstance(key.holder, User) and key.mfa_at is None:
                    # IAM does not take a user's session that was opened without a code.
                    raise Refused(403, "InvalidClientTokenId", INVALID_TOKEN)
                return iam.operation(self.world, self.clock, action)
            case _:
                raise Refused(400, "InvalidAction", f"Could not find operation {action} for version {version}")

    def _verify_mfa(self, parameters: Mapping[str, str], holder: Holder) -> bool:
        """Whether a code came and is right. Raises Refused for a wrong one, and for half of what it takes."""
        serial, code = parameters.get("SerialNumber"), parameters.get("TokenCode")
        if serial is None and code is None:
            return False
        if serial is None or code is None:
            raise Refused(403, "AccessDenied", HALF_MFA)
        self.codes_used.add(code)
        device = self.world.devices.get(serial)
        if device is None or device.owner != holder.arn:
            raise Refused(403, "AccessDenied", NO_DEVICE)
        match device.verify(code, self.clock()):
            case Verdict.RIGHT:
                return True
            case Verdict.WRONG:
                raise Refused(403, "AccessDenied", WRONG_CODE)
            case Verdict.BUDGET:
                raise Refused(403, "AccessDenied", NO_DEVICE)

    # The operations

    def _get_caller_identity(self, _parameters: Mapping[str, str], key: Key) -> str:
        holder = key.holder
        return (
            f"<Arn>{_text(holder.arn)}</Arn>\n<UserId>{_text(holder.unique_id)}</UserId>\n"
            f"<Account>{holder.account}</Account>\n"
        )

    def _list_buckets(self, _parameters: Mapping[str, str], key: Key) -> str:
        """One bucket, called after the account: what lists buckets says whose they are."""
        if isinstance(key.holder, RoleSession) and not policies.allow(key.holder.policies, "s3:ListAllMyBuckets"):
            raise Refused(403, "AccessDenied", "no session policy allows the s3:ListAllMyBuckets action")
        account = key.holder.account
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListAllMyBucketsResult xmlns="{S3}">\n'
            f"<Owner><ID>{account}</ID><DisplayName>{account}</DisplayName></Owner>\n"
            f"<Buckets><Bucket><Name>of-{account}</Name><CreationDate>2024-01-01T00:00:00.000Z</CreationDate></Bucket>"
            "</Buckets>\n</ListAllMyBucketsResult>\n"
        )

    def _get_session_token(self, parameters: Mapping[str, str], key: Key) -> str:
        checked = _Schema(parameters)
        seconds = checked.duration(900, 129600, 43200)
        checked.text("SerialNumber", _SERIAL)
        checked.text("TokenCode", _CODE)
        checked.done()
        if key.token is not None:
            raise Refused(403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
        mfa_at = self.clock() if self._verify_mfa(parameters, key.holder) else None
        life = seconds if self.lifetimes.session is None else self.lifetimes.session
        return _credentials(self._issue(key.holder, life, mfa_at))

    def _get_federation_token(self, parameters: Mapping[str, str], key: Key) -> str:
        """Only from a user's keys, and not where the user's policy denies everything without MFA: it carries none."""
        checked = _Schema(parameters)
        seconds = checked.duration(900, 129600, 43200)
        checked.required("Name", r"[\w+=,.@-]{2,32}")
        checked.text("Policy", r"[\t\n\r -ÿ]+")
        checked.done()
        packed = _packed_size(parameters, {})
        user = key.holder
        if key.token is not None or not isinstance(user, User):
            raise Refused(403, "AccessDenied", "Cannot call GetFederationToken with session credentials")
        holder = FederatedUser(user, parameters["Name"])
        if user.wants_mfa:
            raise Refused(
                403,
                "AccessDenied",
                f"User: {user.arn} is not authorized to perform: sts:GetFederationToken on resource: {holder.arn} "
                "with an explicit deny in an identity-based policy",
            )
        result = _credentials(self._issue(holder, seconds, None))
        result += (
            f"<FederatedUser><FederatedUserId>{_text(holder.unique_id)}</FederatedUserId>"
            f"<Arn>{_text(holder.arn)}</Arn></FederatedUser>\n"
        )
        return result if packed is None else f"{result}<PackedPolicySize>{packed}</PackedPolicySize>\n"

    def _assume_role(self, parameters: Mapping[str, str], key: Key) -> str:
        checked = _Schema(parameters)
        seconds = checked.duration(900, 43200, 3600)
        checked.required("RoleArn", _ARN)
        checked.required("RoleSessionName", _NAME)
        checked.text("ExternalId", _EXTERNAL_ID)
        checked.text("SerialNumber", _SERIAL)
        checked.text("TokenCode", _CODE)
        checked.text("SourceIdentity", _NAME)
        tags, transitive = checked.tags()
        checked.done()
        packed = _packed_size(parameters, tags)
        now = self.clock()
        # Credentials that a role issued carry no MFA context, whatever was typed to get there.
        mfa_at = now if self._verify_mfa(parameters, key.holder) else key.mfa_at
        role = self._authorise(parameters, key, mfa_at)
        narrowed = policies.sent(parameters, self.world.policies, role.account)
        inherited = key.holder.transitive_tags if isinstance(key.holder, RoleSession) else {}
        if {name.lower() for name in tags} & {name.lower() for name in inherited}:
            raise Refused(400, "InvalidParameterValue", "One of the specified transitive tag keys can't be set.")
        if seconds > role.max_seconds:
            raise Refused(400, "ValidationError", OVER_ROLE)
        if key.token is not None and seconds > CHAINED:
            raise Refused(400, "ValidationError", OVER_CHAIN)
        holder = RoleSession(
            role,
            parameters["RoleSessionName"],
            _source_identity(parameters, key),
            {**inherited, **{name: tags[name] for name in transitive}},
            narrowed,
        )
        life = seconds if self.lifetimes.role is None else self.lifetimes.role
        result = _credentials(self._issue(holder, life, None))
        result += (
            f"<AssumedRoleUser><AssumedRoleId>{_text(holder.unique_id)}</AssumedRoleId>"
            f"<Arn>{_text(holder.arn)}</Arn></AssumedRoleUser>\n"
        )
        if holder.source_identity is not None:
            result += f"<SourceIdentity>{_text(holder.source_identity)}</SourceIdentity>\n"
        return result if packed is None else f"{result}<PackedPolicySize>{packed}</PackedPolicySize>\n"

    def _assume_role_with_web_identity(self, parameters: Mapping[str, str]) -> str:
        checked = _Schema(parameters)
        seconds = checked.duration(900, 43200, 3600)
        checked.required("RoleArn", _ARN)
        checked.required("RoleSessionName", _NAME)
        checked.required("WebIdentityToken", rf"(?s).{{4,{web_identity.LONGEST}}}")
        checked.done()
        now, arn = self.clock(), parameters["RoleArn"]
        account = arn.split(":")[4] if arn.count(":") > 4 else ""
        claims = web_identity.read(parameters["WebIdentityToken"], account, self.world.issuers, now)
        role = self.world.roles.get(arn)
        if (
            role is None
            or role.trust.subject is None
            or claims.issuer.url not in role.trust.principals
            or not fnmatchcase(claims.subject, role.trust.subject)
            or not matches(role.trust.session_name, parameters["RoleSessionName"])
        ):
            raise Refused(403, "AccessDenied", web_identity.DENIED)
        if seconds > role.max_seconds:
            raise Refused(400, "ValidationError", OVER_ROLE)
        holder = RoleSession(role, parameters["RoleSessionName"])
        life = seconds if self.lifetimes.role is None else self.lifetimes.role
        return (
            _credentials(self._issue(holder, life, None))
            + f"<AssumedRoleUser><AssumedRoleId>{_text(holder.unique_id)}</AssumedRoleId>"
            f"<Arn>{_text(holder.arn)}</Arn></AssumedRoleUser>\n"
            f"<SubjectFromWebIdentityToken>{_text(claims.subject)}</SubjectFromWebIdentityToken>\n"
            f"<Audience>{_text(claims.audience)}</Audience>\n<Provider>{_text(claims.issuer.url)}</Provider>\n"
        )

    def _authorise(self, parameters: Mapping[str, str], key: Key, mfa_at: float | None) -> Role:
        """The role, if it exists and lets `key` in. Raises Refused with the one message AWS has for every reason."""
        arn, holder = parameters["RoleArn"], key.holder
        role = self.world.roles.get(arn)
        may_ask = any(fnmatchcase(arn, pattern) for pattern in holder.allowed)
        if isinstance(holder, RoleSession) and not policies.allow(holder.policies, "sts:AssumeRole"):
            may_ask = False
        identity = _source_identity(parameters, key)
        if (
            role is None
            or not arn.startswith(f"arn:{holder.arn.split(':')[1]}:")
            or not may_ask
            or not trusts(role.trust, holder)
            or not _mfa_suffices(role, mfa_at, self.clock())
            or not matches(role.trust.session_name, parameters["RoleSessionName"])
            or not matches(role.trust.source_identity, identity)
            or (identity is not None and not role.trust.may_set_source_identity)
            or role.trust.external_id not in {None, parameters.get("ExternalId")}
        ):
            raise Refused(
                403,
                "AccessDenied",
                f"User: {holder.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            )
        return role

    def _issue(self, holder: Holder, seconds: float, mfa_at: float | None) -> Key:
        expires = self.clock() + seconds
        return self.world.keep(Key(temporary_key_id(), new_secret(), holder, new_token(), expires, mfa_at))


def _metadata(request_id: str) -> str:
    return f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\n"


def _check_scope(claim: Signed, action: str) -> None:
    services = {**dict.fromkeys(iam.ACTIONS, ("iam", {"us-east-1"})), BUCKETS: ("s3", REGIONS)}
    service, regions = services.get(action, ("sts", REGIONS))
    if claim.region not in regions:
        raise Refused(403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region. ")
    if claim.service != service:
        raise Refused(403, "SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{service}'. ")


def _partition(region: str) -> str:
    """In which of AWS's clouds a region is: none knows the keys of another."""
    return {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}.get(region.rpartition("-")[0].rpartition("-")[0] + "-", "aws")


def _check_date(claim: Signed, date: str, now: float) -> None:
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Refused(400, "IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
    if not date.startswith(claim.date):
        raise Refused(403, "SignatureDoesNotMatch", "Date in Credential scope does not match the request's date")
    here = _stamp(now)
    if signed_at < now - SKEW:
        edge = _stamp(now - SKEW)
        message = f"Signature expired: {date} is now earlier than {edge} ({here} - 15 min.)"
        raise Refused(403, "SignatureDoesNotMatch", message)
    if signed_at > now + SKEW:
        edge = _stamp(now + SKEW)
        message = f"Signature not yet current: {date} is still later than {edge} ({here} + 15 min.)"
        raise Refused(403, "SignatureDoesNotMatch", message)


def _mfa_suffices(role: Role, mfa_at: float | None, now: float) -> bool:
    trust = role.trust
    if mfa_at is None:
        return not trust.mfa and trust.mfa_age is None
    return trust.mfa_age is None or now - mfa_at < trust.mfa_age


def _source_identity(parameters: Mapping[str, str], key: Key) -> str | None:
    """The source identity the new session will have: what was set first counts for good."""
    wanted = parameters.get("SourceIdentity")
    inherited = key.holder.source_identity if isinstance(key.holder, RoleSession) else None
    if inherited is not None and wanted not in {None, inherited}:
        raise Refused(400, "ValidationError", "The source identity is already set for this assume role session")
    return inherited or wanted


def _packed_size(parameters: Mapping[str, str], tags: Mapping[str, str]) -> int | None:
    """Percent of AWS's packed limit. How AWS packs is not public; this is near enough to be refused when absurd."""
    policy = parameters.get("Policy", "")
    arns = [value for name, value in parameters.items() if re.fullmatch(r"PolicyArns\.member\.\d+\.arn", name)]
    if len(policy) + sum(map(len, arns)) > 2048:
        raise Refused(400, "ValidationError", "The plain text of the session policies exceeds 2048 characters")
    if not policy and not arns and not tags:
        return None
    size = len(policy) + sum(map(len, arns)) + sum(len(name) + len(value) for name, value in tags.items())
    percent = math.ceil(size / 41)
    if percent > 100:
        message = f"Packed size of session tags consumes {percent}% of allotted space."
        raise Refused(400, "PackedPolicyTooLarge", message)
    return percent


class _Schema:
    """Collects what is wrong with the parameters, so that AWS's count of errors is right."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._errors: list[str] = []

    def text(self, name: str, pattern: str) -> None:
        """An optional parameter that must fit."""
        value = self._parameters.get(name)
        if value is not None and not re.fullmatch(pattern, value, re.ASCII):
            self._wrong(name, f"'{value}'", f"Member must satisfy regular expression pattern: {pattern}")

    def required(self, name: str, pattern: str) -> None:
        """A parameter that must be there, and fit."""
        if name not in self._parameters:
            self._wrong(name, "null", "Member must not be null")
        self.text(name, pattern)

    def duration(self, least: int, most: int, default: int) -> int:
        """DurationSeconds. `+900` and `0900` are numbers to AWS; ` 900 `, `900.0` and `9e2` are malformed."""
        value = self._parameters.get("DurationSeconds")
        if value is None:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", value) or abs(int(value)) >= 1 << 31:
            raise Refused(400, "MalformedInput", "Unable to parse DurationSeconds")
        if int(value) < least:
            self._wrong("DurationSeconds", f"'{value}'", f"Member must have value greater than or equal to {least}")
        if int(value) > most:
            self._wrong("DurationSeconds", f"'{value}'", f"Member must have value less than or equal to {most}")
        return int(value)

    def tags(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """The session tags and the keys of those that are handed down."""
        numbers = sorted({int(n[1]) for name in self._parameters if (n := re.match(r"Tags\.member\.(\d+)\.", name))})
        pairs = [
            (self._parameters.get(f"Tags.member.{n}.Key", ""), self._parameters.get(f"Tags.member.{n}.Value", ""))
            for n in numbers
        ]
        listed = (name for name in self._parameters if re.fullmatch(r"TransitiveTagKeys\.member\.\d+", name))
        transitive = tuple(self._parameters[name] for name in listed)
        if len(pairs) > 50:
            self._wrong("Tags", "'…'", "Member must have length less than or equal to 50")
        for name, value in pairs:
            if not 1 <= len(name) <= 128 or len(value) > 256:
                self._wrong("Tags", f"'{name}'", "Member must have length less than or equal to 128 (key), 256 (value)")
        if len({name.lower() for name, _ in pairs}) != len(pairs):
            raise Refused(400, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys …")
        tags = dict(pairs)
        if not set(transitive) <= set(tags):
            raise Refused(400, "InvalidParameterValue", "The specified transitive tag key must be included in the tags")
        return tags, transitive

    def done(self) -> None:
        """Raise Refused if anything was wrong."""
        if self._errors:
            plural = "" if len(self._errors) == 1 else "s"
            message = f"{len(self._errors)} validation error{plural} detected: {'; '.join(self._errors)}"
            raise Refused(400, "ValidationError", message)

    def _wrong(self, name: str, value: str, constraint: str) -> None:
        place = name[0].lower() + name[1:]
        self._errors.append(f"Value {value} at '{place}' failed to satisfy constraint: {constraint}")


def _credentials(key: Key) -> str:
    if key.expires is None or key.token is None:
        _impossible()
    return (
        f"<Credentials>\n<AccessKeyId>{key.id}</AccessKeyId>\n<SecretAccessKey>{key.secret}</SecretAccessKey>\n"
        f"<SessionToken>{key.token}</SessionToken>\n<Expiration>{iso(key.expires)}</Expiration>\n</Credentials>\n"
    )


def _impossible() -> NoReturn:
    raise AssertionError("long-term keys are never issued")


def iso(at: float) -> str:
    """AWS's date format, `YYYY-MM-DDTHH:MM:SSZ`."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    return html.escape(value, quote=False)

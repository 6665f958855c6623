"""AWS STS through boto3: the port `Sts`. It owns the clients, and turns answers into credentials.

The clients hold no secret: who signs is known only inside the thread that makes a call, for as long as the call
lasts. So "forget" is true at once, and one client serves every key and every role of an endpoint.
"""

import os
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import urllib3.exceptions
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from trayexec import __version__
from trayexec.adapters.sts_errors import (
    NotAnswered,
    Purpose,
    Request,
    answered_at,
    bad_expiration,
    explain,
    no_credentials,
    unix_date,
    unusable_endpoint,
)
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config import federated
from trayexec.core.config.endpoints import around, proxy_of
from trayexec.core.config.partitions import partition_of
from trayexec.core.config.profiles import Identity, Role, SessionTags, StsEndpoint
from trayexec.core.credentials import Credentials, LongTermKeys, Secret
from trayexec.core.ports import Clock, StsError

SHORTEST = 900  # seconds; both operations refuse less (STS API reference, DurationSeconds)
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
LONGEST_SESSION = 129600  # GetSessionToken refuses more
LONGEST_LONG_ROLE = 43200  # with keys and a code AssumeRole refuses more, and less where the role's own maximum is less
LONGEST_ROLE = HOUR = 3600  # AssumeRole with a session refuses more ("role chaining")
# What AWS says to a session that asks for more, in this order (answers of 2026 in github.com/radkawar/stackd).
OVER_ROLE, OVER_CHAIN = "exceeds the MaxSessionDuration set for this role", "roles assumed by role chaining"
TRIES = 3  # of AssumeRole; GetSessionToken has one, for its code works only once
MOST_CLIENTS = 16  # one for each endpoint; a laptop rarely knows more than five
PAUSES = (0.3, 1.0)  # seconds before a GetSessionToken that never left is sent again


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one try may take, in seconds, how much of an answer is read, in bytes, and how many tries there are.

    `at_once` is from how many threads calls come: each keeps a connection to an endpoint.
    """

    connect: float = 5.0
    read: float = 10.0
    body: int = 1 << 20
    tries: int = TRIES
    at_once: int = 10


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What one question found out: whose the keys are, and how many seconds our clock is ahead of AWS's.

    `ahead` is None where the answer has no date.
    """

    arn: str
    ahead: float | None


@dataclass(frozen=True, slots=True)
class Route:
    """How STS is reached from here: which host, through which proxy (host and port), if there is one."""

    host: str
    proxy: str | None


class BotoSts:
    """STS for any number of endpoints. Use it from as many threads as you like; `close` it at the end."""

    def __init__(
        self,
        clock: Clock,
        *,
        limits: Limits | None = None,
        pause: Callable[[float], None] = time.sleep,
        dated: Callable[[str, float], None] = lambda _place, _date: None,
    ) -> None:
        """Prepare; botocore is started with the first call. `pause` is how to sleep, in seconds.

        `dated(host, date)` is told the date (Unix seconds) of every answer that comes from STS, refusals too.
        """
        self._clock = clock
        self._dated = dated
        self._limits = limits or Limits()
        self._pause = pause
        self._signer = _Signer()
        self._making = threading.Lock()  # neither botocore's sessions nor its client factory are safe to share
        self._session: Any = None
        self._clients: OrderedDict[StsEndpoint, Any] = OrderedDict()

    def usable(self, endpoint: StsEndpoint, name: str) -> None:
        """See whether a client can be made of these settings, and its certificates read. Raises StsError."""
        request = Request(Purpose.CHECK, endpoint, name)
        self._client(request)
        if endpoint.ca_bundle is None:
            return
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(endpoint.ca_bundle)
        except OSError as error:  # of which ssl.SSLError is one
            failure = unusable_endpoint(request, error)
        else:
            return
        raise failure

    def open_session(self, identity: Identity, keys: LongTermKeys, code: Secret | None, seconds: int) -> Credentials:
        """GetSessionToken for `seconds` (900 to 129600; AWS's limits are applied). The code reaches AWS at most once.

        Without a code no device is named, and the session may neither call IAM nor what demands MFA.

        An identity with a role has that assumed, with the keys and the code. Raises StsError. A request that never left
        is tried again after short pauses: its code is still good.
        """
        role = identity.role
        request = Request(Purpose.SESSION, identity.endpoint, identity.name, keys=identity.keys)
        if role is not None:
            request = replace(_request_for(role), purpose=Purpose.LONG_ROLE, subject=identity.name, keys=identity.keys)
        signed_by = ReadOnlyCredentials(keys.access_key_id, keys.secret_access_key.reveal(), None)
        parameters: dict[str, Any] = {
            **(_parameters(role) if role is not None else {}),
            **({} if code is None else {"SerialNumber": identity.mfa_serial, "TokenCode": code.reveal()}),
            "DurationSeconds": min(max(SHORTEST, seconds), LONGEST_SESSION if role is None else LONGEST_LONG_ROLE),
        }
        for wait in PAUSES:
            try:
                return self._issue(request, signed_by, parameters)
            except StsError as error:
                if error.trouble.code not in {"sts_unreachable", "sts_dns"}:
                    raise
            self._pause(wait)
        return self._issue(request, signed_by, parameters)

    def assume(self, role: Role, by: Credentials) -> Credentials:
        """AssumeRole for at most 3600 seconds, with botocore's standard retries. Raises StsError."""
        request = _request_for(role)
        signed_by = ReadOnlyCredentials(by.access_key_id, by.secret_access_key.reveal(), by.session_token.reveal())
        parameters = {**_parameters(role), "DurationSeconds": min(max(SHORTEST, role.seconds), LONGEST_ROLE)}
        try:
            return self._issue(request, signed_by, parameters)
        except StsError as error:
            if error.trouble.code != "sts_duration" or parameters["DurationSeconds"] == SHORTEST:
                raise
        return self._issue(request, signed_by, {**parameters, "DurationSeconds": SHORTEST})

    def most_seconds(self, role: Role, by: Credentials, wanted: int) -> int | None:
        """How many seconds, up to those `wanted`, the role would be given with keys and a code. Raises nothing.

        To a session AWS gives no role for more than an hour, and says first where that is more than the role's own
        maximum: an order that was seen, and that AWS does not promise (`OVER_ROLE`). So no code is spent to find the
        last whole hour that it would give; None where its answers tell nothing.
        """
        allowed = self._is_allowed(role, by, wanted)
        if allowed is not False:
            return wanted if allowed else None
        least, most = 1, -(-wanted // HOUR)  # hours: each role may last one
        while most - least > 1:
            middle = (least + most) // 2
            allowed = self._is_allowed(role, by, middle * HOUR)
            if allowed is None:
                return None
            least, most = (middle, most) if allowed else (least, middle)
        return least * HOUR

    def _is_allowed(self, role: Role, by: Credentials, seconds: int) -> bool | None:
        """Whether the role may last so long, more than an hour; None where AWS does not say."""
        request = _request_for(role)
        signed_by = ReadOnlyCredentials(by.access_key_id, by.secret_access_key.reveal(), by.session_token.reveal())
        try:
            with self._signer.signing_as(signed_by):
                self._client(request).assume_role(**_parameters(role), DurationSeconds=seconds)
        except ClientError as error:
            said = str(error.response.get("Error", {}).get("Message", ""))
            return True if OVER_CHAIN in said else False if OVER_ROLE in said else None
        except Exception:  # noqa: BLE001 — the border: it is only asked to spare a code, which finds out as well
            return None
        return None

    def federate(self, identity: Identity, keys: LongTermKeys, name: str) -> Credentials:
        """GetFederationToken for an hour, with a policy that allows all: what the user may, but for lack of MFA.

        Without a policy it could do nothing. Raises StsError.
        """
        request = Request(Purpose.FEDERATION, identity.endpoint, identity.name, keys=identity.keys)
        signed_by = ReadOnlyCredentials(keys.access_key_id, keys.secret_access_key.reveal(), None)
        parameters = {"Name": name, "Policy": EVERYTHING, "DurationSeconds": federated.SECONDS}
        return self._issue(request, signed_by, parameters)

    def check(self, endpoint: StsEndpoint, keys: LongTermKeys, name: str) -> str:
        """GetCallerIdentity with the long-term keys of this name: the caller's ARN. Raises StsError."""
        return self.look(endpoint, keys, name).arn

    def look(self, endpoint: StsEndpoint, keys: LongTermKeys, name: str) -> KeyCheck:
        """GetCallerIdentity with the long-term keys of this name: whose they are, and how our clock stands to AWS's.

        Raises StsError.
        """
        request = Request(Purpose.CHECK, endpoint, keys.access_key_id, keys=name)
        signed_by = ReadOnlyCredentials(keys.access_key_id, keys.secret_access_key.reveal(), None)
        answer, _ = self._call_somewhere(request, signed_by, {})
        arn = answer.get("Arn")
        if not isinstance(arn, str):
            raise no_credentials(request)
        answered = answered_at(answer)
        return KeyCheck(arn, None if answered is None else self._clock.now().wall - answered)

    def way(self, endpoint: StsEndpoint) -> Route:
        """The host that is asked there, and the proxy on the way. Raises StsError for settings that cannot be used."""
        host = urlsplit(self._client(Request(Purpose.CHECK, endpoint, "")).meta.endpoint_url).netloc
        return Route(host, proxy_of(endpoint, host))

    def ask_date(self, endpoint: StsEndpoint, by: Credentials) -> None:
        """Have AWS answer, whatever it says, for the date of its answer. Never raises StsError."""
        request = Request(Purpose.CHECK, endpoint, by.access_key_id)
        signed_by = ReadOnlyCredentials(by.access_key_id, by.secret_access_key.reveal(), by.session_token.reveal())
        with suppress(StsError):
            self._call(request, signed_by, {})

    def close(self) -> None:
        """Close every connection. The next call opens new ones."""
        with self._making:
            while self._clients:
                self._clients.popitem()[1].close()

    # One call

    def _issue(self, request: Request, signed_by: ReadOnlyCredentials, parameters: Mapping[str, Any]) -> Credentials:
        answer, start = self._call_somewhere(request, signed_by, parameters)
        return _credentials(answer, start, request, asked=parameters["DurationSeconds"])

    def _call_somewhere(
        self, request: Request, signed_by: ReadOnlyCredentials, parameters: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Instant]:
        """Call, and once more in the partition's first region if STS is switched off in this one."""
        try:
            return self._call(request, signed_by, parameters)
        except StsError as error:
            home = partition_of(request.endpoint.region).first
            if error.trouble.code != "sts_region_disabled" or home == request.endpoint.region:
                raise
        return self._call(replace(request, endpoint=replace(request.endpoint, region=home)), signed_by, parameters)

    def _call(
        self, request: Request, signed_by: ReadOnlyCredentials, parameters: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Instant]:
        """The parsed answer, and the instant when the call began. Raises StsError and nothing else."""
        client = self._client(request)
        start = self._clock.now()
        try:
            with self._signer.signing_as(signed_by):
                return getattr(client, request.purpose.operation)(**parameters), start
        except Exception as error:  # noqa: BLE001 — this is the border: all of it becomes a sentence
            failure = explain(error, request, self._clock.now().wall)
        finally:
            if request.purpose.spends_a_code:
                client.close()
        # Raised out here, so that no exception with a request or an answer in it hangs on as the context.
        raise failure from None

    # Clients

    def _client(self, request: Request) -> Any:
        """The endpoint's client. A session gets one of its own: a connection that died of idleness costs its code."""
        endpoint = request.endpoint
        with self._making:
            if request.purpose.spends_a_code:
                return self._make(request, tries=1)
            client = self._clients.pop(endpoint, None) or self._make(request, tries=self._limits.tries)
            self._clients[endpoint] = client
            if len(self._clients) > MOST_CLIENTS:
                self._clients.popitem(last=False)[1].close()
            return client

    def _make(self, request: Request, *, tries: int) -> Any:
        endpoint = request.endpoint
        if endpoint.ca_bundle is not None:
            _check_bundle(request, endpoint.ca_bundle)
        if endpoint.proxy is None:
            return self._made(request, tries=tries, proxies=None)  # on macOS that of the system may be meant
        url = urlsplit(endpoint.url or "")
        client = self._made(request, tries=tries, proxies={url.scheme or "https": endpoint.proxy})
        if not around(endpoint.no_proxy, urlsplit(client.meta.endpoint_url).netloc):
            return client
        client.close()  # only now it is known which host that is
        return self._made(request, tries=tries, proxies={})

    def _made(self, request: Request, *, tries: int, proxies: Mapping[str, str] | None) -> Any:
        endpoint = request.endpoint
        config = Config(
            proxies=proxies,
            connect_timeout=self._limits.connect,
            read_timeout=self._limits.read,
            retries={"total_max_attempts": tries, "mode": "standard"},
            max_pool_connections=self._limits.at_once,
            use_fips_endpoint=endpoint.use_fips,
            use_dualstack_endpoint=endpoint.use_dualstack,
            ignore_configured_endpoint_urls=True,
            user_agent_extra=f"trayexec/{__version__}",
        )
        try:
            session = self._botocore_session()
            session.set_config_variable("sts_regional_endpoints", endpoint.sts_regional_endpoints)
            client = boto3.Session(botocore_session=session).client(
                "sts",
                region_name=endpoint.region,
                endpoint_url=endpoint.url,
                verify=endpoint.ca_bundle or True,  # with None, botocore would look into our own environment
                config=config,
            )
        except Exception as error:  # noqa: BLE001 — whatever botocore finds wrong with the settings
            failure = unusable_endpoint(request, error)
        else:
            # Private, but the only way to the transport with its proxies and certificates; moto goes the same way.
            client.meta.events.register("before-send.sts", partial(self._send, client._endpoint.http_session))  # noqa: SLF001
            return client
        raise failure from None

    def _botocore_session(self) -> Any:
        """A botocore session that reads no file and knows no profile: everything is said by the `Endpoint`."""
        if self._session is None:
            nothing = (None, None, None, None)
            no_file = (None, None, os.devnull, None)
            session = botocore.session.Session(
                session_vars={"profile": nothing, "config_file": no_file, "credentials_file": no_file}
            )
            session.register_component("credential_provider", self._signer)
            self._session = session
        return self._session

    def _send(self, transport: Any, request: Any, **_event: object) -> Any:
        """Send in botocore's place, to read no more than is sensible and to know what does not come from AWS."""
        deadline = self._clock.now().boot + self._limits.connect + self._limits.read
        request.stream_output = True  # read by us
        answer = transport.send(request)
        body = bytearray()
        answer.raw.enforce_content_length = False  # as botocore itself has it since 1.44: half an answer is no XML
        try:
            while piece := answer.raw.read1(65536):
                body += piece
                if len(body) > self._limits.body:
                    raise NotAnswered
                if self._clock.now().boot > deadline:
                    raise ReadTimeoutError(endpoint_url=request.url)
            answer.raw.read()  # nothing is left: this hands the connection back
        except urllib3.exceptions.ReadTimeoutError:
            raise ReadTimeoutError(endpoint_url=request.url) from None
        except urllib3.exceptions.HTTPError as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=type(error).__name__) from None
        finally:
            answer.raw.close()  # a connection that was handed back stays open
        answer._content = _from_aws(answer.status_code, bytes(body))  # noqa: SLF001 — what `.content` would have read
        date = unix_date(answer.headers.get("Date"))
        if date is not None and answer.status_code < 500:  # noqa: PLR2004 — such may come from whoever stands before STS
            self._dated(urlsplit(request.url).netloc, date)
        return answer


class _Signer:
    """Whose signature is due in this thread. To botocore it is a credential provider, and the credentials too."""

    method = "trayexec"
    account_id = None

    def __init__(self) -> None:
        self._thread = threading.local()

    @contextmanager
    def signing_as(self, keys: ReadOnlyCredentials) -> Iterator[None]:
        """Sign with `keys` inside this block, in this thread."""
        self._thread.keys = keys
        try:
            yield
        finally:
            del self._thread.keys

    def load_credentials(self) -> "_Signer":
        """Botocore asks its provider once."""
        return self

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Botocore asks at every signature."""
        keys: ReadOnlyCredentials = self._thread.keys
        return keys

    def get_deferred_property(self, _name: str) -> Callable[[], None]:
        """Botocore may ask for the account of the keys; STS endpoints do not depend on it."""
        return lambda: None


def _request_for(role: Role) -> Request:
    return Request(
        Purpose.ROLE,
        role.endpoint,
        role.arn,
        chained=isinstance(role.source, Role),
        identity=role.root.name if isinstance(role.root, Identity) else "",
        unasked=isinstance(role.root, Identity) and not role.root.needs_code,
        narrowed=role.policy is not None or bool(role.policy_arns),
        tagged=role.tags != SessionTags(),
        role=role.arn,
    )


def _parameters(role: Role) -> dict[str, Any]:
    """What AssumeRole is asked for, but for how long."""
    parameters: dict[str, Any] = {"RoleArn": role.arn, "RoleSessionName": role.session_name, **_tagged(role.tags)}
    if role.external_id is not None:
        parameters["ExternalId"] = role.external_id
    if role.policy is not None:
        parameters["Policy"] = role.policy
    if role.policy_arns:
        parameters["PolicyArns"] = [{"arn": one} for one in role.policy_arns]
    return parameters


def _tagged(tags: SessionTags) -> dict[str, Any]:
    """The parameters of AssumeRole that say what a session carries."""
    found: dict[str, Any] = {}
    if tags.tags:
        found["Tags"] = [{"Key": key, "Value": value} for key, value in tags.tags]
    if tags.transitive:
        found["TransitiveTagKeys"] = [*tags.transitive]
    if tags.source_identity is not None:
        found["SourceIdentity"] = tags.source_identity
    return found


def _check_bundle(request: Request, path: str) -> None:
    """Raise StsError for what cannot be read as a file: of a pipe the end would be waited for."""
    if not os.path.isfile(path) or not os.access(path, os.R_OK):  # noqa: PTH113 — without an error, whatever the name
        raise unusable_endpoint(request, FileNotFoundError(path))


def _from_aws(status: int, body: bytes) -> bytes:
    """The body, if it can be an answer of STS. Raises NotAnswered when somebody in between wrote it.

    STS never redirects and answers XML without a document type; a portal's page has one, and so has an XML bomb.
    """
    text = body.lstrip().lower()
    strange = not text.startswith(b"<") or b"<!doctype" in text or b"<!entity" in text or text.startswith(b"<html")
    if status >= 500:  # noqa: PLR2004 — a load balancer's page is still "the service is down", and is tried again
        return b"" if strange else body
    if strange or (status >= 300 and status < 400):  # noqa: PLR2004 — redirections
        raise NotAnswered
    return body


def _credentials(answer: Mapping[str, Any], start: Instant, request: Request, *, asked: int) -> Credentials:
    """Credentials out of an answer. Their life is counted from `start` by AWS's own clock, whatever ours says."""
    parts = answer.get("Credentials") or {}
    key, secret, token = (parts.get(name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    if not (isinstance(key, str) and isinstance(secret, str) and isinstance(token, str) and key and secret and token):
        raise no_credentials(request)
    expiration = parts.get("Expiration")
    if not isinstance(expiration, datetime):
        raise bad_expiration(request)
    ends = expiration.timestamp()
    answered = answered_at(answer)
    life = ends - (start.wall if answered is None else answered)
    # A quarter of an hour is how wrong our own clock can be, where only that one is known.
    if not 0 < life <= asked + 900:
        raise bad_expiration(request)
    return Credentials(key, Secret(secret), Secret(token), Expiry(start.after(min(life, asked)), int(ends)))

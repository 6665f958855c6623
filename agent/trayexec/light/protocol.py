"""The private socket's protocol, version 1, for both ends: lines, requests, notes and answers. Pure, no I/O.

One connection is one request line, then any number of note lines, then one final line; each line is one JSON object in
UTF-8, and a request is at most 64 KiB long. `protocol_fields.py` has the fields. An end of another version may leave
out what it does not know and may say more: what is not known is ignored, and an answer without what its reader needs
is refused (`garbled`).

The run path lives on this module, so it takes the C parts of the standard `json` without the package around them:
`import json` alone would cost as much as the rest of a run.
"""

from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trayexec.light.protocol_fields import (
        CallerFields,
        CredentialsAnswer,
        EndpointAnswer,
        ErrorAnswer,
        OverlayAnswer,
        PolicyFields,
        RequestFields,
        SessionAnswer,
        StatusAnswer,
        Use,
    )

try:
    import _json

    _fast: "Any" = _json
except ImportError:  # an interpreter without the C parts
    _fast = None

VERSION = 1
# What of a caller's environment decides where its AWS is, as botocore reads it
# (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html, botocore's configprovider.py and args.py).
# It stands in a request under "aws", and nothing else of an environment does.
AWS_VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_LOGIN_CACHE_DIRECTORY",
)
AWS_PATHS = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_LOGIN_CACHE_DIRECTORY")  # those of them that name files
# By which way the caller's machine reaches AWS: all that botocore reads of it (urllib.request.getproxies_environment,
# of which its httpsession.py takes `http` and `https`). They stand in a request under "proxy".
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy")
MAX_LINE = 64 * 1024
MAX_DEPTH = 8
SDK_MARGIN = 60  # seconds that SDKs are told less: some use credentials to the very last second
_NESTED = (dict, list)


class ProtocolError(ValueError):
    """A line that is not of this protocol."""


def _object(pairs: "list[tuple[str, Any]]") -> "dict[str, Any]":
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ProtocolError("a key stands twice")
    return table


def _constant(name: str) -> "Any":
    raise ProtocolError(f"{name} is not JSON")


if _fast is not None:

    class _Rules:
        strict = True
        object_hook = None
        object_pairs_hook = staticmethod(_object)
        parse_float = float
        parse_int = int
        parse_constant = staticmethod(_constant)

    _scan: "Any" = _fast.make_scanner(_Rules())
    _options = (None, None, _fast.encode_basestring_ascii, None, ":", ",", False, False, False)
    _chunks: "Any" = _fast.make_encoder(*_options)

    def _load(text: str) -> "Any":
        value, end = _scan(text, 0)
        if end != len(text):
            raise ProtocolError("something follows the object")
        return value

    def _dump(message: "Mapping[str, Any]") -> str:
        return "".join(_chunks(message, 0))

else:
    import json

    def _load(text: str) -> "Any":
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)

    def _dump(message: "Mapping[str, Any]") -> str:
        return json.dumps(message, separators=(",", ":"), allow_nan=False)


def document(message: "Mapping[str, Any]") -> str:
    """A flat object as JSON in ASCII, for whoever reads what we print."""
    return _dump(message)


def encode(message: "Mapping[str, Any]") -> bytes:
    """One line, with its newline."""
    return _dump({"v": VERSION, **message}).encode("ascii") + b"\n"


def decode(line: bytes, most: int = MAX_LINE) -> "dict[str, Any]":
    """The object on one line of at most `most` bytes. Raises ProtocolError for anything that is not one of ours."""
    if len(line) > most:
        raise ProtocolError(f"the line is longer than {most} bytes")
    try:
        value = _load(line.decode("utf-8").strip(" \t\r\n"))
    except ProtocolError:
        raise
    except (ValueError, RecursionError, StopIteration):
        raise ProtocolError("the line is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolError("the line is not an object")
    if _deeper(value, MAX_DEPTH):
        raise ProtocolError("the line is nested too deeply")
    return value


def _deeper(value: "dict[str, Any] | list[Any]", depth: int) -> bool:
    if depth < 1:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper(one, depth - 1) for one in inner if isinstance(one, _NESTED))


# Requests


def credentials(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    profile: str,
    *,
    wait: int,
    need: int | None = None,
    program: str | None = None,
    use: "Use | None" = None,
    source: str | None = None,
    long: int | None = None,
    policy: "PolicyFields | None" = None,
) -> "RequestFields":
    """Credentials of a profile with at least `need` seconds left, for `program`; `use` is what is done with them.

    `source` is what a role is assumed from whose ARN is told in place of a profile, `policy` narrows it, and `long` is
    for how many seconds a code of its own is to open it. A narrowed
    request has a name of its own, so that an agent which knows none refuses it, and never serves it as a plain one.
    """
    op = "narrowed_credentials" if policy else "credentials"
    more = policy or {}
    return _request(
        op, caller, profile=profile, source=source, long=long, wait=wait, need=need, program=program, then=use, **more
    )


def endpoint(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    profile: str,
    *,
    wait: int,
    need: int | None,
    program: str,
    source: str | None = None,
    long: int | None = None,
    policy: "PolicyFields | None" = None,
) -> "RequestFields":
    """A lease on the container endpoint."""
    op = "narrowed_endpoint" if policy else "endpoint"
    more = policy or {}
    return _request(
        op, caller, profile=profile, source=source, long=long, wait=wait, need=need, program=program, **more
    )


def endpoint_again(former: "RequestFields", *, token: str, port: int | None) -> "RequestFields":
    """The same lease from another agent: by the token and the port that the former one gave. No person is asked."""
    return {**former, "wait": 0, "token": token, "port": port}  # type: ignore[typeddict-item]  # an address without one


def auth(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    *,
    wait: int | None = None,
    program: str | None = None,
    identity: str | None = None,
    force: bool | None = None,
    code: str | None = None,
    mfa_serial: str | None = None,
    browser: bool | None = None,
) -> "RequestFields":
    """An open session of an identity, or of the only one; `force` asks for a new one.

    `mfa_serial` is the device that the code is of. Or a sign-in: without `browser` no page is opened, and its
    address and a code are told.
    """
    return _request(
        "auth",
        caller,
        wait=wait,
        program=program,
        identity=identity,
        force=force,
        code=code,
        mfa_serial=mfa_serial,
        browser=browser,
    )


def lock(caller: "CallerFields", *, identity: str | None = None, keys: str | None = None) -> "RequestFields":
    """To forget the session of an identity, or the one made with the stored keys of that name, or all."""
    return _request("lock", caller, identity=identity, keys=keys)


def hold_keys(caller: "CallerFields", name: str, key_id: str, secret: str, *, arn: str) -> "RequestFields":
    """To hold these long-term keys, of the user `arn`, in memory alone: as those stored under this name."""
    return _request("hold_keys", caller, profile=name, key_id=key_id, secret=secret, arn=arn)


def drop_keys(caller: "CallerFields", name: str) -> "RequestFields":
    """To forget the keys that are held under this name; the answer says whether there were any."""
    return _request("drop_keys", caller, profile=name)


def decide(caller: "CallerFields", question: int, verdict: str) -> "RequestFields":
    """To take this for the answer of the person at the caller's terminal, where that question is asked."""
    return _request("decide", caller, question=question, verdict=verdict)


def status(caller: "CallerFields") -> "RequestFields":
    """The document of `status --json`."""
    return _request("status", caller, wait=0)


def overlay(caller: "CallerFields", *, server: str | None = None, source: str | None = None) -> "RequestFields":
    """The overlay, up to date; `server` is the profile of a `--server`, or a role over `source`."""
    return _request("overlay", caller, wait=0, server=server, source=source)


def stop() -> "RequestFields":
    """That the agent ends."""
    return _request("stop", {})


def show() -> "RequestFields":
    """That the question that is up comes to the front, if there is one."""
    return _request("show", {})


def restart() -> "RequestFields":
    """That an agent of the version that is installed takes its place. The answer is that the connection ends."""
    return _request("restart", {})


def _request(op: str, caller: "CallerFields", **fields: object) -> "RequestFields":
    request: Any = {"op": op, **caller}
    request.update((name, value) for name, value in fields.items() if value is not None)
    return request  # type: ignore[no-any-return]  # `cast` cannot be had without importing it


def line(request: "RequestFields") -> bytes:
    """The line to send. We never close one half of a connection only: its end says that we have gone."""
    return encode({**request, "eof": "gone"})


# What the agent says


def note(kind: str, text: str, **fields: str | int) -> bytes:
    """A line that is not the last one. `terminal.answer` reads the fields of one that asks for a code."""
    return encode({"note": kind, "text": text, **fields})


def ok(answer: "Mapping[str, object] | None") -> bytes:
    """The last line: what was asked for; None for a lease that has ended meanwhile."""
    return encode({"ok": answer})


def error(why: "ErrorAnswer") -> bytes:
    """The last line: why not."""
    return encode({"error": why})


def process_document(
    key_id: str, secret: str, token: str | None, *, expiration: str | None, account: str | None
) -> "dict[str, str | int]":
    """AWS's document of credential_process, without what there is not.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    said = {"SessionToken": token, "Expiration": expiration, "AccountId": account}
    document: dict[str, str | int] = {"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": secret}
    return {**document, **{name: value for name, value in said.items() if value is not None}}


# How it is read


def garbled() -> TrayexecError:
    """An answer that lacks what every agent says."""
    return TrayexecError(
        trouble(
            "protocol",
            "The agent's answer is not of this protocol.",
            "Agent and command may be of different versions: run `trayexec agent stop`, then try again.",
        )
    )


def delivery(answer: "Mapping[str, object]") -> str | None:
    """By which other way config.toml wants this profile delivered, in an answer without credentials; None for none."""
    said = answer.get("Delivery")
    return None if said is None else str(said)


def read_credentials(answer: "Mapping[str, object]") -> "CredentialsAnswer":
    """The answer to `credentials`. Raises TrayexecError (`protocol`)."""
    return _with(answer, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")  # type: ignore[no-any-return]


def read_endpoint(answer: "Mapping[str, object]") -> "EndpointAnswer":
    """The answer to `endpoint`. Raises TrayexecError (`protocol`)."""
    return _with(answer, "url", "token")  # type: ignore[no-any-return]


def read_session(answer: "Mapping[str, object]") -> "SessionAnswer":
    """The answer to `auth`. Raises TrayexecError (`protocol`)."""
    return _with(answer, "identity", "expires_at")  # type: ignore[no-any-return]


def read_overlay(answer: "Mapping[str, object]") -> "OverlayAnswer":
    """The answer to `overlay`. Raises TrayexecError (`protocol`)."""
    return _with(answer, "config", "shared", "own_config", "own_shared")  # type: ignore[no-any-return]


def read_status(answer: "Mapping[str, object]") -> "StatusAnswer":
    """The answer to `status`. Raises TrayexecError (`protocol`)."""
    kinds = {"agent": dict, "identities": list, "profiles": list}
    if not all(isinstance(answer.get(name), kind) for name, kind in kinds.items()):
        raise garbled()
    return answer  # type: ignore[return-value]  # it has what is needed


def _with(answer: "Mapping[str, object]", *names: str) -> "Any":
    """The answer, which has a text under each of these names."""
    if not all(isinstance(answer.get(name), str) for name in names):
        raise garbled()
    return answer

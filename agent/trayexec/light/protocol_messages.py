"""Builds the requests, notes and answers of the private socket and reads the answers: one set of field names, no I/O.

A request is one object with the fields of `RequestFields`, and `daemon/requests.py` reads them. An end of another
version may leave out what it does not know and may say more: what is not known is ignored, and an answer without what
its reader needs is refused (`garbled`).
"""

from trayexec.light import protocol
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal, NotRequired, TypedDict

    Use = Literal["runs", "sets", "passes"]
    Wanted = Literal["credentials", "narrowed_credentials", "endpoint", "narrowed_endpoint"]
    Op = Literal[Wanted, "auth", "lock", "status", "overlay", "stop"]

    class CallerFields(TypedDict, total=False):
        """What every request may say of its caller: where AWS is for it (`context.surroundings`), and its person."""

        config: str
        shared: str
        home: str
        proxy: dict[str, str]
        place: dict[str, Any]
        here: dict[str, Any]
        aws: dict[str, str]
        hand: Literal["terminal"]
        terminal: str
        lang: str
        program: str
        then: Use
        eof: Literal["gone"]

    class PolicyFields(TypedDict, total=False):
        """What narrows a role for one request: a policy in JSON, ARNs of policies or names of AWS's own."""

        policy: str
        policy_arns: list[str]

    class RequestFields(CallerFields, PolicyFields, total=False):
        """A request. `need` and `wait` are seconds; without `wait` the agent waits for a person as long as it does.

        `source` is what a role is assumed from whose ARN stands in `profile`.
        """

        op: Op
        profile: str
        source: str
        need: int
        wait: int
        token: str
        port: int
        identity: str
        code: str
        force: bool
        keys: str
        server: str

    class ErrorAnswer(TypedDict):
        """A refusal, in the caller's language."""

        code: str
        title: str
        hint: str

    class OverlayAnswer(TypedDict):
        """The paths of the overlay's files, and of the user's own that it was made from; `here` proves whose they are.

        `server` is the config for `--server`, and `profile` stands beside it where that profile has its own settings.
        """

        config: str
        shared: str
        own_config: str
        own_shared: str
        server: NotRequired[str]
        profile: NotRequired[str]
        words: NotRequired[str]
        here: NotRequired[dict[str, Any]]

    class RegionAnswer(TypedDict, total=False):
        """Where a profile is: `RegionOf` is `default` for a region that is inherited from there."""

        Region: str | None
        RegionOf: str | None
        AccountId: str | None

    class CredentialsAnswer(RegionAnswer):
        """AWS's document, and where the profile's settings are if it has some of its own.

        `UsableUntil` is what SDKs are told in place of `Expiration`, for who passes it to them.
        """

        AccessKeyId: str
        SecretAccessKey: str
        SessionToken: str
        Expiration: str
        UsableUntil: NotRequired[str]
        Overlay: NotRequired[OverlayAnswer]

    class EndpointAnswer(RegionAnswer):
        """The address and the token of a lease; `problem` is why it gives nothing yet."""

        url: str
        token: str
        problem: NotRequired[ErrorAnswer]

    class SessionAnswer(TypedDict):
        """An open session, and its end."""

        identity: str
        expires_at: str

    class AgentStatus(TypedDict):
        """The agent itself: `display` is there, and null, where it has none; `screen` where that is locked."""

        pid: int
        version: str
        tray: str
        prompt: str
        settings: NotRequired[str]
        display: NotRequired[None]
        screen: NotRequired[str]

    class IdentityStatus(TypedDict):
        """An identity, and how it stands."""

        name: str
        account: str | None
        mfa_serial: str
        phase: str
        expires_at: str | None
        endpoint: NotRequired[str]
        proxy: NotRequired[str]
        keys: NotRequired[str]
        trouble: NotRequired[ErrorAnswer | None]
        configured: NotRequired[bool]

    class RoleRefusal(ErrorAnswer):
        """What AWS answered last for a role: when, and whether that was its no."""

        at: str
        denied: bool

    class ProfileStatus(TypedDict):
        """A profile, and how it stands."""

        name: str
        identity: str | None
        account: str | None
        role: str | None
        region: str | None
        expires_at: str | None
        problem: str | None
        refused: NotRequired[RoleRefusal | None]

    class StatusAnswer(TypedDict):
        """The document of `status --json` (DESIGN 3.6); `problem` is what is wrong with the caller's AWS files."""

        version: int
        agent: AgentStatus
        identities: list[IdentityStatus]
        profiles: list[ProfileStatus]
        problem: NotRequired[ErrorAnswer]


SDK_MARGIN = 60  # seconds that SDKs are told less: some use credentials to the very last second


def credentials(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    profile: str,
    *,
    wait: int,
    need: int | None = None,
    program: str | None = None,
    use: "Use | None" = None,
    source: str | None = None,
    policy: "PolicyFields | None" = None,
) -> "RequestFields":
    """Credentials of a profile with at least `need` seconds left, for `program`; `use` is what is done with them.

    `source` is what a role is assumed from whose ARN is told in place of a profile, `policy` narrows it. A narrowed
    request has a name of its own, so that an agent which knows none refuses it, and never serves it as a plain one.
    """
    op = "narrowed_credentials" if policy else "credentials"
    more = policy or {}
    return _request(op, caller, profile=profile, source=source, wait=wait, need=need, program=program, then=use, **more)


def endpoint(  # noqa: PLR0913 — the fields of the request
    caller: "CallerFields",
    profile: str,
    *,
    wait: int,
    need: int | None,
    program: str,
    source: str | None = None,
    policy: "PolicyFields | None" = None,
) -> "RequestFields":
    """A lease on the container endpoint."""
    op = "narrowed_endpoint" if policy else "endpoint"
    more = policy or {}
    return _request(op, caller, profile=profile, source=source, wait=wait, need=need, program=program, **more)


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
) -> "RequestFields":
    """An open session of an identity, or of the only one; `force` asks for a new one."""
    return _request("auth", caller, wait=wait, program=program, identity=identity, force=force, code=code)


def lock(caller: "CallerFields", *, identity: str | None = None, keys: str | None = None) -> "RequestFields":
    """To forget the session of an identity, or the one made with the stored keys of that name, or all."""
    return _request("lock", caller, identity=identity, keys=keys)


def status(caller: "CallerFields") -> "RequestFields":
    """The document of `status --json`."""
    return _request("status", caller, wait=0)


def overlay(caller: "CallerFields", *, server: str | None = None) -> "RequestFields":
    """The overlay, up to date; `server` is the profile of a `--server`."""
    return _request("overlay", caller, wait=0, server=server)


def stop() -> "RequestFields":
    """That the agent ends."""
    return _request("stop", {})


def _request(op: str, caller: "CallerFields", **fields: object) -> "RequestFields":
    request: Any = {"op": op, **caller}
    request.update((name, value) for name, value in fields.items() if value is not None)
    return request  # type: ignore[no-any-return]  # `cast` cannot be had without importing it


def line(request: "RequestFields") -> bytes:
    """The line to send. We never close one half of a connection only: its end says that we have gone."""
    return protocol.encode({**request, "eof": "gone"})


# What the agent says


def note(kind: str, text: str, **fields: str | int) -> bytes:
    """A line that is not the last one. `terminal.answer` reads the fields of one that asks for a code."""
    return protocol.encode({"note": kind, "text": text, **fields})


def ok(answer: "Mapping[str, object] | None") -> bytes:
    """The last line: what was asked for; None for a lease that has ended meanwhile."""
    return protocol.encode({"ok": answer})


def error(why: "ErrorAnswer") -> bytes:
    """The last line: why not."""
    return protocol.encode({"error": why})


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

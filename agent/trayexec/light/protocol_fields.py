"""The fields of the private socket's requests and answers, as types. No program loads it: what checks types does.

A request is one object with the fields of `RequestFields`, and `daemon/requests.py` reads them.
"""

from typing import Any, Literal, NotRequired, TypedDict

Use = Literal["runs", "sets", "passes", "signs in"]
Wanted = Literal["credentials", "narrowed_credentials", "endpoint", "narrowed_endpoint"]
Op = Literal[Wanted, "auth", "lock", "hold_keys", "drop_keys", "decide", "status", "overlay", "stop", "restart", "show"]


class CallerFields(TypedDict, total=False):
    """What every request may say of its caller: where AWS is for it (`context.surroundings`), and its person."""

    config: str
    shared: str
    home: str
    proxy: dict[str, str]
    place: dict[str, Any]
    here: dict[str, Any]
    aws: dict[str, str]
    given: dict[str, str]
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

    `source` is what a role is assumed from whose ARN stands in `profile`, `long` how many seconds a role is to last
    that a code of its own opens.
    """

    op: Op
    profile: str
    source: str
    long: int
    need: int
    wait: int
    token: str
    port: int
    identity: str
    code: str
    mfa_serial: str
    force: bool
    browser: bool
    keys: str
    key_id: str
    secret: str
    arn: str
    server: str
    question: int
    verdict: str


class ErrorAnswer(TypedDict):
    """A refusal, in the caller's language."""

    code: str
    title: str
    hint: str


class OverlayAnswer(TypedDict):
    """The paths of the overlay's files, and of the user's own that it was made from; `here` proves whose they are.

    `server` is the config for `--server`, and `profile` stands beside it where that profile has its own settings:
    there [default] has them, and neither has credentials.
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
    renews: NotRequired[bool]


class SignInStatus(TypedDict):
    """A sign-in at IAM Identity Center: `renews` until its organisation ends it; the page of one under way."""

    name: str
    kind: str
    start_url: str
    region: str
    phase: Literal["locked", "signing-in", "open"]
    expires_at: str | None
    renews: bool
    page: str | None
    code: str | None
    trouble: ErrorAnswer | None


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
    mfa_serial: str | None
    phase: str
    expires_at: str | None
    endpoint: NotRequired[str]
    proxy: NotRequired[str]
    keys: NotRequired[str]
    keys_from: NotRequired[str]
    trouble: NotRequired[ErrorAnswer | None]
    configured: NotRequired[bool]


class SourceStatus(TypedDict):
    """Where credentials come from that need no code: `by` is for people, `kind` for programs.

    `signed_in` is whether somebody is at IAM Identity Center, and null where nobody needs to be.
    """

    kind: str
    by: str
    profile: str
    expires_at: str | None
    role: NotRequired[str | None]
    signed_in: NotRequired[bool | None]
    account: NotRequired[str | None]
    trouble: NotRequired[ErrorAnswer | None]


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
    confirm: NotRequired[str]
    source: NotRequired[SourceStatus]


class StatusAnswer(TypedDict):
    """The document of `status --json` (DESIGN 3.6); `problem` is what is wrong with the caller's AWS files."""

    version: int
    agent: AgentStatus
    identities: list[IdentityStatus]
    sources: NotRequired[list[SourceStatus]]
    sign_ins: NotRequired[list[SignInStatus]]
    profiles: list[ProfileStatus]
    problem: NotRequired[ErrorAnswer]

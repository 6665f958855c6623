"""What callers may ask: a line of the wire becomes a typed request here, or is refused with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from trayexec import __version__
from trayexec.core import key_shape
from trayexec.core.broker.events import SOFT_NEED, AskAt, Renewal
from trayexec.core.config.session_policy import SessionPolicy
from trayexec.core.config.surroundings import FileMarks, Surroundings
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import SignInWay, Verdict
from trayexec.daemon.container_endpoint import FormerLease, former_lease
from trayexec.light import given_credentials, protocol, same_machine
from trayexec.light.durations import LONGEST_LONG, LONGEST_NEED, LONGEST_WAIT
from trayexec.light.errors import Text, TrayexecError, trouble

LONGEST_TEXT = 4096
LARGEST = 2**53  # of a number that every reader of JSON keeps as it is
_MARK = 4  # numbers: device and inode of a file, and of its folder
_DECIDING = sorted(protocol.AWS_VARIABLES)


class AnswerUse(Enum):
    """What the caller does with its answer."""

    RUNS = "it becomes the command, with the credentials in its environment"
    SETS = "it puts them into the environment of others"
    PASSES = "it passes them to the process that started it, which is the one that asks"
    SIGNS_IN = "it signs in to the console, which takes no session of an identity"
    OTHER = "something else"


_USES = {
    "runs": AnswerUse.RUNS,
    "sets": AnswerUse.SETS,
    "passes": AnswerUse.PASSES,
    "signs in": AnswerUse.SIGNS_IN,
}


class EndOfInput(Enum):
    """What the end of what a caller says means: one that is carried by ssh is never seen to hang up altogether."""

    LISTENS = "it has said its line, and waits for the answer"
    GONE = "it has gone"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What every request may carry: where AWS is for it, which program and language, where the person is, what then.

    `terminal` tells the terminal in whose foreground the caller runs from every other one; empty for none. `eof` is
    what it means when nothing more comes from it.
    """

    surroundings: Surroundings
    program: str
    language: str
    ask_at: AskAt
    then: AnswerUse
    terminal: str
    eof: EndOfInput
    file_marks: FileMarks | None = None


@dataclass(frozen=True, slots=True)
class WantCredentials:
    """`credentials`."""

    common: RequestContext
    profile: str
    source: str | None
    policy: SessionPolicy | None
    long: int | None
    need: int
    wait: int


@dataclass(frozen=True, slots=True)
class WantEndpoint:
    """`endpoint`: a lease on the container endpoint; `former` is the one that an earlier agent gave."""

    common: RequestContext
    profile: str
    source: str | None
    policy: SessionPolicy | None
    long: int | None
    need: int
    wait: int
    former: FormerLease | None


@dataclass(frozen=True, slots=True)
class WantSession:
    """`auth`."""

    common: RequestContext
    identity: str | None
    code: Secret | None
    renewal: Renewal
    wait: int
    way: SignInWay
    serial: str


@dataclass(frozen=True, slots=True)
class WantLock:
    """`lock`: an identity as a person names it, or the name of stored keys, or everything."""

    common: RequestContext
    identity: str | None
    keys: str | None = None


@dataclass(frozen=True, slots=True)
class WantHeldKeys:
    """`hold_keys` and `drop_keys`: these long-term keys, or None, are what is held in memory under a name."""

    common: RequestContext
    profile: str
    keys: LongTermKeys | None


@dataclass(frozen=True, slots=True)
class WantDecision:
    """`decide`: what a person at the caller's terminal answers to the question of this number."""

    common: RequestContext
    question: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class WantStatus:
    """`status`."""

    common: RequestContext


@dataclass(frozen=True, slots=True)
class WantOverlay:
    """`overlay`: the files for `--live`, or for `--server` with this profile, or with this role over this source."""

    common: RequestContext
    server: str | None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class WantStop:
    """`stop`."""

    common: RequestContext


@dataclass(frozen=True, slots=True)
class WantRestart:
    """`restart`."""

    common: RequestContext


@dataclass(frozen=True, slots=True)
class WantShow:
    """`show`."""

    common: RequestContext


Request = (
    WantCredentials
    | WantEndpoint
    | WantSession
    | WantLock
    | WantHeldKeys
    | WantDecision
    | WantStatus
    | WantOverlay
    | WantStop
    | WantRestart
    | WantShow
)


def parse(line: bytes, place: Mapping[str, object]) -> Request:  # noqa: C901, PLR0911, PLR0912 — a flat table
    """The request on one line, to an agent at this place (`context.place`).

    Raises TrayexecError (code `protocol` or `bad_request`) for anything else.
    """
    try:
        said = protocol.decode(line)
    except protocol.ProtocolError as error:
        raise TrayexecError(
            trouble("protocol", "That is not a request: {why}.", "Send one JSON object on one line.", why=str(error))
        ) from None
    if said.get("v") != protocol.VERSION:
        raise _version(said.get("v"))
    common = RequestContext(
        _surroundings(said, place),
        _word(said, "program") or "",
        _word(said, "lang") or "",
        AskAt.TERMINAL if said.get("hand") == "terminal" else AskAt.DIALOG,
        _USES.get(_word(said, "then") or "", AnswerUse.OTHER),
        _word(said, "terminal") or "",
        EndOfInput.GONE if said.get("eof") == "gone" else EndOfInput.LISTENS,
        _file_marks(said),
    )
    match said.get("op"):
        case "credentials" | "narrowed_credentials":
            return WantCredentials(common, *_wanted(said))
        case "endpoint" | "narrowed_endpoint":
            port = _number(said, "port", default=0, most=65535) if "port" in said else None
            return WantEndpoint(common, *_wanted(said), former_lease(_word(said, "token"), port))
        case "auth":
            code = _word(said, "code")
            return WantSession(
                common,
                _word(said, "identity"),
                Secret(code) if code is not None else None,
                Renewal.ALWAYS if said.get("force") is True else Renewal.IF_LOCKED,
                _number(said, "wait", default=120, most=LONGEST_WAIT),
                SignInWay.CODE
                if said.get("browser") is False or common.ask_at is AskAt.TERMINAL
                else SignInWay.BROWSER,
                _word(said, "mfa_serial") or "",
            )
        case "lock":
            return WantLock(common, _word(said, "identity"), _word(said, "keys"))
        case "hold_keys" | "drop_keys" as op:
            return WantHeldKeys(common, _profile(said), _keys(said) if op == "hold_keys" else None)
        case "decide":
            number = _number(said, "question", default=0, most=LARGEST)
            return WantDecision(common, number, _verdict(said))
        case "status":
            return WantStatus(common)
        case "overlay":
            return WantOverlay(common, _word(said, "server"), _word(said, "source"))
        case "stop":
            return WantStop(common)
        case "show":
            return WantShow(common)
        case "restart":
            return WantRestart(common)
        case _:
            raise _version(said.get("v"), op=str(said.get("op"))[:64])


def _wanted(said: Mapping[str, object]) -> tuple[str, str | None, SessionPolicy | None, int | None, int, int]:
    """Which profile, or which role over which source; what narrows it; how much life, how long to wait (seconds)."""
    profile = _profile(said)
    need = _number(said, "need", default=SOFT_NEED, most=LONGEST_NEED)
    wait = _number(said, "wait", default=120, most=LONGEST_WAIT)
    long = _number(said, "long", default=0, most=LONGEST_LONG) if "long" in said else None
    return profile, _word(said, "source"), _policy(said), long, need, wait


def _profile(said: Mapping[str, object]) -> str:
    profile = _word(said, "profile")
    if profile is None:
        raise _bad("profile", Text("the name of a profile"))
    return profile


def _verdict(said: Mapping[str, object]) -> Verdict:
    for verdict in Verdict:
        if said.get("verdict") == verdict.value:
            return verdict
    raise _bad("verdict", Text("one of: {choices}", choices=", ".join(one.value for one in Verdict)))


def _keys(said: Mapping[str, object]) -> LongTermKeys:
    """Long-term keys, and whose they are."""
    key_id, secret, arn = (_word(said, name) or "" for name in ("key_id", "secret", "arn"))
    if key_shape.wrong_id(key_id) is not None or key_shape.wrong_secret(secret) is not None:
        raise _bad("key_id", Text("that of an access key"))
    return LongTermKeys(key_id, Secret(secret), arn)


def _policy(said: Mapping[str, object]) -> SessionPolicy | None:
    """What narrows the role; None where nothing does. What it is good for is seen when the role is known."""
    arns = said.get("policy_arns", [])
    if not isinstance(arns, list) or not all(isinstance(one, str) and len(one) <= LONGEST_TEXT for one in arns):
        raise _bad("policy_arns", Text("a list of ARNs"))
    document = _word(said, "policy")
    if document is None and not arns:
        if "policy_arns" in said or str(said.get("op")).startswith("narrowed_"):
            raise _bad("policy", Text("a policy"))  # it was to be narrowed by something
        return None
    return SessionPolicy(document, tuple(arns))


def _version(theirs: object, op: str | None = None) -> TrayexecError:
    return TrayexecError(
        trouble(
            "version",
            "This agent does not know the request {op}."
            if op is not None
            else "This agent does not speak version {theirs}.",
            "It is trayexec {version} and speaks version {ours}, you sent version {theirs}. After an update, "
            "run `trayexec agent stop`: the next command starts the new agent.",
            op=op or "",
            theirs=str(theirs)[:16],
            ours=protocol.VERSION,
            version=__version__,
        )
    )


def _bad(key: str, wanted: Text) -> TrayexecError:
    return TrayexecError(
        trouble(
            "bad_request",
            "The request's {key} is not {wanted}.",
            "Correct the program that sent it.",
            key=key,
            wanted=wanted,
        )
    )


def _word(said: Mapping[str, object], key: str) -> str | None:
    value = said.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _bad(key, Text("a short text"))
    return value


def _surroundings(said: Mapping[str, object], place: Mapping[str, object]) -> Surroundings:
    """Where the caller's AWS is.

    A caller that named the socket may be on another machine (`ssh -R`, a container), and says in `place` where it is:
    its home counts where it sees our files, its proxies where it has our network, its CA bundle as its home does.
    """
    config, shared = _path(said, "config"), _path(said, "shared")
    if "place" not in said:
        proxies = _variables(said, "proxy", protocol.PROXY_VARIABLES) if "proxy" in said else None
        variables = (*_variables(said, "aws", _DECIDING), *_variables(said, "given", given_credentials.NAMES))
        return Surroundings(config, shared, variables, _path(said, "home"), proxies)
    there = said["place"]
    if not isinstance(there, dict):
        raise _bad("place", Text("a table of where the caller is"))
    home, proxies = _path(there, "home"), _variables(there, "proxy", protocol.PROXY_VARIABLES)
    reached = proxies if same_machine.at_one(there, place, "net") else None
    if same_machine.at_one(there, place, "mount", "root"):
        variables = (*_variables(said, "aws", _DECIDING), *_variables(said, "given", given_credentials.NAMES))
        return Surroundings(config, shared, variables, home, reached)
    variables = (
        *_variables(said, "aws", [name for name in _DECIDING if name not in protocol.AWS_PATHS]),
        *_variables(said, "given", given_credentials.ENVIRONMENT),
    )
    return Surroundings(config, shared, variables, proxies=reached)


def _variables(said: Mapping[str, object], key: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Which of these variables, that decide about AWS, the caller has; what else it says there is ignored."""
    table = said.get(key, {})
    if not isinstance(table, dict):
        raise _bad(key, Text("a table of variables"))
    read = []
    for name in names:
        if name in table:  # of two dozen a caller has few
            value = (_path if name in protocol.AWS_PATHS and table[name] else _word)(table, name)
            if value is not None and "\0" in value:
                raise _bad(name, Text("a short text"))
            if value is not None:
                read.append((name, value))
    return tuple(read)


def _file_marks(said: Mapping[str, object]) -> FileMarks | None:
    """Which files the caller sees."""
    table = said.get("here")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise _bad("here", Text("a table of files"))
    return FileMarks(_word(table, "boot") or "", _mark(table, "config"), _mark(table, "shared"))


def _mark(said: Mapping[str, object], key: str) -> tuple[int, ...] | None:
    value = said.get(key)
    if value is None:
        return None
    numbers = value if isinstance(value, list) else []
    if len(numbers) != _MARK or not all(isinstance(one, int) for one in numbers):
        raise _bad(key, Text("a table of files"))
    return tuple(numbers)


def _path(said: Mapping[str, object], key: str) -> str | None:
    value = _word(said, key)
    if value is not None and (not value.startswith("/") or "\0" in value):
        raise _bad(key, Text("an absolute path"))
    return value


def _number(said: Mapping[str, object], key: str, *, default: int, most: int) -> int:
    value = said.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _bad(key, Text("a number of seconds from 0 to {most}", most=most))
    return value

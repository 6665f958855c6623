"""Names what can happen to the broker (events) and what it wants done (effects). It must not decide anything."""

from dataclasses import dataclass
from enum import Enum

from trayexec.core.config.profiles import Identity, Profile, Provider, Role, SignIn
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import (
    Answer,
    Notice,
    PermissionAnswer,
    PermissionQuestion,
    Question,
    Refusal,
    SignInPage,
    SignInToken,
    SignInWay,
    Verdict,
)
from trayexec.core.settings import Settings, UseGuard
from trayexec.light.errors import Text, Trouble

SOFT_NEED = 1200


class AskAt(Enum):
    """Where a caller can be asked for the code."""

    DIALOG = "in the agent's dialog"
    TERMINAL = "on the caller's own terminal"


@dataclass(frozen=True, slots=True)
class Process:
    """A process and no other: ids are used again, so the moment of its start (the system's own count) is part of it."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Shell:
    """Where commands are begun one after the other: a terminal, and the process that starts them."""

    terminal: str
    parent: int


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where the answer to one request goes. No two requests have the same, and the rules know no more of it."""

    number: int


@dataclass(frozen=True, slots=True)
class CallingProgram:
    """A program in one terminal or app, as the system tells it.

    `executables` are those of the process and of what started it, `parents` the names above it, and `app` the process
    that all of them run in. `name` is what it calls itself: that can only tell more programs apart, and makes none
    another one. Without executables nothing is known of it, and it is like no other.
    """

    executables: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    app: Process | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who gets what a request is answered with: a program, its process, and the processes above that, nearest first.

    `process` is None where many programs ask by one, as over a forwarded socket. `spreads` says whether what that
    process may do those may do that it starts: it is a command that runs with the profile. `automaton` names the coding
    agent or CI system that it runs under, if it is one that we know.
    """

    program: CallingProgram
    process: Process | None = None
    above: tuple[Process, ...] = ()
    spreads: bool = False
    automaton: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from: `reply_to` is for its answer; `program`, `pid`, `parents` are for people to read.

    `parents` are the names of the processes above it, nearest first, up to the terminal or app. `process` is there
    if the caller is, or becomes, the command that uses what it gets; `renews` is whether that asks anew before it ends.
    Else it has nothing but its environment to get it from.
    `shell` names the terminal in whose foreground it runs, or none; `began` is when it was started, in seconds since
    boot, where that is known.
    """

    reply_to: ReplyAddress
    program: str = ""
    pid: int = 0
    ask_at: AskAt = AskAt.DIALOG
    parents: tuple[str, ...] = ()
    process: Process | None = None
    shell: Shell = Shell("", 0)
    began: float | None = None
    provenance: Provenance = Provenance(CallingProgram())
    renews: bool = False

    @property
    def terminal(self) -> str:
        """The terminal at which a person can be asked, and is seen to be; empty for none."""
        return self.shell.terminal

    @property
    def origin(self) -> str:
        """The program, and the terminal or app that it runs in."""
        app = self.parents[-1] if self.parents else ""
        return f"{self.program} ← {app}" if app not in {"", self.program} else self.program


# Events


@dataclass(frozen=True, slots=True)
class Ask:
    """A caller wants credentials with `need` seconds left and gives a person `wait` seconds to enter a code.

    `guard` is what has to be allowed by a person first, if it has to be.
    """

    caller: Caller
    profile: Profile
    need: int = SOFT_NEED
    wait: int = 120
    guard: UseGuard | None = None


class Renewal(Enum):
    """Whether an open session is good enough for an Authenticate."""

    IF_LOCKED = "only when it is locked"
    ALWAYS = "also when it is open"


@dataclass(frozen=True, slots=True)
class Authenticate:
    """Open the session of `identity`, by dialog or with the `code` that came along, of the device `serial` if told."""

    caller: Caller
    identity: Identity
    renewal: Renewal = Renewal.IF_LOCKED
    code: Secret | None = None
    wait: int = 120
    serial: str = ""


@dataclass(frozen=True, slots=True)
class AskSignIn:
    """A person wants to sign in, in this way; where that is done already it is the answer, unless ALWAYS."""

    caller: Caller
    sign_in: SignIn
    renewal: Renewal = Renewal.IF_LOCKED
    way: SignInWay = SignInWay.BROWSER
    wait: int = 120


@dataclass(frozen=True, slots=True)
class SignInFound:
    """This token is kept of a sign-in, or none."""

    sign_in: SignIn
    token: SignInToken | None


@dataclass(frozen=True, slots=True)
class SignInShown:
    """The page of an attempt is there for the person."""

    sign_in: SignIn
    epoch: int
    page: SignInPage


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person has signed in, and the token is kept."""

    sign_in: SignIn
    epoch: int
    token: SignInToken


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """An attempt came to nothing."""

    sign_in: SignIn
    epoch: int
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Lock:
    """Forget the session and roles of these keys, what a provider gave the profile of this name, or everything."""

    keys: str | None = None


@dataclass(frozen=True, slots=True)
class PutOff:
    """A person wants to hear later of what ends."""


@dataclass(frozen=True, slots=True)
class Hush:
    """A person wants to hear no more of the programs that the notification of this number names."""

    number: int


@dataclass(frozen=True, slots=True)
class Gone:
    """The caller hung up."""

    reply_to: ReplyAddress


@dataclass(frozen=True, slots=True)
class Answered:
    """The dialog ended."""

    identity: Identity
    epoch: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class KeysFound:
    """The keys that a code is for are there."""

    identity: Identity
    epoch: int


@dataclass(frozen=True, slots=True)
class KeysAwaited:
    """The keys take their time, so many seconds at most: the keychain asks for its own password, or a command runs."""

    identity: Identity
    epoch: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """GetSessionToken succeeded."""

    identity: Identity
    epoch: int
    session: Credentials


@dataclass(frozen=True, slots=True)
class SessionRefused:
    """GetSessionToken gave nothing, or the keys could not be had."""

    identity: Identity
    epoch: int
    trouble: Trouble
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class RoleAssumed:
    """AssumeRole succeeded."""

    role: Role
    epoch: int
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class RoleRefused:
    """AssumeRole gave nothing."""

    role: Role
    epoch: int
    trouble: Trouble
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class ProviderLoaded:
    """A provider gave credentials."""

    provider: Provider
    epoch: int
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """A provider gave nothing."""

    provider: Provider
    epoch: int
    trouble: Trouble
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class ProviderPrintsKeys:
    """A provider is a program that prints long-term keys: its profile is an identity, as the files are read now."""

    provider: Provider
    epoch: int


@dataclass(frozen=True, slots=True)
class PermissionAnswered:
    """The dialog with the question of this number has ended."""

    epoch: int
    answer: PermissionAnswer


@dataclass(frozen=True, slots=True)
class Decide:
    """A person at a terminal has answered the question of this number there."""

    epoch: int
    verdict: Verdict
    terminal: str


@dataclass(frozen=True, slots=True)
class Configured:
    """The user's files or our settings were read (again)."""

    identities: tuple[Identity, ...]
    settings: Settings
    warning: Trouble | None = None
    sign_ins: tuple[SignIn, ...] = ()


class Screen(Enum):
    """The desktop's own lock."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True)
class ScreenChanged:
    """The desktop was locked or unlocked."""

    screen: Screen


@dataclass(frozen=True, slots=True)
class Raise:
    """Somebody has started the agent once more: the question that is up comes to the front."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class IdleSeen:
    """The last key or mouse was used so many seconds ago; None where nothing here can tell."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Looked:
    """It was looked which of `checked` still run."""

    checked: tuple[Process, ...]
    running: frozenset[Process]


Event = (
    Ask
    | Authenticate
    | Lock
    | PutOff
    | Hush
    | Gone
    | Answered
    | KeysFound
    | KeysAwaited
    | SessionOpened
    | SessionRefused
    | RoleAssumed
    | RoleRefused
    | ProviderLoaded
    | ProviderFailed
    | ProviderPrintsKeys
    | AskSignIn
    | SignInFound
    | SignInShown
    | SignedIn
    | SignInFailed
    | PermissionAnswered
    | Decide
    | Configured
    | ScreenChanged
    | IdleSeen
    | Looked
    | Raise
    | Tick
)


class Occasion(Enum):
    """Why a code is wanted."""

    ASKED = "somebody waits for the session"
    RENEWAL = "the session ends soon, and is renewed without anybody being asked for anything"


# Effects


@dataclass(frozen=True, slots=True)
class Deliver:
    """The final answer to a caller: these credentials."""

    caller: Caller
    profile: Profile
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class SessionOpen:
    """The final answer to a caller: the session is open."""

    caller: Caller
    identity: Identity
    session: Credentials


@dataclass(frozen=True, slots=True)
class Refuse:
    """The final answer to a caller: no, and why."""

    caller: Caller
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class AskAnew:
    """No answer: the profile has turned out to be something else. Whoever asked is to look it up, and ask again."""

    caller: Caller


class NoteKind(Enum):
    """What a note means to the program that reads it."""

    MFA = "mfa"
    CODE = "code"
    AGAIN = "again"
    AWS = "aws"
    HOUR = "hour"
    SIGN_IN = "sign-in"
    SCREEN = "screen"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class Tell:
    """A note to a caller that waits; on CODE and AGAIN (with the reason) it may ask the person at its own terminal.

    It has `left` seconds for that, and this is question `number` of so many there. AWS takes the question back: a code
    is on its way; and so does SCREEN, on which nobody is asked. Where no code is behind what it waits for, there is no
    identity. On PERMISSION it may ask whether what it waits for is allowed: that is the question `epoch`, with these
    `choices`, of which FOR_A_TIME is `holds` seconds. `serial` is the device that a code is asked of,
    `serials` are all to choose from where there are several.
    """

    caller: Caller
    kind: NoteKind
    text: Text
    identity: Identity | None
    left: int = 0
    number: int = 1
    of: int = 1
    epoch: int = 0
    choices: tuple[Verdict, ...] = ()
    holds: int = 0
    serial: str = ""
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskPermission:
    """Show the dialog that asks whether a program may use a profile."""

    epoch: int
    question: PermissionQuestion


@dataclass(frozen=True, slots=True)
class DismissPermission:
    """Take the dialog of this question away, if it is there."""

    epoch: int


@dataclass(frozen=True, slots=True)
class NoteVerdict:
    """Keep in the log what a person has answered: None for nobody in time."""

    asked: Ask
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """Show the dialog, in place of the one that is there."""

    identity: Identity
    epoch: int
    question: Question


@dataclass(frozen=True, slots=True)
class CheckKeys:
    """See whether the keys are there, before a code is asked for; for a RENEWAL the keychain may ask nothing."""

    identity: Identity
    epoch: int
    occasion: Occasion = Occasion.ASKED


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Take the dialog of this identity away, if it is there, and look no more for its keys."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Read the keys and call GetSessionToken, once; without a code for an identity that needs none.

    The code is from the device with this `serial`.
    """

    identity: Identity
    epoch: int
    code: Secret | None
    seconds: int
    serial: str


@dataclass(frozen=True, slots=True)
class AssumeRole:
    """Call AssumeRole."""

    role: Role
    epoch: int
    by: Credentials


@dataclass(frozen=True, slots=True)
class StartSignIn:
    """Lead a person to the page of a sign-in."""

    sign_in: SignIn
    epoch: int
    way: SignInWay


@dataclass(frozen=True, slots=True)
class StopSignIn:
    """End the attempt to sign in."""

    sign_in: SignIn


@dataclass(frozen=True, slots=True)
class SignInDone:
    """The answer to who wanted to sign in."""

    caller: Caller
    sign_in: SignIn
    token: SignInToken


@dataclass(frozen=True, slots=True)
class LoadProvider:
    """Ask a provider for credentials."""

    provider: Provider
    epoch: int


@dataclass(frozen=True, slots=True)
class Show:
    """Show a notification."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Hide:
    """Take a notification away."""

    key: str


@dataclass(frozen=True, slots=True)
class KeptQuiet:
    """A program of which a person wants to hear no more: the digest of what it is, and its name for people to read."""

    mark: str
    label: str


@dataclass(frozen=True, slots=True)
class KeepQuiet:
    """Write down, for later agents too, of which programs a person wants to hear no more."""

    programs: tuple[KeptQuiet, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """See which of these still run."""

    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class LookIdle:
    """See how long ago somebody used a key or the mouse."""


Effect = (
    Deliver
    | SessionOpen
    | Refuse
    | AskAnew
    | Tell
    | AskPermission
    | DismissPermission
    | NoteVerdict
    | Prompt
    | CheckKeys
    | Dismiss
    | OpenSession
    | AssumeRole
    | LoadProvider
    | StartSignIn
    | StopSignIn
    | SignInDone
    | Show
    | Hide
    | KeepQuiet
    | Look
    | LookIdle
)

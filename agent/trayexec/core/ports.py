"""Defines what the rules need of the outside world: a protocol for each part of it, implemented in `adapters/`.

Blocking methods say so: the loop runs them in workers. Everything raises `TrayexecError` and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Catalogue, Identity, Provider, Role, SignIn, StsEndpoint
from trayexec.core.config.surroundings import Surroundings
from trayexec.core.credentials import Credentials, LongTermKeys, Secret
from trayexec.core.view import IconState, View
from trayexec.light.errors import Text, TrayexecError, Trouble


class Refusal(Enum):
    """Why STS gave nothing, as far as it changes what happens next."""

    CODE = "the code was wrong, or used before"
    BUDGET = "too many codes in three minutes, or the serial is not this user's"
    LOST = "sent, but no answer came: the code counts as spent"
    UNSENT = "never left this machine: the code is still good"
    KEYS = "the long-term keys are deleted, inactive or wrong"
    SESSION = "the session was revoked or has expired"
    SIGN_IN = "a person has to sign in first"
    DENIED = "this role is refused; others are not affected"
    TOO_LONG = "not for so long: less may be given, for another code"
    OTHER = "anything else"


class StsError(TrayexecError):
    """STS gave nothing: `refusal` says what that means for the session."""

    def __init__(self, what: Trouble, refusal: Refusal) -> None:
        """Carry both."""
        super().__init__(what)
        self.refusal = refusal


class Sts(Protocol):
    """AWS STS. Blocking: each call ends within 15 seconds a try."""

    def open_session(self, identity: Identity, keys: LongTermKeys, code: Secret | None, seconds: int) -> Credentials:
        """GetSessionToken, sent exactly once; without a device where there is no code. Raises StsError."""

    def assume(self, role: Role, by: Credentials) -> Credentials:
        """AssumeRole for at most 3600 seconds, with botocore's standard retries. Raises StsError."""

    def most_seconds(self, role: Role, by: Credentials, wanted: int) -> int | None:
        """How many seconds, up to those `wanted`, the role would be given with keys and a code.

        It is asked with a session, and costs no code. None where that does not tell. Raises nothing.
        """

    def federate(self, identity: Identity, keys: LongTermKeys, name: str) -> Credentials:
        """GetFederationToken for an hour: a federated user who may do all that the keys' own may. Raises StsError."""

    def usable(self, endpoint: StsEndpoint, name: str) -> None:
        """See whether the settings of this endpoint can be used, without a word to it. Raises StsError."""

    def check(self, endpoint: StsEndpoint, keys: LongTermKeys, name: str) -> str:
        """GetCallerIdentity with the long-term keys of this name: the caller's ARN. Raises StsError."""

    def ask_date(self, endpoint: StsEndpoint, by: Credentials) -> None:
        """Have STS answer, whatever it says, for the date of its answer. Raises nothing."""


class ProviderError(TrayexecError):
    """A provider gave nothing: `refusal` says what that means for the next question."""

    def __init__(self, what: Trouble, refusal: Refusal) -> None:
        """Carry both."""
        super().__init__(what)
        self.refusal = refusal


PROVIDER_SECONDS = 60  # that a provider may take: as long as the Go SDK waits for a credential_process


class Providers(Protocol):
    """Credentials that others give: programs, tokens, AWS's own services."""

    async def load(self, provider: Provider) -> Credentials | LongTermKeys:
        """What this very provider gives now, and no other in its place; it ends in time. Raises ProviderError.

        Only of a program they may be long-term keys; whose those are it does not say.
        """


class SignInWay(Enum):
    """How a person is led to the page of a sign-in."""

    BROWSER = "the agent opens it in a browser"
    CODE = "its address and a code are shown to who asked, for whatever browser there is"


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Where a person signs in. `code` is what the page shows to compare; empty where the page comes back by itself."""

    url: str
    code: str = ""
    opened: bool = False  # in a browser, by us


@dataclass(frozen=True, slots=True)
class SignInToken:
    """What a sign-in left in the AWS CLI's cache: when it ends, and whether it is renewed without a person."""

    expiry: Expiry
    renews: bool


class SignInError(TrayexecError):
    """A sign-in came to nothing. `no` is whether a person said so."""

    def __init__(self, what: Trouble, *, no: bool = False) -> None:
        """Carry both."""
        super().__init__(what)
        self.no = no


class SignIns(Protocol):
    """Sign-ins at IAM Identity Center, whose tokens are where the AWS CLI keeps them."""

    async def sign_in(self, sign_in: SignIn, way: SignInWay, shown: Callable[[SignInPage], None]) -> SignInToken:
        """Have a person sign in, and keep the token; `shown` is told of the page once there is one.

        It ends within ten minutes. Cancelling the task ends the attempt. Raises SignInError.
        """

    def token(self, sign_in: SignIn) -> SignInToken | None:
        """What is kept and has not ended. Blocking, but only as long as reading a small file."""


class Keychain(Protocol):
    """The OS keychain, service `trayexec`, one item per identity. Blocking, with a time-out of its own."""

    def read(self, name: str, asks: Callable[[float], None] | None = None) -> LongTermKeys:
        """The keys stored under `name`.

        Where the person has to answer the keychain itself first, `asks` is called with the seconds they have.
        Raises TrayexecError: keys_missing, keychain_locked, keychain_unavailable.
        """

    def store(self, name: str, keys: LongTermKeys) -> None:
        """Store and read back. Raises TrayexecError."""

    def remove(self, name: str) -> None:
        """Remove; raises keys_missing when there was nothing."""

    def names(self) -> frozenset[str] | None:
        """Under which names there are keys, without asking anybody; None where the keychain does not tell."""


class KeyCommands(Protocol):
    """Commands of the person's own that print the keys of an identity, in place of the keychain."""

    async def run(self, argv: Sequence[str], identity: Identity, seconds: float) -> LongTermKeys:
        """The keys that this command prints now, within `seconds`; whose they are it does not say.

        Cancelling the task ends the command. Raises TrayexecError (`keys_command`).
        """


@dataclass(frozen=True, slots=True)
class Question:
    """What a dialog shows when it asks for a code."""

    identity: str
    mfa_serial: str
    asker: str  # who wants it: "aws (pid 4711)", "the tray"; may be empty
    profile: str  # for which profile; may be empty
    reason: Text | None  # why it is asked again
    wait: int  # seconds until the next code appears, 0 when any code will do
    seconds: int  # how long the dialog stays
    endpoint: str = ""  # the host that the code goes to, where that is not AWS's own
    number: int = 1  # which question this is to the person
    of: int = 1  # and of how many
    whose: Text | str = ""  # the identity in a person's words; its name where there are none
    account: str = ""  # of the profile, where it is known
    pid: int = 0  # of who asks, 0 where it is no process
    command: tuple[str, ...] = ()  # the program that is to give the code in place of a person; none for a dialog
    named_in: tuple[str, ...] = ()  # the files that name it, where they are not our own: else others could name one
    allows: Text | None = None  # what the code also says yes to, for who is named
    serials: tuple[str, ...] = ()  # all devices to choose from, where there are several; `mfa_serial` is one of them


@dataclass(frozen=True, slots=True)
class Entered:
    """What a person typed, as it was typed, and the device that it is from; empty where none could be chosen."""

    text: Secret
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The person closed the dialog."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nobody answered in time."""


@dataclass(frozen=True, slots=True)
class NoDialog:
    """No dialog could be shown here; `trouble` says why."""

    trouble: Trouble


Answer = Entered | Cancelled | TimedOut | NoDialog


class Verdict(Enum):
    """What a person says to a use of a profile, in the words of the log."""

    DENY = "deny"
    ONCE = "once"
    FOR_A_TIME = "for a time"
    UNTIL_LOCKED = "until locked"


@dataclass(frozen=True, slots=True)
class PermissionQuestion:
    """What a dialog shows when it asks whether a program may use a profile.

    `choices` are the verdicts to choose from beside DENY, the one that says least first; `holds` is for how many
    seconds FOR_A_TIME is. `colour` is the profile's in config.toml, empty for none.
    """

    profile: str
    account: str  # empty where it is not known
    program: str
    origin: str  # the programs above it, up to the terminal or app; may be empty
    automaton: str  # the coding agent or CI system that it runs under, in its own name; may be empty
    colour: str
    choices: tuple[Verdict, ...]
    holds: int
    seconds: int  # how long the dialog stays
    pid: int = 0  # of who asks, 0 where it is no process
    number: int = 1  # which question this is to the person
    of: int = 1  # and of how many


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person has chosen; to close the dialog is to deny."""

    verdict: Verdict


PermissionAnswer = Decided | TimedOut | NoDialog


class Prompter(Protocol):
    """The dialog that asks for the code, or whether a program may use a profile."""

    @property
    def name(self) -> str:
        """The tool that would ask now: `pinentry-gtk-2`, `zenity`, …, or `terminal` when there is none."""

    async def ask(self, question: Question) -> Answer:
        """Show the dialog and wait. Cancelling the task closes it and leaves no process behind."""

    async def ask_permission(self, question: PermissionQuestion) -> PermissionAnswer:
        """The same for a question with buttons; a key alone never allows anything. No command answers it."""


class Urgency(Enum):
    """How much a notice may insist: a LAST one stays on the screen, a LOW one is only there to be looked at.

    A click on a LOW one does nothing but take it away: only its buttons do something.
    """

    LOW = 0
    NORMAL = 1
    LAST = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification, with our icon. A newer one of the same `key` replaces it. `actions` are (id, label) pairs."""

    key: str
    title: Text
    body: Text
    actions: tuple[tuple[str, Text], ...] = ()
    urgency: Urgency = Urgency.NORMAL
    picture: IconState = IconState.TROUBLE


class Notifier(Protocol):
    """Notifications. Showing one never raises: the last resort is the log."""

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, action id)` in the loop when a button is pressed."""

    async def show(self, notice: Notice) -> None:
        """Show, or replace what has the same key."""

    async def close(self, key: str) -> None:
        """Take it away, if it is still there."""


class Tray(Protocol):
    """The icon. It runs on the main thread and is only a view: everything it knows comes by `show`."""

    @property
    def name(self) -> str:
        """What is in use: `sni`, `appindicator`, `xorg`, `none` and so on."""

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`; `click(action)` is called for every menu choice, from any thread."""

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""


class Catalogues(Protocol):
    """The user's config files. Blocking, but only as long as reading a file."""

    def load(self, where: Surroundings) -> Catalogue:
        """What the files of `where` say to a caller there (the usual ones where None), re-read when one changed.

        Raises TrayexecError when a file cannot be read or parsed and never could.
        """


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request, for `trayexec log`: never what was handed out.

    `at` is UTC, `YYYY-MM-DDTHH:MM:SSZ`; `answer` is `ok`, a refusal's code, or `gone` for a caller that did not wait;
    `parents` are the names of the processes above the program, nearest first.
    """

    at: str
    profile: str
    op: str
    pid: int
    program: str
    answer: str
    parents: tuple[str, ...] = ()


class Ledger(Protocol):
    """Where answered requests are written down. Quick, and it never raises: a full disk must stop nobody."""

    def note(self, entry: Entry) -> None:
        """Add a line."""


class Clock(Protocol):
    """The two clocks."""

    def now(self) -> Instant:
        """This moment."""

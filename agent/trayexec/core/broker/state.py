"""Holds what the broker knows: phases, sessions, roles, who waits. It must not know what happens to them.

The phases of an identity, and the events that lead from one to another (the tests compare this with what happens):

    Locked    → Prompting   Ask, Authenticate, RoleRefused, Tick, ScreenChanged, Configured
    Locked    → Opening     Ask, Authenticate, RoleRefused, ScreenChanged, Configured
    Prompting → Opening     Answered, Authenticate
    Prompting → Locked      Answered, Gone, SessionOpened, SessionRefused, Tick, Lock, ScreenChanged, Configured
    Opening   → Open        SessionOpened
    Locked    → Open        Configured, Ask, Authenticate
    Opening   → Prompting   SessionRefused
    Opening   → Locked      SessionOpened, SessionRefused, Lock, ScreenChanged, Configured
    Open      → Locked      RoleRefused, Tick, Lock, ScreenChanged, Configured, IdleSeen
    Open      → Prompting   RoleRefused, Tick
    Open      → Opening     RoleRefused, Tick

A renewal goes the same ways beside a session that goes on, where `Locked` stands for no renewal. `Open → Prompting`
and `Open → Opening` are the end of a session that is being renewed, or whose roles are still wanted.

`Locked → Open` is a session that a former agent handed over. Only `Open` has a session. An *epoch* number is stamped on
every dialog and call that is started; an answer that does not carry the number that is expected now is dropped, so
nothing that was under way survives a lock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from trayexec.core.broker.codes import Device, seconds_closed
from trayexec.core.broker.endings import Endings
from trayexec.core.broker.events import Ask, AskSignIn, Authenticate, Occasion, ReplyAddress, Screen, Shell
from trayexec.core.broker.expiry_watch import Run, Watch
from trayexec.core.broker.first_uses import FirstUses
from trayexec.core.broker.permissions import GivenAnswer, Permissions, ProgramUse, use_of
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import CodeProcess, Identity, Provider, Role, SignIn
from trayexec.core.config.serials import account_of, is_foreign
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Refusal, SignInPage, SignInToken, SignInWay
from trayexec.core.settings import Command, OnLock, Settings
from trayexec.light.errors import Text, Trouble


@dataclass(frozen=True, slots=True)
class Locked:
    """No session. `trouble` is why the last attempt failed; before `until` that is the answer to requests."""

    trouble: Trouble | None = None
    until: Instant | None = None


class PromptChannel(Enum):
    """Where the code is being asked."""

    COMMAND = "of the command that the settings or a profile name for it: no person is asked"
    DIALOG = "in the agent's dialog"
    TERMINALS = "on the callers' terminals: nobody who waits has a desktop"
    NOWHERE = "on whatever terminal there is: the agent can show no dialog"


class Stage(Enum):
    """How far a question has come."""

    QUEUED = "another identity is asked for first"
    LOOKING = "the keys are being looked for"
    FETCHING = "they take their time: the keychain asks for its own password, or a command prints them"
    ASKING = "a person is asked for the code"


@dataclass(frozen=True, slots=True)
class Prompting:
    """Waiting for a code; `attempt` counts the questions asked, from 1.

    `until` is when what is up now goes away by itself, `asker` the request that the dialog names; None once that is
    gone. `serial` is the device asked of in place of the usual one, which takes no code for a while; empty for that.
    """

    epoch: int
    channel: PromptChannel
    stage: Stage = Stage.LOOKING
    attempt: int = 1
    reason: Text | None = None
    until: Instant | None = None
    asker: ReplyAddress | None = None
    command: Command | CodeProcess | None = None  # that gives the code, with the channel COMMAND
    occasion: Occasion = Occasion.ASKED
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """GetSessionToken is under way with `code`, if it needs one; that came from `prompt`, or the caller at `giver`."""

    epoch: int
    code: Secret | None
    prompt: Prompting | None = None
    giver: ReplyAddress | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """There is a session. `length` is how many seconds it had when it came, `warned` which warnings were given.

    `used` is whether anything was handed out since then, `trouble` why it could not be renewed unasked.
    """

    session: Credentials
    since: Instant
    length: float
    warned: frozenset[int] = frozenset()
    renewal: Prompting | Opening | None = None
    used: bool = False
    trouble: Trouble | None = None


Phase = Locked | Prompting | Opening | Open


@dataclass(frozen=True, slots=True)
class PromptQueue:
    """The identities and uses whose questions are for one person; the first is being asked, `done` were before them.

    `told` is when those behind were last told that it goes on.
    """

    identities: tuple[Identity | ProgramUse, ...] = ()
    done: int = 0
    told: Instant | None = None


@dataclass(frozen=True, slots=True)
class PromptPause:
    """After `cancels` in a row no request opens a dialog before `until`; only a person who asks for one does.

    `told` is when each shell last heard of it.
    """

    cancels: int
    since: Instant
    until: Instant
    told: Mapping[Shell, Instant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PendingRole:
    """A call under way: an AssumeRole `by` these credentials, which waits without them for its source; or a provider's.

    `since` is when it began, for a provider of which nobody has been told yet that it takes its time.
    """

    epoch: int
    by: Credentials | None
    since: Instant | None = None


@dataclass(frozen=True, slots=True)
class RoleFailure:
    """AWS gave a role nothing, or a provider gave nothing, `failures` times in a row, last `at` this time.

    What is still good is not renewed before `retry_at`. Until `believed_until` the refusal itself is the answer.
    `clear` says that it was AWS's no, and not an accident on the way; `refusal` what may help.
    """

    why: Trouble
    at: Instant
    clear: bool
    failures: int
    retry_at: Instant
    believed_until: Instant
    refusal: Refusal = Refusal.OTHER


@dataclass(frozen=True, slots=True)
class RoleState:
    """What we have of one role or provider: credentials (and their seconds at first), a call under way, its failure."""

    credentials: Credentials | None = None
    life: float = 0.0
    pending: PendingRole | None = None
    failure: RoleFailure | None = None
    used: Instant | None = None


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """A person is led to the page of a sign-in; the `page` is known once AWS has given it."""

    epoch: int
    way: SignInWay
    page: SignInPage | None = None


@dataclass(frozen=True, slots=True)
class SignInState:
    """What we know of one sign-in: the token that is kept, an attempt under way, and why the last one failed.

    Before `until` that failure is the answer to requests: a loop that asks opens no page after the other. `warned` are
    the warnings that were given before its end, and `refused` is the end (Unix seconds) of the token that Identity
    Center did not take.
    """

    token: SignInToken | None = None
    attempt: SignInAttempt | None = None
    trouble: Trouble | None = None
    until: Instant | None = None
    warned: frozenset[int] = frozenset()
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that has no answer yet: what was asked, and until when a person may take.

    `question` is the number of the question that it was told to ask at its terminal, 0 for none and for one that a
    code took back; `signed_in` whether somebody has signed in for it already; `allowed` whether a person has allowed
    what needs to be.
    """

    asked: Ask | Authenticate | AskSignIn
    deadline: Instant
    question: int = 0
    signed_in: bool = False
    allowed: bool = False

    @property
    def came(self) -> Instant:
        """When it was asked."""
        return self.deadline.after(-self.asked.wait)

    @property
    def identity(self) -> Identity | None:
        """Whose session it needs, if it needs one."""
        if isinstance(self.asked, AskSignIn):
            return None
        return self.asked.identity if isinstance(self.asked, Authenticate) else self.asked.profile.identity

    @property
    def sign_in(self) -> SignIn | None:
        """Which sign-in it cannot do without, if any."""
        if isinstance(self.asked, AskSignIn):
            return self.asked.sign_in
        root = self.asked.profile.root if isinstance(self.asked, Ask) else None
        return root.sign_in if isinstance(root, Provider) else None

    @property
    def use(self) -> ProgramUse | None:
        """What a person has to allow for it, if anything."""
        return use_of(self.asked) if isinstance(self.asked, Ask) and self.asked.guard is not None else None


# What a request waits for: a session, credentials, a sign-in, to be allowed, or an unlocked screen (`Screen.LOCKED`).
Awaited = Identity | Provider | Role | SignIn | ProgramUse | Screen


@dataclass(frozen=True, slots=True)
class Use:
    """One answered request, for the menu; `answer` is what a person said to it, None where nobody was asked."""

    profile: str
    program: str
    at: Instant
    answer: GivenAnswer | None = None


@dataclass(frozen=True, slots=True)
class Inherited:
    """A session that a former agent handed over, for the identity with this `mark`, which nobody has named yet."""

    mark: str
    keys: str
    phase: Open


@dataclass(frozen=True, slots=True)
class IdleWatch:
    """When to look next whether somebody is at the machine, and the last tick, while something is open."""

    look_at: Instant | None = None
    ticked: Instant | None = None


@dataclass(frozen=True, slots=True)
class Broker:
    """Everything the agent knows.

    `roles` are what it has of roles and of providers, which are renewed alike and without a person.
    `queues` tells which requests wait for what, `prompt_queues` which identities and uses are to be asked for at the
    desktop ("") and at each terminal.
    """

    settings: Settings = field(default_factory=Settings)
    epoch: int = 0
    identities: tuple[Identity, ...] = ()
    phases: Mapping[Identity, Phase] = field(default_factory=dict)
    roles: Mapping[Provider | Role, RoleState] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    prompt_queues: Mapping[str, PromptQueue] = field(default_factory=dict)
    pauses: Mapping[Identity, PromptPause] = field(default_factory=dict)
    waiting: Mapping[ReplyAddress, Waiting] = field(default_factory=dict)
    queues: Mapping[Awaited, tuple[ReplyAddress, ...]] = field(default_factory=dict)
    sign_ins: Mapping[SignIn, SignInState] = field(default_factory=dict)
    screen: Screen = Screen.UNLOCKED
    warning: Trouble | None = None
    shorter: Mapping[Identity, int] = field(default_factory=dict)  # seconds that roles get whose own maximum is less
    cut: frozenset[str] = frozenset()  # the roles of which it was said that they get an hour, not what they ask for
    uses: tuple[Use, ...] = ()
    watch: Watch = field(default_factory=Watch)
    endings: Endings = field(default_factory=Endings)
    missed: tuple[Run, ...] = ()  # commands of which a person is to be told once the screen is unlocked
    idle: IdleWatch = field(default_factory=IdleWatch)
    inherited: tuple[Inherited, ...] = ()
    permissions: Permissions = field(default_factory=Permissions)
    chosen: Mapping[Identity, str] = field(default_factory=dict)  # the devices that the last codes were from
    first_uses: FirstUses = field(default_factory=FirstUses)

    @property
    def held(self) -> bool:
        """Whether nothing is handed out and nobody asked, because the screen is locked."""
        return self.screen is Screen.LOCKED and self.settings.on_lock is not OnLock.KEEP

    def phase(self, identity: Identity) -> Phase:
        """The phase of `identity`; one never seen is locked."""
        return self.phases.get(identity, Locked())

    def session(self, identity: Identity, now: Instant) -> Credentials | None:
        """The session of `identity`, if it is open and AWS still takes it."""
        phase = self.phase(identity)
        return phase.session if isinstance(phase, Open) and phase.session.expiry.left(now) > 0 else None

    def prompting(self, identity: Identity) -> Prompting | Opening | None:
        """What is under way to open or renew the session of `identity`."""
        phase = self.phase(identity)
        if isinstance(phase, Prompting | Opening):
            return phase
        return phase.renewal if isinstance(phase, Open) else None

    def role(self, role: Provider | Role) -> RoleState:
        """What we have of `role`."""
        return self.roles.get(role, RoleState())

    def code_command(self, identity: Identity) -> Command | CodeProcess | None:
        """What prints the codes of `identity` where no profile is asked for: of several `mfa_process` the first."""
        known = (one.code for one in (*self.identities, identity) if one == identity and one.code is not None)
        return self.settings.code_command(identity.keys) or next(known, None)

    def seconds(self, identity: Identity) -> int:
        """For how many seconds its session is asked for, or the role that a code opens in place of one."""
        if identity.role is None:
            return self.settings.session_seconds
        return self.shorter.get(identity, identity.role.seconds)

    def serials(self, identity: Identity) -> tuple[str, ...]:
        """The MFA devices that a code of `identity` may be from, its own first; of another account none is ever asked.

        A command prints the codes of its own one.
        """
        own = identity.mfa_serial
        if not own or isinstance(self.settings.prompt, Command) or self.code_command(identity) is not None:
            return (own,)
        account = account_of(own) or identity.account
        others = (one for one in self.settings.devices(identity.keys) if not is_foreign(one, account))
        return tuple(dict.fromkeys((own, *others)))

    def serial(self, identity: Identity) -> str:
        """The MFA device that the next code of `identity` is from: that of the last one, at first its own."""
        chosen = self.chosen.get(identity)
        return chosen if chosen is not None and chosen in self.serials(identity) else identity.mfa_serial

    def device(self, identity: Identity) -> Device:
        """What we remember of the MFA device that the next code of `identity` is from."""
        return self.devices.get(self.serial(identity), Device())

    def open_serial(self, identity: Identity, now: Instant) -> str:
        """The MFA device to ask a person for a code of: the usual one, or while that takes none another that does.

        The usual one as well where none does.
        """
        usual = self.serial(identity)
        each = (usual, *self.serials(identity))
        return next((one for one in each if not seconds_closed(self.devices.get(one, Device()), now)), usual)

    def closed_for(self, identity: Identity, now: Instant) -> int:
        """Seconds until a code of any device of `identity` may be sent; 0 when one may be sent now."""
        devices = (self.devices.get(one, Device()) for one in self.serials(identity))
        return min(seconds_closed(device, now) for device in devices)

    def with_phase(self, identity: Identity, phase: Phase) -> "Broker":
        """This broker with another phase for `identity`."""
        known = self.identities if identity in self.identities else (*self.identities, identity)
        return replace(self, phases={**self.phases, identity: phase}, identities=known)

    def with_attempt(self, identity: Identity, attempt: Prompting | Opening) -> "Broker":
        """This broker with `attempt` under way: beside the session if there is one, else as the phase itself."""
        phase = self.phase(identity)
        return self.with_phase(identity, replace(phase, renewal=attempt) if isinstance(phase, Open) else attempt)

    def without_attempt(self, identity: Identity, then: Locked) -> "Broker":
        """This broker with nothing under way for `identity`: its session goes on, or else it is locked."""
        phase = self.phase(identity)
        return self.with_phase(identity, replace(phase, renewal=None) if isinstance(phase, Open) else then)

    def sign_in(self, sign_in: SignIn) -> SignInState:
        """What we know of `sign_in`."""
        return self.sign_ins.get(sign_in, SignInState())

    def with_sign_in(self, sign_in: SignIn, state: SignInState) -> "Broker":
        """This broker with something else known of `sign_in`."""
        return replace(self, sign_ins={**self.sign_ins, sign_in: state})

    def with_role(self, role: Provider | Role, state: RoleState) -> "Broker":
        """This broker with something else known of `role`."""
        return replace(self, roles={**self.roles, role: state})

    def without_role(self, role: Provider | Role) -> "Broker":
        """This broker with nothing known of `role`."""
        roles = dict(self.roles)
        del roles[role]
        return replace(self, roles=roles)

    def with_device(self, identity: Identity, device: Device) -> "Broker":
        """This broker with something else remembered of the device of `identity`."""
        return replace(self, devices={**self.devices, self.serial(identity): device})

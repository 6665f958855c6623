"""What is around `step`, simulated: people, AWS and callers; after each step every invariant is checked."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from trayexec.core.broker import notifications, state
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import (
    SOFT_NEED,
    Answered,
    Ask,
    AskAnew,
    AskAt,
    AskPermission,
    AssumeRole,
    Authenticate,
    Caller,
    CallingProgram,
    CheckKeys,
    Configured,
    Decide,
    Deliver,
    Dismiss,
    DismissPermission,
    Effect,
    Event,
    Gone,
    Hide,
    IdleSeen,
    KeepQuiet,
    KeptQuiet,
    KeysAwaited,
    KeysFound,
    LoadProvider,
    Lock,
    Look,
    Looked,
    LookIdle,
    NoteKind,
    NoteVerdict,
    Occasion,
    OpenSession,
    PermissionAnswered,
    Process,
    Prompt,
    Provenance,
    ProviderFailed,
    ProviderLoaded,
    ProviderPrintsKeys,
    PutOff,
    Refuse,
    Renewal,
    ReplyAddress,
    RoleAssumed,
    RoleRefused,
    Screen,
    ScreenChanged,
    SessionOpen,
    SessionOpened,
    SessionRefused,
    Shell,
    Show,
    SignInDone,
    StartSignIn,
    StopSignIn,
    Tell,
    Tick,
)
from trayexec.core.broker.permissions import PermissionChannel, ProgramUse
from trayexec.core.broker.state import Broker, Locked, Open, Phase, PromptChannel, Prompting
from trayexec.core.broker.state import Stage as Question
from trayexec.core.broker.status import AgentFacts, status
from trayexec.core.broker.step import next_deadline, step
from trayexec.core.broker.tray_view import view
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, SignIn, StsEndpoint
from trayexec.core.config.sources import Source
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Answer, Cancelled, Decided, Entered, PermissionAnswer, Refusal, TimedOut, Verdict
from trayexec.core.settings import OnLock, UseGuard
from trayexec.light.errors import Trouble, trouble

HOUR = 3600
LONGEST_QUEUE = HOUR  # until all identities have been asked for, one after the other (seconds)
NOWHERE = Shell("", 0)
UNKNOWN = Provenance(CallingProgram())
MARK = "s3cret"
EVERY_REFUSAL: Mapping[Refusal, Trouble] = {
    kind: trouble(kind.name.lower(), f"AWS said no: {kind.value}.", "This is a test.") for kind in Refusal
}
PLACE = StsEndpoint("eu-central-1")


def identity(keys: str = "default", serial: str | None = None, url: str | None = None) -> Identity:
    """An identity whose device is its own, unless a serial is named; with an empty one it needs no code."""
    return Identity(keys, f"arn:aws:iam::111111111111:mfa/{keys}" if serial is None else serial, url, keys, PLACE)


def provider(name: str) -> Provider:
    """A program that gives the profile of this name its credentials."""
    return Provider(Source.PROCESS, name, (("credential_process", f"/bin/{name}"),), ("c", "s"), PLACE)


def role(name: str, source: Identity | Provider | Role) -> Role:
    """A role on top of an identity, of a provider or of another role."""
    return Role(f"arn:aws:iam::222222222222:role/{name}", source, "alice", None, HOUR, PLACE)


def profile(name: str, target: Identity | Provider | Role) -> Profile:
    """A profile that leads to `target`."""
    return Profile(name, "eu-central-1", target)


ALICE = identity()
ADMIN = role("admin", ALICE)
AUDIT = role("audit", ALICE)
TOP = role("top", ADMIN)
A = profile("account-a", ADMIN)
B = profile("account-b", AUDIT)
DEEP = profile("deep", TOP)
BASE = profile("default", ALICE)
ROBOT = identity("robot", "")  # it needs no code
BUILD = profile("build", role("build", ROBOT))
VAULT = provider("vault")
GIVEN = profile("vault", VAULT)
OVER = profile("over", role("over", VAULT))


def printed_by(program: Provider) -> Identity:
    """The identity whose keys this program prints."""
    return replace(identity(program.profile), program=program)


def over_keys(target: Identity | Provider | Role) -> Identity | Role:
    """The same over the identity whose keys the program prints that is at its root."""
    match target:
        case Role():
            return replace(target, source=over_keys(target.source))
        case Provider():
            return printed_by(target)
        case Identity():
            return target


# Before, after and the event: what the rules' own table says of phases.
PHASE_TABLE = {
    (before, after, event)
    for before, after, events in re.findall(r"^    (\w+) +→ (\w+) +(.+)$", str(state.__doc__), re.MULTILINE)
    for event in events.split(", ")
}


def _word_of(root: Identity | Provider) -> str:
    """What a person locks it by."""
    return root.keys if isinstance(root, Identity) else root.profile


def phases_of_move(before: Phase, after: Phase) -> tuple[str, str]:
    """From which phase to which an identity went, as the table has it: of a session that goes on, the renewal went."""
    if isinstance(before, Open) and isinstance(after, Open):
        if before.session is not after.session:
            return type(before.renewal).__name__, "Open"
        before, after = before.renewal or Locked(), after.renewal or Locked()
    return type(before).__name__, type(after).__name__


@dataclass(slots=True)
class Issued:
    """Credentials that AWS or a provider gave, and how often what is at their root had been locked by then."""

    target: Identity | Provider | Role
    locks: int


@dataclass(slots=True)
class Stage:
    """The world around one broker. Every event goes through `do`, which checks every invariant afterwards."""

    now: Instant = field(default_factory=lambda: Instant(5_000.0, 1_800_000_000.0))
    broker: Broker = field(default_factory=Broker)
    told: list[Effect] = field(default_factory=list)
    asked: dict[ReplyAddress, Ask | Authenticate] = field(default_factory=dict)
    answers: dict[ReplyAddress, Deliver | SessionOpen | Refuse] = field(default_factory=dict)
    checks: dict[Identity, CheckKeys] = field(default_factory=dict)
    slow_keychain: bool = False  # whether a test says itself when the keys are found
    dialogs: dict[Identity, Prompt] = field(default_factory=dict)
    questions: dict[ReplyAddress, tuple[str, Identity]] = field(default_factory=dict)  # at terminals, by request
    permits: dict[int, AskPermission] = field(default_factory=dict)  # dialogs that ask for a permission, by number
    terminals: dict[ReplyAddress, Tell] = field(default_factory=dict)  # permissions that are asked for at terminals
    verdicts: list[tuple[Ask, Verdict | None]] = field(default_factory=list)
    quiet: list[KeptQuiet] = field(default_factory=list)  # programs of which nobody wants to hear any more
    yeses: list[tuple[Ask, int]] = field(default_factory=list)  # and how often something had been locked by then
    opening: list[OpenSession] = field(default_factory=list)
    assuming: list[AssumeRole] = field(default_factory=list)
    loading: list[LoadProvider] = field(default_factory=list)
    past: list[Event] = field(default_factory=list)
    printing: set[Provider] = field(default_factory=set)  # programs that were seen to print long-term keys
    anew: list[Ask] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    exited: set[Process] = field(default_factory=set)  # commands that do not run any more
    moves: set[tuple[str, str, str]] = field(default_factory=set)  # between phases, as in the table
    _started: dict[int, int] = field(default_factory=dict)  # epoch of a call → locks of its root then
    _all_locks: int = 0
    _locks: Counter[Identity | Provider] = field(default_factory=Counter)
    _issued: dict[str, Issued] = field(default_factory=dict)
    _orphans: set[int] = field(default_factory=set)  # epochs of calls nobody may be waiting for any more
    _codes: dict[str, list[tuple[str, float]]] = field(default_factory=dict)  # by device
    _devices: dict[Identity, str] = field(default_factory=dict)  # that the last codes were typed for
    _known_codes: set[str] = field(default_factory=set)
    _endings: set[Ending] = field(default_factory=set)
    _ending: set[Identity | SignIn] = field(default_factory=set)  # of whom the notification spoke last
    _put_off: bool = False
    _count: int = 0

    # What happens ---------------------------------------------------------------------------------------------------

    def do(self, event: Event) -> tuple[Effect, ...]:
        """One step, and the check of what it led to."""
        before = self.broker
        self._put_off = self._put_off or isinstance(event, PutOff)
        self._foresee(event)
        self.broker, effects = step(before, event, self.now)
        self.past.append(event)
        for effect in effects:
            self._witness(effect)
        self.told += effects
        self._check_moves(before, event)
        self._check_state(effects)
        while self.checks and not self.slow_keychain:
            self.find(next(iter(self.checks)))
        while self.anew:
            asked = self.anew.pop()
            self.asked[asked.caller.reply_to] = again = replace(asked, profile=self._as_known(asked.profile))
            self.do(again)
        while self.looks:
            checked = self.looks.pop().processes
            self.do(Looked(checked, frozenset(checked) - self.exited))
        return effects

    def _as_known(self, what: Profile) -> Profile:
        """The profile as the files mean it, with what is known of programs."""
        return replace(what, target=over_keys(what.target)) if what.root in self.printing else what

    def ask(
        self,
        what: Profile = A,
        *,
        need: int = SOFT_NEED,
        wait: int = 120,
        ask_at: AskAt = AskAt.DIALOG,
        program: str = "aws",
        shell: Shell = NOWHERE,
        began: float | None = None,
        guard: UseGuard | None = None,
        provenance: Provenance = UNKNOWN,
        pid: int = 4711,
    ) -> ReplyAddress:
        """A caller asks for credentials; where its answer goes."""
        caller = replace(self._caller(ask_at, program, shell, began), provenance=provenance, pid=pid)
        self.asked[caller.reply_to] = Ask(caller, self._as_known(what), need, wait, guard)
        self.do(self.asked[caller.reply_to])
        return caller.reply_to

    def of(self, what: Profile, provenance: Provenance) -> Ask:
        """What such a caller would ask."""
        return Ask(replace(self._caller(AskAt.DIALOG, "aws", NOWHERE, None), provenance=provenance), what)

    def auth(
        self,
        who: Identity = ALICE,
        code: str | None = None,
        *,
        renewal: Renewal = Renewal.IF_LOCKED,
        wait: int = 120,
        ask_at: AskAt = AskAt.DIALOG,
        shell: Shell = NOWHERE,
        serial: str = "",
    ) -> ReplyAddress:
        """A caller wants the session itself opened; where its answer goes."""
        if serial:
            self._devices[who] = serial
        caller = self._caller(ask_at, "trayexec auth", shell, None)
        secret = None if code is None else self._secret_code(code)
        self.asked[caller.reply_to] = Authenticate(caller, who, renewal, secret, wait, serial)
        self.do(self.asked[caller.reply_to])
        return caller.reply_to

    def hang_up(self, request: ReplyAddress) -> None:
        """A caller goes away."""
        if self.asked.pop(request, None) is not None and request not in self.answers:
            self.questions.pop(request, None)
            self.do(Gone(request))

    def answer(self, answer: Answer, who: Identity = ALICE) -> tuple[Effect, ...]:
        """The dialog that is up ends like this."""
        prompt = self.dialogs.pop(who)
        return self.do(Answered(who, prompt.epoch, answer))

    def enter(self, code: str, who: Identity = ALICE, serial: str = "") -> tuple[Effect, ...]:
        """A person types into the dialog that is up, perhaps for another device than it shows first."""
        self._devices[who] = serial or self.dialogs[who].question.mfa_serial
        return self.answer(Entered(self._secret_code(code), serial), who)

    def cancel(self, who: Identity = ALICE) -> tuple[Effect, ...]:
        """A person closes the dialog that is up."""
        return self.answer(Cancelled(), who)

    def permit(self, answer: PermissionAnswer | Verdict = Verdict.ONCE) -> tuple[Effect, ...]:
        """The question for a permission that is up is answered like this."""
        epoch = next(iter(self.permits))
        del self.permits[epoch]
        return self.do(PermissionAnswered(epoch, Decided(answer) if isinstance(answer, Verdict) else answer))

    def decide(self, request: ReplyAddress, verdict: Verdict = Verdict.ONCE) -> tuple[Effect, ...]:
        """The person at the terminal of this request answers the question there."""
        note = self.terminals[request]
        return self.do(Decide(note.epoch, verdict, note.caller.terminal))

    def find(self, who: Identity = ALICE) -> tuple[Effect, ...]:
        """The keys that were looked for are there."""
        return self.do(KeysFound(who, self.checks.pop(who).epoch))

    def no_keys(self, who: Identity = ALICE) -> tuple[Effect, ...]:
        """The keychain gives nothing, so the dialog never shows."""
        check = self.checks.pop(who)
        return self.do(SessionRefused(who, check.epoch, EVERY_REFUSAL[Refusal.KEYS], Refusal.KEYS))

    def keyring(self, who: Identity = ALICE, seconds: float = 20) -> tuple[Effect, ...]:
        """The keyring asks for its password before it gives anything; but not for a renewal that nobody asked for."""
        if self.checks[who].occasion is Occasion.RENEWAL:
            return self.no_keys(who)
        return self.do(KeysAwaited(who, self.checks[who].epoch, seconds))

    def grant(self, seconds: float = 12 * HOUR, *, which: int = 0) -> tuple[Effect, ...]:
        """AWS opens the session that has been asked for longest."""
        call = self.opening.pop(which)
        session = self._issue(call.identity, call.epoch, seconds)
        return self.do(SessionOpened(call.identity, call.epoch, session))

    def refuse(self, kind: Refusal = Refusal.CODE, *, which: int = 0) -> tuple[Effect, ...]:
        """AWS opens no session."""
        call = self.opening.pop(which)
        if kind in {Refusal.UNSENT, Refusal.KEYS} and call.code is not None:
            sent = self._codes[call.serial]
            sent.remove(next(one for one in sent if one[0] == call.code.reveal()))
        return self.do(SessionRefused(call.identity, call.epoch, EVERY_REFUSAL[kind], kind))

    def give(self, seconds: float = HOUR, *, which: int = 0) -> tuple[Effect, ...]:
        """AWS gives the role that has been asked for longest."""
        call = self.assuming.pop(which)
        return self.do(RoleAssumed(call.role, call.epoch, self._issue(call.role, call.epoch, seconds)))

    def deny(self, kind: Refusal = Refusal.DENIED, *, which: int = 0) -> tuple[Effect, ...]:
        """AWS gives no role."""
        call = self.assuming.pop(which)
        return self.do(RoleRefused(call.role, call.epoch, EVERY_REFUSAL[kind], kind))

    def load(self, seconds: float = 2 * HOUR, *, which: int = 0) -> tuple[Effect, ...]:
        """The provider that has been asked for longest gives credentials."""
        call = self.loading.pop(which)
        return self.do(ProviderLoaded(call.provider, call.epoch, self._issue(call.provider, call.epoch, seconds)))

    def fail(self, kind: Refusal = Refusal.OTHER, *, which: int = 0) -> tuple[Effect, ...]:
        """It gives none."""
        call = self.loading.pop(which)
        return self.do(ProviderFailed(call.provider, call.epoch, EVERY_REFUSAL[kind], kind))

    def print_keys(self, *, which: int = 0) -> tuple[Effect, ...]:
        """It is a program that prints long-term keys."""
        call = self.loading.pop(which)
        self.printing.add(call.provider)
        return self.do(ProviderPrintsKeys(call.provider, call.epoch))

    def unlock(self, seconds: float = 12 * HOUR, who: Identity = ALICE, code: str = "123456") -> None:
        """The whole way to an open session, by `trayexec auth`."""
        self.auth(who, code, renewal=Renewal.ALWAYS)
        self.grant(seconds, which=-1)

    def lock(self, keys: str | None = None) -> tuple[Effect, ...]:
        """`trayexec lock`."""
        return self.do(Lock(keys))

    def screen(self, screen: Screen) -> tuple[Effect, ...]:
        """The desktop is locked or unlocked."""
        return self.do(ScreenChanged(screen))

    def configure(self, *identities: Identity, **changes: object) -> tuple[Effect, ...]:
        """Files or settings changed."""
        settings = replace(self.broker.settings, **changes)  # type: ignore[arg-type]
        return self.do(Configured(identities or self.broker.identities, settings))

    def wait(self, seconds: float) -> None:
        """Time passes as it does for the agent: it wakes when it said it would, never later than 15 seconds."""
        end = self.now.boot + seconds
        while self.now.boot < end:
            pause = min(next_deadline(self.broker, self.now), end - self.now.boot)
            self.now = self.now.after(pause)
            self.do(Tick())

    def sleep(self, seconds: float) -> tuple[Effect, ...]:
        """The machine is suspended: no tick, and then one."""
        self.now = self.now.after(seconds)
        return self.do(Tick())

    def turn_wall_clock(self, seconds: float) -> tuple[Effect, ...]:
        """A person, or NTP, sets the clock."""
        self.now = Instant(self.now.boot, self.now.wall + seconds)
        return self.do(Tick())

    def drain(self) -> None:
        """Let every call return, every dialog end and every deadline pass: then nobody may be waiting.

        One person is asked for one identity after the other, and each question has its own time.
        """
        for _ in range(LONGEST_QUEUE // 15):
            while self.opening:
                self.refuse(Refusal.OTHER)
            while self.assuming:
                self.deny(Refusal.OTHER)
            while self.loading:
                self.fail()
            for who in list(self.checks):
                self.find(who)
            for who in list(self.dialogs):
                self.answer(TimedOut(), who)
            while self.permits:
                self.permit(TimedOut())
            self.sleep(15)
            calls = self.opening or self.assuming or self.loading
            if not (self.broker.waiting or calls or self.checks or self.dialogs or self.permits):
                break
        assert not self.broker.waiting, "a request is left for ever"
        assert not self.broker.queues
        assert self.asked.keys() <= self.answers.keys()

    # What is seen ---------------------------------------------------------------------------------------------------

    def got(self, request: ReplyAddress) -> Credentials | str | None:
        """What a caller was answered: credentials, the code of a refusal, or nothing yet."""
        match self.answers.get(request):
            case Deliver(_, _, credentials):
                return credentials
            case SessionOpen(_, _, session):
                return session
            case Refuse(_, why):
                return why.code
            case None:
                return None

    def served(self, request: ReplyAddress) -> bool:
        """Whether a caller got credentials, or its confirmation."""
        return isinstance(self.got(request), Credentials)

    def count(self, kind: type[Effect]) -> int:
        """How many effects of a kind there have been."""
        return sum(isinstance(effect, kind) for effect in self.told)

    def titles(self) -> list[str]:
        """Every notification so far."""
        return [str(effect.notice.title) for effect in self.told if isinstance(effect, Show)]

    def notes(self, request: ReplyAddress) -> list[str]:
        """The kinds of the notes that a caller was told."""
        return [one.kind.value for one in self.told if isinstance(one, Tell) and one.caller.reply_to == request]

    def said(self, request: ReplyAddress) -> list[str]:
        """The words of the notes that a caller was told."""
        return [str(one.text) for one in self.told if isinstance(one, Tell) and one.caller.reply_to == request]

    def is_open(self, who: Identity = ALICE) -> bool:
        """Whether there is a session that AWS still takes."""
        return self.broker.session(who, self.now) is not None

    # The invariants -------------------------------------------------------------------------------------------------

    def _caller(self, ask_at: AskAt, program: str, shell: Shell, began: float | None) -> Caller:
        self._count += 1
        return Caller(ReplyAddress(self._count), program, 4711, ask_at, shell=shell, began=began)

    def _secret_code(self, code: str) -> Secret:
        self._known_codes |= {code} - {""}
        return Secret(code)

    def _issue(self, target: Identity | Provider | Role, epoch: int, seconds: float) -> Credentials:
        key = f"ASIA{len(self._issued):06}"
        at = self.now.after(seconds)
        self._issued[key] = Issued(target, self._started[epoch])
        return Credentials(key, Secret(f"{MARK}-key-{key}"), Secret(f"{MARK}-token-{key}"), Expiry(at, int(at.wall)))

    def _foresee(self, event: Event) -> None:
        """What an event means for the calls under way, before the rules have seen it."""
        match event:
            case Lock(keys):
                self._all_locks += 1
                self._forget([one for one in self._roots() if keys in {None, _word_of(one)}])
            case ScreenChanged(Screen.LOCKED) if self.broker.settings.on_lock is OnLock.REFUSE:
                self._all_locks += 1
            case ScreenChanged(Screen.LOCKED) if self.broker.settings.on_lock is OnLock.WIPE:
                self._all_locks += 1
                self._forget(self._roots())
            case Configured(_, settings) if settings.on_lock is OnLock.WIPE and self.broker.screen is Screen.LOCKED:
                self._forget(self._roots())
            case IdleSeen(seconds) if seconds is not None and seconds >= (self.broker.settings.idle_lock or HOUR * 100):
                self._forget(self._roots())
            case Tick() if self._slept():
                self._forget(self._roots())
            case _:
                pass

    def _slept(self) -> bool:
        """Whether the machine has slept for as long as nobody may be there."""
        least, ticked = self.broker.settings.idle_lock, self.broker.idle.ticked
        return least is not None and ticked is not None and self.now.boot - ticked.boot >= least

    def _roots(self) -> list[Identity | Provider]:
        """All that sessions and roles come from."""
        return [*self.broker.phases, *(one for one in self.broker.roles if isinstance(one, Provider))]

    def _forget(self, roots: list[Identity | Provider]) -> None:
        for one in roots:
            self._locks[one] += 1
            self._orphans |= {call.epoch for call in self.opening if call.identity == one}
            self._orphans |= {call.epoch for call in self.assuming if call.role.root == one}
            self._orphans |= {call.epoch for call in self.loading if call.provider == one}

    def _witness(self, effect: Effect) -> None:  # noqa: C901, PLR0912 — one flat table of all that can be wanted
        match effect:
            case Prompt() | CheckKeys() | Dismiss():
                self._witness_dialog(effect)
            case Deliver() | SessionOpen() | Refuse():
                self._witness_answer(effect)
            case AskAnew(caller):
                assert caller.reply_to not in self.answers, "a second answer"
                anew = self.asked.pop(caller.reply_to)
                assert isinstance(anew, Ask)
                assert anew.profile.root in self.printing, "who asks anew would hear the same"
                self.anew.append(anew)
            case Tell(caller):
                assert caller.reply_to in self.asked
                assert caller.reply_to not in self.answers, "a note after the answer"
                self._witness_question(effect)
            case OpenSession():
                self._witness_code(effect)
            case AssumeRole(target, epoch, by):
                self._started[epoch] = self._locks[target.root]
                assert self._issued[by.access_key_id].target == target.source, (
                    "assumed with somebody else's credentials"
                )
                assert by.expiry.left(self.now) > 0
                rivals = [one for one in self.assuming if one.role == target and one.epoch not in self._orphans]
                assert not rivals, "two calls for one role"
                self.assuming.append(effect)
            case LoadProvider(target, epoch):
                self._started[epoch] = self._locks[target]
                asked = [one for one in self.loading if one.provider == target and one.epoch not in self._orphans]
                assert not asked, "two calls for one provider"
                self.loading.append(effect)
            case Show(notice):
                assert MARK not in str(notice.title) + str(notice.body)
                told = notice.key == notifications.ENDINGS
                locked = self.broker.screen is Screen.LOCKED
                uses = notice.key == notifications.FIRST_USE
                assert not (locked and (told or uses or notice.key.startswith("run:"))), "nobody is there to be told"
                if told:
                    self._witness_endings()
            case AskPermission() | DismissPermission() | NoteVerdict():
                self._witness_permission(effect)
            case KeepQuiet(programs):
                self.quiet += programs
            case Look():
                self.looks.append(effect)
            case Hide() | LookIdle():
                pass
            case StartSignIn() | StopSignIn() | SignInDone():
                raise AssertionError("nobody here has to sign in")

    def _witness_dialog(self, effect: Prompt | CheckKeys | Dismiss) -> None:
        assert isinstance(effect, Dismiss) or effect.identity.needs_code, "a person is asked for nothing"
        match effect:
            case Prompt(who):
                asked = {other for other, one in self.dialogs.items() if not one.question.command}
                assert effect.question.command or not self.permits, "two questions at once"
                assert effect.question.command or not asked - {who}, "two questions at once"
                assert not self._closed(), "a dialog on a locked screen"
                self.dialogs[who] = effect
            case CheckKeys(who):
                assert who not in self.dialogs, "the keys are looked for while a person is asked"
                self.checks[who] = effect
            case Dismiss(who):
                self.dialogs.pop(who, None)
                self.checks.pop(who, None)

    def _witness_answer(self, effect: Deliver | SessionOpen | Refuse) -> None:
        request = effect.caller.reply_to
        assert request in self.asked, "an answer to nobody"
        assert request not in self.answers, "a second answer"
        self.answers[request] = effect
        self.questions.pop(request, None)
        self.terminals.pop(request, None)
        if isinstance(effect, Refuse):
            return
        assert not self._closed(), "something was handed out on a locked screen"
        if isinstance(effect, Deliver):
            self._check_permitted(effect)
        target = effect.profile.target if isinstance(effect, Deliver) else effect.identity
        given = effect.credentials if isinstance(effect, Deliver) else effect.session
        issued = self._issued[given.access_key_id]
        assert issued.target == target, "credentials of somebody else"
        whose = target.root if isinstance(target, Role) else target
        assert issued.locks == self._locks[whose], "credentials from before a lock"
        least = 60 if isinstance(effect, Deliver) else 0
        assert given.expiry.at.boot - self.now.boot >= least

    def _witness_permission(self, effect: AskPermission | DismissPermission | NoteVerdict) -> None:
        match effect:
            case AskPermission(epoch, question):
                assert not self.permits, "two questions at once"
                assert all(one.question.command for one in self.dialogs.values()), "two questions at once"
                assert not self._closed(), "a question on a locked screen"
                assert Verdict.ONCE in question.choices
                self.permits[epoch] = effect
            case DismissPermission(epoch):
                del self.permits[epoch]
            case NoteVerdict(asked, verdict):
                self.verdicts.append((asked, verdict))
                if verdict not in {None, Verdict.DENY}:
                    self.yeses.append((asked, self._all_locks))

    def _check_permitted(self, effect: Deliver) -> None:
        """What is guarded is handed out only on a person's word since the last lock, for this program and this role."""
        asked = self.asked[effect.caller.reply_to]
        assert isinstance(asked, Ask)
        if asked.guard is None:
            return
        mine = asked.caller.provenance
        processes = {mine.process, *mine.above} - {None}
        for word, locks in self.yeses:
            theirs = word.caller.provenance
            same_use = (word.profile.name, word.profile.target) == (asked.profile.name, asked.profile.target)
            if locks != self._all_locks or not same_use:
                continue
            if word.caller == asked.caller or mine.program == theirs.program or theirs.process in processes:
                return
        raise AssertionError("something guarded was handed out, and nobody had said so")

    def _witness_question(self, note: Tell) -> None:
        """At one terminal one thing is asked at a time, whoever asks it there."""
        request, where = note.caller.reply_to, note.caller.terminal
        if note.kind is NoteKind.PERMISSION:
            self.terminals[request] = note
        if note.kind is NoteKind.SCREEN:
            self.terminals.pop(request, None)
        if note.kind in {NoteKind.AWS, NoteKind.SCREEN}:
            self.questions.pop(request, None)
        elif note.kind in {NoteKind.CODE, NoteKind.AGAIN} and where:
            others = {who for terminal, who in self.questions.values() if terminal == where}
            assert note.identity is not None
            assert others <= {note.identity}, "two questions at once on a terminal"
            self.questions[request] = (where, note.identity)

    def _witness_code(self, call: OpenSession) -> None:
        self._started[call.epoch] = self._locks[call.identity]
        assert all(one.epoch in self._orphans for one in self.opening if one.identity == call.identity), "two at once"
        if call.code is None:
            assert not call.identity.needs_code, "a session without its code"
            self.opening.append(call)
            return
        assert call.identity.needs_code, "a code for who needs none"
        own = {call.identity.mfa_serial, self._devices.get(call.identity, "")}
        assert call.serial in own, "a code for a device that nobody has chosen"
        code = call.code.reveal()
        assert re.fullmatch("[0-9]{6}", code)
        sent = self._codes.setdefault(call.serial, [])
        assert not any(old == code and self.now.boot - at < 150 for old, at in sent), "a spent code was sent"
        sent.append((code, self.now.boot))
        assert sum(self.now.boot - at < 180 for _, at in sent) <= 5, "more than five codes in three minutes"
        self.opening.append(call)

    def _witness_endings(self) -> None:
        """A person is told what is new, or once more what was put off, or that there is less of it."""
        found = [replace(one, came=None) if one.how is How.ENDS else one for one in self.broker.endings.found]
        assert all(isinstance(one.who, SignIn) or one.who.needs_code for one in found), "warned of what needs nobody"
        now_told = {one.who for one in found}
        assert set(found) - self._endings or now_told < self._ending or self._put_off, "an end was told twice"
        self._endings |= set(found)
        self._ending, self._put_off = now_told, False

    def _closed(self) -> bool:
        return self.broker.screen is Screen.LOCKED and self.broker.settings.on_lock is not OnLock.KEEP

    def _check_moves(self, earlier: Broker, event: Event) -> None:
        for who in self.broker.phases.keys() | earlier.phases.keys():
            before, after = phases_of_move(earlier.phase(who), self.broker.phase(who))
            if before != after:
                self.moves.add((before, after, type(event).__name__))
        assert self.moves <= PHASE_TABLE, f"the table of phases does not know {self.moves - PHASE_TABLE}"

    def _check_state(self, effects: tuple[Effect, ...]) -> None:
        assert 0 < next_deadline(self.broker, self.now) <= 15
        assert self.broker.waiting.keys() == self.asked.keys() - self.answers.keys(), "a request is lost"
        queued = [request for queue in self.broker.queues.values() for request in queue]
        assert Counter(queued) == Counter(self.broker.waiting.keys()), "who waits must wait for exactly one thing"
        for key, queue in self.broker.queues.items():
            assert queue
            if isinstance(key, Screen):
                assert self._closed(), "somebody waits for an unlock that was there"
            elif isinstance(key, SignIn):
                assert self.broker.sign_in(key).attempt is not None, "somebody waits for a sign-in without a page"
            elif isinstance(key, ProgramUse):
                assert key in self.broker.permissions.questions, "somebody waits for an answer that nobody is asked for"
            elif isinstance(key, Provider | Role):
                assert self.broker.role(key).pending is not None, "somebody waits for a role that nobody assumes"
            else:
                assert self.broker.prompting(key) is not None, "somebody waits for a code that nobody is asked for"
        self._check_attempts()
        shown = [
            one.epoch
            for one in self.broker.permissions.questions.values()
            if one.channel is PermissionChannel.DIALOG and one.until is not None
        ]
        assert shown == list(self.permits), "a question without its dialog, or a dialog without its question"
        assert not self.broker.permissions.questions.keys() - self.broker.queues.keys(), "a question for nobody"
        self._check_no_secret(repr(self.broker) + repr(effects))
        self._check_reports()

    def _check_attempts(self) -> None:
        for who in self.broker.phases:
            attempt = self.broker.prompting(who)
            asking = (
                isinstance(attempt, Prompting)
                and attempt.channel in {PromptChannel.DIALOG, PromptChannel.COMMAND}
                and attempt.stage is Question.ASKING
            )
            assert asking == (who in self.dialogs), "a dialog without a question, or a question without its dialog"
            looking = isinstance(attempt, Prompting) and attempt.stage in {Question.LOOKING, Question.FETCHING}
            assert not looking or attempt is None or self.checks[who].epoch == attempt.epoch
            if asking and attempt is not None:
                assert self.dialogs[who].epoch == attempt.epoch
            if isinstance(attempt, Prompting) and attempt.occasion is Occasion.RENEWAL:
                assert attempt.channel is PromptChannel.COMMAND, "a person is asked for a renewal that nobody wants"
            elif isinstance(attempt, Prompting) and not asking:
                assert self.broker.queues.get(who), "a question that nobody waits for, and no dialog to type into"
            if self._closed():
                assert not isinstance(attempt, Prompting)
        for one, known in self.broker.roles.items():
            if known.pending is not None and isinstance(one, Provider):
                assert any(call.epoch == known.pending.epoch for call in self.loading), "a provider is not asked"
            elif known.pending is not None and known.pending.by is not None:
                assert any(call.epoch == known.pending.epoch for call in self.assuming), (
                    "a role is pending without a call"
                )
            elif known.pending is not None:
                assert isinstance(one, Role)
                assert isinstance(one.source, Provider | Role)
                assert self.broker.role(one.source).pending is not None, "a role waits for a source that nobody assumes"

    def _check_no_secret(self, shown: str) -> None:
        assert MARK not in shown
        assert not any(f"'{code}'" in shown for code in self._known_codes)

    def _check_reports(self) -> None:
        catalogue = Catalogue({one.profile.name: one.profile for one in self.asked.values() if isinstance(one, Ask)})
        document = status(self.broker, catalogue, AgentFacts(1, "0", "none", "none"), self.now)
        identities = document["identities"]
        assert isinstance(identities, list)
        others = (one for one, phase in self.broker.phases.items() if not isinstance(phase, Locked))
        for who, said in zip(dict.fromkeys((*catalogue.identities, *others)), identities, strict=True):
            assert (said["phase"] == "open") == self.is_open(who) == (said["expires_at"] is not None)
        shown = view(self.broker, self.now)
        assert 0 <= shown.fill <= 1
        self._check_no_secret(repr(document) + repr(shown))

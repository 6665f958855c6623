"""The invariants of the rules, whatever happens in whatever order: `support.stage` checks them after every step."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from support.stage import (
    ADMIN,
    ALICE,
    AUDIT,
    BASE,
    BUILD,
    DEEP,
    EVERY_REFUSAL,
    GIVEN,
    OVER,
    ROBOT,
    TOP,
    A,
    B,
    Stage,
    identity,
    profile,
    provider,
    role,
)
from trayexec.core.broker.events import (
    AskAt,
    CallingProgram,
    Event,
    Process,
    Provenance,
    Renewal,
    Screen,
    Shell,
    Tick,
)
from trayexec.core.broker.step import next_deadline, step
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Profile
from trayexec.core.ports import Cancelled, NoDialog, Refusal, TimedOut, Verdict
from trayexec.core.settings import UNTIL_LOCKED, Command, IdentityRule, OnLock, Renew, UseGuard

TWIN = identity("twin", ALICE.mfa_serial)  # other keys, the same device
BOB = identity("bob")
# A role that a code of its own opens: the same keys and device, and apart from the session.
LONG = replace(ALICE, role=replace(ADMIN, seconds=8 * 3600), name="default (long)")
PROFILES = (
    A,
    B,
    profile("same-as-a", A.target),
    DEEP,
    profile("deeper", role("deeper", TOP)),
    BASE,
    profile("twin", role("twin", TWIN)),
    profile("bob", role("bob", BOB)),
    profile("bob-himself", BOB),
    GIVEN,
    OVER,
    profile("higher", role("higher", OVER.target)),
    profile("other-program", provider("other")),
    profile("long", LONG),
    BUILD,
    profile("robot", ROBOT),
)
CODES = st.sampled_from(["111111", "222222", "333333", "444444", "555555", "666666", "777777"])
TYPED = st.one_of(CODES, CODES, st.sampled_from(["12345", "", "123 456", "１２３４５６", "abcdef"]))  # noqa: RUF001
CHANNELS = st.sampled_from(AskAt)
SHELLS = st.sampled_from([Shell("", 1), Shell("100", 2), Shell("200", 3)])
WAITS = st.sampled_from([0, 5, 120, 300])
NO_DIALOG = NoDialog(EVERY_REFUSAL[Refusal.OTHER])
LIVES = st.sampled_from([12 * 3600, 12 * 3600, 3600, 900, 90, 8, -5])
BASH, DAEMON = Process(100, 7), Process(50, 3)
PROVENANCES = st.sampled_from(
    [
        Provenance(CallingProgram(name="aws")),  # of which the system tells nothing
        Provenance(CallingProgram(("/usr/bin/aws", "/bin/bash"), ("bash",), BASH, "aws"), Process(200, 8), (BASH,)),
        Provenance(CallingProgram(("/usr/bin/aws", "/bin/bash"), ("bash",), BASH, "aws"), Process(201, 9), (BASH,)),
        Provenance(
            CallingProgram(("/bin/sh", "/bin/bash"), ("bash",), BASH, "sh"), Process(202, 9), (BASH,), spreads=True
        ),
        Provenance(
            CallingProgram(("/usr/bin/aws", "/bin/sh"), ("sh", "bash"), BASH, "aws"),
            Process(203, 10),
            (Process(202, 9), BASH),
        ),
        Provenance(CallingProgram(("/usr/bin/ssh", "/bin/bash"), ("bash",), DAEMON, "aws")),
    ]
)
ANY = st.integers(min_value=0, max_value=1 << 16)


def epoch_of(event: Event) -> int | None:
    """The number that an answer carries; None for what is no answer."""
    found: int | None = getattr(event, "epoch", None)
    return found


def check_that_it_rests(stage: Stage) -> None:
    """Left alone for a minute, the agent wakes once a second while somebody waits, and a few times for what is due."""
    broker, now = stage.broker, stage.now
    end, ticks = now.after(60), 0
    while now.until(end) > 0:
        now = now.after(next_deadline(broker, now))
        broker, _ = step(broker, Tick(), now)
        ticks += 1
    assert ticks <= 80, f"{ticks} ticks in a minute"  # 60, and a few things that end or are warned of


# Which identities have a command that gives their codes, and whether it renews their sessions by itself; or devices.
COMMANDS = st.dictionaries(
    st.sampled_from([ALICE.keys, BOB.keys]),
    st.builds(IdentityRule, st.just(Command(("oathtool",))), st.sampled_from(Renew))
    | st.just(IdentityRule(devices=("arn:aws:iam::111111111111:mfa/phone", "GAHT12345678"))),
)


class Invariants(RuleBasedStateMachine):
    """People, AWS, callers and clocks, in any order."""

    @initialize(on_lock=st.sampled_from(OnLock), commands=COMMANDS)
    def begin(self, on_lock: OnLock, commands: Mapping[str, IdentityRule]) -> None:
        """An agent that has read its files."""
        self.stage = Stage()
        self.stage.configure(ALICE, BOB, ROBOT, on_lock=on_lock, identities=commands)

    @rule(
        what=st.sampled_from(PROFILES),
        need=st.sampled_from([0, 1200, 1200, 3000, 7200, 50_000]),
        wait=WAITS,
        ask_at=CHANNELS,
        shell=SHELLS,
        age=st.sampled_from([None, 0.0, 0.5, 100.0]),
    )
    def ask(self, *, what: Profile, need: int, wait: int, ask_at: AskAt, shell: Shell, age: float | None) -> None:
        """A caller wants credentials."""
        began = None if age is None else self.stage.now.boot - age
        self.stage.ask(what, need=need, wait=wait, ask_at=ask_at, shell=shell, began=began)

    @rule(
        what=st.sampled_from(PROFILES),
        need=st.sampled_from([0, 1200, 3000]),
        wait=WAITS,
        shell=SHELLS,
        guard=st.sampled_from([UseGuard(0), UseGuard(600), UseGuard(UNTIL_LOCKED)]),
        provenance=PROVENANCES,
    )
    def ask_guarded(
        self, *, what: Profile, need: int, wait: int, shell: Shell, guard: UseGuard, provenance: Provenance
    ) -> None:
        """A caller wants credentials that a person has to allow first."""
        self.stage.ask(what, need=need, wait=wait, shell=shell, guard=guard, provenance=provenance)

    @precondition(lambda self: self.stage.permits)
    @rule(how=st.sampled_from([*Verdict, TimedOut(), NO_DIALOG]))
    def permit(self, how: Verdict | TimedOut | NoDialog) -> None:
        """A person answers the question, or none does."""
        self.stage.permit(how)

    @precondition(lambda self: self.stage.terminals)
    @rule(which=ANY, verdict=st.sampled_from(Verdict))
    def decide(self, which: int, verdict: Verdict) -> None:
        """A person at a terminal answers the question there."""
        requests = list(self.stage.terminals)
        self.stage.decide(requests[which % len(requests)], verdict)

    @rule(number=st.integers(2, 5), what=st.sampled_from(PROFILES))
    def ask_at_once(self, number: int, what: Profile) -> None:
        """Several callers want the same."""
        for _ in range(number):
            self.stage.ask(what)

    @rule(
        who=st.sampled_from([ALICE, ALICE, BOB, TWIN, ROBOT]),
        renewal=st.sampled_from(Renewal),
        wait=WAITS,
        ask_at=CHANNELS,
        shell=SHELLS,
    )
    def authenticate(self, *, who: Identity, renewal: Renewal, wait: int, ask_at: AskAt, shell: Shell) -> None:
        """A person wants the session opened."""
        self.stage.auth(who, renewal=renewal, wait=wait, ask_at=ask_at, shell=shell)

    @rule()
    def slow_down(self) -> None:
        """From now on the keychain takes its time."""
        self.stage.slow_keychain = True

    @precondition(lambda self: self.stage.checks)
    @rule(which=ANY, how=st.sampled_from(["there", "there", "keyring", "none"]))
    def look(self, which: int, how: str) -> None:
        """The keychain answers, or asks for its own password."""
        who = list(self.stage.checks)[which % len(self.stage.checks)]
        match how:
            case "there":
                self.stage.find(who)
            case "keyring":
                self.stage.keyring(who)
            case _:
                self.stage.no_keys(who)

    @rule(who=st.sampled_from([ALICE, ALICE, BOB, TWIN, ROBOT]), code=TYPED, ask_at=CHANNELS)
    def hand_in(self, who: Identity, code: str, ask_at: AskAt) -> None:
        """A code comes by the command line."""
        self.stage.auth(who, code, ask_at=ask_at)

    @precondition(lambda self: self.stage.broker.waiting)
    @rule(which=ANY)
    def hang_up(self, which: int) -> None:
        """A caller that waits goes away."""
        waiting = list(self.stage.broker.waiting)
        self.stage.hang_up(waiting[which % len(waiting)])

    @precondition(lambda self: self.stage.dialogs)
    @rule(which=ANY, code=TYPED, device=ANY)
    def enter(self, which: int, code: str, device: int) -> None:
        """A person types into a dialog, the code of any device that it offers."""
        dialogs = list(self.stage.dialogs)
        who = dialogs[which % len(dialogs)]
        serials = self.stage.dialogs[who].question.serials or ("",)
        self.stage.enter(code, who, serials[device % len(serials)])

    @precondition(lambda self: self.stage.dialogs)
    @rule(which=ANY, how=st.sampled_from([Cancelled(), TimedOut(), NO_DIALOG]))
    def end_dialog(self, which: int, how: Cancelled | TimedOut | NoDialog) -> None:
        """A dialog ends without a code."""
        self.stage.answer(how, list(self.stage.dialogs)[which % len(self.stage.dialogs)])

    @precondition(lambda self: self.stage.opening)
    @rule(which=ANY, life=LIVES)
    def grant(self, which: int, life: int) -> None:
        """AWS takes a code."""
        self.stage.grant(life, which=which % len(self.stage.opening))

    @precondition(lambda self: self.stage.opening)
    @rule(which=ANY, kind=st.sampled_from([Refusal.CODE, Refusal.CODE, *Refusal]))
    def refuse(self, which: int, kind: Refusal) -> None:
        """AWS takes no code."""
        self.stage.refuse(kind, which=which % len(self.stage.opening))

    @precondition(lambda self: self.stage.assuming)
    @rule(which=ANY, life=LIVES)
    def give(self, which: int, life: int) -> None:
        """AWS gives a role."""
        self.stage.give(min(life, 3600), which=which % len(self.stage.assuming))

    @precondition(lambda self: self.stage.assuming)
    @rule(which=ANY, kind=st.sampled_from([Refusal.SESSION, Refusal.SESSION, *Refusal]))
    def deny(self, which: int, kind: Refusal) -> None:
        """AWS gives no role."""
        self.stage.deny(kind, which=which % len(self.stage.assuming))

    @precondition(lambda self: self.stage.loading)
    @rule(which=ANY, life=LIVES)
    def load(self, which: int, life: int) -> None:
        """A provider gives credentials."""
        self.stage.load(life, which=which % len(self.stage.loading))

    @precondition(lambda self: self.stage.loading)
    @rule(which=ANY, kind=st.sampled_from([Refusal.OTHER, *Refusal]))
    def fail(self, which: int, kind: Refusal) -> None:
        """A provider gives nothing."""
        self.stage.fail(kind, which=which % len(self.stage.loading))

    @precondition(lambda self: self.stage.loading)
    @rule(which=ANY)
    def print_keys(self, which: int) -> None:
        """A provider turns out to be a program that prints long-term keys."""
        self.stage.print_keys(which=which % len(self.stage.loading))

    @rule()
    def print_sessions(self) -> None:
        """From now on programs print temporary credentials, as is taken of each that nobody has seen."""
        self.stage.printing.clear()

    @rule(keys=st.sampled_from([None, "default", "bob", "robot", "vault", "nobody"]))
    def lock(self, keys: str | None) -> None:
        """A person locks."""
        self.stage.lock(keys)

    @rule(screen=st.sampled_from([Screen.LOCKED, Screen.UNLOCKED, Screen.UNLOCKED]))
    def lock_screen(self, screen: Screen) -> None:
        """A person leaves or comes back."""
        self.stage.screen(screen)

    @rule(
        on_lock=st.sampled_from(OnLock),
        warn=st.sampled_from([(900, 300), (), (1800,), (900, 300, 60)]),
        commands=COMMANDS,
    )
    def configure(self, on_lock: OnLock, warn: tuple[int, ...], commands: Mapping[str, IdentityRule]) -> None:
        """Settings change, and an identity comes or goes."""
        identities = (ALICE,) if warn else (ALICE, BOB)
        self.stage.configure(*identities, on_lock=on_lock, warn=warn, identities=commands)

    @rule(seconds=st.sampled_from([0.5, 1, 15, 40, 100, 170]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.stage.wait(seconds)

    @rule(seconds=st.sampled_from([200, 900, 2500, 3500, 11 * 3600]))
    def sleep(self, seconds: float) -> None:
        """The machine sleeps."""
        self.stage.sleep(seconds)

    @rule(seconds=st.sampled_from([-3600, -60, 60, 3600]))
    def turn_wall_clock(self, seconds: float) -> None:
        """A clock is set."""
        self.stage.turn_wall_clock(seconds)

    @rule(seconds=st.sampled_from([0.1, 3.0]))
    def pass_unseen(self, seconds: float) -> None:
        """Time passes before the next event."""
        self.stage.now = self.stage.now.after(seconds)

    @precondition(lambda self: self.stage.past)
    @rule(which=ANY)
    def echo(self, which: int) -> None:
        """An answer comes twice, or after everybody has stopped waiting for it: it changes nothing."""
        stage = self.stage
        event = stage.past[which % len(stage.past)]
        epoch = epoch_of(event)
        calls = {call.epoch for call in stage.opening} | {call.epoch for call in stage.assuming}
        calls |= {call.epoch for call in stage.loading}
        awaited = calls | {one.epoch for one in stage.dialogs.values()} | {one.epoch for one in stage.checks.values()}
        if epoch is None or epoch in awaited:
            return
        before = stage.broker
        assert stage.do(event) == ()
        assert stage.broker == before

    def teardown(self) -> None:
        """Nothing is due that a tick does not settle, and nobody is left waiting."""
        if hasattr(self, "stage"):
            check_that_it_rests(self.stage)
            self.stage.drain()


TestInvariants = Invariants.TestCase
TestInvariants.settings = settings(stateful_step_count=40)


def test_the_check_waits_for_questions_in_turn() -> None:
    """One terminal is asked for one code at a time, and each question has its own time: that is no wait without end."""
    stage = Stage()
    for what in (A, profile("bob", role("bob", BOB)), profile("twin", role("twin", TWIN))):
        stage.ask(what, wait=300, ask_at=AskAt.TERMINAL, shell=Shell("100", 2))
    stage.drain()


def test_the_check_sees_a_wall_clock_jump() -> None:
    """The stage keeps the two clocks apart, or half of the invariants would be checked on one of them only."""
    stage = Stage()
    stage.turn_wall_clock(3600)
    assert stage.now == Instant(Stage().now.boot, Stage().now.wall + 3600)
    assert AUDIT.root == ALICE

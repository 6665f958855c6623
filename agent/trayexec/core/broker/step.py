"""The rules: one pure function, `step`. This module must not know sockets, threads, clocks, files, toolkits or AWS.

An event goes in, the new state and the wanted effects come out. The laws, each of them a property test:

- at most one dialog per identity, however many callers wait, and one question to a person at a time;
- every request is answered exactly once;
- one AssumeRole at a time per role (single flight);
- nothing is handed out with less than a minute of life, nothing after a lock;
- a warning is given once per session;
- of a command that outlives its credentials a person is told once, and of one that has ended never.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from trayexec.core import messages
from trayexec.core.broker import expiry_watch, notifications
from trayexec.core.broker.context import FRESH_ROLE, ROLE_LIFE
from trayexec.core.broker.events import (
    Answered,
    Ask,
    Authenticate,
    Caller,
    Configured,
    Dismiss,
    Effect,
    Event,
    Gone,
    Hide,
    KeyringAsks,
    KeysFound,
    Lock,
    Look,
    Looked,
    NoteKind,
    Process,
    Refuse,
    Renewal,
    RoleAssumed,
    RoleRefused,
    Screen,
    ScreenChanged,
    SessionOpen,
    SessionOpened,
    SessionRefused,
    Show,
    Tell,
    Tick,
)
from trayexec.core.broker.roles import Roles, role_need
from trayexec.core.broker.state import (
    Broker,
    Locked,
    Open,
    Opening,
    PromptChannel,
    Prompting,
    RoleFailure,
    Stage,
    Waiting,
)
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Role
from trayexec.core.settings import OnLock, Settings
from trayexec.light.errors import Text, Trouble

TICK = 15.0
SOON = 0.01  # what is due already (seconds)


def step(  # noqa: C901, PLR0912 — one flat table of all that can happen
    broker: Broker, event: Event, now: Instant
) -> tuple[Broker, tuple[Effect, ...]]:
    """The state after `event` at `now`, and what is to be done about it, in order."""
    turn = _Rules(broker, now)
    match event:
        case Ask():
            turn.ask(event)
        case Authenticate():
            turn.authenticate(event)
        case Lock(keys):
            turn.lock([one for one in turn.known() if keys in {None, one.keys}])
        case Gone(request):
            turn.gone(request)
        case Answered():
            turn.answered(event)
        case KeysFound(identity, epoch):
            turn.found(identity, epoch)
        case KeyringAsks(identity, epoch, seconds):
            turn.keyring_asks(identity, epoch, seconds)
        case SessionOpened(identity, epoch, session):
            if isinstance(turn.current(identity, epoch), Opening):
                turn.opened(identity, session)
        case SessionRefused():
            turn.no_session(event)
        case RoleAssumed(role, epoch, credentials):
            if turn.in_flight(role, epoch):
                turn.assumed(role, credentials)
        case RoleRefused(role, epoch, why, refusal):
            if turn.in_flight(role, epoch):
                turn.denied(role, why, refusal)
        case Configured(identities, settings, warning):
            turn.configured(identities, settings, warning)
        case ScreenChanged(screen):
            turn.screen(screen)
        case Looked(checked, running):
            turn.looked(checked, running)
        case Tick():
            turn.tick()
        case _:
            assert_never(event)
    turn.take_turns()
    return turn.broker, tuple(turn.effects)


def next_deadline(broker: Broker, now: Instant) -> float:
    """Seconds until something may be due without any event; never more than 15, so that a resume is noticed.

    While somebody waits it is a second: cheaper than to search a thousand deadlines at each event.
    """
    waits = [1.0 if broker.waiting else TICK, broker.watch.next(now)]
    for phase in broker.phases.values():
        if isinstance(phase, Open):
            left = phase.session.expiry.left(now)
            waits += [left, *(left - seconds for seconds in broker.settings.warn if seconds not in phase.warned)]
    return max(SOON, min(waits))


class _Rules(Roles):
    """All rules together: what is asked, and what time, the screen and the settings bring about."""

    def ask(self, event: Ask) -> None:
        if self.screen_refuses(event.caller):
            return
        self.note_waiting(event.caller.request, Waiting(event, self.now.after(event.wait)))
        self.serve(event.caller.request)

    def authenticate(self, event: Authenticate) -> None:
        if self.screen_refuses(event.caller):
            return
        identity = event.identity
        session = self.broker.session(identity, self.now)
        if session is not None and event.renewal is Renewal.IF_LOCKED and event.code is None:
            self.effects.append(SessionOpen(event.caller, identity, session))
            return
        self.note_waiting(event.caller.request, Waiting(event, self.now.after(event.wait)))
        self.serve(event.caller.request)

    def screen_refuses(self, caller: Caller) -> bool:
        if self.broker.screen is Screen.LOCKED and self.broker.settings.on_lock is not OnLock.KEEP:
            self.effects.append(Refuse(caller, messages.screen_locked()))
            return True
        return False

    def serve(self, request: int) -> None:
        waiting = self.broker.waiting.get(request)
        if waiting is None:
            return
        asked = waiting.asked
        if isinstance(asked, Authenticate):
            self._serve_authentication(asked)
        elif isinstance(asked.profile.target, Role):
            self._serve_role(asked, asked.profile.target)
        else:
            self._serve_session(asked, asked.profile.target)

    def _serve_authentication(self, asked: Authenticate) -> None:
        self.queue(asked.identity, asked.caller.request)
        if asked.code is not None:
            self.code_from(asked, asked.code)
        else:
            self.want_session(asked.identity, asked.caller)

    def _serve_session(self, asked: Ask, identity: Identity) -> None:
        session = self.broker.session(identity, self.now)
        if session is not None and self.session_serves(asked, session):
            self.answer(asked, session)
        else:
            self.queue(identity, asked.caller.request)
            self.want_session(identity, asked.caller)

    def _serve_role(self, asked: Ask, role: Role) -> None:
        self.touch(role)
        held = self.broker.held(role)
        session = self.broker.session(role.identity, self.now)
        long_enough = session is not None and self.session_serves(asked, session)
        if (
            held.credentials is not None
            and (long_enough or asked.need <= FRESH_ROLE)
            and self.enough(held.credentials, role_need(asked.need, held))
        ):
            self.answer(asked, held.credentials)
        elif not long_enough:
            self.queue(role.identity, asked.caller.request)
            self.want_session(role.identity, asked.caller)
        elif held.setback is not None and self._believes(held.setback, asked):
            self.fall_back(asked, held.setback.why)
        else:
            self._say_that_an_hour_is_all(asked, role)
            self.queue(role, asked.caller.request)
            self.fly(role)

    def _say_that_an_hour_is_all(self, asked: Ask, role: Role) -> None:
        """Once for each role: AWS gives what is assumed from a session an hour at most ("role chaining")."""
        if role.seconds <= ROLE_LIFE or role.arn in self.broker.cut:
            return
        text = Text(
            "{profile} asks for {wanted} s with duration_seconds; from a session AWS gives a role {most} s at most",
            profile=asked.profile.name,
            wanted=role.seconds,
            most=ROLE_LIFE,
        )
        self.effects.append(Tell(asked.caller, NoteKind.HOUR, text, role.identity))
        self.broker = replace(self.broker, cut=self.broker.cut | {role.arn})

    def _believes(self, setback: RoleFailure, asked: Ask) -> bool:
        """Whether to answer without asking AWS again: its clear no stands for a while, and so does what is left."""
        return self.later(setback.believed_until) or (
            self.later(setback.retry_at) and self.what_is_left(asked) is not None
        )

    def lock(self, identities: Iterable[Identity]) -> None:
        """Forget sessions and roles; whoever waits is told; whatever is under way will find nobody waiting for it."""
        for identity in identities:
            if self.broker.prompting(identity) is not None:
                self.effects.append(Dismiss(identity))
            self.broker = self.broker.with_phase(identity, Locked())
            self.refuse_all(identity, messages.locked_by_hand(identity))
            for role in [one for one in self.broker.roles if one.identity == identity]:
                self.refuse_all(role, messages.locked_by_hand(identity))
                roles = dict(self.broker.roles)
                del roles[role]
                self.broker = replace(self.broker, roles=roles)
            self.effects.append(Hide(notifications.expiry_key(identity)))

    def gone(self, request: int) -> None:
        """A caller has hung up: nothing is asked for it any more."""
        waiting = self.settled(request)
        if waiting is not None:
            self.orphan(waiting.identity, request)

    def unwanted(self, identity: Identity) -> None:
        """End a question that nobody waits for; a dialog that is up stays, as a person may be typing into it."""
        attempt = self.broker.prompting(identity)
        if not isinstance(attempt, Prompting) or (attempt.place, attempt.stage) == (PromptChannel.DIALOG, Stage.ASKING):
            return
        if not self.still_wanted(identity):
            self.withdraw(identity)

    # Everything else

    def configured(self, identities: tuple[Identity, ...], settings: Settings, warning: Trouble | None) -> None:
        phases = {
            one: phase
            for one, phase in self.broker.phases.items()
            if one in identities or not isinstance(phase, Locked)
        }
        everybody = tuple(dict.fromkeys((*identities, *phases)))
        self.broker = replace(self.broker, identities=everybody, phases=phases, settings=settings, warning=warning)
        self.screen(self.broker.screen)

    def screen(self, screen: Screen) -> None:
        """What a locked screen means. A code that is on its way to AWS is not wasted: its session is kept."""
        self.broker = replace(self.broker, screen=screen)
        if screen is Screen.UNLOCKED or self.broker.settings.on_lock is OnLock.KEEP:
            return
        if self.broker.settings.on_lock is OnLock.WIPE:
            self.lock(self.known())
            return
        for identity in self.known():
            if isinstance(self.broker.prompting(identity), Prompting):
                self.effects.append(Dismiss(identity))
                self.broker = self.broker.without_attempt(identity, Locked())
        for key in list(self.broker.queues):
            self.refuse_all(key, messages.screen_locked())

    def tick(self) -> None:
        """Whatever time alone brings about."""
        self.mind_the_lines()
        for identity in self.known():
            if isinstance(self.broker.prompting(identity), Prompting):  # a call that is under way is waited for
                self.drop_overdue(identity)
                self.unwanted(identity)
                self.rename(identity)
            self.age(identity)
        for role in list(self.broker.roles):
            self.renew(role)
        watch = self.broker.watch
        if watch.is_time(self.now):
            self.effects.append(Look(tuple(dict.fromkeys(run.process for run in watch.runs))))
            self.broker = replace(self.broker, watch=replace(watch, looked=self.now))

    def looked(self, checked: tuple[Process, ...], running: frozenset[Process]) -> None:
        """Tell of commands that will outlive their credentials, and forget those that have ended."""
        watch, told = expiry_watch.seen(self.broker.watch, checked, running, self.now)
        self.broker = replace(self.broker, watch=watch)
        self.effects += [Show(notifications.outlived(run, run.ends.left(self.now))) for run in told]

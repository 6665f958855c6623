"""The rules: one pure function, `step`. This module must not know sockets, threads, clocks, files, toolkits or AWS.

An event goes in, the new state and the wanted effects come out. The laws, each of them a property test:

- at most one dialog per identity, however many callers wait;
- every request is answered exactly once;
- one AssumeRole at a time per role (single flight);
- nothing is handed out with less than a minute of life, nothing after a lock;
- a warning is given once per session.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from trayexec.core import codes, notices
from trayexec.core.clock import Instant
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.events import (
    SOFT_NEED,
    Answered,
    Ask,
    AssumeRole,
    Authenticate,
    Caller,
    Configured,
    Confirm,
    Deliver,
    Dismiss,
    Effect,
    Event,
    Gone,
    Hand,
    Hide,
    Lock,
    NoteKind,
    OpenSession,
    Prompt,
    Refuse,
    Renewal,
    RoleAssumed,
    RoleRefused,
    Screen,
    ScreenChanged,
    SessionOpened,
    SessionRefused,
    Show,
    Tell,
    Tick,
)
from trayexec.core.ports import Cancelled, Entered, NoDialog, Question, Refusal, TimedOut
from trayexec.core.profiles import Identity, Profile, Role
from trayexec.core.settings import OnLock, Settings
from trayexec.core.state import (
    Broker,
    Flight,
    Held,
    Locked,
    Open,
    Opening,
    Place,
    Prompting,
    Use,
    Waiting,
)
from trayexec.errors import Text, Trouble, trouble

LEAST = 60  # never hand out what has less life (seconds)
ROLE_LIFE = 3600  # what AWS gives a role from a session at most (seconds)
FRESH_ROLE = ROLE_LIFE - 120  # the most that can be asked of a role (seconds)
IN_USE = 3600  # a role asked for within this time is renewed ahead (seconds)
DENIED_FOR = 30  # how long a refusal of a role is believed (seconds)
RETRY_FIRST, RETRY_MOST = 15, 300  # pauses between renewals that fail (seconds)
QUIET_FIRST, QUIET_MOST = 2, 60  # no dialog for so long after a cancel, doubling (seconds)
YOUNG = 60  # a session this young that AWS refuses is not a reason to ask again (seconds)
USES = 5
TICK = 15.0


def step(broker: Broker, event: Event, now: Instant) -> tuple[Broker, tuple[Effect, ...]]:
    """The state after `event` at `now`, and what is to be done about it, in order."""
    turn = _Turn(broker, now)
    match event:
        case Ask():
            turn.ask(event)
        case Authenticate():
            turn.authenticate(event)
        case Lock(keys):
            turn.lock([one for one in turn.known() if keys in {None, one.keys}])
        case Gone(request):
            turn.settled(request)
        case Answered(identity, epoch, answer):
            match turn.current(identity, epoch), answer:
                case Prompting() as prompt, Entered(text):
                    turn.entered(identity, prompt, text)
                case Prompting() as prompt, Cancelled():
                    turn.cancelled(identity, prompt)
                case Prompting() as prompt, TimedOut():
                    turn.timed_out(identity)
                case Prompting() as prompt, NoDialog(why):
                    turn.no_dialog(identity, prompt, why)
                case _:
                    pass
        case SessionOpened(identity, epoch, session):
            if isinstance(turn.current(identity, epoch), Opening):
                turn.opened(identity, session)
        case SessionRefused(identity, epoch, why, refusal):
            match turn.current(identity, epoch):
                case Prompting():
                    turn.failed(identity, why)
                case Opening() as opening:
                    turn.refused(identity, opening, why, refusal)
                case None:
                    pass
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
        case Tick():
            turn.tick()
        case _:
            assert_never(event)
    return turn.broker, tuple(turn.effects)


def next_deadline(broker: Broker, now: Instant) -> float:
    """Seconds until something may be due without any event; never more than 15, so that a resume is noticed.

    While somebody waits it is a second: cheaper than to search a thousand deadlines at each event.
    """
    waits = [1.0 if broker.waiting else TICK]
    for phase in broker.phases.values():
        if isinstance(phase, Open):
            left = phase.session.expiry.left(now)
            waits += [left, *(left - seconds for seconds in broker.settings.warn if seconds not in phase.warned)]
    return max(0.01, min(one for one in waits if one > 0))


class _Turn:
    """One step under way: the state so far and the effects so far. It lives for one call of `step`."""

    def __init__(self, broker: Broker, now: Instant) -> None:
        self.broker = broker
        self.now = now
        self.effects: list[Effect] = []

    # What is

    def known(self) -> tuple[Identity, ...]:
        return tuple(dict.fromkeys((*self.broker.identities, *self.broker.phases)))

    def current(self, identity: Identity, epoch: int) -> Prompting | Opening | None:
        attempt = self.broker.prompting(identity)
        return attempt if attempt is not None and attempt.epoch == epoch else None

    def in_flight(self, role: Role, epoch: int) -> bool:
        flight = self.broker.held(role).flight
        return flight is not None and flight.epoch == epoch

    def next_epoch(self) -> int:
        self.broker = replace(self.broker, epoch=self.broker.epoch + 1)
        return self.broker.epoch

    # Requests

    def ask(self, event: Ask) -> None:
        if self._screen_refuses(event.caller):
            return
        self._note_waiting(event.caller.request, Waiting(event, self.now.after(event.wait)))
        self._serve(event.caller.request)

    def authenticate(self, event: Authenticate) -> None:
        if self._screen_refuses(event.caller):
            return
        identity = event.identity
        session = self.broker.session(identity, self.now)
        if session is not None and event.renewal is Renewal.IF_LOCKED and event.code is None:
            self.effects.append(Confirm(event.caller, identity, session))
            return
        self._note_waiting(event.caller.request, Waiting(event, self.now.after(event.wait)))
        self._queue(identity, event.caller.request)
        if event.code is not None:
            self._code_from(event, event.code)
        else:
            self._want_session(identity, event.caller)

    def _screen_refuses(self, caller: Caller) -> bool:
        if self.broker.screen is Screen.LOCKED and self.broker.settings.on_lock is not OnLock.KEEP:
            self.effects.append(Refuse(caller, _screen_locked()))
            return True
        return False

    def _note_waiting(self, request: int, waiting: Waiting) -> None:
        self.broker = replace(self.broker, waiting={**self.broker.waiting, request: waiting})

    def _queue(self, key: Identity | Role, request: int) -> None:
        queues = self.broker.queues
        self.broker = replace(self.broker, queues={**queues, key: (*queues.get(key, ()), request)})

    def _take_queue(self, key: Identity | Role) -> tuple[int, ...]:
        queues = dict(self.broker.queues)
        taken = queues.pop(key, ())
        self.broker = replace(self.broker, queues=queues)
        return taken

    def settled(self, request: int) -> Waiting | None:
        """Forget a request, because it has been answered or its caller has gone."""
        if request not in self.broker.waiting:
            return None
        waiting = dict(self.broker.waiting)
        settled = waiting.pop(request)
        target = settled.asked.profile.target if isinstance(settled.asked, Ask) else settled.asked.identity
        queues = dict(self.broker.queues)
        for key in {settled.identity, target}:
            rest = tuple(one for one in queues.get(key, ()) if one != request)
            if rest:
                queues[key] = rest
            else:
                queues.pop(key, None)
        self.broker = replace(self.broker, waiting=waiting, queues=queues)
        return settled

    def _settle_all(self, key: Identity | Role) -> list[Waiting]:
        """Forget all that wait for `key` in one go: a thousand callers must not cost a thousand copies."""
        taken = self._take_queue(key)
        waiting = dict(self.broker.waiting)
        settled = [waiting.pop(request) for request in taken if request in waiting]
        self.broker = replace(self.broker, waiting=waiting)
        return settled

    def _refuse_all(self, key: Identity | Role, why: Trouble) -> None:
        self.effects += [Refuse(one.asked.caller, why) for one in self._settle_all(key)]

    def _deliver(self, asks: Iterable[Ask], credentials: Credentials) -> None:
        for asked in asks:
            self.effects.append(Deliver(asked.caller, asked.profile, credentials))
            use = Use(asked.profile.name, asked.caller.program, self.now)
            older = tuple(one for one in self.broker.uses if (one.profile, one.program) != (use.profile, use.program))
            self.broker = replace(self.broker, uses=(use, *older)[:USES])

    # Serving one request: from what is held, else by a call, else by a person

    def _serve(self, request: int) -> None:
        waiting = self.broker.waiting.get(request)
        if waiting is None:
            return
        asked = waiting.asked
        if isinstance(asked, Authenticate):
            self._queue(asked.identity, request)
            return
        target = asked.profile.target
        if isinstance(target, Role):
            self._serve_role(asked, target)
        else:
            self._serve_session(asked, target)

    def _serve_session(self, asked: Ask, identity: Identity) -> None:
        session = self.broker.session(identity, self.now)
        if session is None or not self._enough(session, _session_need(asked.need)):
            self._queue(identity, asked.caller.request)
            self._want_session(identity, asked.caller)
        else:
            self._answer(asked, session)

    def _serve_role(self, asked: Ask, role: Role) -> None:
        held = self.broker.held(role)
        session = self.broker.session(role.identity, self.now)
        short = asked.need > FRESH_ROLE and (session is None or not self._enough(session, asked.need))
        if held.credentials is not None and not short and self._enough(held.credentials, _role_need(asked.need, held)):
            self._touch(role)
            self._answer(asked, held.credentials)
        elif session is None or short:
            self._queue(role.identity, asked.caller.request)
            self._want_session(role.identity, asked.caller)
        elif held.flight is None and held.not_before is not None and self.now.until(held.not_before) > 0:
            self._fall_back(asked, held.refused or _locked(role.identity))
        else:
            self._touch(role)
            self._queue(role, asked.caller.request)
            self._fly(role)

    def _enough(self, credentials: Credentials, need: float) -> bool:
        return credentials.expiry.left(self.now) >= max(need, LEAST)

    def _answer(self, asked: Ask, credentials: Credentials) -> None:
        self.settled(asked.caller.request)
        self._deliver([asked], credentials)

    def _fall_back(self, asked: Ask, why: Trouble) -> None:
        """Serve what is left of what we hold, rather than nothing; if there is nothing, say why."""
        self.settled(asked.caller.request)
        left = self._what_is_left(asked)
        if left is None:
            self.effects.append(Refuse(asked.caller, why))
        else:
            self._deliver([asked], left)

    def _what_is_left(self, asked: Ask) -> Credentials | None:
        if asked.need > SOFT_NEED:
            return None
        target = asked.profile.target
        held = (
            self.broker.held(target).credentials if isinstance(target, Role) else self.broker.session(target, self.now)
        )
        return held if held is not None and self._enough(held, LEAST) else None

    def _touch(self, role: Role) -> None:
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), used=self.now))

    # Roles

    def _fly(self, role: Role) -> None:
        """Start AssumeRole unless it is under way; a role on top of a role waits for its source first."""
        held = self.broker.held(role)
        session = self.broker.session(role.identity, self.now)
        if held.flight is not None or session is None:
            return
        epoch = self.next_epoch()
        by: Credentials | None = session
        if isinstance(role.source, Role):
            by = self.broker.held(role.source).credentials
            if by is None or not self._enough(by, LEAST):
                self._fly(role.source)
                by = None
        flight = Flight(epoch, waits=by is None)
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), flight=flight))
        if by is not None:
            self.effects.append(AssumeRole(role, epoch, by))

    def _on_top_of(self, role: Role) -> list[Role]:
        return [
            one
            for one, held in self.broker.roles.items()
            if one.source == role and held.flight is not None and held.flight.waits
        ]

    def assumed(self, role: Role, credentials: Credentials) -> None:
        held = self.broker.held(role)
        self.broker = self.broker.with_held(role, Held(credentials, credentials.expiry.left(self.now), used=held.used))
        for upper in self._on_top_of(role):
            self.broker = self.broker.with_held(upper, replace(self.broker.held(upper), flight=None))
            self._fly(upper)
        if self._enough(credentials, LEAST):
            settled = self._settle_all(role)
            self._deliver((one.asked for one in settled if isinstance(one.asked, Ask)), credentials)
        else:
            self._refuse_all(role, _too_short(role))

    def denied(self, role: Role, why: Trouble, refusal: Refusal) -> None:
        held = replace(self.broker.held(role), flight=None)
        self.broker = self.broker.with_held(role, held)
        if refusal is Refusal.SESSION and self._ask_again(role):
            return
        for upper in self._on_top_of(role):
            self.denied(upper, why, refusal)
        if refusal in {Refusal.DENIED, Refusal.SESSION}:
            pause = DENIED_FOR
        elif held.credentials is not None:
            pause = min(RETRY_MOST, RETRY_FIRST * 2**held.failures)
        else:
            pause = 0
        held = replace(held, refused=why, not_before=self.now.after(pause), failures=held.failures + 1)
        self.broker = self.broker.with_held(role, held)
        for one in self._settle_all(role):
            if isinstance(one.asked, Ask):
                self._fall_back(one.asked, why)

    def _ask_again(self, role: Role) -> bool:
        """AWS no longer takes what the role was assumed with: drop that, and ask once for all who wait.

        Not when the session is brand new: then a further code would not help either.
        """
        identity = role.identity
        if isinstance(role.source, Role):
            self.broker = self.broker.with_held(role.source, replace(self.broker.held(role.source), credentials=None))
            return False
        phase = self.broker.phase(identity)
        if isinstance(phase, Open):
            if phase.since.until(self.now) < YOUNG:
                return False
            self.broker = self.broker.with_phase(identity, phase.renewal or Locked())
            self.effects.append(Show(notices.revoked(identity)))
        waiting: list[int] = []
        for one, held in self.broker.roles.items():
            if one.identity == identity and (held.flight is not None or one == role):
                waiting += self._take_queue(one)
                self.broker = self.broker.with_held(one, replace(held, flight=None))
        for request in waiting:
            self._serve(request)
        return True

    # Sessions

    def _want_session(self, identity: Identity, caller: Caller) -> None:
        """See to it that somebody is asked for the code, and tell the caller what it waits for."""
        waiting = self.broker.waiting[caller.request]
        attempt = self.broker.prompting(identity)
        if isinstance(attempt, Opening):
            return
        no = self._why_not_ask(waiting, attempt)
        if no is not None:
            self._give_up(caller.request, no)
            return
        if attempt is None or (attempt.place is Place.TERMINALS and caller.hand is Hand.DIALOG):
            attempt = self._prompt(identity, caller, attempt)
        self._tell(waiting, attempt)

    def _why_not_ask(self, waiting: Waiting, attempt: Prompting | None) -> Trouble | None:
        identity = waiting.identity
        phase = self.broker.phase(identity)
        if self.now.until(waiting.deadline) <= 0:
            return _not_enough(identity) if isinstance(phase, Open) else _locked(identity)
        if attempt is not None:
            return None
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:
            return codes.too_many(closed)
        quiet = phase.quiet_until if isinstance(phase, Locked) else None
        if quiet is not None and self.now.until(quiet) > 0 and isinstance(waiting.asked, Ask):
            return _cancelled(identity)
        return None

    def _give_up(self, request: int, why: Trouble) -> None:
        waiting = self.broker.waiting.get(request)
        if waiting is None:
            return
        if isinstance(waiting.asked, Ask):
            self._fall_back(waiting.asked, why)
        else:
            self.settled(request)
            self.effects.append(Refuse(waiting.asked.caller, why))

    def _prompt(self, identity: Identity, caller: Caller, attempt: Prompting | None) -> Prompting:
        """A first question: in the dialog, or only on the caller's terminal if that is what it has."""
        phase = self.broker.phase(identity)
        cancels = phase.cancels if isinstance(phase, Locked) else 0
        reason = attempt.reason if attempt is not None else None
        place = Place.TERMINALS if caller.hand is Hand.TERMINAL else Place.DIALOG
        prompt = Prompting(self.next_epoch(), place, reason=reason, cancels=cancels)
        self.broker = self.broker.with_attempt(identity, prompt)
        if place is Place.DIALOG:
            self._question(identity, prompt, wait=0)
        return prompt

    def _question(self, identity: Identity, prompt: Prompting, *, wait: int) -> None:
        asked = next(
            (
                self.broker.waiting[one].asked
                for one in self.broker.queues.get(identity, ())
                if one in self.broker.waiting
            ),
            None,
        )
        question = Question(
            identity=identity.name,
            mfa_serial=identity.mfa_serial,
            asker=asked.caller.program if asked is not None else "",
            profile=asked.profile.name if isinstance(asked, Ask) else "",
            reason=prompt.reason,
            wait=wait,
            seconds=self.broker.settings.prompt_seconds,
        )
        self.effects.append(Prompt(identity, prompt.epoch, question))

    def _tell(self, waiting: Waiting, prompt: Prompting) -> None:
        caller = waiting.asked.caller
        identity = waiting.identity
        if prompt.place is not Place.DIALOG or caller.hand is Hand.TERMINAL:
            text = prompt.reason or Text(
                "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {identity}`",
                identity=identity.name,
            )
            self.effects.append(Tell(caller, NoteKind.CODE, text, identity))
        else:
            text = Text("Waiting for the MFA code of identity {identity} in the dialog", identity=identity.name)
            self.effects.append(Tell(caller, NoteKind.MFA, text, identity))

    def _tell_all(self, identity: Identity, prompt: Prompting) -> None:
        for request in self.broker.queues.get(identity, ()):
            if request in self.broker.waiting:
                self._tell(self.broker.waiting[request], prompt)

    def entered(self, identity: Identity, prompt: Prompting, text: Secret) -> None:
        """A code came from the dialog."""
        code = codes.parse(text.reveal())
        if isinstance(code, Text):
            self._again(identity, prompt, reason=code, wait=0)
        elif codes.is_spent(self.broker.device(identity), code, self.now):
            self._again(identity, prompt, reason=_spent(), wait=codes.wait_for_next(self.now))
        else:
            self._open(identity, Opening(self.next_epoch(), code, prompt))

    def _code_from(self, event: Authenticate, typed: Secret) -> None:
        """A code came with the request: from a terminal, or from a script."""
        identity = event.identity
        attempt = self.broker.prompting(identity)
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        code = codes.parse(typed.reveal())
        if isinstance(attempt, Opening):
            return  # it waits like everybody else for the code that is already on its way
        if closed > 0:
            self._give_up(event.caller.request, codes.too_many(closed))
        elif isinstance(code, Text):
            self._give_up(event.caller.request, _not_a_code(code))
        elif codes.is_spent(self.broker.device(identity), code, self.now):
            self._give_up(event.caller.request, _already_used(codes.wait_for_next(self.now)))
        else:
            if isinstance(attempt, Prompting) and attempt.place is Place.DIALOG:
                self.effects.append(Dismiss(identity))
            self._open(identity, Opening(self.next_epoch(), code, attempt, giver=event.caller.request))

    def _open(self, identity: Identity, opening: Opening) -> None:
        device = codes.sent(self.broker.device(identity), opening.code, self.now)
        self.broker = self.broker.with_device(identity, device).with_attempt(identity, opening)
        seconds = self.broker.settings.session_seconds
        self.effects.append(OpenSession(identity, opening.epoch, opening.code, seconds))

    def _again(self, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
        """Ask once more, with the reason; but not for ever."""
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:
            self.failed(identity, codes.too_many(closed))
        elif prompt.attempt >= codes.TRIES:
            self.failed(identity, _not_a_code(reason))
        else:
            again = replace(prompt, epoch=self.next_epoch(), attempt=prompt.attempt + 1, reason=reason)
            self.broker = self.broker.with_attempt(identity, again)
            if again.place is Place.DIALOG:
                self._question(identity, again, wait=wait)
            self._tell_all(identity, again)

    def cancelled(self, identity: Identity, prompt: Prompting) -> None:
        """The person said no: all who wait are told at once, and for a moment nobody asks again."""
        why = _cancelled(identity)
        pause = min(QUIET_MOST, QUIET_FIRST * 2**prompt.cancels)
        self.failed(identity, why, Locked(None, prompt.cancels + 1, self.now.after(pause)))

    def timed_out(self, identity: Identity) -> None:
        self.failed(identity, _nobody(identity), Locked())

    def no_dialog(self, identity: Identity, prompt: Prompting, why: Trouble) -> None:
        """No dialog here: whoever waits at a terminal is asked there, the others wait for `trayexec auth`."""
        place = replace(prompt, place=Place.NOWHERE)
        self.broker = self.broker.with_attempt(identity, place)
        if not self.broker.queues.get(identity):
            self.failed(identity, why)
            return
        self._tell_all(identity, place)

    def failed(self, identity: Identity, why: Trouble, then: Locked | None = None) -> None:
        """The attempt is over without a session; an open one goes on as it was."""
        phase = self.broker.phase(identity)
        if isinstance(phase, Open):
            self.broker = self.broker.with_phase(identity, replace(phase, renewal=None))
        else:
            self.broker = self.broker.with_phase(identity, then or Locked(why))
        for one in self._settle_all(identity):
            if isinstance(one.asked, Ask):
                self._fall_back(one.asked, why)
            else:
                self.effects.append(Refuse(one.asked.caller, why))

    def opened(self, identity: Identity, session: Credentials) -> None:
        life = session.expiry.left(self.now)
        self.broker = self.broker.with_phase(identity, Open(session, self.now, life))
        for role, held in list(self.broker.roles.items()):
            if role.identity == identity:  # a fresh session may well be what a refused role was lacking
                self.broker = self.broker.with_held(role, replace(held, not_before=None, failures=0))
        self.effects.append(Hide(notices.expiry_key(identity)))
        for request in self._take_queue(identity):
            waiting = self.broker.waiting.get(request)
            if waiting is None:
                continue
            if isinstance(waiting.asked, Authenticate):
                self.settled(request)
                self.effects.append(Confirm(waiting.asked.caller, identity, session))
            else:
                self._serve_with_new(waiting.asked, session)
        self.tick()

    def _serve_with_new(self, asked: Ask, session: Credentials) -> None:
        """Serve from a session that has just come: what it cannot give now, no further code will give either."""
        need = _session_need(asked.need) if isinstance(asked.profile.target, Identity) else asked.need
        if need > FRESH_ROLE and not self._enough(session, need):
            self._give_up(asked.caller.request, _need_too_long(self.broker.settings.session_seconds))
        else:
            self._serve(asked.caller.request)

    def refused(self, identity: Identity, opening: Opening, why: Trouble, refusal: Refusal) -> None:
        device = self.broker.device(identity)
        if refusal is Refusal.BUDGET:
            self.broker = self.broker.with_device(identity, codes.exhausted(device, self.now))
        elif refusal in {Refusal.UNSENT, Refusal.KEYS}:
            self.broker = self.broker.with_device(identity, codes.unsent(device, opening.code))
        if opening.giver is not None:
            self._give_up(opening.giver, why)
        if refusal in {Refusal.CODE, Refusal.LOST} and opening.prompt is not None and self._still_wanted(identity):
            self._again(identity, opening.prompt, reason=why.title, wait=codes.wait_for_next(self.now))
        else:
            self.failed(identity, why)

    def _still_wanted(self, identity: Identity) -> bool:
        return any(request in self.broker.waiting for request in self.broker.queues.get(identity, ()))

    def lock(self, identities: Iterable[Identity]) -> None:
        """Forget sessions and roles; whoever waits is told; whatever is under way will find nobody waiting for it."""
        for identity in identities:
            if self.broker.prompting(identity) is not None:
                self.effects.append(Dismiss(identity))
            self.next_epoch()
            self.broker = self.broker.with_phase(identity, Locked())
            self._refuse_all(identity, _locked_by_hand(identity))
            for role in [one for one in self.broker.roles if one.identity == identity]:
                self._refuse_all(role, _locked_by_hand(identity))
                roles = dict(self.broker.roles)
                del roles[role]
                self.broker = replace(self.broker, roles=roles)
            self.effects.append(Hide(notices.expiry_key(identity)))

    # Everything else

    def configured(self, identities: tuple[Identity, ...], settings: Settings, warning: Trouble | None) -> None:
        busy = tuple(one for one, phase in self.broker.phases.items() if phase != Locked() and one not in identities)
        self.broker = replace(self.broker, identities=(*identities, *busy), settings=settings, warning=warning)

    def screen(self, screen: Screen) -> None:
        self.broker = replace(self.broker, screen=screen)
        if screen is Screen.UNLOCKED or self.broker.settings.on_lock is OnLock.KEEP:
            return
        if self.broker.settings.on_lock is OnLock.WIPE:
            self.lock(self.known())
            return
        for identity in self.known():
            if self.broker.prompting(identity) is not None:
                self.effects.append(Dismiss(identity))
                self.next_epoch()
                self.failed(identity, _screen_locked(), Locked())
        for key in list(self.broker.queues):
            self._refuse_all(key, _screen_locked())

    def tick(self) -> None:
        """Whatever time alone brings about."""
        for request, waiting in list(self.broker.waiting.items()):
            if self.now.until(waiting.deadline) <= 0 and request in self.broker.queues.get(waiting.identity, ()):
                if not isinstance(self.broker.prompting(waiting.identity), Opening):
                    self._give_up(request, _nobody(waiting.identity))
        for identity, phase in list(self.broker.phases.items()):
            if isinstance(phase, Open):
                self._age(identity, phase)
            elif isinstance(phase, Prompting) and phase.place is not Place.DIALOG:
                if not self._still_wanted(identity):
                    self.broker = self.broker.with_phase(identity, Locked())
        for role, held in list(self.broker.roles.items()):
            self._renew(role, held)

    def _age(self, identity: Identity, phase: Open) -> None:
        left = phase.session.expiry.left(self.now)
        if left <= 0:
            self.broker = self.broker.with_phase(identity, phase.renewal or Locked())
            self.effects.append(Show(notices.expired(identity)))
            return
        due = frozenset(seconds for seconds in self.broker.settings.warn if left <= seconds)
        if due - phase.warned:
            last = min(due) == min(self.broker.settings.warn)
            self.effects.append(Show(notices.expiring(identity, left, last=last)))
            self.broker = self.broker.with_phase(identity, replace(phase, warned=phase.warned | due))

    def _renew(self, role: Role, held: Held) -> None:
        """Renew a role in use before it gets short; forget one that is over and that nobody waits for."""
        if held.flight is not None or (held.not_before is not None and self.now.until(held.not_before) > 0):
            return
        left = held.credentials.expiry.left(self.now) if held.credentials is not None else 0.0
        in_use = held.used is not None and held.used.until(self.now) < IN_USE
        if left <= 0 and role not in self.broker.queues:
            roles = dict(self.broker.roles)
            del roles[role]
            self.broker = replace(self.broker, roles=roles)
        elif in_use and left < _role_need(SOFT_NEED, held):
            self._fly(role)


def _session_need(need: int) -> int:
    """What a session must have left: the usual need is a wish, because more than that takes a person."""
    return need if need > SOFT_NEED else LEAST


def _role_need(need: int, held: Held) -> float:
    """What a role must have left; where AWS gives it less than 40 minutes, the usual need is half of that."""
    return min(need, held.life / 2) if need <= SOFT_NEED else min(need, FRESH_ROLE)


def _spent() -> Text:
    return Text("That code has been used already. Wait for the next one.")


def _locked(identity: Identity) -> Trouble:
    return trouble(
        "locked",
        "Identity {identity} is locked.",
        "Unlock it with `trayexec auth {identity}` or Authenticate MFA in the tray.",
        identity=identity.name,
    )


def _not_enough(identity: Identity) -> Trouble:
    return trouble(
        "locked",
        "The session of identity {identity} has less time left than was asked for with --need.",
        "Renew it with `trayexec auth {identity} --force`.",
        identity=identity.name,
    )


def _locked_by_hand(identity: Identity) -> Trouble:
    return trouble(
        "locked",
        "Identity {identity} was locked while this waited.",
        "Unlock it with `trayexec auth {identity}` or Authenticate MFA in the tray.",
        identity=identity.name,
    )


def _cancelled(identity: Identity) -> Trouble:
    return trouble(
        "cancelled",
        "The MFA dialog of identity {identity} was cancelled.",
        "Run the command again, or unlock with `trayexec auth {identity}`.",
        identity=identity.name,
    )


def _nobody(identity: Identity) -> Trouble:
    return trouble(
        "timed_out",
        "Nobody entered the MFA code of identity {identity} in time.",
        "Run the command again, or unlock with `trayexec auth {identity}`.",
        identity=identity.name,
    )


def _not_a_code(reason: Text) -> Trouble:
    return Trouble("bad_code", reason, Text("Enter the six digits that your MFA device shows now."))


def _already_used(seconds: int) -> Trouble:
    return trouble(
        "spent_code",
        "That code has been used already.",
        "AWS takes each code once: the next one appears in {seconds} seconds.",
        seconds=seconds,
    )


def _screen_locked() -> Trouble:
    return trouble(
        "screen_locked",
        "The screen is locked, so no credentials are handed out.",
        'Unlock the screen, or set on_lock = "keep" under [screen] in config.toml.',
    )


def _need_too_long(duration: int) -> Trouble:
    return trouble(
        "need_too_long",
        "A new session lasts {minutes} minutes, and more was asked for with --need.",
        "Ask for less, or raise duration under [session] in config.toml (36h at most).",
        minutes=duration // 60,
    )


def _too_short(role: Role) -> Trouble:
    return trouble(
        "too_short",
        "AWS gave credentials for {role} that end within a minute.",
        "Check the clock of this machine; if it is right, try again.",
        role=role.arn,
    )

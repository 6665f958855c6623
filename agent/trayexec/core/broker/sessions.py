"""The rules about people: when a code is asked for, how often, and what an answer leads to."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import codes, notifications
from trayexec.core.broker.events import (
    Answered,
    Ask,
    Authenticate,
    Caller,
    Dismiss,
    Hide,
    OpenSession,
    SessionOpen,
    SessionRefused,
    Show,
)
from trayexec.core.broker.questions import Questions
from trayexec.core.broker.state import Locked, Open, Opening, PromptChannel, Prompting, PromptPause, Waiting
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Cancelled, Entered, NoDialog, Refusal, TimedOut
from trayexec.light.errors import Text, Trouble

QUIET_FIRST, QUIET_MOST = 2, 60  # no dialog for so long after a cancel, doubling (seconds)
BY_HAND = 2  # no person begins the next command in a shell so soon after a cancel (seconds)
GLANCE = 30  # a dialog is there at least so long for everybody who asks (seconds)
QUIET_FORGOTTEN = 300  # a cancel so long after the last pause begins to count anew (seconds)


class Sessions(Questions):
    """Opens, renews and ends sessions."""

    def want_session(self, identity: Identity, caller: Caller) -> None:
        """See to it that somebody is asked for the code, and tell the caller what it waits for."""
        waiting = self.broker.waiting[caller.request]
        attempt = self.broker.prompting(identity)
        if not isinstance(attempt, Opening):
            no = self._why_not_ask(waiting, attempt)
            if no is not None:
                self.give_up(caller.request, no)
                return
            if attempt is None or (attempt.place is PromptChannel.TERMINALS and not self.at_terminal(caller)):
                self.prompt(identity, caller, attempt)
        self.tell(waiting)

    def _why_not_ask(self, waiting: Waiting, attempt: Prompting | None) -> Trouble | None:
        identity = waiting.identity
        if not self.later(waiting.deadline):
            return self._too_late(waiting)
        if attempt is not None:
            return None
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:
            return codes.too_many(closed)
        return self._pause(identity, waiting.asked) if isinstance(waiting.asked, Ask) else None

    def _pause(self, identity: Identity, asked: Ask) -> Trouble | None:
        """Why a request opens no dialog now: AWS has just taken the last session back, or a person has cancelled."""
        phase = self.broker.phase(identity)
        if isinstance(phase, Locked) and self.later(phase.until):
            return phase.trouble
        quiet = self.broker.quiets.get(identity)
        if quiet is None or not self.later(quiet.until) or self._by_hand(asked.caller, quiet):
            return None
        told = {**quiet.told, asked.caller.shell: self.now}
        self.broker = replace(self.broker, quiets={**self.broker.quiets, identity: replace(quiet, told=told)})
        return messages.paused(identity, self.now.seconds_until(quiet.until))

    def _by_hand(self, caller: Caller, quiet: PromptPause) -> bool:
        """Whether a person, and not a loop, wants the dialog back that was cancelled once.

        A person types in the foreground of a terminal, and takes longer than a shell to begin the next command there.
        """
        last = quiet.told.get(caller.shell)
        return (
            quiet.cancels == 1
            and caller.terminal != ""
            and (caller.began is None or caller.began > quiet.since.boot)
            and (last is None or not self.later(last.after(BY_HAND)))
        )

    def _too_late(self, waiting: Waiting) -> Trouble:
        identity = waiting.identity
        if self.broker.session(identity, self.now) is None:
            return messages.locked(identity)
        return messages.not_enough(identity) if isinstance(waiting.asked, Ask) else messages.nobody(identity)

    def answered(self, event: Answered) -> None:
        """The dialog ended; unless it is out of date, it matters how."""
        prompt = self.current(event.identity, event.epoch)
        if not isinstance(prompt, Prompting):
            return
        match event.answer:
            case Entered(text):
                self.entered(event.identity, prompt, text)
            case Cancelled():
                self.cancelled(event.identity)
            case TimedOut():
                self.timed_out(event.identity)
            case NoDialog(why):
                self.no_dialog(event.identity, prompt, why)

    def no_session(self, event: SessionRefused) -> None:
        """There are no keys to ask a code for, or AWS gave nothing for the code."""
        match self.current(event.identity, event.epoch):
            case Prompting():
                self.failed(event.identity, event.trouble)
            case Opening() as opening:
                self.refused(event.identity, opening, event.trouble, event.refusal)
            case None:
                pass

    def entered(self, identity: Identity, prompt: Prompting, text: Secret) -> None:
        """A code came from the dialog."""
        code = codes.parse(text.reveal())
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:  # codes for the same device went elsewhere while this dialog was up
            self.failed(identity, codes.too_many(closed))
        elif isinstance(code, Text):
            self._again(identity, prompt, reason=code, wait=0)
        elif codes.is_spent(self.broker.device(identity), code, self.now):
            self._again(identity, prompt, reason=messages.spent(), wait=codes.wait_for_next(self.now))
        else:
            self._open(identity, Opening(self.next_epoch(), code, prompt))

    def code_from(self, event: Authenticate, typed: Secret) -> None:
        """A code came with the request: from a terminal, or from a script."""
        identity = event.identity
        attempt = self.broker.prompting(identity)
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        code = codes.parse(typed.reveal())
        if isinstance(attempt, Opening):
            return  # it waits like everybody else for the code that is already on its way
        if closed > 0:
            self.give_up(event.caller.request, codes.too_many(closed))
        elif isinstance(code, Text):
            self.give_up(event.caller.request, messages.not_a_code(code))
        elif codes.is_spent(self.broker.device(identity), code, self.now):
            self.give_up(event.caller.request, messages.already_used(codes.wait_for_next(self.now)))
        else:
            if isinstance(attempt, Prompting) and attempt.place is PromptChannel.DIALOG:
                self.effects.append(Dismiss(identity))
            self._open(identity, Opening(self.next_epoch(), code, attempt, giver=event.caller.request))

    def _open(self, identity: Identity, opening: Opening) -> None:
        device = codes.sent(self.broker.device(identity), opening.code, self.now)
        self.broker = self.broker.with_device(identity, device).with_attempt(identity, opening)
        seconds = self.broker.settings.session_seconds
        self.effects.append(OpenSession(identity, opening.epoch, opening.code, seconds))
        self.tell_all(identity)  # before the giver has its answer: nobody else asks for a code that is there

    def _again(self, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
        """Ask once more, with the reason; but not for ever."""
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:
            self.failed(identity, codes.too_many(closed))
        elif prompt.attempt >= codes.TRIES:
            self.failed(identity, messages.not_a_code(reason))
        else:
            self.again(identity, prompt, reason=reason, wait=wait)

    def cancelled(self, identity: Identity) -> None:
        """The person said no: all who wait are told at once, and for a moment nobody asks again."""
        last = self.broker.quiets.get(identity)
        cancels = last.cancels if last is not None and self.later(last.until.after(QUIET_FORGOTTEN)) else 0
        pause = min(QUIET_MOST, QUIET_FIRST * 2**cancels)
        told = dict.fromkeys((one.asked.caller.shell for one in self.who_wait(identity)), self.now)
        quiet = PromptPause(cancels + 1, self.now, self.now.after(pause), told)
        self.broker = replace(self.broker, quiets={**self.broker.quiets, identity: quiet})
        self.failed(identity, messages.cancelled(identity, pause), Locked())

    def timed_out(self, identity: Identity) -> None:
        """Nobody came to the dialog.

        Whoever asked just before it went away has a dialog to answer all the same, and those who are asked at their
        terminals have their own time.
        """
        why = messages.nobody(identity)
        everybody = list(self.who_wait(identity))
        there = {one.asked.caller.request for one in everybody if self.at_terminal(one.asked.caller)}
        late = {one.asked.caller.request for one in everybody if self.later(one.came.after(GLANCE))} - there
        if len(late) + len(there) == len(everybody):
            late = set()
        self.broker = self.broker.without_attempt(identity, Locked())
        for request in self.take_queue(identity):
            if request in late | there:
                self.serve(request)
            else:
                self.give_up(request, why)

    def no_dialog(self, identity: Identity, prompt: Prompting, why: Trouble) -> None:
        """No dialog here: whoever waits at a terminal is asked there, the others wait for `trayexec auth`."""
        place = replace(prompt, epoch=self.next_epoch(), place=PromptChannel.NOWHERE, until=None)
        self.broker = self.broker.with_attempt(identity, place)
        if not self.still_wanted(identity):
            self.failed(identity, why)
            return
        self.tell_all(identity)

    def opened(self, identity: Identity, session: Credentials) -> None:
        """AWS took the code: serve all who waited, and begin to count."""
        left = session.expiry.left(self.now)
        if left <= 0:
            self.failed(identity, messages.stillborn(identity))
            return
        quiets = {one: quiet for one, quiet in self.broker.quiets.items() if one != identity}
        # A fresh session may well be what a refused role was lacking.
        roles = {
            role: replace(held, setback=None) if role.identity == identity else held
            for role, held in self.broker.roles.items()
        }
        self.broker = replace(self.broker, quiets=quiets, roles=roles)
        self.broker = self.broker.with_phase(identity, Open(session, self.now, left))
        self.effects.append(Hide(notifications.expiry_key(identity)))
        for request in self.take_queue(identity):
            waiting = self.broker.waiting.get(request)
            if waiting is None:
                continue
            if isinstance(waiting.asked, Authenticate):
                self.settled(request)
                self.effects.append(SessionOpen(waiting.asked.caller, identity, session))
            else:
                self._serve_with_new(waiting.asked, session)
        self.age(identity)

    def _serve_with_new(self, asked: Ask, session: Credentials) -> None:
        """Serve from a session that has just come: what it cannot give now, no further code would give either."""
        if self.session_serves(asked, session):
            self.serve(asked.caller.request)
        else:
            self.give_up(asked.caller.request, messages.too_little(session.expiry.left(self.now)))

    def refused(self, identity: Identity, opening: Opening, why: Trouble, refusal: Refusal) -> None:
        """AWS gave no session: ask again where another code may help, else tell all who wait."""
        device = self.broker.device(identity)
        if refusal is Refusal.BUDGET and not codes.used_up(device, self.now):
            why = messages.doubtful_device(identity)  # to wait would not make it somebody else's
        elif refusal is Refusal.BUDGET:
            self.broker = self.broker.with_device(identity, codes.exhausted(device, self.now))
        elif refusal in {Refusal.UNSENT, Refusal.KEYS}:
            self.broker = self.broker.with_device(identity, codes.unsent(device, opening.code))
        if opening.giver is not None:
            self.give_up(opening.giver, why)
        if refusal not in {Refusal.CODE, Refusal.LOST}:
            self.failed(identity, why)
        elif not self._next_code(identity, opening.prompt):
            self.drop_overdue(identity)
            self._ask_the_rest(identity, opening.prompt, why)

    def _next_code(self, identity: Identity, prompt: Prompting | None) -> bool:
        """Try the codes that were handed in while another one was on its way."""
        for waiting in list(self.who_wait(identity)):
            if isinstance(waiting.asked, Authenticate) and waiting.asked.code is not None:
                self.broker = self.broker.without_attempt(identity, Locked())
                if prompt is not None:
                    self.broker = self.broker.with_attempt(identity, prompt)
                self.code_from(waiting.asked, waiting.asked.code)
                if isinstance(self.broker.prompting(identity), Opening):
                    return True
        return False

    def _ask_the_rest(self, identity: Identity, prompt: Prompting | None, why: Trouble) -> None:
        """Another code may help those who wait: ask again where one was asked, or for the first time."""
        if not self.still_wanted(identity):
            self.failed(identity, why)
        elif prompt is not None:
            self._again(identity, prompt, reason=why.title, wait=codes.wait_for_next(self.now))
        else:
            self.broker = self.broker.without_attempt(identity, Locked(why))
            for request in self.take_queue(identity):
                self.serve(request)

    def drop_overdue(self, identity: Identity) -> None:
        """Answer those who have waited for a person as long as they wanted to."""
        for waiting in list(self.who_wait(identity)):
            if not self.later(waiting.deadline):
                self.give_up(waiting.asked.caller.request, messages.nobody(identity))

    def age(self, identity: Identity) -> None:
        """Warn before a session ends, once for each warning; and see it end."""
        phase = self.broker.phase(identity)
        if not isinstance(phase, Open):
            return
        left = phase.session.expiry.left(self.now)
        if left <= 0:
            self.broker = self.broker.with_phase(identity, phase.renewal or Locked())
            self.effects.append(Show(notifications.expired(identity)))
            return
        due = frozenset(seconds for seconds in self.broker.settings.warn if left <= seconds)
        if due - phase.warned:
            last = min(due) == min(self.broker.settings.warn)
            self.effects.append(Show(notifications.expiring(identity, left, last=last)))
            self.broker = self.broker.with_phase(identity, replace(phase, warned=phase.warned | due))

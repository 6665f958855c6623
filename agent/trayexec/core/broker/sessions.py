"""Opens, renews and ends sessions, as a person's and AWS's answers say. It must not know dialogs or STS."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import codes, confirmations, first_uses
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import give_up, session_serves
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import (
    Answered,
    Ask,
    Authenticate,
    NoteKind,
    Occasion,
    SessionOpen,
    SessionRefused,
    Tell,
)
from trayexec.core.broker.questions import (
    ask_again,
    at_terminal,
    by_command,
    fail,
    is_renewal,
    renew_unasked,
    renewals_due,
    still_wanted,
    tell_all,
    who_wait,
    withdraw,
)
from trayexec.core.broker.serving import choose_device, code_from, open_session, serve
from trayexec.core.broker.state import Broker, Locked, Open, Opening, PromptChannel, Prompting, PromptPause
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Cancelled, Entered, NoDialog, Refusal, TimedOut
from trayexec.light.errors import Text, Trouble

PAUSE_FIRST, PAUSE_MOST = 2, 60  # no dialog for so long after a cancel, doubling (seconds)
ROUNDING = 60  # what a session may lack of what was asked for without a word (seconds)
GLANCE = 30  # a dialog is there at least so long for everybody who asks (seconds)
LENGTHS = (28800, 14400, 7200, 3600)  # of roles whose maximum is not known, longest first; every role may last an hour
UNASKED_PAUSE = 5  # no session is asked for without a code so soon after one was refused (seconds)
PAUSE_FORGOTTEN = 300  # a cancel so long after the last pause begins to count anew (seconds)


def answered(step: StepContext, event: Answered) -> None:
    """Do what the end of the dialog calls for, unless that is out of date."""
    prompt = step.current(event.identity, event.epoch)
    if not isinstance(prompt, Prompting):
        return
    match event.answer:
        case Entered(text, serial):
            choose_device(step, event.identity, serial or prompt.serial)
            _entered(step, event.identity, replace(prompt, serial=""), text)
        case Cancelled():
            _cancelled(step, event.identity)
        case TimedOut() if prompt.channel is PromptChannel.COMMAND:
            _command_failed(step, event.identity, prompt, messages.slow_command(event.identity))
        case NoDialog(why) if prompt.channel is PromptChannel.COMMAND:
            _command_failed(step, event.identity, prompt, why.title)
        case TimedOut():
            _timed_out(step, event.identity, prompt)
        case NoDialog(why):
            _no_dialog(step, event.identity, prompt, why)


def no_session(step: StepContext, event: SessionRefused) -> None:
    """End the attempt, or ask again: there are no keys to ask a code for, or AWS gave nothing for the code."""
    match step.current(event.identity, event.epoch):
        case Prompting():
            fail(step, event.identity, event.trouble)
        case Opening() as opening:
            _refused(step, event.identity, opening, event.trouble, event.refusal)
        case None:
            pass


def _entered(step: StepContext, identity: Identity, prompt: Prompting, text: Secret) -> None:
    """Send the code that came from the dialog, or ask again."""
    code = codes.parse(text.reveal())
    closed = codes.seconds_closed(step.broker.device(identity), step.now)
    if closed > 0:  # codes for the same device went elsewhere while this dialog was up, or it was chosen all the same
        _ask_once_more(step, identity, prompt, reason=messages.too_many(closed).title, wait=0)
    elif isinstance(code, Text):
        _ask_once_more(step, identity, prompt, reason=code, wait=0)
    elif codes.is_spent(step.broker.device(identity), code, step.now):
        _ask_once_more(step, identity, prompt, reason=messages.spent(), wait=codes.wait_for_next(step.now))
    else:
        open_session(step, identity, Opening(step.next_epoch(), code, prompt))


def _ask_once_more(step: StepContext, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
    """Ask once more, with the reason; but not for ever."""
    closed = step.broker.closed_for(identity, step.now)
    if closed > 0:
        fail(step, identity, messages.too_many(closed))
    elif prompt.attempt >= codes.TRIES * len(step.broker.serials(identity)):
        fail(step, identity, messages.not_a_code(reason))
    else:
        ask_again(step, identity, prompt, reason=reason, wait=wait)


def _cancelled(step: StepContext, identity: Identity) -> None:
    """Tell all who wait that the person said no, and open no dialog for a moment."""
    last = step.broker.pauses.get(identity)
    cancels = last.cancels if last is not None and step.later(last.until.after(PAUSE_FORGOTTEN)) else 0
    seconds = min(PAUSE_MOST, PAUSE_FIRST * 2**cancels)
    told = dict.fromkeys((one.asked.caller.shell for one in who_wait(step, identity)), step.now)
    pause = PromptPause(cancels + 1, step.now, step.now.after(seconds), told)
    step.broker = replace(step.broker, pauses={**step.broker.pauses, identity: pause})
    fail(step, identity, messages.cancelled(identity, seconds), Locked())


def _timed_out(step: StepContext, identity: Identity, prompt: Prompting) -> None:
    """Tell those who wait that nobody came to the dialog.

    Whoever asked just before it went away has a dialog to answer all the same, and those who are asked at their
    terminals have their own time: the question there stays.
    """
    why = messages.nobody(identity)
    everybody = list(who_wait(step, identity))
    there = {one.asked.caller.reply_to for one in everybody if at_terminal(step, one.asked.caller)}
    late = {one.asked.caller.reply_to for one in everybody if step.later(one.came.after(GLANCE))} - there
    if len(late) + len(there) == len(everybody):
        late = set()
    step.broker = step.broker.without_attempt(identity, Locked())
    if there:
        stays = replace(prompt, epoch=step.next_epoch(), channel=PromptChannel.TERMINALS, until=None, asker=None)
        step.broker = step.broker.with_attempt(identity, stays)
    for request in step.take_queue(identity):
        if request in late | there:
            serve(step, request)
        else:
            give_up(step, request, why)
    if there and not still_wanted(step, identity):
        withdraw(step, identity)


def _command_failed(step: StepContext, identity: Identity, prompt: Prompting, why: Text) -> None:
    """Ask a person, and say why: the command gave no code."""
    if still_wanted(step, identity) or prompt.occasion is Occasion.RENEWAL:
        ask_again(step, identity, prompt, reason=why, wait=0)
    else:
        withdraw(step, identity)


def _no_dialog(step: StepContext, identity: Identity, prompt: Prompting, why: Trouble) -> None:
    """Ask at the terminals, as no dialog can be shown here; the others wait for `trayexec auth`."""
    nowhere = replace(prompt, epoch=step.next_epoch(), channel=PromptChannel.NOWHERE, until=None)
    step.broker = step.broker.with_attempt(identity, nowhere)
    if not still_wanted(step, identity):
        fail(step, identity, why)
        return
    tell_all(step, identity)


def _know_who_was_named(step: StepContext, identity: Identity) -> None:
    """Do not tell a person of the command that they have just entered the code for: it was named, or is theirs.

    What else waited for the same code is told.
    """
    attempt = step.broker.prompting(identity)
    if not isinstance(attempt, Opening) or attempt.code is None:
        return
    request, prompt = attempt.giver, attempt.prompt
    if request is None and prompt is not None and prompt.channel is PromptChannel.DIALOG and not by_command(step):
        request = prompt.asker
    if request is None or request not in step.broker.waiting:
        return
    caller = step.broker.waiting[request].asked.caller
    asks = [one.asked for one in who_wait(step, identity) if isinstance(one.asked, Ask)]
    theirs = [one for one in asks if one.caller == caller or one.caller.pid == caller.pid != 0]
    step.broker = replace(step.broker, first_uses=first_uses.known_of(step.broker.first_uses, theirs))


def opened(step: StepContext, identity: Identity, session: Credentials) -> None:
    """Open the session that AWS gave for the code: serve all who waited, and begin to count."""
    left = session.expiry.left(step.now)
    if left <= 0:
        fail(step, identity, messages.session_over(identity))
        return
    pauses = {one: pause for one, pause in step.broker.pauses.items() if one != identity}
    # A fresh session may well be what a refused role was lacking.
    roles = {
        role: replace(state, failure=None) if role.root == identity else state
        for role, state in step.broker.roles.items()
    }
    step.broker = replace(step.broker, pauses=pauses, roles=roles)
    confirmations.allow_by_code(step, identity)
    _know_who_was_named(step, identity)
    step.broker = step.broker.with_phase(identity, Open(session, step.now, left))
    step.forget_ending(identity)
    for request in step.take_queue(identity):
        waiting = step.broker.waiting.get(request)
        if waiting is None:
            continue
        if isinstance(waiting.asked, Authenticate):
            step.settled(request)
            step.effects.append(SessionOpen(waiting.asked.caller, identity, session))
        elif isinstance(waiting.asked, Ask):
            _say_if_shorter(step, waiting.asked, left)
            _serve_with_new(step, waiting.asked, session)
    age(step, identity)


def _say_if_shorter(step: StepContext, asked: Ask, left: float) -> None:
    """Say that a role got less time than was asked for with a code of its own."""
    identity = asked.profile.identity
    if identity is not None and identity.role is not None and left < identity.role.seconds - ROUNDING:
        text = messages.clamped(asked.profile.name, identity.role.seconds, round(left / 60) * 60)
        step.effects.append(Tell(asked.caller, NoteKind.HOUR, text, identity))


def _serve_with_new(step: StepContext, asked: Ask, session: Credentials) -> None:
    """Serve from a session that has just come: what it cannot give now, no further code would give either."""
    if session_serves(step, asked, session):
        serve(step, asked.caller.reply_to)
    else:
        give_up(step, asked.caller.reply_to, messages.too_little(session.expiry.left(step.now)))


def _refused(step: StepContext, identity: Identity, opening: Opening, why: Trouble, refusal: Refusal) -> None:
    """Ask again after AWS gave no session, where another code may help; else tell all who wait."""
    if opening.code is None:
        fail(step, identity, why, Locked(why, step.now.after(UNASKED_PAUSE)))
        return
    device = step.broker.device(identity)
    if refusal is Refusal.BUDGET and not codes.used_up(device, step.now):
        why = messages.doubtful_device(
            identity, step.broker.serial(identity)
        )  # to wait would not make it somebody else's
    elif refusal is Refusal.BUDGET:
        step.broker = step.broker.with_device(identity, codes.exhausted(device, step.now))
    elif refusal in {Refusal.UNSENT, Refusal.KEYS}:
        step.broker = step.broker.with_device(identity, codes.unsent(device, opening.code))
    elif refusal is Refusal.CODE and len(step.broker.serials(identity)) > 1:
        why = messages.of_device(why, step.broker.serial(identity))
    less = _shorten(step, identity) if refusal is Refusal.TOO_LONG else None
    if less is not None:
        why = Trouble(why.code, less, why.hint)
    if opening.giver is not None:
        give_up(step, opening.giver, why)
    other = refusal is Refusal.BUDGET and step.broker.open_serial(identity, step.now) != step.broker.serial(identity)
    if refusal not in {Refusal.CODE, Refusal.LOST} and less is None and not other:
        fail(step, identity, why)
    elif not _next_code(step, identity, opening.prompt):
        drop_overdue(step, identity)
        _ask_the_rest(step, identity, opening.prompt, why)


def _shorten(step: StepContext, identity: Identity) -> Text | None:
    """Let the next code ask for less time of the role, and say so; None where there is no less.

    Whether AWS spends a code on a duration that it refuses is not known: as every one that was sent it counts as spent.
    """
    seconds = step.broker.seconds(identity)
    less = next((one for one in LENGTHS if one < seconds), None)
    if identity.role is None or less is None:
        return None
    step.broker = replace(step.broker, shorter={**step.broker.shorter, identity: less})
    return messages.shorter(identity.role, seconds, less)


def _next_code(step: StepContext, identity: Identity, prompt: Prompting | None) -> bool:
    """Try the codes that were handed in while another one was on its way."""
    for waiting in list(who_wait(step, identity)):
        if isinstance(waiting.asked, Authenticate) and waiting.asked.code is not None:
            step.broker = step.broker.without_attempt(identity, Locked())
            if prompt is not None:
                step.broker = step.broker.with_attempt(identity, prompt)
            code_from(step, waiting.asked, waiting.asked.code)
            if isinstance(step.broker.prompting(identity), Opening):
                return True
    return False


def _ask_the_rest(step: StepContext, identity: Identity, prompt: Prompting | None, why: Trouble) -> None:
    """Ask all who still wait for another code: again where one was asked, or for the first time."""
    if not still_wanted(step, identity) and not is_renewal(step, identity):
        fail(step, identity, why)
    elif prompt is not None:
        _ask_once_more(step, identity, prompt, reason=why.title, wait=codes.wait_for_next(step.now))
    else:
        step.broker = step.broker.without_attempt(identity, Locked(why))
        for request in step.take_queue(identity):
            serve(step, request)


def drop_overdue(step: StepContext, identity: Identity) -> None:
    """Answer those who have waited for a person as long as they wanted to."""
    for waiting in list(who_wait(step, identity)):
        if not step.later(waiting.deadline):
            give_up(step, waiting.asked.caller.reply_to, messages.nobody(identity))


def age(step: StepContext, identity: Identity) -> None:
    """Warn before a session ends, once for each warning, or renew it in place of that; and see it end.

    One that needs no code is nobody's concern.
    """
    phase = step.broker.phase(identity)
    if not isinstance(phase, Open):
        return
    left = phase.session.expiry.left(step.now)
    unasked = renews_unasked(step.broker, identity)
    if left <= 0:
        step.broker = step.broker.with_phase(identity, phase.renewal or Locked())
        confirmations.session_over(step, identity)
        step.forget_first_uses(identity)
        if identity.needs_code and (phase.used or not unasked):
            step.tell_ending(_over(step, identity))
        else:
            step.forget_ending(identity)
        return
    if unasked:
        _renew(step, identity, phase, left=left)
        return
    due = frozenset(seconds for seconds in step.broker.settings.warn if left <= seconds)
    if due - phase.warned:
        if identity.needs_code:
            is_last = min(due) == min(step.broker.settings.warn)
            step.tell_ending(Ending(identity, How.ENDS, phase.session.expiry, min(due), is_last))
        step.broker = step.broker.with_phase(identity, replace(phase, warned=phase.warned | due))


def _over(step: StepContext, identity: Identity) -> Ending:
    """That a session is over, and until when what came of it still works."""
    roles = (state.credentials for role, state in step.broker.roles.items() if role.root == identity)
    ends = [one.expiry for one in roles if one is not None and one.expiry.left(step.now) > 0]
    last = max(ends, key=lambda one: one.left(step.now), default=None)
    return Ending(identity, How.OVER, last)


def renews_unasked(broker: Broker, identity: Identity) -> bool:
    """Whether the session of this identity is renewed without anybody being asked; never a role that a code opened."""
    if identity.role is not None or not identity.needs_code or not broker.settings.renews(identity.keys):
        return False
    return broker.code_command(identity) is not None


def _renew(step: StepContext, identity: Identity, phase: Open, *, left: float) -> None:
    """Renew a session unasked when a warning would be due: at each of them, until it is done.

    Not one from which nothing was handed out since it began, so that a machine nobody works at lets it end; not while
    the screen is locked and that refuses; and not in the first half of its life, however early the warnings are.
    """
    if step.broker.held or not phase.used or phase.renewal is not None or left > phase.length / 2:
        return
    if renewals_due(step, left) - phase.warned:
        renew_unasked(step, identity)

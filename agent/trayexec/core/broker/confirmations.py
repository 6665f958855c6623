"""Asks a person whether a program may use a profile, where config.toml wants that. It must not know how one is asked.

The question stands in the same queue as those for codes: a person is asked one thing at a time. All callers that wait
for one use share one question. It is asked in the agent's dialog, for what answers at a terminal may be a program; only
where no dialog can be shown it is asked on the terminals of those who wait, and where there is none it is a no. A code
that is entered into a dialog which names the program and the profile is an answer as well.
"""

from collections.abc import Iterator
from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import note_use
from trayexec.core.broker.events import (
    Ask,
    AskAt,
    AskPermission,
    AskSignIn,
    Authenticate,
    Decide,
    DismissPermission,
    NoteKind,
    NoteVerdict,
    PermissionAnswered,
    Refuse,
    ReplyAddress,
    Tell,
)
from trayexec.core.broker.permissions import (
    Confirmation,
    Denial,
    GivenAnswer,
    Permission,
    PermissionChannel,
    Permissions,
    ProgramUse,
    choices,
    is_allowed,
    root_of,
    seconds,
    use_of,
)
from trayexec.core.broker.questions import DESKTOP, by_command, enqueue, position_of
from trayexec.core.broker.state import Opening, PromptChannel, Waiting
from trayexec.core.config.profiles import Identity, Provider
from trayexec.core.ports import Decided, NoDialog, PermissionQuestion, TimedOut, Verdict
from trayexec.core.settings import UNTIL_LOCKED
from trayexec.light.errors import Text, Trouble

PAUSE_FIRST, PAUSE_MOST = 5, 60  # nobody is asked for so long after a no, doubling (seconds)
PAUSE_FORGOTTEN = 300  # a no so long after the last pause begins to count anew (seconds)


def must_wait(step: StepContext, waiting: Waiting) -> bool:
    """Whether a request gets nothing yet, for a person has to allow it: they are asked, or it is refused."""
    asked = waiting.asked
    if not isinstance(asked, Ask) or waiting.allowed:
        return False
    if is_allowed(step.broker.permissions, asked, step.now):
        if asked.guard is not None:
            step.note_waiting(asked.caller.reply_to, replace(waiting, allowed=True))
        return False
    use = use_of(asked)
    denial = step.broker.permissions.denials.get(use)
    if denial is not None and step.later(denial.until):
        _refuse(step, asked, messages.denied(asked.profile.name, step.now.seconds_until(denial.until)))
    elif not step.later(waiting.deadline):
        _refuse(step, asked, messages.unconfirmed(asked.profile.name))
    else:
        step.queue(use, asked.caller.reply_to)
        _join(step, use, waiting)
    return True


def answered(step: StepContext, event: PermissionAnswered) -> tuple[ReplyAddress, ...]:
    """Do what the end of the dialog calls for, unless that is out of date; the requests that go on now."""
    use, question = _numbered(step, event.epoch)
    if use is None or question is None:
        return ()
    match event.answer:
        case Decided(verdict):
            return _decided(step, use, question, verdict)
        case TimedOut():
            _note(step, question.asked, None)
            _drop(step, use)
            _refuse_all(step, use, messages.unconfirmed(use.profile))
        case NoDialog(why):
            _ask_at_terminals(step, use, question, why)
    return ()


def decided_at_terminal(step: StepContext, event: Decide) -> tuple[ReplyAddress, ...]:
    """Take an answer from a terminal, where the question is asked on that one; the requests that go on now."""
    use, question = _numbered(step, event.epoch)
    if use is None or question is None or question.channel is not PermissionChannel.TERMINALS:
        return ()
    there = {waiting.asked.caller.terminal for waiting in _who_wait(step, use)}
    if event.terminal not in there - {""}:
        return ()
    return _decided(step, use, question, event.verdict)


def allow_by_code(step: StepContext, identity: Identity) -> None:
    """Take a code that was entered into a dialog for a yes to the request that the dialog named."""
    attempt = step.broker.prompting(identity)
    prompt = attempt.prompt if isinstance(attempt, Opening) and attempt.giver is None else None
    if prompt is None or prompt.channel is not PromptChannel.DIALOG or prompt.asker is None or by_command(step):
        return
    waiting = step.broker.waiting.get(prompt.asker)
    asked = waiting.asked if waiting is not None else None
    if waiting is None or not isinstance(asked, Ask) or asked.guard is None:
        return
    verdict = choices(asked.guard)[-1]
    _note(step, asked, verdict)
    _allow(step, asked, verdict)
    step.note_waiting(asked.caller.reply_to, replace(waiting, allowed=True))


def forget(step: StepContext) -> None:
    """Forget every answer: something was locked."""
    step.broker = replace(step.broker, permissions=step.broker.permissions.forgotten())


def session_over(step: StepContext, identity: Identity) -> None:
    """Forget the answers that were given while this session was open."""
    step.broker = replace(step.broker, permissions=step.broker.permissions.without(identity))


def refuse_waiting(step: StepContext, root: Identity | Provider, why: Trouble) -> None:
    """Refuse those who wait to be allowed what comes from `root`."""
    for use in step.broker.permissions.questions:
        if root_of(use.target) == root:
            _refuse_all(step, use, why)


def age(step: StepContext) -> None:
    """Refuse those who have waited long enough; the time of those who are not asked yet begins anew."""
    for use, question in step.broker.permissions.questions.items():
        for waiting in list(_who_wait(step, use)):
            if question.until is None and question.channel is PermissionChannel.DIALOG:
                _restart_wait(step, waiting)
            elif not step.later(waiting.deadline):
                step.settled(waiting.asked.caller.reply_to)
                _refuse(step, waiting.asked, messages.unconfirmed(use.profile))


def advance(step: StepContext) -> None:
    """Take questions away that nobody waits for, and show the one whose turn it is. Near the end of every step."""
    for use, question in list(step.broker.permissions.questions.items()):
        if not any(True for _ in _who_wait(step, use)):
            if question.channel is PermissionChannel.DIALOG and question.until is not None:
                step.effects.append(DismissPermission(question.epoch))
            _drop(step, use)


def bring_to_front(step: StepContext) -> None:
    """Show the question that is up anew, in a new window: that is where a person looks."""
    for use, question in list(step.broker.permissions.questions.items()):
        if question.channel is PermissionChannel.DIALOG and question.until is not None:
            step.effects.append(DismissPermission(question.epoch))
            _put(step, use, replace(question, epoch=step.next_epoch(), until=None))


def show_next(step: StepContext) -> None:
    """Show the question that is first in the queue at the desktop, unless it is there already. Ends every step."""
    queue = step.broker.prompt_queues.get(DESKTOP)
    first = queue.identities[0] if queue is not None else None
    if not isinstance(first, ProgramUse):
        return
    question = step.broker.permissions.questions[first]
    if question.until is not None:
        return
    stays = step.broker.settings.prompt_seconds
    shown = replace(question, until=step.now.after(stays))
    _put(step, first, shown)
    number, of = position_of(step, DESKTOP, first)
    step.effects.append(AskPermission(question.epoch, replace(_worded(question.asked, stays), number=number, of=of)))
    for waiting in list(_who_wait(step, first)):
        _tell_dialog(step, _restart_wait(step, waiting), shown)


def _join(step: StepContext, use: ProgramUse, waiting: Waiting) -> None:
    """Begin the question, or wait for the answer to the one that is asked already."""
    question = step.broker.permissions.questions.get(use)
    if question is None:
        assert isinstance(waiting.asked, Ask)  # noqa: S101 — see `must_wait`
        _put(step, use, Confirmation(step.next_epoch(), waiting.asked))
        enqueue(step, DESKTOP, use)
    elif question.channel is PermissionChannel.TERMINALS:
        _ask_at_terminal(step, use, question, waiting, messages.no_place_to_confirm(use.profile, None))
    elif question.until is not None:
        _tell_dialog(step, waiting, question)


def _decided(step: StepContext, use: ProgramUse, question: Confirmation, verdict: Verdict) -> tuple[ReplyAddress, ...]:
    guard = question.asked.guard
    if guard is None or verdict not in choices(guard):
        verdict = Verdict.DENY
    _note(step, question.asked, verdict)
    _drop(step, use)
    if verdict is Verdict.DENY:
        _deny(step, use)
        return ()
    requests = step.take_queue(use)
    for request in requests:
        waiting = step.broker.waiting.get(request)
        if waiting is not None and isinstance(waiting.asked, Ask):
            _allow(step, waiting.asked, verdict)
            step.note_waiting(request, replace(waiting, allowed=True))
    return requests


def _note(step: StepContext, asked: Ask, verdict: Verdict | None) -> None:
    """Keep what was said to it, None where nobody said anything: in the log, and in the menu."""
    step.effects.append(NoteVerdict(asked, verdict))
    note_use(step, asked, GivenAnswer(verdict, seconds(asked.guard) if asked.guard is not None else 0))


def _allow(step: StepContext, asked: Ask, verdict: Verdict) -> None:
    """Remember a yes: for the process, and for all of its program where it holds longer."""
    use, guard, known = use_of(asked), asked.guard, step.broker.permissions.allow(asked, step.now)
    denials = {one: denial for one, denial in known.denials.items() if one != use}
    programs = known.programs
    if verdict is not Verdict.ONCE and guard is not None and not use.request:
        holds = UNTIL_LOCKED if verdict is Verdict.UNTIL_LOCKED else seconds(guard)
        programs = {**programs, use: Permission(step.now, holds)}
    step.broker = replace(step.broker, permissions=replace(known, programs=programs, denials=denials))


def _deny(step: StepContext, use: ProgramUse) -> None:
    """Tell all who wait that the person said no, and ask nobody for a moment: else a loop would ask for ever."""
    known = step.broker.permissions
    last = known.denials.get(use)
    count = last.count if last is not None and step.later(last.until.after(PAUSE_FORGOTTEN)) else 0
    pause = min(PAUSE_MOST, PAUSE_FIRST * 2**count)
    denials = {one: old for one, old in known.denials.items() if step.later(old.until.after(PAUSE_FORGOTTEN))}
    denials[use] = Denial(count + 1, step.now.after(pause))
    step.broker = replace(step.broker, permissions=replace(known, denials=denials))
    _refuse_all(step, use, messages.denied(use.profile, pause))


def _ask_at_terminals(step: StepContext, use: ProgramUse, question: Confirmation, why: Trouble) -> None:
    """Ask where the callers are, as no dialog can be shown; who has no terminal gets a no, and the reason."""
    asked = replace(question, channel=PermissionChannel.TERMINALS)
    _put(step, use, asked)
    for waiting in list(_who_wait(step, use)):
        _ask_at_terminal(step, use, asked, _restart_wait(step, waiting), messages.no_place_to_confirm(use.profile, why))


def _ask_at_terminal(step: StepContext, use: ProgramUse, question: Confirmation, waiting: Waiting, no: Trouble) -> None:
    caller, asked = waiting.asked.caller, waiting.asked
    if not isinstance(asked, Ask) or asked.guard is None:
        return
    if not caller.terminal:
        step.settled(caller.reply_to)
        _refuse(step, asked, no)
        return
    text = Text("Allow {program} to use {profile}?", program=caller.origin, profile=use.profile)
    automaton = caller.provenance.automaton
    if automaton:
        text = Text("{question} It runs under {automaton}, which acts by itself.", question=text, automaton=automaton)
    left = max(0, step.now.seconds_until(waiting.deadline))
    step.effects.append(
        Tell(
            caller,
            NoteKind.PERMISSION,
            text,
            None,
            left,
            epoch=question.epoch,
            choices=choices(asked.guard),
            holds=seconds(asked.guard),
        )
    )


def _tell_dialog(step: StepContext, waiting: Waiting, question: Confirmation) -> None:
    ends = [waiting.deadline, *([question.until] if question.until is not None else [])]
    left = max(0, min(step.now.seconds_until(end) for end in ends))
    text = Text(
        "Waiting for you to allow {program} the use of {profile}, in the dialog ({left} s left)",
        program=waiting.asked.caller.program,
        profile=question.asked.profile.name,
        left=left,
    )
    caller = waiting.asked.caller
    # Without a display of its own it is likely to be asked at its terminal in a moment: then this is not said.
    kind = NoteKind.AWS if caller.ask_at is AskAt.TERMINAL else NoteKind.MFA
    step.effects.append(Tell(caller, kind, text, None, left))


def _worded(asked: Ask, stays: int) -> PermissionQuestion:
    caller, profile, guard = asked.caller, asked.profile, asked.guard
    return PermissionQuestion(
        profile=profile.name,
        account=profile.account,
        program=caller.program,
        origin=caller.parents[-1] if caller.parents else "",
        automaton=caller.provenance.automaton,
        colour=guard.colour if guard is not None else "",
        choices=choices(guard) if guard is not None else (),
        holds=seconds(guard) if guard is not None else 0,
        seconds=stays,
        pid=caller.pid,
    )


def _who_wait(step: StepContext, use: ProgramUse) -> Iterator[Waiting]:
    queue = step.broker.queues.get(use, ())
    return (step.broker.waiting[request] for request in queue if request in step.broker.waiting)


def _numbered(step: StepContext, epoch: int) -> tuple[ProgramUse, Confirmation] | tuple[None, None]:
    questions = step.broker.permissions.questions
    return next(((use, one) for use, one in questions.items() if one.epoch == epoch), (None, None))


def _put(step: StepContext, use: ProgramUse, question: Confirmation) -> None:
    known = step.broker.permissions
    step.broker = replace(step.broker, permissions=replace(known, questions={**known.questions, use: question}))


def _drop(step: StepContext, use: ProgramUse) -> None:
    known: Permissions = step.broker.permissions
    rest = {one: question for one, question in known.questions.items() if one != use}
    step.broker = replace(step.broker, permissions=replace(known, questions=rest))


def _refuse(step: StepContext, asked: Ask | Authenticate | AskSignIn, why: Trouble) -> None:
    step.settled(asked.caller.reply_to)
    step.effects.append(Refuse(asked.caller, why))


def _refuse_all(step: StepContext, use: ProgramUse, why: Trouble) -> None:
    step.effects += [Refuse(one.asked.caller, why) for one in step.settle_all(use)]


def _restart_wait(step: StepContext, waiting: Waiting) -> Waiting:
    """Let the time that a person gets begin now."""
    anew = replace(waiting, deadline=step.now.after(waiting.asked.wait))
    step.note_waiting(waiting.asked.caller.reply_to, anew)
    return anew

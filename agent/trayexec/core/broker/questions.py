"""Asks a person, one question at a time, and tells everybody who waits how it stands. It must not know how one asks.

A person can answer one question at a time. There is one queue at the desktop and one at each terminal; the first
identity in a queue is being asked for, the others are told which one comes before them. Before a person is asked for a
code, the keys that it is for are looked for, and the keychain may have a question of its own. A caller's `wait` is the
time that a person gets, so it begins anew with each question.
"""

from collections.abc import Iterator
from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import codes
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import fall_back
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import (
    Ask,
    AskAt,
    Caller,
    CheckKeys,
    Dismiss,
    NoteKind,
    Occasion,
    Prompt,
    Refuse,
    ReplyAddress,
    Tell,
)
from trayexec.core.broker.permissions import PermissionChannel, ProgramUse, choices
from trayexec.core.broker.permissions import seconds as seconds_of
from trayexec.core.broker.state import Locked, Open, Opening, PromptChannel, Prompting, PromptQueue, Stage, Waiting
from trayexec.core.config.endpoints import foreign
from trayexec.core.config.profiles import CodeProcess, Identity
from trayexec.core.config.sections import shown
from trayexec.core.ports import Question
from trayexec.core.settings import Command
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble

DESKTOP = ""  # the queue at the desktop; the others are called as their terminals are
UNWARNED = 300  # where nobody is warned, a session that is renewed unasked is so long before its end (seconds)
REMIND = 30  # who waits in a queue hears of it so often, and so knows that the agent lives (seconds)


def who_wait(step: StepContext, identity: Identity) -> Iterator[Waiting]:
    """Those who wait for this session, in the order they came."""
    queue = step.broker.queues.get(identity, ())
    return (step.broker.waiting[request] for request in queue if request in step.broker.waiting)


def still_wanted(step: StepContext, identity: Identity) -> bool:
    """Whether anybody waits for this session."""
    return any(True for _ in who_wait(step, identity))


def is_renewal(step: StepContext, identity: Identity) -> bool:
    """Whether what is under way for this identity was begun without anybody who asked for it."""
    question = _question_of(step, identity)
    return question is not None and question.occasion is Occasion.RENEWAL


def fail(step: StepContext, identity: Identity, why: Trouble, then: Locked | None = None) -> None:
    """End the attempt without a session; an open one goes on as it was."""
    if is_renewal(step, identity):
        _not_renewed(step, identity, why)
    step.broker = step.broker.without_attempt(identity, then or Locked(why))
    for one in step.settle_all(identity):
        if isinstance(one.asked, Ask):
            fall_back(step, one.asked, why)
        else:
            step.effects.append(Refuse(one.asked.caller, why))


def withdraw(step: StepContext, identity: Identity) -> None:
    """Take a question away that nobody waits for an answer to."""
    step.effects.append(Dismiss(identity))
    step.broker = step.broker.without_attempt(identity, Locked())


def _not_renewed(step: StepContext, identity: Identity, why: Trouble) -> None:
    """Give the warning that the renewal was begun in place of, with the reason."""
    phase = step.broker.phase(identity)
    if isinstance(phase, Open):
        left = phase.session.expiry.left(step.now)
        due = renewals_due(step, left)
        first = min(due, default=0)
        is_last = first == min(step.broker.settings.warn, default=0)
        step.tell_ending(Ending(identity, How.ENDS, phase.session.expiry, first, is_last, why.title))
        step.broker = step.broker.with_phase(identity, replace(phase, warned=phase.warned | due, trouble=why))


def renewals_due(step: StepContext, left: float) -> frozenset[int]:
    """The moments, in seconds before a session's end, that are past: at each it is renewed, where it is unasked."""
    return frozenset(seconds for seconds in step.broker.settings.warn or (UNWARNED,) if left <= seconds)


# Asking


def renew_unasked(step: StepContext, identity: Identity) -> None:
    """Have the identity's command give a code for a new session, though nobody has asked for one."""
    command = step.broker.code_command(identity)
    renewal = Prompting(step.next_epoch(), PromptChannel.COMMAND, command=command, occasion=Occasion.RENEWAL)
    step.broker = step.broker.with_attempt(identity, renewal)
    closed = codes.seconds_closed(step.broker.device(identity), step.now)
    if closed > 0:
        fail(step, identity, messages.too_many(closed))
    else:
        step.effects.append(CheckKeys(identity, renewal.epoch, Occasion.RENEWAL))


def at_terminal(step: StepContext, caller: Caller) -> bool:
    """Whether the person is at the caller's terminal and not at the desktop. A command needs neither."""
    return caller.ask_at is AskAt.TERMINAL and not by_command(step)


def by_command(step: StepContext) -> bool:
    """Whether a program of the person's choice gives the code."""
    return isinstance(step.broker.settings.prompt, Command)


def ask_first(step: StepContext, identity: Identity, caller: Caller, attempt: Prompting | None) -> Prompting:
    """Ask a first question: of the identity's command, in the dialog, or only on the caller's terminal if need be."""
    channel = PromptChannel.TERMINALS if at_terminal(step, caller) else PromptChannel.DIALOG
    command = step.broker.settings.code_command(identity.keys) or identity.code if attempt is None else None
    if command is not None:
        channel = PromptChannel.COMMAND
    prompt = Prompting(step.next_epoch(), channel, command=command)
    if attempt is not None:
        prompt = replace(prompt, attempt=attempt.attempt, reason=attempt.reason)
    if channel is PromptChannel.DIALOG and not enqueue(step, DESKTOP, identity):
        prompt = replace(prompt, stage=Stage.QUEUED)
    step.broker = step.broker.with_attempt(identity, prompt)
    if prompt.stage is Stage.LOOKING:
        step.effects.append(CheckKeys(identity, prompt.epoch))
    return prompt


def ask_again(step: StepContext, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
    """Ask once more, with the reason."""
    again = replace(prompt, epoch=step.next_epoch(), attempt=prompt.attempt + 1, reason=reason)
    if again.channel is PromptChannel.COMMAND:
        if wait and prompt.attempt == 1:  # its code was wrong or spent: it gives the next one, once
            _show(step, identity, again, wait=wait)
            return
        if not still_wanted(step, identity):  # it was a renewal, for which no person is asked
            fail(step, identity, messages.not_a_code(reason))
            return
        desktop = not all(at_terminal(step, one.asked.caller) for one in who_wait(step, identity))
        channel = PromptChannel.DIALOG if desktop else PromptChannel.TERMINALS
        again = replace(again, channel=channel, command=None, until=None, occasion=Occasion.ASKED)
    again = _of_open_device(step, identity, again)
    wait = 0 if again.serial else wait
    if again.channel is not PromptChannel.DIALOG:
        step.broker = step.broker.with_attempt(identity, replace(again, stage=Stage.ASKING))
        tell_all(step, identity)
    elif enqueue(step, DESKTOP, identity):
        _show(step, identity, again, wait=wait)
    else:
        step.broker = step.broker.with_attempt(identity, replace(again, stage=Stage.QUEUED))
        tell_all(step, identity)


def found(step: StepContext, identity: Identity, epoch: int) -> None:
    """Ask the person, now that the keys are there."""
    prompt = step.current(identity, epoch)
    if not isinstance(prompt, Prompting) or prompt.stage not in {Stage.LOOKING, Stage.FETCHING}:
        return
    if prompt.channel is PromptChannel.COMMAND:
        wait = codes.wait_if_sent(step.broker.device(identity), step.now)  # else it might print that very code
        reason = messages.next_code(wait) if wait else prompt.reason
        _show(step, identity, replace(prompt, reason=reason), wait=wait)
        return
    prompt = _of_open_device(step, identity, prompt)
    if prompt.channel is PromptChannel.DIALOG:
        _show(step, identity, prompt, wait=0)
    else:
        step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING))
        tell_all(step, identity)


def _of_open_device(step: StepContext, identity: Identity, prompt: Prompting) -> Prompting:
    """The question for a code that can be sent: of another device, with the reason, while the usual one takes none."""
    usual, serial = step.broker.serial(identity), step.broker.open_serial(identity, step.now)
    if serial == usual:
        return replace(prompt, serial="")
    closed = codes.seconds_closed(step.broker.device(identity), step.now)
    return replace(prompt, serial=serial, reason=messages.closed_device(usual, closed))


def keys_awaited(step: StepContext, identity: Identity, epoch: int, seconds: float) -> None:
    """Tell all who wait that the keychain asks for its own password, or that a command is to print the keys."""
    prompt = step.current(identity, epoch)
    if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
        asking = replace(prompt, stage=Stage.FETCHING, until=step.now.after(seconds))
        step.broker = step.broker.with_attempt(identity, asking)
        tell_all(step, identity)


def _show(step: StepContext, identity: Identity, prompt: Prompting, *, wait: int) -> None:
    """Show the dialog, or start the command, and give all who wait for it their time."""
    seconds = step.broker.settings.prompt_seconds
    _put_up(step, identity, replace(prompt, until=step.now.after(seconds)), wait=wait, seconds=seconds)
    _restart_wait(step, identity, DESKTOP if prompt.channel is PromptChannel.DIALOG else None)
    tell_all(step, identity)


def _put_up(step: StepContext, identity: Identity, prompt: Prompting, *, wait: int, seconds: int) -> None:
    waiting = next(who_wait(step, identity), None)
    asked = waiting.asked if waiting is not None else None
    number, of = position_of(step, DESKTOP, identity)
    question = Question(
        identity=identity.name,
        mfa_serial=prompt.serial or step.broker.serial(identity),
        asker=asked.caller.origin if asked is not None else "",
        profile=asked.profile.name if isinstance(asked, Ask) else "",
        reason=_reason(identity, prompt),
        wait=wait,
        seconds=seconds,
        endpoint=foreign(identity.endpoint_url) or "",
        number=number,
        of=of,
        command=prompt.command.argv if prompt.command is not None else (),
        named_in=prompt.command.files if isinstance(prompt.command, CodeProcess) else (),
        whose=identity.whose,
        account=asked.profile.account if isinstance(asked, Ask) else "",
        pid=asked.caller.pid if asked is not None else 0,
        allows=_allows(asked, prompt) if isinstance(asked, Ask) else None,
        serials=_to_choose(step, identity),
    )
    asker = asked.caller.reply_to if asked is not None else None
    step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING, asker=asker))
    step.effects.append(Prompt(identity, prompt.epoch, question))


def _to_choose(step: StepContext, identity: Identity) -> tuple[str, ...]:
    """The devices to choose from; none where there is only one."""
    serials = step.broker.serials(identity)
    return serials if len(serials) > 1 else ()


def _allows(asked: Ask, prompt: Prompting) -> Text | None:
    """What the code is also a yes to: to the one who is named, where it is a person that enters it."""
    if asked.guard is None or prompt.command is not None:
        return None
    return messages.code_allows(asked.profile.name, choices(asked.guard)[-1], seconds_of(asked.guard))


def caller_gone(step: StepContext, identity: Identity, request: ReplyAddress) -> None:
    """Take away what was asked for a caller alone that has gone, or its name from the dialog that others wait for."""
    prompt = step.broker.prompting(identity)
    if not isinstance(prompt, Prompting):
        return
    if not still_wanted(step, identity) and not is_renewal(step, identity):
        withdraw(step, identity)
    elif prompt.asker == request:
        step.broker = step.broker.with_attempt(identity, replace(prompt, asker=None))


def rename_caller(step: StepContext, identity: Identity) -> None:
    """Let the dialog name a caller that is still there. With the next tick: many may be leaving."""
    prompt = _in_dialog(step, identity)
    if prompt is not None and prompt.asker is None and still_wanted(step, identity):
        _put_up_again(step, identity, prompt)


def bring_to_front(step: StepContext, identity: Identity) -> None:
    """Show the dialog anew, if it is there: a new window is where a person looks."""
    prompt = _in_dialog(step, identity)
    if prompt is not None:
        _put_up_again(step, identity, prompt)


def _in_dialog(step: StepContext, identity: Identity) -> Prompting | None:
    """The question of this identity, while its dialog is up."""
    prompt = step.broker.prompting(identity)
    if not isinstance(prompt, Prompting) or prompt.until is None or by_command(step):
        return None
    return prompt if (prompt.channel, prompt.stage) == (PromptChannel.DIALOG, Stage.ASKING) else None


def _put_up_again(step: StepContext, identity: Identity, prompt: Prompting) -> None:
    """Show the same question for as long as it had, and for the code that it waits for."""
    wait = 0 if prompt.serial else codes.wait_if_sent(step.broker.device(identity), step.now)
    seconds = 1 if prompt.until is None else max(1, step.now.seconds_until(prompt.until))
    _put_up(step, identity, replace(prompt, epoch=step.next_epoch()), wait=wait, seconds=seconds)


# Queues


def advance_queues(step: StepContext) -> None:
    """Take those who have been asked out of their queues, and ask for who is first now. The end of every step."""
    moved = True
    while moved:
        moved = False
        for where, queue in step.broker.prompt_queues.items():
            rest = tuple(one for one in queue.identities if _is_still_asked(step, where, one, queue))
            if rest == queue.identities:
                continue
            moved = True
            first = rest[:1] != queue.identities[:1]
            _set_queue(step, where, replace(queue, identities=rest, done=queue.done + int(first)))
            if first and rest:
                _ask_next(step, where, rest[0])
            break


def _ask_next(step: StepContext, where: str, identity: Identity | ProgramUse) -> None:
    if isinstance(identity, ProgramUse):
        return  # it is shown at the end of the step
    prompt = step.broker.prompting(identity)
    if not isinstance(prompt, Prompting):
        return  # a code from elsewhere is on its way
    if where != DESKTOP:
        for waiting in list(who_wait(step, identity)):
            if _where(step, waiting.asked.caller, prompt) == where:
                tell(step, identity, waiting)
        return
    closed = step.broker.closed_for(identity, step.now)
    if closed > 0:
        fail(step, identity, messages.too_many(closed))
    elif prompt.stage is Stage.QUEUED:
        step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.LOOKING))
        step.effects.append(CheckKeys(identity, prompt.epoch))


def _is_still_asked(step: StepContext, where: str, identity: Identity | ProgramUse, queue: PromptQueue) -> bool:
    """Whether there is still something to ask for this identity, or of this use, in this queue."""
    if isinstance(identity, ProgramUse):
        question = step.broker.permissions.questions.get(identity)
        return question is not None and question.channel is PermissionChannel.DIALOG
    prompt = _question_of(step, identity)
    if prompt is None or where == DESKTOP:
        return prompt is not None and prompt.channel is PromptChannel.DIALOG
    if len(queue.identities) == 1:
        return True  # it is in nobody's way
    return any(_where(step, one.asked.caller, prompt) == where for one in who_wait(step, identity))


def _question_of(step: StepContext, identity: Identity) -> Prompting | None:
    """The question of this identity, also while what was answered is on its way: it may be asked again."""
    attempt = step.broker.prompting(identity)
    return attempt.prompt if isinstance(attempt, Opening) else attempt


def _where(step: StepContext, caller: Caller, prompt: Prompting) -> str | None:
    """The queue that a caller's question is in; None for one that has no terminal to ask on, or needs none."""
    if prompt.channel is PromptChannel.COMMAND:
        return None
    if prompt.channel is PromptChannel.DIALOG and not at_terminal(step, caller):
        return DESKTOP
    return caller.terminal or None


def enqueue(step: StepContext, where: str, identity: Identity | ProgramUse) -> bool:
    """Put an identity or a use at the end of a queue; whether it is the first."""
    queue = step.broker.prompt_queues.get(where, PromptQueue())
    if identity not in queue.identities:
        queue = replace(queue, identities=(*queue.identities, identity), told=queue.told or step.now)
        _set_queue(step, where, queue)
    return queue.identities[0] == identity


def _set_queue(step: StepContext, where: str, queue: PromptQueue) -> None:
    queues = {**step.broker.prompt_queues, where: queue}
    if not queue.identities:
        del queues[where]
    step.broker = replace(step.broker, prompt_queues=queues)


def position_of(step: StepContext, where: str, identity: Identity | ProgramUse) -> tuple[int, int]:
    """Which question this is, and of how many."""
    queue = step.broker.prompt_queues.get(where, PromptQueue())
    if identity not in queue.identities:
        return 1, 1
    return queue.done + queue.identities.index(identity) + 1, queue.done + len(queue.identities)


def remind_queued(step: StepContext) -> None:
    """Let the time of those who are not asked yet begin anew, and tell them now and then that it goes on."""
    for identity in step.known():
        prompt = step.broker.prompting(identity)
        if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
            _restart_wait(step, identity, None)
    for where, queue in step.broker.prompt_queues.items():
        behind = [one for one in queue.identities[1:] if isinstance(one, Identity)]
        if not behind:
            continue
        for identity in behind:
            _restart_wait(step, identity, where)
        if queue.told is None or not step.later(queue.told.after(REMIND)):
            _set_queue(step, where, replace(queue, told=step.now))
            for identity in behind:
                prompt = _question_of(step, identity)
                for waiting in list(who_wait(step, identity)):
                    if prompt is not None and _where(step, waiting.asked.caller, prompt) == where:
                        _tell_position(step, identity, waiting, where=where)


def _restart_wait(step: StepContext, identity: Identity, where: str | None) -> None:
    """Let the `wait` of those in this queue, or of all, begin now."""
    prompt = _question_of(step, identity)
    if prompt is None:
        return
    waiting = dict(step.broker.waiting)
    for one in who_wait(step, identity):
        if where is None or _where(step, one.asked.caller, prompt) == where:
            waiting[one.asked.caller.reply_to] = replace(one, deadline=step.now.after(one.asked.wait))
    step.broker = replace(step.broker, waiting=waiting)


# Telling


def tell_all(step: StepContext, identity: Identity) -> None:
    """Tell all who wait for the session what they wait for now."""
    for waiting in list(who_wait(step, identity)):
        tell(step, identity, waiting)


def tell(step: StepContext, identity: Identity, waiting: Waiting) -> None:
    """Tell a caller what it really waits for, with the time left; nothing while that is being found out."""
    caller = waiting.asked.caller
    match step.broker.prompting(identity):
        case Opening():
            _tell_aws(step, identity, waiting)
        case Prompting(stage=Stage.LOOKING) as prompt:
            where = _where(step, caller, prompt)
            if where:  # so that the first question there knows of the second
                enqueue(step, where, identity)
        case Prompting(stage=Stage.FETCHING) as prompt:
            left = _left(step, waiting, prompt)
            step.effects.append(Tell(caller, NoteKind.MFA, _keys_awaited(step, identity, left), identity, left))
        case Prompting(channel=PromptChannel.COMMAND) as prompt:
            _tell_desktop(step, identity, waiting, prompt=prompt)
        case Prompting() as prompt if _where(step, caller, prompt) != DESKTOP:
            _tell_terminal(step, identity, waiting, prompt=prompt)
        case Prompting(stage=Stage.QUEUED):
            _tell_position(step, identity, waiting, where=DESKTOP)
        case Prompting() as prompt:
            _tell_desktop(step, identity, waiting, prompt=prompt)
        case None:
            pass


def _keys_awaited(step: StepContext, identity: Identity, left: int) -> Text:
    if identity.program is not None:
        return Text(
            "Waiting for the credential_process that prints the keys of identity {identity} ({left} s left)",
            identity=identity.name,
            left=left,
        )
    if step.broker.settings.keys_command(identity.keys) is not None:
        return Text(
            "Waiting for the command that prints the keys of identity {identity} ({left} s left)",
            identity=identity.name,
            left=left,
        )
    return Text(
        "Waiting for the password prompt of your keyring, which holds the keys of identity {identity} ({left} s left)",
        identity=identity.name,
        left=left,
    )


def _reason(identity: Identity, prompt: Prompting) -> Text | None:
    """Why a person is asked again, or although the identity may be open."""
    return prompt.reason or (None if identity.role is None else messages.own_code(identity.role))


def _tell_aws(step: StepContext, identity: Identity, waiting: Waiting) -> None:
    """Take the question back that the caller may be asking at its terminal: there is a code."""
    text = Text("Waiting for AWS to answer for identity {identity}", identity=identity.name)
    step.effects.append(Tell(waiting.asked.caller, NoteKind.AWS, text, identity))
    if waiting.question:
        step.note_waiting(waiting.asked.caller.reply_to, replace(waiting, question=0))


def _tell_terminal(step: StepContext, identity: Identity, waiting: Waiting, *, prompt: Prompting) -> None:
    """Let the caller ask at its terminal, once for each question, when it is the turn of its identity there."""
    caller = waiting.asked.caller
    if waiting.question == prompt.attempt:
        return
    if caller.terminal and not enqueue(step, caller.terminal, identity):
        _tell_position(step, identity, waiting, where=caller.terminal)
        return
    asked = replace(waiting, deadline=step.now.after(waiting.asked.wait), question=prompt.attempt)
    step.note_waiting(caller.reply_to, asked)
    reason = _reason(identity, prompt)
    text = prompt.reason or Text(
        "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {word}` ({left} s left)",
        identity=identity.name,
        word=argument(identity.name),
        left=_left(step, asked, prompt),
    )
    number, of = position_of(step, caller.terminal, identity)
    if reason is not None and prompt.reason is None:
        text = reason if caller.terminal else Text("{reason} {next}", reason=reason, next=text)
    kind = NoteKind.CODE if reason is None else NoteKind.AGAIN
    left = _left(step, asked, prompt)
    serial = prompt.serial or step.broker.serial(identity)
    note = Tell(caller, kind, text, identity, left=left, number=number, of=of, serial=serial)
    step.effects.append(replace(note, serials=_to_choose(step, identity)))


def _tell_position(step: StepContext, identity: Identity, waiting: Waiting, *, where: str) -> None:
    number, of = position_of(step, where, identity)
    first = step.broker.prompt_queues[where].identities[0]
    text = Text(
        "Waiting for the MFA code of identity {identity}: whether {other} may be used is asked first ({number} of {of})"
        if isinstance(first, ProgramUse)
        else "Waiting for the MFA code of identity {identity}: identity {other} is asked for first ({number} of {of})",
        identity=identity.name,
        other=first.profile if isinstance(first, ProgramUse) else first.name,
        number=number,
        of=of,
    )
    step.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, identity))


def _tell_desktop(step: StepContext, identity: Identity, waiting: Waiting, *, prompt: Prompting) -> None:
    left = _left(step, waiting, prompt)
    values: dict[str, str | int | Text] = {"identity": identity.name, "left": left}
    if isinstance(prompt.command, CodeProcess):
        text = Text(
            "Waiting for the MFA code of identity {identity} from mfa_process of profile {profile} ({left} s left)",
            **values,
            profile=shown(prompt.command.profile),
        )
    elif by_command(step) or prompt.channel is PromptChannel.COMMAND:
        text = Text(
            "Waiting for the MFA code of identity {identity} from the command in config.toml ({left} s left)",
            **values,
        )
    else:
        text = Text("Waiting for the MFA code of identity {identity} in the dialog ({left} s left)", **values)
    if prompt.reason is not None:
        text = Text("{reason} {next}", reason=prompt.reason, next=text)
    step.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, identity, left))


def _left(step: StepContext, waiting: Waiting, prompt: Prompting) -> int:
    """Seconds until the question or the caller's patience ends, whichever comes first."""
    ends = [waiting.deadline, *([prompt.until] if prompt.until is not None else [])]
    return max(0, min(step.now.seconds_until(end) for end in ends))

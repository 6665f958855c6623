"""The rules about questions: where a person is asked, one at a time, and what everybody who waits is told meanwhile.

A person can answer one question at a time. There is one line at the desktop and one at each terminal; the first
identity in a line is being asked, the others are told which one comes before them. Before a person is asked for a code,
the keys that it is for are looked for, and the keychain may have a question of its own. A caller's `wait` is the time
that a person gets, so it begins anew with each question.
"""

from collections.abc import Iterator
from dataclasses import replace

from trayexec.core.broker import codes
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import fall_back
from trayexec.core.broker.events import Ask, AskAt, Caller, CheckKeys, Dismiss, NoteKind, Prompt, Refuse, Tell
from trayexec.core.broker.state import Locked, Opening, PromptChannel, Prompting, PromptQueue, Stage, Waiting
from trayexec.core.config.endpoints import foreign
from trayexec.core.config.profiles import Identity
from trayexec.core.ports import Question
from trayexec.core.settings import Command
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble

DESKTOP = ""  # the line at the desktop; the others are called as their terminals are
REMIND = 30  # who waits in a line hears of it so often, and so knows that the agent lives (seconds)


def who_wait(step: StepContext, identity: Identity) -> Iterator[Waiting]:
    """Those who wait for this session, in the order they came."""
    queue = step.broker.queues.get(identity, ())
    return (step.broker.waiting[request] for request in queue if request in step.broker.waiting)


def still_wanted(step: StepContext, identity: Identity) -> bool:
    """Whether anybody waits for this session."""
    return any(True for _ in who_wait(step, identity))


def fail(step: StepContext, identity: Identity, why: Trouble, then: Locked | None = None) -> None:
    """The attempt is over without a session; an open one goes on as it was."""
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


# Asking


def at_terminal(step: StepContext, caller: Caller) -> bool:
    """Whether the person is at the caller's terminal and not at the desktop. A command needs neither."""
    return caller.ask_at is AskAt.TERMINAL and not by_command(step)


def by_command(step: StepContext) -> bool:
    """Whether a program of the person's choice gives the code."""
    return isinstance(step.broker.settings.prompt, Command)


def ask_first(step: StepContext, identity: Identity, caller: Caller, attempt: Prompting | None) -> Prompting:
    """A first question: in the dialog, or only on the caller's terminal if that is what it has."""
    place = PromptChannel.TERMINALS if at_terminal(step, caller) else PromptChannel.DIALOG
    prompt = Prompting(step.next_epoch(), place)
    if attempt is not None:
        prompt = replace(prompt, attempt=attempt.attempt, reason=attempt.reason)
    if place is PromptChannel.DIALOG and not _line_up(step, DESKTOP, identity):
        prompt = replace(prompt, stage=Stage.IN_LINE)
    step.broker = step.broker.with_attempt(identity, prompt)
    if prompt.stage is Stage.LOOKING:
        step.effects.append(CheckKeys(identity, prompt.epoch))
    return prompt


def ask_again(step: StepContext, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
    """Ask once more, with the reason."""
    again = replace(prompt, epoch=step.next_epoch(), attempt=prompt.attempt + 1, reason=reason)
    if again.place is not PromptChannel.DIALOG:
        step.broker = step.broker.with_attempt(identity, replace(again, stage=Stage.ASKING))
        tell_all(step, identity)
    elif _line_up(step, DESKTOP, identity):
        _show(step, identity, again, wait=wait)
    else:
        step.broker = step.broker.with_attempt(identity, replace(again, stage=Stage.IN_LINE))
        tell_all(step, identity)


def found(step: StepContext, identity: Identity, epoch: int) -> None:
    """The keys are there: now the person can be asked."""
    prompt = step.current(identity, epoch)
    if not isinstance(prompt, Prompting) or prompt.stage not in {Stage.LOOKING, Stage.KEYRING}:
        return
    if prompt.place is PromptChannel.DIALOG:
        _show(step, identity, prompt, wait=0)
    else:
        step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING))
        tell_all(step, identity)


def keyring_asks(step: StepContext, identity: Identity, epoch: int, seconds: float) -> None:
    """The keychain has a question of its own, for so many seconds."""
    prompt = step.current(identity, epoch)
    if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
        asking = replace(prompt, stage=Stage.KEYRING, until=step.now.after(seconds))
        step.broker = step.broker.with_attempt(identity, asking)
        tell_all(step, identity)


def _show(step: StepContext, identity: Identity, prompt: Prompting, *, wait: int) -> None:
    """Show the dialog, and give all who wait for it their time."""
    seconds = step.broker.settings.prompt_seconds
    _put_up(step, identity, replace(prompt, until=step.now.after(seconds)), wait=wait, seconds=seconds)
    _give_time(step, identity, DESKTOP)
    tell_all(step, identity)


def _put_up(step: StepContext, identity: Identity, prompt: Prompting, *, wait: int, seconds: int) -> None:
    waiting = next(who_wait(step, identity), None)
    asked = waiting.asked if waiting is not None else None
    number, of = _place_in_line(step, DESKTOP, identity)
    question = Question(
        identity=identity.name,
        mfa_serial=identity.mfa_serial,
        asker=asked.caller.origin if asked is not None else "",
        profile=asked.profile.name if isinstance(asked, Ask) else "",
        reason=prompt.reason,
        wait=wait,
        seconds=seconds,
        endpoint=foreign(identity.endpoint_url) or "",
        number=number,
        of=of,
    )
    asker = asked.caller.request if asked is not None else None
    step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING, asker=asker))
    step.effects.append(Prompt(identity, prompt.epoch, question))


def orphan(step: StepContext, identity: Identity, request: int) -> None:
    """A caller has gone: what was asked for it alone is taken away, what was asked in its name changes the name."""
    prompt = step.broker.prompting(identity)
    if not isinstance(prompt, Prompting):
        return
    if not still_wanted(step, identity):
        withdraw(step, identity)
    elif prompt.asker == request:
        step.broker = step.broker.with_attempt(identity, replace(prompt, asker=None))


def rename(step: StepContext, identity: Identity) -> None:
    """Let the dialog name a caller that is still there. With the next tick: a crowd may be leaving."""
    prompt = step.broker.prompting(identity)
    if (
        isinstance(prompt, Prompting)
        and (prompt.place, prompt.stage, prompt.asker) == (PromptChannel.DIALOG, Stage.ASKING, None)
        and prompt.until is not None
        and not by_command(step)
        and still_wanted(step, identity)
    ):
        seconds = max(1, step.now.seconds_until(prompt.until))
        _put_up(step, identity, replace(prompt, epoch=step.next_epoch()), wait=0, seconds=seconds)


# Lines


def take_turns(step: StepContext) -> None:
    """Let those who have been asked leave their lines, and ask who is first now. The end of every step."""
    moved = True
    while moved:
        moved = False
        for where, line in step.broker.lines.items():
            rest = tuple(one for one in line.identities if _stays(step, where, one, line))
            if rest == line.identities:
                continue
            moved = True
            first = rest[:1] != line.identities[:1]
            _set_line(step, where, replace(line, identities=rest, done=line.done + int(first)))
            if first and rest:
                _turn_of(step, where, rest[0])
            break


def _turn_of(step: StepContext, where: str, identity: Identity) -> None:
    prompt = step.broker.prompting(identity)
    if not isinstance(prompt, Prompting):
        return  # a code from elsewhere is on its way
    if where != DESKTOP:
        for waiting in list(who_wait(step, identity)):
            if _where(step, waiting.asked.caller, prompt) == where:
                tell(step, waiting)
        return
    closed = codes.seconds_closed(step.broker.device(identity), step.now)
    if closed > 0:
        fail(step, identity, codes.too_many(closed))
    elif prompt.stage is Stage.IN_LINE:
        step.broker = step.broker.with_attempt(identity, replace(prompt, stage=Stage.LOOKING))
        step.effects.append(CheckKeys(identity, prompt.epoch))


def _stays(step: StepContext, where: str, identity: Identity, line: PromptQueue) -> bool:
    """Whether there is still something to ask for this identity in this line."""
    prompt = _question_of(step, identity)
    if prompt is None or where == DESKTOP:
        return prompt is not None and prompt.place is PromptChannel.DIALOG
    if len(line.identities) == 1:
        return True  # it is in nobody's way
    return any(_where(step, one.asked.caller, prompt) == where for one in who_wait(step, identity))


def _question_of(step: StepContext, identity: Identity) -> Prompting | None:
    """The question of this identity, also while what was answered is on its way: it may be asked again."""
    attempt = step.broker.prompting(identity)
    return attempt.prompt if isinstance(attempt, Opening) else attempt


def _where(step: StepContext, caller: Caller, prompt: Prompting) -> str | None:
    """The line that a caller's question is in; None for one that has no terminal to ask on."""
    if prompt.place is PromptChannel.DIALOG and not at_terminal(step, caller):
        return DESKTOP
    return caller.terminal or None


def _line_up(step: StepContext, where: str, identity: Identity) -> bool:
    """Take a place in a line; whether it is the first."""
    line = step.broker.lines.get(where, PromptQueue())
    if identity not in line.identities:
        line = replace(line, identities=(*line.identities, identity), told=line.told or step.now)
        _set_line(step, where, line)
    return line.identities[0] == identity


def _set_line(step: StepContext, where: str, line: PromptQueue) -> None:
    lines = {**step.broker.lines, where: line}
    if not line.identities:
        del lines[where]
    step.broker = replace(step.broker, lines=lines)


def _place_in_line(step: StepContext, where: str, identity: Identity) -> tuple[int, int]:
    """Which question this is, and of how many."""
    line = step.broker.lines.get(where, PromptQueue())
    if identity not in line.identities:
        return 1, 1
    return line.done + line.identities.index(identity) + 1, line.done + len(line.identities)


def mind_the_lines(step: StepContext) -> None:
    """Whoever is not asked yet has all of its time before it, and hears now and then that it goes on."""
    for identity in step.known():
        prompt = step.broker.prompting(identity)
        if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
            _give_time(step, identity, None)
    for where, line in step.broker.lines.items():
        behind = line.identities[1:]
        if not behind:
            continue
        for identity in behind:
            _give_time(step, identity, where)
        if line.told is None or not step.later(line.told.after(REMIND)):
            _set_line(step, where, replace(line, told=step.now))
            for identity in behind:
                prompt = _question_of(step, identity)
                for waiting in list(who_wait(step, identity)):
                    if prompt is not None and _where(step, waiting.asked.caller, prompt) == where:
                        _tell_line(step, waiting, where)


def _give_time(step: StepContext, identity: Identity, where: str | None) -> None:
    """Let the `wait` of those in this line, or of all, begin now."""
    prompt = _question_of(step, identity)
    if prompt is None:
        return
    waiting = dict(step.broker.waiting)
    for one in who_wait(step, identity):
        if where is None or _where(step, one.asked.caller, prompt) == where:
            waiting[one.asked.caller.request] = replace(one, deadline=step.now.after(one.asked.wait))
    step.broker = replace(step.broker, waiting=waiting)


# Telling


def tell_all(step: StepContext, identity: Identity) -> None:
    """Tell all who wait for the session what they wait for now."""
    for waiting in list(who_wait(step, identity)):
        tell(step, waiting)


def tell(step: StepContext, waiting: Waiting) -> None:
    """Tell a caller what it really waits for, with the time left; nothing while that is being found out."""
    identity, caller = waiting.identity, waiting.asked.caller
    match step.broker.prompting(identity):
        case Opening():
            text = Text("Waiting for AWS to answer for identity {identity}", identity=identity.name)
            step.effects.append(Tell(caller, NoteKind.AWS, text, identity))
        case Prompting(stage=Stage.LOOKING) as prompt:
            where = _where(step, caller, prompt)
            if where:  # so that the first question there knows of the second
                _line_up(step, where, identity)
        case Prompting(stage=Stage.KEYRING) as prompt:
            text = Text(
                "Waiting for the password prompt of your keyring, which holds the keys of identity {identity} "
                "({left} s left)",
                identity=identity.name,
                left=_left(step, waiting, prompt),
            )
            step.effects.append(Tell(caller, NoteKind.MFA, text, identity))
        case Prompting() as prompt if _where(step, caller, prompt) != DESKTOP:
            _tell_terminal(step, waiting, prompt)
        case Prompting(stage=Stage.IN_LINE):
            _tell_line(step, waiting, DESKTOP)
        case Prompting() as prompt:
            _tell_desktop(step, waiting, prompt)
        case None:
            pass


def _tell_terminal(step: StepContext, waiting: Waiting, prompt: Prompting) -> None:
    """Let the caller ask at its terminal, once for each question, when it is the turn of its identity there."""
    identity, caller = waiting.identity, waiting.asked.caller
    if waiting.question == prompt.attempt:
        return
    if caller.terminal and not _line_up(step, caller.terminal, identity):
        _tell_line(step, waiting, caller.terminal)
        return
    asked = replace(waiting, deadline=step.now.after(waiting.asked.wait), question=prompt.attempt)
    step.note_waiting(caller.request, asked)
    text = prompt.reason or Text(
        "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {word}` ({left} s left)",
        identity=identity.name,
        word=argument(identity.name),
        left=_left(step, asked, prompt),
    )
    number, of = _place_in_line(step, caller.terminal, identity)
    kind = NoteKind.CODE if prompt.reason is None else NoteKind.AGAIN
    left = _left(step, asked, prompt)
    step.effects.append(Tell(caller, kind, text, identity, left=left, number=number, of=of))


def _tell_line(step: StepContext, waiting: Waiting, where: str) -> None:
    identity = waiting.identity
    number, of = _place_in_line(step, where, identity)
    text = Text(
        "Waiting for the MFA code of identity {identity}: identity {other} is asked for first ({number} of {of})",
        identity=identity.name,
        other=step.broker.lines[where].identities[0].name,
        number=number,
        of=of,
    )
    step.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, identity))


def _tell_desktop(step: StepContext, waiting: Waiting, prompt: Prompting) -> None:
    values: dict[str, str | int | Text] = {"identity": waiting.identity.name, "left": _left(step, waiting, prompt)}
    if by_command(step):
        text = Text(
            "Waiting for the MFA code of identity {identity} from the command in config.toml ({left} s left)",
            **values,
        )
    else:
        text = Text("Waiting for the MFA code of identity {identity} in the dialog ({left} s left)", **values)
    if prompt.reason is not None:
        text = Text("{reason} {next}", reason=prompt.reason, next=text)
    step.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, waiting.identity))


def _left(step: StepContext, waiting: Waiting, prompt: Prompting) -> int:
    """Seconds until the question or the caller's patience ends, whichever comes first."""
    ends = [waiting.deadline, *([prompt.until] if prompt.until is not None else [])]
    return max(0, min(step.now.seconds_until(end) for end in ends))

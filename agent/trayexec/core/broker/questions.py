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


class Questions(StepContext):
    """Asks, one thing at a time, and tells."""

    def who_wait(self, identity: Identity) -> Iterator[Waiting]:
        """Those who wait for this session, in the order they came."""
        queue = self.broker.queues.get(identity, ())
        return (self.broker.waiting[request] for request in queue if request in self.broker.waiting)

    def still_wanted(self, identity: Identity) -> bool:
        """Whether anybody waits for this session."""
        return any(True for _ in self.who_wait(identity))

    def failed(self, identity: Identity, why: Trouble, then: Locked | None = None) -> None:
        """The attempt is over without a session; an open one goes on as it was."""
        self.broker = self.broker.without_attempt(identity, then or Locked(why))
        for one in self.settle_all(identity):
            if isinstance(one.asked, Ask):
                self.fall_back(one.asked, why)
            else:
                self.effects.append(Refuse(one.asked.caller, why))

    def withdraw(self, identity: Identity) -> None:
        """Take a question away that nobody waits for an answer to."""
        self.effects.append(Dismiss(identity))
        self.broker = self.broker.without_attempt(identity, Locked())

    # Asking

    def at_terminal(self, caller: Caller) -> bool:
        """Whether the person is at the caller's terminal and not at the desktop. A command needs neither."""
        return caller.hand is AskAt.TERMINAL and not self.by_command()

    def by_command(self) -> bool:
        """Whether a program of the person's choice gives the code."""
        return isinstance(self.broker.settings.prompt, Command)

    def prompt(self, identity: Identity, caller: Caller, attempt: Prompting | None) -> Prompting:
        """A first question: in the dialog, or only on the caller's terminal if that is what it has."""
        place = PromptChannel.TERMINALS if self.at_terminal(caller) else PromptChannel.DIALOG
        prompt = Prompting(self.next_epoch(), place)
        if attempt is not None:
            prompt = replace(prompt, attempt=attempt.attempt, reason=attempt.reason)
        if place is PromptChannel.DIALOG and not self._line_up(DESKTOP, identity):
            prompt = replace(prompt, stage=Stage.IN_LINE)
        self.broker = self.broker.with_attempt(identity, prompt)
        if prompt.stage is Stage.LOOKING:
            self.effects.append(CheckKeys(identity, prompt.epoch))
        return prompt

    def again(self, identity: Identity, prompt: Prompting, *, reason: Text, wait: int) -> None:
        """Ask once more, with the reason."""
        again = replace(prompt, epoch=self.next_epoch(), attempt=prompt.attempt + 1, reason=reason)
        if again.place is not PromptChannel.DIALOG:
            self.broker = self.broker.with_attempt(identity, replace(again, stage=Stage.ASKING))
            self.tell_all(identity)
        elif self._line_up(DESKTOP, identity):
            self._show(identity, again, wait=wait)
        else:
            self.broker = self.broker.with_attempt(identity, replace(again, stage=Stage.IN_LINE))
            self.tell_all(identity)

    def found(self, identity: Identity, epoch: int) -> None:
        """The keys are there: now the person can be asked."""
        prompt = self.current(identity, epoch)
        if not isinstance(prompt, Prompting) or prompt.stage not in {Stage.LOOKING, Stage.KEYRING}:
            return
        if not self.still_wanted(identity):
            self.withdraw(identity)
        elif prompt.place is PromptChannel.DIALOG:
            self._show(identity, prompt, wait=0)
        else:
            self.broker = self.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING))
            self.tell_all(identity)

    def keyring_asks(self, identity: Identity, epoch: int, seconds: float) -> None:
        """The keychain has a question of its own, for so many seconds."""
        prompt = self.current(identity, epoch)
        if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
            asking = replace(prompt, stage=Stage.KEYRING, until=self.now.after(seconds))
            self.broker = self.broker.with_attempt(identity, asking)
            self.tell_all(identity)

    def _show(self, identity: Identity, prompt: Prompting, *, wait: int) -> None:
        """Show the dialog, and give all who wait for it their time."""
        seconds = self.broker.settings.prompt_seconds
        self._put_up(identity, replace(prompt, until=self.now.after(seconds)), wait=wait, seconds=seconds)
        self._give_time(identity, DESKTOP)
        self.tell_all(identity)

    def _put_up(self, identity: Identity, prompt: Prompting, *, wait: int, seconds: int) -> None:
        waiting = next(self.who_wait(identity), None)
        asked = waiting.asked if waiting is not None else None
        number, of = self._place_in_line(DESKTOP, identity)
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
        self.broker = self.broker.with_attempt(identity, replace(prompt, stage=Stage.ASKING, asker=asker))
        self.effects.append(Prompt(identity, prompt.epoch, question))

    def orphan(self, identity: Identity, request: int) -> None:
        """A caller has gone: what was asked for it alone is taken away, what was asked in its name changes the name."""
        prompt = self.broker.prompting(identity)
        if not isinstance(prompt, Prompting):
            return
        if not self.still_wanted(identity):
            self.withdraw(identity)
        elif prompt.asker == request:
            self.broker = self.broker.with_attempt(identity, replace(prompt, asker=None))

    def rename(self, identity: Identity) -> None:
        """Let the dialog name a caller that is still there. With the next tick: a crowd may be leaving."""
        prompt = self.broker.prompting(identity)
        if (
            isinstance(prompt, Prompting)
            and (prompt.place, prompt.stage, prompt.asker) == (PromptChannel.DIALOG, Stage.ASKING, None)
            and prompt.until is not None
            and not self.by_command()
            and self.still_wanted(identity)
        ):
            seconds = max(1, self.now.seconds_until(prompt.until))
            self._put_up(identity, replace(prompt, epoch=self.next_epoch()), wait=0, seconds=seconds)

    # Lines

    def take_turns(self) -> None:
        """Let those who have been asked leave their lines, and ask who is first now. The end of every step."""
        moved = True
        while moved:
            moved = False
            for where, line in self.broker.lines.items():
                rest = tuple(one for one in line.identities if self._stays(where, one, line))
                if rest == line.identities:
                    continue
                moved = True
                first = rest[:1] != line.identities[:1]
                self._set_line(where, replace(line, identities=rest, done=line.done + int(first)))
                if first and rest:
                    self._turn_of(where, rest[0])
                break

    def _turn_of(self, where: str, identity: Identity) -> None:
        prompt = self.broker.prompting(identity)
        if not isinstance(prompt, Prompting):
            return  # a code from elsewhere is on its way
        if where != DESKTOP:
            for waiting in list(self.who_wait(identity)):
                if self._where(waiting.asked.caller, prompt) == where:
                    self.tell(waiting)
            return
        closed = codes.seconds_closed(self.broker.device(identity), self.now)
        if closed > 0:
            self.failed(identity, codes.too_many(closed))
        elif prompt.stage is Stage.IN_LINE:
            self.broker = self.broker.with_attempt(identity, replace(prompt, stage=Stage.LOOKING))
            self.effects.append(CheckKeys(identity, prompt.epoch))

    def _stays(self, where: str, identity: Identity, line: PromptQueue) -> bool:
        """Whether there is still something to ask for this identity in this line."""
        prompt = self._question_of(identity)
        if prompt is None or where == DESKTOP:
            return prompt is not None and prompt.place is PromptChannel.DIALOG
        if len(line.identities) == 1:
            return True  # it is in nobody's way
        return any(self._where(one.asked.caller, prompt) == where for one in self.who_wait(identity))

    def _question_of(self, identity: Identity) -> Prompting | None:
        """The question of this identity, also while what was answered is on its way: it may be asked again."""
        attempt = self.broker.prompting(identity)
        return attempt.prompt if isinstance(attempt, Opening) else attempt

    def _where(self, caller: Caller, prompt: Prompting) -> str | None:
        """The line that a caller's question is in; None for one that has no terminal to ask on."""
        if prompt.place is PromptChannel.DIALOG and not self.at_terminal(caller):
            return DESKTOP
        return caller.terminal or None

    def _line_up(self, where: str, identity: Identity) -> bool:
        """Take a place in a line; whether it is the first."""
        line = self.broker.lines.get(where, PromptQueue())
        if identity not in line.identities:
            line = replace(line, identities=(*line.identities, identity), told=line.told or self.now)
            self._set_line(where, line)
        return line.identities[0] == identity

    def _set_line(self, where: str, line: PromptQueue) -> None:
        lines = {**self.broker.lines, where: line}
        if not line.identities:
            del lines[where]
        self.broker = replace(self.broker, lines=lines)

    def _place_in_line(self, where: str, identity: Identity) -> tuple[int, int]:
        """Which question this is, and of how many."""
        line = self.broker.lines.get(where, PromptQueue())
        if identity not in line.identities:
            return 1, 1
        return line.done + line.identities.index(identity) + 1, line.done + len(line.identities)

    def mind_the_lines(self) -> None:
        """Whoever is not asked yet has all of its time before it, and hears now and then that it goes on."""
        for identity in self.known():
            prompt = self.broker.prompting(identity)
            if isinstance(prompt, Prompting) and prompt.stage is Stage.LOOKING:
                self._give_time(identity, None)
        for where, line in self.broker.lines.items():
            behind = line.identities[1:]
            if not behind:
                continue
            for identity in behind:
                self._give_time(identity, where)
            if line.told is None or not self.later(line.told.after(REMIND)):
                self._set_line(where, replace(line, told=self.now))
                for identity in behind:
                    prompt = self._question_of(identity)
                    for waiting in list(self.who_wait(identity)):
                        if prompt is not None and self._where(waiting.asked.caller, prompt) == where:
                            self._tell_line(waiting, where)

    def _give_time(self, identity: Identity, where: str | None) -> None:
        """Let the `wait` of those in this line, or of all, begin now."""
        prompt = self._question_of(identity)
        if prompt is None:
            return
        waiting = dict(self.broker.waiting)
        for one in self.who_wait(identity):
            if where is None or self._where(one.asked.caller, prompt) == where:
                waiting[one.asked.caller.request] = replace(one, deadline=self.now.after(one.asked.wait))
        self.broker = replace(self.broker, waiting=waiting)

    # Telling

    def tell_all(self, identity: Identity) -> None:
        """Tell all who wait for the session what they wait for now."""
        for waiting in list(self.who_wait(identity)):
            self.tell(waiting)

    def tell(self, waiting: Waiting) -> None:
        """Tell a caller what it really waits for, with the time left; nothing while that is being found out."""
        identity, caller = waiting.identity, waiting.asked.caller
        match self.broker.prompting(identity):
            case Opening():
                text = Text("Waiting for AWS to answer for identity {identity}", identity=identity.name)
                self.effects.append(Tell(caller, NoteKind.AWS, text, identity))
            case Prompting(stage=Stage.LOOKING) as prompt:
                where = self._where(caller, prompt)
                if where:  # so that the first question there knows of the second
                    self._line_up(where, identity)
            case Prompting(stage=Stage.KEYRING) as prompt:
                text = Text(
                    "Waiting for the password prompt of your keyring, which holds the keys of identity {identity} "
                    "({left} s left)",
                    identity=identity.name,
                    left=self._left(waiting, prompt),
                )
                self.effects.append(Tell(caller, NoteKind.MFA, text, identity))
            case Prompting() as prompt if self._where(caller, prompt) != DESKTOP:
                self._tell_terminal(waiting, prompt)
            case Prompting(stage=Stage.IN_LINE):
                self._tell_line(waiting, DESKTOP)
            case Prompting() as prompt:
                self._tell_desktop(waiting, prompt)
            case None:
                pass

    def _tell_terminal(self, waiting: Waiting, prompt: Prompting) -> None:
        """Let the caller ask at its terminal, once for each question, when it is the turn of its identity there."""
        identity, caller = waiting.identity, waiting.asked.caller
        if waiting.question == prompt.attempt:
            return
        if caller.terminal and not self._line_up(caller.terminal, identity):
            self._tell_line(waiting, caller.terminal)
            return
        asked = replace(waiting, deadline=self.now.after(waiting.asked.wait), question=prompt.attempt)
        self.note_waiting(caller.request, asked)
        text = prompt.reason or Text(
            "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {word}` ({left} s left)",
            identity=identity.name,
            word=argument(identity.name),
            left=self._left(asked, prompt),
        )
        number, of = self._place_in_line(caller.terminal, identity)
        kind = NoteKind.CODE if prompt.reason is None else NoteKind.AGAIN
        left = self._left(asked, prompt)
        self.effects.append(Tell(caller, kind, text, identity, left=left, number=number, of=of))

    def _tell_line(self, waiting: Waiting, where: str) -> None:
        identity = waiting.identity
        number, of = self._place_in_line(where, identity)
        text = Text(
            "Waiting for the MFA code of identity {identity}: identity {other} is asked for first ({number} of {of})",
            identity=identity.name,
            other=self.broker.lines[where].identities[0].name,
            number=number,
            of=of,
        )
        self.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, identity))

    def _tell_desktop(self, waiting: Waiting, prompt: Prompting) -> None:
        values: dict[str, str | int | Text] = {"identity": waiting.identity.name, "left": self._left(waiting, prompt)}
        if self.by_command():
            text = Text(
                "Waiting for the MFA code of identity {identity} from the command in config.toml ({left} s left)",
                **values,
            )
        else:
            text = Text("Waiting for the MFA code of identity {identity} in the dialog ({left} s left)", **values)
        if prompt.reason is not None:
            text = Text("{reason} {next}", reason=prompt.reason, next=text)
        self.effects.append(Tell(waiting.asked.caller, NoteKind.MFA, text, waiting.identity))

    def _left(self, waiting: Waiting, prompt: Prompting) -> int:
        """Seconds until the question or the caller's patience ends, whichever comes first."""
        ends = [waiting.deadline, *([prompt.until] if prompt.until is not None else [])]
        return max(0, min(self.now.seconds_until(end) for end in ends))

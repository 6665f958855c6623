"""What a step of `setup` is, and how one is taken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from trayexec.commands.setup.interview import Interview, SkippedError
from trayexec.commands.setup.situation import Situation
from trayexec.light.errors import Text, TrayexecError


class Outcome(Enum):
    """What became of a step: there is nothing left to do, or there is, by the person's choice or not."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step: `there` says what is done already, None where something is to do; `plan` and `lines` say what that is.

    `suffices`: whether what is done already is enough; where it is not, other steps have to do the rest.
    `take` does it with the person. It raises SkippedError where they do not want it, TrayexecError where it cannot be,
    and says itself how to undo what it did.
    """

    title: Text
    there: Callable[[Situation], Text | None]
    plan: Callable[[Situation], Text]
    take: Callable[[Situation, Interview], None]
    lines: Callable[[Situation], Iterable[str]] = lambda _: ()
    suffices: Callable[[Situation], bool] = lambda _: True


def taken(step: SetupStep, interview: Interview, look: Callable[[], Situation]) -> Outcome:
    """Take a step, again if it fails and the person wants that."""
    while True:
        try:
            situation = look()
            there = step.there(situation)
            if there is not None:
                _say_what_is_there(step, situation, there, interview)
                return Outcome.DONE
            step.take(situation, interview)
        except SkippedError:
            interview.say(Text("Skipped."))
            return Outcome.SKIPPED
        except TrayexecError as error:
            interview.failed(error.trouble)
            try:
                interview.agree(Text("Try again?"))
            except SkippedError:
                return Outcome.FAILED
        else:
            return Outcome.DONE


def told(step: SetupStep, interview: Interview, look: Callable[[], Situation]) -> None:
    """Say what a step would do, and do nothing."""
    try:
        situation = look()
        there = step.there(situation)
        if there is not None:
            _say_what_is_there(step, situation, there, interview)
        else:
            interview.say(step.plan(situation))
            interview.lines(step.lines(situation))
    except TrayexecError as error:
        interview.failed(error.trouble)


def _say_what_is_there(step: SetupStep, situation: Situation, there: Text, interview: Interview) -> None:
    if step.suffices(situation):
        interview.good(there)
    else:
        interview.note(there)

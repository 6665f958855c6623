"""What a dialog shows that asks whether a program may use a profile, in the words of the person's language.

No key that was meant for another window may allow anything: in each tool it takes a choice that is not the first one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trayexec.adapters.wording import BRIEF, at_desktop, folded
from trayexec.core.ports import Decided, PermissionQuestion, Verdict
from trayexec.light.durations import spoken
from trayexec.light.errors import Text

# Not translated: window rules, screen readers' scripts and tests know the dialog by it.
TITLE = "trayexec - permission"
YES = "yes"
WORDS = 4  # of a command line that are shown
COLOURS = {  # as they are drawn: each is told from the others on a light window and on a dark one
    "red": "#d1242f",
    "orange": "#bc4c00",
    "yellow": "#d4a72c",
    "green": "#1a7f37",
    "blue": "#0969da",
    "purple": "#8250df",
    "grey": "#6e7781",
}


@dataclass(frozen=True, slots=True)
class PermissionText:
    """The dialog's text: each part is a line or a few words. `about` are lines with a name at the end of each.

    `answers` are the verdicts to choose from, each in a button's words, DENY the last. `typed` is for a tool that has
    no buttons of ours: which word is to be typed. `colour` is `#rrggbb`, or empty.
    """

    heading: str
    about: tuple[str, ...]
    position: str
    answers: tuple[tuple[str, str], ...]
    typed: str
    colour: str
    seconds: int

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it but the buttons, folded."""
        return tuple(folded(line) for line in (self.heading, self.position, *self.about) if line)


def write(question: PermissionQuestion, speak: Callable[[Text], str], words: str, folder: str) -> PermissionText:
    """Word a question of somebody whose command line begins with `words`, in `folder`, where these are known."""
    speak = at_desktop(speak, BRIEF)
    position = Text("Question {number} of {of}", number=question.number, of=question.of)
    return PermissionText(
        heading=speak(Text("Allow {program} to use {profile}?", program=question.program, profile=question.profile)),
        about=tuple(map(speak, _about(question, words, folder))),
        position="" if question.of == 1 else speak(position),
        answers=tuple((one.value, speak(_label(one, question.holds))) for one in (*question.choices, Verdict.DENY)),
        typed=speak(Text('Type "{yes}" to allow it once; anything else is a no.', yes=YES)),
        colour=COLOURS.get(question.colour, question.colour),
        seconds=question.seconds,
    )


def _about(question: PermissionQuestion, words: str, folder: str) -> Iterator[Text]:
    if question.account:
        yield Text("For account {account}, profile {profile}", account=question.account, profile=question.profile)
    else:
        yield Text("For profile {profile}", profile=question.profile)
    if question.automaton:
        yield Text("It runs under {automaton}, which acts by itself", automaton=question.automaton)
    if words:
        yield Text("Command: {words}", words=words)
    if question.origin:
        yield Text("In {app}", app=question.origin)
    if folder:
        yield Text("In folder {folder}", folder=folder)


def _label(verdict: Verdict, holds: int) -> Text:
    match verdict:
        case Verdict.ONCE:
            return Text("Allow once")
        case Verdict.FOR_A_TIME:
            return Text("Allow for {time}", time=spoken(holds))
        case Verdict.UNTIL_LOCKED:
            return Text("Allow until locked")
        case Verdict.DENY:
            return Text("Deny")


def decided(word: str, text: PermissionText) -> Decided:
    """The verdict that a tool printed; what is none of those that were offered is a no."""
    offered = {value for value, _ in text.answers}
    return Decided(next((one for one in Verdict if one.value == word and word in offered), Verdict.DENY))

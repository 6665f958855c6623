"""What a dialog shows, in the words of the person's language, and the one shape that every tool's file has."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trayexec.adapters.wording import BRIEF, ROOMY, at_desktop, folded
from trayexec.core.ports import Answer, NoDialog, Question
from trayexec.light.errors import Text, trouble

if TYPE_CHECKING:  # the Tk child imports this file, and has no use for asyncio
    from trayexec.adapters.child_processes import Ended

# Not translated: window rules, screen readers' scripts and tests know the dialog by it.
TITLE = "trayexec - MFA code"
SERIAL = 256  # characters: the longest there is, which is shown whole (IAM's API reference, SerialNumber)
COUNT = "{seconds}"  # where a dialog that can count writes the number itself


@dataclass(frozen=True, slots=True)
class DialogText:
    """The dialog's text. A tool shows the parts where it has a place for them; each is a line or a few words.

    `elsewhere` names the host that the code goes to, and is empty where that is AWS itself. `purpose` (for which
    profile) and `asked` (who asks) have lines of their own with the name at the end: no name can write the rest.
    `reason` (why it is asked again) and `hurry` (when the next code comes) are empty when there is nothing to say.
    `counting` and `counted` are for a dialog that can count down by itself: `hurry` with `COUNT` for the number, and
    what stands there afterwards.
    """

    heading: str
    device: str
    purpose: str
    asked: str
    elsewhere: str
    reason: str
    hurry: str
    counting: str
    counted: str
    prompt: str
    digits: str
    accept: str
    cancel: str
    wait: int
    seconds: int
    identity: str
    serial: str

    @property
    def lines(self) -> tuple[str, ...]:
        """What is always true: for which identity, where the code goes, for what, who asks, with which device; folded.

        The device comes last.
        """
        said = (self.heading, self.elsewhere, self.purpose, self.asked, self.device)
        return tuple(folded(line) for line in said if line)

    @property
    def news(self) -> tuple[str, ...]:
        """Why it is asked again and when the next code comes, folded; often nothing."""
        return tuple(folded(line) for line in (self.reason, self.hurry) if line)


Ask = Callable[[str, DialogText, Mapping[str, str]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to ask: what it is called, the program behind it (a path, a command line), and the function that asks.

    `ask(program, sheet, environ)` answers `NoDialog` when the tool turned out to be of no use here.
    """

    name: str
    program: str
    ask: Ask


def write(question: Question, speak: Callable[[Text], str]) -> DialogText:
    """Word a question."""
    wait, serial = question.wait, question.mfa_serial
    whole, roomy, speak = at_desktop(speak, SERIAL), at_desktop(speak, ROOMY), at_desktop(speak, BRIEF)
    return DialogText(
        heading=speak(_heading(question.identity, question)),
        device=whole(Text("Device: {serial}", serial=serial)),
        purpose=speak(Text("For profile {profile}", profile=question.profile)) if question.profile else "",
        asked=speak(Text("Asked by {asker}", asker=question.asker)) if question.asker else "",
        elsewhere=_elsewhere(question.endpoint, speak),
        reason=roomy(question.reason) if question.reason else "",
        hurry=speak(Text("A new code appears in {seconds} s: use that one.", seconds=wait)) if wait > 0 else "",
        counting=speak(Text("A new code appears in {seconds} s: use that one.", seconds=COUNT)) if wait > 0 else "",
        counted=speak(Text("The new code is there now.")) if wait > 0 else "",
        prompt=speak(Text("MFA code")),
        digits=speak(Text("Six digits, from your authenticator")),
        accept=speak(Text("Unlock")),
        cancel=speak(Text("Cancel")),
        wait=max(wait, 0),
        seconds=question.seconds,
        identity=question.identity,
        serial=serial,
    )


def _heading(identity: str, question: Question) -> Text:
    if question.of > 1:
        return Text(
            "Unlock {identity} with your MFA code ({number} of {of})",
            identity=identity,
            number=question.number,
            of=question.of,
        )
    return Text("Unlock {identity} with your MFA code", identity=identity)


def _elsewhere(host: str, speak: Callable[[Text], str]) -> str:
    return speak(Text("The code goes to {host}, which is not AWS", host=host)) if host else ""


def useless(tool: str, why: str | Text) -> NoDialog:
    """A tool that could not show its dialog, in its own words; what to do in its place is for `choose` to say."""
    return NoDialog(
        trouble(
            "no_dialog",
            "{tool} could not show its dialog: {why}",
            "",
            tool=tool,
            why=why if isinstance(why, Text) else why[:200],
        )
    )


def broken(tool: str, ended: "Ended") -> NoDialog:
    """`useless`, from how the child ended."""
    return useless(tool, ended.complaint)


def on_screen(environ: Mapping[str, str]) -> bool:
    """Whether there is an X or Wayland display to show something on."""
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))

"""What a dialog shows, in the words of the person's language, and the one shape that every tool's file has."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trayexec.adapters.dialogs.own.code_field import COUNT
from trayexec.adapters.dialogs.permission import PermissionText
from trayexec.adapters.wording import BRIEF, ROOMY, at_desktop, brief, folded
from trayexec.core.ports import Answer, NoDialog, PermissionAnswer, Question
from trayexec.light.errors import Text, trouble

if TYPE_CHECKING:  # the Tk child imports this file, and has no use for asyncio
    from trayexec.adapters.child_processes import Ended

# Not translated: window rules, screen readers' scripts and tests know the dialog by it.
TITLE = "trayexec - MFA code"
SERIAL = 256  # characters: the longest there is, which is shown whole (IAM's API reference, SerialNumber)


@dataclass(frozen=True, slots=True)
class DialogText:
    """The dialog's text. A tool shows the parts where it has a place for them; each is a line or a few words.

    `elsewhere` names the host that the code goes to, and is empty where that is AWS itself. `about` are lines with a
    name at the end of each, so that no name can write the rest: for what, who asks, from where; the device is the last.
    `position` says which of several questions it is. `reason` (why it is asked again) and `hurry` (when the next code
    comes) are empty when there is nothing to say. `counting`, `held` and `counted` are for a dialog that can count down
    by itself: `hurry` with `COUNT` for the number, what stands there once six digits wait, and what stands there after.
    `devices` are names of the `serials` to choose from, with `device` before them; a dialog that has no choice says the
    one that is last in `about`.
    """

    heading: str
    elsewhere: str
    about: tuple[str, ...]
    position: str
    reason: str
    hurry: str
    counting: str
    held: str
    counted: str
    prompt: str
    digits: str
    accept: str
    cancel: str
    wait: int
    seconds: int
    identity: str
    serial: str
    device: str
    devices: tuple[str, ...]
    serials: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What is always true: whose it is, where the code goes, and what it is about; folded. The device is last."""
        said = (self.heading, self.position, self.elsewhere, *self.about)
        return tuple(folded(line) for line in said if line)

    @property
    def news(self) -> tuple[str, ...]:
        """Why it is asked again and when the next code comes, folded; often nothing."""
        return tuple(folded(line) for line in (self.reason, self.hurry) if line)


Ask = Callable[[str, DialogText, Mapping[str, str]], Awaitable[Answer]]
Permit = Callable[[str, PermissionText, Mapping[str, str]], Awaitable[PermissionAnswer]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to ask: what it is called, the program behind it (a path, a command line), and the functions that ask.

    `ask(program, sheet, environ)` answers `NoDialog` when the tool turned out to be of no use here; so does `permit`,
    which asks for no code but for a permission, and is None where the tool cannot.
    """

    name: str
    program: str
    ask: Ask
    permit: Permit | None = None


def write(question: Question, speak: Callable[[Text], str], folder: str = "") -> DialogText:
    """Word a question of somebody who is in `folder`, if that is known."""
    wait = max(question.wait, 0)
    whole, roomy, speak = at_desktop(speak, SERIAL), at_desktop(speak, ROOMY), at_desktop(speak, BRIEF)
    return DialogText(
        heading=speak(Text("Unlock {whose}", whose=question.whose or question.identity)),
        elsewhere=_elsewhere(question.endpoint, speak),
        about=(*map(speak, _about(question, folder)), whole(Text("Device: {serial}", serial=question.mfa_serial))),
        position=_position(question, speak),
        reason=roomy(question.reason) if question.reason else "",
        hurry=speak(Text("A new code appears in {seconds} s: use that one.", seconds=wait)) if wait else "",
        counting=speak(Text("A new code appears in {seconds} s: use that one.", seconds=COUNT)) if wait else "",
        held=speak(Text("Sent in {seconds} s, when the new code is there", seconds=COUNT)) if wait else "",
        counted=speak(Text("The new code is there now.")) if wait else "",
        prompt=speak(Text("6-digit code")),
        digits=speak(Text("From your authenticator; it is sent with the sixth digit")),
        accept=speak(Text("Unlock")),
        cancel=speak(Text("Cancel")),
        wait=wait,
        seconds=question.seconds,
        identity=question.identity,
        serial=question.mfa_serial,
        device=speak(Text("Code of device")) if question.serials else "",
        devices=tuple(brief(name, BRIEF) for name in _names(question.serials)),
        serials=question.serials,
    )


def _names(serials: tuple[str, ...]) -> tuple[str, ...]:
    """What to tell the devices apart by: their names in IAM, or the whole serials where these are not enough."""
    names = tuple(one.rpartition("/")[2] for one in serials)
    return names if len({*names}) == len(names) else serials


def _about(question: Question, folder: str) -> Iterator[Text]:
    if question.profile and question.account:
        yield Text("For account {account}, profile {profile}", account=question.account, profile=question.profile)
    elif question.profile:
        yield Text("For profile {profile}", profile=question.profile)
    if question.asker:
        yield Text("Asked by {asker}", asker=question.asker)
    if question.allows:
        yield question.allows
    if folder:
        yield Text("In folder {folder}", folder=folder)


def _position(question: Question, speak: Callable[[Text], str]) -> str:
    if question.of == 1:
        return ""
    return speak(Text("Question {number} of {of}", number=question.number, of=question.of))


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

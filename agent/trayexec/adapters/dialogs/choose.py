"""Chooses the tool that asks for a code, and goes on to the next when one turns out to be of no use."""

import asyncio
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping

from trayexec.adapters import file_trust
from trayexec.adapters.dialogs import command, kdialog, osascript, permission, pinentry, windows, zenity
from trayexec.adapters.dialogs.own.tool import find_gtk3, find_gtk4, find_tk
from trayexec.adapters.dialogs.sheet import Tool, on_screen, write
from trayexec.adapters.processes import command_line_of, folder_of
from trayexec.core.ports import Answer, NoDialog, PermissionAnswer, PermissionQuestion, Prompter, Question
from trayexec.core.shell_words import argument
from trayexec.light.errors import Text, Trouble, trouble

TERMINAL = "terminal"
FINDERS: Mapping[str, Callable[[Mapping[str, str]], list[Tool]]] = {
    "gtk3": find_gtk3,
    "gtk4": find_gtk4,
    "pinentry": pinentry.find,
    "zenity": zenity.find,
    "kdialog": kdialog.find,
    "tk": find_tk,
    "osascript": osascript.find,
    "windows": windows.find,
}


class Dialogs(Prompter):
    """The dialog on this desktop.

    `method` is `auto`, `terminal`, a tool's name (one of `FINDERS`, or one pinentry such as `pinentry-qt`), or a
    command line that prints the code.
    `environ` says which display, desktop and PATH there are, and is what the dialogs run in.

    A tool that failed is asked last from then on, and again only when every other one failed too: what keeps a tool
    from working may pass.
    """

    def __init__(self, method: str, environ: Mapping[str, str], speak: Callable[[Text], str] = str) -> None:
        self._method = method.strip()
        self._environ = environ
        self._speak = speak
        self._failed: dict[str, Trouble] = {}

    def prefer(self, method: str) -> None:
        """Ask in this way from now on."""
        if method.strip() != self._method:
            self._method = method.strip()
            self._failed.clear()

    @property
    def name(self) -> str:
        """The tool that would ask now, or `terminal` when there is none or all have failed."""
        return next((tool.name for tool in self._tools() if tool.program not in self._failed), TERMINAL)

    async def ask(self, question: Question) -> Answer:
        """Show a dialog, or run the question's command, and wait, at most `question.seconds`.

        Cancelling the task closes it and leaves no process.
        """
        sheet = write(question, self._speak, folder_of(question.pid))
        if question.command:
            why = await asyncio.to_thread(_doubt, question.named_in)
            if why is not None:
                return NoDialog(why)
            return await command.ask(shlex.join(question.command), sheet, self._environ)
        answer: Answer = NoDialog(self._nothing(question.identity))
        for tool in sorted(self._tools(), key=lambda tool: tool.program in self._failed):
            answer = await tool.ask(tool.program, sheet, self._environ)
            if not isinstance(answer, NoDialog):
                self._failed.pop(tool.program, None)
                break
            self._failed[tool.program] = answer.trouble
            answer = NoDialog(_on_a_terminal(answer.trouble, question.identity))
        return answer

    async def ask_permission(self, question: PermissionQuestion) -> PermissionAnswer:
        """The same for a permission, by the first tool that can. A command of the person's own is no person."""
        words = permission.WORDS
        text = permission.write(question, self._speak, command_line_of(question.pid, words), folder_of(question.pid))
        answer: PermissionAnswer = NoDialog(self._nothing(""))
        by_command = self._method not in {"auto", TERMINAL, *FINDERS} and not self._is_pinentry
        tools = [tool for tool in (self._automatic() if by_command else self._tools()) if tool.permit is not None]
        for tool in sorted(tools, key=lambda tool: tool.program in self._failed):
            if tool.permit is not None:
                answer = await tool.permit(tool.program, text, self._environ)
            if not isinstance(answer, NoDialog):
                break
            self._failed[tool.program] = answer.trouble
        return answer

    @property
    def _is_pinentry(self) -> bool:
        return self._method.startswith("pinentry-") and " " not in self._method

    def _tools(self) -> list[Tool]:
        """What may be asked here, best first."""
        here, method = self._environ, self._method
        if method == "auto":
            return self._automatic()
        if method == TERMINAL:
            return []
        if method in FINDERS:
            return FINDERS[method](here)
        if self._is_pinentry:
            return [tool for tool in pinentry.find(here) if tool.name == method]
        return [command.tool(method)]

    def _automatic(self) -> list[Tool]:
        """Our own dialog first. Then what names its field and shows its digits; pinentry-gnome3 does neither."""
        here = self._environ
        if sys.platform == "darwin":
            return [*osascript.find(here), *find_tk(here)]
        if sys.platform == "win32":
            return [*find_tk(here), *windows.find(here)]
        others = [*zenity.find(here), *kdialog.find(here)]
        if "KDE" in here.get("XDG_CURRENT_DESKTOP", "").upper().split(":"):
            others.reverse()
        return [*find_gtk3(here), *find_gtk4(here), *find_tk(here), *others, *pinentry.find(here)]

    def _nothing(self, identity: str) -> Trouble:
        """Why there is no tool to ask with, and how the code of this identity can be given all the same."""
        word = argument(identity)
        if self._method == TERMINAL:
            return trouble(
                "no_dialog",
                "Your settings say that the code is asked on the terminal only.",
                "Type the code in a terminal: `trayexec auth {word}`",
                word=word,
            )
        if sys.platform == "linux" and not on_screen(self._environ):
            return trouble(
                "no_dialog",
                "There is no display to show the dialog on.",
                "Type the code in a terminal: `trayexec auth {word}`. If you have a display, the agent was started "
                "where there was none: run `trayexec agent stop`, then the command again.",
                word=word,
            )
        if self._method == "auto":
            return trouble(
                "no_dialog",
                "No program that can show a dialog is installed.",
                "Install one of python3-gi with gir1.2-gtk-3.0, python3-tk, zenity, kdialog or pinentry-qt,"
                " or type the code in a terminal: `trayexec auth {word}`",
                word=word,
            )
        return trouble(
            "no_dialog",
            "The dialog program that your settings name, {method}, is not installed.",
            "Install it, or set the prompt method to auto; for now: `trayexec auth {word}`",
            method=self._method,
            word=word,
        )


def _doubt(files: Iterable[str]) -> Trouble | None:
    """Why a command that stands in one of these files is not run: somebody else could have written it."""
    for file in files:
        why = file_trust.doubt(file)
        if why is not None:
            return trouble(
                "prompt_command_untrusted",
                "The command that should print the MFA code is not run, for {file} cannot be trusted: {why}.",
                "Only you may write to the file and its folder, where it names a command.",
                file=file,
                why=why,
            )
    return None


def _on_a_terminal(what: Trouble, identity: str) -> Trouble:
    """A tool's trouble with what to do in its place, where the tool itself knows nothing better."""
    hint = Text("Type the code in a terminal instead: `trayexec auth {word}`", word=argument(identity))
    return what if str(what.hint) else Trouble(what.code, what.title, hint)

"""Asks with kdialog, KDE's dialog for scripts. It has no time-out of its own: it is killed."""

import shutil
from collections.abc import Mapping
from html import escape

from trayexec.adapters.child_processes import run
from trayexec.adapters.dialogs.permission import TITLE as TITLE_PERMISSION
from trayexec.adapters.dialogs.permission import PermissionText, decided
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, broken, on_screen, useless
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Decided, Entered, PermissionAnswer, TimedOut, Verdict

_OK, _CANCEL = 0, 1


def find(environ: Mapping[str, str]) -> list[Tool]:
    """Kdialog, when it is installed and there is a display."""
    path = shutil.which("kdialog", path=environ.get("PATH")) if on_screen(environ) else None
    return [Tool("kdialog", path, ask, permit)] if path else []


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Ask once."""
    heading, *rest = sheet.lines
    body, news = _escape("\n".join(rest)), _escape("\n".join(sheet.news))
    warning = f'<p style="color:#b3261e">{news}</p>' if news else ""
    text = f"<qt><p><b>{_escape(heading)}</b></p><p>{body}</p>{warning}<p>{_escape(sheet.prompt)}:</p></qt>"
    argv = [program, "--title", TITLE, "--inputbox", text, ""]
    try:
        ended = await run(argv, environ, seconds=sheet.seconds)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("kdialog", str(error))
    if ended.status == _OK:
        return Entered(Secret(ended.out.decode(errors="replace").removesuffix("\n")))
    return Cancelled() if ended.status == _CANCEL else broken("kdialog", ended)


async def permit(program: str, text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    """Ask for a permission: a list in which the no is chosen, so that Return takes it."""
    *choices, (deny, no) = text.answers
    heading, *rest = text.lines
    body = _escape("\n".join(rest))
    shown = f"<qt><p><b>{_escape(heading)}</b></p><p>{body}</p></qt>"
    rows = [cell for pair in ((deny, no), *choices) for cell in pair]
    argv = [program, "--title", TITLE_PERMISSION, "--menu", shown, *rows, "--default", no]
    try:
        ended = await run(argv, environ, seconds=text.seconds)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("kdialog", str(error))
    if ended.status == _OK:
        return decided(ended.out.decode(errors="replace").strip(), text)
    return Decided(Verdict.DENY) if ended.status == _CANCEL else broken("kdialog", ended)


def _escape(text: str) -> str:
    """Rich text, in which kdialog also undoes backslashes, and in which Qt takes a single `&` for a mnemonic."""
    return escape(text.replace("&", "&&")).replace("\\", "&#92;").replace("\n", "<br>")

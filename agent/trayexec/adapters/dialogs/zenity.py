"""Asks with zenity, GNOME's dialog for scripts.

The digits stay visible: a code is good for 30 seconds and once, and a typo costs a try.
"""

import shutil
from collections.abc import Mapping
from html import escape

from trayexec.adapters.child_processes import run
from trayexec.adapters.dialogs.permission import TITLE as TITLE_PERMISSION
from trayexec.adapters.dialogs.permission import PermissionText, decided
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, broken, on_screen, useless
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Decided, Entered, PermissionAnswer, TimedOut, Verdict

_LATE = 3.0  # seconds beyond its own time-out before it is killed
_OK, _CANCEL, _TIMEOUT = 0, 1, 5
# GLib takes the words of the command line for ASCII, and refuses others, in a locale that is not installed
# (g_get_charset, https://docs.gtk.org/glib/func.get_charset.html).
_CHARSET = {"CHARSET": "UTF-8"}


def find(environ: Mapping[str, str]) -> list[Tool]:
    """Zenity, when it is installed and there is a display."""
    path = shutil.which("zenity", path=environ.get("PATH")) if on_screen(environ) else None
    return [Tool("zenity", path, ask, permit)] if path else []


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Ask once."""
    heading, *rest = sheet.lines
    warning = "\n".join(sheet.news)
    text = "\n\n".join(block for block in (heading, "\n".join(rest), warning, f"{sheet.prompt}:") if block)
    argv = [
        program,
        "--entry",
        f"--title={TITLE}",
        f"--text={_escape(text)}",
        f"--timeout={sheet.seconds}",
        f"--ok-label={_mnemonic(sheet.accept)}",
        f"--cancel-label={_mnemonic(sheet.cancel)}",
        "--width=420",
    ]
    try:
        ended = await run(argv, {**environ, **_CHARSET}, seconds=sheet.seconds + _LATE)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("zenity", str(error))
    if ended.status == _OK:
        return Entered(Secret(ended.out.decode(errors="replace").removesuffix("\n")))
    if ended.status == _TIMEOUT:  # it prints what was typed so far: nobody pressed the button, so it is no answer
        return TimedOut()
    # A display that cannot be opened ends with the same status as the Cancel button; only the words differ.
    no_display = b"display" in ended.err.lower()
    return Cancelled() if ended.status == _CANCEL and not no_display else broken("zenity", ended)


async def permit(program: str, text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    """Ask for a permission: a list whose first row, which Return takes, is the no."""
    *choices, (deny, no) = text.answers
    rows = [cell for verdict, label in ((deny, no), *choices) for cell in (verdict, label)]
    heading, *rest = text.lines
    argv = [
        program,
        "--list",
        f"--title={TITLE_PERMISSION}",
        f"--text={_marked_up(heading, rest)}",
        f"--timeout={text.seconds}",
        "--hide-header",
        "--column=verdict",
        "--column=label",
        "--hide-column=1",
        "--print-column=1",
        "--width=420",
        "--height=420",
        *rows,
    ]
    try:
        ended = await run(argv, {**environ, **_CHARSET}, seconds=text.seconds + _LATE)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("zenity", str(error))
    if ended.status == _TIMEOUT:
        return TimedOut()
    if ended.status == _OK:
        return decided(ended.out.decode(errors="replace").strip(), text)
    if ended.status == _CANCEL and b"display" not in ended.err.lower():
        return Decided(Verdict.DENY)
    return broken("zenity", ended)


def _marked_up(heading: str, rest: list[str]) -> str:
    """The label of --list is markup, in which C escapes are undone (zenity's src/tree.c)."""
    words = escape("\n".join((heading, "", *rest)))
    return words.replace("\\", "\\\\").replace("\n", "\\n")


def _escape(text: str) -> str:
    """The label of --entry undoes C escapes, then takes `_` for a mnemonic (zenity's src/entry.c); no markup there."""
    return _mnemonic(text).replace("\\", "\\\\").replace("\n", "\\n")


def _mnemonic(text: str) -> str:
    return text.replace("_", "__")

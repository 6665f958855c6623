"""Asks with osascript, on macOS: AppleScript's `display dialog`, in a process of its own.

Written from Apple's AppleScript Language Guide and tested with a stand-in for osascript; never run on a Mac.
"""

import shutil
from collections.abc import Mapping

from trayexec.adapters.child_processes import run
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, broken, useless
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Entered, TimedOut

_LATE = 3.0  # seconds beyond its own time-out before it is killed
_CANCEL = b"(-128)"  # AppleScript's userCanceledErr, which osascript prints at the end of its error line
_GAVE_UP, _TYPED = b"gave up", b"typed "

# The values come as argv: nothing that a person or a config file wrote becomes part of the script.
_SCRIPT = """\
on run argv
    set wanted to (item 5 of argv) as integer
    set cancelLabel to item 3 of argv
    set okLabel to item 4 of argv
    set answer to display dialog (item 2 of argv) with title (item 1 of argv) default answer "" \
hidden answer false buttons {cancelLabel, okLabel} default button okLabel cancel button cancelLabel \
with icon caution giving up after wanted
    if gave up of answer then return "gave up"
    return "typed " & text returned of answer
end run"""


def find(environ: Mapping[str, str]) -> list[Tool]:
    """Osascript, which every Mac has."""
    path = shutil.which("osascript", path=environ.get("PATH"))
    return [Tool("osascript", path, ask)] if path else []


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Ask once."""
    text = "\n\n".join(block for block in ("\n".join(sheet.lines), "\n".join(sheet.news), f"{sheet.prompt}:") if block)
    argv = [program, "-e", _SCRIPT, TITLE, text, sheet.cancel, sheet.accept, str(sheet.seconds)]
    try:
        ended = await run(argv, environ, seconds=sheet.seconds + _LATE)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("osascript", str(error))
    said = ended.out.removesuffix(b"\n")
    if ended.status:
        return Cancelled() if _CANCEL in ended.err else broken("osascript", ended)
    if said == _GAVE_UP:
        return TimedOut()
    return Entered(Secret(said.removeprefix(_TYPED).decode(errors="replace")))

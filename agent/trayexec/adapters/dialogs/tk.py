"""Asks with our own window, drawn by Tk in a Python of its own (`tk_child.py`): the one that can count down."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict

from trayexec.adapters.child_processes import Ended, run
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, broken, useless
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Entered, TimedOut
from trayexec.light import own_command

_LATE = 5.0  # seconds beyond its own time-out before it is killed; Python and Tk have to start first


def find(environ: Mapping[str, str]) -> list[Tool]:
    """Tk, when this Python has it (Debian: python3-tk) and there is a display."""
    # The extension module: Debian ships the pure Python part without it. Looking for it imports nothing.
    visible = environ.get("DISPLAY") if sys.platform == "linux" else "the screen"
    if not visible or importlib.util.find_spec("_tkinter") is None:
        return []
    return [Tool("tk", "trayexec.adapters.dialogs.tk_child", ask)]


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Ask once."""
    given = json.dumps({"title": TITLE, **asdict(sheet)}).encode()
    try:
        ended = await run(own_command.python(program), environ, seconds=sheet.seconds + _LATE, given=given)
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless("tk", str(error))
    if ended.status:
        return broken("tk", ended)
    return _read(ended)


def _read(ended: Ended) -> Answer:
    match ended.out.split(b"\n")[0].partition(b" "):
        case (b"entered", _, code):
            return Entered(Secret(code.decode(errors="replace")))
        case (b"timed-out", _, _):
            return TimedOut()
        case (b"cancelled", _, _):
            return Cancelled()
        case _:
            return broken("tk", ended)

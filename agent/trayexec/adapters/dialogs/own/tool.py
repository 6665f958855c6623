"""Starts our own dialog in a child process, drawn by GTK or by Tk, and reads what it answers.

GTK is looked for in the distribution's own Python (Debian: python3-gi and gir1.2-gtk-3.0 or -4.0): it is there where a
desktop is, and an environment of ours never has it. What is looked for are files: nothing is started before a question.
"""

import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from trayexec.adapters.child_processes import Ended, run
from trayexec.adapters.dialogs.permission import TITLE as TITLE_PERMISSION
from trayexec.adapters.dialogs.permission import PermissionText, decided
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, broken, on_screen, useless
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Decided, Entered, NoDialog, PermissionAnswer, TimedOut, Verdict
from trayexec.light import own_command

SYSTEM_PYTHON = Path("/usr/bin/python3")
OLDEST = (3, 9)  # what the child's syntax needs
_LATE = 5.0  # seconds beyond its own time-out before it is killed; Python and the toolkit have to start first
_CHILD = Path(__file__).with_name("gtk_child.py")
_PERMISSION_CHILD = Path(__file__).with_name("gtk_permission_child.py")
_ROOT = Path(__file__).parents[4]  # where our packages are
# Where distributions have packages of their own Python, and GTK's descriptions for it (g-i's repository path).
_PACKAGES = (
    "/usr/lib/python3/dist-packages",
    "/usr/lib/python{0}.{1}/site-packages",
    "/usr/lib64/python{0}.{1}/site-packages",
)
_TYPELIBS = ("usr/lib/*/girepository-1.0", "usr/lib64/girepository-1.0", "usr/lib/girepository-1.0")


def find_gtk3(environ: Mapping[str, str]) -> list[Tool]:
    """GTK 3, when the distribution's Python has it and there is a display. Under X it puts a window in front."""
    return [Tool("gtk3", "3.0", _ask_gtk, _permit_gtk)] if _has_gtk("3.0", environ) else []


def find_gtk4(environ: Mapping[str, str]) -> list[Tool]:
    """GTK 4, likewise."""
    return [Tool("gtk4", "4.0", _ask_gtk, _permit_gtk)] if _has_gtk("4.0", environ) else []


def find_tk(environ: Mapping[str, str]) -> list[Tool]:
    """Tk, when this Python has it (Debian: python3-tk) and there is a display."""
    # The extension module: Debian ships the pure Python part without it. Looking for it imports nothing.
    visible = environ.get("DISPLAY") if sys.platform == "linux" else "the screen"
    if not visible or importlib.util.find_spec("_tkinter") is None:
        return []
    return [Tool("tk", "trayexec.adapters.dialogs.own.tk_child", _ask_tk, _permit_tk)]


def _has_gtk(wanted: str, environ: Mapping[str, str]) -> bool:
    version = _version(SYSTEM_PYTHON)
    return (
        sys.platform == "linux"
        and on_screen(environ)
        and _CHILD.is_file()  # not so in an archive
        and version is not None
        and version >= OLDEST
        and any(Path(folder.format(*version), "gi/__init__.py").is_file() for folder in _PACKAGES)
        and any(any(Path("/").glob(f"{folder}/Gtk-{wanted}.typelib")) for folder in _TYPELIBS)
    )


def _version(python: Path) -> tuple[int, int] | None:
    """Which Python that is, by the name of the file that the link leads to: it is not started for that."""
    match = re.fullmatch(r"python([0-9]+)\.([0-9]+)", Path(os.path.realpath(python)).name)
    return (int(match[1]), int(match[2])) if match else None


async def _ask_gtk(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    # -B: it leaves no compiled files beside ours.
    argv = [str(SYSTEM_PYTHON), "-I", "-B", str(_CHILD), str(_ROOT), program]
    return await _ask(f"gtk{program[0]}", argv, sheet, environ)


async def _ask_tk(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    return await _ask("tk", own_command.python(program), sheet, environ)


async def _permit_gtk(program: str, text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    argv = [str(SYSTEM_PYTHON), "-I", "-B", str(_PERMISSION_CHILD), str(_ROOT), program]
    return await _permit(f"gtk{program[0]}", argv, text, environ)


async def _permit_tk(program: str, text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    return await _permit("tk", own_command.python(program.replace("tk_child", "tk_permission_child")), text, environ)


async def _ask(tool: str, argv: list[str], sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    ended = await _run(tool, argv, {"title": TITLE, **asdict(sheet)}, environ)
    return _read(tool, ended, sheet.serials) if isinstance(ended, Ended) else ended


async def _permit(tool: str, argv: list[str], text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    ended = await _run(tool, argv, {"title": TITLE_PERMISSION, **asdict(text)}, environ)
    if not isinstance(ended, Ended):
        return ended
    match ended.out.split(b"\n")[0].partition(b" "):
        case (b"decided", _, verdict):
            return decided(verdict.decode(errors="replace"), text)
        case (b"timed-out", _, _):
            return TimedOut()
        case (b"cancelled", _, _):
            return Decided(Verdict.DENY)
        case _:
            return broken(tool, ended)


async def _run(
    tool: str, argv: list[str], text: Mapping[str, object], environ: Mapping[str, str]
) -> Ended | TimedOut | NoDialog:
    seconds = float(str(text["seconds"])) + _LATE
    try:
        ended = await run(argv, environ, seconds=seconds, given=json.dumps(text).encode())
    except TimeoutError:
        return TimedOut()
    except OSError as error:
        return useless(tool, str(error))
    return broken(tool, ended) if ended.status else ended


def _read(tool: str, ended: Ended, serials: tuple[str, ...]) -> Answer:
    match ended.out.split(b"\n")[0].split():
        case [b"entered", code]:
            return Entered(Secret(code.decode(errors="replace")))
        case [b"entered", code, number] if number.isdigit() and int(number) < len(serials):
            return Entered(Secret(code.decode(errors="replace")), serials[int(number)])
        case [b"timed-out"]:
            return TimedOut()
        case [b"cancelled"]:
            return Cancelled()
        case _:
            return broken(tool, ended)

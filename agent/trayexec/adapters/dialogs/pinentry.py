"""Asks with a graphical pinentry, the dialog of GnuPG: it can say why it asks again.

The protocol is Assuan (https://www.gnupg.org/documentation/manuals/assuan/): a command a line, answered by `OK`,
`ERR number text`, and before them `D` lines, in which `%`, CR and LF are written as %XX.
"""

import asyncio
import shutil
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from trayexec.adapters.child_processes import Child, child
from trayexec.adapters.dialogs.permission import TITLE as TITLE_PERMISSION
from trayexec.adapters.dialogs.permission import YES, PermissionText
from trayexec.adapters.dialogs.sheet import TITLE, DialogText, Tool, on_screen, useless
from trayexec.adapters.wording import brief, folded
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Cancelled, Decided, Entered, PermissionAnswer, TimedOut, Verdict
from trayexec.light.errors import Text

# Best first: gnome3's field cannot be named, and it looks like the keyring's own prompt.
FLAVOURS = ("qt", "qt5", "gtk-2", "fltk", "gnome3")
_START = 10.0  # seconds until it answers the first commands; a cold disk may be slow
_LATE = 3.0  # seconds beyond its own time-out before it is killed
_LINE = 1000  # bytes: a pinentry ends by itself when a command is longer (ASSUAN_LINELENGTH, with the line's end)
_CODE = 0xFFFF  # the low half of an error number is the code, the high half says which library it comes from
_TIMED_OUT, _CANCELLED, _FULLY_CANCELLED = 62, 99, 198  # libgpg-error's GPG_ERR_*
_NOT_GRAPHICAL = ("curses", "tty", "emacs")


class _RefusedError(Exception):
    """The pinentry answered `ERR`."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        number, _, self.text = line.partition(" ")
        self.code = int(number) & _CODE if number.isdigit() else 0


def find(environ: Mapping[str, str]) -> list[Tool]:
    """The pinentries installed here."""
    if not on_screen(environ):
        return []
    names = [f"pinentry-{flavour}" for flavour in FLAVOURS]
    found = [(name, shutil.which(name, path=environ.get("PATH"))) for name in (*names, "pinentry")]
    return [Tool(name, path, ask, permit) for name, path in found if path]


async def ask(program: str, sheet: DialogText, environ: Mapping[str, str]) -> Answer:
    """Ask once. A pinentry that would ask on a terminal is not used."""
    return await _pin(program, _settings(sheet), sheet.seconds, environ)


async def permit(program: str, text: PermissionText, environ: Mapping[str, str]) -> PermissionAnswer:
    """Ask for a permission: a word is to be typed, for Return would press what CONFIRM shows first."""
    answer = await _pin(program, _settings_of(text), text.seconds, environ)
    match answer:
        case Entered(typed):
            return Decided(Verdict.ONCE if typed.reveal().strip().lower() == YES else Verdict.DENY)
        case Cancelled():
            return Decided(Verdict.DENY)
        case _:
            return answer


async def _pin(program: str, settings: list[str], seconds: int, environ: Mapping[str, str]) -> Answer:
    name = program.rpartition("/")[2]
    try:
        async with child([program], environ) as process:
            async with asyncio.timeout(_START):
                await _answer(process)
                flavour = await _command(process, "GETINFO flavor")
                if any(word in flavour for word in _NOT_GRAPHICAL):
                    return useless(name, Text("it is {flavour} and would ask on a terminal", flavour=flavour))
                for line in settings:
                    await _command(process, line)
            async with asyncio.timeout(seconds + _LATE):
                return Entered(Secret(await _command(process, "GETPIN")))
    except _RefusedError as refused:
        if refused.code in {_CANCELLED, _FULLY_CANCELLED}:
            return Cancelled()
        return TimedOut() if refused.code == _TIMED_OUT else useless(name, refused.text)
    except TimeoutError:
        return TimedOut()
    except (OSError, EOFError) as error:
        return useless(name, str(error) or Text("it ended by itself"))


def _settings(sheet: DialogText) -> list[str]:
    heading, *rest = sheet.lines
    return [
        "OPTION no-grab",  # a grabbed keyboard would keep people from fetching the code from another window
        f"SETTITLE {TITLE}",
        _told("SETDESC", [f"{heading}\n", *rest]),
        f"SETPROMPT {_escape(sheet.prompt)}:",
        f"SETOK {_escape(sheet.accept)}",
        f"SETCANCEL {_escape(sheet.cancel)}",
        f"SETTIMEOUT {sheet.seconds}",
        *([_told("SETERROR", list(sheet.news))] if sheet.news else []),
    ]


def _settings_of(text: PermissionText) -> list[str]:
    heading, *rest = text.lines
    return [
        "OPTION no-grab",
        f"SETTITLE {TITLE_PERMISSION}",
        _told("SETDESC", [f"{heading}\n", *rest, f"\n{text.typed}"]),
        f"SETPROMPT {YES}:",
        f"SETTIMEOUT {text.seconds}",
    ]


def _told(command: str, lines: list[str]) -> str:
    """The command with these lines. Where it would be too long the longest ones are cut, but the last: the device."""
    line = _line(command, lines)
    flat = [one.replace("\n", " ") for one in lines[:-1] or lines]
    while len(line) > _LINE:
        longest = max(range(len(flat)), key=lambda place: len(flat[place].encode()))
        flat[longest] = brief(flat[longest], len(flat[longest]) - 8)
        line = _line(command, [*map(folded, flat), *lines[len(flat) :]])
    return line.decode()


def _line(command: str, lines: list[str]) -> bytes:
    words = "\n".join(lines)
    return f"{command} {_escape(words)}".encode()


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


async def _command(process: Child, line: str) -> str:
    process.tell(f"{line}\n".encode())
    return await _answer(process)


async def _answer(process: Child) -> str:
    """The data up to the `OK`. Raises _RefusedError on `ERR`."""
    data = b""
    while True:
        kind, _, rest = (await process.line()).partition(b" ")
        match kind:
            case b"OK":
                return data.decode(errors="replace")
            case b"D":
                data += unquote_to_bytes(rest)
            case b"ERR":
                raise _RefusedError(rest.decode(errors="replace"))
            case b"INQUIRE":  # it wants something of us that we did not offer
                process.tell(b"CAN\n")
            case _:  # a status or a comment
                pass

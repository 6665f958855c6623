"""Asks on the caller's own terminal when there is no dialog, or the person is not in front of it: mostly the code."""

import fcntl
import os
import time
from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from trayexec.commands.style import width_of
from trayexec.commands.terminal_permission import PERMISSION, ask_permission
from trayexec.light import agent_connection, context, protocol, stderr
from trayexec.light.columns import wide
from trayexec.light.errors import Text, TrayexecError, lines
from trayexec.light.polling import readable
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from _socket import socket

ASK_AGAIN = {"bad_code", "spent_code"}
TOO_MANY = "too_many_codes"  # of one device; another may take one
LONGEST = 256
SAME_NEWS = 0.2  # seconds between what is said to the giver of a code and to those who wait for it
SECOND = 1.0
KEEP, BACK = "\x1b7", "\x1b8"  # the cursor's place, and to it again (DECSC and DECRC, which every terminal has)
ROOM = 12  # columns that a code takes with blanks, and what is deleted of it
LOOK = 1.0  # seconds between looks whether another command still asks on this terminal


def answer(note: Mapping[str, Any], connection: "socket", environ: Mapping[str, str]) -> bool:
    """Ask, and hand the code in. False when there is no terminal to ask on, and the caller is to say the note itself.

    Returns as soon as `connection` has news: somebody else may have given the code meanwhile.
    Raises KeyboardInterrupt for Ctrl-C and Ctrl-D.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return False  # in the background: to read here would stop this process
        device = _device(terminal)
        try:
            if _may_ask(device, connection):
                ask = ask_permission if note["note"] == PERMISSION else _ask
                ask(terminal, note, connection, environ)
        except KeyboardInterrupt:
            os.write(terminal, b"\n")
            raise
        finally:
            os.close(device)
    except OSError:
        return False
    finally:
        os.close(terminal)
    return True


def _device(terminal: int) -> int:
    """The terminal by its own name, to be locked: /dev/tty is one file for all terminals and all users."""
    for stream in range(3):
        try:
            return os.open(os.ttyname(stream), os.O_RDWR | os.O_NOCTTY)
        except OSError:
            continue  # it is redirected, or the device is not ours, as after `su`
    return os.dup(terminal)


def _may_ask(device: int, connection: "socket") -> bool:
    """Whether this process may ask: of all commands on one terminal only one does. False once there is news."""
    while True:
        try:
            fcntl.flock(device, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if readable(connection, seconds=LOOK):
                return False
        else:
            return not readable(connection, seconds=0)  # whoever had its turn may have given the code


def _ask(terminal: int, note: Mapping[str, Any], connection: "socket", environ: Mapping[str, str]) -> None:
    speak = speaker(environ)
    identity = str(note.get("identity", ""))
    serial, devices = str(note["mfa_serial"]), _devices(note)
    stderr.write(terminal, _elsewhere(note, speak), environ)
    end = time.monotonic() + int(note.get("left", 0))
    said = str(note.get("text", "")) if note.get("note") == "again" else ""  # else the question says it all
    while True:
        if said:
            stderr.write(terminal, f"{lines(said)}\n", environ)
        others, prompt = _question(note, serial, speak)
        left = TimeLeft(terminal, note, end, environ)
        stderr.write(terminal, f"{others}{left.words()}{left.after}{prompt}", environ)
        if connection in left.wait(prompt, connection):
            os.write(terminal, b"\n")
            return
        typed = os.read(terminal, LONGEST)
        if not typed:
            raise KeyboardInterrupt
        word = typed.decode("utf-8", "replace").strip()
        if word in devices:
            serial, said = devices[word], ""
            continue
        try:
            _hand_in(identity, word, serial if devices else None, environ)
        except TrayexecError as error:
            if readable(connection, seconds=SAME_NEWS):
                return  # what waits was told as well, and has the reason
            said = f"{speak(error.trouble.title)} {speak(error.trouble.hint)}"
            if error.trouble.code not in (ASK_AGAIN | {TOO_MANY} if devices else ASK_AGAIN):
                stderr.write(terminal, f"{said}\n", environ)
                return
        else:
            return


def _elsewhere(note: Mapping[str, Any], speak: Callable[[Text], str]) -> str:
    """A line that says where the code goes, if that is not AWS."""
    if not note.get("endpoint"):
        return ""
    return speak(Text("The code goes to {host}, which is not AWS", host=str(note["endpoint"]))) + "\n"


def _question(note: Mapping[str, Any], serial: str, speak: Callable[[Text], str]) -> tuple[str, str]:
    """What to type for another device, in lines, and the prompt for a code of this one."""
    others = "".join(
        speak(Text("Type {number} if the code is of the device {serial}.", number=key, serial=other)) + "\n"
        for key, other in _devices(note).items()
        if other != serial
    )
    identity = str(note.get("identity", ""))
    return others, speak(Text("MFA code of identity {identity} ({serial}): ", identity=identity, serial=serial))


class TimeLeft:
    """Which question it is and the seconds that are left, before the prompt; counted down where that can be.

    That is on a terminal that moves its cursor, on the line above the prompt: what is typed is shown by the terminal
    itself, so only the cursor's own place is sure, and where it is in the prompt's last row.
    """

    def __init__(self, terminal: int, note: Mapping[str, Any], end: float, environ: Mapping[str, str]) -> None:
        """Of a question that ends at `end`, on the monotonic clock."""
        self._terminal, self._end, self._environ = terminal, end, environ
        self._number, self._of = int(note.get("number", 1)), int(note.get("of", 1))
        self._speak = speaker(environ)
        self._moves = environ.get("TERM", "dumb") != "dumb"

    @property
    def after(self) -> str:
        """What stands between it and the prompt."""
        return "\n" if self._moves else " "

    def words(self) -> str:
        """The question's number, where there are several, and what is left now."""
        left = max(0, ceil(self._end - time.monotonic()))
        which = Text("({number} of {of}, {left} s left)", number=self._number, of=self._of, left=left)
        return self._speak(which if self._of > 1 else Text("({left} s left)", left=left))

    def wait(self, prompt: str, connection: "socket") -> list[Any]:
        """Count until a line was typed or the connection has news: which of the two can be read."""
        shown = stderr.readable(prompt, self._terminal, self._environ)
        while self._moves and time.monotonic() < self._end:
            ready = readable(self._terminal, connection, seconds=SECOND)
            if ready:
                return ready
            self._tick(shown)
        return readable(self._terminal, connection)

    def _tick(self, prompt: str) -> None:
        """Write what is left now, unless the prompt has no room for a code in its last row, or others have the turn."""
        columns = width_of(self._terminal)
        *above, last = prompt.split("\n")
        rows = 1 + sum(max(1, ceil(wide(one) / columns)) for one in above) + wide(last) // columns
        if wide(last) % columns + ROOM <= columns and os.tcgetpgrp(self._terminal) == os.getpgrp():
            words = stderr.readable(self.words(), self._terminal, self._environ)
            os.write(self._terminal, f"{KEEP}\x1b[{rows}A\r{words}\x1b[K{BACK}".encode())


def _devices(note: Mapping[str, Any]) -> Mapping[str, str]:
    """The devices to choose from, by what is typed for each."""
    return {str(number): one for number, one in enumerate(str(note.get("mfa_serials", "")).split(), start=1)}


def _hand_in(identity: str, code: str, serial: str | None, environ: Mapping[str, str]) -> None:
    caller = context.surroundings(environ)
    caller["hand"] = "terminal"
    request = protocol.auth(caller, identity=identity, code=code, mfa_serial=serial)
    connection = agent_connection.connect(environ)
    try:
        for line in agent_connection.ask(connection, request):
            if "note" not in line:
                agent_connection.outcome(line)
    finally:
        connection.close()

"""Asks on the caller's own terminal when there is no dialog, or the person is not in front of it: mostly the code."""

import fcntl
import os
import time
from collections.abc import Callable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from trayexec.commands.terminal_permission import PERMISSION, ask_permission
from trayexec.light import agent_connection, context, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, lines
from trayexec.light.polling import readable
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from _socket import socket

ASK_AGAIN = {"bad_code", "spent_code"}
TOO_MANY = "too_many_codes"  # of one device; another may take one
LONGEST = 256
SAME_NEWS = 0.2  # seconds between what is said to the giver of a code and to those who wait for it
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
        question = _question(note, serial, max(0, ceil(end - time.monotonic())), speak)
        stderr.write(terminal, question, environ)
        if connection in readable(terminal, connection):
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


def _question(note: Mapping[str, Any], serial: str, left: int, speak: Callable[[Text], str]) -> str:
    """The prompt for a code of this device, and before it what to type for another one."""
    number, of = int(note.get("number", 1)), int(note.get("of", 1))
    others = "".join(
        speak(Text("Type {number} if the code is of the device {serial}.", number=key, serial=other)) + "\n"
        for key, other in _devices(note).items()
        if other != serial
    )
    which = Text("({number} of {of}, {left} s left)", number=number, of=of, left=left)
    ahead = speak(which if of > 1 else Text("({left} s left)", left=left))
    identity = str(note.get("identity", ""))
    prompt = Text("MFA code of identity {identity} ({serial}): ", identity=identity, serial=serial)
    return f"{others}{ahead} {speak(prompt)}"


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

"""Asks on the caller's own terminal whether a program may use a profile, where the agent can show no dialog."""

import os
import termios
import time
from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

from trayexec.light import agent_connection, context, protocol, stderr
from trayexec.light.durations import spoken
from trayexec.light.errors import Text, TrayexecError, lines
from trayexec.light.polling import readable
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Iterator

PERMISSION = "permission"  # the note that asks for it
LONGEST = 256
NO = {"n", "no", "deny"}
DENY = "deny"


def ask_permission(terminal: int, note: Mapping[str, Any], connection: "socket", environ: Mapping[str, str]) -> None:
    """Ask until there is an answer, here or elsewhere. Return alone is none, nor is anything that was typed before.

    Raises KeyboardInterrupt for Ctrl-D, OSError for a terminal that is gone.
    """
    speak = speaker(environ)
    offered = dict(_offered(note))
    end = time.monotonic() + int(note.get("left", 0))
    stderr.write(terminal, f"{lines(str(note.get('text', '')))}\n", environ)
    while True:
        left = max(0, ceil(end - time.monotonic()))
        choices = " / ".join(f"{key}: {speak(words)}" for key, (words, _) in offered.items())
        prompt = Text("{choices} / n: {no} ({left} s left): ", choices=choices, no=Text("no"), left=left)
        termios.tcflush(terminal, termios.TCIFLUSH)
        stderr.write(terminal, speak(prompt), environ)
        if connection in readable(terminal, connection):
            os.write(terminal, b"\n")
            return
        typed = os.read(terminal, LONGEST)
        if not typed:
            raise KeyboardInterrupt
        word = typed.decode("utf-8", "replace").strip().lower()
        verdict = DENY if word in NO else offered[word][1] if word in offered else None
        if verdict is not None:
            _tell(int(note.get("epoch", 0)), verdict, environ)
            return


def _offered(note: Mapping[str, Any]) -> "Iterator[tuple[str, tuple[Text, str]]]":
    """By which key which answer is given, and what it is called on the wire."""
    words = {
        "once": ("o", Text("once")),
        "for a time": ("t", Text("for {time}", time=spoken(int(note.get("holds", 0))))),
        "until locked": ("l", Text("until locked")),
    }
    for verdict in str(note.get("choices", "")).split(","):
        if verdict in words:
            key, said = words[verdict]
            yield key, (said, verdict)


def _tell(question: int, verdict: str, environ: Mapping[str, str]) -> None:
    """Hand the answer in. Whoever waits hears what becomes of it."""
    caller = context.surroundings(environ)
    caller["terminal"] = context.foreground(environ)
    connection = agent_connection.connect(environ)
    try:
        for line in agent_connection.ask(connection, protocol.decide(caller, question, verdict)):
            if "note" not in line:
                agent_connection.outcome(line)
    except TrayexecError as error:
        speak = speaker(environ)
        os.write(2, f"trayexec: {speak(error.trouble.title)}\n".encode())
    finally:
        connection.close()

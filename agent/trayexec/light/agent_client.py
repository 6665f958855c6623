"""Requests that a person may have to answer: the agent is started if need be, and notes are passed on."""

import sys

from trayexec.light import agent_connection, context
from trayexec.light.errors import Text, TrayexecError

WANTED = "caller_credentials"  # the code of a refusal: a profile takes the caller's own, which no request has

TYPE_CHECKING = False

if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping
    from typing import Any

    from trayexec.commands.countdown import Countdown
    from trayexec.light.protocol_fields import RequestFields


def obtain(request: "RequestFields", environ: "Mapping[str, str]") -> "Mapping[str, object]":
    """Ask the agent, starting it if there is none, and see the person through to the answer."""
    return hold(request, environ)[0]


def hold(request: "RequestFields", environ: "Mapping[str, str]") -> "tuple[Mapping[str, object], socket]":
    """As `obtain`, with the connection that the answer came on: what was lent is given back when that is closed."""
    if request.get("profile") in environ.get("TRAYEXEC_CHAIN", "").splitlines():
        from trayexec.light import recursion  # noqa: PLC0415 — only in a program that gives credentials

        raise recursion.refused(str(request.get("profile")))
    asked: RequestFields = {**request, **context.person(environ)}
    connection = reach(environ)
    try:
        return converse(connection, asked, environ), connection
    except TrayexecError as error:
        again = given(asked, environ, error)
        if again is None:
            raise
    connection.close()
    connection = reach(environ)
    return converse(connection, again, environ), connection


def given(request: "RequestFields", environ: "Mapping[str, str]", error: TrayexecError) -> "RequestFields | None":
    """The request that was refused so, with the caller's own credentials, where it is these that are missing in it.

    Raises TrayexecError (`caller_elsewhere`) where the socket is forwarded: they stay on this machine.
    """
    if error.trouble.code != WANTED:
        return None
    from trayexec.light import given_credentials  # noqa: PLC0415 — for the few profiles that take them

    again = given_credentials.added(request, environ)
    if again is not None and is_forwarded(environ):
        raise TrayexecError(given_credentials.not_from_afar(str(request.get("profile"))))
    return again


def is_forwarded(environ: "Mapping[str, str]") -> bool:
    """Whether it is no agent that listens here, but what carries the socket to another machine."""
    from trayexec.light import peer, processes  # noqa: PLC0415 — as above

    connection = reach(environ)
    try:
        return processes.stat_of(peer.process_of(connection))[0] in processes.CARRIERS
    finally:
        connection.close()


def converse(connection: "socket", request: "RequestFields", environ: "Mapping[str, str]") -> "Mapping[str, object]":
    """Send the request, pass on what is said meanwhile, and return the answer. Raises TrayexecError for a refusal."""
    final: Mapping[str, Any] = {}
    profile = request.get("profile")
    meanwhile = _Meanwhile(
        Text("Still waiting for {profile}…", profile=profile) if profile else Text("Still waiting for the agent…")
    )
    try:
        for line in agent_connection.ask(connection, request, on_silence=meanwhile.second):
            final = line
            if "note" not in line:
                break
            meanwhile.end()
            if line["note"] in agent_connection.QUESTIONS:
                from trayexec.commands import terminal  # noqa: PLC0415 — only when a person is to be asked here

                if terminal.answer(line, connection, environ):
                    continue
            meanwhile.note(line, environ)
    finally:
        meanwhile.end()
    return agent_connection.outcome(final)


def reach(environ: "Mapping[str, str]") -> "socket":
    """A connection to the agent, which is started if need be. Raises TrayexecError."""
    try:
        return agent_connection.connect(environ)
    except agent_connection.AgentAbsentError:
        if environ.get("TRAYEXEC_SOCKET") or environ.get("TRAYEXEC_NO_AUTOSTART") == "1":
            raise
    from trayexec.commands.agent_start import start  # noqa: PLC0415 — once a day

    return start(environ)


class _Meanwhile:
    """What is said while an answer does not come; what it is worth only on a terminal, only there."""

    __slots__ = ("_countdown", "_slow")

    def __init__(self, slow: "str | Text") -> None:
        """`slow` is for a terminal, once it takes a while."""
        self._slow: str | Text | None = slow
        self._countdown: Countdown | None = None

    def note(self, line: "Mapping[str, Any]", environ: "Mapping[str, str]") -> None:
        """Pass on what the agent says, with a count of the seconds that are left for it."""
        from trayexec.light import stderr  # noqa: PLC0415 — only when there is something to say

        text, left = str(line.get("text", "")), line.get("left")
        if line["note"] == agent_connection.SLOW:
            self._slow = text
        elif isinstance(left, int) and left > 0:
            from trayexec.commands import countdown  # noqa: PLC0415 — only while a person is waited for

            self._countdown = countdown.begin(text, left, environ)
        else:
            stderr.say(text)

    def second(self) -> None:
        """A second went by."""
        if self._countdown is not None:
            self._countdown.tick()
        elif self._slow is not None and sys.stderr.isatty():
            from trayexec.light import stderr  # noqa: PLC0415 — only when there is something to say

            text, self._slow = self._slow, None
            stderr.say(text) if isinstance(text, str) else stderr.tell(text)

    def end(self) -> None:
        """There is news."""
        if self._countdown is not None:
            self._countdown.end()
        self._slow = self._countdown = None

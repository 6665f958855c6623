"""One request on a connection, the notes that come meanwhile, and the answer."""

from trayexec.light import agent_connection, protocol, protocol_messages
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False

if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from trayexec.light.protocol_messages import RequestFields


LONGEST_ANSWER = 16 * 1024 * 1024  # a status can name many profiles
QUESTIONS = {"code", "again"}  # notes that a person at the caller's terminal may answer
SLOW = "aws"  # a note that is worth a person's while only when nothing follows soon
HERE = "here"  # a note that says no more than that the agent is there, every two seconds until it says something
PATIENCE = 60  # seconds of silence beyond what was asked for, before we stop believing in the agent
QUICK = 5  # the same for what needs neither a person nor AWS
AT_ONCE = {"status", "lock", "stop"}


class Received:
    """What has come from an agent, cut into its lines."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def lines(self, more: bytes) -> "Iterator[tuple[dict[str, Any], bool]]":
        """The lines that `more` completes, each with whether another has come behind it.

        Raises TrayexecError (`protocol`).
        """
        self._rest += more
        while True:
            line, newline, rest = self._rest.partition(b"\n")
            if not newline:
                break
            self._rest = rest
            try:
                said = protocol.decode(line, LONGEST_ANSWER)
            except protocol.ProtocolError:
                raise protocol_messages.garbled() from None
            yield said, b"\n" in rest
        if len(self._rest) > LONGEST_ANSWER:
            raise protocol_messages.garbled()


def lines(
    connection: "_socket.socket", *, patience: float, quiet: "Callable[[], None]" = lambda: None
) -> "Iterator[dict[str, Any]]":
    """What the agent says, line by line, until it hangs up; `quiet` is called in each second of silence.

    Raises TrayexecError for what is not the protocol, and (`agent_silent`) after more than `patience` seconds of it.
    """
    connection.settimeout(1.0)
    received = Received()
    seconds = 0
    heard = False
    while True:
        try:
            more = connection.recv(protocol.MAX_LINE)
        except TimeoutError:
            seconds += 1
            if seconds > patience or (seconds > agent_connection.FIRST and not heard):
                raise agent_connection.silent() from None
            quiet()
            continue
        except OSError:
            return
        if not more:
            return
        for said, overtaken in received.lines(more):
            seconds, heard = 0, True
            note = said.get("note")
            if note != HERE and not (note in QUESTIONS and overtaken):  # an overtaken question asks for nothing
                yield said


def _hung_up() -> TrayexecError:
    return TrayexecError(
        trouble(
            "agent_gone",
            "The agent ended before it answered.",
            "Run the command again; the agent's log says why it ended.",
        )
    )


def silence_of(request: "RequestFields") -> int:
    """How long the agent may be silent over this request, in seconds."""
    return QUICK if request["op"] in AT_ONCE else request.get("wait", 0) + PATIENCE


def ask(
    connection: "_socket.socket",
    request: "RequestFields",
    *,
    patience: float | None = None,
    quiet: "Callable[[], None]" = lambda: None,
) -> "Iterator[dict[str, Any]]":
    """Send one request and give the notes as they come, then the final line; nothing follows that one.

    Raises TrayexecError when the agent goes away first, or is silent for more than `patience` seconds: as many as this
    request is worth, unless told.
    """
    try:  # noqa: SIM105 — contextlib is slow to import
        connection.sendall(protocol_messages.line(request))
    except OSError:
        pass  # a refusal may have been written before we were heard: read it
    for line in lines(connection, patience=silence_of(request) if patience is None else patience, quiet=quiet):
        yield line
        if "note" not in line:
            return
    raise _hung_up()


def outcome(final: "Mapping[str, Any]") -> "Mapping[str, object]":
    """The `ok` of a final line. Raises TrayexecError with the agent's own words otherwise."""
    answer = final.get("ok")
    if isinstance(answer, dict):
        return answer
    raise refusal(final.get("error"))


def refusal(said: object) -> TrayexecError:
    """An `error` of the agent's, in its own words."""
    if not isinstance(said, dict):
        return protocol_messages.garbled()
    words = {name: str(said.get(name, "")) for name in ("code", "title", "hint")}
    return TrayexecError(trouble(words["code"], "{title}", "{hint}", title=words["title"], hint=words["hint"]))

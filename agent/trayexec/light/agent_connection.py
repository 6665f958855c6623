"""A connection to the agent's private socket: whose it is, then one request, the notes that come meanwhile, the answer.

Light enough for the run path: `_socket`, not `socket`.
"""

import os
import sys

from trayexec.light import peer, protocol
from trayexec.light.errors import TrayexecError, trouble
from trayexec.light.paths import socket_path

try:
    import _socket
except ImportError:  # pragma: no cover — an interpreter without the C part
    import socket as _socket  # type: ignore[no-redef]

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from trayexec.light.protocol_fields import RequestFields


FIRST = 15  # the same for the very first line
PAUSE = 0.05  # seconds between tries to get into the agent's queue
LONGEST_ANSWER = 16 * 1024 * 1024  # a status can name many profiles
QUESTIONS = {"code", "again", "permission"}  # notes that a person at the caller's terminal may answer
SLOW = "aws"  # a note that is worth a person's while only when nothing follows soon
HERE = "here"  # a note that says no more than that the agent is there, every two seconds until it says something
PATIENCE = 60  # seconds of silence beyond what was asked for, before we stop believing in the agent
QUICK = 5  # the same for what needs neither a person nor AWS
AT_ONCE = {"status", "lock", "stop"}


class AgentAbsentError(TrayexecError):
    """No agent listens; one may be started."""


def connect(environ: "Mapping[str, str]") -> "_socket.socket":
    """A connection to the agent of this user, at the contract's place or wherever it left word.

    Raises AgentAbsentError when nobody listens, TrayexecError when somebody else does or the path cannot be used.
    """
    path = socket_path(environ)
    try:
        return connect_to(path, environ)
    except AgentAbsentError as absent:
        from trayexec.light import agent_record  # noqa: PLC0415 — not on the usual way

        for other in agent_record.places(environ)[1:]:
            try:
                return connect_to(other, environ)
            except TrayexecError:
                continue  # what cannot be used or trusted there is not where the contract says anyway
        raise absent from None


def everyone(environ: "Mapping[str, str]") -> "Iterator[_socket.socket]":
    """A connection to each agent of this user that listens, should there be more than one: one of an older version.

    Raises TrayexecError in the end, if the contract's own place cannot be used or trusted.
    """
    from trayexec.light import agent_record  # noqa: PLC0415 — not for runs

    first, *others = agent_record.places(environ)
    refused: TrayexecError | None = None
    try:
        yield connect_to(first, environ)
    except AgentAbsentError:
        pass
    except TrayexecError as error:
        refused = error  # a place that cannot be used is no reason to miss the others
    known = {os.path.realpath(first)}
    for path in others:
        if os.path.realpath(path) not in known:
            known.add(os.path.realpath(path))
            try:
                yield connect_to(path, environ)
            except TrayexecError:
                continue  # as in `connect`
    if refused is not None:
        raise refused


def connect_to(path: str, environ: "Mapping[str, str]") -> "_socket.socket":
    """A connection to the agent at this very socket. Raises as `connect` does."""
    if sys.platform == "win32":
        from trayexec.light.platforms import not_yet  # noqa: PLC0415 — only there

        raise not_yet()
    _check_folder(path, environ)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        _enter_queue(connection, path)
    except OSError as error:
        connection.close()
        raise _unreachable(path, error) from None
    if peer.uid_of(connection) != os.geteuid():
        connection.close()
        raise TrayexecError(
            trouble(
                "foreign_agent",
                "The socket {path} belongs to another user's process.",
                "Nothing was sent. Remove it, or unset TRAYEXEC_SOCKET.",
                path=path,
            )
        )
    return connection


def _enter_queue(connection: "_socket.socket", path: str) -> None:
    """Connect, but not without end: where a stopped agent's queue is full, the system would wait until it goes on.

    Raises OSError, and TrayexecError for such an agent.
    """
    connection.setblocking(False)  # noqa: FBT003 — the standard library's signature
    tries = int(FIRST / PAUSE)
    while True:
        try:
            connection.connect(path)
        except BlockingIOError:  # the queue is full (unix(7): EAGAIN)
            tries -= 1
            if not tries:
                connection.close()
                raise silent() from None
            import time  # noqa: PLC0415 — not on the usual way

            time.sleep(PAUSE)
        else:
            connection.setblocking(True)  # noqa: FBT003 — as above
            return


def _check_folder(path: str, environ: "Mapping[str, str]") -> None:
    """Whoever may write to the socket's folder, or to the runtime folder around it, could put another one there."""
    if sys.platform == "win32":
        return
    folder = path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
    runtime = environ.get("XDG_RUNTIME_DIR") or ""
    for one in (folder, folder[:-9]) if runtime and folder == runtime.rstrip("/") + "/trayexec" else (folder,):
        try:
            seen = os.stat(one)  # noqa: PTH116 — pathlib is slow to import
            if seen.st_uid == os.geteuid() and not seen.st_mode & 0o022:
                continue
        except FileNotFoundError:
            continue
        except OSError:
            pass
        from trayexec.light import agent_record  # noqa: PLC0415 — only when something is wrong

        agent_record.check(one, environ)


def _unreachable(path: str, error: OSError) -> TrayexecError:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return AgentAbsentError(
            trouble(
                "no_agent",
                "No trayexec agent listens at {path}.",
                "Start one with `trayexec agent start`.",
                path=path,
            )
        )
    return TrayexecError(
        trouble(
            "no_agent",
            "The agent's socket {path} cannot be used: {why}.",
            "Check who owns the folder, or name another with TRAYEXEC_SOCKET (at most 107 bytes).",
            path=path,
            why=error.strerror or str(error),
        )
    )


def silent() -> TrayexecError:
    """The agent has been quiet for longer than it was given."""
    return TrayexecError(
        trouble(
            "agent_silent",
            "The agent does not answer.",
            "Stop it with `trayexec agent stop`, or end its process, then try again.",
        )
    )


# What is said on it


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
                raise protocol.garbled() from None
            yield said, b"\n" in rest
        if len(self._rest) > LONGEST_ANSWER:
            raise protocol.garbled()


def lines(
    connection: "_socket.socket", *, patience: float, on_silence: "Callable[[], None]" = lambda: None
) -> "Iterator[dict[str, Any]]":
    """What the agent says, line by line, until it hangs up; `on_silence` is called in each second without news.

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
            if seconds > patience or (seconds > FIRST and not heard):
                raise silent() from None
            on_silence()
            continue
        except OSError:
            return
        if not more:
            return
        for said, overtaken in received.lines(more):
            seconds, heard = 0, True
            note = said.get("note")
            if note == HERE:
                on_silence()
            elif not (note in QUESTIONS and overtaken):  # an overtaken question asks for nothing
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
    on_silence: "Callable[[], None]" = lambda: None,
) -> "Iterator[dict[str, Any]]":
    """Send one request and give the notes as they come, then the final line; nothing follows that one.

    Raises TrayexecError when the agent goes away first, or is silent for more than `patience` seconds: as many as this
    request is worth, unless told.
    """
    try:  # noqa: SIM105 — contextlib is slow to import
        connection.sendall(protocol.line(request))
    except OSError:
        pass  # a refusal may have been written before we were heard: read it
    for line in lines(
        connection, patience=silence_of(request) if patience is None else patience, on_silence=on_silence
    ):
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
        return protocol.garbled()
    words = {name: str(said.get(name, "")) for name in ("code", "title", "hint")}
    return TrayexecError(trouble(words["code"], "{title}", "{hint}", title=words["title"], hint=words["hint"]))

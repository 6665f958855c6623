"""A connection to the agent's private socket: find it, and make sure whose it is, before a word is said.

Light enough for the run path: `_socket`, not `socket`.
"""

import errno
import os
import sys

from trayexec.light import peer
from trayexec.light.errors import TrayexecError, trouble
from trayexec.light.paths import socket_path

try:
    import _socket
except ImportError:  # pragma: no cover — an interpreter without the C part
    import socket as _socket  # type: ignore[no-redef]

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


ABSENT = {errno.ENOENT, errno.ECONNREFUSED}
FIRST = 15  # the same for the very first line
PAUSE = 0.05  # seconds between tries to get into the agent's queue


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
        _knock(connection, path)
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


def _knock(connection: "_socket.socket", path: str) -> None:
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
    if error.errno in ABSENT:
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

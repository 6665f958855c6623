"""The peer of a Unix socket on Linux: SO_PEERCRED (unix(7)), and /proc for its name."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

SOL_SOCKET, SO_PEERCRED = 1, 17


def _credentials(connection: "socket") -> tuple[int, int]:
    ucred = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    return int.from_bytes(ucred[0:4], sys.byteorder), int.from_bytes(ucred[4:8], sys.byteorder)


def uid_of(connection: "socket") -> int:
    """The user id of the process that connected, or that listens."""
    return _credentials(connection)[1]


def process_of(connection: "socket") -> int:
    """Its process id, as of the moment of connecting: good for a log line, not for a decision."""
    return _credentials(connection)[0]


def program_of(pid: int) -> str:
    """The name the process goes by, or nothing: any program can call itself anything."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:  # noqa: PTH123 — pathlib is slow to import
            return comm.read().strip()
    except OSError:
        return ""

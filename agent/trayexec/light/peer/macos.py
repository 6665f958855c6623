"""The peer of a Unix socket on macOS: LOCAL_PEERCRED and LOCAL_PEERPID (unix(4)). Written, not run by the authors."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

SOL_LOCAL, LOCAL_PEERCRED, LOCAL_PEERPID = 0, 1, 2
XUCRED = 76  # struct xucred: u_int version, uid_t uid, short ngroups, gid_t groups[16]


def uid_of(connection: "socket") -> int:
    """The user id of the process that connected, or that listens."""
    return int.from_bytes(connection.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, XUCRED)[4:8], sys.byteorder)


def process_of(connection: "socket") -> int:
    """Its process id, as of the moment of connecting."""
    return int.from_bytes(connection.getsockopt(SOL_LOCAL, LOCAL_PEERPID, 4)[:4], sys.byteorder)


def stat_of(pid: int) -> tuple[str, int, int]:
    """Its name, the process that started it, and when: none of these is looked up here."""
    return f"pid {pid}", 0, 0


def names_from(_pid: int) -> tuple[str, ...]:
    """They are not looked up here."""
    return ()


def started(_pid: int) -> int:
    """It is not looked up here."""
    return 0


def since_boot(_started: int) -> float | None:
    """It is not looked up here."""
    return None

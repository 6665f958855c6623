"""Who is at the other end of the private socket: SO_PEERCRED (unix(7)), or LOCAL_PEERCRED and LOCAL_PEERPID on macOS.

A process id is as of the moment of connecting: good for a log line, not for a decision.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

if sys.platform == "linux":
    SOL_SOCKET, SO_PEERCRED = 1, 17

    def uid_of(connection: "socket") -> int:
        """The user id of the process that connected, or that listens."""
        return int.from_bytes(connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)[4:8], sys.byteorder)

    def process_of(connection: "socket") -> int:
        """Its process id."""
        return int.from_bytes(connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)[0:4], sys.byteorder)

elif sys.platform == "darwin":  # written, not run by the authors
    SOL_LOCAL, LOCAL_PEERCRED, LOCAL_PEERPID = 0, 1, 2
    XUCRED = 76  # struct xucred: u_int version, uid_t uid, short ngroups, gid_t groups[16]

    def uid_of(connection: "socket") -> int:
        """The user id of the process that connected, or that listens."""
        return int.from_bytes(connection.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, XUCRED)[4:8], sys.byteorder)

    def process_of(connection: "socket") -> int:
        """Its process id."""
        return int.from_bytes(connection.getsockopt(SOL_LOCAL, LOCAL_PEERPID, 4)[:4], sys.byteorder)

else:  # on Windows the transport will be a pipe with the user's own SDDL
    from trayexec.light import platforms

    def uid_of(_connection: object) -> int:
        """Not yet."""
        raise platforms.not_yet()

    def process_of(_connection: object) -> int:
        """Not yet."""
        raise platforms.not_yet()

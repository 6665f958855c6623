"""HTTP for the browser of this user, on this machine's loopback: whoever else connects is hung up on at once.

Every user of a machine can connect to a port on loopback, and see which there are. So a connection of another user's is
closed before a byte of it is read, and each of ours has a thread: one that is silent, or says a word now and then,
holds up nobody. Elsewhere than on Linux the path that is asked for is the only proof.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SLOW = 5.0  # seconds that a connection may stay silent
ROOT = 0


class LoopbackServer(ThreadingHTTPServer):
    """Listens at a port of this moment; `handler` answers."""

    daemon_threads = True
    block_on_close = False  # a browser keeps connections open that it has no use for yet

    def __init__(self, handler: type["LoopbackHandler"]) -> None:
        """Listen. Raises OSError."""
        super().__init__(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{self.server_address[1]}"

    def verify_request(self, request: socket.socket | tuple[bytes, socket.socket], _client_address: object) -> bool:
        """Whether it is heard at all."""
        return isinstance(request, socket.socket) and is_ours(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that hangs up is no news."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer while the block lasts."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()
            thread.join()


class LoopbackHandler(BaseHTTPRequestHandler):
    """One request on a connection, of which nothing is logged."""

    timeout = SLOW
    server_version = "trayexec"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer, and hang up."""
        self.close_connection = True
        self.answer()

    def answer(self) -> None:
        """Answer. Raises OSError."""
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name of the method it replaces
        """Say nothing: what is asked for is a secret."""


def is_ours(connection: socket.socket) -> bool:
    """Whether the other end belongs to this user, or to root: proc_pid_net(5). Elsewhere only the path is the proof."""
    if sys.platform != "linux":
        return True
    try:
        ends = (_as_in_proc(*connection.getpeername()), _as_in_proc(*connection.getsockname()))
    except OSError:
        return False  # it has gone already
    with Path("/proc/self/net/tcp").open(encoding="ascii") as table:
        return belongs_to(table, ends, frozenset({os.geteuid(), ROOT}))


def belongs_to(table: Iterable[str], ends: tuple[str, str], owners: frozenset[int]) -> bool:
    """Whether the connection with these ends is, by its line in the table, one of these users'."""
    rows = (line.split() for line in table)
    return any(int(row[7]) in owners for row in rows if tuple(row[1:3]) == ends)


def _as_in_proc(address: str, port: int) -> str:
    """`127.0.0.1`, 80 as `0100007F:0050`: the address in the machine's own order of bytes."""
    return f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"

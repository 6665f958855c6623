"""HTTP for this user's browser: a stranger is not heard, and who is slow holds up nobody."""

import http.client
import os
import socket
import sys
from pathlib import Path

import pytest

from trayexec.adapters import loopback
from trayexec.adapters.loopback import LoopbackHandler, LoopbackServer


class _Greeter(LoopbackHandler):
    def answer(self) -> None:
        """Answer."""
        self.send_response(204)
        self.end_headers()


def status(server: LoopbackServer) -> int:
    """What a browser gets."""
    connection = http.client.HTTPConnection(server.host, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_connection_that_says_a_word_now_and_then_holds_up_nobody() -> None:
    """Several that never come to an end of what they ask for: the one that does is answered."""
    server = LoopbackServer(_Greeter)
    with server.serving():
        slow = [socket.create_connection(("127.0.0.1", server.server_port), timeout=10) for _ in range(3)]
        for one in slow:
            one.sendall(b"GET / HTTP/1.1\r\nX-A: b\r\n")
        assert status(server) == 204
        for one in slow:
            one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="whose a connection is, only Linux tells")
def test_another_user_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a byte is read: neither an answer nor a thread is had."""
    monkeypatch.setattr(loopback, "ROOT", 4242)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    server = LoopbackServer(_Greeter)
    with server.serving(), socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as stranger:
        assert stranger.recv(1) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="whose a connection is, only Linux tells")
def test_whose_connection_it_is_is_known() -> None:
    """The owner of the other end is looked up in the system's own table; a stranger's entry is refused."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as caller:
        accepted, _ = server.accept()
        with accepted:
            assert loopback.is_ours(accepted)
            here, there = (loopback._as_in_proc(*end) for end in (accepted.getsockname(), accepted.getpeername()))
            table = Path("/proc/self/net/tcp").read_text().splitlines()
            rows = [line.split() for line in table]
            assert [row[7] for row in rows if row[1:3] == [there, here]] == [str(os.geteuid())]
            strangers = "\n".join(line.replace(f" {os.geteuid()} ", " 4242 ") for line in table)
            assert not loopback.belongs_to(strangers.splitlines(), (there, here), frozenset({os.geteuid(), 0}))
            assert caller.getsockname() == accepted.getpeername()

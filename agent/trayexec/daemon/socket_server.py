"""The private socket: who may come in, how much they may say and how long it may take. It must not know meanings."""

import asyncio
import os
import select
import socket
import sys
from collections.abc import Callable
from typing import cast

from trayexec.light import peer, protocol
from trayexec.light.errors import trouble

if sys.platform != "win32":
    import resource

HELLO = 2.0  # seconds a caller has to say its line
STILL_HERE = 2.0  # seconds without a word until a caller is told that somebody is there
GOODBYE = 5.0  # seconds a caller has to take its answer
LOOK = 1.0  # seconds between looks whether a caller that has closed one half has closed the other too
MOST = 4096  # connections at once
SPARE = 256  # descriptors for all else that an agent does: dialogs, the keychain, STS, files
BACKLOG = 1024


class Connection(asyncio.Protocol):
    """One caller: one line in, lines out, the last of which closes it."""

    def __init__(self, server: "SocketServer") -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._deadline: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard = False
        self._kept = False
        self._half = False
        self._silent = True
        self._here: asyncio.TimerHandle | None = None
        self._whole = False
        self.pid = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let only our own user in; everybody else gets not one byte."""
        self._transport = cast("asyncio.Transport", transport)
        connection = self._transport.get_extra_info("socket")
        try:
            stranger = peer.uid_of(connection) != os.geteuid()
            self.pid = peer.process_of(connection)
        except OSError:
            stranger = True
        if stranger:
            self._transport.abort()
            return
        if not self._server.entered(self):
            self.finish(protocol.encode({"error": _full(self._server.most)}))
            return
        self._deadline = asyncio.get_running_loop().call_later(HELLO, self.leave)

    def data_received(self, data: bytes) -> None:
        """Collect one line; what follows it is nobody's business."""
        if self._heard or self._transport is None:
            return
        self._buffer += data
        line, newline, _rest = self._buffer.partition(b"\n")
        if newline or len(self._buffer) > protocol.MAX_LINE:
            self._heard = True
            self._buffer = bytearray()
            if self._deadline is not None:
                self._deadline.cancel()
            self._here = asyncio.get_running_loop().call_later(STILL_HERE, self._reassure)
            self._server.heard(self, bytes(line))

    def eof_received(self) -> bool:
        """A caller that has only closed its sending half still gets its answer; one that is gone does not."""
        if not self._heard or self._kept or self._whole or not self.there:
            return False
        self._half = True
        self._look_after()
        return True

    def end_at_eof(self) -> None:
        """Take the end of what the caller says for its farewell. Called while its line is being heard."""
        self._whole = True

    @property
    def there(self) -> bool:
        """Whether the caller still listens. One that has just hung up is seen here before asyncio says so."""
        if self._transport is None or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLHUP)
        return not any(event & select.POLLHUP for _fd, event in poll.poll(0))

    def _look_after(self) -> None:
        """Asyncio no longer reads what has come to an end, and so would not notice that the caller goes."""
        if self.there:
            self._watch = asyncio.get_running_loop().call_later(LOOK, self._look_after)
        else:
            self.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the caller."""
        del exc
        for timer in (self._deadline, self._watch, self._here):
            if timer is not None:
                timer.cancel()
        self._transport = None
        self._buffer = bytearray()
        self._server.left(self)

    def say(self, line: bytes) -> None:
        """Send a note, if the caller is still there."""
        self._silent = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)

    def _reassure(self) -> None:
        """Tell a caller that has not heard a word that it is not alone."""
        if self._silent and self._transport is not None and not self._transport.is_closing():
            self._transport.write(protocol.encode({"note": "here", "text": ""}))
            self._here = asyncio.get_running_loop().call_later(STILL_HERE, self._reassure)

    def finish(self, line: bytes) -> None:
        """Send the final line and close."""
        self._silent = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(line)
            self._transport.close()
            if self._transport.get_write_buffer_size():
                self._deadline = asyncio.get_running_loop().call_later(GOODBYE, self.leave)

    def keep(self, line: bytes) -> None:
        """Send the final line, and stay until the caller hangs up: for as long as it stays, it holds what it got."""
        if self._half:
            self.finish(line)  # nobody would notice when it goes
            return
        self._kept = True
        self.say(line)

    def leave(self) -> None:
        """End the connection, whatever was still to be said."""
        if self._transport is not None:
            self._transport.abort()


class SocketServer:
    """All connections. `on_line(connection, line)` and `on_left(connection)` are what serves them."""

    def __init__(self, on_line: Callable[[Connection, bytes], None], on_left: Callable[[Connection], None]) -> None:
        """Keep the two callbacks; `open` does the rest."""
        self.most = _most_connections()
        self._on_line = on_line
        self._on_left = on_left
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def open(self, listener: socket.socket) -> None:
        """Serve on a bound socket."""
        loop = asyncio.get_running_loop()
        # So many are accepted in one go, before we are asked about the first; as many as ever may wait for that.
        at_once = min(BACKLOG, self.most // 2)
        self._server = await loop.create_unix_server(self._new, sock=listener, backlog=at_once)
        listener.listen(BACKLOG)

    def close(self) -> None:
        """Accept no connection any more, and end those there are."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.finish(b"")

    def _new(self) -> Connection:
        return Connection(self)

    def entered(self, connection: Connection) -> bool:
        """Whether there may be one more."""
        if len(self._connections) >= self.most:
            return False
        self._connections.add(connection)
        return True

    def heard(self, connection: Connection, line: bytes) -> None:
        """Pass on what was said."""
        self._on_line(connection, line)

    def left(self, connection: Connection) -> None:
        """Pass on that a caller has gone."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._on_left(connection)


def _most_connections() -> int:
    """How many connections there can be: as many as there are descriptors, with some to spare."""
    if sys.platform == "win32":
        return MOST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else min(MOST, max(soft // 2, soft - SPARE))


def _full(most: int) -> dict[str, str]:
    why = trouble(
        "busy",
        "{most} callers wait for the agent, and it takes no more.",
        "End those that are not needed (`pgrep -af trayexec` lists them), or try again in a moment.",
        most=most,
    )
    return {"code": why.code, "title": str(why.title), "hint": str(why.hint)}

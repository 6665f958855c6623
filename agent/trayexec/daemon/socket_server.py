"""The private socket: who may come in, how much they may say and how long it may take. It must not know meanings."""

import asyncio
import os
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from trayexec.daemon.streams import Acceptor, Looks, Stream
from trayexec.light import peer, protocol
from trayexec.light.errors import trouble

if sys.platform != "win32":
    import resource

HELLO = 2.0  # seconds a caller has to say its line
STILL_HERE = 2.0  # seconds without a word until a caller is told that somebody is there
SETTLING = 1.0  # seconds an agent that gives way has for the answers that it owes
GOODBYE = 5.0  # seconds a caller has to take its answer
MOST = 4096  # connections at once
SPARE = 256  # descriptors for all else that an agent does: dialogs, the keychain, STS, files
BACKLOG = 1024
SAYS_NO_MORE = getattr(select, "POLLRDHUP", 0)  # the other end has closed its sending half, where a system tells that


class _Stage(Enum):
    """How far a connection is."""

    SPEAKS = "the caller's line is not whole yet"
    WAITS = "the caller waits for its answer"
    HOLDS = "the caller has its answer, and stays"
    TAKES = "the rest of the answer is on its way"
    GONE = "it has ended"


class Connection:
    """One caller: one line in, lines out, the last of which closes it."""

    def __init__(self, server: "SocketServer", caller: socket.socket) -> None:
        """Take over the socket of somebody who has connected; `begin` does the rest."""
        self._server = server
        self._stream = Stream(caller, self)
        self._stage = _Stage.SPEAKS
        self._since = asyncio.get_running_loop().time()  # that it is at this stage, or that the caller heard something
        self._buffer = bytearray()
        self._half = False
        self._silent = True
        self._whole = False
        self.pid = 0

    def begin(self) -> None:
        """Let only our own user in; everybody else gets not one byte."""
        try:
            stranger = peer.uid_of(self._stream.socket) != os.geteuid()
            self.pid = peer.process_of(self._stream.socket)
        except OSError:
            stranger = True
        if stranger:
            self.leave()
        elif not self._server.entered(self):
            self._stream.send(protocol.encode({"error": _full(self._server.most)}))
            self.leave()
        else:
            self.readable()
            if self._stage is _Stage.SPEAKS:
                self._stream.watch()

    # What the caller says

    def readable(self) -> None:
        """Hear what the caller says."""
        data = self._stream.read()
        if data == b"":
            self._ended()
        elif data is not None and self._stage is _Stage.SPEAKS:
            self._collect(data)

    def _collect(self, data: bytes) -> None:
        """Collect one line; what follows it is nobody's business."""
        self._buffer += data
        line, newline, _rest = self._buffer.partition(b"\n")
        if newline or len(self._buffer) > protocol.MAX_LINE:
            self._enter(_Stage.WAITS)
            self._buffer = bytearray()
            try:
                self._server.heard(self, bytes(line))
            except BaseException:
                self.leave()
                raise

    def _ended(self) -> None:
        """A caller that has only closed its sending half still gets its answer; one that is gone does not."""
        if self._stage is _Stage.WAITS and not self._whole and self.there:
            self._half = True
            self._stream.unwatch()
            self._server.look_after()
        else:
            self.leave()

    def end_at_eof(self) -> None:
        """Take the end of what the caller says for its farewell. Called while its line is being heard."""
        self._whole = True

    @property
    def there(self) -> bool:
        """Whether the caller still listens. One that has just hung up is seen here before the loop says so."""
        if self._stage in {_Stage.TAKES, _Stage.GONE}:
            return False
        ends = select.POLLHUP | (SAYS_NO_MORE if self._whole else 0)
        poll = select.poll()
        poll.register(self._stream.socket, ends)
        return not any(event & ends for _fd, event in poll.poll(0))

    # What it is told

    def say(self, line: bytes) -> None:
        """Send a note, if the caller is still there."""
        if self._stage is _Stage.WAITS:
            self._silent = False
            self._stream.send(line)
            self._watch()  # it will wait for a while

    def finish(self, line: bytes) -> None:
        """Send the final line and close."""
        if self._stage in {_Stage.TAKES, _Stage.GONE}:
            return
        self._stream.send(line)
        if self._stream.full:
            self._stream.unwatch()
            self._enter(_Stage.TAKES)
            self._server.look_after()
        else:
            self.leave()

    def keep(self, line: bytes) -> None:
        """Send the final line, and stay until the caller hangs up: for as long as it stays, it holds what it got."""
        if self._half:
            self.finish(line)  # nobody would notice when it goes
            return
        self.say(line)
        if self._stage is _Stage.WAITS:
            self._enter(_Stage.HOLDS)

    def sent(self) -> None:
        """Close once the caller has all of its answer."""
        if self._stage is _Stage.TAKES:
            self.leave()

    # Its time

    def look(self, now: float) -> None:
        """See whether the caller is still there, and has not taken too long."""
        waited = now - self._since
        match self._stage:
            case _Stage.SPEAKS if waited >= HELLO:
                self.leave()
            case _Stage.TAKES if waited >= GOODBYE:
                self.leave()
            case _Stage.WAITS if self._half and not self.there:
                self.leave()
            case _Stage.WAITS:
                self._watch()
                if self._silent and waited >= STILL_HERE:
                    self._since = now
                    self._stream.send(protocol.encode({"note": "here", "text": ""}))
            case _:
                pass

    @property
    def is_owed(self) -> bool:
        """Whether the caller has no answer yet, and waits for no person."""
        return self._stage in {_Stage.SPEAKS, _Stage.TAKES} or (self._stage is _Stage.WAITS and self._silent)

    @property
    def is_timed(self) -> bool:
        """Whether the next look may find something: the loop itself tells of who waits and has been told so."""
        return self._stage in {_Stage.SPEAKS, _Stage.TAKES} or (
            self._stage is _Stage.WAITS and (self._silent or self._half)
        )

    def _enter(self, stage: _Stage) -> None:
        self._stage, self._since = stage, asyncio.get_running_loop().time()

    def _watch(self) -> None:
        """Hear what comes from the caller, and that it goes; of one that has closed one half, only a look tells."""
        if not self._half:
            self._stream.watch()

    def leave(self) -> None:
        """End the connection, whatever was still to be said."""
        self._stream.close()

    def ended(self) -> None:
        """Forget the caller."""
        self._stage = _Stage.GONE
        self._server.leaves(self)


class SocketServer:
    """All connections. `on_line(connection, line)` and `on_left(connection)` are what serves them."""

    def __init__(self, on_line: Callable[[Connection, bytes], None], on_left: Callable[[Connection], None]) -> None:
        """Keep the two callbacks; `open` does the rest."""
        self.most = _most_connections()
        self._on_line = on_line
        self._on_left = on_left
        self._connections: set[Connection] = set()
        self._leaving: list[Connection] = []
        self._somebody_left = asyncio.Event()
        self._acceptor: Acceptor | None = None
        self._looks = Looks(self._look)

    def open(self, listening: socket.socket) -> None:
        """Serve on a bound socket."""
        listening.listen(BACKLOG)
        self._acceptor = Acceptor(listening, self.accepted)

    async def settle(self) -> None:
        """Accept no connection any more, and wait a moment until who is in has its answer."""
        if self._acceptor is not None:
            self._acceptor.pause()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING):
                while any(one.is_owed for one in self._connections):
                    self._somebody_left.clear()
                    await self._somebody_left.wait()

    def close(self) -> None:
        """Accept no connection any more, and end those there are."""
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self._connections):
            connection.finish(b"")

    def accepted(self, caller: socket.socket) -> Connection:
        """Begin with somebody who has connected."""
        connection = Connection(self, caller)
        connection.begin()
        return connection

    def entered(self, connection: Connection) -> bool:
        """Whether there may be one more."""
        if len(self._connections) >= self.most:
            return False
        self._connections.add(connection)
        self.look_after()
        return True

    def look_after(self) -> None:
        """Look at all of them, soon and as long as it matters to one."""
        self._looks.begin()

    def _look(self, now: float) -> bool:
        for connection in list(self._connections):
            connection.look(now)
        return any(connection.is_timed for connection in self._connections)

    def heard(self, connection: Connection, line: bytes) -> None:
        """Pass on what was said."""
        self._on_line(connection, line)

    def leaves(self, connection: Connection) -> None:
        """A caller has gone: that is passed on in the next turn of the loop, as it may be in the middle of a step."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._left)
        self._leaving.append(connection)

    def _left(self) -> None:
        leaving, self._leaving = self._leaving, []
        self._somebody_left.set()
        for connection in leaving:
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

"""Owns sockets in the loop without asyncio's transports: what is there is read, and what has room is sent, at once.

Most who connect have said all before they are let in, and there is room for their answer. So the loop watches a socket
only while something is missing, and one look at all of them keeps their deadlines. It must not know what is said.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

READ = 64 * 1024  # bytes
TOGETHER = 32  # that are let in in one turn of the loop: whatever else is due has its turn, too
AGAIN = 1.0  # seconds until others are let in, when that failed
LOOK = 0.25  # seconds between looks at who is there


class StreamOwner(Protocol):
    """Whose stream it is. It is told nothing after `ended`."""

    def readable(self) -> None:
        """Something may have come; also the end of it."""

    def sent(self) -> None:
        """All is sent that there was no room for."""

    def ended(self) -> None:
        """The stream is closed, by us or because the other end has gone."""


class Stream:
    """One socket that somebody has connected to. All in the loop; nothing blocks, nothing is raised."""

    def __init__(self, accepted: socket.socket, owner: StreamOwner) -> None:
        """Take it over."""
        accepted.setblocking(False)  # noqa: FBT003 — the standard library's signature
        self.socket = accepted
        self.closed = False
        self._descriptor = accepted.fileno()
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._watched = False

    @property
    def full(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._unsent)

    def read(self) -> bytes | None:
        """What has come; nothing where no more will come, None where it may."""
        try:
            return self.socket.recv(READ)
        except BlockingIOError:
            return None
        except OSError:
            self.close()
            return None

    def watch(self) -> None:
        """Tell the owner what comes from now on, and that the other end goes."""
        if not self._watched and not self.closed:
            self._watched = True
            self._loop.add_reader(self._descriptor, self._owner.readable)

    def unwatch(self) -> None:
        """Do so no more: what has come to an end would be told again and again."""
        if self._watched:
            self._watched = False
            self._loop.remove_reader(self._descriptor)

    def send(self, data: bytes) -> None:
        """Send it, at once as far as there is room."""
        if self._unsent:
            self._unsent += data
            return
        rest = data[self._sent(data) :]
        if rest:
            self._unsent += rest
            self._loop.add_writer(self._descriptor, self._send_rest)

    def _send_rest(self) -> None:
        del self._unsent[: self._sent(self._unsent)]
        if not self._unsent and not self.closed:
            self._loop.remove_writer(self._descriptor)
            self._owner.sent()

    def _sent(self, data: bytes | bytearray) -> int:
        """How many of these bytes need not be sent any more: none, where there is no room; all, to who has hung up."""
        try:
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.close()
            return len(data)

    def say_no_more(self) -> None:
        """Close our half."""
        with suppress(OSError):  # the other end has gone already
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it, whatever was still to be sent."""
        if self.closed:
            return
        self.closed = True
        self.unwatch()
        if self._unsent:
            self._loop.remove_writer(self._descriptor)
        self.socket.close()
        self._owner.ended()


class Acceptor:
    """A socket that listens: `take` gets everybody who connects, the oldest first."""

    def __init__(self, listening: socket.socket, take: Callable[[socket.socket], object]) -> None:
        """Begin, in the loop's next turn."""
        listening.setblocking(False)  # noqa: FBT003 — the standard library's signature
        self._socket: socket.socket | None = listening
        self._is_paused = False
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._listen()

    def _listen(self) -> None:
        if self._socket is not None and not self._is_paused:
            self._loop.add_reader(self._socket, self._accept, self._socket)

    def _accept(self, listening: socket.socket) -> None:
        """Let some in; more of them in the loop's next turn."""
        for _ in range(TOGETHER):
            try:
                accepted, _address = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # most likely there are no descriptors left
                self._loop.remove_reader(listening)
                self._loop.call_later(AGAIN, self._listen)
                return
            self._take(accepted)
            if self._socket is None or self._is_paused:
                return

    def pause(self) -> None:
        """Let nobody in; who comes waits at the socket, for us or whoever gets it next."""
        self._is_paused = True
        if self._socket is not None:
            self._loop.remove_reader(self._socket)

    def close(self) -> None:
        """Let nobody in any more."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None


class Looks:
    """Looks at all who are there, four times a second while that is needed. `look` is told the loop's time."""

    def __init__(self, look: Callable[[float], bool]) -> None:
        """Nothing runs yet; `look` says whether to go on."""
        self._look = look
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Somebody is there."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK, self._turn)

    def _turn(self) -> None:
        self._timer = None
        if self._look(asyncio.get_running_loop().time()):
            self.begin()

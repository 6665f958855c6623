"""Sockets in the loop without transports: nothing is lost where there is no room, and nobody keeps the loop busy."""

import asyncio
import errno
import socket
from pathlib import Path

import pytest

from trayexec.daemon import streams
from trayexec.daemon.streams import TOGETHER, Acceptor, Looks, Stream

MUCH = b"x" * 4_000_000  # bytes: more than a socket has room for


class Owner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.told: list[str] = []

    def readable(self) -> None:
        """Something may have come."""
        self.told.append("readable")

    def sent(self) -> None:
        """All is sent."""
        self.told.append("sent")

    def ended(self) -> None:
        """It is closed."""
        self.told.append("ended")


async def turns(count: int = 5) -> None:
    """Let the loop come round."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_what_has_no_room_is_sent_when_there_is_some() -> None:
    """All bytes arrive in order, and the owner is told of the last one; nothing is told of what went at once."""

    async def story() -> None:
        ours, theirs = socket.socketpair()
        owner = Owner()
        stream = Stream(ours, owner)
        with theirs:
            theirs.setblocking(False)  # noqa: FBT003 — the standard library's signature
            stream.send(b"first ")
            assert (stream.full, owner.told) == (False, [])
            stream.send(MUCH)
            stream.send(b" last")
            assert stream.full
            heard = b""
            while len(heard) < len(MUCH) + 11:
                heard += await asyncio.get_running_loop().sock_recv(theirs, 1 << 20)
            assert heard == b"first " + MUCH + b" last"
            await turns()
            assert (stream.full, owner.told) == (False, ["sent"])
            stream.close()
            stream.close()
            assert (owner.told, theirs.recv(1)) == (["sent", "ended"], b"")

    asyncio.run(story())


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "later"])
def test_who_has_hung_up_is_told_once(*, waits: bool) -> None:
    """Whether it is seen by what is sent now or by what waits for room: the stream ends, and nothing is raised."""

    async def story() -> None:
        ours, theirs = socket.socketpair()
        owner = Owner()
        stream = Stream(ours, owner)
        if waits:
            stream.send(MUCH)
        theirs.close()
        stream.send(b"word")
        await turns()
        assert (stream.closed, owner.told) == (True, ["ended"])
        assert ours.fileno() == -1
        stream.watch()  # it is too late, and does no harm
        await turns()

    asyncio.run(story())


def test_a_socket_is_watched_only_when_that_is_wanted() -> None:
    """What comes is told while it is watched; of the end nothing more is told once it is not."""

    async def story() -> None:
        ours, theirs = socket.socketpair()
        owner = Owner()
        stream = Stream(ours, owner)
        assert stream.read() is None
        theirs.send(b"word")
        await turns()
        assert owner.told == []
        stream.watch()
        await turns()
        assert owner.told[0] == "readable"
        assert stream.read() == b"word"
        theirs.close()
        stream.unwatch()
        told = len(owner.told)
        await turns()
        assert (stream.read(), len(owner.told)) == (b"", told)
        stream.close()

    asyncio.run(story())


def listening(folder: Path) -> socket.socket:
    """A socket that listens, with room for a crowd."""
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(folder / "s"))
    found.listen(2 * TOGETHER)
    return found


def test_a_crowd_is_let_in_by_and_by(tmp_path: Path) -> None:
    """The oldest first, and so many in one turn of the loop that whatever else is due has its turn, too."""

    async def story() -> None:
        let_in: list[socket.socket] = []
        acceptor = Acceptor(listening(tmp_path), let_in.append)
        crowd = [socket.socket(socket.AF_UNIX) for _ in range(TOGETHER + 3)]
        for number, one in enumerate(crowd):
            one.connect(str(tmp_path / "s"))
            one.send(bytes([number]))
        seen = []
        while len(let_in) < len(crowd):
            await asyncio.sleep(0)
            seen.append(len(let_in))
        assert TOGETHER in seen
        assert [one.recv(1)[0] for one in let_in] == list(range(len(crowd)))
        acceptor.close()
        acceptor.close()
        with pytest.raises(ConnectionRefusedError):
            crowd[0].connect(str(tmp_path / "s"))
        for one in (*crowd, *let_in):
            one.close()

    async def guarded() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(guarded())


def test_without_descriptors_others_are_let_in_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An accept that fails does not keep the loop busy; it is tried again after a while."""
    monkeypatch.setattr(streams, "AGAIN", 0.0)
    failures = [OSError(errno.EMFILE, "no more")]

    class Scarce(socket.socket):
        def accept(self) -> tuple[socket.socket, object]:
            if failures:
                raise failures.pop()
            return super().accept()

    async def story() -> None:
        let_in: list[socket.socket] = []
        with listening(tmp_path) as found:
            acceptor = Acceptor(Scarce(fileno=found.detach()), let_in.append)
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(tmp_path / "s"))
            while not let_in:
                await turns()
        assert not failures
        acceptor.close()
        let_in[0].close()

    async def guarded() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(guarded())


def test_nobody_is_looked_for_where_nobody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks end with the last one who is there, and begin anew with the next: an idle agent sleeps."""
    monkeypatch.setattr(streams, "LOOK", 0.0)

    async def story() -> None:
        there = [3]

        def look(now: float) -> bool:
            assert now <= asyncio.get_running_loop().time()
            there[0] -= 1
            return there[0] > 0

        looks = Looks(look)
        looks.begin()
        looks.begin()
        await turns(50)
        assert there == [0]
        there[0] = 1
        looks.begin()
        await turns(50)
        assert there == [0]

    asyncio.run(story())

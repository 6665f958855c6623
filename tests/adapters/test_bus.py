"""The connection to a bus whose other end does what it likes: a server that the test plays, and no D-Bus daemon."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call, new_method_return, new_signal

from trayexec.adapters.bus import connection as lines
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.bus.connection import HEAD, LONGEST, BusConnection, BusError, Frames, field
from trayexec.adapters.bus.objects import BusInterface, BusMethod

Play = Callable[["Server"], Coroutine[Any, Any, None]]
ADDRESS = DBusAddress("/x", "com.example.X", "com.example.X")


class Server:
    """The other end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._frames: Iterator[bytes] = iter(())
        self.reader, self.writer = reader, writer
        self._cut = Frames()
        self._serials = count(1000)

    async def welcome(self) -> None:
        """Take the newcomer in, as a bus does."""
        await self.reader.readuntil(b"\r\n")
        self.writer.write(b"OK 1234\r\n")
        await self.reader.readuntil(b"BEGIN\r\n")
        self.send(new_method_return(await self.read(), "s", (":1.1",)))

    async def read(self) -> Message:
        """The next message that comes."""
        while True:
            for frame in self._frames:
                return Message.from_buffer(frame)
            self._frames = self._cut.add(await self.reader.read(1 << 16))

    def send(self, message: Message) -> None:
        """Send it."""
        self.writer.write(message.serialise(next(self._serials)))


class User:
    """Writes down what happens to it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.happened = asyncio.Event()

    def _tell(self, what: str) -> None:
        self.told.append(what)
        self.happened.set()

    async def begin(self, connection: BusConnection) -> None:
        """A connection."""
        self._tell(f"begin {connection.name}")

    def heard(self, message: Message) -> None:
        """A signal; the one called Explode explodes."""
        member = field(message, HeaderFields.member)
        self._tell(member)
        if member == "Explode":
            raise ValueError(member)

    def end(self) -> None:
        """No connection."""
        self._tell("end")

    async def until(self, count: int) -> list[str]:
        """Everything, once so much has happened."""
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self.happened.clear()
                await self.happened.wait()
        return self.told


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the test's bus is."""
    return tmp_path / "bus"


def played(path: Path, play: Play, story: Callable[[Bus, User], Coroutine[Any, Any, None]]) -> int:
    """Run `story` with a bus whose every connection is `play`; how many there were."""
    came = 0
    playing: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        playing.append(asyncio.current_task())
        server = Server(reader, writer)
        try:
            await server.welcome()
            await play(server)
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    async def whole() -> None:
        server = await asyncio.start_unix_server(serve, path)
        bus, user = Bus(lambda: f"unix:path={path}", again=0.05), User()
        bus.join(user)
        keeping = asyncio.create_task(bus.keep())
        try:
            await story(bus, user)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await bus.close()
            server.close()
            await asyncio.gather(*filter(None, playing))

    asyncio.run(whole())
    return came


def test_a_signal_that_cannot_be_read_ends_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a user that trips over it nor a body that is no D-Bus: the next signal arrives."""
    broken = bytearray(new_signal(ADDRESS, "Broken", "s", ("x" * 8,)).serialise(1))
    broken[-12:-8] = b"\xff\xff\xff\x7f"  # the string says that it is longer than the message

    async def play(server: Server) -> None:
        server.send(new_signal(ADDRESS, "Explode"))
        server.writer.write(bytes(broken))
        server.send(new_signal(ADDRESS, "Overlong", "s", ("x" * LONGEST,)))
        server.send(new_signal(ADDRESS, "After"))
        await server.reader.read()

    async def story(_: Bus, user: User) -> None:
        assert sorted(await user.until(3)) == ["After", "Explode", "begin :1.1"]

    with caplog.at_level(logging.ERROR):
        assert played(path, play, story) == 1
    assert [record.getMessage() for record in caplog.records] == ["a D-Bus signal could not be read"]


@pytest.mark.parametrize(
    "noise", [b"", b"\0" * 4 * HEAD, b"l\1\0\1" + b"\xff" * 2 * HEAD, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_a_bus_that_hangs_up_or_babbles_is_left_and_sought_again(path: Path, noise: bytes) -> None:
    """Its users are told, and a new connection is made after a pause, not at once."""

    async def play(server: Server) -> None:
        await asyncio.sleep(0.05)  # it has been welcomed, and begins
        server.writer.write(noise)
        await server.writer.drain()

    async def story(_: Bus, user: User) -> None:
        assert (await user.until(4))[:4] == ["begin :1.1", "end", "begin :1.1", "end"]
        await asyncio.sleep(0.5)

    assert 2 <= played(path, play, story) <= 14


def test_whatever_goes_wrong_it_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    """An accident that nobody thought of costs one try."""
    tries = 0

    def find() -> str:
        nonlocal tries
        tries += 1
        raise RuntimeError("nobody thought of this")

    async def story() -> None:
        keeping = asyncio.create_task(Bus(find, again=0.01).keep())
        await asyncio.sleep(0.3)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    with caplog.at_level(logging.ERROR):
        asyncio.run(story())
    assert tries > 2
    assert {record.getMessage() for record in caplog.records} == {"the bus could not be reached"}


def test_a_call_ends_with_its_connection(path: Path) -> None:
    """Who waits for an answer is told at once that none will come; so is who asks later."""

    async def play(server: Server) -> None:
        await server.read()

    async def story(bus: Bus, user: User) -> None:
        connection = await bus.connection()
        with pytest.raises(BusError, match="closed"):
            await connection.call(new_method_call(ADDRESS, "Ask"), seconds=10)
        with pytest.raises(BusError, match="closed"):
            connection.send(new_signal(ADDRESS, "Tell"))
        assert "end" in user.told

    played(path, play, story)


def test_a_late_answer_is_nobodys(path: Path) -> None:
    """A reply that comes after its time is dropped; the connection goes on."""

    async def play(server: Server) -> None:
        late = await server.read()
        second = await server.read()
        server.send(new_method_return(late, "s", ("late",)))
        server.send(new_method_return(second, "s", ("in time",)))
        await server.reader.read()

    async def story(bus: Bus, _: User) -> None:
        connection = await bus.connection()
        with pytest.raises(BusError, match="no answer"):
            await connection.call(new_method_call(ADDRESS, "Ask"), seconds=0.05)
        assert (await connection.call(new_method_call(ADDRESS, "Ask"))).body == ("in time",)

    assert played(path, play, story) == 1


def test_who_calls_without_reading_the_answers_is_waited_for_and_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that nobody takes are not collected: the connection is given up, and the loop goes on meanwhile."""
    monkeypatch.setattr(lines, "PATIENCE", 0.2)
    ticks = 0

    async def play(server: Server) -> None:
        while True:
            server.send(new_method_call(ADDRESS, "Large"))
            await server.writer.drain()

    async def story(bus: Bus, user: User) -> None:
        nonlocal ticks
        bus.serve({"/x": BusInterface("com.example.X", {"Large": BusMethod((), ("s",), lambda: ("x" * 1000,))})})
        while "end" not in user.told:
            ticks += 1
            await asyncio.sleep(0.01)

    played(path, play, story)
    assert ticks > 3


def test_without_objects_a_call_is_refused(path: Path) -> None:
    """Who asks for an object that is not there is told so."""
    answers: list[Message] = []
    asked = asyncio.Event()

    async def play(server: Server) -> None:
        server.send(new_method_call(ADDRESS, "Ask"))
        answers.append(await server.read())
        asked.set()
        await server.reader.read()

    async def story(bus: Bus, _: User) -> None:
        await bus.connection()
        async with asyncio.timeout(10):
            await asked.wait()

    played(path, play, story)
    assert answers[0].header.message_type is MessageType.error
    assert answers[0].header.fields[HeaderFields.error_name] == "org.freedesktop.DBus.Error.UnknownObject"

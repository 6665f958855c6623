"""A D-Bus connection inside the loop: calls with a time-out, and what others send to a listener.

jeepney brings the wire format. Its own asyncio router is not used: a reply that arrives just after its waiter timed out
ends that router's receiver for good. Nor is its parser: it collects messages of any length, and is lost after one that
it cannot read.
"""

import asyncio
import contextlib
import logging
import struct
from collections.abc import Coroutine, Iterator
from itertools import count
from typing import Any, Protocol

from jeepney import HeaderFields, MatchRule, Message, MessageFlag, MessageType, new_method_call
from jeepney.auth import BEGIN, Authenticator
from jeepney.bus import get_connectable_addresses
from jeepney.bus_messages import message_bus
from jeepney.low_level import calc_msg_size

DRIVER = "org.freedesktop.DBus"  # the bus itself: nobody else can have this name

PATIENCE = 3.0  # seconds for a connection, and for an answer unless the caller says otherwise
CHUNK = 65536
LONGEST = 128 * 1024  # bytes of a message; nothing that a desktop says is that long, and reading it takes 0.1 s
UNSENT = 1024 * 1024  # bytes that may wait to be sent until the bus counts as gone
HEAD = 16  # bytes of a message that tell how long it is
_AT_ONCE, _LARGE = 16, 4096  # messages until the rest of the loop has its turn; bytes of one after which it has

_log = logging.getLogger(__name__)


class BusError(Exception):
    """No bus, no answer, or an answer that is an error: its D-Bus name is the message."""


class Listener(Protocol):
    """Who is told what others send; none of it may raise."""

    def heard(self, message: Message) -> None:
        """A signal: one asked for with `watch`, or one that anybody addressed to us. So look at its sender."""

    def answer(self, message: Message) -> Message:
        """The answer to a method call."""

    def lost(self) -> None:
        """The connection, which `connect` had returned, is closed."""


class BusConnection:
    """A connection. Get one from `connect`; `close` it, or learn from `closed` that the other end did.

    What others send goes to `listener`, whoever they are.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener: Listener) -> None:
        self._reader, self._writer, self._listener = reader, writer, listener
        self._serials = count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.closed = asyncio.Event()
        self.name = ""
        self._receiver: asyncio.Task[None] | None = None

    def send(self, message: Message) -> int:
        """Send a signal, an answer or a call and return its serial. Raises BusError once the bus is gone."""
        if self.closed.is_set():
            raise BusError("the connection is closed")
        serial = next(self._serials)
        self._writer.write(message.serialise(serial))
        if self._writer.transport.get_write_buffer_size() > UNSENT:
            self._writer.transport.abort()
            raise BusError("the bus does not read")
        return serial

    async def call(self, message: Message, *, seconds: float = PATIENCE) -> Message:
        """Send a method call and return the reply. Raises BusError."""
        serial = self.send(message)
        answer = self._waiting[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(seconds):
                reply = await answer
        except TimeoutError as error:
            raise BusError(f"no answer within {seconds:.0f} s") from error
        finally:
            self._waiting.pop(serial, None)
        if reply.header.message_type is MessageType.error:
            raise BusError(str(reply.header.fields.get(HeaderFields.error_name, "an error")))
        return reply

    async def watch(self, rule: MatchRule) -> None:
        """Ask the bus for the signals of `rule`. Raises BusError."""
        await self.call(message_bus.AddMatch(rule))

    async def owner(self, name: str) -> str:
        """The unique name of who owns `name` now, or nothing. Starts no service."""
        try:
            return str((await self.call(message_bus.GetNameOwner(name))).body[0])
        except BusError:
            return ""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have `work` done for as long as the connection lasts; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, BusError):
            _log.debug("the bus does not do what was asked: %s", error)
        elif error is not None:  # an answer may be anything, and must end nothing
            _log.error("what came over the bus could not be used", exc_info=error)

    async def close(self) -> None:
        """Close the connection."""
        if self._receiver is not None:
            self._receiver.cancel()
            await asyncio.gather(self._receiver, return_exceptions=True)

    def receive(self) -> None:
        """Begin to read. `connect` does it."""
        self._receiver = asyncio.create_task(self._receive(), name="D-Bus")

    async def _receive(self) -> None:
        frames = Frames()
        try:
            while data := await self._reader.read(CHUNK):
                for number, frame in enumerate(frames.add(data), 1):
                    self._dispatch(frame)
                    if number % _AT_ONCE == 0 or len(frame) > _LARGE:
                        await asyncio.sleep(0)
                async with asyncio.timeout(PATIENCE):
                    await self._writer.drain()  # who asks without end waits for the answers
        except (OSError, ValueError, KeyError, struct.error):  # the line broke, or what came is not D-Bus
            pass
        except BusError as error:
            _log.info("the connection to the bus is given up: %s", error)
        finally:
            self.closed.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BusError("the connection is closed"))
            for task in self._tasks:
                task.cancel()
            if self.name:
                self._listener.lost()
            self._writer.transport.abort()  # a bus that does not read must not keep us
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def _dispatch(self, frame: bytes) -> None:
        try:
            message = Message.from_buffer(frame)
        except Exception:  # noqa: BLE001 — jeepney raises anything for what it cannot parse; the next one is fine
            return
        header = message.header
        serial = header.fields.get(HeaderFields.reply_serial)
        if serial is not None:
            answer = self._waiting.get(serial)
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif header.message_type is MessageType.signal:
            self._listener.heard(message)
        elif header.message_type is MessageType.method_call:
            reply = self._listener.answer(message)
            if not header.flags & MessageFlag.no_reply_expected:
                self.send(reply)


class Frames:
    """Cuts what arrives into messages, and drops overlong ones on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0

    def add(self, data: bytes) -> Iterator[bytes]:
        """The messages that are whole by now. Raises ValueError, KeyError or struct.error for what is no D-Bus."""
        self._buffer += data
        while True:
            dropped = min(self._skip, len(self._buffer))
            del self._buffer[:dropped]
            self._skip -= dropped
            if self._skip or len(self._buffer) < HEAD:
                return
            size: int = calc_msg_size(bytes(self._buffer[:HEAD]))
            if size > LONGEST:
                self._skip = size
                continue
            if len(self._buffer) < size:
                return
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield frame


async def connect(address: str, listener: Listener) -> BusConnection:
    """Connect within `PATIENCE` seconds a step. Raises BusError."""
    if not address:
        raise BusError("there is no such bus")
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(next(get_connectable_addresses(address)))
            try:
                await _authenticate(reader, writer)
            except BaseException:
                writer.close()
                raise
    except (OSError, EOFError, LookupError, ValueError, RuntimeError, StopIteration) as error:
        raise BusError(str(error) or "the bus does not answer") from error
    connection = BusConnection(reader, writer, listener)
    connection.receive()
    try:
        connection.name = str((await connection.call(message_bus.Hello())).body[0])
    except BaseException as error:
        await connection.close()
        if isinstance(error, IndexError):
            raise BusError("the bus gives no name") from error
        raise
    if connection.closed.is_set():
        raise BusError("the bus hung up")
    return connection


async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    authenticator = Authenticator()
    for request in authenticator:
        writer.write(request)
        await writer.drain()
        answer = await reader.read(1024)
        if not answer:
            raise EOFError("the bus hung up")
        authenticator.feed(answer)
    writer.write(BEGIN)
    await writer.drain()


def field(message: Message, which: HeaderFields) -> str:
    """A header field as text; empty when it is not there."""
    return str(message.header.fields.get(which, ""))


def call_without_start(address: Any, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Message:
    """A method call that starts no service."""
    message = new_method_call(address, member, signature, body)
    message.header.flags = MessageFlag.no_auto_start
    return message

"""A D-Bus connection inside the loop: calls with a time-out, signals to a callback, and word when it is gone.

jeepney brings the wire format. Its own asyncio router is not used: a reply that arrives just after its waiter timed out
ends that router's receiver for good.
"""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import count
from typing import Any

from jeepney import HeaderFields, MatchRule, Message, MessageFlag, MessageType, Parser, new_method_call
from jeepney.auth import BEGIN, Authenticator
from jeepney.bus import get_connectable_addresses
from jeepney.bus_messages import message_bus

PATIENCE = 3.0  # seconds for a connection, and for an answer unless the caller says otherwise
CHUNK = 65536


class BusError(Exception):
    """No bus, no answer, or an answer that is an error: its D-Bus name is the message."""


class Bus:
    """A connection. Get one from `connect`; `close` it, or learn from `closed` that the other end did.

    `on_signal(message)` is called for every signal that arrives: those asked for with `watch`, and whatever anybody
    addresses to this connection, so it has to look at the sender.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_signal: Callable[[Message], None]
    ) -> None:
        self._reader, self._writer, self._on_signal = reader, writer, on_signal
        self._parser = Parser()
        self._serials = count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self.closed = asyncio.Event()
        self.name = ""
        self._task: asyncio.Task[None] | None = None

    async def call(self, message: Message, *, seconds: float = PATIENCE) -> Message:
        """Send a method call and return the reply. Raises BusError."""
        serial = next(self._serials)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = answer
        try:
            async with asyncio.timeout(seconds):
                if self.closed.is_set():
                    raise BusError("the connection is closed")
                self._writer.write(message.serialise(serial))
                await self._writer.drain()
                reply = await answer
        except TimeoutError as error:
            raise BusError(f"no answer within {seconds:.0f} s") from error
        except OSError as error:
            self.closed.set()
            raise BusError(str(error)) from error
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

    async def close(self) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def start(self) -> None:
        """Begin to read. `connect` does it."""
        self._task = asyncio.create_task(self._receive(), name="D-Bus")

    async def _receive(self) -> None:
        try:
            while data := await self._reader.read(CHUNK):
                self._parser.add_data(data)
                while (message := self._parser.get_next_message()) is not None:
                    self._dispatch(message)
        except (OSError, ValueError, KeyError):  # the line broke, or what came is not D-Bus
            pass
        finally:
            self.closed.set()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BusError("the connection is closed"))
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def _dispatch(self, message: Message) -> None:
        answer = self._waiting.get(message.header.fields.get(HeaderFields.reply_serial, -1))
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
        elif message.header.message_type is MessageType.signal:
            self._on_signal(message)


async def connect(address: str, on_signal: Callable[[Message], None]) -> Bus:
    """Connect within `PATIENCE` seconds. Raises BusError."""
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
    except (OSError, EOFError, ValueError, RuntimeError, StopIteration, TimeoutError) as error:
        raise BusError(str(error) or "the bus does not answer") from error
    bus = Bus(reader, writer, on_signal)
    bus.start()
    try:
        bus.name = str((await bus.call(message_bus.Hello())).body[0])
    except BaseException:
        await bus.close()
        raise
    return bus


async def _authenticate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    talk = Authenticator()
    for request in talk:
        writer.write(request)
        await writer.drain()
        answer = await reader.read(1024)
        if not answer:
            raise EOFError("the bus hung up")
        talk.feed(answer)
    writer.write(BEGIN)
    await writer.drain()


def field(message: Message, which: HeaderFields) -> str:
    """A header field as text; empty when it is not there."""
    return str(message.header.fields.get(which, ""))


def quiet_call(address: Any, member: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> Message:
    """A method call that starts no service."""
    message = new_method_call(address, member, signature, body)
    message.header.flags = MessageFlag.no_auto_start
    return message

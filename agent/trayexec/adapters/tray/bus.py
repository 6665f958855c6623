"""A connection to the D-Bus session bus for a thread that waits in its own `select`."""

import itertools
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call
from jeepney.bus import get_bus
from jeepney.io.blocking import prep_socket
from jeepney.low_level import calc_msg_size

from trayexec.light.errors import TrayexecError, trouble

DRIVER = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")

# Nothing a panel says is that long. What is longer is skipped, not collected.
_LONGEST = 1 << 20
_SECONDS = 5.0
_HEAD = 16  # bytes of a message that tell how long it is

Reply = Callable[[Message], None]


def session_address(environ: Mapping[str, str]) -> str | None:
    """Where the session bus is, or None. Without the variable, systemd's usual place is tried."""
    address = environ.get("DBUS_SESSION_BUS_ADDRESS")
    if address:
        return address
    runtime = environ.get("XDG_RUNTIME_DIR")
    if runtime and (Path(runtime) / "bus").is_socket():
        return f"unix:path={runtime}/bus"
    return None


class SessionBus:
    """One connection. Raises OSError (ConnectionError, TimeoutError) from any method once the bus is gone.

    jeepney's own connection has no way to skip a message that cannot be parsed, and waits without end for some
    replies; its wire format is used as it is.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        self._skip = 0
        self._serials = itertools.count(1)
        self._waiting: dict[int, Reply] = {}
        self.name = ""

    @classmethod
    def open(cls, address: str) -> Self:
        """Connect and say hello, in at most 5 seconds a step. Raises TrayexecError (bus_unavailable)."""
        try:
            bus = cls(prep_socket(get_bus(address), timeout=_SECONDS))
        except (OSError, RuntimeError, ValueError) as reason:  # what jeepney raises for an address it cannot use
            raise _unavailable(reason) from reason
        try:
            bus._sock.settimeout(_SECONDS)
            bus.name = bus.ask(new_method_call(DRIVER, "Hello")).body[0]
        except OSError as reason:
            bus.close()
            raise _unavailable(reason) from reason
        return bus

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """For `select`."""
        return self._sock.fileno()

    def close(self) -> None:
        """Hang up. Panels take the icon away by themselves."""
        self._sock.close()

    def owned(self, name: str) -> bool:
        """Whether somebody owns this name. Waits for the answer."""
        return bool(self.ask(new_method_call(DRIVER, "NameHasOwner", "s", (name,))).body[0])

    def match(self, rule: str) -> None:
        """Receive the signals of this match rule from now on."""
        self.call(new_method_call(DRIVER, "AddMatch", "s", (rule,)), _ignore)

    def send(self, message: Message) -> int:
        """Send a message and return its serial."""
        serial = next(self._serials)
        self._sock.sendall(message.serialise(serial=serial))
        return serial

    def call(self, message: Message, reply: Reply) -> None:
        """Call a method; `reply` gets the answer, or the error message, from within `read`."""
        self._waiting[self.send(message)] = reply

    def ask(self, message: Message) -> Message:
        """Call a method and wait for the answer, at most 5 seconds for each part of it. Only before `read` is used.

        Raises OSError for an error in its place, and for no answer.
        """
        answers: list[Message] = []
        self.call(message, answers.append)
        while not answers:
            for _ in self.read():
                pass  # nothing else is meant for us yet
        if answers[0].header.message_type is MessageType.error:
            raise ConnectionError(str(answers[0].header.fields.get(HeaderFields.error_name)))
        return answers[0]

    def read(self) -> Iterator[Message]:
        """Receive once, deliver replies to who waits for them, and yield calls and signals. Raises OSError."""
        data = self._sock.recv(65536)
        if not data:
            raise ConnectionResetError("the session bus hung up")
        self._buffer += data
        for raw in self._frames():
            try:
                message = Message.from_buffer(raw)
            except Exception:  # noqa: BLE001, S112 — jeepney raises anything for what it cannot parse; the next frame is fine
                continue
            serial: Any = message.header.fields.get(HeaderFields.reply_serial)
            if serial is None:
                yield message
            elif serial in self._waiting:
                self._waiting.pop(serial)(message)

    def _frames(self) -> Iterator[bytes]:
        """Whole messages, as far as they have arrived; overlong ones are dropped on the way."""
        while True:
            dropped = min(self._skip, len(self._buffer))
            del self._buffer[:dropped]
            self._skip -= dropped
            if self._skip or len(self._buffer) < _HEAD:
                return
            size: int = calc_msg_size(bytes(self._buffer[:_HEAD]))
            if size > _LONGEST:
                self._skip = size
                continue
            if len(self._buffer) < size:
                return
            raw = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield raw


def _ignore(_: Message) -> None:
    """For calls whose answer changes nothing."""


def _unavailable(reason: Exception) -> TrayexecError:
    return TrayexecError(
        trouble(
            "bus_unavailable",
            "The desktop's message bus cannot be reached: {reason}.",
            "Start trayexec from your desktop session, or use it without a tray icon: `trayexec auth`.",
            reason=str(reason) or type(reason).__name__,
        )
    )

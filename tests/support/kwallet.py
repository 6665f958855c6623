"""A KWallet for tests, on a real bus: what kwalletd6 6.13 was seen to do, without a window and without a file."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jeepney import HeaderFields, Message, MessageType, new_error, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from support.desktop import PATIENCE

HANDLE, WALLET = 7, "kdewallet"


@dataclass(slots=True)
class Wallet:
    """Open or not, with a person who allows, refuses (False) or is not there (None)."""

    connection: DBusConnection
    enabled: bool = True
    is_open: bool = True
    speaks: bool = False  # it is the Secret Service, once somebody has called it
    allows: bool | None = True
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    apps: set[str] = field(default_factory=set)  # who opened it

    def serve(self) -> None:
        """Answer until the connection is shut down."""
        with contextlib.suppress(OSError):
            while True:
                call = self.connection.receive()
                if call.header.message_type is MessageType.method_call:
                    reply = self._reply(call, str(call.header.fields[HeaderFields.member]))
                    if reply is not None:
                        self.connection.send(reply)

    def _reply(self, call: Message, member: str) -> Message | None:  # noqa: C901, PLR0911, PLR0912 — a table
        body: tuple[Any, ...] = call.body
        if body and member not in {"open", "isOpen", "keyDoesNotExist"} and body[0] != HANDLE:
            return new_error(call, "org.freedesktop.DBus.Error.AccessDenied")
        match member, body:
            case "isEnabled", ():
                if self.speaks:
                    self.connection.send(message_bus.RequestName("org.freedesktop.secrets"))
                return new_method_return(call, "b", (self.enabled,))
            case "networkWallet", ():
                return new_method_return(call, "s", (WALLET,))
            case "isOpen", (str(name),):
                return new_method_return(call, "b", (self.is_open and name == WALLET,))
            case "open", (str(name), int(), str(app)) if name == WALLET:
                self.apps.add(app)
                if not self.is_open and self.allows is None:
                    return None
                self.is_open = self.is_open or bool(self.allows)
                return new_method_return(call, "i", (HANDLE if self.is_open else -1,))
            case "keyDoesNotExist", (str(), str(folder), str(key)):
                return new_method_return(call, "b", ((folder, key) not in self.kept,))
            case "hasEntry", (int(), str(folder), str(key), str()):
                return new_method_return(call, "b", ((folder, key) in self.kept,))
            case "readPassword", (int(), str(folder), str(key), str()):
                return new_method_return(call, "s", (self.kept.get((folder, key), ""),))
            case "writePassword", (int(), str(folder), str(key), str(value), str()):
                self.kept[folder, key] = value
                return new_method_return(call, "i", (0,))
            case "removeEntry", (int(), str(folder), str(key), str()):
                return new_method_return(call, "i", (0 if self.kept.pop((folder, key), None) is not None else -3,))
            case "sync", (int(), str()):
                return new_method_return(call)
            case _:
                return new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")


@contextlib.contextmanager
def kwallet(address: str, service: str = "org.kde.kwalletd6") -> Iterator[Wallet]:
    """A wallet that is open, on this bus."""
    with contextlib.closing(open_dbus_connection(address)) as connection:
        wallet = Wallet(connection)
        connection.send_and_get_reply(message_bus.RequestName(service), timeout=PATIENCE)
        thread = threading.Thread(target=wallet.serve, daemon=True)
        thread.start()
        try:
            yield wallet
        finally:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(2)
            thread.join(PATIENCE)

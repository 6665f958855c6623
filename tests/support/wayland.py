"""A compositor for tests: the part of Wayland that tells of idle time, on a real socket, as the protocol's text has it.

https://wayland.freedesktop.org/docs/html/ch04.html (wire format), https://wayland.app/protocols/ext-idle-notify-v1. It
was compared with sway 1.10: like that one's library it takes new objects in order only.
"""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Global = tuple[int, str, int]  # name, interface, version
USUAL: tuple[Global, ...] = (
    (1, "wl_compositor", 5),
    (2, "wl_seat", 8),
    (3, "ext_idle_notifier_v1", 1),
    (4, "a_name_that_is_no_multiple_of_four", 1),
)


def string(text: str) -> bytes:
    """Its length with the zero at its end, and itself, filled up to whole words."""
    data = text.encode() + b"\0"
    return struct.pack("=I", len(data)) + data + bytes(-len(data) % 4)


def message(sender: int, number: int, body: bytes = b"") -> bytes:
    """One message."""
    return struct.pack("=II", sender, (8 + len(body)) << 16 | number) + body


@dataclass(slots=True)
class Compositor:
    """Serves one client after the other. `timeouts` are what was asked to be told of, by the notification's object."""

    listener: socket.socket
    globals: tuple[Global, ...]
    timeouts: dict[int, int] = field(default_factory=dict)
    by_keys: bool = False  # asked by the request that takes no video for a person
    seats: dict[int, int] = field(default_factory=dict)  # the object → the name
    watched: dict[int, int] = field(default_factory=dict)  # a seat's name → its notification
    wrong: list[str] = field(default_factory=list)
    client: socket.socket | None = None
    clients: int = 0

    def send(self, data: bytes) -> None:
        """Say this to the client."""
        assert self.client is not None
        self.client.sendall(data)

    def idled(self, seat: int = 2) -> None:
        """Nobody uses this seat."""
        self.send(message(self.watched[seat], 0))

    def resumed(self, seat: int = 2) -> None:
        """Somebody does."""
        self.send(message(self.watched[seat], 1))

    def add(self, one: Global) -> None:
        """There is one more global."""
        name, interface, version = one
        self.send(message(2, 0, struct.pack("=I", name) + string(interface) + struct.pack("=I", version)))

    def remove(self, name: int) -> None:
        """There is one less."""
        self.send(message(2, 1, struct.pack("=I", name)))

    def hang_up(self) -> None:
        """End the connection."""
        assert self.client is not None
        self.client.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        """Until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                self.client, _ = self.listener.accept()
                self.clients += 1
                with self.client, contextlib.suppress(OSError):
                    self._hear(self.client)

    def _hear(self, client: socket.socket) -> None:
        came, last, kinds = b"", 1, {1: "wl_display"}

        def new(number: int, kind: str) -> None:
            nonlocal last
            if number != last + 1:
                self.wrong.append(f"object {number} after {last}")
            last = number
            kinds[number] = kind

        while more := client.recv(4096):
            came += more
            while len(came) >= 8 and len(came) >= (size := struct.unpack_from("=II", came)[1] >> 16):
                to, word = struct.unpack_from("=II", came)
                body, came = came[8:size], came[size:]
                self._answer(kinds.get(to, "?"), word & 0xFFFF, body, new)

    def _answer(self, kind: str, number: int, body: bytes, new: Callable[[int, str], None]) -> None:
        words = struct.unpack(f"={len(body) // 4}I", body)
        match kind, number:
            case "wl_display", 1:
                new(words[0], "wl_registry")
                for one in self.globals:
                    self.add(one)
            case "wl_display", 0:
                new(words[0], "wl_callback")
                self.send(message(words[0], 0, bytes(4)))
            case "wl_registry", 0:
                length = words[1]
                interface = body[8 : 8 + length - 1].decode()
                new(words[-1], interface)
                if interface == "wl_seat":
                    self.seats[words[-1]] = words[0]
                    self.send(message(words[-1], 0, struct.pack("=I", 3)))  # capabilities
            case "ext_idle_notifier_v1", 1 | 2:
                new(words[0], "ext_idle_notification_v1")
                self.by_keys = number == 2
                self.timeouts[words[0]] = words[1]
                self.watched[self.seats[words[2]]] = words[0]
            case _:
                self.wrong.append(f"{kind}.{number}")


@contextlib.contextmanager
def compositor(path: Path, *, globals_: tuple[Global, ...] = USUAL) -> Iterator[Compositor]:
    """A compositor that listens there."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()
        one = Compositor(listener, globals_)
        thread = threading.Thread(target=one.serve)
        thread.start()
        try:
            yield one
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            if one.client is not None:
                with contextlib.suppress(OSError):
                    one.client.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            assert not one.wrong, one.wrong

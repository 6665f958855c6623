"""What a Wayland compositor tells of idle time: sway, Hyprland, KWin, COSMIC, niri and others (`ext-idle-notify-v1`).

It tells when nobody has used a seat for a while that it is given, and when somebody does again. So a connection
listens, from the first question on: how long nobody was there before that is not known.

Wire format and wl_display, wl_registry: https://wayland.freedesktop.org/docs/html/ch04.html and apa.html; the protocol:
https://wayland.app/protocols/ext-idle-notify-v1. Nothing is bound that passes descriptors.
"""

import asyncio
import contextlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

WHILE = 10.0  # seconds without a key or the mouse that count: somebody who reads is told of no more often
PATIENCE = 3.0  # seconds that a compositor has to say what it can
CHUNK = 4096
SEATS = 16  # more than that are not watched

NOTIFIER, SEAT = "ext_idle_notifier_v1", "wl_seat"
_DISPLAY, _REGISTRY, _ASKED = 1, 2, 3  # objects; the others follow, and no number may be left out
_HEAD = struct.Struct("=II")  # the object; the message's size in bytes, with its head, and 16 bits of which it is


class WaylandError(Exception):
    """What comes is not Wayland, or the compositor will not go on."""


@dataclass(frozen=True, slots=True)
class _Notifier:
    """The compositor's name for it, the number of our object, the version that both know."""

    name: int
    number: int
    version: int


class SeatWatch:
    """What was said on one connection so far. No I/O: `take` is given what came, and returns what is to be sent."""

    def __init__(self) -> None:
        self._came = bytearray()
        self._last = _ASKED  # our last object
        self._notifier: _Notifier | None = None
        self._seats: dict[int, int] = {}  # the compositor's name for a seat → our object
        self._watched: dict[int, int] = {}  # our seat → its notification
        self._idle: dict[int, float | None] = {}  # a notification → since when nobody is there
        self.listed = False

    def greeting(self) -> bytes:
        """What is sent first: tell what there is, and say when that is all."""
        return _request(_DISPLAY, 1, _u32(_REGISTRY)) + _request(_DISPLAY, 0, _u32(_ASKED))

    def take(self, data: bytes, now: float) -> bytes:
        """Read what came at the moment `now`. Raises WaylandError."""
        self._came += data
        return b"".join(self._heard(*event, now) for event in _events(self._came))

    def seconds(self, now: float) -> float | None:
        """How long no seat was used; 0 while that is less than `WHILE`, None where it is not told."""
        moments = list(self._idle.values())
        if not moments:
            return None
        used = [now if one is None else one for one in moments]
        return max(0.0, now - max(used))

    def _heard(self, sender: int, event: int, body: bytes, now: float) -> bytes:
        match sender, event:
            case 1, 0:  # wl_display.error
                raise WaylandError("the compositor ends the connection")
            case 2, 0:  # wl_registry.global
                return self._appeared(*_global(body))
            case 2, 1:  # wl_registry.global_remove
                self._went(_number(body))
            case 3, 0:  # wl_callback.done
                self.listed = True
            case object_, 0 if object_ in self._idle:  # ext_idle_notification_v1.idled
                self._idle[object_] = now - WHILE
            case object_, 1 if object_ in self._idle:  # ext_idle_notification_v1.resumed
                self._idle[object_] = None
            case _:
                pass  # names and capabilities of seats; what goes on about an object that we have forgotten
        return b""

    def _appeared(self, name: int, interface: str, version: int) -> bytes:
        bound = b""
        if interface == NOTIFIER and self._notifier is None:
            self._notifier = _Notifier(name, self._new(), min(version, 2))
            bound = _bind(name, interface, self._notifier.version, self._notifier.number)
        elif interface == SEAT and len(self._seats) < SEATS and name not in self._seats:
            self._seats[name] = self._new()
            bound = _bind(name, interface, 1, self._seats[name])
        return bound + b"".join(self._watch(seat) for seat in self._seats.values() if seat not in self._watched)

    def _watch(self, seat: int) -> bytes:
        """Request 1 takes a video that keeps the screen awake for somebody; 2, of version 2, goes by keys and mice."""
        if self._notifier is None:
            return b""
        notification = self._watched[seat] = self._new()
        self._idle[notification] = None
        words = struct.pack("=III", notification, round(WHILE * 1000), seat)
        return _request(self._notifier.number, self._notifier.version, words)

    def _went(self, name: int) -> None:
        if self._notifier is not None and name == self._notifier.name:
            raise WaylandError("the compositor tells of idle time no more")
        notification = self._watched.pop(self._seats.pop(name, 0), 0)
        self._idle.pop(notification, None)

    def _new(self) -> int:
        self._last += 1
        return self._last


def _events(came: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Each event that is whole by now: its object, its number, the rest. Raises WaylandError."""
    while len(came) >= _HEAD.size:
        sender, word = _HEAD.unpack_from(came)
        size, event = word >> 16, word & 0xFFFF
        if size < _HEAD.size or size % 4:
            raise WaylandError("a message of no possible size")
        if len(came) < size:
            return
        body = bytes(came[_HEAD.size : size])
        del came[:size]
        yield sender, event, body


def _global(body: bytes) -> tuple[int, str, int]:
    """Name, interface and version."""
    try:
        name, length = struct.unpack_from("=II", body)
        (version,) = struct.unpack_from("=I", body, 8 + length + -length % 4)
    except struct.error as error:
        raise WaylandError("a message that ends too early") from error
    return name, body[8 : 8 + length].rstrip(b"\0").decode("ascii", "replace"), version


def _number(body: bytes) -> int:
    if len(body) < struct.calcsize("=I"):
        raise WaylandError("a message that ends too early")
    return int(struct.unpack_from("=I", body)[0])


def _bind(name: int, interface: str, version: int, new: int) -> bytes:
    text = interface.encode() + b"\0"
    padded = text + bytes(-len(text) % 4)
    return _request(_REGISTRY, 0, _u32(name) + _u32(len(text)) + padded + _u32(version) + _u32(new))


def _request(object_: int, number: int, body: bytes) -> bytes:
    return _HEAD.pack(object_, (_HEAD.size + len(body)) << 16 | number) + body


def _u32(number: int) -> bytes:
    return struct.pack("=I", number)


class WaylandIdle:
    """Asks the compositor of this environment. The connection lasts from the first question until `close`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Keep where the compositor listens."""
        named = environ.get("WAYLAND_DISPLAY", "")
        self._path = named and os.path.join(environ.get("XDG_RUNTIME_DIR", ""), named)  # noqa: PTH118 — `named` may be a path
        self._watch: SeatWatch | None = None
        self._listens: asyncio.Task[None] | None = None

    async def seconds(self) -> float | None:
        """Seconds since somebody was seen; None where the compositor does not tell."""
        if self._path and (self._listens is None or self._listens.done()):
            await self._begin()
        return None if self._watch is None else self._watch.seconds(asyncio.get_running_loop().time())

    async def _begin(self) -> None:
        watch, listed = SeatWatch(), asyncio.Event()
        self._watch = watch
        self._listens = asyncio.create_task(self._listen(watch, listed), name="Wayland")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await listed.wait()
        if not watch.listed or watch.seconds(0.0) is None:
            await self.close()

    async def _listen(self, watch: SeatWatch, listed: asyncio.Event) -> None:
        clock = asyncio.get_running_loop()
        writer = None
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
            writer.write(watch.greeting())
            while data := await reader.read(CHUNK):
                writer.write(watch.take(data, clock.time()))
                await writer.drain()
                if watch.listed:
                    listed.set()
        except (OSError, WaylandError):
            pass
        finally:
            self._watch = None
            listed.set()
            if writer is not None:
                writer.transport.abort()

    async def close(self) -> None:
        """End the connection."""
        if self._listens is not None:
            self._listens.cancel()
            await asyncio.gather(self._listens, return_exceptions=True)
        self._watch = self._listens = None

"""Notices with buttons on Linux: org.freedesktop.Notifications, on the agent's connection to the session bus.

Desktop Notifications Specification 1.2 (https://specifications.freedesktop.org/notification-spec/latest/).
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call

from trayexec.adapters.bus.client import Bus
from trayexec.adapters.bus.connection import DRIVER, BusConnection, BusError, field
from trayexec.adapters.notifications.chain import Shown, TranslatedNotice
from trayexec.core.ports import Urgency
from trayexec.core.view import IconState

NAME = "org.freedesktop.Notifications"
APP = "trayexec"
START = 5.0  # seconds for an answer: the bus may have to start the service first

_SERVICE = DBusAddress("/org/freedesktop/Notifications", NAME, NAME)
_URGENCY = {Urgency.LOW: 0, Urgency.NORMAL: 1, Urgency.LAST: 2}
DRAWS_DEFAULT = frozenset({"Xfce Notify Daemon", "lxqt-notificationd"})  # show a click on the notice as one more button
PICTURE = 48  # pixels: what most services show it in
_SERVER_DECIDES = -1  # milliseconds until it goes; a LAST one stays because of its urgency


@dataclass(frozen=True, slots=True)
class _Shown:
    key: str
    actions: Mapping[str, str]  # what the server calls it → what we do


@dataclass(frozen=True, slots=True)
class _Server:
    owner: str
    name: str
    capabilities: frozenset[str]


class DBusNotices:
    """Shows notices on the session bus; ids of a service or a connection that is gone are forgotten.

    A click on the notice itself does what its first button does, unless it is a quiet one.
    """

    def __init__(self, bus: Bus) -> None:
        """Join the session bus."""
        self._bus = bus
        self._callback: Callable[[str, str], None] | None = None
        self._connection: BusConnection | None = None  # on which we listen to the service
        self._server: _Server | None = None
        self._shown: dict[int, _Shown] = {}
        self._lock = asyncio.Lock()  # two notices at once must not open two windows for one key
        bus.join(self)

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, action id)` in the loop when a button is pressed."""
        self._callback = callback

    async def show(self, note: TranslatedNotice) -> Shown:
        """Show, or replace what has the same key."""
        async with self._lock:
            if await self._delivered(note):
                return Shown.SHOWN
            # A connection may turn out to be dead only when it is used: that deserves a second try, with a new one.
            dead = self._connection is not None and self._connection.closed.is_set()
            return Shown.SHOWN if dead and await self._delivered(note) else Shown.FAILED

    async def _delivered(self, note: TranslatedNotice) -> bool:
        try:
            connection = await self._connected()
            server = await self._known(connection)
            await self._notify(connection, server, note)
        except BusError:
            return False
        return True

    async def withdraw(self, key: str) -> None:
        """Take it away, if it is still there."""
        async with self._lock:
            found = self._find(key)
            if self._connection is not None and found:
                with contextlib.suppress(BusError):
                    await self._connection.call(new_method_call(_SERVICE, "CloseNotification", "u", (found,)))

    async def _connected(self) -> BusConnection:
        connection = await self._bus.connection()
        if connection is not self._connection:
            self._forget()
            await connection.watch(MatchRule(type="signal", sender=NAME, interface=NAME, path=_SERVICE.object_path))
            change = MatchRule(type="signal", sender=DRIVER, interface=DRIVER, member="NameOwnerChanged")
            change.add_arg_condition(0, NAME)
            await connection.watch(change)
            self._connection = connection
        return connection

    async def _known(self, connection: BusConnection) -> _Server:
        """Who shows notices, and what it can do."""
        if self._server is None:
            reply = await connection.call(new_method_call(_SERVICE, "GetCapabilities"), seconds=START)
            told = await connection.call(new_method_call(_SERVICE, "GetServerInformation"), seconds=START)
            can = frozenset(map(str, reply.body[0]))
            self._server = _Server(field(reply, HeaderFields.sender), str(told.body[0]), can)
        return self._server

    async def _notify(self, connection: BusConnection, server: _Server, note: TranslatedNotice) -> None:
        buttons = note.actions if "actions" in server.capabilities else ()
        actions = {name: name for name, _ in buttons}
        labels = [part for action in buttons for part in action]
        clickable = buttons and "default" not in actions and note.urgency is not Urgency.LOW
        if clickable and server.name not in DRAWS_DEFAULT:
            first, label = buttons[0]
            actions["default"] = first
            labels = ["default", label, *labels]
        body = escape(note.body, quote=False) if "body-markup" in server.capabilities else note.body
        hints = {
            "urgency": ("y", _URGENCY[note.urgency]),
            "desktop-entry": ("s", APP),
            "image-data": _image(note.picture),
        }
        words = (APP, self._find(note.key), "", note.title, body, labels, hints, _SERVER_DECIDES)
        reply = await connection.call(new_method_call(_SERVICE, "Notify", "susssasa{sv}i", words), seconds=START)
        if field(reply, HeaderFields.sender) != server.owner:  # another service took over in between
            self._forget()
            return
        self._shown = {number: shown for number, shown in self._shown.items() if shown.key != note.key}
        self._shown[int(reply.body[0])] = _Shown(note.key, actions)

    def _find(self, key: str) -> int:
        """The server's number of what is shown under `key`, or 0."""
        return next((number for number, shown in self._shown.items() if shown.key == key), 0)

    def _forget(self) -> None:
        self._server = None
        self._shown.clear()

    async def begin(self, connection: BusConnection) -> None:
        """Nothing: the first notice asks for what it needs."""

    def end(self) -> None:
        """What was shown can be pressed no more."""
        self._forget()

    def heard(self, message: Message) -> None:
        """A signal. Anybody on the bus can send us one: only the service's and the bus's own count."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        if sender == DRIVER and member == "NameOwnerChanged" and message.body[0] == NAME:
            self._forget()
        elif self._server is not None and sender == self._server.owner:
            match member, message.body:
                case "ActionInvoked", (int(number), str(action)):
                    self._act(number, action)
                case "NotificationClosed", (int(number), int()):
                    self._shown.pop(number, None)
                case _:
                    pass

    def _act(self, number: int, action: str) -> None:
        shown = self._shown.get(number)
        if shown is not None and action in shown.actions and self._callback is not None:
            self._callback(shown.key, shown.actions[action])


def _image(state: IconState) -> tuple[str, tuple[int, int, int, bool, int, int, bytes]]:
    """The icon as the specification wants a picture: RGBA rows, eight bits for each of four channels."""
    from trayexec.adapters.glyph import draw  # noqa: PLC0415 — Pillow is not loaded before there is something to show

    image = draw(state, 0.2, PICTURE)
    return "(iiibiiay)", (*image.size, 4 * image.width, True, 8, 4, image.tobytes())

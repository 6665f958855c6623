"""Notices with buttons on Linux: org.freedesktop.Notifications over D-Bus, in the agent's own loop.

Desktop Notifications Specification 1.2 (https://specifications.freedesktop.org/notification-spec/latest/).
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call

from trayexec.adapters.bus import Bus, BusError, connect, field
from trayexec.adapters.bus_address import session_bus
from trayexec.adapters.notifications.chain import Shown, TranslatedNotice
from trayexec.core.ports import Urgency

NAME = "org.freedesktop.Notifications"
APP = "trayexec"
START = 5.0  # seconds for an answer: the bus may have to start the service first

_SERVICE = DBusAddress("/org/freedesktop/Notifications", NAME, NAME)
_BUS = "org.freedesktop.DBus"
_URGENCY = {Urgency.NORMAL: 1, Urgency.LAST: 2}
DRAWS_DEFAULT = frozenset({"Xfce Notify Daemon"})  # shows the click on the notice itself as one more button
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
    """Shows notices on the session bus of `environ`.

    Connects when first needed and again after the bus or the notification service went away; ids of a service that is
    gone are forgotten. A click on the notice itself does what its first button does.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._callback: Callable[[str, str], None] | None = None
        self._bus: Bus | None = None
        self._server: _Server | None = None
        self._shown: dict[int, _Shown] = {}
        self._lock = asyncio.Lock()  # two notices at once must not open two connections, nor one key two windows

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, action id)` in the loop when a button is pressed."""
        self._callback = callback

    async def show(self, note: TranslatedNotice) -> Shown:
        """Show, or replace what has the same key."""
        async with self._lock:
            if await self._delivered(note):
                return Shown.SHOWN
            # A connection may turn out to be dead only when it is used: that deserves a second try, with a new one.
            dead = self._bus is not None and self._bus.closed.is_set()
            return Shown.SHOWN if dead and await self._delivered(note) else Shown.FAILED

    async def _delivered(self, note: TranslatedNotice) -> bool:
        try:
            bus = await self._connected()
            server = await self._known(bus)
            await self._notify(bus, server, note)
        except BusError:
            return False
        return True

    async def withdraw(self, key: str) -> None:
        """Take it away, if it is still there."""
        async with self._lock:
            found = self._find(key)
            if self._bus is not None and found:
                with contextlib.suppress(BusError):
                    await self._bus.call(new_method_call(_SERVICE, "CloseNotification", "u", (found,)))

    async def stop(self) -> None:
        """Close the connection."""
        if self._bus is not None:
            await self._bus.close()
            self._bus = None

    async def _connected(self) -> Bus:
        if self._bus is not None and not self._bus.closed.is_set():
            return self._bus
        await self.stop()
        self._forget()
        bus = await connect(session_bus(self._environ), self._heard)
        try:
            await bus.watch(MatchRule(type="signal", sender=NAME, interface=NAME, path=_SERVICE.object_path))
            change = MatchRule(type="signal", sender=_BUS, interface=_BUS, member="NameOwnerChanged")
            change.add_arg_condition(0, NAME)
            await bus.watch(change)
        except BusError:
            await bus.close()
            raise
        self._bus = bus
        return bus

    async def _known(self, bus: Bus) -> _Server:
        """Who shows notices, and what it can do."""
        if self._server is None:
            reply = await bus.call(new_method_call(_SERVICE, "GetCapabilities"), seconds=START)
            told = await bus.call(new_method_call(_SERVICE, "GetServerInformation"), seconds=START)
            can = frozenset(map(str, reply.body[0]))
            self._server = _Server(field(reply, HeaderFields.sender), str(told.body[0]), can)
        return self._server

    async def _notify(self, bus: Bus, server: _Server, note: TranslatedNotice) -> None:
        buttons = note.actions if "actions" in server.capabilities else ()
        actions = {name: name for name, _ in buttons}
        labels = [part for action in buttons for part in action]
        if buttons and "default" not in actions and server.name not in DRAWS_DEFAULT:
            first, label = buttons[0]
            actions["default"] = first
            labels = ["default", label, *labels]
        body = escape(note.body, quote=False) if "body-markup" in server.capabilities else note.body
        hints = {"urgency": ("y", _URGENCY[note.urgency]), "desktop-entry": ("s", APP)}
        words = (APP, self._find(note.key), "", note.title, body, labels, hints, _SERVER_DECIDES)
        reply = await bus.call(new_method_call(_SERVICE, "Notify", "susssasa{sv}i", words), seconds=START)
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

    def _heard(self, message: Message) -> None:
        """A signal. Anybody on the bus can send us one: only the service's and the bus's own count."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        if sender == _BUS and member == "NameOwnerChanged" and message.body[0] == NAME:
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

"""Watches whether the screen is locked and the machine sleeps, on Linux: screen savers' and logind's D-Bus signals.

Works with what there is: no session bus, no system bus, no screen saver are all fine.

A lock ends only when somebody says so: its own source, or another one that the screen has been unlocked just now. Who
is gone says nothing, and a bus that is gone neither: what was locked then stays locked.
"""

import contextlib
import os
from collections.abc import Callable
from enum import Enum
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message

from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.bus.connection import DRIVER, BusConnection, BusError, call_without_start, field
from trayexec.core.broker.events import Screen

_PROPERTIES = "org.freedesktop.DBus.Properties"
_LOGIN = "org.freedesktop.login1"
_MANAGER = "org.freedesktop.login1.Manager"
_SESSION = "org.freedesktop.login1.Session"

# Each desktop has its own; where several answer, any one that is active counts.
_SAVERS = {
    "org.freedesktop.ScreenSaver": (
        "/org/freedesktop/ScreenSaver",
        "/ScreenSaver",
    ),  # KDE also answers at the short one
    "org.gnome.ScreenSaver": ("/org/gnome/ScreenSaver",),
    "org.mate.ScreenSaver": ("/org/mate/ScreenSaver",),
    "org.xfce.ScreenSaver": ("/org/xfce/ScreenSaver",),
    "org.cinnamon.ScreenSaver": ("/org/cinnamon/ScreenSaver",),
}


class News(Enum):
    """Whether a source says that something has just changed, or only how things stand with it."""

    CHANGED = 1
    STANDING = 2


class ScreenWatch:
    """Calls `on_change` when the screen gets locked or unlocked, `on_sleep` and `on_wake` around a suspend.

    All in the loop that keeps the buses. The first `on_change` comes only with the first LOCKED.
    """

    def __init__(
        self,
        buses: Buses,
        *,
        on_change: Callable[[Screen], None],
        on_sleep: Callable[[], None],
        on_wake: Callable[[], None],
    ) -> None:
        """Join both buses, before they are kept."""
        self._on_change, self._on_sleep, self._on_wake = on_change, on_sleep, on_wake
        self._locked_by: set[str] = set()
        self._lost: set[str] = set()  # those of them that are gone
        self._told = Screen.UNLOCKED
        if buses.session is not None:
            buses.session.join(_Savers(self._say, self._lose))
        if buses.system is not None:
            buses.system.join(_Login(self._say, self._lose, self._sleep))

    def _lose(self, source: str) -> None:
        """A source is gone, and with it what could end its lock."""
        if source in self._locked_by:
            self._lost.add(source)

    def _say(self, source: str, screen: Screen, news: News) -> None:
        """Note what one source says; tell the agent when the sum of all changes."""
        self._lost.discard(source)
        if screen is Screen.LOCKED:
            self._locked_by.add(source)
        else:
            self._locked_by.discard(source)
            if news is News.CHANGED:  # somebody sits at the screen
                self._locked_by -= self._lost
                self._lost.clear()
        told = Screen.LOCKED if self._locked_by else Screen.UNLOCKED
        if told is not self._told:
            self._told = told
            self._on_change(told)

    def _sleep(self, asleep: object) -> None:
        (self._on_sleep if asleep else self._on_wake)()


def _screen(locked: object) -> Screen:
    return Screen.LOCKED if locked else Screen.UNLOCKED


class _Savers:
    """The screen savers of the session bus."""

    def __init__(self, say: Callable[[str, Screen, News], None], lose: Callable[[str], None]) -> None:
        self._say, self._lose = say, lose
        self._owners: dict[str, str] = {}
        self._connection: BusConnection | None = None

    async def begin(self, connection: BusConnection) -> None:
        """Ask for the signals first, then for how things stand: nothing falls in between."""
        for name in _SAVERS:
            await connection.watch(MatchRule(type="signal", sender=name, interface=name, member="ActiveChanged"))
            change = MatchRule(type="signal", sender=DRIVER, interface=DRIVER, member="NameOwnerChanged")
            change.add_arg_condition(0, name)
            await connection.watch(change)
        self._connection = connection
        for name, paths in _SAVERS.items():
            owner = await connection.owner(name)
            if owner:
                self._owners[name] = owner
                await self._ask(connection, name, paths)

    async def _ask(self, connection: BusConnection, name: str, paths: tuple[str, ...]) -> None:
        for path in paths:
            with contextlib.suppress(BusError):
                reply = await connection.call(call_without_start(DBusAddress(path, name, name), "GetActive"))
                self._say(name, _screen(reply.body and reply.body[0]), News.STANDING)
                return

    def heard(self, message: Message) -> None:
        """A signal; only the owner of a screen saver's name may speak for it."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        name = field(message, HeaderFields.interface)
        match member, message.body:
            case "NameOwnerChanged", (str(name), str(), str(new)) if sender == DRIVER and name in _SAVERS:
                self._owners[name] = new
                self._lose(name)
                if new and self._connection is not None:
                    self._connection.start(self._ask(self._connection, name, _SAVERS[name]))
            case "ActiveChanged", (bool(active),) if sender and self._owners.get(name) == sender:
                self._say(name, _screen(active), News.CHANGED)

    def end(self) -> None:
        """The bus is gone, and with it who could say more."""
        self._owners.clear()
        self._connection = None
        for name in _SAVERS:
            self._lose(name)


class _Login:
    """logind (org.freedesktop.login1(5)): this user's sessions, and sleep."""

    def __init__(
        self,
        say: Callable[[str, Screen, News], None],
        lose: Callable[[str], None],
        sleep: Callable[[object], None],
    ) -> None:
        self._say, self._lose = say, lose
        self._sleep = sleep
        self._owner = ""
        self._sessions: set[str] = set()
        self._connection: BusConnection | None = None

    async def begin(self, connection: BusConnection) -> None:
        """Ask for the signals first, then for how things stand."""
        await connection.watch(MatchRule(type="signal", sender=_LOGIN, interface=_MANAGER))
        hint = MatchRule(type="signal", sender=_LOGIN, interface=_PROPERTIES, member="PropertiesChanged")
        hint.add_arg_condition(0, _SESSION)
        await connection.watch(hint)
        change = MatchRule(type="signal", sender=DRIVER, interface=DRIVER, member="NameOwnerChanged")
        change.add_arg_condition(0, _LOGIN)
        await connection.watch(change)
        self._connection = connection
        self._owner = await connection.owner(_LOGIN)
        if self._owner:
            await self._list(connection)

    async def _list(self, connection: BusConnection) -> None:
        """Learn this user's sessions: a remote one never hints that it is locked, so any of them may."""
        manager = DBusAddress("/org/freedesktop/login1", _LOGIN, _MANAGER)
        try:
            (sessions,) = (await connection.call(call_without_start(manager, "ListSessions"))).body
        except BusError:
            return
        for gone in self._sessions - {path for *_, path in sessions}:
            self._sessions.discard(gone)
            self._say(gone, Screen.UNLOCKED, News.STANDING)
        for _, uid, _, _, path in sessions:
            if uid == os.getuid():
                self._sessions.add(path)
                session = DBusAddress(path, _LOGIN, _PROPERTIES)
                with contextlib.suppress(BusError):
                    reply = await connection.call(call_without_start(session, "Get", "ss", (_SESSION, "LockedHint")))
                    self._say(path, _screen(reply.body[0][1]), News.STANDING)

    def heard(self, message: Message) -> None:
        """A signal; only logind itself may speak for it."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        if sender == DRIVER and member == "NameOwnerChanged" and message.body[0] == _LOGIN:
            self._owner = message.body[2]
            if self._owner:
                self._list_soon()
            return
        if not self._owner or sender != self._owner:
            return
        path = field(message, HeaderFields.path)
        match member, message.body:
            case "PrepareForSleep", (bool(asleep),):
                self._sleep(asleep)
            case "SessionNew", _:  # an agent may be older than the desktop's session
                self._list_soon()
            case "SessionRemoved", (str(), str(gone)):
                self._sessions.discard(gone)
                self._say(gone, Screen.UNLOCKED, News.STANDING)
            case "PropertiesChanged", (str(), dict(changed), list()) if path in self._sessions:
                self._hint(path, changed)

    def _hint(self, path: str, changed: dict[str, Any]) -> None:
        if "LockedHint" in changed:
            self._say(path, _screen(changed["LockedHint"][1]), News.CHANGED)

    def _list_soon(self) -> None:
        if self._connection is not None:
            self._connection.start(self._list(self._connection))

    def end(self) -> None:
        """The bus is gone, and with it who could say more; the sessions are compared with the next list."""
        self._owner, self._connection = "", None
        for path in self._sessions:
            self._lose(path)

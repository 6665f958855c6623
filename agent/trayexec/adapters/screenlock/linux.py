"""Watches whether the screen is locked and the machine sleeps, on Linux: screen savers' and logind's D-Bus signals.

Works with what there is: no session bus, no system bus, no screen saver are all fine, and are looked for again.
It never raises.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message

from trayexec.adapters.bus import Bus, BusError, connect, field, quiet_call
from trayexec.adapters.bus_address import session_bus, system_bus
from trayexec.core.events import Screen

AGAIN = 30.0  # seconds until a bus that is not there is looked for again

_BUS = "org.freedesktop.DBus"
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


class ScreenWatch:
    """Calls `on_change` when the screen gets locked or unlocked, `on_sleep` and `on_wake` around a suspend.

    All in the loop that runs `run`. The first `on_change` comes only with the first LOCKED. A bus that is not there is
    looked for again every `again` seconds.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        on_change: Callable[[Screen], None],
        on_sleep: Callable[[], None],
        on_wake: Callable[[], None],
        again: float = AGAIN,
    ) -> None:
        self._environ = environ
        self._on_change, self._on_sleep, self._on_wake = on_change, on_sleep, on_wake
        self._again = again
        self._locked_by: set[str] = set()
        self._told = Screen.UNLOCKED

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._keep(session_bus(self._environ), _Savers(self._say)))
            both.create_task(self._keep(system_bus(self._environ), _Login(self._say, self._sleep)))

    async def _keep(self, address: str, source: "_Savers | _Login") -> None:
        """Watch one bus for ever: when it is not there or goes away, try again later."""
        while True:
            with contextlib.suppress(BusError):
                await _watch(address, source)
            source.end()  # not when cancelled: who stops watching says nothing any more
            await asyncio.sleep(self._again)

    def _say(self, source: str, screen: Screen) -> None:
        """Note what one source says; tell the agent when the sum of all changes."""
        if screen is Screen.LOCKED:
            self._locked_by.add(source)
        else:
            self._locked_by.discard(source)
        told = Screen.LOCKED if self._locked_by else Screen.UNLOCKED
        if told is not self._told:
            self._told = told
            self._on_change(told)

    def _sleep(self, asleep: object) -> None:
        (self._on_sleep if asleep else self._on_wake)()


async def _watch(address: str, source: "_Savers | _Login") -> None:
    bus = await connect(address, source.heard)
    try:
        await source.begin(bus)
        await bus.closed.wait()
    finally:
        await bus.close()


def _screen(locked: object) -> Screen:
    return Screen.LOCKED if locked else Screen.UNLOCKED


class _Savers:
    """The screen savers of the session bus."""

    def __init__(self, say: Callable[[str, Screen], None]) -> None:
        self._say = say
        self._owners: dict[str, str] = {}

    async def begin(self, bus: Bus) -> None:
        """Ask for the signals first, then for how things stand: nothing falls in between."""
        for name in _SAVERS:
            await bus.watch(MatchRule(type="signal", sender=name, interface=name, member="ActiveChanged"))
            change = MatchRule(type="signal", sender=_BUS, interface=_BUS, member="NameOwnerChanged")
            change.add_arg_condition(0, name)
            await bus.watch(change)
        for name, paths in _SAVERS.items():
            owner = await bus.owner(name)
            if owner:
                self._owners[name] = owner
                await self._ask(bus, name, paths)

    async def _ask(self, bus: Bus, name: str, paths: tuple[str, ...]) -> None:
        for path in paths:
            with contextlib.suppress(BusError):
                reply = await bus.call(quiet_call(DBusAddress(path, name, name), "GetActive"))
                self._say(name, _screen(reply.body and reply.body[0]))
                return

    def heard(self, message: Message) -> None:
        """A signal; only the owner of a screen saver's name may speak for it."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        name = field(message, HeaderFields.interface)
        match member, message.body:
            case "NameOwnerChanged", (str(name), str(), str(new)) if sender == _BUS and name in _SAVERS:
                self._owners[name] = new
                self._say(name, Screen.UNLOCKED)  # a screen saver that is gone, or new, locks nothing
            case "ActiveChanged", (bool(active),) if sender and self._owners.get(name) == sender:
                self._say(name, _screen(active))

    def end(self) -> None:
        """The bus is gone, and with it what it said."""
        self._owners.clear()
        for name in _SAVERS:
            self._say(name, Screen.UNLOCKED)


class _Login:
    """logind (org.freedesktop.login1(5)): this user's sessions, and sleep."""

    def __init__(self, say: Callable[[str, Screen], None], sleep: Callable[[object], None]) -> None:
        self._say = say
        self._sleep = sleep
        self._owner = ""
        self._sessions: set[str] = set()
        self._bus: Bus | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self, bus: Bus) -> None:
        """Ask for the signals first, then for how things stand."""
        await bus.watch(MatchRule(type="signal", sender=_LOGIN, interface=_MANAGER))
        hint = MatchRule(type="signal", sender=_LOGIN, interface=_PROPERTIES, member="PropertiesChanged")
        hint.add_arg_condition(0, _SESSION)
        await bus.watch(hint)
        change = MatchRule(type="signal", sender=_BUS, interface=_BUS, member="NameOwnerChanged")
        change.add_arg_condition(0, _LOGIN)
        await bus.watch(change)
        self._bus = bus
        self._owner = await bus.owner(_LOGIN)
        if self._owner:
            await self._list(bus)

    async def _list(self, bus: Bus) -> None:
        """Learn this user's sessions: a remote one never hints that it is locked, so any of them may."""
        manager = DBusAddress("/org/freedesktop/login1", _LOGIN, _MANAGER)
        try:
            (sessions,) = (await bus.call(quiet_call(manager, "ListSessions"))).body
        except BusError:
            return
        for _, uid, _, _, path in sessions:
            if uid == os.getuid():
                self._sessions.add(path)
                session = DBusAddress(path, _LOGIN, _PROPERTIES)
                with contextlib.suppress(BusError):
                    reply = await bus.call(quiet_call(session, "Get", "ss", (_SESSION, "LockedHint")))
                    self._say(path, _screen(reply.body[0][1]))

    def heard(self, message: Message) -> None:
        """A signal; only logind itself may speak for it."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        if sender == _BUS and member == "NameOwnerChanged" and message.body[0] == _LOGIN:
            self._owner = message.body[2]
            return
        if not self._owner or sender != self._owner:
            return
        path = field(message, HeaderFields.path)
        match member, message.body:
            case "PrepareForSleep", (bool(asleep),):
                self._sleep(asleep)
            case "SessionNew", _ if self._bus is not None:  # an agent may be older than the desktop's session
                task = asyncio.ensure_future(self._list(self._bus))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case "SessionRemoved", (str(), str(gone)):
                self._sessions.discard(gone)
                self._say(gone, Screen.UNLOCKED)
            case "PropertiesChanged", (str(), dict(changed), list()) if path in self._sessions:
                self._hint(path, changed)

    def _hint(self, path: str, changed: dict[str, Any]) -> None:
        if "LockedHint" in changed:
            self._say(path, _screen(changed["LockedHint"][1]))

    def end(self) -> None:
        """The bus is gone, and with it what it said."""
        self._owner, self._bus = "", None
        for task in self._tasks:
            task.cancel()
        for path in self._sessions:
            self._say(path, Screen.UNLOCKED)
        self._sessions.clear()

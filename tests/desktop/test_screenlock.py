"""Screen locks and sleep on a private bus, with stand-ins for the screen saver and logind."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from support import desktop
from support.desktop import Desktop, private_desktop
from support.rig import rig_on
from trayexec.adapters.bus.address import session_bus, system_bus
from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.screenlock import Screen
from trayexec.adapters.screenlock.linux import ScreenWatch

LOGIN = "org.freedesktop.login1"
SESSION = "org.freedesktop.login1.Session"
PROPERTIES = "org.freedesktop.DBus.Properties"
OURS, THEIRS = "/org/freedesktop/login1/session/_31", "/org/freedesktop/login1/session/_32"
SAVERS = {
    "org.freedesktop.ScreenSaver": "/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.mate.ScreenSaver": "/org/mate/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
}


class Service:
    """Somebody on the bus: owns `name` (when it has one), answers calls from `answers`, sends signals."""

    def __init__(self, address: str, name: str = "", answers: dict[str, tuple[str, Any]] | None = None) -> None:
        self._connection: DBusConnection = open_dbus_connection(address)
        if name:
            self._connection.send_and_get_reply(message_bus.RequestName(name), timeout=desktop.PATIENCE)
        self._answers = {} if answers is None else answers
        self.asked: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # how it ends
            while True:
                call = self._connection.receive()
                if call.header.message_type is MessageType.method_call:
                    member = f"{call.header.fields[HeaderFields.path]} {call.header.fields[HeaderFields.member]}"
                    found = self._answers.get(member)
                    unknown = "org.freedesktop.DBus.Error.UnknownObject"
                    reply = new_method_return(call, found[0], (found[1],)) if found else new_error(call, unknown)
                    self._connection.send(reply)
                    self.asked.append(member)

    def emit(self, what: str, signature: str, body: tuple[Any, ...], *, path: str, to: str = "") -> None:
        """Send the signal `what` (interface and member), to everybody or to one connection."""
        interface, _, member = what.rpartition(".")
        signal = new_signal(DBusAddress(path, interface=interface), member, signature, body)
        if to:
            signal.header.fields[HeaderFields.destination] = to
        self._connection.send(signal)

    def active(self, name: str, state: object, *, to: str = "") -> None:
        """Say as a screen saver that it is (not) active."""
        self.emit(f"{name}.ActiveChanged", "b", (state,), path=SAVERS[name], to=to)

    def close(self) -> None:
        """Leave the bus."""
        with contextlib.suppress(OSError):
            self._connection.sock.shutdown(2)
        self._thread.join(desktop.PATIENCE)
        self._connection.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Desktop]:
    """One bus that serves as session and system bus; each test takes its services off it again."""
    with private_desktop() as own:
        own.start_bus()
        own.env["DBUS_SYSTEM_BUS_ADDRESS"] = own.env["DBUS_SESSION_BUS_ADDRESS"]
        yield own


@pytest.fixture
def join(shared: Desktop) -> Iterator[Callable[..., Service]]:
    """Put services on the bus, for this test."""
    services: list[Service] = []

    def start(name: str = "", answers: dict[str, tuple[str, Any]] | None = None) -> Service:
        services.append(Service(shared.env["DBUS_SESSION_BUS_ADDRESS"], name, answers))
        return services[-1]

    yield start
    for service in services:
        service.close()
    for name in (*SAVERS, LOGIN):
        shared.wait_no_name(name)


# The last thing the watch asks a service: from here on it knows whom to believe.
LAST = {f"{OURS} Get", *(f"{path} GetActive" for path in SAVERS.values())}

Story = Callable[["asyncio.Queue[object]"], Coroutine[Any, Any, None]]


def watched(environ: dict[str, str], story: Story) -> None:
    """Run `story` beside a watch, with the queue of what the watch says."""

    async def whole() -> None:
        said: asyncio.Queue[object] = asyncio.Queue()
        buses = Buses(*(Bus(partial(find, environ), again=0.1) for find in (session_bus, system_bus)))
        ScreenWatch(
            buses,
            on_change=said.put_nowait,
            on_sleep=lambda: said.put_nowait("sleep"),
            on_wake=lambda: said.put_nowait("wake"),
        )
        task = asyncio.create_task(buses.keep())
        try:
            async with asyncio.timeout(desktop.PATIENCE):
                await story(said)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await buses.close()
        assert said.empty()

    asyncio.run(whole())


def _asked(service: Service) -> bool:
    return not LAST.isdisjoint(service.asked)


def listener(shared: Desktop, *, rules: int) -> str | None:
    """The connection of the watch that has asked for so many kinds of signals: 10 on the session bus, 3 for logind."""
    bus = desktop.BUS
    stats = "org.freedesktop.DBus.Debug.Stats"
    (found,) = shared.call(bus.bus_name, bus.object_path, stats, "GetAllMatchRules")
    return next((name for name, own in found.items() if len(own) == rules), None)


async def settled(shared: Desktop, *services: Service, rules: int = 2 * len(SAVERS)) -> str:
    """Wait until the watch listens and has asked these services how things stand; its name on the bus."""
    probe = partial(listener, shared, rules=rules)
    name = await asyncio.to_thread(shared.wait, "the watch", probe)
    for service in services:
        await asyncio.to_thread(shared.wait, "the question", partial(_asked, service))
    return name


@pytest.mark.parametrize("name", SAVERS)
def test_each_screen_saver_is_heard(shared: Desktop, join: Callable[..., Service], name: str) -> None:
    """Active is locked, inactive is unlocked, and saying it twice changes nothing."""
    saver = join(name, {f"{SAVERS[name]} GetActive": ("b", False)})

    async def story(said: "asyncio.Queue[object]") -> None:
        await settled(shared, saver)
        for state in (True, True, False, False, True):
            saver.active(name, state)
        assert [await said.get() for _ in range(3)] == [Screen.LOCKED, Screen.UNLOCKED, Screen.LOCKED]

    watched(shared.env, story)


def test_a_screen_that_is_locked_already(shared: Desktop, join: Callable[..., Service]) -> None:
    """An agent that starts under a locked screen knows it."""
    join("org.gnome.ScreenSaver", {"/org/gnome/ScreenSaver GetActive": ("b", True)})

    async def story(said: "asyncio.Queue[object]") -> None:
        assert await said.get() is Screen.LOCKED

    watched(shared.env, story)


def test_a_stranger_cannot_unlock(shared: Desktop, join: Callable[..., Service]) -> None:
    """Signals count only from the owner of the name: neither broadcast nor addressed to us does a stranger's."""
    name = "org.gnome.ScreenSaver"
    saver = join(name, {f"{SAVERS[name]} GetActive": ("b", True)})
    stranger = join()

    async def story(said: "asyncio.Queue[object]") -> None:
        assert await said.get() is Screen.LOCKED
        us = await settled(shared, saver)
        stranger.active(name, state=False)
        stranger.active(name, state=False, to=us)
        stranger.active("org.mate.ScreenSaver", state=False, to=us)
        stranger.emit("org.freedesktop.DBus.NameOwnerChanged", "sss", (name, ":1.1", ""), path="/x", to=us)
        saver.emit(f"{name}.ActiveChanged", "s", ("no boolean",), path=SAVERS[name])
        await asyncio.sleep(0.5)
        assert said.empty()
        saver.active(name, state=False)
        assert await said.get() is Screen.UNLOCKED

    watched(shared.env, story)


def test_any_locked_source_counts(shared: Desktop, join: Callable[..., Service]) -> None:
    """Two screen savers: unlocked only when neither is active; one that leaves the bus leaves its lock behind.

    That one ends when another says that the screen has been unlocked.
    """
    gnome = join("org.gnome.ScreenSaver", {"/org/gnome/ScreenSaver GetActive": ("b", False)})
    mate = join("org.mate.ScreenSaver", {"/org/mate/ScreenSaver GetActive": ("b", False)})

    async def story(said: "asyncio.Queue[object]") -> None:
        await settled(shared, gnome, mate)
        gnome.active("org.gnome.ScreenSaver", state=True)
        assert await said.get() is Screen.LOCKED
        mate.active("org.mate.ScreenSaver", state=True)
        await asyncio.sleep(0.3)  # two connections: the bus keeps no order between them
        gnome.active("org.gnome.ScreenSaver", state=False)
        await asyncio.sleep(0.3)
        assert said.empty()
        mate.close()
        await asyncio.sleep(0.3)
        assert said.empty()
        gnome.active("org.gnome.ScreenSaver", state=True)
        gnome.active("org.gnome.ScreenSaver", state=False)
        assert await said.get() is Screen.UNLOCKED

    watched(shared.env, story)


def logind(hint: object = False) -> dict[str, tuple[str, Any]]:  # noqa: FBT002 — a D-Bus value
    """A logind with one session of this user and one of somebody else's."""
    sessions = [("1", os.getuid(), "me", "seat0", OURS), ("2", os.getuid() + 1, "you", "seat0", THEIRS)]
    return {
        "/org/freedesktop/login1 ListSessions": ("a(susso)", sessions),
        f"{OURS} Get": ("v", ("b", hint)),
        f"{THEIRS} Get": ("v", ("b", True)),
    }


def hint(login: Service, state: object, path: str, *, to: str = "") -> None:
    """A session's LockedHint changed."""
    login.emit(
        f"{PROPERTIES}.PropertiesChanged", "sa{sv}as", (SESSION, {"LockedHint": ("b", state)}, []), path=path, to=to
    )


def test_logind_hints_and_sleeps(shared: Desktop, join: Callable[..., Service]) -> None:
    """The hint of our own session locks, another user's does not; sleep and wake are told apart."""
    login = join(LOGIN, logind())
    stranger = join()

    async def story(said: "asyncio.Queue[object]") -> None:
        us = await settled(shared, login, rules=3)
        manager, path = "org.freedesktop.login1.Manager", "/org/freedesktop/login1"
        stranger.emit(f"{manager}.PrepareForSleep", "b", (True,), path=path, to=us)
        hint(stranger, state=True, path=OURS, to=us)
        await asyncio.sleep(0.3)
        assert said.empty()
        hint(login, state=True, path=THEIRS)
        hint(login, state=True, path=OURS)
        assert await said.get() is Screen.LOCKED
        login.emit("org.freedesktop.login1.Manager.PrepareForSleep", "b", (True,), path="/org/freedesktop/login1")
        login.emit("org.freedesktop.login1.Manager.PrepareForSleep", "b", (False,), path="/org/freedesktop/login1")
        assert [await said.get(), await said.get()] == ["sleep", "wake"]
        hint(login, state=False, path=OURS)
        assert await said.get() is Screen.UNLOCKED

    watched(shared.env, story)


def test_a_session_that_comes_later_counts(shared: Desktop, join: Callable[..., Service]) -> None:
    """An agent may be older than the desktop's session: a new one is asked for its hint and heard."""
    answers: dict[str, tuple[str, Any]] = {"/org/freedesktop/login1 ListSessions": ("a(susso)", [])}
    login = join(LOGIN, answers)
    manager = "org.freedesktop.login1.Manager"

    async def story(said: "asyncio.Queue[object]") -> None:
        await asyncio.to_thread(shared.wait, "the first list", lambda: login.asked)
        answers.update(logind(hint=True))
        login.emit(f"{manager}.SessionNew", "so", ("1", OURS), path="/org/freedesktop/login1")
        assert await said.get() is Screen.LOCKED
        login.emit(f"{manager}.SessionRemoved", "so", ("1", OURS), path="/org/freedesktop/login1")
        assert await said.get() is Screen.UNLOCKED

    watched(shared.env, story)


def test_a_bus_that_comes_back_is_watched_again() -> None:
    """The session bus dies while the screen is locked: it stays locked until a screen saver says otherwise."""
    with private_desktop() as own:
        own.start_bus()
        address = own.env["DBUS_SESSION_BUS_ADDRESS"]
        answers = {"/org/gnome/ScreenSaver GetActive": ("b", True)}
        before = Service(address, "org.gnome.ScreenSaver", answers)
        services = [before]

        async def story(said: "asyncio.Queue[object]") -> None:
            assert await said.get() is Screen.LOCKED
            before.close()
            own.stop_bus()
            own.home("run/bus").unlink(missing_ok=True)
            await asyncio.to_thread(own.start_bus)
            others = {"/org/mate/ScreenSaver GetActive": ("b", False)}
            services.append(await asyncio.to_thread(Service, address, "org.mate.ScreenSaver", others))
            await asyncio.sleep(1.5)
            assert said.empty()  # another one that is not active says nothing about the lock there was
            answers["/org/gnome/ScreenSaver GetActive"] = ("b", False)
            services.append(await asyncio.to_thread(Service, address, "org.gnome.ScreenSaver", answers))
            assert await said.get() is Screen.UNLOCKED

        watched(own.env | {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}, story)
        for service in services[1:]:
            service.close()


def test_a_command_waits_for_the_unlock_and_then_runs() -> None:
    """It is told so on its terminal; one that does not want to wait is refused with the fix."""
    with private_desktop() as desk, rig_on(desk) as rig:
        rig.store_keys()
        saver = Service(desk.env["DBUS_SESSION_BUS_ADDRESS"], "org.freedesktop.ScreenSaver")
        try:
            rig.unlock()
            saver.active("org.freedesktop.ScreenSaver", state=True)
            desktop.eventually("the agent to notice", lambda: rig.status()["agent"].get("screen") == "locked")
            refused = rig.run("account-a", "--no-wait", "--", "true")
            assert (refused.status, "The screen is locked" in refused.err) == (125, True)
            waits = rig.start("account-a", "--", "printenv", "AWS_ACCOUNT_ID")
            assert waits.stderr is not None
            assert "this goes on once it is unlocked" in waits.stderr.readline()
            saver.active("org.freedesktop.ScreenSaver", state=False)
            out, _ = waits.communicate(timeout=desktop.PATIENCE)
            assert (waits.returncode, out) == (0, "222222222222\n")
        finally:
            saver.close()


def test_no_bus_at_all_is_fine() -> None:
    """Without any bus nothing is said and nothing raised."""

    async def story(said: "asyncio.Queue[object]") -> None:
        await asyncio.sleep(0.5)
        assert said.empty()

    watched({"DBUS_SYSTEM_BUS_ADDRESS": "nonsense", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}, story)
    watched({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}, story)

"""A panel for tests without a display, and trays that run beside the test."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call, new_method_return
from jeepney import new_signal as signal_message
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from support.desktop import BUS, PATIENCE, WATCHER, Desktop, eventually
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.tray.sni import SniTray
from trayexec.core.ports import Tray
from trayexec.core.view import Entry, IconState, Item, Separator, Submenu, View
from trayexec.light.errors import Text

MENU = (
    Item(Text("Open for another {time}", time="8 h 12 min")),
    Separator(),
    Item(Text("Authenticate MFA"), "auth"),
    Item(Text("Lock now"), "lock"),
    Submenu(Text("Recent"), (Item(Text("account_a · admin"), "recent 1"), Item(Text("account_b"), "recent 2"))),
    Separator(),
    Item(Text("Quit"), "quit"),
)


def view(
    state: IconState = IconState.OPEN, *, fill: float = 0.7, tooltip: str = "Open", menu: tuple[Entry, ...] = MENU
) -> View:
    """A view like the agent's."""
    return View(state, fill, Text("{tooltip}", tooltip=tooltip), menu, "auth", Text("Open"))


def sni_tray(address: str, speak: Callable[[Text], str] = str) -> SniTray:
    """Our own tray on the bus at this address."""
    return SniTray(Bus(lambda: address), speak)


@contextlib.contextmanager
def kept(tray: Tray) -> Iterator[None]:
    """Beside the block runs the loop that the agent has: the one that keeps the bus of this tray, if it has one."""
    if not isinstance(tray, SniTray):
        yield
        return
    bus, loop, ended = tray.bus, asyncio.new_event_loop(), asyncio.Event()

    async def keep() -> None:
        task = asyncio.create_task(bus.keep())
        await ended.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()

    thread = threading.Thread(target=loop.run_until_complete, args=[keep()], name="loop under test", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE)
        loop.close()


@contextlib.contextmanager
def running(tray: Tray, click: Callable[[str], None] | None = None) -> Iterator[list[str]]:
    """Run `tray` in a thread; gives the list of actions clicked so far. It must end within the usual patience."""
    clicks: list[str] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            tray.run(click or clicks.append)
        except BaseException as failure:  # noqa: BLE001 — raised below, in the test's own thread
            failures.append(failure)

    thread = threading.Thread(target=run, name="tray under test", daemon=True)
    with kept(tray):
        thread.start()
        try:
            yield clicks
        finally:
            tray.stop()
            thread.join(PATIENCE)
    if failures:
        raise failures[0]
    assert not thread.is_alive(), "run did not end after stop"


class FakePanel:
    """The watcher and host of a panel, as far as an icon can tell. Writes down what icons tell it."""

    def __init__(self, desk: Desktop, *, host: str = "yes") -> None:
        """Take the watcher's name on the bus of `desk`. `host`: `yes`, `no`, or `mute` (it has no such property)."""
        self.registered: list[str] = []
        self.signals: list[tuple[str, tuple[Any, ...]]] = []
        self.host = host
        self._connection: DBusConnection = open_dbus_connection(desk.env["DBUS_SESSION_BUS_ADDRESS"])
        self._ask("AddMatch", "s", "type='signal',path='/StatusNotifierItem'")
        self._ask("AddMatch", "s", "type='signal',path='/MenuBar'")
        self._ask("RequestName", "su", WATCHER, 4)  # 4 = do not queue
        self._thread = threading.Thread(target=self._serve, name="fake panel", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._connection.sock.shutdown(2)
        self._thread.join(PATIENCE)
        self._connection.close()

    def item(self) -> str:
        """Wait for the first icon and return its bus name."""
        return eventually("an icon to register", lambda: self.registered[-1] if self.registered else None)

    def heard(self, name: str) -> list[tuple[Any, ...]]:
        """The bodies of the signals of this name so far."""
        return [body for member, body in self.signals if member == name]

    def announce_host(self) -> None:
        """Say that a panel now draws what the watcher watches."""
        self.host = "yes"
        address = DBusAddress("/StatusNotifierWatcher", interface=WATCHER)
        self._connection.send(signal_message(address, "StatusNotifierHostRegistered"))

    def _ask(self, method: str, signature: str, *body: Any) -> None:
        self._connection.send_and_get_reply(new_method_call(BUS, method, signature, body), timeout=PATIENCE)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # which is how it ends
            while True:
                message = self._connection.receive()
                member = message.header.fields.get(HeaderFields.member)
                if message.header.message_type is MessageType.signal:
                    self.signals.append((member, message.body))
                elif message.header.message_type is MessageType.method_call:
                    self._connection.send(self._reply(member, message))

    def _reply(self, member: str, message: Message) -> Message:
        match member, message.body:
            case "RegisterStatusNotifierItem", (name,):
                self.registered.append(name)
                return new_method_return(message)
            case "Get", (_, "RegisteredStatusNotifierItems"):
                items = [f"{name}/StatusNotifierItem" for name in self.registered[-1:]]
                return new_method_return(message, "v", (("as", items),))
            case "Get", (_, "IsStatusNotifierHostRegistered") if self.host != "mute":
                return new_method_return(message, "v", (("b", self.host == "yes"),))
            case _:
                return new_error(message, "org.freedesktop.DBus.Error.UnknownProperty", "s", ("no",))

"""The tray icon of Linux desktops: StatusNotifierItem and dbusmenu, spoken over D-Bus by jeepney as a pystray icon.

pystray's own way needs PyGObject, which a virtual environment does not have. This one needs nothing but the bus, works
on Wayland, answers a left click, and comes back when the panel does.

The interface: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierItem/
Beyond it, each of these was somebody's missing icon or empty menu: `Introspect` lists every method and property,
`ItemIsMenu` is false, the group calls of dbusmenu are answered, revisions grow, labels double their underscores.
"""

import html
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageFlag,
    MessageType,
    new_method_call,
    new_signal,
)
from PIL import Image

from trayexec.adapters.glyph import draw
from trayexec.adapters.tray.bus import SessionBus
from trayexec.adapters.tray.dbusmenu import MENU, DBusMenu, Redraw, Retouch
from trayexec.adapters.tray.objects import PROPERTIES, BusInterface, BusMethod, BusObjects, Value
from trayexec.adapters.tray.presenter import Presenter
from trayexec.adapters.tray.pystrays import Icon
from trayexec.adapters.tray.waiter import Waiter
from trayexec.adapters.wording import Speak
from trayexec.core.view import IconState, View
from trayexec.light.errors import TrayexecError

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"

ITEM_PATH = "/StatusNotifierItem"
MENU_PATH = "/MenuBar"

# What panels ask for. The last one is twice 22: xfce4-panel scales the largest down to 22, which stays crisp this way.
SIZES = (16, 22, 24, 32, 44)

# After the bus is gone, look for it after so many seconds, then ever more rarely. It may have been restarted; normally
# it means that the person has logged out.
_RETRY, _RARELY = 1.0, 30.0

_log = logging.getLogger(__name__)


class SniTray:
    """The icon over D-Bus. Without a panel it waits for one; without the bus, for the bus."""

    def __init__(self, address: str, speak: Speak = str) -> None:
        """Use the session bus at `address`; `speak` puts texts into the person's language."""
        self._icon = SniIcon("trayexec", connect=lambda: SessionBus.open(address))
        self._speak = speak
        self._latest: View | None = None
        self._presenter: Presenter | None = None

    @property
    def name(self) -> str:
        """`sni` while a panel shows the icon, `none` while there is none."""
        return "sni" if self._icon.hosted else "none"

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`. Signals are handled promptly."""
        self._presenter = Presenter(self._icon, picture=_pictures, speak=self._speak, click=click)
        self._icon.post(self._draw)
        self._icon.run(setup=_nothing)

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""
        self._latest = view
        self._icon.post(self._draw)

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""
        self._icon.stop()

    def _draw(self) -> None:
        """Runs in the loop: of several views in a row only the last is drawn."""
        if self._latest is not None and self._presenter is not None:
            self._presenter.present(self._latest)
            self._icon.visible = True


def _nothing(_: Any) -> None:
    """The icon shows itself once it has something to show."""


def _pictures(state: IconState, fill: float) -> tuple[Image.Image, ...]:
    return tuple(draw(state, fill, size) for size in SIZES)


class SniIcon(Icon):  # type: ignore[misc]  # pystray ships no types
    """A pystray icon on the session bus. Its `icon` is a tuple of images, one for each size, or a single one.

    Everything that touches the bus happens in the thread of `run`; setters called elsewhere are queued.
    """

    HAS_NOTIFICATION = False

    def __init__(self, name: str, *, connect: Callable[[], SessionBus]) -> None:
        """`connect` opens the session bus, or raises TrayexecError."""
        super().__init__(name)
        self._connect = connect
        self._waiter = Waiter()
        self._jobs: deque[Callable[[], None]] = deque()
        self._bus: SessionBus | None = None
        self._hosted = False
        self._dbusmenu = DBusMenu(lambda item: item(self))
        self._objects = BusObjects({ITEM_PATH: self._interface(), MENU_PATH: self._dbusmenu.interface()})

    @property
    def hosted(self) -> bool:
        """Whether a panel shows the icon now."""
        return self._hosted

    def post(self, job: Callable[[], None]) -> None:
        """Have `job` done in the loop. Any thread."""
        self._jobs.append(job)
        self._waiter.wake()

    def stop(self) -> None:
        """End `run`, or keep it from beginning. Any thread, and safe in a signal handler."""
        self._waiter.end()

    # The loop -------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._mark_ready()
        pause = _RETRY
        try:
            with self._waiter:
                while not self._waiter.ended:
                    try:
                        with self._connect() as bus:
                            pause = _RETRY
                            self._serve(bus)
                    except TrayexecError as unavailable:
                        _log.debug("still no session bus: %s", unavailable)
                    except OSError as lost:
                        _log.info("the session bus is gone, and the tray icon with it: %s", lost)
                    self._work()
                    self._waiter.wait(seconds=pause)
                    pause = min(_RARELY, pause * 2)
        finally:
            self._running = False

    def _serve(self, bus: SessionBus) -> None:
        """Answer the panel until the end, or until the bus is gone (OSError)."""
        self._bus = bus
        try:
            # Panels come after us at login, crash, and are restarted by updates.
            bus.match(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{WATCHER}'")
            for member in ("StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"):
                bus.match(f"type='signal',interface='{WATCHER}',member='{member}'")
            if self.visible:
                self._register()
            while not self._waiter.ended:
                self._work()
                if self._waiter.wait(bus):
                    for message in bus.read():
                        self._receive(message)
        finally:
            self._bus = None
            self._hosted = False

    def _work(self) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            try:
                job()
            except OSError:
                raise  # the bus: see _run
            except Exception:  # noqa: BLE001 — one picture less is better than no icon; the log has the traceback
                _log.exception("the tray icon could not be drawn")

    def _receive(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type is MessageType.signal:
            self._heard(fields.get(HeaderFields.sender), fields.get(HeaderFields.member), message.body)
        elif message.header.message_type is MessageType.method_call:
            reply = self._objects.reply(message)
            if self._bus is not None and not message.header.flags & MessageFlag.no_reply_expected:
                self._bus.send(reply)

    # The panel ------------------------------------------------------------------------------------------------------

    def _heard(self, sender: str | None, member: str | None, body: tuple[Any, ...]) -> None:
        if sender == "org.freedesktop.DBus" and member == "NameOwnerChanged":
            _, _, owner = body
            self._hosted = False
            if owner and self.visible:
                self._register()
        elif member in {"StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"} and self.visible:
            self._ask_for_host()

    def _register(self) -> None:
        """Tell the watcher. It knows us by our unique name, so no name has to be owned (or allowed in a sandbox)."""
        if self._bus is None:
            return
        watcher = DBusAddress("/StatusNotifierWatcher", WATCHER, WATCHER)
        call = new_method_call(watcher, "RegisterStatusNotifierItem", "s", (self._bus.name,))
        self._bus.call(call, self._registered)

    def _registered(self, reply: Message) -> None:
        if reply.header.message_type is MessageType.error:  # ServiceUnknown: there is no panel with a tray
            _log.info("no panel shows tray icons: %s", reply.header.fields.get(HeaderFields.error_name))
            self._hosted = False
        else:
            self._ask_for_host()

    def _ask_for_host(self) -> None:
        """A watcher may run without any panel that draws what it watches."""
        if self._bus is None:
            return
        watcher = DBusAddress("/StatusNotifierWatcher", WATCHER, PROPERTIES)
        call = new_method_call(watcher, "Get", "ss", (WATCHER, "IsStatusNotifierHostRegistered"))
        self._bus.call(call, self._told_about_host)

    def _told_about_host(self, reply: Message) -> None:
        # A watcher that cannot answer took our registration nevertheless: believe it.
        failed = reply.header.message_type is MessageType.error
        self._hosted = failed or reply.body != (("b", False),)

    # pystray --------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self.post(self._register)

    def _hide(self) -> None:
        self.post(lambda: self._emit(ITEM, "NewStatus", "s", ("Passive",)))

    def _update_icon(self) -> None:
        self._icon_valid = True
        self.post(lambda: self._emit(ITEM, "NewIcon"))

    def _update_title(self) -> None:
        self.post(lambda: self._emit(ITEM, "NewToolTip"))

    def _update_menu(self) -> None:
        self.post(self._publish_menu)

    def _publish_menu(self) -> None:
        match self._dbusmenu.update(self.menu):
            case Redraw():
                self._emit(MENU, "LayoutUpdated", "ui", (self._dbusmenu.revision, 0))
            case Retouch(nodes):
                if nodes:
                    changed = [(node.id, dict(node.properties)) for node in nodes]
                    self._emit(MENU, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", (changed, []))

    def _emit(self, interface: str, signal: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        if self._bus is not None:
            path = MENU_PATH if interface == MENU else ITEM_PATH
            self._bus.send(new_signal(DBusAddress(path, interface=interface), signal, signature or None, body))

    # The item -------------------------------------------------------------------------------------------------------

    def _interface(self) -> BusInterface:
        return BusInterface(
            ITEM,
            {
                "Activate": BusMethod(("i", "i"), (), self._activate),
                "SecondaryActivate": BusMethod(("i", "i"), (), self._activate),
                "ContextMenu": BusMethod(("i", "i"), (), _accept),  # the panel shows the menu by itself
                "Scroll": BusMethod(("i", "s"), (), _accept),
                "ProvideXdgActivationToken": BusMethod(("s",), (), _accept),
            },
            {
                "NewTitle": (),
                "NewIcon": (),
                "NewAttentionIcon": (),
                "NewOverlayIcon": (),
                "NewToolTip": (),
                "NewStatus": ("s",),
                "NewMenu": (),
            },
            self._properties,
        )

    def _properties(self) -> Mapping[str, Value]:
        title, _, text = str(self.title).partition("\n")
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", self.name),
            "Title": ("s", self.name),
            "Status": ("s", "Active" if self.visible else "Passive"),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconPixmap": ("a(iiay)", _pixmaps(self.icon)),
            "IconThemePath": ("s", ""),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            # The title is plain text; the rest may be marked up, and so it has to be escaped.
            "ToolTip": ("(sa(iiay)ss)", ("", [], title, html.escape(text, quote=False))),
            "ItemIsMenu": ("b", False),
            "Menu": ("o", MENU_PATH),
        }

    def _activate(self, _x: int, _y: int) -> tuple[()]:
        """A click does what the default line of the menu does."""
        for item in self.menu or ():
            if item.default and item.enabled:
                item(self)
                break
        return ()

    def __del__(self) -> None:
        """Pystray would hide the icon now; it is gone with its connection."""


def _accept(*_: object) -> tuple[()]:
    """For calls that need nothing done."""
    return ()


def _pixmaps(icon: Any) -> list[tuple[int, int, bytes]]:
    """Images as the item wants them: width, height, and ARGB32 in network byte order."""
    images = icon if isinstance(icon, tuple) else (icon,) if icon else ()
    pixmaps = []
    for image in images:
        red, green, blue, alpha = image.convert("RGBA").split()
        pixmaps.append((*image.size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()))
    return pixmaps

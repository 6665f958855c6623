"""The tray icon of Linux desktops: StatusNotifierItem and dbusmenu, on the agent's connection to the session bus.

pystray's own way needs PyGObject, which a virtual environment does not have. This one needs nothing but the bus, works
on Wayland, answers a left click, and comes back when the panel does.

The interface: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierItem/
Beyond it, each of these was somebody's missing icon or empty menu: `Introspect` lists every method and property, the
group calls of dbusmenu are answered, revisions grow, labels double their underscores, a picture has words.

A left click shows and never asks: `ItemIsMenu` has panels open the menu. One that sends `Activate` nevertheless: how
it stands is told; twice in a row, or from GNOME, whose panel opens the menu by itself, that is a double click:
it does what is needed.
"""

import html
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, new_method_call, new_signal
from PIL import Image

from trayexec.adapters.bus.client import Bus
from trayexec.adapters.bus.connection import DRIVER, BusConnection, BusError, field
from trayexec.adapters.bus.objects import PROPERTIES, BusInterface, BusMethod, Value
from trayexec.adapters.glyph import dot, draw, drawn_fill
from trayexec.adapters.tray.dbusmenu import MENU, DBusMenu, Redraw, Retouch
from trayexec.adapters.tray.waiter import Waiter
from trayexec.adapters.wording import BRIEF, Speak, at_desktop
from trayexec.core.view import SHOW, IconState, View

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"

ITEM_PATH = "/StatusNotifierItem"
MENU_PATH = "/MenuBar"

# What panels ask for. The last one is twice 22: xfce4-panel scales the largest down to 22, which stays crisp this way.
SIZES = (16, 22, 24, 32, 44)

DOUBLE = 0.5  # seconds within which a second click makes it a double one
STARTING = 25.0  # seconds for an answer: a panel that has just come has much to do

_APP = "trayexec"

_log = logging.getLogger(__name__)

Pixmap = tuple[int, int, bytes]  # width, height, and ARGB32 in network byte order


class SniTray:
    """The icon over D-Bus. Without a panel it waits for one; without the bus, for the bus.

    It lives in the loop that keeps `bus`; `run` only waits, as a tray owns the main thread.
    """

    def __init__(
        self, bus: Bus, speak: Speak = str, desktop: str = "", *, hosted: Callable[[], None] = lambda: None
    ) -> None:
        """Join the session bus; `speak` puts texts into the person's language, `desktop` is XDG_CURRENT_DESKTOP.

        `hosted` is called in the loop when a panel shows the icon.
        """
        self.bus = bus
        self._speak = at_desktop(speak, BRIEF)
        self._waiter = Waiter()
        self._click: Callable[[str], None] = _ignore
        self._latest: View | None = None
        self._shown: View | None = None
        self._pixmaps: list[Pixmap] = []
        self._tooltip = ""
        self._menu = DBusMenu(self._choose, self._speak, filled=self._filled, dot=dot)
        self._connection: BusConnection | None = None
        self._hosted = False
        self._tell_hosted = hosted
        self._opens_menu = "GNOME" in desktop.upper().split(":")
        self._clicked = 0.0
        bus.join(self)
        bus.serve({ITEM_PATH: self._interface(), MENU_PATH: self._menu.interface()})

    @property
    def name(self) -> str:
        """`sni` while a panel shows the icon, `none` while there is none."""
        return "sni" if self._hosted else "none"

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`. Signals are handled promptly; `click` is called in the loop."""
        self._click = click
        with self._waiter:
            while not self._waiter.ended:
                self._waiter.wait()

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""
        self._latest = view
        self.bus.post(self._draw)

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler. The icon goes with the connection."""
        self._waiter.end()

    # The view -------------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Of several views in a row only the last is drawn; a panel that shows the icon is told what changed."""
        view, former = self._latest, self._shown
        if view is None or view is former:
            return
        try:
            signals = list(self._take(view))
            if self._connection is None:
                self.bus.seek()
            elif former is None:
                self._connection.start(self._register(self._connection))
            else:
                for signal in signals:
                    self._connection.send(signal)
        except BusError as gone:
            _log.debug("the panel is not told: %s", gone)
        except Exception:  # noqa: BLE001 — one picture less is better than no icon; the log has the traceback
            _log.exception("the tray icon could not be drawn")

    def _take(self, view: View) -> Iterator[Message]:
        """Take over the view, each part only when it really changed: some panels close a menu that is set anew."""
        shown = self._shown
        if shown is None or _look(shown) != _look(view):
            self._pixmaps = [_pixmap(draw(*_look(view), size)) for size in SIZES]
            yield _signal(ITEM_PATH, ITEM, "NewIcon")
        if shown is None or shown.tooltip != view.tooltip:
            self._tooltip = self._speak(view.tooltip)
            yield _signal(ITEM_PATH, ITEM, "NewToolTip")
        if shown is None or shown.menu != view.menu:
            match self._menu.update(view.menu):
                case Redraw():
                    yield _signal(MENU_PATH, MENU, "LayoutUpdated", "ui", self._menu.revision, 0)
                case Retouch(nodes) if nodes:
                    changed = [(node.id, dict(node.properties)) for node in nodes]
                    yield _signal(MENU_PATH, MENU, "ItemsPropertiesUpdated", "a(ia{sv})a(ias)", changed, [])
                case Retouch():
                    pass
        self._shown = view

    def _filled(self, number: int) -> None:
        """Tell the panel that there are lines below this one: it shows them in a moment."""
        if self._connection is not None:
            with suppress(BusError):
                self._connection.send(_signal(MENU_PATH, MENU, "LayoutUpdated", "ui", self._menu.revision, number))

    # The panel ------------------------------------------------------------------------------------------------------

    async def begin(self, connection: BusConnection) -> None:
        """Watch for panels, and have the icon shown. They come after us at login, crash, and are updated."""
        change = MatchRule(type="signal", sender=DRIVER, interface=DRIVER, member="NameOwnerChanged")
        change.add_arg_condition(0, WATCHER)
        await connection.watch(change)
        for member in ("StatusNotifierHostRegistered", "StatusNotifierHostUnregistered"):
            await connection.watch(MatchRule(type="signal", interface=WATCHER, member=member))
        self._draw()
        self._connection = connection
        if self._shown is not None:
            await self._register(connection)

    def heard(self, message: Message) -> None:
        """The panel came or went."""
        sender, member = field(message, HeaderFields.sender), field(message, HeaderFields.member)
        connection = self._connection
        match member, message.body:
            case "NameOwnerChanged", (str(name), str(), str(owner)) if sender == DRIVER and name == WATCHER:
                self._hosted = False
                if owner and connection is not None and self._shown is not None:
                    connection.start(self._register(connection))
            case (("StatusNotifierHostRegistered" | "StatusNotifierHostUnregistered"), _):
                if connection is not None and self._shown is not None:
                    connection.start(self._ask_for_host(connection))
            case _:
                pass

    def end(self) -> None:
        """The bus is gone, and the icon with it."""
        self._connection = None
        self._hosted = False

    async def _register(self, connection: BusConnection) -> None:
        """Tell the watcher. It knows us by our unique name, so no name has to be owned (or allowed in a sandbox)."""
        call = new_method_call(_watcher(WATCHER), "RegisterStatusNotifierItem", "s", (connection.name,))
        try:
            await connection.call(call, seconds=STARTING)
        except BusError as refused:  # ServiceUnknown: there is no panel with a tray
            _log.info("no panel shows tray icons: %s", refused)
            self._hosted = False
        else:
            await self._ask_for_host(connection)

    async def _ask_for_host(self, connection: BusConnection) -> None:
        """A watcher may run without any panel that draws what it watches."""
        call = new_method_call(_watcher(PROPERTIES), "Get", "ss", (WATCHER, "IsStatusNotifierHostRegistered"))
        try:
            reply = await connection.call(call, seconds=STARTING)
        except BusError:  # a watcher that cannot answer took our registration nevertheless: believe it
            self._hosted = not connection.closed.is_set()
        else:
            self._hosted = reply.body != (("b", False),)
        if self._hosted:
            self._tell_hosted()

    # The item -------------------------------------------------------------------------------------------------------

    def _interface(self) -> BusInterface:
        return BusInterface(
            ITEM,
            {
                "Activate": BusMethod(("i", "i"), (), self._activate),
                "SecondaryActivate": BusMethod(("i", "i"), (), self._act),
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
        return {
            "Category": ("s", "ApplicationStatus"),
            "Id": ("s", _APP),
            "Title": ("s", _APP),
            "Status": ("s", "Passive" if self._shown is None else "Active"),
            "WindowId": ("i", 0),
            "IconName": ("s", ""),
            "IconPixmap": ("a(iiay)", list(self._pixmaps)),
            "IconThemePath": ("s", ""),
            "IconAccessibleDesc": ("s", f"{_APP}: {self._tooltip}"),
            "AttentionAccessibleDesc": ("s", f"{_APP}: {self._tooltip}"),
            "OverlayIconName": ("s", ""),
            "OverlayIconPixmap": ("a(iiay)", []),
            "AttentionIconName": ("s", ""),
            "AttentionIconPixmap": ("a(iiay)", []),
            "AttentionMovieName": ("s", ""),
            # The title is plain text; the rest may be marked up, and so it has to be escaped.
            "ToolTip": ("(sa(iiay)ss)", ("", [], _APP, html.escape(self._tooltip, quote=False))),
            "ItemIsMenu": ("b", True),
            "Menu": ("o", MENU_PATH),
        }

    def _activate(self, x: int, y: int) -> tuple[()]:
        """A click, and perhaps the second one of two."""
        now = time.monotonic()
        is_double = self._opens_menu or now - self._clicked < DOUBLE
        self._clicked = now
        if is_double:
            return self._act(x, y)
        self._choose(SHOW)
        return ()

    def _act(self, _x: int, _y: int) -> tuple[()]:
        """Do what is needed now."""
        if self._shown is not None:
            self._choose(self._shown.needed)
        return ()

    def _choose(self, action: str) -> None:
        self._click(action)


def _ignore(_: str) -> None:
    """For a click before `run`."""


def _accept(*_: object) -> tuple[()]:
    """For calls that need nothing done."""
    return ()


def _watcher(interface: str) -> DBusAddress:
    return DBusAddress("/StatusNotifierWatcher", WATCHER, interface)


def _signal(path: str, interface: str, member: str, signature: str | None = None, *body: object) -> Message:
    return new_signal(DBusAddress(path, interface=interface), member, signature, body)


def _look(view: View) -> tuple[IconState, float]:
    return view.icon_state, drawn_fill(view.icon_state, view.fill)


def _pixmap(image: Image.Image) -> Pixmap:
    red, green, blue, alpha = image.split()
    return (*image.size, Image.merge("RGBA", (alpha, red, green, blue)).tobytes())

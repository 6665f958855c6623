"""Which tray a machine gets, and pystray's own backends: the real one for Xorg, stand-ins for the others."""

import gc
import importlib
import os
import queue
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from support.desktop import PATIENCE, Desktop, eventually
from support.trays import FakePanel, kept, running, view
from trayexec.adapters.bus.buses import buses_of
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.tray import darwin, gtk, windows, xorg
from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.choose import choose
from trayexec.adapters.tray.headless import HeadlessTray
from trayexec.adapters.tray.preferred import PreferredTray
from trayexec.adapters.tray.pystrays import backend
from trayexec.adapters.tray.sni import SniTray
from trayexec.core.ports import Tray
from trayexec.core.view import IconState
from trayexec.light.errors import Text, TrayexecError

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = str(Path(__file__).parents[1])


class StandIn(importlib.import_module("pystray._base").Icon):  # type: ignore[misc]  # pystray ships no types
    """A pystray backend whose loop is a queue, and that writes down which thread touched it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.loop: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self.touched: list[tuple[str, threading.Thread]] = []

    def _run(self) -> None:
        self._mark_ready()
        while job := self.loop.get():
            job()

    def _stop(self) -> None:
        self._touch("stop")
        self.loop.put(None)

    def _touch(self, what: str) -> None:
        self.touched.append((what, threading.current_thread()))

    def _show(self) -> None:
        self._touch("show")

    def _hide(self) -> None:
        """Nothing to hide."""

    def _update_icon(self) -> None:
        self._touch("icon")
        self._icon_valid = True

    def _update_title(self) -> None:
        self._touch("title")

    def _update_menu(self) -> None:
        self._touch("menu")


def chosen(environ: dict[str, str], speak: "Callable[[Text], str]" = str) -> Tray:
    """The tray of this environment."""
    return choose(environ, buses_of(environ).session, speak)


# Choosing ---------------------------------------------------------------------------------------------------------


# Xlib leaves sockets open when it cannot connect: they are collected here, and not in a test that comes later.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("environ", [{}, {"DISPLAY": ":64999"}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}])
def test_without_bus_and_display_there_is_no_tray(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """On a server nothing is shown, and nothing fails. What is logged about it keeps no socket open."""
    caplog.set_level("DEBUG")
    tray = chosen(environ)
    gc.collect()

    assert isinstance(tray, HeadlessTray)
    assert tray.name == "none"


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_platform_without_its_toolkit_has_no_tray(platform: str) -> None:
    """The backend of another system cannot be imported here, which is not fatal."""
    assert choose({}, None, platform=platform).name == "none"


def test_a_panel_on_the_bus_gets_our_own(bus: Desktop) -> None:
    """The best way where there is one, and where a panel may still come."""
    assert isinstance(chosen(bus.env), SniTray)
    with FakePanel(bus):
        assert isinstance(chosen(bus.env), SniTray)


def test_the_usual_place_of_the_bus_is_tried(bus: Desktop) -> None:
    """A session started by cron or ssh lacks the variable, but systemd's socket is where it always is."""
    environ = {name: value for name, value in bus.env.items() if name != "DBUS_SESSION_BUS_ADDRESS"}

    assert isinstance(chosen(environ), SniTray)


def test_texts_are_translated(bus: Desktop) -> None:
    """Labels and tooltip go through `speak`; names in them stay."""
    tray = chosen(bus.env, lambda text: f"«{text}»")
    tray.show(view(tooltip="Open"))
    with FakePanel(bus) as panel, running(tray):
        panel.item()
        eventually("the menu", bus.menu)

        assert "«Lock now»" in bus.menu_labels()
        assert bus.tray_property("ToolTip")[3] == "«Open»"


def test_a_panel_that_comes_later_takes_the_icon_over(bus: Desktop) -> None:
    """At login the older tray is there first, as in Cinnamon: its icon goes once a panel for our own shows that."""
    icon, own = StandIn("trayexec"), list[SniTray]()

    def better(hosted: "Callable[[], None]") -> SniTray:
        own.append(SniTray(Bus(lambda: bus.env["DBUS_SESSION_BUS_ADDRESS"]), hosted=hosted))
        return own[0]

    tray = PreferredTray(BackedTray("stand-in", lambda: icon), better)
    tray.show(view(tooltip="Open"))
    with kept(own[0]), running(tray) as clicks:
        eventually("the older icon", lambda: icon.visible)
        assert tray.name == "stand-in"
        icon()
        with FakePanel(bus) as panel:
            panel.item()
            eventually("the better one", lambda: tray.name == "sni")
            eventually("the older one to go", lambda: [what for what, _ in icon.touched][-1] == "stop")
            tray.show(view(tooltip="Locked"))
            eventually("the view", lambda: bus.tray_property("ToolTip")[3] == "Locked")
            bus.choose_menu("Lock now")
            eventually("the click", lambda: clicks == ["show", "lock"])
        eventually("no panel", lambda: tray.name == "none")


def test_an_older_icon_that_was_stopped_does_not_begin_anew(bus: Desktop) -> None:
    """Whatever is shown by then."""
    tray = PreferredTray(HeadlessTray(), lambda _: SniTray(Bus(lambda: bus.env["DBUS_SESSION_BUS_ADDRESS"])))
    tray.stop()
    tray.run(lambda _: None)
    assert tray.name == "none"


# Headless ---------------------------------------------------------------------------------------------------------


def test_headless_waits_until_it_is_stopped() -> None:
    """It ignores views, ends at `stop`, and does not begin when that came first."""
    tray = HeadlessTray()
    with running(tray) as clicks:
        tray.show(view())
    tray.run(clicks.append)

    assert clicks == []


# pystray ----------------------------------------------------------------------------------------------------------


def test_pystray_is_imported_without_a_display(desk: Desktop) -> None:
    """Its own choice of a backend would raise here; the person's setting is put back as it was."""
    code = (
        "import os, trayexec.adapters.tray.pystrays as p, pystray._base as b;"
        "print(os.environ['PYSTRAY_BACKEND'], b.Icon.__module__, os.environ.get('DISPLAY'))"
    )

    child = desk.spawn([sys.executable, "-c", code], env={"PYSTRAY_BACKEND": "xorg"})

    assert child.wait(PATIENCE) == 0, desk.said(child)
    assert desk.said(child).split() == ["xorg", "pystray._base", "None"]


def _raise_value_error(*_: object) -> None:
    raise ValueError("Namespace AyatanaAppIndicator3 not available")


@pytest.mark.parametrize("gi", [None, SimpleNamespace(require_version=_raise_value_error)])
def test_a_broken_toolkit_is_a_reason_not_a_crash(monkeypatch: pytest.MonkeyPatch, gi: Any) -> None:
    """No PyGObject, or PyGObject without the AppIndicator typelib, which raises a ValueError while imported."""
    monkeypatch.setitem(sys.modules, "gi", gi)
    monkeypatch.delitem(sys.modules, "pystray._appindicator", raising=False)
    monkeypatch.delitem(sys.modules, "pystray._util.gtk", raising=False)

    with pytest.raises(TrayexecError) as unavailable:
        backend("appindicator")

    assert unavailable.value.trouble.code == "tray_unavailable"


def test_a_backend_is_drawn_and_clicked() -> None:
    """Picture, title and menu arrive; a click on the icon and a line of the menu come back."""
    icon = StandIn("trayexec")
    tray = BackedTray("stand-in", lambda: icon)
    tray.show(view(tooltip="Open"))
    with running(tray) as clicks:
        eventually("the icon", lambda: icon.visible)
        tray.show(view(IconState.TROUBLE, tooltip="Trouble"))
        eventually("the title", lambda: icon.title == "trayexec\nTrouble")
        icon()
        next(item for item in icon.menu if item.text == "Lock now")(icon)

        assert clicks == ["show", "lock"]
        assert icon.icon.size == (64, 64)
        assert [item.enabled for item in icon.menu][:3] == [False, True, True]
        assert tray.name == "stand-in"


def test_a_backend_stops_from_a_signal_handler() -> None:
    """The handler has interrupted the loop itself, in the main thread: it must not wait for it."""
    icon = StandIn("trayexec")
    tray = BackedTray("stand-in", lambda: icon)
    tray.show(view())

    def twice(*_: object) -> None:
        tray.stop()
        tray.stop()

    def interrupt() -> None:
        eventually("the icon", lambda: icon.visible)
        os.kill(os.getpid(), signal.SIGUSR1)

    former = signal.signal(signal.SIGUSR1, twice)
    timer = threading.Thread(target=interrupt)
    try:
        timer.start()
        tray.run(lambda _: None)
    finally:
        timer.join(PATIENCE)
        signal.signal(signal.SIGUSR1, former)

    assert [what for what, _ in icon.touched].count("stop") == 1


def test_a_backend_that_was_stopped_does_not_begin() -> None:
    """`stop` before `run`, and while the backend starts."""
    early = BackedTray("stand-in", lambda: StandIn("trayexec"))
    early.stop()
    early.run(lambda _: None)

    def make() -> StandIn:
        between.stop()
        return StandIn("trayexec")

    between = BackedTray("stand-in", make)

    between.run(lambda _: None)

    assert early.name == between.name == "stand-in"


def test_gtk_leaves_ctrl_c_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend would let Ctrl-C kill the agent before it can forget its session."""

    class Gtk(StandIn):
        def _run(self) -> None:
            self._initialize()
            super()._run()

        def _initialize(self) -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

    module = ModuleType("pystray._appindicator")
    monkeypatch.setattr(module, "Icon", Gtk, raising=False)
    monkeypatch.setitem(sys.modules, "pystray._appindicator", module)
    tray = gtk.tray()
    handler = signal.getsignal(signal.SIGINT)
    found: list[Any] = []

    def look() -> None:
        found.append(signal.getsignal(signal.SIGINT))
        tray.stop()

    stopper = threading.Timer(0.2, look)
    try:
        stopper.start()
        tray.run(lambda _: None)
    finally:
        stopper.join(PATIENCE)
        signal.signal(signal.SIGINT, handler)

    assert found == [handler]


def test_windows_titles_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tooltip of more than 127 characters makes the backend raise."""
    icons: list[StandIn] = []

    class Win(StandIn):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            icons.append(self)

    module = ModuleType("pystray._win32")
    monkeypatch.setattr(module, "Icon", Win, raising=False)
    monkeypatch.setitem(sys.modules, "pystray._win32", module)
    tray = choose({}, None, platform="win32")
    tray.show(replace(view(), tooltip=Text("x" * 500)))
    with running(tray):
        eventually("the icon", lambda: icons and icons[0].visible)

    assert windows.tray().name == tray.name == "win32"
    assert len(icons[0].title) == 127


def test_macos_is_touched_on_the_main_thread_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything after the start hops there, and the loop gets our signal handlers, Ctrl-C last of all."""
    icons: list[StandIn] = []
    taken: dict[int, Callable[[int], Any]] = {}

    class Mac(StandIn):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            icons.append(self)

        def _run(self) -> None:
            taken[signal.SIGINT] = lambda _: pytest.fail("the backend's own handler ends the process")
            super()._run()

    modules: dict[str, dict[str, Any]] = {
        "pystray._darwin": {"Icon": Mac},
        "PyObjCTools.AppHelper": {"callAfter": lambda job: icons[0].loop.put(lambda: (job(), True))},
        "PyObjCTools.MachSignals": {"signal": taken.__setitem__},
        "PyObjCTools": {},
    }
    for name, content in modules.items():
        module = ModuleType(name)
        for key, value in content.items():
            monkeypatch.setattr(module, key, value, raising=False)
        monkeypatch.setitem(sys.modules, name, module)
    tray = darwin.tray()
    tray.show(view())
    received: list[int] = []
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in former:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        with running(tray):
            eventually("the icon", lambda: icons and icons[0].visible)
            tray.show(view(IconState.LOCKED, tooltip="Locked"))
            eventually("the title", lambda: icons[0].title == "trayexec\nLocked")
            taken[signal.SIGTERM](signal.SIGTERM)
            taken[signal.SIGINT](signal.SIGINT)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)

    assert received == [signal.SIGTERM, signal.SIGINT]
    assert {thread.name for _, thread in icons[0].touched} == {"tray under test"}
    assert [what for what, _ in icons[0].touched][-1] == "stop"


# Xorg, for real ---------------------------------------------------------------------------------------------------


def test_without_a_bus_xorg_shows_and_clicks(panel: Desktop) -> None:
    """A panel that takes only the old protocol: the icon is there, a click does the default, TERM ends it."""
    empty = panel.tray_pixels().tobytes()
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "XDG_RUNTIME_DIR": "", "PYTHONPATH": TESTS}
    child = panel.spawn([sys.executable, "-m", "support.tray_child"], env=nowhere)
    panel.wait("the tray", lambda: "tray xorg" in panel.said(child))
    panel.wait("the icon", lambda: panel.tray_pixels().tobytes() != empty)

    panel.click(*panel.tray_spot())
    panel.wait("the click", lambda: "clicked show" in panel.said(child))
    child.terminate()

    assert child.wait(PATIENCE) == 0
    assert panel.said(child).splitlines() == ["tray xorg", "clicked show", "ended"]
    panel.wait("the empty panel", lambda: panel.tray_pixels().tobytes() == empty)


def test_a_panel_of_the_old_protocol_gets_xorg(panel: Desktop, bus: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bus but no watcher on it, a panel that takes XEmbed, and no PyGObject."""
    monkeypatch.setitem(sys.modules, "gi", None)
    monkeypatch.delitem(sys.modules, "pystray._appindicator", raising=False)
    monkeypatch.setenv("DISPLAY", panel.env["DISPLAY"])

    assert chosen({**bus.env, "DISPLAY": panel.env["DISPLAY"]}).name == "xorg"


def test_xorg_docks_again(panel: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel crashes and returns: the next change puts the icon back, which pystray alone never does."""
    monkeypatch.setenv("DISPLAY", panel.env["DISPLAY"])
    empty = panel.tray_pixels().tobytes()
    tray = xorg.tray()
    tray.show(view())
    with running(tray) as clicks:
        panel.wait("the icon", lambda: panel.tray_pixels().tobytes() != empty)
        panel.restart_panel()
        panel.wait("the empty panel", lambda: panel.tray_pixels().tobytes() == empty)

        panel.wait("the icon again", lambda: _shown_again(tray, panel, empty))
        panel.click(*panel.tray_spot())
        panel.wait("the click", lambda: clicks == ["show"])
    panel.wait("the empty panel", lambda: panel.tray_pixels().tobytes() == empty)


def _shown_again(tray: BackedTray, panel: Desktop, empty: bytes) -> bool:
    tray.show(view())  # as the agent does once a minute
    return panel.tray_pixels().tobytes() != empty


def test_xorg_outlives_its_display(desk: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The X server is gone: nothing is raised, `run` goes on and `stop` ends it."""
    desk.start_display()
    monkeypatch.setenv("DISPLAY", desk.env["DISPLAY"])
    tray = xorg.tray()
    tray.show(view())
    with running(tray):
        eventually("the loop", lambda: tray._icon is not None and tray._icon.visible)
        desk.stop_display()
        tray.show(view(IconState.LOCKED))
        tray.show(view(IconState.TROUBLE))

"""StatusNotifierItem as a panel sees it: on a real bus, with a panel that is only a protocol."""

import functools
import io
import signal
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jeepney import DBusAddress, HeaderFields, MessageFlag, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection
from PIL import Image

from support.desktop import ITEM, MENU, PATIENCE, PROPERTIES, Desktop, DesktopError, MenuEntry, eventually
from support.processes import scheduled
from support.trays import MENU as LINES
from support.trays import FakePanel, running, sni_tray, view
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.glyph import draw
from trayexec.adapters.tray.dbusmenu import KEPT
from trayexec.adapters.tray.sni import SIZES, SniTray
from trayexec.adapters.wording import BRIEF, brief
from trayexec.core.view import Entry, IconState, Item, LongSubmenu, Submenu
from trayexec.light.errors import Text

ITEM_PATH, MENU_PATH = "/StatusNotifierItem", "/MenuBar"


@pytest.fixture
def fake(bus: Desktop) -> Iterator[FakePanel]:
    """A panel that is only a protocol."""
    with FakePanel(bus) as panel:
        yield panel


@pytest.fixture
def _shown(bus: Desktop, fake: FakePanel) -> Iterator[tuple[SniTray, list[str]]]:
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())
    with running(tray) as clicks:
        fake.item()
        eventually("the icon to be shown", lambda: tray.name == "sni")
        yield tray, clicks


@pytest.fixture
def tray(_shown: tuple[SniTray, list[str]]) -> SniTray:
    """A tray that runs and is shown by `fake`."""
    return _shown[0]


@pytest.fixture
def clicks(_shown: tuple[SniTray, list[str]]) -> list[str]:
    """The actions clicked on `tray` so far."""
    return _shown[1]


def _item_call(bus: Desktop, fake: FakePanel, method: str, signature: str = "", *body: Any) -> tuple[Any, ...]:
    return bus.call(fake.item(), ITEM_PATH, ITEM, method, signature, body)


def _menu_call(bus: Desktop, fake: FakePanel, method: str, signature: str = "", *body: Any) -> tuple[Any, ...]:
    return bus.call(fake.item(), MENU_PATH, MENU, method, signature, body)


def _line(bus: Desktop, label: str) -> int:
    """The number of a line on the first level of the menu."""
    return next(entry.id for entry in bus.menu() if entry.label == label)


# Showing ----------------------------------------------------------------------------------------------------------


def test_it_registers_by_its_unique_name(tray: SniTray, fake: FakePanel) -> None:
    """No name has to be owned for it, so a sandbox needs one permission only."""
    assert fake.registered == [fake.item()]
    assert fake.item().startswith(":")
    assert tray.name == "sni"


def test_introspection_lists_what_panels_look_for(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """GNOME looks methods up before it calls them, and others drop an icon that lacks a property."""
    del tray
    wanted = {
        ITEM_PATH: {
            ITEM: {
                *("Activate", "SecondaryActivate", "ContextMenu", "Scroll"),
                *("NewTitle", "NewIcon", "NewAttentionIcon", "NewOverlayIcon", "NewToolTip", "NewStatus"),
                *("Category", "Id", "Title", "Status", "WindowId", "IconName", "IconPixmap", "IconThemePath"),
                *("OverlayIconName", "OverlayIconPixmap", "AttentionIconName", "AttentionIconPixmap"),
                *("AttentionMovieName", "ToolTip", "ItemIsMenu", "Menu"),
                *("IconAccessibleDesc", "AttentionAccessibleDesc"),
            },
            PROPERTIES: {"Get", "GetAll", "Set"},
        },
        MENU_PATH: {
            MENU: {
                *("GetLayout", "GetGroupProperties", "GetProperty", "Event", "EventGroup", "AboutToShow"),
                *("AboutToShowGroup", "LayoutUpdated", "ItemsPropertiesUpdated", "ItemActivationRequested"),
                *("Version", "TextDirection", "Status", "IconThemePath"),
            },
            PROPERTIES: {"Get", "GetAll", "Set"},
        },
        "/": {"org.freedesktop.DBus.Introspectable": {"Introspect"}},
    }

    for path, interfaces in wanted.items():
        (xml,) = bus.call(fake.item(), path, "org.freedesktop.DBus.Introspectable", "Introspect")
        node = ET.fromstring(xml)  # noqa: S314 — our own
        for interface, members in interfaces.items():
            found = {member.get("name") for member in node.findall(f"interface[@name='{interface}']/*")}
            assert found >= members


def test_every_property_is_answered_as_announced(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """What introspection says a property is, `Get` and `GetAll` give."""
    del tray
    for path, interface in ((ITEM_PATH, ITEM), (MENU_PATH, MENU)):
        (xml,) = bus.call(fake.item(), path, "org.freedesktop.DBus.Introspectable", "Introspect")
        node = ET.fromstring(xml)  # noqa: S314 — our own
        announced = {
            one.get("name"): one.get("type") for one in node.findall(f"interface[@name='{interface}']/property")
        }
        (every,) = bus.call(fake.item(), path, PROPERTIES, "GetAll", "s", (interface,))

        assert {name: kind for name, (kind, _) in every.items()} == announced
        for name in announced:
            assert bus.call(fake.item(), path, PROPERTIES, "Get", "ss", (interface, name)) == (every[name],)


def test_the_picture_is_sent_in_every_size(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """ARGB in network byte order, pixel for pixel what was drawn."""
    del fake, tray
    pixmaps = bus.tray_property("IconPixmap")

    assert [(width, height) for width, height, _ in pixmaps] == [(size, size) for size in SIZES]
    for width, _, argb in pixmaps:
        rgba = draw(IconState.OPEN, round(0.7 * 64) / 64, width).tobytes()
        assert bytes(argb[1::4]) == rgba[0::4]
        assert bytes(argb[2::4]) == rgba[1::4]
        assert bytes(argb[3::4]) == rgba[2::4]
        assert bytes(argb[0::4]) == rgba[3::4]


def test_a_left_click_is_the_menu(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """With `ItemIsMenu` panels open it, and it is where the property says; the picture has words, too."""
    del fake, tray
    assert bus.tray_property("ItemIsMenu") is True
    assert bus.tray_property("IconAccessibleDesc") == "trayexec: Open"
    assert bus.tray_property("Menu") == MENU_PATH
    assert bus.tray_property("Status") == "Active"


def test_the_tooltip_is_plain_text(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """Its first line is the title; only below that is markup understood, so there it is escaped."""
    tray.show(replace(view(), tooltip=Text("R&D <prod>\nopen for <1 h & more")))

    eventually("the tooltip", lambda: fake.heard("NewToolTip"))
    assert bus.tray_property("ToolTip") == ("", [], "trayexec", "R&amp;D &lt;prod&gt;\nopen for &lt;1 h &amp; more")


@pytest.mark.parametrize(
    "name", ["dev_team_1", "__x_", "a\x00b\x1bc\u202e", "caf\udce9", "日本 🦊", "x" * 5000, "", "<b>&amp;"]
)
def test_any_name_can_be_shown(bus: Desktop, fake: FakePanel, tray: SniTray, name: str) -> None:
    """AWS profile names come from a file that may hold anything; underscores are not shortcuts."""
    tray.show(view(menu=(Item(Text("{name}", name=name), "it"), Item(Text("end"), "end")), tooltip=name))
    eventually("the menu", lambda: bus.menu_labels()[-1] == "end")

    (_, (_, _, children)) = _menu_call(bus, fake, "GetLayout", "iias", 0, -1, [])
    raw = children[0][1][1]["label"][1]
    shown = bus.menu_labels()[0]

    assert raw == shown.replace("_", "__")
    assert shown == brief(name, BRIEF)
    assert shown.isprintable()


# Clicks -----------------------------------------------------------------------------------------------------------


def test_a_click_shows_and_a_double_click_does_what_is_needed(bus: Desktop, fake: FakePanel, clicks: list[str]) -> None:
    """A panel that sends `Activate` for a left click; a middle click is deliberate."""
    _item_call(bus, fake, "Activate", "ii", 10, 10)
    _item_call(bus, fake, "Activate", "ii", 10, 10)
    _item_call(bus, fake, "SecondaryActivate", "ii", 10, 10)

    assert clicks == ["show", "auth", "auth"]


def test_what_is_no_click_does_nothing(bus: Desktop, fake: FakePanel, clicks: list[str]) -> None:
    """The panel shows the menu by itself, and the wheel is for others."""
    _item_call(bus, fake, "ContextMenu", "ii", 0, 0)
    _item_call(bus, fake, "Scroll", "is", 1, "vertical")

    assert clicks == []


def test_gnome_sends_a_click_for_a_double_one(bus: Desktop, fake: FakePanel) -> None:
    """Its panel opens the menu at the first one, and tells us of the second."""
    del fake
    chosen = list[str]()
    tray = SniTray(Bus(lambda: bus.env["DBUS_SESSION_BUS_ADDRESS"]), str, "ubuntu:GNOME")
    tray._click = chosen.append
    tray._shown = view()
    tray._activate(0, 0)
    assert chosen == ["auth"]


def test_a_line_does_its_action(bus: Desktop, fake: FakePanel, clicks: list[str]) -> None:
    """On the first level and in a submenu; what only informs does nothing."""
    bus.choose_menu("Lock now")
    bus.choose_menu("account_b")
    _menu_call(bus, fake, "Event", "isvu", _line(bus, "Open for another 8 h 12 min"), "clicked", ("s", ""), 0)
    _menu_call(bus, fake, "Event", "isvu", _line(bus, "Recent"), "clicked", ("s", ""), 0)
    _menu_call(bus, fake, "Event", "isvu", _line(bus, "Quit"), "hovered", ("s", ""), 0)
    _menu_call(bus, fake, "Event", "isvu", 0, "opened", ("i", 0), 0)

    assert clicks == ["lock", "recent 2"]
    assert bus.menu_labels() == [
        *("Open for another 8 h 12 min", "Authenticate MFA", "Lock now", "Recent", "account_a · admin", "account_b"),
        "Quit",
    ]
    assert [entry.separator for entry in bus.menu()] == [False, True, False, False, False, True, False]


def test_groups_are_answered(bus: Desktop, fake: FakePanel, clicks: list[str]) -> None:
    """Panels read properties in groups, Cinnamon clicks in groups; unknown lines are named, not fatal."""
    lock, leave = _line(bus, "Lock now"), _line(bus, "Quit")

    (some,) = _menu_call(bus, fake, "GetGroupProperties", "aias", [lock, 999], ["label"])
    (every,) = _menu_call(bus, fake, "GetGroupProperties", "aias", [], [])
    unknown = _menu_call(
        bus, fake, "EventGroup", "a(isvu)", [(lock, "clicked", ("s", ""), 0), (999, "clicked", ("s", ""), 0)]
    )
    shown = _menu_call(bus, fake, "AboutToShowGroup", "ai", [0, leave, 999])

    assert some == [(lock, {"label": ("s", "Lock now")})]
    assert len(every) == 10  # the root, seven lines, two below
    assert unknown == ([999],)
    assert shown == ([], [999])
    assert _menu_call(bus, fake, "AboutToShow", "i", 0) == (False,)
    assert _menu_call(bus, fake, "GetProperty", "is", leave, "label") == (("s", "Quit"),)
    assert clicks == ["lock"]


def test_depth_and_names_are_respected(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """`GetLayout` gives as many levels and properties as it is asked for."""
    del tray
    _, (root, properties, children) = _menu_call(bus, fake, "GetLayout", "iias", 0, 1, ["label"])
    recent = next(child for _, child in children if child[1].get("label") == ("s", "Recent"))

    assert (root, properties) == (0, {})
    assert recent == (recent[0], {"label": ("s", "Recent")}, [])
    assert len(_menu_call(bus, fake, "GetLayout", "iias", recent[0], -1, [])[1][2]) == 2
    assert _menu_call(bus, fake, "GetLayout", "iias", 0, 0, [])[1][2] == []


# Changes ----------------------------------------------------------------------------------------------------------


def test_only_what_changed_is_announced(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """The same view again says nothing: some panels close an open menu when it is announced."""
    tray.show(view(tooltip="first"))
    eventually("the first", lambda: fake.heard("NewToolTip"))
    fake.signals.clear()

    tray.show(view(tooltip="first"))
    tray.show(view(tooltip="first", fill=0.7001))
    tray.show(view(tooltip="second"))

    eventually("the second", lambda: fake.heard("NewToolTip"))
    assert bus.tray_property("ToolTip")[3] == "second"
    assert [name for name, _ in fake.signals] == ["NewToolTip"]


def test_a_changed_label_leaves_the_menu_open(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """Time that runs down touches one line: same numbers, no new layout."""
    before = [entry.id for entry in bus.menu()]
    fake.signals.clear()

    tray.show(view(menu=(Item(Text("Open for another {time}", time="8 h 11 min")), *LINES[1:])))

    ((changed, removed),) = eventually("the new label", lambda: fake.heard("ItemsPropertiesUpdated"))
    assert changed == [(before[0], {"label": ("s", "Open for another 8 h 11 min"), "enabled": ("b", False)})]
    assert removed == []
    assert fake.heard("LayoutUpdated") == []
    assert [entry.id for entry in bus.menu()] == before


def test_revisions_grow(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """Each new layout has a higher number, which `GetLayout` gives as well."""
    fake.signals.clear()
    for count in (1, 3, 4):
        tray.show(view(menu=LINES[:count]))
        eventually(f"layout {count}", lambda: len(bus.menu()) == count)  # noqa: B023 — called at once

    revisions = [revision for revision, _ in fake.heard("LayoutUpdated")]

    assert len(revisions) == 3
    assert revisions == sorted(set(revisions))
    assert _menu_call(bus, fake, "GetLayout", "iias", 0, 0, [])[0] == revisions[-1]


def test_a_late_click_never_chooses_something_else(
    bus: Desktop, fake: FakePanel, tray: SniTray, clicks: list[str]
) -> None:
    """The menu changed while the pointer was on its way: the old line is refused, not mistaken for a new one."""
    lock = _line(bus, "Lock now")
    others = tuple(Item(Text("{n}", n=n), f"other {n}") for n in range(20))
    tray.show(view(menu=(Submenu(Text("Others"), others), *others)))
    eventually("the new menu", lambda: bus.menu_labels()[-1] == "19")

    with pytest.raises(DesktopError, match="InvalidArgs"):
        _menu_call(bus, fake, "Event", "isvu", lock, "clicked", ("s", ""), 0)

    assert clicks == []
    tray.show(view())
    eventually("the old menu", lambda: "Quit" in bus.menu_labels())
    assert _line(bus, "Lock now") != lock


def _long(lines: int, made: list[int]) -> LongSubmenu:
    """A long menu with so many lines, in which each is another long menu with a line of its own."""

    def of(n: int) -> tuple[Entry, ...]:
        made.append(n)
        return (Item(Text("Open {n}", n=n), f"open {n}"),)

    def make() -> tuple[Entry, ...]:
        return tuple(LongSubmenu(Text("{n}", n=n), f"{n}", lines, functools.partial(of, n)) for n in range(lines))

    return LongSubmenu(Text("All"), "all", lines, make)


def _behind(bus: Desktop, *labels: str) -> MenuEntry:
    """The line behind these."""
    *above, last = labels
    found = bus.menu()
    for label in above:
        found = next(one.children for one in found if one.label == label)
    return next(one for one in found if one.label == last)


def test_a_long_menu_has_lines_once_it_is_about_to_show(
    bus: Desktop, fake: FakePanel, tray: SniTray, clicks: list[str]
) -> None:
    """Panels read all that there is at each change; libdbusmenu-gtk is told by a signal, and reads no answer."""
    made = list[int]()
    tray.show(view(menu=(*LINES, _long(30, made))))
    eventually("the new menu", lambda: bus.menu_labels()[-1] == "All")
    assert (made, len(bus.menu()[-1].children)) == ([], 0)
    assert _menu_call(bus, fake, "AboutToShow", "i", _behind(bus, "All").id) == (True,)

    assert len(_behind(bus, "All").children) == 30
    assert eventually("the signal", lambda: fake.heard("LayoutUpdated")[-1][1] == _behind(bus, "All").id)
    assert _menu_call(bus, fake, "AboutToShow", "i", _behind(bus, "All").id) == (False,)

    seven = _behind(bus, "All", "7").id
    assert _menu_call(bus, fake, "AboutToShowGroup", "ai", [seven, 999]) == ([seven], [999])
    line = _behind(bus, "All", "7", "Open 7").id
    _menu_call(bus, fake, "Event", "isvu", line, "clicked", ("s", ""), 0)
    assert (set(made), clicks) == ({7}, ["open 7"])

    for label in map(str, range(10, 20)):  # of those that a pointer passes over few stay, and the way to them does
        _menu_call(bus, fake, "AboutToShow", "i", _behind(bus, "All", label).id)
    laid_out = [one.label for one in _behind(bus, "All").children if one.children]
    assert laid_out == [str(number) for number in range(20 - KEPT + 1, 20)]
    with pytest.raises(DesktopError, match="InvalidArgs"):
        _menu_call(bus, fake, "Event", "isvu", line, "clicked", ("s", ""), 0)


def test_a_long_menu_is_laid_out_for_who_asks_for_it_alone(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """Qt reads one menu at a time; what was open stays open while the rest of the menu changes."""
    tray.show(view(menu=(_long(3, []), *LINES)))
    eventually("the new menu", lambda: bus.menu_labels()[0] == "All")
    number = _behind(bus, "All").id
    _, (_, _, lines) = _menu_call(bus, fake, "GetLayout", "iias", number, 1, [])
    assert len(lines) == 3

    tray.show(view(menu=(Item(Text("new")), _long(3, []), *LINES)))
    eventually("the other menu", lambda: bus.menu_labels()[0] == "new")
    assert _behind(bus, "All").id == number
    assert [one.label for one in _behind(bus, "All").children] == ["0", "1", "2"]


def test_a_colour_is_a_picture_beside_the_label(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """A PNG, as the interface wants it."""
    tray.show(view(menu=(Submenu(Text("prod"), LINES, "#ff8000"), *LINES)))
    eventually("the new menu", lambda: bus.menu_labels()[0] == "prod")
    (((_, png),),) = [_menu_call(bus, fake, "GetProperty", "is", _behind(bus, "prod").id, "icon-data")]
    with Image.open(io.BytesIO(bytes(png))) as dot:
        assert (dot.size, dot.getpixel((8, 8)), dot.getpixel((0, 0))) == (
            (16, 16),
            (255, 128, 0, 255),
            (255, 128, 0, 0),
        )


def test_many_threads_may_show(bus: Desktop, fake: FakePanel, tray: SniTray) -> None:
    """Views from anywhere, in any number: the last one stays."""
    del fake

    def storm(n: int) -> None:
        for step in range(30):
            tray.show(view(tooltip=f"{n} {step}", fill=step / 30, menu=LINES[: step % 7]))

    threads = [threading.Thread(target=storm, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tray.show(view(tooltip="the last one", menu=LINES[-1:]))

    eventually("the last view", lambda: bus.tray_property("ToolTip")[3] == "the last one")
    eventually("the last menu", lambda: bus.menu_labels() == ["Quit"])


# Nonsense ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "interface", "method", "signature", "body", "error"),
    [
        ("/nowhere", ITEM, "Activate", "ii", (1, 1), "UnknownObject"),
        (ITEM_PATH, "com.example.No", "Activate", "ii", (1, 1), "UnknownInterface"),
        (ITEM_PATH, ITEM, "Explode", "", (), "UnknownMethod"),
        (ITEM_PATH, ITEM, "Activate", "", (), "InvalidArgs"),
        (ITEM_PATH, ITEM, "Activate", "ss", ("1", "1"), "InvalidArgs"),
        (ITEM_PATH, ITEM, "Activate", "iii", (1, 1, 1), "InvalidArgs"),
        (ITEM_PATH, PROPERTIES, "Get", "ss", (ITEM, "Nothing"), "UnknownProperty"),
        (ITEM_PATH, PROPERTIES, "Get", "ss", ("com.example.No", "Id"), "UnknownInterface"),
        (ITEM_PATH, PROPERTIES, "GetAll", "s", ("com.example.No",), "UnknownInterface"),
        (ITEM_PATH, PROPERTIES, "Set", "ssv", (ITEM, "Id", ("s", "x")), "PropertyReadOnly"),
        (MENU_PATH, MENU, "GetLayout", "iias", (999, -1, []), "InvalidArgs"),
        (MENU_PATH, MENU, "GetProperty", "is", (0, "nothing"), "InvalidArgs"),
        (MENU_PATH, MENU, "Event", "isvu", (-1, "clicked", ("s", ""), 0), "InvalidArgs"),
        (MENU_PATH, MENU, "Event", "isiu", (1, "clicked", 0, 0), "InvalidArgs"),
        (MENU_PATH, MENU, "EventGroup", "a(isvu)", ([(999, "clicked", ("s", ""), 0)],), "InvalidArgs"),
        (MENU_PATH, MENU, "AboutToShow", "i", (999,), "InvalidArgs"),
        (MENU_PATH, MENU, "AboutToShowGroup", "ai", ([999],), "InvalidArgs"),
        ("/", PROPERTIES, "GetAll", "s", (ITEM,), "UnknownInterface"),
    ],
)
def test_nonsense_is_answered_with_an_error(
    bus: Desktop,
    fake: FakePanel,
    clicks: list[str],
    path: str,
    interface: str,
    method: str,
    signature: str,
    body: tuple[Any, ...],
    error: str,
) -> None:
    """A call that makes no sense gets a D-Bus error with a name, changes nothing, and the icon lives on."""
    with pytest.raises(DesktopError, match=error):
        bus.call(fake.item(), path, interface, method, signature, body)

    assert clicks == []
    assert bus.tray_property("Id") == "trayexec"


def test_an_overlong_message_is_skipped(bus: Desktop, fake: FakePanel, clicks: list[str]) -> None:
    """Megabytes are not collected and not answered; the next call is."""
    address = DBusAddress(ITEM_PATH, fake.item(), ITEM)
    with open_dbus_connection(bus.env["DBUS_SESSION_BUS_ADDRESS"]) as stranger:
        for size in (1_100_000, 5_000_000):
            stranger.send(new_method_call(address, "Scroll", "is", (1, "x" * size)))
        reply = stranger.send_and_get_reply(new_method_call(address, "Activate", "ii", (1, 1)), timeout=PATIENCE)

    assert reply.header.message_type is MessageType.method_return
    assert clicks == ["show"]


def test_the_interface_may_be_left_out_and_the_answer_unwanted(
    bus: Desktop, fake: FakePanel, clicks: list[str]
) -> None:
    """Both are allowed by D-Bus: a call without interface finds its method, one that wants no reply gets none."""
    address = DBusAddress(ITEM_PATH, fake.item())
    silent = new_method_call(address, "Activate", "ii", (1, 1))
    silent.header.flags = MessageFlag.no_reply_expected
    with open_dbus_connection(bus.env["DBUS_SESSION_BUS_ADDRESS"]) as stranger:
        stranger.send(silent)
        stranger.send(new_method_call(address, "Ping"), serial=4711)
        replies = [stranger.receive(timeout=PATIENCE) for _ in range(2)]  # the first one welcomes it to the bus

    assert replies[1].header.fields[HeaderFields.reply_serial] == 4711
    assert clicks == ["show"]


# Panels come and go -----------------------------------------------------------------------------------------------


def test_without_a_panel_it_waits_for_one(bus: Desktop) -> None:
    """It says `none` and goes on; the panel that comes shows it, and the next one after a crash as well."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())
    with running(tray):
        assert tray.name == "none"
        for _ in range(2):
            with FakePanel(bus) as panel:
                panel.item()
                eventually("the name sni", lambda: tray.name == "sni")
            eventually("the name none", lambda: tray.name == "none")


@pytest.mark.parametrize(("host", "name"), [("yes", "sni"), ("mute", "sni")])
def test_a_watcher_is_believed(bus: Desktop, host: str, name: str) -> None:
    """A watcher that cannot say whether a panel draws has taken our registration nevertheless."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())
    with FakePanel(bus, host=host) as panel, running(tray):
        panel.item()
        eventually(f"the name {name}", lambda: tray.name == name)


def test_a_watcher_without_a_panel_shows_nothing(bus: Desktop) -> None:
    """KDE's watcher runs without any panel: `none`, until one says that it is there."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())
    with FakePanel(bus, host="no") as panel, running(tray):
        bus.call(panel.item(), ITEM_PATH, "org.freedesktop.DBus.Peer", "Ping")
        assert tray.name == "none"

        panel.announce_host()

        eventually("the name sni", lambda: tray.name == "sni")


def test_nothing_is_shown_before_the_first_view(bus: Desktop) -> None:
    """An icon without a picture would be a hole in the panel."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    with FakePanel(bus) as panel, running(tray):
        threading.Event().wait(0.1)
        assert panel.registered == []

        tray.show(view())

        assert panel.item()


def test_it_survives_the_bus(desk: Desktop) -> None:
    """The bus dies: no tray, but `run` goes on; it comes back: so does the icon, at the next change at the latest."""
    desk.start_bus()
    tray = sni_tray(desk.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())
    with running(tray):
        with FakePanel(desk) as panel:
            panel.item()
            eventually("the name sni", lambda: tray.name == "sni")
            desk.stop_bus()
            eventually("the name none", lambda: tray.name == "none")
        tray.show(view(IconState.LOCKED))
        desk.start_bus()
        with FakePanel(desk) as panel:
            tray.show(view(IconState.TROUBLE))
            panel.item()
            eventually("the name sni", lambda: tray.name == "sni")
            red = draw(IconState.TROUBLE, 1, 16).getchannel("R").tobytes()
            assert bytes(desk.tray_property("IconPixmap")[0][2][1::4]) == red


def test_a_stopped_tray_does_not_begin(bus: Desktop) -> None:
    """`stop` before `run` counts: the agent may be told to end while it starts."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.stop()

    tray.run(lambda _: None)

    assert tray.name == "none"


def test_a_bad_address_is_no_tray(tmp_path: Path) -> None:
    """Whatever the variable holds: `none`, no exception, and `stop` works."""
    for address in ("", "nonsense", "unix:", "tcp:host=localhost,port=1", f"unix:path={tmp_path}/none", "unix:path=/"):
        tray = sni_tray(address)
        tray.show(view())
        with running(tray):
            assert tray.name == "none"


def test_a_click_that_fails_does_not_end_the_icon(bus: Desktop, fake: FakePanel) -> None:
    """An exception in the callback becomes a D-Bus error for the panel."""
    tray = sni_tray(bus.env["DBUS_SESSION_BUS_ADDRESS"])
    tray.show(view())

    def explode(action: str) -> None:
        raise RuntimeError(action)

    with running(tray, explode):
        with pytest.raises(DesktopError, match="Failed"):
            _item_call(bus, fake, "Activate", "ii", 1, 1)
        assert bus.tray_property("Id") == "trayexec"


# As a process -----------------------------------------------------------------------------------------------------


def _child(desk: Desktop, *options: str) -> Any:
    tests = str(Path(__file__).parents[1])
    return desk.spawn([sys.executable, "-m", "support.tray_child", *options], env={"PYTHONPATH": tests})


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("place", ["shown", "no panel", "no bus"])
def test_a_signal_ends_it(desk: Desktop, number: str, place: str) -> None:
    """The agent's own handlers run at once, wherever the main thread waits; nothing is written but what is said."""
    if place != "no bus":
        desk.start_bus()
    panel = FakePanel(desk) if place == "shown" else None
    child = _child(desk)
    name = "sni" if panel else "none"
    desk.wait("the tray", lambda: f"tray {name}" in desk.said(child))

    child.send_signal(getattr(signal, number))

    assert child.wait(PATIENCE) == 0
    assert desk.said(child).splitlines()[-1] == "ended"
    assert "Traceback" not in desk.said(child)
    if panel:
        panel.__exit__()


def test_it_sleeps_while_nothing_happens(desk: Desktop) -> None:
    """An idle icon does not poll: its process is not scheduled at all."""
    desk.start_bus()
    with FakePanel(desk) as panel:
        child = _child(desk, "--quiet")
        desk.call(panel.item(), ITEM_PATH, "org.freedesktop.DBus.Peer", "Ping")
        desk.wait("it to settle", lambda: _still(child.pid))

        before = scheduled(child.pid)
        threading.Event().wait(1)

        assert scheduled(child.pid) - before <= 2


def _still(pid: int) -> bool:
    before = scheduled(pid)
    threading.Event().wait(0.2)
    return scheduled(pid) == before

"""The icon on a real panel: seen in screenshots, clicked with a pointer, read over D-Bus."""

from collections import Counter
from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops

from support.desktop import HEIGHT, PANEL, WIDTH, Desktop, Shade
from support.trays import MENU as LINES
from support.trays import running, sni_tray, view
from trayexec.adapters.glyph import draw
from trayexec.adapters.tray.sni import SniTray
from trayexec.core.view import IconState, Item
from trayexec.light.errors import Text

# Where a menu of the last icon opens: below the panel, at the right edge.
MENU_AREA = (WIDTH - 300, PANEL + 1, WIDTH, HEIGHT)


@pytest.fixture
def tray(panel: Desktop) -> SniTray:
    """A tray for the panel, not running yet."""
    shown = sni_tray(panel.env["DBUS_SESSION_BUS_ADDRESS"])
    shown.show(view())
    return shown


@pytest.fixture
def clicks(panel: Desktop, tray: SniTray) -> Iterator[list[str]]:
    """What was clicked on `tray`, which runs and is on the panel."""
    with running(tray) as clicked:
        panel.wait_tray_items(1)
        panel.wait("the icon's colour", lambda: _inked(panel, IconState.OPEN))
        yield clicked


def _colour(state: IconState) -> tuple[int, int, int]:
    """The one colour of a state."""
    return draw(state, 1, 32).crop((0, 0, 1, 1)).convert("RGBA").tobytes()[:3]  # type: ignore[return-value]


def _inked(desk: Desktop, state: IconState) -> bool:
    """Whether the tray shows a fair number of pixels in just this state's colour."""
    pixels = desk.tray_pixels().convert("RGB").tobytes()
    counted = Counter(pixels[n : n + 3] for n in range(0, len(pixels), 3))
    return counted[bytes(_colour(state))] > 30


def _menu_is_open(desk: Desktop, before: Image.Image) -> bool:
    return ImageChops.difference(desk.pixels().crop(MENU_AREA), before).getbbox() is not None


@pytest.mark.parametrize("shade", Shade)
def test_every_face_is_seen(panel: Desktop, shade: Shade) -> None:
    """On a dark and on a light panel each state appears in its own colour, and leaves when the tray ends."""
    panel.start_panel(shade)
    panel.wait_tray_items(0)
    tray = sni_tray(panel.env["DBUS_SESSION_BUS_ADDRESS"])
    seen = {}
    with running(tray):
        for state in IconState:
            tray.show(view(state, fill=0.1))
            panel.wait(f"{state} on the panel", lambda: _inked(panel, state))  # noqa: B023 — called at once
            seen[state] = panel.tray_pixels().tobytes()
        assert tray.name == "sni"
    panel.wait_tray_items(0)
    panel.wait("the empty panel", lambda: not any(_inked(panel, state) for state in IconState))

    assert len(set(seen.values())) == len(IconState)


def test_a_small_icon_is_crisp(panel: Desktop, clicks: list[str], tray: SniTray) -> None:
    """At xfce's usual 22 pixels the panel shows what was drawn for 22 pixels, not a blurred larger one."""
    del clicks
    tray.show(view(IconState.TROUBLE))
    panel.wait("trouble", lambda: _inked(panel, IconState.TROUBLE))
    drawn = draw(IconState.TROUBLE, 1, 22)
    square = panel.tray_pixels().convert("RGB").crop((3, 3, 25, 25))
    background = tuple(round(part * 255) for part in Shade.DARK.value)
    expected = Image.new("RGB", drawn.size, background)
    expected.paste(drawn, mask=drawn)

    off = ImageChops.difference(square, expected).convert("L").tobytes()

    assert sum(part > 40 for part in off) <= 12


def test_a_middle_click_does_what_is_needed(panel: Desktop, clicks: list[str]) -> None:
    """The pointer, not a protocol: click the icon, get the action."""
    panel.click(*panel.tray_spot(), button=2)

    panel.wait("the click", lambda: clicks == ["auth"])


@pytest.mark.parametrize("button", [1, 3])
def test_the_menu_opens_and_a_line_is_chosen(panel: Desktop, clicks: list[str], button: int) -> None:
    """A left click shows the menu, as a right one does, and asks for nothing; arrow keys and Return choose a line."""
    before = panel.pixels().crop(MENU_AREA)
    panel.click(*panel.tray_spot(), button=button)
    panel.wait("the menu", lambda: _menu_is_open(panel, before))

    for key in ("Down", "Down", "Return"):  # over "Authenticate MFA" to "Lock now"
        panel.key(key)

    panel.wait("the choice", lambda: clicks == ["lock"])
    panel.wait("the menu to close", lambda: not _menu_is_open(panel, before))


def test_the_menu_stays_open_while_time_runs(panel: Desktop, clicks: list[str], tray: SniTray) -> None:
    """A label that changes is redrawn in the open menu; the menu does not vanish under the pointer."""
    before = panel.pixels().crop(MENU_AREA)
    panel.click(*panel.tray_spot(), button=3)
    panel.wait("the menu", lambda: _menu_is_open(panel, before))
    panel.wait("a steady menu", lambda: _steady(panel))
    opened = panel.pixels().crop(MENU_AREA)

    tray.show(view(menu=(Item(Text("Open for another {time}", time="59 min")), *LINES[1:])))

    panel.wait("the new label", lambda: _menu_is_open(panel, opened))
    assert _menu_is_open(panel, before)
    panel.key("Down")
    panel.key("Return")
    panel.wait("the choice", lambda: clicks == ["auth"])


def _steady(desk: Desktop) -> bool:
    one = desk.pixels().crop(MENU_AREA)
    desk.run(["xdotool", "sleep", "0.15"])
    return not _menu_is_open(desk, one)


def test_the_menu_is_read_and_chosen_over_the_bus(panel: Desktop, clicks: list[str]) -> None:
    """What the panel reads, submenu included."""
    assert panel.menu_labels()[:3] == ["Open for another 8 h 12 min", "Authenticate MFA", "Lock now"]

    panel.choose_menu("account_a · admin")

    panel.wait("the choice", lambda: clicks == ["recent 1"])


def test_it_comes_back_with_the_panel(panel: Desktop, clicks: list[str], tray: SniTray) -> None:
    """The panel crashes: `none`. It returns: the icon is there again, and can be clicked."""
    panel.kill_panel()
    panel.wait("the name none", lambda: tray.name == "none")

    panel.start_panel()

    panel.wait_tray_items(1)
    panel.wait("the name sni", lambda: tray.name == "sni")
    panel.wait("the icon", lambda: _inked(panel, IconState.OPEN))
    panel.click(*panel.tray_spot(), button=2)
    panel.wait("the click", lambda: clicks == ["auth"])


def test_it_starts_before_the_panel(panel: Desktop, tray: SniTray) -> None:
    """At login the agent may be first: it says `none`, and is on the panel as soon as there is one."""
    panel.stop_panel()
    with running(tray):
        assert tray.name == "none"

        panel.start_panel()

        panel.wait_tray_items(1)
        panel.wait("the name sni", lambda: tray.name == "sni")

"""The icon, its menu, the dialog and the notification, on each desktop by what a person would see, click and type."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from desktops.others import DESKTOPS, OtherDesktop
from support.desktop import desktop_of
from support.rig import Rig, rig_on
from trayexec.core.view import IconState

pytestmark = pytest.mark.timeout(300)
DIALOG = "MFA code"
UNLOCK = "alice in 111111111111: locked, click to unlock"


class Stage(NamedTuple):
    """A desktop, and trayexec on it, locked."""

    desk: OtherDesktop
    rig: Rig


@pytest.fixture(params=DESKTOPS, ids=lambda kind: kind.name)
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """This desktop with the agent in its tray, its keys stored."""
    with desktop_of(request.param) as desk:
        desk.start()
        with rig_on(desk) as rig:
            rig.store_keys()
            rig.start_agent()
            yield Stage(desk, rig)


def test_the_icon_and_its_menu(stage: Stage) -> None:
    """The panel has the icon; a right click opens the menu, a left one only tells; a new panel has it."""
    desk = stage.desk
    desk.wait_tray_items(1)
    spot = desk.wait_icon(IconState.LOCKED)
    desk.shoot("1-icon")
    assert UNLOCK in desk.menu_labels()
    before = desk.click_icon(spot, 3)
    desk.shoot("2-right-click")
    desk.close_menu(before)
    desk.click_icon(spot, 1)
    desk.shoot("3-left-click")
    assert not desk.windows(DIALOG)
    desk.kill_panel()
    desk.wait_no_icon(IconState.LOCKED)
    desk.start_panel()
    desk.wait_icon(IconState.LOCKED)
    desk.wait_tray_items(1)
    desk.shoot("4-new-panel")


def test_the_main_job(stage: Stage) -> None:
    """From the menu to the code to the open session; its warning, whose button leads to the next one."""
    desk, rig = stage
    rig.sim.live(session=120, role=3600)
    plain = desk.click_icon(desk.wait_icon(IconState.LOCKED), 3)
    desk.choose(UNLOCK)
    desk.wait_window(DIALOG)
    desk.shoot("5-dialog")
    desk.type_code(DIALOG, rig.sim.unused_code())
    desk.wait("the session to open", lambda: rig.phase() == "open")
    desk.look()
    assert "Re-authenticate" in desk.wait_notification("Expires at ").actions.values()
    desk.shoot("6-notification")
    rig.sim.live(session=43200)
    desk.press_button(plain)
    desk.type_code(DIALOG, rig.sim.unused_code())
    desk.wait_icon(IconState.OPEN)
    assert rig.sim.count("GetSessionToken", "OK") == 2
    desk.shoot("7-open")

"""The first agent on a desktop: whoever starts it on a terminal is told once what is missing there."""

import pytest

from support.desktop import Desktop
from support.rig import COMMAND, Rig, rig_on
from trayexec.adapters.desktop_parts import DesktopParts, look
from trayexec.commands.missing_parts import missing

SAID = "home/.local/state/trayexec/desktops"
ONCE = "This is said once"


def test_a_whole_desktop_lacks_nothing(panel: Desktop) -> None:
    """Panel, notifications and keyring are on the bus; the dialog is what is installed here."""
    panel.start_notifications().start_keyring()
    seen = look({**panel.env, "XDG_CURRENT_DESKTOP": "XFCE"})
    assert (seen.desktop, seen.display, seen.icon, seen.notifications, seen.keyring) == ("XFCE", True, True, True, True)


def test_each_part_that_is_not_there_is_missed(desk: Desktop) -> None:
    """A display with a bus on which nobody is; without a bus it is the same; what can be started counts."""
    desk.start_display()
    for _ in ("without a bus", "with one"):
        seen = look(desk.env)
        assert (seen.display, seen.icon, seen.notifications, seen.keyring) == (True, False, False, False)
        desk.start_bus()
    installed = desk.folder / "services" / "org.freedesktop.Notifications.service"
    installed.write_text("[D-BUS Service]\nName=org.freedesktop.Notifications\nExec=/bin/false\n")
    desk.wait("the bus to read it", lambda: look(desk.env).notifications)


@pytest.mark.parametrize(
    ("desktop", "bringer"),
    [("ubuntu:GNOME", "gnome-shell-extension-appindicator"), ("sway", "waybar"), ("", "panel"), ("XFCE", "panel")],
)
def test_the_package_that_brings_it_is_named(desktop: str, bringer: str) -> None:
    """What brings the icon depends on the desktop."""
    (one,) = missing(DesktopParts(desktop=desktop, icon=False), {})
    assert (one.code, bringer in str(one.hint)) == ("tray_none", True)


def test_without_a_display_one_sentence_says_it_all() -> None:
    """Icon, notifications and dialog are not missed one by one; the keyring is, in the keychain's own words."""
    bare = DesktopParts(display=False, icon=False, notifications=False, dialog=False, keyring=False)
    assert [one.code for one in missing(bare, {})] == ["desktop_none", "keychain_unavailable"]


def test_it_is_said_once_on_the_terminal(desk: Desktop) -> None:
    """And again on another desktop; a file keeps where it was said."""
    desk.start_bus().start_display()
    with rig_on(desk) as rig:
        for desktop, times in (("sway", 1), ("sway", 0), ("GNOME", 1)):
            rig.env["XDG_CURRENT_DESKTOP"] = desktop
            status, screen = rig.terminal("agent", "start").ended()
            assert (status, screen.count(ONCE), screen.count("There is no icon")) == (0, times, times), screen
            assert rig.run("agent", "stop").status == 0
        assert rig.desk.home(SAID).read_text().splitlines() == ["sway", "GNOME"]


def test_programs_are_told_nothing(bare: Rig) -> None:
    """Without a terminal not a word is said, and it counts as said to nobody: the next person is told."""
    for words in (("credential-process", "account-a", "--no-wait"), ("status", "--json"), ("agent", "start")):
        done = bare.run(*words)
        assert ONCE not in done.out + done.err
    assert bare.agent_pid
    assert bare.run("agent", "stop").status == 0
    assert not bare.desk.home(SAID).exists()
    assert ONCE in bare.terminal("agent", "start").ended()[1]


def test_stdout_of_a_command_on_a_terminal_stays_its_own(bare: Rig) -> None:
    """What is piped on is the document alone, though the terminal is told."""
    terminal = bare.terminal_for(["sh", "-c", f"{' '.join(COMMAND)} account-a --no-wait -- echo x >out; cat out"])
    assert ONCE in terminal.ended()[1]
    assert bare.desk.home("home/out").read_text() == ""

"""What the profiles in the icon's menu lead to, on a real panel: a terminal, the clipboard, a console."""

from collections.abc import Iterator

import pytest

from support.desktop import HEIGHT, PANEL, WIDTH, Desktop, DesktopError, Shade, private_desktop
from support.rig import Rig, rig_on

XTERM = "^sh$"  # its title is the program in it
MENU_AREA = (WIDTH - 300, PANEL + 1, WIDTH, HEIGHT)


@pytest.fixture
def rig() -> Iterator[Rig]:
    """An agent in the tray, its session open; xterm is the person's terminal, and AWS's own pages are out of reach."""
    with private_desktop() as desk:
        desk.start_keyring()
        desk.start_notifications()
        desk.start_panel(Shade.DARK)
        desk.env |= {"TERMINAL": "xterm", "SHELL": "/bin/sh", "HTTPS_PROXY": "http://127.0.0.1:9"}
        with rig_on(desk) as ready:
            ready.store_keys()
            ready.start_agent()
            ready.unlock()
            desk.wait("the profiles in the menu", lambda: "account-a" in desk.menu_labels())
            yield ready


def behind(desk: Desktop, profile: str, line: str) -> None:
    """Click on a line of a profile, as a panel tells of it."""
    (menu,) = [one for one in desk.menu() if one.label == "Profiles"]
    (found,) = [one for one in menu.children if one.label.startswith(profile)]
    number = next(one.id for one in found.children if one.label.startswith(line))
    desk.choose_number(number)


def _at_end(desk: Desktop) -> bool:
    """Whether the last line of the menu is chosen by now: its colour is a blue, of which there is none else."""
    desk.key("End")
    colours = desk.pixels().crop(MENU_AREA).getcolors(1 << 18) or ()
    return any(count > 300 and blue > red + 60 for count, (red, _, blue) in colours)  # type: ignore[misc]


def test_a_terminal_opens_with_the_profile(rig: Rig) -> None:
    """At home, live as the profile, without a secret in its environment; it stays when the agent ends."""
    desk = rig.desk
    desk.click(*desk.tray_spot())
    desk.wait("the open menu", lambda: _at_end(desk))
    # Up to the profiles and into them; to account-a and into it; over the console to the terminal.
    for key in (*["Up"] * 5, "Right", "Down", "Right", "Down", "Return"):
        desk.key(key)
    desk.wait_window(XTERM)
    desk.type("env >part; mv part seen\n")
    seen = desk.home("home/seen")
    desk.wait("the shell", seen.exists)
    env = dict(line.split("=", 1) for line in seen.read_text().splitlines() if "=" in line)
    assert env["AWS_PROFILE"] == "account-a"
    assert env["PWD"] == str(desk.home("home"))
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & env.keys()

    rig.run("agent", "stop")
    desk.type("exit\n")
    desk.wait_no_window(XTERM)


def test_a_terminal_in_which_no_shell_came_stays(rig: Rig) -> None:
    """Until somebody has read what went wrong."""
    desk = rig.desk
    rig.run("lock")
    behind(desk, "account-a", "Open terminal")
    desk.wait_dialog("MFA code")
    desk.key("Escape")
    desk.wait_no_window("MFA code")
    desk.wait_window(XTERM)
    desk.key("Return")
    desk.wait_no_window(XTERM)
    assert not desk.home("home/seen").exists()


def test_a_console_that_does_not_open_says_so(rig: Rig) -> None:
    """In a notification, with what the command says."""
    behind(rig.desk, "account-a", "Open console")
    said = rig.desk.wait_notification("The console of account-a did not open")
    assert said.body
    assert "trayexec:" not in said.body


def test_the_beginning_of_a_command_is_copied(rig: Rig) -> None:
    """To be typed on."""
    behind(rig.desk, "account-a", "Copy")
    rig.desk.wait("the clipboard", lambda: clipboard(rig.desk) == "trayexec account-a -- ")


def clipboard(desk: Desktop) -> str:
    """What is in it by now."""
    try:
        return desk.run(["xclip", "-selection", "clipboard", "-o"])
    except DesktopError:  # nothing yet
        return ""

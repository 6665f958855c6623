"""The private desktop itself: what it promises to the tests that stand on it."""

import functools
import sys
from pathlib import Path

import pytest

from support import desktop
from support.desktop import MARK, Desktop, DesktopError, Shade, private_desktop


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to guess which package a failed test wants."""
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(DesktopError, match="apt-get install gnome-keyring"):
        desktop.program("gnome-keyring-daemon")


def test_everything_lives_in_the_private_folder(desk: Desktop) -> None:
    """A child sees no folder, bus or display of the person who runs the tests; only what is installed for everybody."""
    own = desk.env.keys() - {"XDG_DATA_DIRS"}
    places = [desk.env[name] for name in own if name.startswith(("HOME", "XDG_", "TMP"))]

    assert all(Path(place).is_relative_to(desk.folder) for place in places)
    assert Path(desk.env["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700
    assert not desk.env.keys() & {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "AWS_PROFILE"}


def test_nothing_is_left_running() -> None:
    """All that was started ends, even what its parent left behind, and the folder is gone."""
    with private_desktop() as desk:
        desk.start_bus()
        orphan = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
        desk.spawn([sys.executable, "-c", orphan]).wait(10)
        before = desktop._marked(str(desk.folder))

    assert len(before) >= 2  # the bus and the orphan
    assert not desktop._marked(str(desk.folder))
    assert not desk.folder.exists()


def test_a_dead_part_is_reported_at_once(desk: Desktop) -> None:
    """A wait does not sit out its time when the part it waits for has died."""
    desk.start_bus()
    desk._running["bus"].process.kill()

    with pytest.raises(DesktopError, match="bus ended while waiting for nothing"):
        desk.wait("nothing", lambda: None)


def test_a_notification_is_seen_and_its_button_pressed(desk: Desktop) -> None:
    """What a program sends is written down, shown by dunst, and its button can be chosen by label."""
    desk.start_notifications()
    sender = desk.spawn(
        ["dbus-monitor", "--session", "type='signal',interface='org.freedesktop.Notifications'"],
    )
    actions = ["default", "Open", "again", "Re-authenticate"]
    body = ("trayexec", 0, "", "The session ends soon", "5 minutes", actions, {"urgency": ("y", 2)}, -1)
    notify = "org.freedesktop.Notifications"
    desk.wait("the monitor", lambda: "NameAcquired" in desk.said(sender))

    desk.call(notify, "/org/freedesktop/Notifications", notify, "Notify", "susssasa{sv}i", body)
    sent = desk.wait_notification("ends soon")
    desk.wait("it on the screen", lambda: desk.notifications_shown() == 1)
    desk.invoke_action("Re-authenticate")

    assert sent.actions == {"default": "Open", "again": "Re-authenticate"}
    assert sent.urgency == 2
    desk.wait("the action", lambda: "ActionInvoked" in desk.said(sender) and '"again"' in desk.said(sender))


def test_the_keyring_is_open(desk: Desktop) -> None:
    """A secret can be stored and read without a prompt."""
    desk.start_keyring()
    code = (
        "from keyring.backends.SecretService import Keyring; k = Keyring();"
        "k.set_password('trayexec-test', 'me', 'made up'); print(k.get_password('trayexec-test', 'me'))"
    )

    child = desk.spawn([sys.executable, "-c", code])

    assert child.wait(30) == 0, desk.said(child)
    assert desk.said(child).strip() == "made up"


def test_the_panel_changes_its_shade(desk: Desktop) -> None:
    """The same desktop shows a dark and a light panel, empty to begin with."""
    brightness = {}
    for shade in Shade:
        desk.start_panel(shade)
        colour = tuple(round(part * 255) for part in shade.value)
        desk.wait(f"a {shade.name} panel", functools.partial(_painted, desk, colour))
        brightness[shade] = sum(colour)

    assert desk.tray_items() == []
    assert brightness[Shade.DARK] < brightness[Shade.LIGHT]


def _painted(desk: Desktop, colour: tuple[int, ...]) -> bool:
    return desk.pixels().getpixel((300, 14)) == colour


def test_the_mark_is_on_every_child(desk: Desktop) -> None:
    """What a test starts can be found again by the mark in its environment."""
    child = desk.spawn([sys.executable, "-c", "import os; print(os.environ['" + MARK + "'])"])

    assert child.wait(10) == 0
    assert desk.said(child).strip() == str(desk.folder)

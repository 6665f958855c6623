"""Desktops other than Xfce, each with its own panel and its own notifications, as far as the flows need it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

from PIL import Image, ImageChops, ImageFilter

from support.desktop import HEIGHT, PANEL, PATIENCE, PROPERTIES, READING, WATCHER, WIDTH, Desktop, DesktopError, Spot
from trayexec.adapters.glyph import draw
from trayexec.core.view import IconState

T = TypeVar("T")

PICTURES = Path(os.environ["DESKTOP_PICTURES"])
SHELL = ("org.gnome.Shell", "/org/gnome/Shell", PROPERTIES)
NOTIFICATIONS = "org.freedesktop.Notifications"
DRAWING = 1.0  # seconds until what appears stands still; a notification's picture of its time never does
LARGEST = 48  # pixels of an icon in a panel
OPENED = (60, 40)  # pixels: a menu or a notification is at least so wide and high


class OtherDesktop(Desktop):
    """What all of them share."""

    name: str
    panel: tuple[int, int, int, int] = (0, 0, WIDTH, PANEL)  # where its panel is: left, top, right, bottom
    button: tuple[float, int]  # where a notification's first button is: part of the width, pixels above its lower edge

    def start(self) -> None:
        """Keyring, notifications and panel; first the display, which what the bus starts by itself must know."""
        self.start_screen().start_bus().start_display()
        self.start_keyring()
        self.start_notifications()
        self.start_panel()

    def wait(self, what: str, probe: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
        """Likewise, and keep a picture of what there was instead."""
        try:
            return super().wait(what, probe, seconds=seconds)
        except DesktopError:
            if "DISPLAY" in self.env:
                self.shoot("failed")
            raise

    def shoot(self, what: str) -> None:
        """Keep a picture of the screen under this name, for somebody to look at, when all is drawn."""
        time.sleep(DRAWING)
        self.screenshot(PICTURES / f"{self.name}-{what}.png")

    def wait_icon(self, state: IconState) -> Spot:
        """Wait until the panel shows the icon of this state, and return its middle on the screen."""
        self.look()
        left, top, *_ = self.panel
        spot = self.wait(f"the icon {state.value} in the panel of {self.name}", lambda: self._icon(state))
        return Spot(left + spot.x, top + spot.y)

    def wait_no_icon(self, state: IconState) -> None:
        """Wait until no icon of this state is where the panel was."""
        self.wait(f"the icon {state.value} to go", lambda: self._icon(state) is None)

    def look(self) -> None:
        """Take the pointer to where it lights up nothing and hides nothing."""
        self.point(20, HEIGHT // 2)

    def click_icon(self, spot: Spot, button: int) -> Image.Image:
        """Click there and wait until what opens is drawn. Returns the picture before the click."""
        self.look()
        before = self.steady()
        self.click(*spot, button=button)
        self.wait("what a click opens", lambda: _changed(before, self.pixels()))
        return before

    def close_menu(self, before: Image.Image) -> None:
        """Press Escape, and wait until the menu is gone."""
        self.key("Escape")
        self.look()
        self.wait("the menu to close", lambda: not _changed(before, self.pixels()))

    def choose(self, label: str) -> None:
        """Choose this line of the open menu by arrow keys and Return."""
        lines = [entry for entry in self.menu() if not entry.separator]
        chosen = next(number for number, entry in enumerate(lines) if entry.label == label)
        for _ in range(sum(entry.enabled for entry in lines[:chosen]) + 1):
            self.key("Down")
            time.sleep(0.1)  # a hand takes longer
        self.key("Return")

    def steady(self) -> Image.Image:
        """Wait until the screen stands still, and return what it shows."""
        shown: list[Image.Image] = [self.pixels()]

        def still() -> bool:
            time.sleep(0.3)
            shown.append(self.pixels())
            return ImageChops.difference(*shown[-2:]).getbbox() is None

        self.wait("the screen to stand still", still)
        return shown[-1]

    def type_code(self, title: str, code: str) -> None:
        """Type a code into the dialog that is up, or about to be, as slowly as a person who reads it first."""
        window = self.wait_window(title)
        time.sleep(READING)
        self.type(code)
        self.wait("the dialog to close", lambda: window not in self.windows(title), seconds=60)

    def press_button(self, plain: Image.Image) -> None:
        """Click on the first button of the only notification; `plain` is the screen without it."""
        left, _, right, bottom = self.wait("the notification", lambda: self._shown(plain))
        across, above = self.button
        self.click(left + round((right - left) * across), bottom - above)

    def _shown(self, plain: Image.Image) -> tuple[int, int, int, int] | None:
        """Where the screen, but for the panel, looks another by now, if that is large enough for a notification."""
        now = self.pixels()
        now.paste(plain.crop(self.panel), self.panel[:2])
        return ImageChops.difference(plain, now).getbbox() if _changed(plain, now) else None

    def _icon(self, state: IconState) -> Spot | None:
        return _painted(self.pixels().crop(self.panel), state)


class Lxqt(OtherDesktop):
    """lxqt-panel, lxqt-notificationd and openbox."""

    name = "lxqt"
    button = (0.5, 32)

    def start_panel(self, *_: object) -> Self:
        """lxqt-panel, with nothing but the tray."""
        self.start_bus().start_display()
        settings = self.home("home/.config/lxqt/panel.conf")
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(
            "panels=panel1\n[panel1]\nalignment=1\ndesktop=0\niconSize=22\npanelSize=28\nplugins=statusnotifier\n"
            "position=Top\nwidth=100\nwidth-percent=true\n[statusnotifier]\ntype=statusnotifier\nalignment=Right\n"
        )
        self._start("panel", ["lxqt-panel"])
        self.wait_name(WATCHER)
        return self

    def start_notifications(self) -> Self:
        """lxqt-notificationd."""
        self.start_bus().start_display()
        self.watch_notifications()
        self._start("notifications", ["lxqt-notificationd"])
        self.wait_name(NOTIFICATIONS)
        return self


class Mate(OtherDesktop):
    """mate-panel in its usual layout, mate-notification-daemon and marco."""

    name = "mate"
    button = (0.8, 27)
    ACTIVATED = ("org.mate.panel.applet.NotificationAreaAppletFactory", "org.mate.panel.applet.ClockAppletFactory")
    WINDOW_MANAGER = ("marco", "--no-composite")

    def start_panel(self, *_: object) -> Self:
        """mate-panel; its tray is an applet in a process of its own."""
        self.start_bus().start_display()
        self._start("panel", ["mate-panel"])
        self.wait_name(WATCHER)
        return self

    def start_notifications(self) -> Self:
        """mate-notification-daemon."""
        self.start_bus().start_display()
        self.watch_notifications()
        self._start("notifications", ["/usr/lib/mate-notification-daemon/mate-notification-daemon"])
        self.wait_name(NOTIFICATIONS)
        return self


class Plasma(OtherDesktop):
    """plasmashell, which also shows the notifications, kwin_x11, and kded5, which keeps the list of icons."""

    name = "plasma"
    button = (0.8, 18)
    panel = (0, HEIGHT - 50, WIDTH, HEIGHT)
    ACTIVATED = ("org.kde.ActivityManager", "org.kde.kglobalaccel")
    WINDOW_MANAGER = ("kwin_x11",)

    def start(self) -> None:
        """As a session of Plasma says who it is."""
        self.env |= {
            "XDG_CURRENT_DESKTOP": "KDE",
            "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "5",
            "XDG_SESSION_TYPE": "x11",
            "QT_QUICK_BACKEND": "software",
            "KWIN_COMPOSE": "N",
        }
        super().start()

    def start_panel(self, *_: object) -> Self:
        """The whole shell; the list of icons outlives it."""
        self.start_bus().start_display()
        if "list of icons" not in self._running:
            self._start("list of icons", ["kded5"])
        self._start("panel", ["plasmashell", "--no-respawn"])
        self.wait_name(NOTIFICATIONS)
        self.wait_name(WATCHER)
        return self

    def kill_panel(self) -> None:
        """Crash the shell."""
        part = self._running.pop("panel")
        part.process.kill()
        part.end()

    def start_notifications(self) -> Self:
        """They come with the shell."""
        self.start_bus().watch_notifications()
        return self


class Gnome(OtherDesktop):
    """gnome-shell on X11 with the extension for icons. It wants a logind, and shows notifications by a helper."""

    name = "gnome"
    button = (0.5, 20)
    panel = (0, 0, WIDTH, 32)
    ACTIVATED = ("org.gnome.Shell.Notifications",)
    WINDOW_MANAGER = ()

    def start(self) -> None:
        """What a session of GNOME has been told before it starts."""
        settings = self.home("home/.config/glib-2.0/settings/keyfile")
        settings.parent.mkdir(parents=True)
        settings.write_text(
            "[org/gnome/shell]\nenabled-extensions=['ubuntu-appindicators@ubuntu.com']\n"
            "welcome-dialog-last-shown-version='99'\n"
            "[org/gnome/shell/extensions/appindicator]\nicon-opacity=255\n"  # so that its colour is the one we drew
        )
        warned = self.home("home/.local/share/gnome-shell/lock-warning-shown")  # that there is no display manager
        warned.parent.mkdir(parents=True)
        warned.touch()
        self.env |= {"GSETTINGS_BACKEND": "keyfile", "XDG_CURRENT_DESKTOP": "GNOME", "XDG_SESSION_TYPE": "x11"}
        super().start()

    def start_bus(self) -> Self:
        """With a logind on it, in which there is a session."""
        if "bus" in self._running:
            return self
        super().start_bus()
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = self.env["DBUS_SESSION_BUS_ADDRESS"]
        self._start("logind", ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"])
        self.wait_name("org.freedesktop.login1")
        place = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.DBus.Mock")
        self.call(*place, "AddSession", "ssusb", ("1", "seat0", os.getuid(), "tester", True))
        return self

    def start_panel(self, *_: object) -> Self:
        """The shell, which is panel and window manager in one."""
        self.start_bus().start_display()
        self._start("panel", ["gnome-shell", "--x11"])
        self.wait_name(WATCHER)
        self.wait_name(NOTIFICATIONS)
        self.wait("the window manager", self._managed)
        self.wait("the overview", self._overview)
        self.call(*SHELL, "Set", "ssv", ("org.gnome.Shell", "OverviewActive", ("b", False)))
        self.wait("the desktop", lambda: not self._overview())
        return self

    def _overview(self) -> bool:
        """Whether it shows all windows, as it does when it has started."""
        ((_, active),) = self.call(*SHELL, "Get", "ss", ("org.gnome.Shell", "OverviewActive"))
        return bool(active)

    def start_notifications(self) -> Self:
        """They come with the shell."""
        self.start_bus().watch_notifications()
        return self


class Sway(OtherDesktop):
    """sway, in a window of a bare X server so that there is a pointer, with waybar and mako."""

    name = "sway"
    button = (0.5, 30)  # a click anywhere
    WINDOW_MANAGER = ()

    def start_display(self) -> Self:
        """The compositor. What speaks to it does not find the X server around it."""
        self.start_screen()
        if "compositor" in self._running:
            return self
        settings = self.home("home/.config/sway/config")
        settings.parent.mkdir(parents=True)
        settings.write_text(f"output * resolution {WIDTH}x{HEIGHT}\nxwayland disable\n")
        self.env |= {
            "WLR_BACKENDS": "x11",
            "WLR_RENDERER": "pixman",
            "SWAYSOCK": str(self.home("run/sway.sock")),
            "GDK_BACKEND": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
            "XDG_SESSION_TYPE": "wayland",
        }
        self._start("compositor", ["sway"])
        socket = self.wait("the compositor", lambda: next(self.home("run").glob("wayland-?"), None))
        self.env["WAYLAND_DISPLAY"] = socket.name
        return self

    def start_panel(self, *_: object) -> Self:
        """waybar, with nothing but the tray."""
        self.start_bus().start_display()
        settings = self.home("home/.config/waybar/config")
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps({"height": PANEL, "modules-right": ["tray"], "tray": {"icon-size": 22}}))
        self._start("panel", ["waybar"])
        self.wait_name(WATCHER)
        return self

    def start_notifications(self) -> Self:
        """mako: it draws no buttons, and a click anywhere is the first one."""
        self.start_bus().start_display()
        self.watch_notifications()
        self._start("notifications", ["mako"])
        self.wait_name(NOTIFICATIONS)
        return self

    def close_menu(self, before: Image.Image) -> None:
        """Click elsewhere: waybar takes no keys."""
        self.look()
        self.run(["xdotool", "click", "1"])
        self.wait("the menu to close", lambda: not _changed(before, self.pixels()))

    def choose(self, label: str) -> None:
        """Choose a line by D-Bus, and leave the open menu."""
        self.choose_menu(label)
        self.look()
        self.run(["xdotool", "click", "1"])

    def windows(self, title: str) -> list[str]:
        """The ids of windows whose title contains this."""
        return [
            str(node["id"])
            for node in _nodes(json.loads(self.run(["swaymsg", "-rt", "get_tree"])))
            if title in (node["name"] or "")
        ]

    def wait_window(self, title: str, *, seconds: float = PATIENCE) -> str:
        """Wait for a window whose title contains this: the compositor has to give it the keys by itself."""
        return self.wait(f"a window named {title!r}", lambda: self.windows(title), seconds=seconds)[0]


DESKTOPS = (Lxqt, Mate, Plasma, Gnome, Sway)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in (*node["nodes"], *node["floating_nodes"]):
        yield from _nodes(child)


def _painted(shown: Image.Image, state: IconState) -> Spot | None:
    """The middle of what is painted in this state's colour: enough for an icon, and not larger than one."""
    colour = draw(state, 1, 32).convert("RGBA").getpixel((0, 0))
    assert isinstance(colour, tuple)
    red, green, blue = ImageChops.difference(shown, Image.new("RGB", shown.size, colour[:3])).split()
    off = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    # Alone a pixel is the edge of some letter; a scaled icon has whole areas.
    inked = off.point(lambda value: 255 if value <= 6 else 0).filter(ImageFilter.MinFilter(3))
    box = inked.getbbox()
    if box is None or max(box[2] - box[0], box[3] - box[1]) > LARGEST:
        return None
    return Spot((box[0] + box[2]) // 2, (box[1] + box[3]) // 2)


def _changed(before: Image.Image, now: Image.Image) -> bool:
    """Whether an area as large as a menu or a notification looks another."""
    box = ImageChops.difference(before, now).getbbox()
    return box is not None and box[2] - box[0] >= OPENED[0] and box[3] - box[1] >= OPENED[1]

"""Desktops other than Xfce, each with its own panel and its own notifications, as far as the flows need it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

from PIL import Image, ImageChops, ImageFilter

from support.desktop import HEIGHT, PANEL, PATIENCE, READING, WATCHER, WIDTH, Desktop, DesktopError, Spot
from trayexec.adapters.glyph import draw
from trayexec.core.view import IconState

T = TypeVar("T")

PICTURES = Path(os.environ["DESKTOP_PICTURES"])
NOTIFICATIONS = "org.freedesktop.Notifications"
DRAWING = 1.0  # seconds until what appears stands still; a notification's picture of its time never does
LARGEST = 48  # pixels of an icon in a panel
OPENED = (60, 40)  # pixels: a menu or a notification is at least so wide and high


class OtherDesktop(Desktop):
    """What all of them share."""

    name: str
    panel: tuple[int, int, int, int] = (0, 0, WIDTH, PANEL)  # where its panel is: left, top, right, bottom

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
        """Keep a picture of the screen under this name, for somebody to look at."""
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
        time.sleep(DRAWING)
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

    def press_button(self) -> None:
        """Click on the first button of the notification that is shown."""
        raise NotImplementedError

    def click_within(self, window_class: str, across: float, down: float) -> None:
        """Click in a window of this class, at these parts of its width and height."""
        window = self.wait(f"a window of {window_class}", lambda: self._of_class(window_class))
        shape = dict(line.split("=") for line in self.run(["xdotool", "getwindowgeometry", "--shell", window]).split())
        left, top, width, height = (int(shape[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        self.click(left + round(width * across), top + round(height * down))

    def _icon(self, state: IconState) -> Spot | None:
        return _painted(self.pixels().crop(self.panel), state)

    def _of_class(self, window_class: str) -> str | None:
        try:
            return self.run(["xdotool", "search", "--onlyvisible", "--class", window_class]).split()[-1]
        except DesktopError:
            return None


class Lxqt(OtherDesktop):
    """lxqt-panel, lxqt-notificationd and openbox."""

    name = "lxqt"

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

    def press_button(self) -> None:
        """The first button of the notification."""
        self.click_within("lxqt-notificationd", 0.75, 0.9)


class Mate(OtherDesktop):
    """mate-panel in its usual layout, mate-notification-daemon and marco."""

    name = "mate"
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

    def press_button(self) -> None:
        """The first button of the notification."""
        self.click_within("mate-notification-daemon", 0.75, 0.85)


class Plasma(OtherDesktop):
    """plasmashell, which also shows the notifications, kwin_x11, and kded5, which keeps the list of icons."""

    name = "plasma"
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

    def press_button(self) -> None:
        """The first button of the notification."""
        self.click(WIDTH - 100, HEIGHT - 90)


DESKTOPS = (Lxqt, Mate, Plasma)


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

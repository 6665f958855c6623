"""A private desktop for tests: its own home, D-Bus session, display, panel, notifications and keyring.

```
with private_desktop() as desk:
    desk.start_panel(Shade.DARK)          # starts the display, the window manager and the bus by itself
    desk.spawn([sys.executable, "-m", "trayexec", "agent"])
    desk.wait_tray_items(1)
    desk.click(*desk.tray_spot())
    desk.wait_window("MFA code")
    desk.type("123456")
    desk.key("Return")
```

Start only what the test needs: a bus alone takes milliseconds, a panel about a second. Everything that was started
here is ended by its recorded process id, and so is whatever those started in turn. A missing program is a failure that
names the Debian package, never a skip. Nothing outside the private folder is read or written.
"""

import contextlib
import functools
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from PIL import Image

from support.processes import alive

T = TypeVar("T")
D = TypeVar("D", bound="Desktop")

WIDTH, HEIGHT = 1000, 600
PANEL = 28  # the panel's height in pixels, at the top of the screen
READING = 2.0  # seconds before somebody types into a window that has just appeared
PATIENCE = 20.0  # seconds before a wait gives up: only a broken part ever needs that long
MARK = "TRAYEXEC_TEST_DESKTOP"  # in the environment of every process that belongs to a private desktop

BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"

# The Debian package of each program.
PACKAGES = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "desktop-file-validate": "desktop-file-utils",
    "dunst": "dunst",
    "dunstctl": "dunst",
    "gnome-keyring-daemon": "gnome-keyring",
    "gio": "libglib2.0-bin",
    "openbox": "openbox",
    "systemd-analyze": "systemd",
    "xdotool": "xdotool",
    "xfce4-panel": "xfce4-panel",
    "xterm": "xterm",
}


class Shade(Enum):
    """How the panel is painted: (red, green, blue) from 0 to 1, and GTK's theme variant."""

    DARK = (0.13, 0.14, 0.16)
    LIGHT = (0.93, 0.93, 0.94)


class DesktopError(AssertionError):
    """A part of the desktop is missing or did not do what was waited for."""


class Spot(NamedTuple):
    """A point on the screen, in pixels."""

    x: int
    y: int


class TrayItem(NamedTuple):
    """An icon the watcher knows: whose it is, and where its object lives."""

    owner: str
    path: str


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of an icon's menu, as D-Bus tells it. `label` has the doubled underscores taken back."""

    id: int
    label: str
    enabled: bool
    separator: bool
    children: "tuple[MenuEntry, ...]" = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification that a program sent, whether or not it still shows."""

    app: str
    replaces: int
    title: str
    body: str
    actions: dict[str, str]  # id → label
    urgency: int | None
    timeout: int  # milliseconds; -1 = the server decides
    picture: tuple[int, int] | None = None  # its width and height in pixels


def program(name: str) -> str:
    """The path of a program. Raises DesktopError with the package to install."""
    found = shutil.which(name)
    if found is None:
        raise DesktopError(f"{name} is missing: run  apt-get install {PACKAGES.get(name, name)}")
    return found


def eventually(what: str, probe: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
    """Ask `probe` until it answers something true, and return that. Raises DesktopError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise DesktopError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


@contextlib.contextmanager
def private_desktop() -> "Iterator[Desktop]":
    """A desktop with a home of its own and nothing running yet; ends everything it started."""
    with desktop_of(Desktop) as desk:
        yield desk


@contextlib.contextmanager
def desktop_of(kind: type[D]) -> Iterator[D]:
    """Likewise, a desktop of this kind."""
    # Not pytest's tmp_path: the name of a socket may have at most 108 bytes.
    folder = Path(tempfile.mkdtemp(prefix="desk-"))
    desk = kind(folder)
    try:
        yield desk
    finally:
        desk.close()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Process:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@dataclass(slots=True)
class Desktop:
    """One private desktop. Get it from `private_desktop`."""

    # What the bus may start by itself: the files in which Debian says how.
    ACTIVATED: ClassVar[tuple[str, ...]] = ("org.xfce.Xfconf",)
    WINDOW_MANAGER: ClassVar[tuple[str, ...]] = ("openbox",)
    USER: ClassVar[int | None] = None  # whose it is: who runs the tests, unless another one is named

    folder: Path
    env: dict[str, str] = field(init=False)
    _running: dict[str, _Process] = field(init=False, default_factory=dict)
    _children: list[_Process] = field(init=False, default_factory=list)
    _connection: DBusConnection | None = field(init=False, default=None)
    _monitor: "_Monitor | None" = field(init=False, default=None)
    _camera: "_Camera | None" = field(init=False, default=None)
    _shade: Shade = field(init=False, default=Shade.DARK)

    def __post_init__(self) -> None:
        places = {
            "HOME": "home",
            "XDG_RUNTIME_DIR": "run",
            "XDG_CONFIG_HOME": "home/.config",
            "XDG_CACHE_HOME": "home/.cache",
            "XDG_DATA_HOME": "home/.local/share",
            "XDG_STATE_HOME": "home/.local/state",
            "TMPDIR": "tmp",
        }
        self.env = {name: str(self.folder / place) for name, place in places.items()}
        for place in self.env.values():
            Path(place).mkdir(mode=0o700, parents=True)
        self.env |= {
            MARK: str(self.folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            # The manual and the like are found, as where a distribution's package is installed.
            "XDG_DATA_DIRS": f"{sys.prefix}/share:/usr/local/share:/usr/share",
            "NO_AT_BRIDGE": "1",  # no accessibility bus: it would only slow GTK down
            "GSETTINGS_BACKEND": "memory",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    # Parts ----------------------------------------------------------------------------------------------------------

    def start_bus(self) -> Self:
        """A session bus that can activate nothing but what the panel needs. Milliseconds."""
        if "bus" in self._running:
            return self
        socket_path = self.home("run/bus")
        socket_path.unlink(missing_ok=True)
        config = self.folder / "bus.conf"
        # A closed world: no stray notification daemon, prompter or accessibility bus wakes up.
        services = self.folder / "services"
        services.mkdir(exist_ok=True)
        for name in self.ACTIVATED:
            service = Path(f"/usr/share/dbus-1/services/{name}.service")
            if service.exists():
                shutil.copy(service, services)
        config.write_text(
            '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"'
            ' "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n'
            "<busconfig><type>session</type><keep_umask/>"
            f"<listen>unix:path={socket_path}</listen><auth>EXTERNAL</auth><servicedir>{services}</servicedir>"
            '<policy context="default"><allow user="*"/><allow send_destination="*" eavesdrop="true"/>'
            '<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>\n'
        )
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket_path}"
        self._start("bus", ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"])
        # The file is there a moment before anybody listens.
        self.wait("the session bus", lambda: _answers(socket_path))
        return self

    def start_display(self) -> Self:
        """A display with a window manager (Xvfb and openbox). Half a second."""
        self.start_screen()
        if self.WINDOW_MANAGER and "window manager" not in self._running:
            self._start("window manager", self.WINDOW_MANAGER)
            self.wait("the window manager", self._managed)
        return self

    def start_screen(self) -> Self:
        """A display without a window manager."""
        if "display" in self._running:
            return self
        reading, writing = os.pipe()
        screen = f"{WIDTH}x{HEIGHT}x24"
        argv = ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"]
        try:
            self._start("display", argv, pass_fds=[writing])
        finally:
            os.close(writing)
        with os.fdopen(reading) as announced:
            number = announced.readline().strip()
        if not number:
            raise DesktopError(f"Xvfb did not start: {self.log('display')}")
        self.env["DISPLAY"] = f":{number}"
        return self

    def stop_display(self) -> None:
        """End the X server under everybody's feet."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        self._running.pop("window manager").end()
        self._running.pop("display").end()

    def start_panel(self, shade: Shade = Shade.DARK) -> Self:
        """xfce4-panel at the top of the screen, with nothing but a tray at its right end. A second."""
        self.start_bus().start_display()
        if "panel" in self._running:
            if shade is self._shade:
                return self
            self.stop_panel()
            self._end_activated("xfconfd")
        self._shade = shade
        channel = self.home("home/.config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml")
        channel.parent.mkdir(parents=True, exist_ok=True)
        channel.write_text(_panel_settings(shade))
        self._start("panel", ["xfce4-panel", "--disable-wm-check", "--sm-client-disable"])
        self.wait_name(WATCHER)
        return self

    def stop_panel(self) -> None:
        """End the panel: from now on there is no tray host."""
        self._running.pop("panel").end()
        self._end_activated("wrapper-2.0")
        self.wait_no_name(WATCHER)

    def kill_panel(self) -> None:
        """Crash the panel."""
        part = self._running.pop("panel")
        part.process.kill()
        part.end()
        self.wait_no_name(WATCHER)

    def restart_panel(self) -> None:
        """Crash the panel and start it again."""
        if "panel" in self._running:
            self.kill_panel()
        self.start_panel(self._shade)

    def start_notifications(self) -> Self:
        """dunst, on the display. `notifications` and `invoke_action` need it."""
        self.start_bus().start_display()
        if "notifications" in self._running:
            return self
        self.watch_notifications()
        folder = self.home("home/.config/dunst")
        folder.mkdir(parents=True, exist_ok=True)
        # dunst has no command to pick an action by name, but it lets a "menu" choose: this one greps for the label.
        choice = folder / "choice"
        choice.write_text("\n")
        (folder / "dunstrc").write_text(
            f"[global]\n dmenu = /bin/grep -m1 -F -f {choice}\n font = Sans 10\n width = 340\n offset = 12x40\n"
        )
        self._start("notifications", ["dunst", "-config", str(folder / "dunstrc")])
        self.wait_name("org.freedesktop.Notifications")
        return self

    def watch_notifications(self) -> None:
        """Write down from now on what is sent, whoever shows it."""
        self._monitor = _Monitor(self.env["DBUS_SESSION_BUS_ADDRESS"])

    def start_keyring(self, *, password: str = "open sesame") -> Self:  # noqa: S107 — of a keyring that lives a minute
        """gnome-keyring with an unlocked default collection."""
        self.start_bus()
        if "keyring" in self._running:
            return self
        argv = ["gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground"]
        self._start("keyring", argv, stdin=password.encode())
        self.wait_name("org.freedesktop.secrets")
        return self

    def stop_bus(self) -> None:
        """End the bus under everybody's feet."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None
        self._running.pop("bus").end()

    def restart_bus(self) -> None:
        """End the bus and start it again, with keyring, notifications and panel, which do not live without it."""
        again = [part for part in ("keyring", "notifications", "panel") if part in self._running]
        self.stop_bus()
        for part in again:
            self._running.pop(part).end()
        self.start_bus()
        starts = {"keyring": self.start_keyring, "notifications": self.start_notifications, "panel": self.start_panel}
        for part in again:
            starts[part]()

    # Processes ------------------------------------------------------------------------------------------------------

    def spawn(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a program on this desktop; what it says goes to `said(process)`. It is ended with the desktop."""
        log = self.folder / f"child-{len(self._children)}.log"
        child = self._popen(argv[0], argv, log=log, env=self.env | dict(env or {}))
        self._children.append(child)
        return child.process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        """What a spawned program wrote so far, on stdout and stderr."""
        (child,) = (child for child in self._children if child.process is process)
        return child.log.read_text(errors="replace")

    def end(self, process: subprocess.Popen[bytes]) -> int:
        """End a spawned program with TERM and return its exit status."""
        (child,) = (child for child in self._children if child.process is process)
        child.end()
        return process.returncode

    def run(self, argv: Sequence[str], *, stdin: str = "", seconds: float = PATIENCE) -> str:
        """Run a program on this desktop and return its stdout. Raises DesktopError when it fails."""
        done = subprocess.run(
            [program(argv[0]), *argv[1:]],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise DesktopError(f"{argv[0]} failed with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    def log(self, part: str) -> str:
        """What a part of the desktop (`bus`, `panel`, …) wrote."""
        return (self.folder / f"{part}.log").read_text(errors="replace")

    def home(self, path: str) -> Path:
        """A path inside the private folder: `home/.aws/config`, `run/trayexec/agent.sock`."""
        return self.folder / path

    def wait(self, what: str, probe: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
        """Wait until `probe` answers; fails at once, with its log, when a part of the desktop has died."""

        def healthy() -> T | None:
            for part in self._running.values():
                if part.process.poll() is not None:
                    raise DesktopError(f"{part.name} ended while waiting for {what}: {part.log.read_text()}")
            return probe()

        return eventually(what, healthy, seconds=seconds)

    # Screen ---------------------------------------------------------------------------------------------------------

    def pixels(self) -> Image.Image:
        """What the screen shows now."""
        if self._camera is None:
            self._camera = _Camera(self.env)
        return self._camera.shoot()

    def screenshot(self, path: Path | str) -> None:
        """Save what the screen shows now as a PNG."""
        self.pixels().save(path)

    def tray_spot(self) -> Spot:
        """The middle of the last icon of the tray."""
        return Spot(WIDTH - PANEL // 2, PANEL // 2)

    def tray_pixels(self) -> Image.Image:
        """What the place of the last icon of the tray shows now."""
        return self.pixels().crop((WIDTH - PANEL, 0, WIDTH, PANEL))

    def click(self, x: int, y: int, *, button: int = 1) -> None:
        """Click there; button 3 is the right one."""
        self.run(["xdotool", "mousemove", str(x), str(y), "click", str(button)])

    def point(self, x: int, y: int) -> None:
        """Move the pointer there."""
        self.run(["xdotool", "mousemove", str(x), str(y)])

    def type(self, text: str) -> None:
        """Type into the focused window."""
        # What is on no key is put on one for a moment, and a busy program may look at the key only after that moment.
        self.run(["xdotool", "type", "--delay", "15" if text.isascii() else "250", text])

    def key(self, name: str) -> None:
        """Press a key by its X name: `Return`, `Escape`, `ctrl+v`."""
        self.run(["xdotool", "key", name])

    def windows(self, title: str) -> list[str]:
        """The ids of visible windows whose title matches this regular expression."""
        found = subprocess.run(
            [program("xdotool"), "search", "--onlyvisible", "--name", title],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,  # it fails when nothing is found
        )
        return found.stdout.split()

    def wait_window(self, title: str, *, seconds: float = PATIENCE) -> str:
        """Wait for a visible window by the regular expression of its title, focus it, and return its id."""
        window = self.wait(f"a window named {title!r}", lambda: self.windows(title), seconds=seconds)[0]
        self.run(["xdotool", "windowactivate", "--sync", window])
        return window

    def wait_dialog(self, title: str) -> str:
        """Wait as `wait_window`, and as long as a person needs to read it: our own dialog takes nothing before."""
        window = self.wait_window(title)
        time.sleep(READING)
        return window

    def wait_no_window(self, title: str) -> None:
        """Wait until no window has this title."""
        self.wait(f"no window named {title!r}", lambda: not self.windows(title))

    # Bus ------------------------------------------------------------------------------------------------------------

    def call(
        self, name: str, path: str, interface: str, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> tuple[Any, ...]:
        """Call a method on the private bus and return its answer. Raises DesktopError with the D-Bus error."""
        if self._connection is None:
            self._connection = open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"])
        message = new_method_call(DBusAddress(path, name, interface), method, signature or None, body)
        reply = self._connection.send_and_get_reply(message, timeout=PATIENCE)
        if reply.header.message_type is MessageType.error:
            raise DesktopError(f"{interface}.{method}: {_error_name(reply)} {reply.body}")
        answer: tuple[Any, ...] = reply.body
        return answer

    def owner(self, name: str) -> str | None:
        """The unique name behind a well-known one."""
        try:
            (owner,) = self.call(BUS.bus_name, BUS.object_path, BUS.interface, "GetNameOwner", "s", (name,))
        except DesktopError:
            return None
        return str(owner)

    def wait_name(self, name: str) -> None:
        """Wait until somebody owns this name on the bus."""
        self.wait(f"{name} on the bus", lambda: self.owner(name))

    def wait_no_name(self, name: str) -> None:
        """Wait until nobody owns this name on the bus."""
        self.wait(f"{name} to leave the bus", lambda: self.owner(name) is None)

    # Tray -----------------------------------------------------------------------------------------------------------

    def tray_items(self) -> list[TrayItem]:
        """The icons the panel knows."""
        body = (WATCHER, "RegisteredStatusNotifierItems")
        ((_, items),) = self.call(WATCHER, "/StatusNotifierWatcher", PROPERTIES, "Get", "ss", body)
        # GNOME's extension writes an @ between the two.
        return [TrayItem(item[: item.index("/")].rstrip("@"), item[item.index("/") :]) for item in items]

    def wait_tray_items(self, count: int) -> list[TrayItem]:
        """Wait until the panel knows exactly `count` icons."""
        self.wait(f"{count} icons in the tray", lambda: len(self.tray_items()) == count)
        return self.tray_items()

    def tray_property(self, name: str) -> Any:
        """A property of the only icon: `ToolTip`, `Status`, `IconPixmap`, …."""
        (item,) = self.tray_items()
        ((_, value),) = self.call(item.owner, item.path, PROPERTIES, "Get", "ss", (ITEM, name))
        return value

    def menu(self) -> tuple[MenuEntry, ...]:
        """The menu of the only icon, read over D-Bus."""
        (item,) = self.tray_items()
        _, root = self.call(item.owner, self.tray_property("Menu"), MENU, "GetLayout", "iias", (0, -1, []))
        return _entry(root).children

    def menu_labels(self) -> list[str]:
        """Every label of the menu, submenus included, in order and without separators."""
        return [entry.label for entry in _flat(self.menu()) if not entry.separator]

    def choose_menu(self, label: str) -> None:
        """Choose the line with this label, as a click would."""
        found = [entry for entry in _flat(self.menu()) if entry.label == label]
        if not found:
            raise DesktopError(f"no {label!r} in the menu: {self.menu_labels()}")
        if not found[0].enabled:
            raise DesktopError(f"{label!r} cannot be chosen now")
        self.choose_number(found[0].id)

    def choose_number(self, number: int) -> None:
        """Choose the line with this number."""
        (item,) = self.tray_items()
        body = (number, "clicked", ("s", ""), 0)
        self.call(item.owner, self.tray_property("Menu"), MENU, "Event", "isvu", body)

    # Notifications --------------------------------------------------------------------------------------------------

    def notifications(self) -> list[Sent]:
        """Every notification sent since `start_notifications`, oldest first."""
        if self._monitor is None:
            raise DesktopError("call start_notifications first")
        return list(self._monitor.sent)

    def wait_notification(self, title: str, *, seconds: float = PATIENCE) -> Sent:
        """Wait for a notification whose title contains this, and return the newest such."""

        def probe() -> Sent | None:
            return next((sent for sent in reversed(self.notifications()) if title in sent.title), None)

        return self.wait(f"a notification titled {title!r}", probe, seconds=seconds)

    def notifications_shown(self) -> int:
        """How many notifications are on the screen."""
        return int(self.run(["dunstctl", "count", "displayed"]))

    def invoke_action(self, label: str = "Re-authenticate") -> None:
        """Press the button with this label, on whichever notification has it."""
        self.home("home/.config/dunst/choice").write_text(f"{label}\n")
        self.run(["dunstctl", "context"])

    # End ------------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End everything, the newest first."""
        if self._monitor is not None:
            self._monitor.close()
        if self._camera is not None:
            self._camera.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for child in reversed(self._children):
            child.end()
        for part in reversed(self._running.values()):
            part.end()
        self._running.clear()
        for pid in _marked(str(self.folder)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually("what was left behind to end", lambda: not _marked(str(self.folder)))

    def _start(
        self, part: str, argv: Sequence[str], *, pass_fds: Sequence[int] = (), stdin: bytes | None = None
    ) -> None:
        log = self.folder / f"{part}.log"
        self._running[part] = self._popen(part, argv, log=log, pass_fds=pass_fds, stdin=stdin)

    def _popen(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stdin: bytes | None = None,
    ) -> _Process:
        with log.open("ab") as out:
            process = subprocess.Popen(
                [program(argv[0]), *argv[1:]],
                env=self.env if env is None else env,
                cwd=self.home("home"),
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=out,
                stderr=out,
                pass_fds=pass_fds,
                user=self.USER,
                group=self.USER,
                extra_groups=None if self.USER is None else (),
            )
        if stdin is not None and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        return _Process(name, process, log)

    def _managed(self) -> bool:
        done = subprocess.run(
            [program("xdotool"), "get_desktop"], env=self.env, capture_output=True, timeout=PATIENCE, check=False
        )
        return done.returncode == 0

    def _end_activated(self, name: str) -> None:
        """End helpers that a part started by itself and that outlive it."""
        for pid in _marked(str(self.folder)):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == name[:15]:
                    os.kill(pid, signal.SIGTERM)
                    eventually(f"{name} to end", functools.partial(_gone, pid))


def _answers(path: Path) -> bool:
    """Whether somebody listens on this Unix socket."""
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(str(path))
        except OSError:
            return False
    return True


def _gone(pid: int) -> bool:
    return not alive(pid)


def _marked(folder: str) -> list[int]:
    """The processes that carry the mark of this desktop in their environment."""
    mark = f"{MARK}={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def _panel_settings(shade: Shade) -> str:
    red, green, blue = shade.value
    dark = "true" if shade is Shade.DARK else "false"
    colour = "".join(f'<value type="double" value="{part}"/>' for part in (red, green, blue, 1.0))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{PANEL}"/>
      <property name="icon-size" type="uint" value="24"/>
      <property name="background-style" type="uint" value="1"/>
      <property name="background-rgba" type="array">{colour}</property>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/><property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""


def _error_name(message: Any) -> str:
    return str(message.header.fields.get(4, "an error"))  # 4 = ERROR_NAME in the D-Bus specification


def _entry(node: tuple[int, dict[str, tuple[str, Any]], list[tuple[str, Any]]]) -> MenuEntry:
    number, properties, children = node
    return MenuEntry(
        id=number,
        label=str(properties.get("label", ("s", ""))[1]).replace("__", "_"),
        enabled=bool(properties.get("enabled", ("b", True))[1]),
        separator=properties.get("type", ("s", "standard"))[1] == "separator",
        children=tuple(_entry(child) for _, child in children),
    )


def _flat(entries: Sequence[MenuEntry]) -> Iterator[MenuEntry]:
    for entry in entries:
        yield entry
        yield from _flat(entry.children)


class _Camera:
    """Takes pictures of the screen in a process of its own.

    Pillow holds the interpreter's lock while the X server answers. A panel may have the server to itself and wait, at
    that moment, for the answer of a tray in this very process: both would wait for ever.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        code = (
            "import sys; from PIL import ImageGrab\n"
            "for _ in sys.stdin: sys.stdout.buffer.write(ImageGrab.grab(xdisplay='').convert('RGB').tobytes());"
            " sys.stdout.buffer.flush()"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )

    def shoot(self) -> Image.Image:
        """What the screen shows now. Raises DesktopError when the X server does not answer."""
        asking, answering = self._process.stdin, self._process.stdout
        if asking is None or answering is None:
            raise DesktopError("the camera has no pipes")
        with contextlib.suppress(BrokenPipeError):
            asking.write(b"\n")
        picture = bytearray()
        while len(picture) < WIDTH * HEIGHT * 3:
            ready, _, _ = select.select([answering], [], [], PATIENCE)
            part = answering.read(1 << 20) if ready else b""
            if not part:
                raise DesktopError("the X server gave no picture")
            picture += part
        return Image.frombytes("RGB", (WIDTH, HEIGHT), bytes(picture))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class _Monitor:
    """Writes down every `Notify` call on a bus."""

    def __init__(self, address: str) -> None:
        self.sent: list[Sent] = []
        self._connection = open_dbus_connection(address)
        rules = ["type='method_call',interface='org.freedesktop.Notifications',member='Notify'"]
        monitoring = DBusAddress(BUS.object_path, BUS.bus_name, "org.freedesktop.DBus.Monitoring")
        call = new_method_call(monitoring, "BecomeMonitor", "asu", (rules, 0))
        self._connection.send_and_get_reply(call, timeout=PATIENCE)
        self._thread = threading.Thread(target=self._listen, name="notification monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._connection.sock.shutdown(2)
        self._thread.join(PATIENCE)
        self._connection.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # which is how it ends
            while True:
                message = self._connection.receive()
                if message.header.message_type is not MessageType.method_call:
                    continue
                app, replaces, _, title, body, actions, hints, timeout = message.body
                self.sent.append(
                    Sent(
                        app=app,
                        replaces=replaces,
                        title=title,
                        body=body,
                        actions=dict(zip(actions[::2], actions[1::2], strict=True)),
                        urgency=hints.get("urgency", (None, None))[1],
                        timeout=timeout,
                        picture=hints.get("image-data", (None, None))[1][:2] if "image-data" in hints else None,
                    )
                )

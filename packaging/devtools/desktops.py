"""`test --desktops`: the tray's flows on other desktops than Xfce, in a Debian of their own in a folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from devtools.machine import TOP, tell
from devtools.rooms import TESTER, Debian, room

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trayexec-desktops"
PICTURES = CACHE / "pictures"
FLOWS = "tests/desktops/flows.py"
DESKTOPS = {
    "lxqt": ("lxqt-panel", "lxqt-notificationd", "lxqt-themes", "openbox"),
    "mate": ("mate-panel", "mate-notification-daemon", "mate-themes", "marco", "mate-settings-daemon-common"),
    "sway": ("sway", "waybar", "mako-notifier"),
    "plasma": ("plasma-desktop", "plasma-workspace", "kwin-x11", "kded5", "breeze-icon-theme"),
    "gnome": ("gnome-shell", "gnome-shell-extension-appindicator", "python3-dbusmock", "gjs"),
}
COMMON = (
    "adwaita-icon-theme",
    "at-spi2-core",
    "ca-certificates",
    "dbus",
    "fonts-dejavu-core",
    "gir1.2-gtk-3.0",
    "gir1.2-gtk-4.0",
    "gnome-keyring",
    "iproute2",
    "libglib2.0-bin",
    "procps",
    "python3-gi",
    "python3-tk",
    "python3-venv",
    "x11-utils",
    "xclip",
    "xdotool",
    "xvfb",
)
# Where things are inside.
TREE = "/opt/trayexec"
PYTHON = "/opt/venv/bin/python"
SHOWN = "/opt/pictures"
DEBIAN = Debian(
    CACHE / "bookworm",
    "bookworm",
    tuple(sorted({*COMMON, *(package for some in DESKTOPS.values() for package in some)})),
    (
        ("useradd", "--uid", str(TESTER), "--create-home", "tester"),
        ("python3", "-m", "venv", "/opt/venv"),
        (PYTHON, "-m", "pip", "-q", "install", "--upgrade", "pip>=25.1"),
        ("sh", "-c", f"cd {TREE}; {PYTHON} -m pip -q install --group fast --editable ."),
    ),
    ((TOP, TREE),),
    (TOP / "pyproject.toml").read_bytes(),
)


def test(arguments: Sequence[str]) -> int:
    """The flows on every desktop, or those that these arguments of pytest choose (`-k lxqt`). The exit status."""
    DEBIAN.make()
    PICTURES.mkdir(parents=True, exist_ok=True)
    os.chown(PICTURES, TESTER, TESTER)
    for former in PICTURES.glob("*-failed.png"):
        former.unlink()
    tell(f"pictures go to {PICTURES}")
    chosen = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", FLOWS, *arguments]
    env = {"HOME": "/home/tester", "CI": "true", "DESKTOP_PICTURES": SHOWN}
    with room(DEBIAN.folder, lent=((TOP, TREE), (PICTURES, SHOWN))) as inside:
        return inside.run([PYTHON, "-m", "pytest", *chosen], user=TESTER, env=env, folder=TREE)

"""`screenshots`: every picture of `assets/`, taken from the running program on displays of its own."""

import subprocess
import sys

from devtools.machine import TESTS, TOP, environment, need, need_tk

# A daemon that draws the buttons of notifications, a plain wallpaper, the theme that most people see, Japanese.
MORE = (
    "fonts-ipafont-gothic",
    "gnome-themes-extra",
    "gtk2-engines-pixbuf",
    "x11-xserver-utils",
)


def take() -> int:
    """Take them all, in a few minutes. Returns the exit status."""
    need((*TESTS, *MORE))
    need_tk()
    argv = [str(environment() / "python"), "packaging/screenshots.py"]
    sys.stdout.flush()
    return subprocess.run(argv, cwd=TOP, check=False).returncode

"""Takes the screenshot of the README from the running program: `.venv/bin/python packaging/screenshots.py`.

Needs what the tests need, and the Debian packages xfce4-notifyd (draws buttons), x11-xserver-utils (a plain wallpaper),
gnome-themes-extra and gtk2-engines-pixbuf (the theme that most people see).
"""

import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

from support.desktop import Shade, private_desktop  # noqa: E402 — the tests are no package of ours
from support.rig import COMMAND, rig_on  # noqa: E402 — likewise

AWS = str(Path(sys.executable).with_name("aws"))
NOTIFYD = "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"
SETTLE = 1.5  # seconds until everything is drawn
SEEN = (270, 0, 1000, 570)
PARENTS = ("systemd", "xfce4-terminal")  # of the command that asks, as on a desktop


def main() -> None:
    """Let a session run out, ask for the next, and look."""
    with private_desktop() as desk:
        theme = desk.home("home/.gtkrc-2.0")
        theme.write_text('gtk-theme-name="Adwaita"\ngtk-font-name="DejaVu Sans 10"\n')
        desk.env["GTK2_RC_FILES"] = str(theme)
        desk.start_keyring()
        desk.start_display()
        desk.run(["xsetroot", "-solid", "#35506b"])
        notifications = desk.spawn([NOTIFYD])
        desk.start_panel(Shade.DARK)
        with rig_on(desk) as rig:
            rig.sim.live(session=290)
            rig.store_keys()
            rig.start_agent()
            desk.wait_tray_items(1)
            rig.unlock()
            parents = [_parent(desk.folder / name) for name in PARENTS]
            words = ["--need", "1h", "account-a", "--", AWS, "s3", "ls"]
            command = desk.spawn([*parents, *COMMAND, *words], env=rig.environment())
            desk.wait_dialog("MFA code")
            desk.point(400, 500)
            time.sleep(SETTLE)
            desk.pixels().crop(SEEN).save(TOP / "assets" / "screenshot.png", optimize=True)
            desk.key("Escape")
            command.wait(20)
        desk.end(notifications)


def _parent(script: Path) -> str:
    """A process of this name that starts what it is told."""
    script.write_text('#!/bin/sh\n"$@"\n')
    script.chmod(0o755)
    return str(script)


main()

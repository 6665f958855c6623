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
from support.rig import rig_on  # noqa: E402 — likewise

AWS = str(Path(sys.executable).with_name("aws"))
NOTIFYD = "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"
SETTLE = 1.5  # seconds until everything is drawn
SEEN = (270, 0, 1000, 432)


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
            command = rig.start("--need", "1h", "account-a", "--", AWS, "s3", "ls")
            desk.wait_window("MFA code")
            desk.point(400, 500)
            time.sleep(SETTLE)
            desk.pixels().crop(SEEN).save(TOP / "assets" / "screenshot.png", optimize=True)
            desk.key("Escape")
            command.communicate(timeout=20)
        desk.end(notifications)


main()

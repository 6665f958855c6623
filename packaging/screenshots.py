"""Takes every picture of `assets/` from the running program; `packaging/dev screenshots` sees to what it needs.

`screenshot.png` is the one of the README. The others are contact sheets, to be looked at before a release: the icon in
all states and sizes, the menus, each dialog, each notification, in both languages and on light and dark.
"""

import asyncio
import logging
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

from PIL import Image, ImageChops, ImageDraw, ImageFont  # noqa: E402 — the tests are no package of ours

from adapters.test_wording import every_notice  # noqa: E402 — likewise
from support.desktop import Desktop, Shade, private_desktop  # noqa: E402 — likewise
from support.rig import COMMAND, rig_on  # noqa: E402 — likewise
from trayexec.adapters import glyph  # noqa: E402 — likewise
from trayexec.adapters.bus.buses import buses_of  # noqa: E402 — likewise
from trayexec.adapters.dialogs.choose import Dialogs  # noqa: E402 — likewise
from trayexec.adapters.notifications.choose import choose as choose_notices  # noqa: E402 — likewise
from trayexec.core import messages  # noqa: E402 — likewise
from trayexec.core.ports import Notice, PermissionQuestion, Question, Verdict  # noqa: E402 — likewise
from trayexec.core.view import IconState  # noqa: E402 — likewise
from trayexec.light.errors import Text  # noqa: E402 — likewise
from trayexec.light.translate import speaker_of  # noqa: E402 — likewise

ASSETS = TOP / "assets"
THEMED = TOP / "packaging/linux/icons/hicolor"  # the program's own icon, a folder for each size
AWS = str(Path(sys.executable).with_name("aws"))
NOTIFYD = "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd"
WALLPAPER = "#35506b"
SETTLE = 1.5  # seconds until everything is drawn
SLOW = 5.0  # the same for GTK 4, which waits for a graphics card that a display of ours does not have
SEEN = (270, 0, 1000, 570)
PARENTS = ("systemd", "xfce4-terminal")  # of the command that asks, as on a desktop
SIZES = (16, 22, 24, 32, 48)  # pixels, as panels want them
PANELS = {"dark": (35, 38, 41), "light": (239, 240, 241)}
STATES = (
    (IconState.LOCKED, 1.0),
    (IconState.ASKING, 1.0),
    *((IconState.OPEN, fill) for fill in (1.0, 0.6, 0.2)),
    (IconState.EXPIRING, 0.1),
    (IconState.TROUBLE, 1.0),
)
LANGUAGES = ("C", "ja_JP.UTF-8")
ALICE, PHONE = "arn:aws:iam::111111111111:mfa/alice", "arn:aws:iam::111111111111:mfa/phone"
GAP = 12  # pixels between the pictures of a sheet


def main() -> None:
    """All of them."""
    os.chdir("/usr/local")  # a dialog names the folder of who asks
    icons()
    readme()
    dialogs()
    menus()
    notifications()


# The picture of the README


def readme() -> None:
    """Let a session run out, ask for the next, and look."""
    with private_desktop() as desk:
        _dress(desk)
        desk.start_keyring()
        desk.start_display()
        desk.run(["xsetroot", "-solid", WALLPAPER])
        daemon = desk.spawn([NOTIFYD])
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
            _save(desk.pixels().crop(SEEN), "screenshot")
            desk.key("Escape")
            command.wait(20)
        desk.end(daemon)


def _parent(script: Path) -> str:
    """A process of this name that starts what it is told."""
    script.write_text('#!/bin/sh\n"$@"\n')
    script.chmod(0o755)
    return str(script)


# Contact sheets


def icons() -> None:
    """Each state at each size, on both kinds of panel; and the program's own, which menus show."""
    rows = [
        (f"{state.name.lower()} {fill:.0%}", _icon_row(state, fill, colour))
        for state, fill in STATES
        for colour in PANELS.values()
    ]
    _sheet("icons", rows, columns=2)
    for folder in THEMED.iterdir():
        picture = glyph.draw(IconState.OPEN, 1.0, int(folder.name.partition("x")[0]))
        picture.save(folder / "apps/trayexec.png", optimize=True)


def _icon_row(state: IconState, fill: float, colour: tuple[int, int, int]) -> Image.Image:
    row = Image.new("RGB", (sum(SIZES) + GAP * (len(SIZES) + 1), max(SIZES) + GAP), colour)
    left = GAP
    for size in SIZES:
        picture = glyph.draw(state, fill, size)
        row.paste(picture, (left, (row.height - size) // 2), picture)
        left += size + GAP
    return row


def dialogs() -> None:
    """Each question in each toolkit of ours: for a code, again, of many devices, for a permission; light and dark."""
    kinds: dict[str, Question | PermissionQuestion] = {
        "first": _question(again=False),
        "again": _question(again=True),
        "devices": replace(
            _question(again=False), mfa_serial=PHONE, serials=(ALICE, PHONE), reason=messages.closed_device(ALICE, 97)
        ),
        "confirm": PERMISSION,
    }
    pictures = [
        (f"{tool} {scheme} {kind} {language[:2]}", _dialog(tool, scheme, language, question))
        for language in LANGUAGES
        for tool in ("gtk3", "gtk4", "tk")
        for scheme in ("default", "prefer-dark")
        for kind, question in kinds.items()
    ]
    _sheet("dialogs", pictures, columns=8)


def _question(*, again: bool) -> Question:
    return Question(
        "default",
        ALICE,
        "aws ← xfce4-terminal",
        "account-a",
        messages.spent() if again else None,
        17 if again else 0,
        60,
        number=1,
        of=2 if again else 1,
        whose=Text("{user} in {account}", user="alice", account="111111111111"),
        account="222222222222",
        pid=os.getpid(),
    )


PERMISSION = PermissionQuestion(
    profile="account-a",
    account="222222222222",
    program="aws",
    origin="xfce4-terminal",
    automaton="Claude Code",
    colour="red",
    choices=(Verdict.ONCE, Verdict.FOR_A_TIME, Verdict.UNTIL_LOCKED),
    holds=600,
    seconds=60,
)


def _dialog(tool: str, scheme: str, language: str, question: Question | PermissionQuestion) -> Image.Image:
    with private_desktop() as desk:
        desk.start_bus().start_display()
        desk.run(["xsetroot", "-solid", WALLPAPER])
        folder = desk.home("home/.config/glib-2.0/settings")
        folder.mkdir(parents=True)
        (folder / "keyfile").write_text(f"[org/gnome/desktop/interface]\ncolor-scheme='{scheme}'\n")
        env = {**desk.env, "GSETTINGS_BACKEND": "keyfile"}
        empty = desk.pixels()

        async def shown() -> Image.Image:
            ways = Dialogs(tool, env, speaker_of(language))
            asks = ways.ask_permission(question) if isinstance(question, PermissionQuestion) else ways.ask(question)
            asking = asyncio.create_task(asks)
            await asyncio.to_thread(desk.wait_window, "trayexec - ")
            await asyncio.sleep(SLOW if tool == "gtk4" else SETTLE)
            seen = desk.pixels()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            return seen

        return _changed(empty, asyncio.run(shown()))


def menus() -> None:
    """The menu when all is locked and when something is open, with each of its submenus; on both panels."""
    pictures = []
    for shade in Shade:
        with private_desktop() as desk:
            _dress(desk)
            desk.start_keyring()
            desk.start_display()
            desk.run(["xsetroot", "-solid", WALLPAPER])
            desk.start_panel(shade)
            with rig_on(desk) as rig:
                rig.store_keys()
                rig.start_agent()
                desk.wait_tray_items(1)
                time.sleep(SETTLE)
                pictures.append((f"{shade.name.lower()} locked", _menu(desk)))
                rig.unlock()
                for profile in ("account-a", "account-b"):
                    rig.run(profile, "--", "true")
                time.sleep(SETTLE)
                pictures.append((f"{shade.name.lower()} open", _menu(desk)))
                labels = [one.label for one in desk.menu() if one.children]
                pictures += [(f"{shade.name.lower()} {label}", _menu(desk, label)) for label in labels]
    _sheet("menus", pictures, columns=5)


def _menu(desk: Desktop, label: str = "") -> Image.Image:
    """The menu as a click opens it, with the submenu of that label."""
    desk.point(400, 500)
    time.sleep(SETTLE)
    before = desk.pixels()
    desk.click(*desk.tray_spot())
    time.sleep(SETTLE)
    if label:
        lines = [one.label for one in desk.menu() if one.enabled and not one.separator]
        for _ in range(lines.index(label) + 1):
            desk.key("Down")
        desk.key("Right")
        time.sleep(SETTLE)
    seen = _changed(before, desk.pixels())
    for _ in range(2):
        desk.key("Escape")
    return seen


def notifications() -> None:
    """Each notification as xfce4-notifyd draws it, in both languages."""
    with private_desktop() as desk:
        _dress(desk)
        desk.start_bus().start_display()
        desk.run(["xsetroot", "-solid", WALLPAPER])
        daemon = desk.spawn([NOTIFYD])
        desk.wait_name("org.freedesktop.Notifications")
        empty = desk.pixels()
        pictures = []
        for language in LANGUAGES:
            for name, notice in every_notice("default").items():
                seen = asyncio.run(_notification(desk, notice, language))
                pictures.append((f"{name} {language[:2]}", _changed(empty, seen)))
        desk.end(daemon)
    _sheet("notifications", pictures, columns=4)


async def _notification(desk: Desktop, notice: Notice, language: str) -> Image.Image:
    buses = buses_of(desk.env)
    kept = asyncio.create_task(buses.keep())
    shown = choose_notices(desk.env, logging.getLogger("screenshots"), buses.session, speaker_of(language))
    await shown.show(notice)
    await asyncio.sleep(SETTLE)
    seen = await asyncio.to_thread(desk.pixels)
    await shown.close(notice.key)
    await asyncio.sleep(SETTLE)
    kept.cancel()
    await asyncio.gather(kept, return_exceptions=True)
    await buses.close()
    return seen


# Pictures


def _dress(desk: Desktop) -> None:
    """The theme that most people see."""
    theme = desk.home("home/.gtkrc-2.0")
    theme.write_text('gtk-theme-name="Adwaita"\ngtk-font-name="DejaVu Sans 10"\n')
    desk.env["GTK2_RC_FILES"] = str(theme)


def _changed(before: Image.Image, after: Image.Image) -> Image.Image:
    """What is to be seen now and was not before."""
    box = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()
    return after.convert("RGB").crop(box) if box is not None else Image.new("RGB", (40, 20), "red")


def _sheet(name: str, pictures: list[tuple[str, Image.Image]], *, columns: int) -> None:
    """Put pictures side by side, each under its name."""
    font = ImageFont.truetype("DejaVuSans.ttf", 11)
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    wide = [max(row[at][1].width for row in rows if at < len(row)) for at in range(min(columns, len(pictures)))]
    high = [max(picture.height for _, picture in row) + 2 * GAP + 4 for row in rows]
    sheet = Image.new("RGB", (sum(wide) + GAP * (len(wide) + 1), sum(high) + GAP), "#c8ccd2")
    pen, top = ImageDraw.Draw(sheet), GAP
    for row, height in zip(rows, high, strict=True):
        left = GAP
        for (label, picture), width in zip(row, wide, strict=False):
            pen.text((left, top), label, fill="black", font=font)
            sheet.paste(picture, (left, top + GAP + 4))
            left += width + GAP
        top += height
    _save(sheet, name)


def _save(picture: Image.Image, name: str) -> None:
    picture.convert("RGB").quantize(256).save(ASSETS / f"{name}.png", optimize=True)
    sys.stderr.write(f"assets/{name}.png\n")


if __name__ == "__main__":
    main()

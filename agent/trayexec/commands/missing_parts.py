"""What a person is told of parts of a desktop that are not there: what that means, and what brings them. Pure."""

from collections.abc import Iterator, Mapping

from trayexec.adapters import keychain
from trayexec.adapters.desktop_parts import DesktopParts
from trayexec.light.errors import Trouble, trouble

# By a word of XDG_CURRENT_DESKTOP, in capitals: compositors without a panel of their own.
BARE_COMPOSITORS = frozenset({"SWAY", "HYPRLAND", "RIVER", "NIRI", "WAYFIRE", "LABWC", "WLROOTS", "DWL", "QTILE"})


def missing(parts: DesktopParts, environ: Mapping[str, str]) -> Iterator[Trouble]:
    """Each part that is missing: `desktop_none`, or `tray_none`, `notifications_none`, `dialog_none`; `keychain_…`."""
    if not parts.display:
        yield _no_desktop()
    else:
        if not parts.icon:
            yield no_icon(parts.desktop)
        if not parts.notifications:
            yield _no_notifications(parts.desktop)
        if not parts.dialog:
            yield _no_dialog()
    if not parts.keyring:
        yield keychain.unavailable(environ)


def no_icon(desktop: str) -> Trouble:
    """Nobody shows tray icons on this desktop."""
    kinds = frozenset(desktop.upper().split(":"))
    if "GNOME" in kinds:
        return trouble(
            "tray_none",
            "There is no icon: GNOME shows tray icons with an extension only.",
            "Install gnome-shell-extension-appindicator, switch it on in Extensions, and log in again. All else works.",
        )
    if kinds & BARE_COMPOSITORS:
        return trouble(
            "tray_none",
            "There is no icon: no bar with a tray is running.",
            "Install a bar that has one, for example waybar with its module tray. All else works.",
        )
    return trouble(
        "tray_none",
        "There is no icon: no panel here shows tray icons.",
        "Add a tray to your panel (its names are status notifier, system tray, notification area). All else works.",
    )


def _no_notifications(desktop: str) -> Trouble:
    if frozenset(desktop.upper().split(":")) & BARE_COMPOSITORS:
        return trouble(
            "notifications_none",
            "There are no notifications: nothing tells you on the screen that a session ends.",
            "Install a program that shows them, for example mako-notifier.",
        )
    return trouble(
        "notifications_none",
        "There are no notifications: nothing tells you on the screen that a session ends.",
        "Install a program that shows them, for example dunst or xfce4-notifyd.",
    )


def _no_dialog() -> Trouble:
    return trouble(
        "dialog_none",
        "No program that can show a dialog is installed, so codes are asked for on terminals only.",
        "Install one of python3-gi with gir1.2-gtk-3.0, python3-tk, zenity, kdialog or pinentry-qt.",
    )


def _no_desktop() -> Trouble:
    return trouble(
        "desktop_none",
        "There is no desktop in this session, so there is no icon, no notification and no dialog.",
        "Codes are asked for on your terminal, and `trayexec status` says how things stand.",
    )

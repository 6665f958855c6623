"""Looks which parts of a desktop there are that we use: a place for the icon, notifications, dialogs, a keyring.

Blocking, for moments; it asks nobody for anything, and starts nothing. Only on Linux can a part be missing.
"""

import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from trayexec.adapters.bus.address import session_bus
from trayexec.adapters.dialogs.choose import TERMINAL, Dialogs
from trayexec.adapters.dialogs.sheet import on_screen
from trayexec.adapters.keychain.child import KWALLETS

NOTIFICATIONS = "org.freedesktop.Notifications"
SECRETS = "org.freedesktop.secrets"


@dataclass(frozen=True, slots=True)
class DesktopParts:
    """What is there. `desktop` is XDG_CURRENT_DESKTOP; without a display only the keyring says anything."""

    desktop: str = ""
    display: bool = True
    icon: bool = True
    notifications: bool = True
    dialog: bool = True
    keyring: bool = True


def look(environ: Mapping[str, str]) -> DesktopParts:
    """What a desktop has whose programs have this environment."""
    if sys.platform != "linux":
        return DesktopParts()
    from trayexec.adapters.tray.sni import WATCHER  # noqa: PLC0415 — jeepney is a dependency on Linux only

    running, startable = _names(session_bus(environ))
    display = on_screen(environ)
    return DesktopParts(
        desktop=environ.get("XDG_CURRENT_DESKTOP", ""),
        display=display,
        icon=WATCHER in running or _has_xembed(environ.get("DISPLAY", "")),
        notifications=NOTIFICATIONS in running | startable,
        dialog=display and Dialogs("auto", environ).name != TERMINAL,
        keyring=bool((KWALLETS | {SECRETS}) & (running | startable)),
    )


def _names(address: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that have an owner on this bus, and those that it can start one for; none where it does not answer."""
    from trayexec.adapters.bus.connection import BusError  # noqa: PLC0415 — likewise

    try:
        return asyncio.run(_listed(address))
    except BusError:
        return frozenset(), frozenset()


async def _listed(address: str) -> tuple[frozenset[str], frozenset[str]]:
    from jeepney.bus_messages import message_bus  # noqa: PLC0415 — likewise

    from trayexec.adapters.bus.client import ignoring  # noqa: PLC0415 — likewise
    from trayexec.adapters.bus.connection import connect  # noqa: PLC0415 — likewise

    connection = await connect(address, ignoring)
    try:
        running = await connection.call(message_bus.ListNames())
        startable = await connection.call(message_bus.ListActivatableNames())
    finally:
        await connection.close()
    return _texts(running.body), _texts(startable.body)


def _texts(body: object) -> frozenset[str]:
    """The names in an answer, which may be anything."""
    match body:
        case (list(names),):
            return frozenset(map(str, names))
        case _:
            return frozenset()


def _has_xembed(display: str) -> bool:
    if display:
        with suppress(Exception):  # Xlib raises anything, and where it cannot be asked there is none
            from trayexec.adapters.tray.xorg import has_tray  # noqa: PLC0415 — it loads Xlib and pystray

            return has_tray(display)
    return False

"""Asks how long nobody has used a key or the mouse, on Linux: of Mutter (GNOME), a Wayland compositor, or the X server.

Not of org.freedesktop.ScreenSaver, whose GetSessionIdleTime is in seconds on one desktop and in milliseconds on
another, and stands at 0 under Wayland; nor of logind, whose IdleHint most desktops never set. Under Wayland an X server
is one for old programs alone, and sees no key that is meant for another window.
"""

import asyncio
import contextlib
from collections.abc import Mapping

from jeepney import DBusAddress

from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.bus.connection import BusError, call_without_start
from trayexec.adapters.idle.wayland import WaylandIdle

MUTTER = "org.gnome.Mutter.IdleMonitor"
PATIENCE = 3.0  # seconds that the X server has to answer
_CORE = DBusAddress("/org/gnome/Mutter/IdleMonitor/Core", MUTTER, MUTTER)


class IdleTime:
    """Asks anew each time: that is once in as long as `idle_lock` says, or a few times near its end."""

    def __init__(self, environ: Mapping[str, str], buses: Buses) -> None:
        """Keep whom to ask."""
        self._session = buses.session
        self._wayland = WaylandIdle(environ)
        self._display = "" if environ.get("WAYLAND_DISPLAY") else environ.get("DISPLAY", "")

    async def seconds(self) -> float | None:
        """Seconds since the last key or movement of the mouse; None where nobody can tell."""
        known = await _of_mutter(self._session) if self._session is not None else None
        if known is None:
            known = await self._wayland.seconds()
        if known is None and self._display:
            with contextlib.suppress(TimeoutError):
                known = await asyncio.wait_for(asyncio.to_thread(_of_x, self._display), PATIENCE)
        return known

    async def close(self) -> None:
        """End what listens."""
        await self._wayland.close()


async def _of_mutter(bus: Bus) -> float | None:
    """GetIdletime gives milliseconds (data/dbus-interfaces/org.gnome.Mutter.IdleMonitor.xml in Mutter's source)."""
    with contextlib.suppress(BusError):
        reply = await (await bus.connection()).call(call_without_start(_CORE, "GetIdletime"))
        if reply.body and isinstance(reply.body[0], int):
            return reply.body[0] / 1000
    return None


def _of_x(display: str) -> float | None:
    """What the MIT-SCREEN-SAVER extension says, in milliseconds. A connection of its own, closed at once."""
    from Xlib.display import Display  # noqa: PLC0415 — only with `idle_lock`, and only under X

    with contextlib.suppress(
        Exception
    ):  # of the library, of the server, of a cookie: what cannot be asked, is not known
        connection = Display(display)
        try:
            if connection.has_extension("MIT-SCREEN-SAVER"):
                return float(connection.screen().root.screensaver_query_info().idle) / 1000
        finally:
            connection.close()
    return None

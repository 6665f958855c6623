"""Which tray this machine gets. The one place that decides."""

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from trayexec.adapters.tray.headless import HeadlessTray
from trayexec.adapters.tray.preferred import PreferredTray
from trayexec.core.ports import Tray
from trayexec.light.errors import Text, TrayexecError

if TYPE_CHECKING:
    from trayexec.adapters.bus.client import Bus

T = TypeVar("T")

_log = logging.getLogger(__name__)


def choose(
    environ: Mapping[str, str],
    session: "Bus | None",
    speak: Callable[[Text], str] = str,
    *,
    platform: str = sys.platform,
) -> Tray:
    """The best tray for this session; it never fails, at worst nothing is shown.

    On Linux: our own over D-Bus when a panel is there for it. Otherwise, on a panel that only knows XEmbed, pystray's
    AppIndicator or Xorg backend, until one for our own is there. Otherwise our own again, which waits for a panel.
    Without D-Bus and panel: none.
    """
    match platform:
        case "darwin":
            found = _try("darwin", lambda: _darwin(speak))
        case "win32":
            found = _try("win32", lambda: _windows(speak))
        case _:
            found = _linux(environ, session, speak)
    return found or HeadlessTray()


def _linux(environ: Mapping[str, str], session: "Bus | None", speak: Callable[[Text], str]) -> Tray | None:
    hosted = None if session is None else _try("sni", lambda: _has_watcher(session.address))
    if session is not None and hosted:
        return _sni(session, speak, environ)
    display = environ.get("DISPLAY")
    if display and _try("xembed", lambda: _has_xembed(display)):
        other = _try("appindicator", lambda: _gtk(speak)) or _try("xorg", lambda: _xorg(speak))
        if other:
            return other if session is None or hosted is None else _until_hosted(other, session, speak, environ)
    return None if session is None or hosted is None else _sni(session, speak, environ)


def _try(name: str, attempt: Callable[[], T]) -> T | None:
    """What `attempt` gives, or None with the reason in the log."""
    try:
        return attempt()
    except TrayexecError as unavailable:
        _log.info("tray %s: %s", name, str(unavailable))
    except Exception as reason:  # noqa: BLE001 — toolkits raise anything while they are imported; the next one may work
        # As text: an exception kept by a log's record would keep the sockets that Xlib leaves open in its frames.
        _log.info("tray %s cannot be used: %s: %s", name, type(reason).__name__, str(reason))
    return None


# Each import stands in its function: a toolkit is loaded only where it is tried.


def _has_watcher(bus: str) -> bool:
    """Whether there is a panel for icons on this bus. Raises BusError without the bus."""
    from trayexec.adapters.bus.client import has_owner  # noqa: PLC0415
    from trayexec.adapters.tray.sni import WATCHER  # noqa: PLC0415

    return asyncio.run(has_owner(bus, WATCHER))


def _sni(
    session: "Bus",
    speak: Callable[[Text], str],
    environ: Mapping[str, str],
    hosted: Callable[[], None] = lambda: None,
) -> Tray:
    from trayexec.adapters.tray.sni import SniTray  # noqa: PLC0415

    return SniTray(session, speak, environ.get("XDG_CURRENT_DESKTOP", ""), hosted=hosted)


def _until_hosted(other: Tray, session: "Bus", speak: Callable[[Text], str], environ: Mapping[str, str]) -> Tray:
    return PreferredTray(other, lambda hosted: _sni(session, speak, environ, hosted))


def _has_xembed(display: str) -> bool:
    from trayexec.adapters.tray.xorg import has_tray  # noqa: PLC0415

    return has_tray(display)


def _gtk(speak: Callable[[Text], str]) -> Tray:
    from trayexec.adapters.tray.gtk import tray  # noqa: PLC0415

    return tray(speak)


def _xorg(speak: Callable[[Text], str]) -> Tray:
    from trayexec.adapters.tray.xorg import tray  # noqa: PLC0415

    return tray(speak)


def _darwin(speak: Callable[[Text], str]) -> Tray:
    from trayexec.adapters.tray.darwin import tray  # noqa: PLC0415

    return tray(speak)


def _windows(speak: Callable[[Text], str]) -> Tray:
    from trayexec.adapters.tray.windows import tray  # noqa: PLC0415

    return tray(speak)

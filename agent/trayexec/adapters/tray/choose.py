"""Which tray this machine gets. The one place that decides."""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TypeVar

from trayexec.adapters.tray.headless import HeadlessTray
from trayexec.core.ports import Tray
from trayexec.light.errors import Text, TrayexecError

T = TypeVar("T")

_log = logging.getLogger(__name__)


def choose(environ: Mapping[str, str], speak: Callable[[Text], str] = str, *, platform: str = sys.platform) -> Tray:
    """The best tray for this session; it never fails, at worst nothing is shown.

    On Linux: our own over D-Bus when a panel is there for it. Otherwise, on a panel that only knows XEmbed, pystray's
    AppIndicator or Xorg backend. Otherwise our own again, which waits for a panel. Without D-Bus and panel: none.
    """
    match platform:
        case "darwin":
            found = _try("darwin", lambda: _darwin(speak))
        case "win32":
            found = _try("win32", lambda: _windows(speak))
        case _:
            found = _linux(environ, speak)
    return found or HeadlessTray()


def _linux(environ: Mapping[str, str], speak: Callable[[Text], str]) -> Tray | None:
    ours, hosted = _try("sni", lambda: _sni(environ, speak)) or (None, False)
    if hosted:
        return ours
    display = environ.get("DISPLAY")
    if display and _try("xembed", lambda: _has_xembed(display)):
        other = _try("appindicator", lambda: _gtk(speak)) or _try("xorg", lambda: _xorg(speak))
        if other:
            return other
    return ours


def _try(name: str, attempt: Callable[[], T]) -> T | None:
    """What `attempt` gives, or None with the reason in the log."""
    try:
        return attempt()
    except TrayexecError as unavailable:
        _log.info("tray %s: %s", name, unavailable)
    except Exception as reason:  # noqa: BLE001 — toolkits raise anything while they are imported; the next one may work
        _log.info("tray %s cannot be used: %s: %s", name, type(reason).__name__, reason)
    return None


# Each import stands in its function: a toolkit is loaded only where it is tried.


def _sni(environ: Mapping[str, str], speak: Callable[[Text], str]) -> tuple[Tray | None, bool]:
    from trayexec.adapters.tray.bus import SessionBus, session_address  # noqa: PLC0415
    from trayexec.adapters.tray.sni import WATCHER, SniTray  # noqa: PLC0415

    address = session_address(environ)
    if address is None:
        return None, False
    with SessionBus.open(address) as bus:
        return SniTray(address, speak), bus.owned(WATCHER)


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

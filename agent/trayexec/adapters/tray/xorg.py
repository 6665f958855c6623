"""pystray's Xorg backend: an icon without a menu, for X11 panels that only know the older tray protocol."""

import logging
import threading
from collections.abc import MutableMapping
from typing import Any

import Xlib.display
import Xlib.X

from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.presenter import Speak
from trayexec.adapters.tray.pystrays import backend


def has_tray(display: str) -> bool:
    """Whether a panel on this display takes XEmbed icons. Raises what Xlib raises without a display.

    https://specifications.freedesktop.org/systemtray-spec/
    """
    connection = Xlib.display.Display(display)
    try:
        selection = connection.intern_atom(f"_NET_SYSTEM_TRAY_S{connection.get_default_screen()}")
        return bool(connection.get_selection_owner(selection) != Xlib.X.NONE)
    finally:
        connection.close()


def tray(speak: Speak = str) -> "XorgTray":
    """The tray `xorg`. Raises TrayexecError (tray_unavailable) without a display."""
    return XorgTray("xorg", backend("xorg"), speak)


class XorgTray(BackedTray):
    """Docks again when a panel comes back, which the backend does not do by itself."""

    def __init__(self, name: str, icon: Any, speak: Speak = str) -> None:
        """`icon` is the backend's class."""
        super().__init__(name, lambda: _prepared(icon("trayexec")), speak)

    def _draw(self) -> None:
        super()._draw()
        if self._icon is not None and self._icon.visible and self._icon._systray_manager is None:  # noqa: SLF001 — the only sign
            self._icon.icon = self._icon.icon


def _prepared(icon: Any) -> Any:
    # Set too late by the backend itself: its setters may be called before.
    icon._thread = threading.current_thread()  # noqa: SLF001
    icon._log = _Terse(logging.getLogger(__name__), {})  # noqa: SLF001
    return icon


class _Terse(logging.LoggerAdapter[logging.Logger]):
    """That no panel is there is normal at login: a line in the log, not a traceback."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Drop the traceback."""
        return msg, {key: value for key, value in kwargs.items() if key != "exc_info"}

"""macOS: pystray's own backend, touched on the main thread only.

AppKit kills a process that changes its menu from another thread, within seconds on recent versions; pystray's backend
does not care which thread it is called from. Written from the sources of both; not yet run on a Mac.
"""

import functools
import importlib
import signal
from collections.abc import Callable
from typing import Any

from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.pystrays import backend
from trayexec.adapters.wording import Speak

_SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")


def tray(speak: Speak = str) -> "DarwinTray":
    """The tray `darwin`. Raises TrayexecError (tray_unavailable) without PyObjC."""
    icon = backend("darwin")
    return DarwinTray("darwin", lambda: icon("trayexec"), speak)


class DarwinTray(BackedTray):
    """Hops to the main thread for everything, the end included."""

    def _begin(self, icon: Any) -> None:
        self._dispatch(_take_signals)
        super()._begin(icon)

    def _start(self) -> None:
        """No thread: AppKit has the only one that counts."""

    def _end(self) -> None:
        self._dispatch(self._icon.stop)

    def _dispatch(self, job: Callable[[], None]) -> None:
        importlib.import_module("PyObjCTools.AppHelper").callAfter(job)


def _take_signals() -> None:
    """Hand our signal handlers to AppKit's loop, which would not run them.

    Once the loop runs: on its way there the backend sets a handler for Ctrl-C that ends the process on the spot.
    """
    mach = importlib.import_module("PyObjCTools.MachSignals")
    for name in _SIGNALS:
        number = getattr(signal, name)
        handler = signal.getsignal(number)
        if callable(handler):
            mach.signal(number, functools.partial(_handle, handler))


def _handle(handler: Callable[[int, None], Any], number: int) -> None:
    handler(number, None)

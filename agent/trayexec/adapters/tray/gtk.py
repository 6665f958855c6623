"""pystray's AppIndicator backend, where PyGObject is at hand: for panels that only know the older tray protocol."""

import signal
from typing import Any

from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.pystrays import backend
from trayexec.adapters.wording import Speak


def tray(speak: Speak = str) -> BackedTray:
    """The tray `appindicator`. Raises TrayexecError (tray_unavailable) without PyGObject, Gtk 3 or a display."""
    base = backend("appindicator")

    class Icon(base):  # type: ignore[misc, valid-type]  # pystray ships no types, and this backend cannot always be imported
        """Leaves Ctrl-C to us: the backend would let it kill the agent before it could forget its session."""

        def _initialize(self) -> None:
            former: Any = signal.getsignal(signal.SIGINT)
            super()._initialize()
            signal.signal(signal.SIGINT, former)

    return BackedTray("appindicator", lambda: Icon("trayexec"), speak)

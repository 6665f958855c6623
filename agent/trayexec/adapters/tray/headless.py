"""No icon at all: for machines without a display, and for `trayexec agent --headless`."""

from collections.abc import Callable

from trayexec.adapters.tray.waiter import Waiter
from trayexec.core.view import View


class HeadlessTray:
    """Waits on the main thread until it is stopped; signals are handled promptly meanwhile."""

    def __init__(self) -> None:
        self._waiter = Waiter()

    @property
    def name(self) -> str:
        """`none`."""
        return "none"

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`; nobody can click."""
        del click
        with self._waiter:
            while not self._waiter.ended:
                self._waiter.wait()

    def show(self, view: View) -> None:
        """There is nothing to draw on."""

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""
        self._waiter.end()

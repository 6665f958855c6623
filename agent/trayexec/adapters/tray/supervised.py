"""A tray that cannot end the agent: whatever it raises, or when it just returns, is logged, and it is tried again."""

from collections.abc import Callable

from trayexec.adapters.tray.waiter import Waiter
from trayexec.core.ports import Tray
from trayexec.core.view import View

FIRST, MOST = 1.0, 600.0  # pauses before the icon is tried again, doubling (seconds)


class SupervisedTray:
    """Runs another tray on the main thread until `stop`: only who calls that ends the wait, never the icon itself."""

    def __init__(
        self, tray: Tray, *, mishap: Callable[[BaseException], None], ending: Callable[[], None], first: float = FIRST
    ) -> None:
        """`mishap` is told what the tray raised; `ending` is called by `stop`, whether or not the tray lets go."""
        self._tray = tray
        self._mishap = mishap
        self._ending = ending
        self._first = first
        self._waiter = Waiter()
        self._running = False

    @property
    def name(self) -> str:
        """The name of what is shown; `none` while it has failed."""
        return self._tray.name if self._running else "none"

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`."""
        pause = self._first
        with self._waiter:
            while not self._waiter.ended:
                self._running = True
                try:
                    self._tray.run(click)
                except (Exception, SystemExit) as error:  # noqa: BLE001 — toolkits raise anything, and some exit
                    self._mishap(error)
                self._running = False
                self._waiter.wait(seconds=pause)
                pause = min(MOST, pause * 2)

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""
        try:
            self._tray.show(view)
        except Exception as error:  # noqa: BLE001 — as above: the agent's loop calls this
            self._mishap(error)

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""
        self._waiter.end()
        self._ending()
        try:
            self._tray.stop()
        except Exception as error:  # noqa: BLE001 — as above
            self._mishap(error)

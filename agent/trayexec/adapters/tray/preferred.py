"""An icon by the older way until a panel for the better one is there: an agent of the login may be up before its panel.

Cinnamon, say, has both: its XEmbed tray, which draws no transparency, is there first, its StatusNotifierWatcher later.
"""

from collections.abc import Callable

from trayexec.core.ports import Tray
from trayexec.core.view import View


class PreferredTray:
    """Runs one tray on the main thread, and the better one from the moment that this is shown."""

    def __init__(self, fallback: Tray, better: Callable[[Callable[[], None]], Tray]) -> None:
        """`better` makes the better one, of what it is to call once a panel shows it: from any thread."""
        self._fallback = fallback
        self._better = better(self._appeared)
        self._has_appeared = False

    @property
    def name(self) -> str:
        """That of the one that is shown."""
        return (self._better if self._has_appeared else self._fallback).name

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`."""
        if not self._has_appeared:
            self._fallback.run(click)
        if self._has_appeared:
            self._better.run(click)

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""
        if not self._has_appeared:
            self._fallback.show(view)
        self._better.show(view)

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""
        self._better.stop()
        self._fallback.stop()

    def _appeared(self) -> None:
        if not self._has_appeared:
            self._has_appeared = True
            self._fallback.stop()

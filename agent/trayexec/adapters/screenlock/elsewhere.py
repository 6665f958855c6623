"""Stands in for `linux.py` on macOS and Windows: nobody there tells this program yet that the screen is locked.

The setting that refuses hand-outs while the screen is locked has no effect on these platforms; README says so. macOS
will listen to com.apple.screenIsLocked, Windows to WM_WTSSESSION_CHANGE.
"""

from collections.abc import Callable

from trayexec.core.broker.events import Screen


class ScreenWatch:
    """Never calls anything."""

    def __init__(
        self,
        buses: object,
        *,
        on_change: Callable[[Screen], None],
        on_sleep: Callable[[], None],
        on_wake: Callable[[], None],
    ) -> None:
        pass

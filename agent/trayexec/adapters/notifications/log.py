"""The last way to show a notice: a line in the log."""

import logging
from collections.abc import Callable

from trayexec.adapters.notifications.chain import Shown, TranslatedNotice
from trayexec.core.ports import Urgency


class LogNotices:
    """Writes notices to `logger`. It has no buttons, and nothing to take away."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Nothing: a log has no buttons."""

    async def show(self, note: TranslatedNotice) -> Shown:
        """Write it down."""
        level = logging.INFO if note.urgency is Urgency.LOW else logging.WARNING
        self._logger.log(level, "%s: %s", note.title, note.body)
        return Shown.SHOWN

    async def withdraw(self, key: str) -> None:
        """Nothing: what is written stays."""

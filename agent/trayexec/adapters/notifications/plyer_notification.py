"""Notices by plyer, wherever the desktop's own way is missing: macOS, Windows, a D-Bus without a notification service.

plyer runs in a process of its own (`plyer_child.py`): it prints warnings and tracebacks, may block for ever, on Windows
leaves a thread and an icon behind, and has nothing to do in the memory of a program that holds keys. It never says
whether anything was shown, so `PERHAPS` is the best answer there is.
"""

import json
import sys
from collections.abc import Callable, Mapping

from trayexec.adapters.bus.address import session_bus
from trayexec.adapters.child_processes import run
from trayexec.adapters.notifications.chain import Shown, TranslatedNotice
from trayexec.core.ports import Urgency
from trayexec.light import own_command

SECONDS = 8.0
# Windows keeps 64 and 256 UTF-16 units, the last one a zero (NOTIFYICONDATAW); plyer raises in a thread beyond that.
TITLE, BODY = 63, 255
_WORD_JOINER = "\u2060"  # takes no room on the screen


class PlyerNotices:
    """Shows notices by plyer. No buttons, no replacing, no taking away: plyer has none of them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Nothing: plyer has no buttons."""

    async def show(self, note: TranslatedNotice) -> Shown:
        """Show it, within `SECONDS`; not a quiet one, which would stack up and has no button here to be stopped by."""
        if note.urgency is Urgency.LOW:
            return Shown.FAILED
        if sys.platform == "linux" and not session_bus(self._environ):
            return Shown.FAILED  # notify-send would try to start a bus of its own
        given = json.dumps({"title": tidy(note.title, TITLE), "message": tidy(note.body, BODY)}).encode()
        child = own_command.python("trayexec.adapters.notifications.plyer_child")
        try:
            ended = await run(child, self._environ, seconds=SECONDS, given=given)
        except (TimeoutError, OSError):
            return Shown.FAILED
        return Shown.FAILED if ended.status else Shown.PERHAPS

    async def withdraw(self, key: str) -> None:
        """Nothing: plyer cannot."""


def tidy(words: str, units: int) -> str:
    """Words that plyer's back ends take for nothing but words, at most `units` UTF-16 units long.

    notify-send takes a leading `-` for an option, and what looks like markup is markup to some servers.
    """
    words = words.replace("<", "‹").replace(">", "›")  # noqa: RUF001 — look-alikes on purpose
    if words.startswith("-"):
        words = _WORD_JOINER + words
    encoded = words.encode("utf-16-le", "replace")
    return words if len(encoded) <= 2 * units else encoded[: 2 * (units - 1)].decode("utf-16-le", "ignore") + "…"

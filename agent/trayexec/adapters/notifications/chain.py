"""The `Notifier`: hands a notice to each way of showing it, until one says that it is shown."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from trayexec.adapters.wording import ROOMY, at_desktop
from trayexec.core.ports import Notice, Notifier, Urgency
from trayexec.core.view import IconState
from trayexec.light.errors import Text

PATIENCE = 12.0  # seconds for one way: each has shorter limits of its own

_log = logging.getLogger(__name__)


class Shown(Enum):
    """What a way of showing knows about its success."""

    SHOWN = "the desktop took it"
    PERHAPS = "handed over, and nobody said what became of it"
    FAILED = "this way does not work now"


@dataclass(frozen=True, slots=True)
class TranslatedNotice:
    """A notice in the person's language."""

    key: str
    title: str
    body: str
    actions: tuple[tuple[str, str], ...]
    urgency: Urgency
    picture: IconState = IconState.TROUBLE


class Channel(Protocol):
    """One way of showing a note."""

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, action id)` in the loop when a button is pressed."""

    async def show(self, note: TranslatedNotice) -> Shown:
        """Show, or replace what has the same key."""

    async def withdraw(self, key: str) -> None:
        """Take it away, if it is still there."""


class Notices(Notifier):
    """Notifications by the first of `ways` that works; asked anew for each notice, so what comes back is used again."""

    def __init__(self, ways: Sequence[Channel], speak: Callable[[Text], str] = str) -> None:
        self._ways = tuple(ways)
        self._speak = at_desktop(speak, ROOMY)

    def on_action(self, callback: Callable[[str, str], None]) -> None:
        """Call `callback(key, action id)` in the loop when a button is pressed."""
        for way in self._ways:
            way.on_action(callback)

    async def show(self, notice: Notice) -> None:
        """Show, or replace what has the same key. Never raises."""
        speak = self._speak
        actions = tuple((name, speak(label)) for name, label in notice.actions)
        note = TranslatedNotice(
            notice.key, speak(notice.title), speak(notice.body), actions, notice.urgency, notice.picture
        )
        perhaps = False
        for way in self._ways:
            # A way that may have worked is followed by the next one that is sure: better twice than not at all.
            delivery = await _bounded(way, note)
            if delivery is Shown.SHOWN:
                return
            perhaps = perhaps or delivery is Shown.PERHAPS
        if not perhaps:
            _log.warning("no way left to show the notice %s", notice.key)

    async def close(self, key: str) -> None:
        """Take it away, if it is still there. Never raises."""
        for way in self._ways:
            try:
                async with asyncio.timeout(PATIENCE):
                    await way.withdraw(key)
            except Exception as error:  # noqa: BLE001 — see `_bounded`
                _log.warning("%s could not take a notice away: %r", type(way).__name__, error)


async def _bounded(way: Channel, note: TranslatedNotice) -> Shown:
    try:
        async with asyncio.timeout(PATIENCE):
            return await way.show(note)
    except Exception as error:  # noqa: BLE001 — a notification must never be what ends the agent
        _log.warning("%s failed: %r", type(way).__name__, error)
        return Shown.FAILED

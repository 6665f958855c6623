"""Decides when an agent of the installed version takes this one's place: when asked to, and when another is installed.

Not while somebody waits, or a code is on its way; nor while a locked screen holds credentials back, for the next agent
has yet to hear of it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from logging import Logger

from trayexec.core import messages
from trayexec.core.broker import handover
from trayexec.core.broker.state import Broker
from trayexec.core.ports import Clock
from trayexec.daemon import replacement
from trayexec.daemon.loop import Loop
from trayexec.daemon.replacement import Installed
from trayexec.light.errors import TrayexecError, Trouble

PASSING = {"busy", "screen_locked"}  # what speaks against it now, and soon will not


@dataclass(frozen=True, slots=True)
class _Estate:
    """What the next agent gets: see `replacement.become`."""

    document: bytes = field(repr=False)
    listener: int
    lock: int
    alone: int


class Succession:
    """The next agent in this process, once there is to be one."""

    def __init__(
        self, loop: Loop, clock: Clock, journal: Logger, *, words: Sequence[str], stop: Callable[[], None]
    ) -> None:
        """`words` are for the next agent, `stop` ends this one."""
        self._loop, self._clock, self._journal, self._words, self._stop = loop, clock, journal, words, stop
        self._installed = Installed()
        self._begun = False
        self._estate: _Estate | None = None

    async def begin(self) -> None:
        """Begin, unless something speaks against it. Raises TrayexecError."""
        self._check()
        await replacement.check()
        self._check()
        self._begun = True
        self._journal.info("the version that is installed takes this agent's place")
        self._stop()

    @property
    def is_begun(self) -> bool:
        """Whether there is to be a next agent."""
        return self._begun

    def _check(self) -> None:
        """Raises TrayexecError where it cannot be now."""
        why = _why_not(self._loop.broker)
        if why is None and len(self._written()) > replacement.LARGEST:
            why = messages.too_much()
        if why is not None:
            raise TrayexecError(why)

    async def look(self) -> None:
        """See whether another version has been installed, and give way to it when nobody is in the way."""
        if self._begun or not self._installed.is_another() or _why_not(self._loop.broker) is not None:
            return
        try:
            await self.begin()
        except TrayexecError as error:
            if error.trouble.code in PASSING:
                return  # somebody came while it was seen whether it starts: the next look tries again
            self._journal.warning("another version is installed, and not started: %s", error.trouble.title)
            self._installed.leave()

    def prepare(self, *, listener: int, lock: int, alone: int) -> bool:
        """Keep what is open before it is forgotten, and the socket before it is closed; False where nobody follows."""
        if self._begun:
            self._estate = _Estate(self._written(), os.dup(listener), lock, alone)
        return self._begun

    def _written(self) -> bytes:
        return handover.written(handover.taken(self._loop.broker, self._loop.keys.all_held()), self._clock.now())

    def take_place(self) -> None:
        """Become the next agent, if there is to be one: then this does not return. What fails ends in no agent."""
        left = self._estate
        if left is None:
            return
        try:
            replacement.become(left.document, self._words, listener=left.listener, lock=left.lock, alone=left.alone)
        except OSError as error:
            self._journal.error("it cannot be started: %s", error.strerror)


def _why_not(broker: Broker) -> Trouble | None:
    """What would be lost by it."""
    if broker.held:
        return messages.screen_locked()
    attempts = [one for one in broker.phases if broker.prompting(one) is not None]
    if broker.waiting or attempts:
        return messages.busy(max(len(broker.waiting), len(attempts)))
    return None

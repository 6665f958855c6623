"""Makes sure of the time: where the machine may have slept unnoticed, AWS is asked before anything is handed out."""

import asyncio
from concurrent.futures import Executor, Future
from typing import Protocol

from trayexec.core.broker.events import Ask, Event, Tick
from trayexec.core.broker.state import Open
from trayexec.core.ports import Sts
from trayexec.daemon.loop import Loop
from trayexec.daemon.tasks import Tasks

SURE = 3.0  # seconds that AWS has to say what time it is
AGAIN = 10.0  # seconds until it is asked again


class DoubtfulClock(Protocol):
    """A clock that may be wrong, and knows it."""

    @property
    def doubtful(self) -> bool:
        """Whether the machine may have slept without its boot clock knowing."""


class TimeCheck:
    """Asks AWS for the date of its answer, once for all who wait. The clock hears of it from the adapter for STS."""

    def __init__(self, clock: DoubtfulClock, loop: Loop, sts: Future[Sts], worker: Executor, tasks: Tasks) -> None:
        """Keep whom to ask, and where; nothing runs yet."""
        self._clock = clock
        self._loop = loop
        self._sts = sts
        self._worker = worker
        self._tasks = tasks
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    async def be_sure(self) -> None:
        """Wait until the time is known, or cannot be."""
        if not self._clock.doubtful:
            return
        now, asking = asyncio.get_running_loop().time(), self._asking
        if asking is None or (asking.done() and now - self._asked_at > AGAIN):
            self._asked_at = now
            asking = self._asking = self._tasks.start(self._ask())
        await asyncio.wait([asking], timeout=SURE)

    def post(self, event: Event) -> None:
        """Post, but not before the time is known where something is asked."""
        if isinstance(event, Ask) and self._clock.doubtful:
            self._tasks.start(self._post_later(event))
        else:
            self._loop.post(event)

    async def _post_later(self, event: Event) -> None:
        await self.be_sure()
        self._loop.post(event)

    async def _ask(self) -> None:
        phases = self._loop.broker.phases.items()
        opened = next(((one.endpoint, phase.session) for one, phase in phases if isinstance(phase, Open)), None)
        if opened is not None and self._sts.done():
            await asyncio.get_running_loop().run_in_executor(self._worker, self._sts.result().ask_date, *opened)
            self._loop.post(Tick())

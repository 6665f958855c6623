"""Runs work beside the rest: what breaks is logged, and the others go on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """Everything that was started, until it ends. For the loop."""

    def __init__(self, mishap: Callable[[BaseException], None]) -> None:
        """`mishap` is told every bug."""
        self._mishap = mishap
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Begin; the task never raises."""
        task = asyncio.get_running_loop().create_task(self.guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for it; what it raises is logged."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 — indestructible: the icon or the lock watch may fail, credentials not
            self._mishap(error)

    async def end(self) -> None:
        """Cancel all that is under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

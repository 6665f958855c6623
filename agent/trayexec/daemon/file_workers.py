"""Runs work on the callers' files: one at a time for each pair of files, so that one that hangs delays only its own.

A network home may hang for ever, and a program that keeps an overlay open for seconds. It must not know what is done.
"""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from trayexec.core.config.surroundings import Surroundings
from trayexec.light.errors import TrayexecError, Trouble, trouble

THREADS = 256  # so many pairs may hang at once; a thread begins only when all others are taken
PATIENCE = 8.0  # seconds that work on files may take, with its wait

T = TypeVar("T")


@dataclass(slots=True)
class _Queue:
    """The work on one pair of files: one at a time, and how much of it there is."""

    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    works: int = 0


class _Work:
    """Work that was begun, or will be, and all who wait for it: one timer for all of them."""

    def __init__(self, where: Surroundings, task: "asyncio.Task[Any]") -> None:
        self._where = where
        self._task = task
        self._waiters: list[tuple[float, asyncio.Future[Any]]] = []
        self._timer: asyncio.TimerHandle | None = None
        task.add_done_callback(self._done)

    async def outcome(self, patience: float) -> Any:
        """What comes of it, or the trouble after so many seconds. Raises what it raises."""
        running = asyncio.get_running_loop()
        waiter, until = running.create_future(), running.time() + patience
        self._waiters.append((until, waiter))
        if self._timer is None or until < self._timer.when():
            self._wake_at(until)
        return await waiter

    def _wake_at(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(moment, self._late)

    def _late(self) -> None:
        self._timer, now = None, asyncio.get_running_loop().time()
        late = [waiter for until, waiter in self._waiters if until <= now]
        self._waiters = [one for one in self._waiters if one[0] > now]
        for waiter in late:
            if not waiter.done():
                waiter.set_result(_hangs(self._where))
        if self._waiters:
            self._wake_at(min(until for until, _ in self._waiters))

    def _done(self, task: "asyncio.Task[Any]") -> None:
        if self._timer is not None:
            self._timer.cancel()
        for _, waiter in self._waiters:
            if waiter.done():
                continue
            if task.cancelled():
                waiter.cancel()
            elif (error := task.exception()) is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(task.result())
        self._waiters.clear()


class FileWorkers:
    """Use it in the loop. `key_of` tells which pair a request is about; it raises TrayexecError for none."""

    def __init__(self, pool: Executor, key_of: Callable[[Surroundings], Hashable]) -> None:
        """Nothing runs yet."""
        self._pool = pool
        self._key_of = key_of
        self._queues: dict[Hashable, _Queue] = {}
        self._waiting: dict[Hashable, _Work] = {}  # what has not begun yet

    async def run(self, call: Callable[[Surroundings], T], where: Surroundings, *, patience: float = PATIENCE) -> T:
        """What `call(where)` gives. Raises what it raises, and TrayexecError (`files_hang`) when it takes too long.

        Who asks for the same while it has not begun shares it: a thousand callers cost two looks at the files, and
        nobody is told what was read before it asked.
        """
        work = self._waiting.get((call, where))
        if work is None:
            key = self._key_of(where)
            self._queues.setdefault(key, _Queue()).works += 1
            work = _Work(where, asyncio.get_running_loop().create_task(self._next(key, call, where)))
            self._waiting[call, where] = work
        found: T | Trouble = await work.outcome(patience)
        if isinstance(found, Trouble):
            raise TrayexecError(found)  # each its own: they grow with every frame they pass
        return found

    async def _next(self, key: Hashable, call: Callable[[Surroundings], T], where: Surroundings) -> T | Trouble:
        queue = self._queues[key]
        async with queue.one_at_a_time:
            del self._waiting[call, where]  # who comes from now on may want what is written from now on
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, call, where)
            except TrayexecError as error:
                return error.trouble
            finally:
                queue.works -= 1
                if not queue.works:
                    self._queues.pop(key, None)


def _hangs(where: Surroundings) -> Trouble:
    return trouble(
        "files_hang",
        "The AWS config {config} or what stands beside it cannot be read: the disk does not answer.",
        "Check the disk or the network that it is on, and that no program keeps the file locked; then try again.",
        config=where.config or "~/.aws/config",
    )

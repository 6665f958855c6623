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
    """The work on one pair of files: one at a time, and what has not begun yet."""

    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: "dict[Hashable, asyncio.Task[Any]]" = field(default_factory=dict)


class FileWorkers:
    """Use it in the loop. `key_of` tells which pair a request is about; it raises TrayexecError for none."""

    def __init__(self, pool: Executor, key_of: Callable[[Surroundings], Hashable]) -> None:
        """Nothing runs yet."""
        self._pool = pool
        self._key_of = key_of
        self._queues: dict[Hashable, _Queue] = {}

    async def run(self, call: Callable[[Surroundings], T], where: Surroundings, *, patience: float = PATIENCE) -> T:
        """What `call(where)` gives. Raises what it raises, and TrayexecError (`files_hang`) when it takes too long.

        Who asks for the same while it has not begun shares it: a thousand callers cost two looks at the files, and
        nobody is told what was read before it asked.
        """
        key = self._key_of(where)
        queue = self._queues.setdefault(key, _Queue())
        task = queue.waiting.get((call, where))
        if task is None:
            task = asyncio.get_running_loop().create_task(self._next(key, call, where))
            queue.waiting[call, where] = task
        done, _ = await asyncio.wait([task], timeout=patience)
        if not done:
            raise TrayexecError(_hangs(where))
        found: T | Trouble = task.result()
        if isinstance(found, Trouble):
            raise TrayexecError(found)  # each its own: they grow with every frame they pass
        return found

    async def _next(self, key: Hashable, call: Callable[[Surroundings], T], where: Surroundings) -> T | Trouble:
        queue = self._queues[key]
        async with queue.one_at_a_time:
            del queue.waiting[call, where]  # who comes from now on may want what is written from now on
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, call, where)
            except TrayexecError as error:
                return error.trouble
            finally:
                if not queue.waiting:
                    self._queues.pop(key, None)


def _hangs(where: Surroundings) -> Trouble:
    return trouble(
        "files_hang",
        "The AWS config {config} or what stands beside it cannot be read: the disk does not answer.",
        "Check the disk or the network that it is on, and that no program keeps the file locked; then try again.",
        config=where.config or "~/.aws/config",
    )

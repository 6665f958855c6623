"""Keeps the overlays of a running agent up to date, and gives callers the one they want.

It is used in the agent's loop. The overlays are written in the workers of their files; which ones there are is found
out in a thread of its own.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from trayexec.adapters.atomic_replace import SETTLED
from trayexec.adapters.folder_watch import FolderWatch
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.light import context, same_machine
from trayexec.light.errors import TrayexecError
from trayexec.live.overlays import OverlayInputs, Overlays
from trayexec.live.places import OverlayPlace

LOOK_AGAIN = 5.0  # seconds until one looks at files of which nobody tells that they were written
LOOK_ANYWAY = 300.0  # the same for those of which somebody does
CARRYING = 4.0  # seconds until an overlay that is being brought up to date is left behind


class RunInTurn(Protocol):
    """What runs a call about one pair of files in their own worker. Raises TrayexecError when it takes too long."""

    def __call__(
        self, call: Callable[[Surroundings], bool], where: Surroundings, *, patience: float
    ) -> Awaitable[bool]:
        """`call(where)`, waited for so many seconds."""


class OverlayKeeper:
    """All overlays of one agent. `document` and `server_document` are blocking, and for any thread."""

    def __init__(
        self, folder: Path, inputs: OverlayInputs, loop: asyncio.AbstractEventLoop, run_in_turn: RunInTurn
    ) -> None:
        """Keep where, with what, and in which loop; nothing is watched yet."""
        self.overlays = Overlays(folder, inputs, later=self._look_soon)
        self._loop = loop
        self._run_in_turn = run_in_turn
        self._finder = ThreadPoolExecutor(1, thread_name_prefix="overlays")
        self._folders = FolderWatch()
        self._descriptor: int | None = None
        self._was_written = asyncio.Event()
        self._files: tuple[str, ...] = ()
        self._is_told = False  # of all that is written

    def watch(self, files: Iterable[str]) -> None:
        """Begin to hear of what is written in overlays, to what they are made of, and to these files."""
        self._files = tuple(files)
        self._descriptor = self._folders.open()
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._notice)

    def close(self) -> None:
        """Hear of nothing any more."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            self._folders.close()

    async def written(self) -> None:
        """Wait until something was written and its writer has finished; where nobody tells of that, a few seconds.

        Who looks then saves the next command from waiting until a long config has been read.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_ANYWAY if self._is_told else LOOK_AGAIN):
                await self._was_written.wait()
                await asyncio.sleep(SETTLED)
        self._was_written.clear()

    async def keep(self) -> None:
        """Bring each overlay up to date in its own turn: one that hangs is left behind, and looked at the next time."""
        places = await self._loop.run_in_executor(self._finder, self.overlays.places.there)
        looks = [self._run_in_turn(self._hear_own, USUAL, patience=CARRYING)]
        for place in places:
            where = Surroundings(str(place.config), str(place.shared))
            looks.append(self._run_in_turn(self._keep_one, where, patience=CARRYING))
        heard = await asyncio.gather(*looks, return_exceptions=True)
        self._is_told = all(one is True for one in heard)

    def document(self, where: Surroundings) -> Mapping[str, object]:
        """The answer to the request `overlay`. Raises TrayexecError when there is none and none can be made."""
        place = self.overlays.want(where)
        if not self._hear(place) and self._is_told:
            self._look_soon()  # and from then on every few seconds
        return {**place.document(), context.HERE: same_machine.marks(str(place.folder))}

    def server_document(self, profile: str, where: Surroundings) -> Mapping[str, object]:
        """The same for `--server` of a profile with settings of its own. Raises likewise."""
        server = self.overlays.want_server(where, profile)
        return {**self.document(where), "server": str(server), "profile": profile}

    def _hear_own(self, _: Surroundings) -> bool:
        return self._hear_files(self._files)

    def _keep_one(self, where: Surroundings) -> bool:
        """Listen first, then look: what is written in between is heard of. Whether all of it will be."""
        try:
            heard = self._hear(self.overlays.places.place(where))
        except (TrayexecError, ValueError):
            return False
        self.overlays.keep(where)
        return heard

    def _hear(self, place: OverlayPlace) -> bool:
        others = (path for path in place.watched if path and Path(path).parent != place.folder)
        return self._folders.add(place.folder) and self._hear_files(others)

    def _hear_files(self, paths: Iterable[str]) -> bool:
        """Listen to each, whether or not those before it are heard; whether all are."""
        return False not in {self._folders.add_file(path) for path in paths}

    def _notice(self) -> None:
        if self._folders.taken():
            self._was_written.set()

    def _look_soon(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._was_written.set)

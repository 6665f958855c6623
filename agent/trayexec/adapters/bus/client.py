"""The agent's one connection to each bus: made when first needed, and made again after the bus has gone.

Tray, notifications and screen lock are its users. Whatever others send on a bus, it ends none of them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from jeepney import Message

from trayexec.adapters.bus.connection import BusConnection, BusError, connect
from trayexec.adapters.bus.objects import BusInterface, BusObjects

SOON, AGAIN = 1.0, 30.0  # seconds until a bus that is not there is looked for again, at first and at most

_log = logging.getLogger(__name__)


class BusUser(Protocol):
    """What lives on a bus. Everything is called in the loop."""

    async def begin(self, connection: BusConnection) -> None:
        """There is a connection, a new one. Raises BusError to have another one made later."""

    def heard(self, message: Message) -> None:
        """A signal, whoever sent it, and whichever user asked for it."""

    def end(self) -> None:
        """The connection is gone."""


class Bus:
    """A bus. Users join before `keep` runs.

    A bus that is not there is looked for again, after `again` seconds at most.
    """

    def __init__(self, find: Callable[[], str], *, again: float = AGAIN) -> None:
        """`find` gives the address of the bus, or nothing while there is none."""
        self._find = find
        self._again = again
        self._users: list[BusUser] = []
        self._objects = BusObjects({})
        self._connection: BusConnection | None = None
        self._connecting = asyncio.Lock()  # two users at once must not open two connections
        self._wanted = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        """Where the bus is now, or nothing."""
        return self._find()

    def join(self, user: BusUser) -> None:
        """Tell `user` of each connection, and of what comes over it."""
        self._users.append(user)

    def serve(self, objects: Mapping[str, BusInterface]) -> None:
        """Have others find these objects, by their path."""
        self._objects = BusObjects(objects)

    def post(self, job: Callable[[], None]) -> None:
        """Have `job` done in the loop, if `keep` runs there. Any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(job)

    def seek(self) -> None:
        """If there is no connection, try again now."""
        self._wanted.set()

    async def connection(self) -> BusConnection:
        """The connection; a new one where there is none. Raises BusError."""
        async with self._connecting:
            if self._connection is None or self._connection.closed.is_set():
                self._connection = await connect(self._find(), self)
                for user in self._users:
                    self._connection.start(self._begin(user, self._connection))
                self._wanted.set()
            return self._connection

    async def keep(self) -> None:
        """See to it that there is a connection, until cancelled."""
        self._loop = asyncio.get_running_loop()
        pause = min(SOON, self._again)
        while True:
            began = self._loop.time()
            try:
                connection = await self.connection()
                self._wanted.clear()
                await connection.closed.wait()
            except BusError as error:
                _log.debug("there is no bus: %s", error)
            except Exception:  # noqa: BLE001 — whatever it was, the lock of the screen must not go unheard for ever
                _log.exception("the bus could not be reached")
            if self._loop.time() - began > self._again:
                pause = min(SOON, self._again)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()
            self._wanted.clear()
            pause = min(self._again, pause * 2)

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _begin(self, user: BusUser, connection: BusConnection) -> None:
        try:
            await user.begin(connection)
        except BusError as error:
            _log.info("the bus is left, and tried again: %s", error)
            await connection.close()

    # What a connection tells

    def heard(self, message: Message) -> None:
        """A signal: anybody can send one, and it may be anything."""
        for user in self._users:
            try:
                user.heard(message)
            except Exception:  # noqa: BLE001 — a stranger's signal must not end the connection; the log has the traceback
                _log.exception("a D-Bus signal could not be read")

    def answer(self, message: Message) -> Message:
        """The answer to a method call."""
        return self._objects.reply(message)

    def lost(self) -> None:
        """The connection is closed."""
        for user in self._users:
            user.end()


async def has_owner(address: str, name: str) -> bool:
    """Whether somebody owns `name` on the bus there. Raises BusError."""
    connection = await connect(address, ignoring)
    try:
        return bool(await connection.owner(name))
    finally:
        await connection.close()


class _Ignoring:
    """Listens to nothing."""

    def heard(self, message: Message) -> None:
        """Nothing."""

    def answer(self, message: Message) -> Message:
        """A refusal."""
        return BusObjects({}).reply(message)

    def lost(self) -> None:
        """Nothing."""


ignoring = _Ignoring()

"""The life of an agent: it serves until it is told to stop, then forgets everything and leaves nothing behind.

The main thread belongs to the tray; the loop has a thread of its own; blocking calls have a few more.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any, Protocol

from trayexec import __version__
from trayexec.core.broker.events import Configured, Lock
from trayexec.core.broker.state import Broker
from trayexec.core.config.profiles import Catalogue, CodeProcess, Identity
from trayexec.core.ports import Tray
from trayexec.daemon.container_endpoint import ContainerEndpoint
from trayexec.daemon.loop import Loop
from trayexec.daemon.settings_in_force import SettingsInForce
from trayexec.daemon.socket_server import SocketServer
from trayexec.daemon.succession import Succession
from trayexec.daemon.tasks import Tasks
from trayexec.daemon.time_check import TimeCheck
from trayexec.light.errors import TrayexecError
from trayexec.live.keeper import OverlayKeeper

CHECK = 10.0  # seconds until we look again whether we are the one agent, with the next event: there is one in 15
FAREWELL = 3.0  # seconds that taking things down may take
ENDINGS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class SocketClaim(Protocol):
    """The private socket, held for life."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def listener(self) -> socket.socket:
        """The socket itself, bound."""

    @property
    def lock(self) -> int:
        """The lock beside it."""

    def holds(self) -> bool:
        """Whether it is still where it was made."""

    def release(self) -> None:
        """Take it away."""


class UserLock(Protocol):
    """What makes sure that this is the one agent of its user, and tells others where it listens."""

    @property
    def trouble(self) -> str | None:
        """Why it could not be written down."""

    @property
    def descriptor(self) -> int:
        """The lock, for the next agent in this process; -1 where there is none."""

    def tell(self, socket: Path) -> None:
        """Write down where this agent listens."""

    def renew(self, socket: Path) -> bool:
        """Whether this is still the one agent; what was taken away is written once more."""

    def release(self) -> None:
        """Let the next agent in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What lives as long as an agent does.

    `stopped` is set by `tray.stop`; `clicked` takes a choice in the tray's menu, and `ready` is called once the agent
    listens. `succession` puts another agent in this one's place. `heard_files` call for a look when they are written:
    our own, and the AWS files of the agent's own user, of which `read_own_files` tells what they say now, and
    `show_own_files` is told, None where they cannot be read.
    `keep_desktop` holds the connections to the desktop until cancelled.
    """

    journal: Logger
    running: asyncio.AbstractEventLoop
    stopped: asyncio.Event
    tasks: Tasks
    tray: Tray
    clicked: Callable[[str], None]
    claim: SocketClaim
    alone: UserLock
    ready: Callable[[], None]
    loop: Loop
    server: SocketServer
    endpoint: ContainerEndpoint
    flush_ledger: Callable[[], None]
    keeper: OverlayKeeper
    settings: SettingsInForce
    time: TimeCheck
    succession: Succession
    heard_files: Iterable[str]
    read_own_files: Callable[[], Awaitable[Catalogue]]
    show_own_files: Callable[[Catalogue | None], None]
    learn_stored_keys: Callable[[], object]
    keep_desktop: Callable[[], Coroutine[Any, Any, None]]
    close_desktop: Callable[[], Awaitable[None]]


class Lifecycle:
    """One agent, from its first moment to its last."""

    def __init__(self, parts: Parts) -> None:
        """Nothing runs yet."""
        self._parts = parts
        self._gone = threading.Event()  # the loop has ended
        self._let_go = threading.Event()  # the tray has ended
        self._checked_at = 0.0

    def live(self) -> int:
        """Run until stopped, and return the exit status."""
        parts = self._parts
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.settimeout(0)
        # One that was ignored stays so: whoever started it under nohup means it.
        for number in ENDINGS - {one for one in ENDINGS if signal.getsignal(one) == signal.SIG_IGN}:
            signal.signal(number, _ignore)  # the loop hears of them: the main thread may be deep inside a toolkit
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        thread = threading.Thread(target=self._run_loop, args=[ours], name="loop", daemon=True)
        thread.start()
        parts.tray.run(lambda action: call_in(parts.running, parts.clicked, action))
        self._let_go.set()
        self._gone.wait(FAREWELL)
        return self._leave()

    def _leave(self) -> int:
        self._parts.succession.take_place()
        self._parts.claim.release()
        self._parts.alone.release()
        self._parts.journal.info("agent %d stopped", os.getpid())
        return 0

    # The loop's thread

    def _run_loop(self, signals: socket.socket) -> None:
        parts = self._parts
        asyncio.set_event_loop(parts.running)
        parts.running.add_reader(signals, self._heard_signal, signals)
        try:
            parts.running.run_until_complete(parts.tasks.guarded(self._serve()))
        finally:
            self._gone.set()
            parts.tray.stop()
            if not self._let_go.wait(FAREWELL):
                parts.journal.error("the icon does not let go, and is left behind")
                leave(self._leave())

    def _heard_signal(self, signals: socket.socket) -> None:
        if ENDINGS & {*signals.recv(4096)}:
            self._parts.tray.stop()

    async def _serve(self) -> None:
        parts = self._parts
        parts.keeper.watch(parts.heard_files)
        await parts.tasks.guarded(self._look())
        parts.server.open(parts.claim.listener)
        parts.journal.info("agent %d of trayexec %s listens, tray %s", os.getpid(), __version__, parts.tray.name)
        parts.alone.tell(parts.claim.path)
        if parts.alone.trouble is not None:
            parts.journal.warning("callers with another environment may not find it: %s", parts.alone.trouble)
        parts.ready()
        parts.learn_stored_keys()
        parts.loop.on_change(self._stepped)
        for work in (self._keep_looking(), parts.keep_desktop()):
            parts.tasks.start(work)
        await parts.stopped.wait()
        claim, alone = parts.claim, parts.alone
        if parts.succession.is_begun:
            await parts.server.settle()
        if parts.succession.prepare(listener=claim.listener.fileno(), lock=claim.lock, alone=alone.descriptor):
            parts.server.close()  # who comes from now on waits for the next agent
        parts.loop.post(Lock())
        # Before the server closes, for which waits who stops us: what was written under --live a moment ago goes home.
        await parts.tasks.guarded(parts.keeper.keep())
        parts.keeper.close()
        parts.server.close()
        parts.endpoint.close()
        await parts.tasks.end()
        await parts.loop.drain()
        parts.flush_ledger()
        await parts.close_desktop()

    async def _keep_looking(self) -> None:
        """What is written, under --live or by its owner, is taken notice of as soon as its writer has finished."""
        while True:
            await self._parts.keeper.written()
            await self._parts.tasks.guarded(self._look())
            self._check()

    def _stepped(self, _: Broker) -> None:
        """There is a step every 15 seconds at least, so no other clock is needed when all is quiet."""
        now = self._parts.running.time()
        if now > self._checked_at + CHECK:
            self._checked_at = now
            self._parts.running.call_soon(self._check)

    def _check(self) -> None:
        """Whether the time is known, and we are still the one agent."""
        parts = self._parts
        self._checked_at = parts.running.time()
        parts.tasks.start(parts.time.be_sure())
        if not parts.claim.holds():
            parts.journal.error("the socket is gone, and so nobody can ask any more")
            parts.tray.stop()
        if not parts.alone.renew(parts.claim.path):
            parts.journal.error("there is another agent of this user by now")
            parts.tray.stop()
        parts.tasks.start(parts.succession.look())

    async def _look(self) -> None:
        """Read what has changed: our settings and the agent's own pair of AWS files."""
        settings = self._parts.settings
        settings.read()
        broker = self._parts.loop.broker
        identities, sign_ins, warning = broker.identities, tuple(broker.sign_ins), None
        catalogue = None
        try:
            await self._parts.keeper.keep()
            catalogue = await self._parts.read_own_files()
            identities, sign_ins = catalogue.identities, catalogue.sign_ins
        except TrayexecError as error:
            warning = error.trouble
        self._parts.show_own_files(catalogue)
        event = Configured(identities, settings.loaded.settings, settings.loaded.warning or warning, sign_ins)
        known = (broker.identities, codes_of(broker.identities), broker.settings, broker.warning)
        seen = (event.identities, codes_of(event.identities), event.settings, event.warning)
        if seen != known or not set(sign_ins) <= broker.sign_ins.keys():
            self._parts.loop.post(event)
            await self._parts.loop.find_tokens(sign_ins)


def codes_of(identities: Iterable[Identity]) -> tuple[CodeProcess | None, ...]:
    """How each one's codes are had: that makes no other identity of it."""
    return tuple(one.code for one in identities)


def call_in(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: object) -> None:
    """Have the loop call it, from any thread; nothing happens where the loop has ended."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, *arguments)


def _ignore(*_: object) -> None:
    """For signals that the loop is told of: Python tells nobody of one that has no handler."""


def leave(status: int) -> None:
    """End the process now: a worker may be waiting for AWS, and nobody waits for it any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

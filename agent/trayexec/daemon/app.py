"""The composition root: the one place that knows every part, wires them by hand, and takes them down again.

The main thread belongs to the tray; the loop has a thread of its own; blocking calls have a few more.
"""

import asyncio
import gc
import os
import shlex
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trayexec import __version__
from trayexec.adapters import settings_file, stored_keys
from trayexec.adapters.aws_files import files_of_this_user
from trayexec.adapters.bus.buses import Buses, buses_of
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.dialogs.choose import Dialogs
from trayexec.adapters.dialogs.sheet import on_screen
from trayexec.adapters.harden import harden
from trayexec.adapters.instance import AgentLock, Claim, claim
from trayexec.adapters.journal import open_journal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.ledger import FileLedger
from trayexec.adapters.notifications.choose import choose as choose_notices
from trayexec.adapters.processes import running
from trayexec.adapters.screenlock import ScreenWatch
from trayexec.adapters.tray.choose import choose as choose_tray
from trayexec.adapters.tray.supervised import SupervisedTray
from trayexec.core import messages
from trayexec.core.broker.events import Ask, Configured, Event, Lock, ScreenChanged, Show, Tick
from trayexec.core.broker.state import Open
from trayexec.core.broker.status import AgentFacts
from trayexec.core.config.surroundings import USUAL, Sight, Surroundings
from trayexec.core.container_credentials import HttpExchange
from trayexec.core.ports import Notice, Sts, Tray
from trayexec.core.settings import Command, Settings
from trayexec.daemon.container_endpoint import ContainerEndpoint, Records
from trayexec.daemon.file_workers import THREADS, FileWorkers
from trayexec.daemon.loop import Loop, Ports, Workers
from trayexec.daemon.replies import Replies
from trayexec.daemon.request_handler import Dependencies, RequestHandler
from trayexec.daemon.socket_server import SocketServer
from trayexec.daemon.tray_controller import LoopCalls, TrayController
from trayexec.light import agent_environment, agent_record, own_command, paths, protocol, same_machine
from trayexec.light.errors import Text, TrayexecError, Trouble
from trayexec.light.translate import speaker
from trayexec.live.keeper import OverlayKeeper
from trayexec.live.overlays import OverlayInputs

if TYPE_CHECKING:
    from logging import Logger


# AssumeRole calls at once. STS takes hundreds a second. Where it takes 50 and refuses the rest for the moment, 16
# bring 100 roles home; of 24 some fail, as what is tried again is refused again. A thread costs 0.1 MiB.
ASSUMING = 16
SESSIONS = 2  # other calls of STS at once, and of the keychain
LOOK_AGAIN = 5.0  # seconds between looks at the files
SURE = 3.0  # seconds that AWS has to say what time it is
AGAIN = 10.0  # seconds until it is asked again
FAREWELL = 3.0  # seconds that taking things down may take
ENDINGS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class Visibility(Enum):
    """Whether the agent is to show itself."""

    TRAY = "with an icon"
    HEADLESS = "without"


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How the agent is started: where its environment points, and whom to tell once it listens."""

    environ: Mapping[str, str]
    visibility: Visibility
    ready: Callable[[], None]


def run(options: StartOptions) -> int:
    """Be the agent until told to stop. Returns the exit status.

    Raises TrayexecError when it cannot start: another one runs, the folder is not trusted, the settings are wrong.
    """
    harden()
    environ = options.environ
    for name in protocol.PROXY_VARIABLES:
        os.environ.pop(name, None)  # each request says its own; botocore would take these where one has none
    settings = settings_file.refresh(paths.settings_path(environ), None)
    alone = AgentLock(Path(agent_record.record(environ)))
    socket = Path(paths.socket_path(environ))
    agent_record.check(str(socket.parent), environ)
    if not environ.get("TRAYEXEC_SOCKET"):  # a private one that somebody wanted is nobody else's
        agent_record.check(environ.get("XDG_RUNTIME_DIR", ""), environ)
        alone.take()
    buses = buses_of(environ)
    seen, session = (environ, buses.session) if options.visibility is Visibility.TRAY else ({}, None)
    found = _Found(
        settings=settings,
        alone=alone,
        claim=claim(socket),
        journal=open_journal(Path(paths.log_path(environ))),
        buses=buses,
        tray=choose_tray(seen, session, speaker(environ)),
    )
    return _Agent(options, found).live()


@dataclass(frozen=True, slots=True)
class _Found:
    """What had to be opened, read or tried before there can be an agent."""

    settings: settings_file.Loaded
    alone: AgentLock
    claim: Claim
    journal: "Logger"
    buses: Buses
    tray: Tray


class _Agent:
    """All parts of one running agent."""

    def __init__(self, options: StartOptions, found: _Found) -> None:
        environ, speak = options.environ, speaker(options.environ)
        self._options = options
        self._alone = found.alone
        self._settings, self._claim, self._journal = found.settings, found.claim, found.journal
        self._buses = found.buses
        self._tray = SupervisedTray(found.tray, mishap=self._mishap, ending=self._end)
        self._clock = SystemClock()
        self._dialogs = Dialogs(_method(self._settings.settings), environ, speak)
        self._notices = choose_notices(environ, self._journal, self._buses.session, speak)
        self._workers = Workers(roles=_pool(ASSUMING, "roles"), sessions=_pool(SESSIONS, "sessions"))
        self._sts = self._warm()
        self._asking_time: asyncio.Task[None] | None = None
        self._asked_time_at = 0.0
        self._catalogues = files_of_this_user(environ)
        self._running = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._gone = threading.Event()
        self._let_go = threading.Event()
        self._files = FileWorkers(_pool(THREADS, "files"), self._paths)
        inputs = OverlayInputs(
            self._catalogues,
            own_command.command(),
            agent_environment.session_of(environ),
            groups=lambda: [f"@{name}" for name in self._settings.settings.groups],
            tell=self._tell,
        )
        live_folder = Path(paths.live_folder(environ))
        self._keeper = OverlayKeeper(live_folder, inputs, self._running, self._files.run)
        ledger = FileLedger(Path(paths.ledger_path(environ)))
        replies = Replies()
        self._loop = Loop(
            Ports(
                clock=self._clock,
                sts=self._sts,
                keychain=SystemKeychain(environ),
                prompter=self._dialogs,
                notifier=self._notices,
                running=running,
                remember=partial(_remember, paths.stored_path(environ)),
            ),
            self._workers,
            answer=replies.send,
            mishap=self._mishap,
        )
        records = Records(self._clock, ledger, self._journal)
        self._endpoint = ContainerEndpoint(records, _exchange, self._post_in_time, replies)
        dependencies = Dependencies(
            catalogues=self._keeper.overlays,
            overlay=self._keeper.document,
            server_overlay=self._keeper.server_document,
            clock=self._clock,
            files=self._files,
            journal=self._journal,
            ledger=ledger,
            facts=self._facts,
            sure=self._be_sure_of_the_time,
            warning=self._read_settings,
            endpoint=self._endpoint,
            place=same_machine.place(),
            stop=self._tray.stop,
            sees=self._sees,
        )
        handler = RequestHandler(self._loop, replies, dependencies)
        self._server = SocketServer(handler.heard, handler.left)
        calls = LoopCalls(self._loop.post, self._loop.perform, self._running.call_later)
        self._controller = TrayController(self._tray, self._clock, calls, replies)
        self._loop.on_change(self._controller.changed)
        self._notices.on_action(self._controller.pressed)
        ScreenWatch(
            self._buses,
            on_change=lambda screen: self._loop.post(ScreenChanged(screen)),
            on_sleep=lambda: self._loop.post(Tick()),
            on_wake=lambda: self._loop.post(Tick()),
        )

    def live(self) -> int:
        """Run until stopped; then forget everything and leave nothing behind."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.settimeout(0)
        # One that was ignored stays so: whoever started it under nohup means it.
        for number in ENDINGS - {one for one in ENDINGS if signal.getsignal(one) == signal.SIG_IGN}:
            signal.signal(number, _ignore)  # the loop hears of them: the main thread may be deep inside a toolkit
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        thread = threading.Thread(target=self._run_loop, args=[ours], name="loop", daemon=True)
        thread.start()
        self._tray.run(lambda action: self._in_loop(self._controller.clicked, action))
        self._let_go.set()
        self._gone.wait(FAREWELL)
        return self._leave()

    def _leave(self) -> int:
        self._claim.release()
        self._alone.release()
        self._journal.info("agent %d stopped", os.getpid())
        return 0

    # The loop's thread

    def _run_loop(self, signals: socket.socket) -> None:
        asyncio.set_event_loop(self._running)
        self._running.add_reader(signals, self._heard_signal, signals)
        try:
            self._running.run_until_complete(self._guarded(self._serve()))
        finally:
            self._gone.set()
            self._tray.stop()
            if not self._let_go.wait(FAREWELL):
                self._journal.error("the icon does not let go, and is left behind")
                leave(self._leave())

    def _heard_signal(self, signals: socket.socket) -> None:
        if ENDINGS & {*signals.recv(4096)}:
            self._tray.stop()

    def _end(self) -> None:
        """Stop serving, whether or not the main thread comes back from the icon."""
        self._in_loop(self._stopped.set)

    async def _serve(self) -> None:
        self._keeper.watch(Path(own).parent for own in self._catalogues.paths(None, None))
        await self._guarded(self._look())
        await self._server.open(self._claim.listener)
        self._journal.info("agent %d of trayexec %s listens, tray %s", os.getpid(), __version__, self._tray.name)
        self._alone.tell(self._claim.path)
        if self._alone.trouble is not None:
            self._journal.warning("callers with another environment may not find it: %s", self._alone.trouble)
        self._options.ready()
        self._workers.sessions.submit(
            _learn, paths.stored_path(self._options.environ), SystemKeychain(self._options.environ)
        )
        works = (self._keep_looking(), self._look_when_written(), self._buses.keep())
        extra = [self._start(work) for work in works]
        await self._stopped.wait()
        self._loop.post(Lock())
        # Before the server closes, for which waits who stops us: what was written under --live a moment ago goes home.
        await self._guarded(self._keeper.keep())
        self._keeper.close()
        self._server.close()
        self._endpoint.close()
        for task in extra:
            task.cancel()
        await asyncio.gather(*extra, return_exceptions=True)
        await self._loop.drain()
        await self._buses.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return self._running.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A part that breaks is logged; the others go on."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 — indestructible: the icon or the lock watch may fail, credentials not
            self._mishap(error)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            await self._guarded(self._be_sure_of_the_time())
            await self._guarded(self._look())
            if not self._claim.holds():
                self._journal.error("the socket is gone, and so nobody can ask any more")
                self._tray.stop()
            if not self._alone.renew(self._claim.path):
                self._journal.error("there is another agent of this user by now")
                self._tray.stop()

    async def _look_when_written(self) -> None:
        """What is written, under --live or by its owner, is taken notice of as soon as its writer has finished."""
        while True:
            await self._keeper.written()
            await self._guarded(self._look())

    async def _look(self) -> None:
        """Read what has changed: our settings and the agent's own pair of AWS files."""
        self._read_settings()
        broker = self._loop.broker
        identities, warning = broker.identities, None
        try:
            await self._keeper.keep()
            catalogue = await self._files.run(self._catalogues.load, USUAL)
            identities = catalogue.identities
        except TrayexecError as error:
            warning = error.trouble
        event = Configured(identities, self._settings.settings, self._settings.warning or warning)
        if (event.identities, event.settings, event.warning) != (broker.identities, broker.settings, broker.warning):
            self._loop.post(event)

    # The time

    async def _be_sure_of_the_time(self) -> None:
        """Where the machine may have slept unnoticed, ask AWS what time it is, before anything is handed out."""
        if not self._clock.doubtful:
            return
        asking = self._asking_time
        if asking is None or (asking.done() and self._running.time() - self._asked_time_at > AGAIN):
            self._asked_time_at = self._running.time()
            asking = self._asking_time = self._start(self._ask_time())
        await asyncio.wait([asking], timeout=SURE)

    async def _ask_time(self) -> None:
        phases = self._loop.broker.phases.items()
        opened = next(((one.endpoint, phase.session) for one, phase in phases if isinstance(phase, Open)), None)
        if opened is not None and self._sts.done():
            await self._running.run_in_executor(self._workers.sessions, self._sts.result().ask_date, *opened)
            self._loop.post(Tick())

    def _post_in_time(self, event: Event) -> None:
        """Post, but not before the time is known where something is asked."""
        if isinstance(event, Ask) and self._clock.doubtful:
            self._start(self._post_later(event))
        else:
            self._loop.post(event)

    async def _post_later(self, event: Event) -> None:
        await self._be_sure_of_the_time()
        self._loop.post(event)

    def _read_settings(self) -> Trouble | None:
        """Put our settings in force as they are now, before each request too; what is wrong with them, if anything."""
        last = self._settings
        self._settings = settings_file.refresh(paths.settings_path(self._options.environ), last)
        if self._settings is not last:
            self._dialogs.prefer(_method(self._settings.settings))
            broker = self._loop.broker
            others = None if broker.warning == last.warning else broker.warning
            settings, warning = self._settings.settings, self._settings.warning or others
            self._loop.post(Configured(broker.identities, settings, warning))
        return self._settings.warning

    # What the parts tell us

    def _mishap(self, error: BaseException) -> None:
        """A bug: the log gets its kind and its place, never its words, which may hold anything."""
        self._journal.error("mishap", exc_info=error)

    # The callers' files, in their workers

    def _paths(self, where: Surroundings) -> tuple[str, str]:
        return self._catalogues.paths(where.config, where.shared, where.home)

    def _sees(self, where: Surroundings, sight: Sight) -> None:
        """Raises TrayexecError (`elsewhere`) for a caller who has other files of these names than we."""
        for mark, path in zip((sight.config, sight.shared), self._paths(where), strict=True):
            if mark is not None and not same_machine.same(sight.boot, mark, path):
                raise TrayexecError(messages.elsewhere(path))

    def _tell(self, text: Text) -> None:
        self._journal.info("%s", text)
        notice = Notice("files", Text("Your AWS files"), text)
        if not self._running.is_closed():
            self._running.call_soon_threadsafe(self._loop.perform, Show(notice))

    # Odds and ends

    def _in_loop(self, call: Callable[..., None], *arguments: str) -> None:
        if not self._running.is_closed():
            self._running.call_soon_threadsafe(call, *arguments)

    def _facts(self) -> AgentFacts:
        environ = self._options.environ
        display = "there" if sys.platform != "linux" or on_screen(environ) else ""
        read = paths.settings_path(environ)
        return AgentFacts(os.getpid(), __version__, self._tray.name, self._dialogs.name, read, display)

    def _warm(self) -> "Future[Sts]":
        """Botocore takes a quarter of a second to load: start now, so that the first code does not wait for it."""
        clock = self._clock

        def build() -> Sts:
            from trayexec.adapters.sts import BotoSts, Limits  # noqa: PLC0415 — in the worker, not before the socket listens

            sts = BotoSts(clock, limits=Limits(at_once=ASSUMING + SESSIONS), dated=clock.told)
            gc.freeze()  # what was loaded stays: going through it again and again holds up everybody for 30 ms
            return sts

        return self._workers.sessions.submit(build)


def _ignore(*_: object) -> None:
    """For signals that the loop is told of: Python tells nobody of one that has no handler."""


def _learn(path: str, keychain: SystemKeychain) -> None:
    """See under which names keys are stored: by a former version, or taken out with the desktop's own program."""
    with suppress(TrayexecError, OSError):
        before = stored_keys.read(path)
        stored = keychain.names()
        if stored is not None:
            stored_keys.settle(path, stored, before=before)


def _remember(path: str, name: str, arn: str | None) -> None:
    """Keep what was learned of stored keys for whoever reads the AWS files; a full disk must stop nobody."""
    known = stored_keys.read(path).get(name)
    with suppress(OSError):
        if arn is None and known is not None:
            stored_keys.forget(path, name)
        elif arn is not None and arn != known:
            stored_keys.note(path, name, arn)


def _pool(size: int, name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix=name)


def _method(settings: Settings) -> str:
    """The way to ask for the code, as the dialogs take it."""
    return shlex.join(settings.prompt.argv) if isinstance(settings.prompt, Command) else settings.prompt.value


def _exchange() -> HttpExchange:
    from trayexec.adapters.http import H11Exchange  # noqa: PLC0415 — most days nobody wants the endpoint

    return H11Exchange()


def tell_ready(descriptor: int) -> Callable[[], None]:
    """What writes one line to `descriptor` and closes it: whoever started us reads it, or the error instead."""

    def ready() -> None:
        os.write(descriptor, b"listening\n")
        os.close(descriptor)

    return ready


def leave(status: int) -> None:
    """End the process now: a worker may be waiting for AWS, and nobody waits for it any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)

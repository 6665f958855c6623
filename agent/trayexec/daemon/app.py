"""The composition root: the one place that knows every part, and wires them by hand."""

import asyncio
import gc
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec import __version__
from trayexec.adapters import quiet_programs, settings_file, stored_keys
from trayexec.adapters.aws_files import AwsFiles, files_of_this_user
from trayexec.adapters.bus.buses import Buses, buses_of
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.desktop_actions import DesktopActions
from trayexec.adapters.dialogs.choose import Dialogs
from trayexec.adapters.dialogs.sheet import on_screen
from trayexec.adapters.harden import harden
from trayexec.adapters.idle import IdleTime
from trayexec.adapters.instance import AgentLock, Claim, adopted, claim
from trayexec.adapters.journal import open_journal
from trayexec.adapters.key_commands import ChildKeyCommands
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.ledger import FileLedger
from trayexec.adapters.notifications.choose import choose as choose_notices
from trayexec.adapters.processes import running as still_running
from trayexec.adapters.providers import BotoProviders
from trayexec.adapters.providers.tokens import BotoSignIns
from trayexec.adapters.screenlock import ScreenWatch
from trayexec.adapters.tray.choose import choose as choose_tray
from trayexec.adapters.tray.supervised import SupervisedTray
from trayexec.core import messages
from trayexec.core.broker import handover
from trayexec.core.broker.events import KeptQuiet, NoteVerdict, ScreenChanged, Show, Tick
from trayexec.core.broker.first_uses import FirstUses
from trayexec.core.broker.permissions import seconds
from trayexec.core.broker.status import AgentFacts
from trayexec.core.config.profiles import Catalogue
from trayexec.core.config.surroundings import USUAL, FileMarks, Surroundings
from trayexec.core.container_credentials import HttpExchange
from trayexec.core.ports import Entry, Notice, Sts, Tray, Verdict
from trayexec.core.settings import Command, LoadedSettings, Settings
from trayexec.daemon import replacement
from trayexec.daemon.container_endpoint import ContainerEndpoint, Records
from trayexec.daemon.file_workers import THREADS, FileWorkers
from trayexec.daemon.ledger_writer import LedgerWriter
from trayexec.daemon.lifecycle import Lifecycle, Parts, call_in
from trayexec.daemon.loop import Loop, Ports, Workers
from trayexec.daemon.replacement import Descriptors
from trayexec.daemon.replies import Replies
from trayexec.daemon.request_handler import Dependencies, RequestHandler
from trayexec.daemon.settings_in_force import SettingsInForce
from trayexec.daemon.socket_server import SocketServer
from trayexec.daemon.stamps import utc
from trayexec.daemon.succession import Succession
from trayexec.daemon.tasks import Tasks
from trayexec.daemon.time_check import TimeCheck
from trayexec.daemon.tray_controller import LoopCalls, TrayController
from trayexec.light import agent_environment, agent_record, context, own_command, paths, protocol, same_machine
from trayexec.light.durations import format_duration
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import speaker, take_times
from trayexec.live.keeper import OverlayKeeper
from trayexec.live.overlays import OverlayInputs

if TYPE_CHECKING:
    from logging import Logger


# AssumeRole calls at once. STS takes hundreds a second. Where it takes 50 and refuses the rest for the moment, 16
# bring 100 roles home; of 24 some fail, as what is tried again is refused again. A thread costs 0.1 MiB.
ASSUMING = 16
SESSIONS = 2  # other calls of STS at once, and of the keychain
DESKTOP = 4  # things at once that the menu leads to outside: a console may wait for a person


class Visibility(Enum):
    """Whether the agent is to show itself."""

    TRAY = "with an icon"
    HEADLESS = "without"


@dataclass(frozen=True, slots=True)
class StartOptions:
    """How the agent is started: where its environment points, whom to tell once it listens, whose place it takes."""

    environ: Mapping[str, str]
    visibility: Visibility
    ready: Callable[[], None]
    inherited: Descriptors | None = None


def run(options: StartOptions) -> int:
    """Be the agent until told to stop. Returns the exit status.

    Raises TrayexecError when it cannot start: another one runs, the folder is not trusted, the settings are wrong.
    """
    harden()
    take_times()
    environ = options.environ
    for name in protocol.PROXY_VARIABLES:
        os.environ.pop(name, None)  # each request says its own; botocore would take these where one has none
    settings = settings_file.refresh(paths.settings_path(environ), None)
    alone = AgentLock(Path(agent_record.record(environ)))
    socket = Path(paths.socket_path(environ))
    agent_record.check(str(socket.parent), environ)
    if not environ.get("TRAYEXEC_SOCKET"):  # a private one that somebody wanted is nobody else's
        agent_record.check(environ.get("XDG_RUNTIME_DIR", ""), environ)
        if options.inherited is None:
            alone.take()
        elif options.inherited.alone >= 0:
            alone.adopt(options.inherited.alone)
    buses = buses_of(environ)
    seen, session = (environ, buses.session) if options.visibility is Visibility.TRAY else ({}, None)
    found = _Found(
        settings=settings,
        alone=alone,
        claim=_claim(socket, options.inherited),
        journal=open_journal(Path(paths.log_path(environ))),
        buses=buses,
        tray=choose_tray(seen, session, speaker(environ)),
    )
    return _build(options, found).live()


def _claim(socket: Path, inherited: Descriptors | None) -> Claim:
    if inherited is None:
        return claim(socket)
    return adopted(socket, listener=inherited.listener, lock=inherited.lock)


@dataclass(frozen=True, slots=True)
class _Found:
    """What had to be opened, read or tried before there can be an agent."""

    settings: LoadedSettings
    alone: AgentLock
    claim: Claim
    journal: "Logger"
    buses: Buses
    tray: Tray


def _build(options: StartOptions, found: _Found) -> Lifecycle:
    """Every part, each after those that it needs."""
    environ, journal, speak = options.environ, found.journal, speaker(options.environ)

    def mishap(error: BaseException) -> None:
        """A bug: the log gets its kind and its place, never its words, which may hold anything."""
        journal.error("mishap", exc_info=error)

    running, stopped = asyncio.new_event_loop(), asyncio.Event()
    tray = SupervisedTray(found.tray, mishap=mishap, ending=partial(call_in, running, stopped.set))
    tasks = Tasks(mishap)
    clock, keychain, idle = SystemClock(), SystemKeychain(environ), IdleTime(environ, found.buses)
    dialogs = Dialogs(_method(found.settings.settings), environ, speak)
    notifications = choose_notices(environ, journal, found.buses.session, speak)
    workers = Workers(roles=_pool(ASSUMING, "roles"), sessions=_pool(SESSIONS, "sessions"))
    sts = workers.sessions.submit(_load_sts, clock)
    stored_path, settings_path = paths.stored_path(environ), paths.settings_path(environ)
    quiet_path = paths.quiet_path(environ)

    catalogues = files_of_this_user(environ)
    ledger = LedgerWriter(FileLedger(Path(paths.ledger_path(environ))).write)
    replies = Replies()
    loop = Loop(
        Ports(
            clock=clock,
            sts=sts,
            keychain=keychain,
            key_commands=ChildKeyCommands(environ),
            providers=BotoProviders(environ, clock),
            sign_ins=BotoSignIns(environ, clock),
            prompter=dialogs,
            notifier=notifications,
            running=still_running,
            idle=idle.seconds,
            remember=partial(_remember, stored_path),
            learn=catalogues.learn,
            unlearn=catalogues.unlearn,
            note_verdict=partial(_note_verdict, ledger, clock),
            keep_quiet=partial(_keep_quiet, quiet_path),
        ),
        workers,
        answer=replies.send,
        mishap=mishap,
    )
    loop.broker = replace(loop.broker, first_uses=FirstUses(quiet=frozenset(quiet_programs.read(quiet_path))))
    if options.inherited is not None:
        _inherit(loop, options.inherited, clock)
    succession = Succession(
        loop,
        clock,
        journal,
        words=("--headless",) if options.visibility is Visibility.HEADLESS else (),
        stop=tray.stop,
    )
    time = TimeCheck(clock, loop, sts, workers.sessions, tasks)
    settings = SettingsInForce(
        found.settings,
        refresh=partial(settings_file.refresh, settings_path),
        prefer=lambda new: dialogs.prefer(_method(new)),
        loop=loop,
    )

    def tell(text: Text) -> None:
        journal.info("%s", text)
        call_in(running, loop.perform, Show(Notice("files", Text("Your AWS files"), text)))

    def facts() -> AgentFacts:
        display = "there" if sys.platform != "linux" or on_screen(environ) else ""
        held = loop.keys.held
        return AgentFacts(os.getpid(), __version__, tray.name, dialogs.name, settings_path, display, held)

    files = FileWorkers(_pool(THREADS, "files"), partial(_paths, catalogues))
    inputs = OverlayInputs(
        catalogues,
        own_command.command(),
        agent_environment.session_of(environ),
        groups=lambda: [f"@{name}" for name in settings.loaded.settings.groups],
        tell=tell,
    )
    keeper = OverlayKeeper(Path(paths.live_folder(environ)), inputs, running, files.run)

    endpoint = ContainerEndpoint(Records(clock, ledger, journal), _exchange, time.post, replies)
    dependencies = Dependencies(
        catalogues=keeper.overlays,
        overlay=keeper.document,
        server_overlay=keeper.server_document,
        clock=clock,
        files=files,
        journal=journal,
        ledger=ledger,
        facts=facts,
        sure=time.be_sure,
        warning=settings.read,
        endpoint=endpoint,
        place=context.place(),
        stop=tray.stop,
        restart=succession.begin,
        sees=partial(_sees, catalogues),
    )
    handler = RequestHandler(loop, replies, dependencies)
    server = SocketServer(handler.heard, handler.left)
    desktop = DesktopActions(
        environ,
        settings_path,
        str(paths.log_path(environ)),
        tell=lambda notice: call_in(running, loop.perform, Show(notice)),
        login=lambda at_login: call_in(running, controller.starts_at_login, at_login),
        speak=speak,
    )
    own = _pool(DESKTOP, "desktop")  # a program that hangs there keeps nobody else waiting

    def outside(verb: str, what: str) -> None:
        own.submit(desktop.do, verb, what)

    def show_own_files(catalogue: Catalogue | None) -> None:
        controller.read(catalogue)
        own.submit(desktop.look)

    calls = LoopCalls(loop.post, loop.perform, running.call_later, outside)
    controller = TrayController(tray, clock, calls, replies)
    loop.on_change(controller.changed)
    notifications.on_action(controller.pressed)
    ScreenWatch(
        found.buses,
        on_change=lambda screen: loop.post(ScreenChanged(screen)),
        on_sleep=lambda: loop.post(Tick()),
        on_wake=lambda: loop.post(Tick()),
    )
    return Lifecycle(
        Parts(
            journal=journal,
            running=running,
            stopped=stopped,
            tasks=tasks,
            tray=tray,
            clicked=controller.clicked,
            claim=found.claim,
            alone=found.alone,
            ready=options.ready,
            loop=loop,
            server=server,
            endpoint=endpoint,
            flush_ledger=ledger.flush,
            keeper=keeper,
            settings=settings,
            time=time,
            succession=succession,
            heard_files=(*catalogues.paths(None, None), settings_path, stored_path, str(found.claim.path)),
            read_own_files=partial(files.run, catalogues.load, USUAL),
            show_own_files=show_own_files,
            learn_stored_keys=partial(workers.sessions.submit, _learn, stored_path, keychain),
            keep_desktop=partial(_keep, found, idle),
            close_desktop=partial(_close, found.buses, idle),
        )
    )


async def _keep(found: _Found, idle: IdleTime) -> None:
    """Hold what connects us with the desktop. Who watches for idle time may have to begin before it is asked."""
    if found.settings.settings.idle_lock is not None:
        await idle.seconds()
    await found.buses.keep()


async def _close(buses: Buses, idle: IdleTime) -> None:
    await idle.close()
    await buses.close()


def _inherit(loop: Loop, inherited: Descriptors, clock: SystemClock) -> None:
    """Go on with what the agent before has left."""
    former = handover.read(replacement.handed(inherited.handed), clock.now())
    loop.broker = handover.inherit(loop.broker, former)
    for name, keys in former.held.items():
        loop.keys.hold(name, keys)


def _paths(files: AwsFiles, where: Surroundings) -> tuple[str, str]:
    return files.paths(where.config, where.shared, where.home)


def _sees(files: AwsFiles, where: Surroundings, marks: FileMarks) -> None:
    """Raises TrayexecError (`elsewhere`) for a caller who has other files of these names than we."""
    for mark, path in zip((marks.config, marks.shared), _paths(files, where), strict=True):
        if mark is not None and not same_machine.same(marks.boot, mark, path):
            raise TrayexecError(messages.elsewhere(path))


def _load_sts(clock: SystemClock) -> Sts:
    """Botocore takes a quarter of a second to load: before the first code, which then does not wait for it."""
    from trayexec.adapters.sts import BotoSts, Limits  # noqa: PLC0415 — in the worker, not before the socket listens

    sts = BotoSts(clock, limits=Limits(at_once=ASSUMING + SESSIONS), dated=clock.told)
    gc.freeze()  # what was loaded stays: going through it again and again holds up everybody for 30 ms
    return sts


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


def _keep_quiet(path: str, programs: tuple[KeptQuiet, ...]) -> None:
    """Write down of which programs a person wants to hear no more; a full disk must stop nobody."""
    with suppress(OSError):
        quiet_programs.add(path, programs)


def _note_verdict(ledger: LedgerWriter, clock: SystemClock, noted: NoteVerdict) -> None:
    """Keep a person's answer: what was allowed, and for how long, or that nobody answered."""
    asked, caller = noted.asked, noted.asked.caller
    said = "nobody" if noted.verdict is None else noted.verdict.value
    if noted.verdict is Verdict.FOR_A_TIME and asked.guard is not None:
        said = f"for {format_duration(seconds(asked.guard))}"
    at = utc(int(clock.now().wall))
    ledger.note(Entry(at, asked.profile.name, "confirm", caller.pid, caller.program, said, caller.parents))


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

"""Gathers what the checks look at. It asks nobody for anything, changes nothing, and is done within seconds."""

import os
import shutil
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trayexec import __version__
from trayexec.adapters import desktop_parts, file_trust, settings_file
from trayexec.adapters.autostart import StartAtLogin
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.harden import seal
from trayexec.adapters.keychain import SystemKeychain
from trayexec.adapters.providers.failures import has_crt
from trayexec.adapters.sts import BotoSts, KeyCheck, Limits, Route
from trayexec.commands import agent_start, autostart
from trayexec.commands.agent_request import ask
from trayexec.commands.doctor.facts import Agent, Asked, Facts, Here, Other
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.credentials import LongTermKeys
from trayexec.core.settings import Settings
from trayexec.light import (
    agent_connection,
    agent_environment,
    agent_record,
    context,
    paths,
    private_files,
    protocol,
    stderr,
)
from trayexec.light.errors import Text, TrayexecError, Trouble
from trayexec.light.translate import speaker
from trayexec.live.without_agent import FilesHere, files_of

PROBE = 64 * 1024  # bytes that must have room in the state folder
PATIENT = 1.0  # seconds without an answer of AWS until we say what we wait for
DEADLINE = 8.0  # seconds until we go on without it
LIMITS = Limits(connect=3.0, read=4.0, tries=1)


def gather(environ: Mapping[str, str]) -> Facts:
    """Everything, from the caller's environment; what goes wrong on the way is a fact, too."""
    seal()
    read = _read(environ)
    settings = _settings(environ)
    names = () if isinstance(read, Trouble) else tuple(dict.fromkeys(one.keys for one in read.catalogue.identities))
    programs = {} if isinstance(settings, Trouble) else dict(_programs(names, settings, environ))
    agent = _agent(environ)
    held = agent.held if isinstance(agent, Agent) else ()
    keys = _keys([name for name in names if name not in programs and name not in held], environ)
    asked = () if isinstance(read, Trouble) else _asked(read, keys, environ)
    where = () if isinstance(read, Trouble) else read.paths
    state = paths.state_folder(environ)
    socket = paths.socket_path(environ)
    return Facts(
        version=__version__,
        environ=environ,
        socket=socket,
        agent=agent,
        others=tuple(one for one in _others(socket, environ) if not isinstance(agent, Agent) or one.pid != agent.pid),
        here=Here(context.has_display(environ), _has_terminal()),
        settings_path=paths.settings_path(environ),
        settings=settings,
        state_folder=state,
        unfit=_unfit(Path(state)),
        read=read,
        absent=tuple(path for path in where if not Path(path).exists()),
        keys=keys,
        programs=programs,
        asked=asked,
        loose=tuple(path for path in where if _is_loose(path)),
        doubted={path: why for path in where if (why := file_trust.doubt(path)) is not None},
        has_crt=has_crt(),
        autostart=_autostart(environ),
        parts=desktop_parts.look(agent_start.environment(environ)),
    )


def _autostart(environ: Mapping[str, str]) -> StartAtLogin | Trouble:
    try:
        return autostart.look(environ)
    except TrayexecError as error:
        return error.trouble


def _agent(environ: Mapping[str, str]) -> Agent | Trouble | None:
    try:
        answer = ask(protocol.status(context.surroundings(environ)), environ)
        document = None if answer is None else protocol.read_status(answer)
    except agent_connection.AgentAbsentError:
        return None
    except TrayexecError as error:
        return error.trouble
    if document is None:
        return None
    said = document["agent"]
    opened = tuple(str(one["name"]) for one in document["identities"] if one["phase"] == "open")
    return Agent(
        version=str(said["version"]),
        pid=int(said["pid"]),
        tray=str(said["tray"]),
        prompt=str(said["prompt"]),
        settings=str(said.get("settings", "")),
        display="display" not in said,
        open=opened,
        held=tuple(str(one.get("keys")) for one in document["identities"] if one.get("keys_from") == "memory"),
    )


def _others(mine: str, environ: Mapping[str, str]) -> Iterator[Other]:
    """Whoever else listens where an agent of this user can be, whatever its environment was."""
    bare = {name: value for name, value in environ.items() if name != "TRAYEXEC_SOCKET"}
    known = {os.path.realpath(mine)}
    for place in agent_record.places(bare):
        if os.path.realpath(place) in known:
            continue
        known.add(os.path.realpath(place))
        with suppress(TrayexecError, KeyError, TypeError, ValueError):
            answer = ask(protocol.status({}), {**bare, "TRAYEXEC_SOCKET": place})
            if answer is not None:
                yield Other(place, int(protocol.read_status(answer)["agent"]["pid"]))


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _settings(environ: Mapping[str, str]) -> Settings | Trouble:
    try:
        return settings_file.load(paths.settings_path(environ))
    except TrayexecError as error:
        return error.trouble


def _unfit(folder: Path) -> str | None:
    """Why nothing can be written there; None when it can. The folder itself may still have to be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        private_files.probe(str(folder), PROBE)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _read(environ: Mapping[str, str]) -> FilesHere | Trouble:
    try:
        return files_of(environ)
    except TrayexecError as error:
        return error.trouble


def _is_loose(path: str) -> bool:
    with suppress(OSError):
        there = Path(path).stat()
        return bool(stat.S_IMODE(there.st_mode) & 0o077) and there.st_uid == os.geteuid()
    return False


def _programs(names: Sequence[str], settings: Settings, environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Where the agent finds the programs that print keys. None of them is run: they may ask a person."""
    path = agent_environment.search_path(environ.get("PATH", ""))
    for name in names:
        command = settings.keys_command(name)
        if command is not None:
            yield name, shutil.which(command.argv[0], path=path)


def _keys(names: Sequence[str], environ: Mapping[str, str]) -> dict[str, LongTermKeys | Trouble]:
    found: dict[str, LongTermKeys | Trouble] = {}
    for name in names:
        try:
            found[name] = SystemKeychain(environ).peek(name)
        except TrayexecError as error:
            found[name] = error.trouble
            if error.trouble.code.startswith("keychain_"):  # it is the keychain's, and will be the same for the next
                return {**dict.fromkeys(names, error.trouble), **found}
    return found


# AWS


@dataclass(slots=True)
class _Question:
    """One question to STS, and what has come of it so far."""

    keys_of: str
    endpoint: StsEndpoint
    keys: LongTermKeys
    way: Route | None = None
    answer: KeyCheck | Trouble | None = None

    def put(self, sts: BotoSts) -> None:
        """Ask; runs in a thread of its own, as the look-up of a name cannot be given a deadline."""
        try:
            self.way = sts.way(self.endpoint)
            self.answer = sts.look(self.endpoint, self.keys, self.keys_of)
        except TrayexecError as error:
            self.answer = error.trouble


def _asked(
    read: FilesHere, keys: Mapping[str, LongTermKeys | Trouble], environ: Mapping[str, str]
) -> tuple[Asked, ...]:
    """Each pair of keys, shown to STS once at each place where a profile uses it; all at the same time."""
    wanted = dict.fromkeys((one.keys, one.endpoint) for one in read.catalogue.identities)
    questions = [
        _Question(name, endpoint, pair) for name, endpoint in wanted if isinstance(pair := keys.get(name), LongTermKeys)
    ]
    sts = BotoSts(SystemClock(), limits=LIMITS)
    threads = [threading.Thread(target=one.put, args=(sts,), daemon=True) for one in questions]
    for one in threads:
        one.start()
    begun = time.monotonic()
    _wait(threads, begun + PATIENT)
    if any(one.is_alive() for one in threads):
        stderr.say(speaker(environ)(Text("asking AWS STS whose keys these are…")))
        _wait(threads, begun + DEADLINE)
    return tuple(Asked(one.keys_of, one.endpoint, one.way, one.answer) for one in questions)


def _wait(threads: Sequence[threading.Thread], until: float) -> None:
    for one in threads:
        one.join(max(0.0, until - time.monotonic()))

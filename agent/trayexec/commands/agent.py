"""`agent`: in the foreground, or started and stopped in the background."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.commands import agent_request, agent_start
from trayexec.commands.reading import Options
from trayexec.core.shell_words import word
from trayexec.light import (
    agent_connection,
    agent_environment,
    context,
    exits,
    own_command,
    paths,
    private_files,
    protocol,
    stderr,
)
from trayexec.light.errors import Text, TrayexecError, Trouble, trouble
from trayexec.light.translate import speaker

if TYPE_CHECKING:
    from typing import NoReturn


STOP = 10.0  # seconds until we stop believing that it ends
REPLACED = 60.0  # seconds until we stop believing that another one takes its place
STOP_UNKNOWN = 2.0  # the same for an agent of another version, which may not have understood
OTHER_VERSION = {"protocol", "version"}  # codes of what such an agent's answer comes to
PYTHONS_OWN = {signal.SIGPIPE, signal.SIGXFSZ}  # ignored by Python itself


def agent(options: Options, environ: Mapping[str, str]) -> int:
    """`agent`, `agent start`, `agent stop`."""
    if options.what == "start":
        return _start(environ)
    if options.what == "stop":
        return _stop(environ)
    if options.what == "restart":
        return _restart(environ)
    return _foreground(options, environ)


def _foreground(options: Options, environ: Mapping[str, str]) -> int:
    if not options.isolated:
        _isolate(options, environ)
    from trayexec.daemon import app, lifecycle, replacement  # noqa: PLC0415 — the whole agent

    def hello() -> None:
        if sys.stderr.isatty():
            stderr.say(speaker(environ)(Text("the agent listens; Ctrl-C stops it and forgets everything")))

    if options.ready_fd is not None:
        _begin_afresh()
    private_files.sweep(paths.state_folder(environ))
    ready = hello if options.ready_fd is None else app.tell_ready(options.ready_fd)
    visibility = app.Visibility.HEADLESS if options.headless else app.Visibility.TRAY
    try:
        inherited = replacement.descriptors_of(options.inherit) if options.inherit else None
        status = app.run(app.StartOptions(agent_environment.of(environ), visibility, ready, inherited))
    except TrayexecError as error:
        if options.ready_fd is None:
            if error.trouble.code == "already_running" and not options.headless:
                _show(environ)
            raise
        speak = speaker(environ)
        what = error.trouble
        os.write(options.ready_fd, f"{what.code}\n{speak(what.title)}\n{speak(what.hint)}\n".encode())
        return exits.FAILED
    lifecycle.leave(status)
    return status


def _show(environ: Mapping[str, str]) -> None:
    """Let the agent that runs bring its question to the front: who starts a second one looks for it."""
    with suppress(TrayexecError, OSError):
        agent_request.ask(protocol.show(), environ)


def _isolate(options: Options, environ: Mapping[str, str]) -> "NoReturn":
    """Begin again, in the same process, with an interpreter that neither the environment nor the folder bends.

    Whoever starts an agent by hand has a shell with whatever is in it, and our own start scripts cannot be isolated:
    installers write their first line. Nothing of the agent has been loaded until then.
    """
    argv = [*own_command.again(), "agent", "--isolated"]
    argv += ["--headless"] if options.headless else []
    argv += ["--ready-fd", str(options.ready_fd)] if options.ready_fd is not None else []
    env = agent_start.environment(environ)
    os.chdir("/")
    sys.stdout.flush()
    os.execve(argv[0], argv, env)  # noqa: S606 — ourselves, once more


def _begin_afresh() -> None:
    """Hear every signal: what a command ignored or blocked that needed an agent says nothing about the agent.

    A shell's background job and nohup(1) do that, and it is inherited. The agent is everybody's, and outlives both.
    """
    for number in set(signal.Signals) - PYTHONS_OWN:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _start(environ: Mapping[str, str]) -> int:
    speak = speaker(environ)
    try:
        agent_connection.connect(environ).close()
    except agent_connection.AgentAbsentError:
        agent_start.start(environ).close()
        stderr.say(speak(Text("the agent is running")))
    else:
        stderr.say(speak(Text("the agent is running already")))
    return exits.OK


def _stop(environ: Mapping[str, str]) -> int:
    speak = speaker(environ)
    stopped = 0
    for connection in agent_connection.everyone(environ):
        path = str(connection.getpeername())
        seconds = STOP
        try:
            for line in agent_connection.ask(connection, protocol.stop(), patience=STOP):
                agent_connection.outcome(line)
        except TrayexecError as error:
            if error.trouble.code == "agent_silent":
                raise TrayexecError(_unstoppable(path)) from None
            if error.trouble.code not in OTHER_VERSION:
                raise
            seconds = STOP_UNKNOWN  # whether it has understood us is told by whether it goes
        connection.close()
        _await_end(path, environ, seconds)
        stopped += 1
    if stopped:
        stderr.say(speak(Text("the agent has stopped and forgotten everything")))
    else:
        stderr.say(speak(Text("no agent is running")))
    return exits.OK


def _restart(environ: Mapping[str, str]) -> int:
    """Have the agent become what is installed now. Raises TrayexecError, also where it knows of no such wish."""
    speak = speaker(environ)
    try:
        connection = agent_connection.connect(environ)
    except agent_connection.AgentAbsentError:
        return _start(environ)
    try:
        for line in agent_connection.ask(connection, protocol.restart(), patience=REPLACED):
            agent_connection.outcome(line)
    except TrayexecError as error:
        if error.trouble.code in OTHER_VERSION:
            raise TrayexecError(_older()) from None
        if error.trouble.code != "agent_gone":
            raise
    finally:
        connection.close()
    said = agent_request.ask(protocol.status(context.surroundings(environ)), environ)
    if said is None:
        raise TrayexecError(_gone())
    document = protocol.read_status(said)
    stderr.say(speak(Text("the agent is version {version} now", version=document["agent"]["version"])))
    return exits.OK


def _gone() -> Trouble:
    return trouble(
        "agent_gone",
        "The agent has ended, and no other one has taken its place.",
        "Its log says why: `trayexec agent start` starts one, and the next command asks for a code.",
    )


def _older() -> Trouble:
    return trouble(
        "restart_unknown",
        "The agent is of an older version, which cannot hand its sessions over.",
        "End it, which forgets them: `trayexec agent stop`. The next command starts the new one.",
    )


def _await_end(path: str, environ: Mapping[str, str], seconds: float) -> None:
    """Wait until nobody listens there. Raises TrayexecError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            agent_connection.connect_to(path, environ).close()
        except TrayexecError:
            return
        time.sleep(agent_start.POLL)
    raise TrayexecError(_unstoppable(path))


def _unstoppable(path: str) -> Trouble:
    return trouble(
        "agent_silent",
        "The agent does not stop.",
        "End its process, whose number is in its lock file: `kill -9 $(cat {lock})`",
        lock=word(str(Path(path).with_suffix(".lock"))),
    )

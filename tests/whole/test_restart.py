"""An agent gives way to the version that is installed now: nobody is asked for a code, and nobody finds no agent."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.desktop import eventually
from support.processes import ended
from support.rig import Rig

# An agent that looks often whether another version is installed: whether this file has been written; and is patient.
AGENT = """
import os, sys
from trayexec.light import own_command
own_command.installed_file = lambda: sys.argv[1]
import trayexec.daemon.app as app
import trayexec.daemon.lifecycle as lifecycle
import trayexec.daemon.socket_server as socket_server

lifecycle.CHECK = 0.2
lifecycle.FAREWELL = socket_server.HELLO = socket_server.SETTLING = 60.0
lifecycle.leave(app.run(app.StartOptions(os.environ, app.Visibility.HEADLESS, lambda: print("ready", flush=True))))
"""


def log_of(rig: Rig) -> str:
    """The agent's log."""
    return rig.desk.home("home/.local/state/trayexec/agent.log").read_text()


def starts(rig: Rig) -> int:
    """How many agents have listened here."""
    return log_of(rig).count(" listens, tray ")


@contextlib.contextmanager
def agent_of(rig: Rig, installed: Path) -> Iterator["subprocess.Popen[str]"]:
    """An agent that gives way once this file is another one."""
    installed.write_text("old")
    out, err = subprocess.PIPE, subprocess.DEVNULL
    argv = [sys.executable, "-c", AGENT, str(installed)]
    with ended(subprocess.Popen(argv, env=rig.env, stdout=out, stderr=err, text=True)) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "ready\n"
        yield agent


def test_what_is_open_goes_on_without_a_code(rig: Rig) -> None:
    """In the same process, which listens at the same place; roles are assumed anew from the session."""
    rig.unlock()
    before = rig.agent_pid
    ends = rig.status()["identities"][0]["expires_at"]
    done = rig.run("agent", "restart")
    assert done.status == 0, done.err
    assert "the agent is version" in done.err
    assert rig.agent_pid == before
    assert rig.run("account-a", "--no-wait", "--", "true").status == 0
    assert rig.status()["identities"][0]["expires_at"] == ends
    assert (rig.sim.count("GetSessionToken"), starts(rig)) == (1, 2)
    assert rig.run("agent", "restart").status == 0
    assert rig.run("account-b", "--no-wait", "--", "true").status == 0
    assert (rig.sim.count("GetSessionToken"), starts(rig)) == (1, 3)


def test_nobody_finds_no_agent_meanwhile(rig: Rig) -> None:
    """Who comes while it changes waits in the socket, and starts no second one."""
    rig.unlock()
    pid = rig.agent_pid
    restart = rig.start("agent", "restart")
    callers = [rig.start("account-a", "--", "true") for _ in range(8)]
    assert [one.wait(60) for one in callers] == [0] * 8
    assert restart.wait(60) in {0, 125}  # it may have come while they waited for the role
    assert rig.agent_pid == pid
    assert rig.sim.count("GetSessionToken") == 1


def test_nothing_secret_is_left_in_what_others_can_read(rig: Rig) -> None:
    """Neither the command line nor the environment of the new one has it."""
    rig.unlock()
    rig.run("agent", "restart")
    assert rig.run("account-a", "--no-wait", "--", "true").status == 0
    process = Path(f"/proc/{rig.agent_pid}")
    secrets = [key.secret.encode() for key in rig.sim.world.keys.values()]
    for name in ("cmdline", "environ"):
        said = (process / name).read_bytes()
        assert not [one for one in secrets if one in said]


def test_who_waits_is_not_left_alone(rig: Rig) -> None:
    """A restart that would lose somebody's question is refused, and says so; the question goes on."""
    waiting = rig.start("account-a", "--", "true")
    eventually("the question", lambda: rig.phase() == "prompting")
    refused = rig.run("agent", "restart")
    assert (refused.status, "Somebody waits" in refused.err) == (125, True)
    assert rig.auth().status == 0
    assert waiting.wait(60) == 0


def test_keys_in_memory_go_along(bare: Rig) -> None:
    """They are nowhere else."""
    key = bare.sim.world.user_key()
    env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
    assert bare.run("keys", "add", "default", "--env", "--memory", env=env).status == 0
    assert bare.run("agent", "restart").status == 0
    bare.unlock()
    assert bare.run("account-a", "--", "true").status == 0


def test_without_an_agent_one_is_started(rig: Rig) -> None:
    """As by `agent start`."""
    done = rig.run("agent", "restart")
    assert (done.status, "the agent is running" in done.err) == (0, True)


@pytest.mark.parametrize("waits", [False, True])
def test_another_version_that_is_installed_takes_over_by_itself(rig: Rig, tmp_path: Path, *, waits: bool) -> None:
    """Once it lies there unchanged, and nobody waits."""
    installed = tmp_path / "__init__.py"
    with agent_of(rig, installed) as agent:
        waiting = None
        if waits:
            waiting = rig.start("account-a", "--", "true")
            eventually("the question", lambda: rig.phase() == "prompting")
        else:
            rig.unlock()
        installed.write_text("another one")
        if waiting is not None:
            for _ in range(4):
                rig.status()
            assert starts(rig) == 1
            assert rig.auth().status == 0
            assert waiting.wait(60) == 0

        def used() -> bool:
            rig.run("account-a", "--no-wait", "--", "true")  # with what happens it looks, else every 15 seconds
            return starts(rig) == 2

        eventually("the next agent", used)
        assert rig.agent_pid == agent.pid
        assert rig.run("account-a", "--no-wait", "--", "true").status == 0
        assert rig.sim.count("GetSessionToken") == 1
        rig.run("agent", "stop")


def test_who_has_come_gets_an_answer(rig: Rig, tmp_path: Path) -> None:
    """An agent that gives way hangs up on nobody, and a lock that it hears so late still counts."""
    with (
        agent_of(rig, tmp_path / "__init__.py"),
        socket.socket(socket.AF_UNIX) as asking,
        socket.socket(socket.AF_UNIX) as locking,
    ):
        rig.unlock()
        for one in (asking, locking):
            one.connect(str(rig.socket))
            one.sendall(b'{"v":1,')
        rig.status()  # whoever came before it is in by now
        restart = rig.start("agent", "restart")
        eventually("the agent to give way", lambda: "takes this agent's place" in log_of(rig))
        for one, op in ((asking, "status"), (locking, "lock")):
            one.sendall(f'"op":"{op}"}}\n'.encode())
            one.settimeout(60)
            assert b'"ok"' in one.recv(65536)
        assert restart.wait(60) == 0
        assert (starts(rig), rig.phase()) == (2, "locked")
        rig.run("agent", "stop")

"""One agent per socket: how it starts, what it refuses to start on, how it ends."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from awssim import Kind
from support.desktop import eventually
from support.others import NOBODY, mode, needs_root, processes_of, unprivileged
from support.processes import alive, ended
from support.rig import COMMAND, Rig, holder, listens


def agents(rig: Rig) -> list[int]:
    """The agents that run in this rig's private folder."""
    return [pid for pid, argv in processes_of(rig.desk.folder).items() if "agent" in argv]


@needs_root  # others cannot see the environment of an agent, by which it is found here
def test_forty_starts_make_one_agent(bare: Rig) -> None:
    """However many start it at once, one agent comes of it, and every starter is content."""
    starters = [bare.start("agent", "start") for _ in range(40)]
    said = [starter.communicate(timeout=60)[1] for starter in starters]
    assert [starter.returncode for starter in starters] == [0] * 40, set(said)
    eventually("one agent to be left", lambda: agents(bare) == [bare.agent_pid])


def test_a_killed_agent_is_no_trouble_for_the_next(rig: Rig) -> None:
    """After kill -9 the next command starts another agent, on the socket that was left behind."""
    rig.answer_by_itself()
    first = rig.start_agent()
    os.kill(first, signal.SIGKILL)
    eventually("the agent to die", lambda: not alive(first))
    assert rig.socket.is_socket()
    done = rig.run("account-a", "--", "true")
    assert done.status == 0, done.err
    assert rig.agent_pid not in {0, first}


def test_a_second_agent_names_the_first(bare: Rig) -> None:
    """`trayexec agent` beside a running one says so; the first goes on."""
    pid = bare.start_agent()
    done = bare.run("agent", "--headless")
    assert done.status == 125
    assert f"already running (pid {pid})" in done.err
    assert bare.agent_pid == pid


def test_agent_start_and_stop_say_what_is(bare: Rig) -> None:
    """Both are content when there is nothing to do; after stop nothing is left."""
    assert bare.run("agent", "stop").status == 0
    assert bare.run("agent", "start").status == 0
    assert bare.run("agent", "start").err == "trayexec: the agent is running already\n"
    pid = bare.agent_pid
    assert bare.run("agent", "stop").status == 0
    eventually("the agent to end", lambda: not alive(pid))
    assert not bare.socket.exists()
    assert bare.run("lock").status == 0
    assert not bare.agent_pid


def test_what_it_makes_is_private(bare: Rig) -> None:
    """Folder 0700, socket, lock and log 0600, no core dump; whatever the umask was."""
    process = subprocess.run(
        ["sh", "-c", f"umask 000; exec '{sys.executable}' -m trayexec agent start"],
        env=bare.env,
        check=False,
        capture_output=True,
        timeout=30,
    )
    assert process.returncode == 0
    assert mode(bare.socket.parent) == 0o700
    assert mode(bare.socket) == mode(bare.socket.with_suffix(".lock")) == 0o600
    assert mode(bare.desk.home("home/.local/state/trayexec/agent.log")) == 0o600
    assert mode(bare.desk.home("home/.local/state/trayexec")) == 0o700
    limits = Path(f"/proc/{bare.agent_pid}/limits").read_text()
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]


def test_a_folder_that_was_open_is_closed(bare: Rig) -> None:
    """A folder of ours that others may look into is closed to them."""
    bare.socket.parent.mkdir(mode=0o755)
    bare.start_agent()
    assert mode(bare.socket.parent) == 0o700


def as_made(path: Path) -> tuple[int, int, int]:
    """Which file it is and how it was made; following a link would change the time of its last reading."""
    seen = path.lstat()
    return seen.st_ino, seen.st_mode, seen.st_mtime_ns


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link", "link"])
def test_what_stands_in_the_sockets_place_is_left_alone(bare: Rig, kind: str) -> None:
    """What is no socket is not ours to remove: the command says what is in the way."""
    bare.socket.parent.mkdir(mode=0o700)
    target = bare.write("target", "precious")
    match kind:
        case "file":
            bare.socket.write_text("precious")
        case "folder":
            bare.socket.mkdir()
        case "link":
            bare.socket.symlink_to(target)
        case _:
            bare.socket.symlink_to("nowhere")
    before = as_made(bare.socket)
    done = bare.run("account-a", "--", "true")
    assert done.status == 125
    assert str(bare.socket) in done.err
    assert "TRAYEXEC_SOCKET" in done.err
    assert "Traceback" not in done.err
    assert as_made(bare.socket) == before
    assert target.read_text() == "precious"


@pytest.mark.parametrize("kind", ["link", "file", "group", "world"])
def test_a_folder_that_cannot_be_trusted_is_refused(bare: Rig, kind: str) -> None:
    """A link, a file, or a folder that others may write to: no agent starts in it, and the sentence says why."""
    folder = bare.socket.parent
    match kind:
        case "link":
            bare.desk.home("elsewhere").mkdir(mode=0o700)
            folder.symlink_to(bare.desk.home("elsewhere"))
        case "file":
            folder.write_text("")
        case "group":
            folder.mkdir()
            folder.chmod(0o770)
        case _:
            folder.mkdir()
            folder.chmod(0o707)
    for words in (["account-a", "--", "true"], ["agent", "--headless"]):
        done = bare.run(*words)
        assert done.status == 125
        assert str(folder) in done.err
        assert "Traceback" not in done.err
    assert not bare.agent_pid


@needs_root
def test_a_folder_of_somebody_elses_is_refused(bare: Rig) -> None:
    """Who owns the folder could put another socket there."""
    bare.socket.parent.mkdir(mode=0o700)
    os.chown(bare.socket.parent, NOBODY, NOBODY)
    done = bare.run("account-a", "--", "true")
    assert done.status == 125
    assert "belongs to another user" in done.err
    assert not list(bare.socket.parent.iterdir())


def test_a_path_too_long_for_a_socket_is_said(bare: Rig) -> None:
    """Both ends name the limit and the way out."""
    long = str(bare.desk.home("x" * 100) / "agent.sock")
    for words in (["account-a", "--", "true"], ["agent", "--headless"], ["agent", "start"]):
        done = bare.run(*words, env={"TRAYEXEC_SOCKET": long})
        assert done.status == 125
        assert "107 bytes" in done.err
        assert "Traceback" not in done.err
    assert not Path(long).parent.exists()


@pytest.mark.parametrize("env", [{"TRAYEXEC_NO_AUTOSTART": "1"}, {"TRAYEXEC_SOCKET": "{folder}/named.sock"}])
def test_no_agent_is_started_where_that_is_not_wanted(bare: Rig, env: dict[str, str]) -> None:
    """A named socket, or TRAYEXEC_NO_AUTOSTART=1: the command fails at once and says how to start one."""
    env = {name: value.format(folder=bare.desk.folder) for name, value in env.items()}
    done = bare.run("account-a", "--", "true", env=env)
    assert done.status == 125
    assert "trayexec agent start" in done.err
    assert not bare.socket.exists()
    assert not (bare.desk.folder / "named.sock").exists()


@pytest.mark.parametrize("name", ["{folder}/named.sock", "named.sock", "sub/named.sock"])
def test_a_named_socket_is_used_by_both_ends(bare: Rig, name: str) -> None:
    """TRAYEXEC_SOCKET names the socket, from the caller's own folder when it is relative."""
    here = bare.desk.home("here")
    (here / "sub").mkdir(parents=True, mode=0o700)
    here.chmod(0o700)
    env = {"TRAYEXEC_SOCKET": name.format(folder=here)}
    started = bare.run("agent", "start", env=env, cwd=here)
    assert started.status == 0, started.err
    pid = holder((here / name.format(folder=here)).with_suffix(".lock"))
    assert pid
    assert bare.run("status", "--json", env=env, cwd=here).json["agent"]["pid"] == pid
    assert bare.run("agent", "stop", env=env, cwd=here).status == 0
    assert not bare.socket.exists()


@pytest.mark.parametrize("runtime", [None, "", "relative/run"])
def test_without_a_runtime_folder_the_state_folder_has_the_socket(bare: Rig, runtime: str | None) -> None:
    """As DESIGN 3.7 says; a relative XDG_RUNTIME_DIR is to be ignored (XDG base directory specification)."""
    env = {"XDG_RUNTIME_DIR": runtime}
    assert bare.run("status", env=env).status == 0
    there = bare.desk.home("home/.local/state/trayexec/agent.sock")
    assert there.is_socket()
    assert mode(there.parent) == 0o700
    assert bare.run("agent", "stop", env=env).status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(rig: Rig, number: signal.Signals) -> None:
    """TERM, INT and HUP: exit status 0, the socket gone, the session forgotten."""
    agent = rig.foreground_agent()
    rig.unlock()
    agent.send_signal(number)
    assert agent.wait(10) == 0
    assert not rig.socket.exists()
    assert rig.run("account-a", "--no-wait", "--", "true").status == 125


SHELTERED = ("sh", "-c", 'trap "" HUP INT QUIT; exec "$@"', "sh")  # as nohup(1) and a shell's background jobs are


def test_what_is_ignored_at_its_start_does_not_end_it(rig: Rig) -> None:
    """`nohup trayexec agent &` stays when the terminal goes; TERM ends it as ever."""
    argv = [*SHELTERED, *COMMAND, "agent", "--headless"]
    with ended(subprocess.Popen(argv, env=rig.env, cwd=rig.desk.home("home"))) as agent:
        eventually("the agent to listen", lambda: listens(rig.socket))
        rig.unlock()
        agent.send_signal(signal.SIGHUP)
        agent.send_signal(signal.SIGINT)
        assert rig.run("account-a", "--no-wait", "--", "true").status == 0
        assert rig.agent_pid == agent.pid  # and no new one
        agent.terminate()
        assert agent.wait(10) == 0


def test_one_that_a_command_started_hears_all_signals(bare: Rig) -> None:
    """Whatever the command ignores or blocks that happened to need an agent: it serves everybody from then on."""
    blocking = (
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]);"
        " os.execv(sys.argv[1], sys.argv[1:])"
    )
    argv = [*SHELTERED, sys.executable, "-I", "-S", "-c", blocking, *COMMAND, "status"]
    subprocess.run(argv, env=bare.env, capture_output=True, check=True, timeout=60)
    lines = Path(f"/proc/{bare.agent_pid}/status").read_text().splitlines()
    fields = dict(line.split(":\t") for line in lines)
    pythons_own = (1 << signal.SIGPIPE - 1) | (1 << signal.SIGXFSZ - 1)
    assert (int(fields["SigIgn"], 16), int(fields["SigBlk"], 16)) == (pythons_own, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_heard_while_a_code_is_awaited(rig: Rig, number: signal.Signals) -> None:
    """The dialog goes, and whoever waited is told at once."""
    sleeper = rig.write("sleeper", "#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    rig.settings(f'[prompt]\nmethod = ["{sleeper}"]\n')
    agent = rig.foreground_agent()
    waiter = rig.start("account-a", "--", "true")
    eventually("the prompt", lambda: rig.phase() == "prompting")
    agent.send_signal(number)
    assert agent.wait(10) == 0
    _, said = waiter.communicate(timeout=10)
    assert waiter.returncode == 125
    assert "locked while this waited" in said
    eventually(
        "the prompt's program to end", lambda: not [a for a in processes_of(rig.desk.folder).values() if "60" in a]
    )


def test_a_signal_is_heard_while_aws_is_awaited(rig: Rig) -> None:
    """A call that hangs does not keep the agent alive."""
    rig.sim.fault(Kind.DELAY, "GetSessionToken", seconds=30)
    agent = rig.foreground_agent()
    giver = rig.start("auth", "--code-stdin")
    assert giver.stdin is not None
    giver.stdin.write(f"{rig.sim.code()}\n")
    giver.stdin.close()
    eventually("the call", lambda: rig.phase() == "opening")
    begun = time.monotonic()
    agent.terminate()
    assert agent.wait(10) == 0
    assert time.monotonic() - begun < 8
    assert giver.wait(10) == 125
    assert not rig.socket.exists()


PEEP = """\
import re, sys
with open(f"/proc/{sys.argv[1]}/maps") as maps, open(f"/proc/{sys.argv[1]}/mem", "rb") as mem:
    start, end = re.search(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps.read(), re.M).groups()
    mem.seek(int(start, 16))
    print(len(mem.read(16)))
"""


def test_its_memory_cannot_be_read_by_the_same_user(bare: Rig) -> None:
    """What another program of the user reads out of an ordinary process, it cannot out of an agent."""
    folder = bare.desk.home("nobodys")
    folder.mkdir()
    if os.geteuid() == 0:
        for place in (bare.desk.folder, bare.desk.home("home"), bare.desk.home("tmp")):
            place.chmod(0o777)
        os.chown(folder, NOBODY, NOBODY)
    named = folder / "trayexec" / "agent.sock"
    env = {**bare.env, "TRAYEXEC_SOCKET": str(named), "XDG_STATE_HOME": str(folder), "HOME": str(folder)}
    victim = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    agent = [sys.executable, "-m", "trayexec", "agent", "--headless"]
    with (
        ended(subprocess.Popen(unprivileged(victim), env=env, stdout=subprocess.PIPE)) as ordinary,
        ended(subprocess.Popen(unprivileged(agent), env=env, cwd=folder)) as ours,
    ):
        try:
            assert ordinary.stdout is not None
            ordinary.stdout.readline()
            eventually("the agent to listen", lambda: listens(named))
            peep = [sys.executable, "-c", PEEP]

            def look(pid: int) -> subprocess.CompletedProcess[str]:
                argv = unprivileged([*peep, str(pid)])
                return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)

            assert look(ordinary.pid).stdout == "16\n"
            refused = look(ours.pid)
            assert refused.returncode == 1
            assert "PermissionError" in refused.stderr
            assert refused.stdout == ""
        finally:
            ordinary.kill()
            ours.terminate()


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_leaves_no_core(rig: Rig, number: signal.Signals) -> None:
    """Even where the shell allows core dumps of any size, none is written."""
    line = 'ulimit -c unlimited; exec "$@"'
    argv = ["bash", "-c", line, "sh", sys.executable, "-m", "trayexec", "agent", "--headless"]
    with ended(subprocess.Popen(argv, env=rig.env, cwd=rig.desk.home("home"))) as agent:
        eventually("the agent to listen", lambda: listens(rig.socket))
        rig.unlock()
        agent.send_signal(number)
        status = os.waitid(os.P_PID, agent.pid, os.WEXITED)
        assert status is not None
        assert status.si_code == os.CLD_KILLED  # and not CLD_DUMPED
    assert not list(rig.desk.folder.glob("**/core*"))


def test_a_stale_socket_of_nobody_is_replaced(bare: Rig) -> None:
    """A bound socket that nobody serves, without any lock, is what a crash leaves."""
    bare.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(bare.socket))
    assert bare.run("status").status == 0
    assert bare.agent_pid


@pytest.mark.parametrize("lost", ["socket", "folder"])
def test_an_agent_without_its_socket_makes_room(rig: Rig, lost: str) -> None:
    """When a tidy-up takes the socket or its folder away, the agent forgets and ends, and the next command works."""
    rig.answer_by_itself()
    first = rig.start_agent()
    if lost == "socket":
        rig.socket.unlink()
    else:
        shutil.rmtree(rig.socket.parent)
    done = rig.run("account-a", "--", "true")
    assert done.status == 0, done.err
    assert rig.agent_pid not in {0, first}
    eventually("the first agent to end", lambda: not alive(first))
    assert rig.run("account-b", "--no-wait", "--", "true").status == 0, "its end has not taken the new socket away"


ASKING = (["status"], ["list"], ["lock"], ["account-a", "--", "true"])


Call = tuple[list[str], subprocess.Popen[str]]


def begin(rig: Rig, *calls: list[str]) -> list[Call]:
    """Begin these calls side by side."""
    return [(words, rig.start(*words)) for words in calls]


def ends(calls: list[Call]) -> list[tuple[list[str], int, str]]:
    """Wait for each, 40 seconds: its exit status and what it said."""
    said = [process.communicate(timeout=40)[1] for _, process in calls]
    return [(words, process.returncode, err) for (words, process), err in zip(calls, said, strict=True)]


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that is stopped until the block ends."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def full_queue(path: Path) -> Iterator[None]:
    """As many callers before us as the system lets wait for an agent that takes none."""
    with contextlib.ExitStack() as waiting:
        with contextlib.suppress(BlockingIOError):
            while True:
                one = waiting.enter_context(socket.socket(socket.AF_UNIX))
                one.settimeout(0)
                one.connect(str(path))
        yield


def test_an_agent_that_is_stuck_keeps_nobody(rig: Rig, bare: Rig) -> None:
    """A stopped process answers nobody: who asks it is told so within seconds, and `agent stop` how to end it.

    So is who comes when a day of prompts and scripts has asked in vain, and the system lets nobody else wait.
    """
    rig.unlock()
    crowded = bare.start_agent()
    with stopped(rig.agent_pid), stopped(crowded), full_queue(bare.socket):
        begun = [*begin(rig, *ASKING), *begin(bare, *ASKING)], begin(rig, ["agent", "stop"])
        asked, ((_, stopping, how),) = map(ends, begun)
    for words, status, said in asked:
        assert status == 125, words
        assert "The agent does not answer" in said, words
    assert stopping == 125
    assert f"kill -9 $(cat {rig.socket.with_suffix('.lock')})" in how
    eventually("the agent to go on", lambda: bare.run("status").status == 0)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_first_run_with_closed_streams(rig: Rig, closed: str) -> None:
    """The agent starts and the command runs, whichever descriptors the shell left free."""
    rig.answer_by_itself()
    marker = rig.desk.home("ran")
    words = [*COMMAND, "account-a", "--", "sh", "-c", f"echo > '{marker}'"]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], env=rig.env, timeout=30, check=False)
    assert done.returncode == 0
    assert marker.exists()

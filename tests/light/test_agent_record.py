"""One agent per user, whatever the caller's environment says; and who could put a socket there is not trusted."""

import os
import pwd
import signal
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from support.desktop import eventually
from support.others import NOBODY, mode, needs_root, processes_of
from support.processes import alive, ended
from support.rig import COMMAND, Done, Rig, end_process
from trayexec.light import agent_record


def bare_shells(rig: Rig) -> dict[str, dict[str, str]]:
    """Environments of one user, as cron, ssh, tmux, `su -` and the desktop have them: HOME is all that they share."""
    home = rig.env["HOME"]
    other = rig.desk.home("other")
    other.mkdir(mode=0o700, exist_ok=True)
    minimal = {"HOME": home, "PATH": "/usr/bin:/bin"}
    return {
        "desktop": dict(rig.env),
        "cron": {**minimal, "SHELL": "/bin/sh", "LOGNAME": "me"},
        "env -i": {"HOME": home},
        "su -": {**minimal, "USER": "me", "TERM": "xterm", "MAIL": "/var/mail/me"},
        "tmux of yesterday": {**rig.env, "XDG_RUNTIME_DIR": str(other / "gone")},
        "another runtime folder": {**rig.env, "XDG_RUNTIME_DIR": str(other)},
        "another state folder": {**minimal, "XDG_STATE_HOME": str(other)},
        "a relative runtime folder": {**minimal, "XDG_RUNTIME_DIR": "run"},
    }


SHELLS = (
    *("desktop", "cron", "env -i", "su -", "tmux of yesterday"),
    *("another runtime folder", "another state folder", "a relative runtime folder"),
)


def run_in(env: Mapping[str, str], *words: str) -> Done:
    """`trayexec WORDS…` with this environment and nothing else."""
    done = subprocess.run(
        [*COMMAND, *words], env=dict(env), capture_output=True, text=True, timeout=60, check=False, cwd="/"
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


def pid_in(env: Mapping[str, str]) -> int:
    """Which agent a shell with this environment reaches."""
    done = run_in(env, "status", "--json")
    assert done.status == 0, done.err
    return int(done.json["agent"]["pid"])


@pytest.mark.parametrize("first", SHELLS)
def test_every_shell_reaches_the_same_agent(bare: Rig, first: str) -> None:
    """Whoever starts it, everybody finds it, and nobody starts a second one."""
    shells = bare_shells(bare)
    assert set(shells) == set(SHELLS)
    try:
        pid = pid_in(shells[first])
        assert {name: pid_in(env) for name, env in shells.items()} == dict.fromkeys(shells, pid)
    finally:
        run_in(shells[first], "agent", "stop")
    eventually("the agent to end", lambda: not alive(pid))


def test_lock_and_stop_reach_it_from_everywhere(rig: Rig) -> None:
    """Both are for emergencies: they cannot miss the agent because of a variable."""
    rig.unlock()
    shells = bare_shells(rig)
    assert run_in(shells["cron"], "lock").status == 0
    assert rig.phase() == "locked"
    pid = rig.agent_pid
    assert run_in(shells["env -i"], "agent", "stop").status == 0
    eventually("the agent to end", lambda: not alive(pid))
    for env in shells.values():
        assert "no agent is running" in run_in(env, "lock").err


@pytest.mark.parametrize("kind", ["too long", "a file", "for all to write"])
def test_a_place_that_cannot_be_used_is_no_reason_to_miss_it(rig: Rig, kind: str) -> None:
    """A shell whose runtime folder is no good is told so; but what was to be locked is locked, and the agent ends."""
    rig.unlock()
    place = rig.desk.home("x" * 120 if kind == "too long" else "odd")
    if kind == "a file":
        place.write_text("")
    elif kind == "for all to write":
        place.mkdir()
        place.chmod(0o777)
    odd: dict[str, str | None] = {"XDG_RUNTIME_DIR": str(place)}
    told = rig.run("lock", env=odd)
    assert told.status == 125
    assert str(place) in told.err
    assert rig.phase() == "locked"
    pid = rig.agent_pid
    assert rig.run("agent", "stop", env=odd).status == 125
    eventually("the agent to end", lambda: not alive(pid))


@needs_root  # others cannot see the environment of an agent, by which it is found here
def test_a_hundred_starts_from_everywhere_make_one(bare: Rig) -> None:
    """At once, from all kinds of shells: one agent comes of it, and every starter is content."""
    shells = list(bare_shells(bare).values())
    argv = [*COMMAND, "agent", "start"]
    seen: set[int] = set()
    with ExitStack() as stack:
        starters = []
        for number in range(100):
            env = shells[number % len(shells)]
            starter = ended(subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True, cwd="/"))
            starters.append(stack.enter_context(starter))
        while any(starter.poll() is None for starter in starters):
            seen |= agents_of(bare)
        said = {starter.communicate(timeout=120)[1] for starter in starters}
    assert {starter.returncode for starter in starters} == {0}, said
    assert seen | agents_of(bare) == {pid_in(bare.env)}, "a hundred that come up at once keep each other from it"
    run_in(bare.env, "agent", "stop")


def agents_of(rig: Rig) -> set[int]:
    """Every agent of this home, of those that were started for somebody and those that come up."""
    home = f"HOME={rig.env['HOME']}".encode()
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                leads = os.getsid(int(entry.name)) == int(entry.name)  # what an agent is about to start does not
                if leads and b"--isolated" in words and home in (entry / "environ").read_bytes().split(b"\0"):
                    found.add(int(entry.name))
    return found


def test_a_killed_one_is_no_dead_end(bare: Rig) -> None:
    """What it left behind in the home names a socket on which nobody listens: the next command starts another."""
    shells = bare_shells(bare)
    first = pid_in(shells["desktop"])
    os.kill(first, signal.SIGKILL)
    eventually("the agent to die", lambda: not alive(first))
    second = pid_in(shells["cron"])
    assert second != first
    assert pid_in(shells["desktop"]) == second
    run_in(shells["cron"], "agent", "stop")


def test_a_private_one_stays_apart(bare: Rig) -> None:
    """A socket that somebody named is asked by who names it, and by nobody else."""
    private = {"TRAYEXEC_SOCKET": str(bare.desk.home("run/own.sock"))}
    assert bare.run("agent", "start", env=private).status == 0
    apart = bare.run("status", "--json", env=private).json["agent"]["pid"]
    usual = pid_in(bare.env)
    assert apart != usual
    assert run_in(bare.env, "agent", "stop").status == 0
    assert alive(apart)
    assert bare.run("agent", "stop", env=private).status == 0


@pytest.mark.parametrize("lost", ["file", "folder", "full"])
def test_it_does_without_a_home_to_write_in(bare: Rig, lost: str) -> None:
    """Where no word can be left, the agent serves whoever finds its socket, and its log says so."""
    state = bare.desk.home("home/.local/state")
    match lost:
        case "file":
            (state / "trayexec").write_text("")
        case "folder":
            Path(agent_record.record(bare.env)).mkdir(parents=True)
        case _:
            (state / "trayexec").symlink_to("/dev/full")
    pid = pid_in(bare.env)
    assert pid_in(bare.env) == pid
    assert bare.run("agent", "stop").status == 0


def test_word_that_is_lost_is_given_again(bare: Rig) -> None:
    """A tidy-up of the home takes it away; within seconds it is there again."""
    pid = pid_in(bare.env)
    record = Path(agent_record.record(bare.env))
    assert agent_record.recorded(str(record)) == [str(pid), str(bare.socket)]
    assert mode(record) == 0o600
    record.unlink()
    eventually("the word to be there", lambda: agent_record.recorded(str(record)) == [str(pid), str(bare.socket)])
    assert pid_in({"HOME": bare.env["HOME"]}) == pid


@pytest.mark.parametrize("kind", ["group", "world", pytest.param("other", marks=needs_root)])
@pytest.mark.parametrize("which", ["runtime", "ours"])
def test_a_folder_that_others_rule_is_refused_at_both_ends(bare: Rig, kind: str, which: str) -> None:
    """The runtime folder, and ours in it: who may write there could put a socket there. Without it, it works."""
    pid = pid_in(bare.env)
    folder = bare.socket.parent if which == "ours" else bare.socket.parent.parent
    if kind == "other":
        os.chown(folder, NOBODY, -1)
    else:
        folder.chmod(0o770 if kind == "group" else 0o707)
    refused = bare.run("account-a", "--no-wait", "--", "true")
    assert refused.status == 125
    assert f"cannot be trusted: {folder} (" in refused.err
    assert "XDG_RUNTIME_DIR" in refused.err or which == "ours"
    end_process(pid)
    refused = bare.run("agent", "--headless")
    assert refused.status == 125
    assert str(folder) in refused.err
    without = bare.run("status", "--json", env={"XDG_RUNTIME_DIR": None})
    assert without.status == 0, without.err
    assert bare.run("agent", "stop", env={"XDG_RUNTIME_DIR": None}).status == 0


def test_a_home_of_somebody_elses_is_not_ours(tmp_path: Path) -> None:
    """After `su` or `sudo`, HOME may be another user's: then the user list says which is ours."""
    true_home = pwd.getpwuid(os.geteuid()).pw_dir
    assert agent_record.own_home({"HOME": str(tmp_path)}) == str(tmp_path)
    for strange in ("/proc/sys", "", "relative", str(tmp_path / "gone")):
        expected = strange if strange == "/proc/sys" and os.geteuid() == 0 else true_home
        assert agent_record.own_home({"HOME": strange}) == expected
    assert agent_record.own_home({}) == true_home
    assert agent_record.record({"HOME": str(tmp_path), "XDG_STATE_HOME": "/elsewhere"}).startswith(
        f"{tmp_path}/.local/state/"
    )
    assert not agent_record.runtime_folder({"HOME": str(tmp_path)})


def test_doctor_names_another_one(bare: Rig) -> None:
    """One of an older version, say, that knows nothing of a single agent: it is named, and `agent stop` reaches it."""
    pid_in(bare.env)
    here = bare.desk.home("home/.local/state/trayexec/agent.sock")
    here.parent.mkdir(mode=0o700, exist_ok=True)
    assert bare.run("agent", "start", env={"TRAYEXEC_SOCKET": str(here)}).status == 0
    older = bare.run("status", "--json", env={"TRAYEXEC_SOCKET": str(here)}).json["agent"]["pid"]
    said = bare.run("doctor").out
    assert str(here) in said
    assert str(older) in said
    assert bare.run("agent", "stop").status == 0
    eventually("both to end", lambda: not alive(older) and not bare.agent_pid)
    assert not [pid for pid, argv in processes_of(bare.desk.folder).items() if "--isolated" in argv]


def test_a_record_that_is_a_pipe_or_a_link_says_nothing(tmp_path: Path) -> None:
    """Nobody waits for what may never be written, or reads what lies elsewhere."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "there").write_text("1\n/tmp/agent.sock\n")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert agent_record.recorded(str(tmp_path / "there")) == ["1", "/tmp/agent.sock"]
    assert agent_record.recorded(str(tmp_path / "pipe")) == agent_record.recorded(str(tmp_path / "link")) == []

"""Commands that outlive their credentials: a person is told once, in time, and never of a command that has ended."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.desktop import eventually
from support.rig import COMMAND, Rig
from trayexec.core.broker.events import (
    Ask,
    Caller,
    Configured,
    Deliver,
    Event,
    Lock,
    Look,
    Looked,
    Process,
    ReplyAddress,
    Screen,
    ScreenChanged,
    Show,
    Tick,
)
from trayexec.core.broker.expiry_watch import MOST
from trayexec.core.broker.state import Broker, RoleState
from trayexec.core.broker.step import next_deadline, step
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity, Profile, Role, StsEndpoint
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.settings import OnLock, Settings
from trayexec.light.durations import WARN_AFTER, WARN_AHEAD

ENDPOINT = StsEndpoint("eu-west-1")
ALICE = Identity("default", "arn:aws:iam::111111111111:mfa/alice", None, "default", ENDPOINT)


@dataclass(slots=True)
class Machine:
    """A machine on which commands start and end, its clock, and the broker."""

    broker: Broker = field(default_factory=Broker)
    now: Instant = field(default_factory=lambda: Instant(1000.0, 2_000_000_000.0))
    running: dict[Process, Instant] = field(default_factory=dict)  # and when their credentials end
    told: list[tuple[Process, Instant]] = field(default_factory=list)
    ended: set[Process] = field(default_factory=set)
    started: int = 0

    def post(self, event: Event) -> None:
        """One event, and whatever it leads to."""
        self.broker, effects = step(self.broker, event, self.now)
        assert len(self.broker.watch.runs) <= MOST
        for effect in effects:
            if isinstance(effect, Look):
                assert len(effect.processes) <= MOST
                alive = frozenset(effect.processes) & set(self.running)
                self.post(Looked(effect.processes, alive))
            elif isinstance(effect, Show) and effect.notice.key.startswith("run:"):
                for pid, started in re.findall("([0-9]+):([0-9]+)", effect.notice.key.rpartition(":")[0]):
                    process = Process(int(pid), int(started))
                    assert process not in self.ended
                    self.told.append((process, self.now))

    def hand_out(self, life: float, *, pid: int = 4711, stays: bool = True) -> Process:
        """A command starts, and gets credentials that live so long; without `stays` it is one that passes them on."""
        self.started += 1
        ends = self.now.after(life)
        role = Role(f"arn:aws:iam::222222222222:role/{self.started}", ALICE, "me", None, 3600, ENDPOINT)
        credentials = Credentials("ASIA", Secret("s"), Secret("t"), Expiry(ends, int(ends.wall)))
        self.broker = self.broker.with_role(role, RoleState(credentials, life))
        process = Process(pid, self.started)
        caller = Caller(ReplyAddress(self.started), "terraform", pid, process=process if stays else None)
        before, self.broker = self.broker, self.broker
        self.broker, effects = step(before, Ask(caller, Profile("prod", None, role), need=0), self.now)
        assert any(isinstance(effect, Deliver) for effect in effects)
        self.running[process] = ends
        return process

    def pass_time(self, how: str, seconds: int) -> None:
        """The machine works, sleeps without a tick, or has its clock turned; or everything is locked."""
        if how == "wait":
            self.wait(seconds)
        elif how == "sleep":
            self.now = self.now.after(seconds)
        elif how == "turn":
            self.now = replace(self.now, wall=self.now.wall + seconds)
        elif how == "lock":
            self.post(Lock())

    def wait(self, seconds: float) -> None:
        """Time passes; the agent ticks as it wants to."""
        end = self.now.after(seconds)
        while (left := self.now.until(end)) > 0:
            self.now = self.now.after(min(left, next_deadline(self.broker, self.now)))
            self.post(Tick())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.sampled_from([60, 90, 605, 700, 3600, 43200])),
        st.tuples(st.just("pass on"), st.sampled_from([60, 3600])),
        st.tuples(st.just("end"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([1, 4, 30, 200, 1000, 3000])),
        st.tuples(st.just("sleep"), st.sampled_from([400, 3000, 50_000])),
        st.tuples(st.just("turn"), st.sampled_from([-7200, 300])),
        st.tuples(st.just("lock"), st.just(0)),
    ),
    max_size=14,
)


def test_several_are_told_of_at_once_and_when_somebody_is_there() -> None:
    """One notification names the commands; while the screen is locked there is none, and one afterwards."""
    machine = Machine()
    machine.post(ScreenChanged(Screen.LOCKED))
    machine.post(Configured((), Settings(on_lock=OnLock.KEEP)))
    for pid in (1, 2):
        machine.hand_out(700, pid=pid)
    machine.wait(200)
    assert not machine.told
    assert len(machine.broker.missed) == 2
    machine.post(ScreenChanged(Screen.UNLOCKED))
    assert [(process.pid, at) for process, at in machine.told] == [(1, machine.now), (2, machine.now)]
    assert not machine.broker.missed


@given(steps=STEPS)
def test_each_is_told_once_while_it_runs_and_in_time(steps: list[tuple[str, int]]) -> None:
    """Whatever starts, ends, sleeps or is locked, in any order, and whatever the clock is turned to."""
    machine = Machine()
    commands: list[Process] = []
    passing: set[Process] = set()
    for what, number in steps:
        if what == "start":
            commands.append(machine.hand_out(number, pid=100 + len(commands) % 3))  # ids are used again
        elif what == "pass on":
            passing.add(machine.hand_out(number, stays=False))
        elif what == "end" and commands:
            ended = commands[number % len(commands)]
            machine.running.pop(ended, None)
            machine.ended.add(ended)
        else:
            machine.pass_time(what, number)
    last = dict(machine.running)
    machine.wait(50_000)
    counted = Counter(process for process, _ in machine.told)
    assert all(count == 1 for count in counted.values())
    assert not passing & set(counted)
    assert set(last) - passing <= set(counted)
    assert not machine.broker.watch.runs
    if "turn" not in dict(steps):
        assert all(at.until(last[process]) <= WARN_AHEAD for process, at in machine.told if process in last)


@given(
    lives=st.lists(st.tuples(st.floats(0, 2), st.sampled_from([605, 615, 620, 700, 3600])), min_size=1, max_size=8),
    answers=st.booleans(),
)
def test_the_agent_wakes_rarely_whatever_is_due(lives: list[tuple[float, int]], *, answers: bool) -> None:
    """What is due and not settled by a look, or by one that never comes back, is no reason to look again at once.

    In any minute there are no more ticks than a second has looks, and those that every agent has.
    """
    machine = Machine()
    for pause, life in lives:
        machine.now = machine.now.after(pause)
        machine.hand_out(life)
    end, ticks = machine.now.after(700), 0
    while machine.now.until(end) > 0:
        machine.now = machine.now.after(next_deadline(machine.broker, machine.now))
        ticks += 1
        if answers:
            machine.post(Tick())
        else:
            machine.broker, _ = step(machine.broker, Tick(), machine.now)
        assert ticks <= (300 if answers else 700 + 60)


def test_what_has_ended_is_not_told_of() -> None:
    """Commands that end before their time is near are forgotten, and nothing is said."""
    machine = Machine()
    for number in range(50):
        machine.running.pop(machine.hand_out(3600, pid=number))
    assert len(machine.broker.watch.runs) == 50
    machine.wait(61)
    assert not machine.broker.watch.runs
    machine.wait(4000)
    assert not machine.told


def test_it_is_told_ten_minutes_before() -> None:
    """To the tick: ten minutes before the end; what ends sooner has a moment for itself first."""
    machine = Machine()
    long, short = machine.hand_out(3600), machine.hand_out(70)
    start = machine.now
    machine.wait(3600)
    moments = {process: start.until(at) for process, at in machine.told}
    assert moments[short] == pytest.approx(WARN_AFTER, abs=0.1)
    assert moments[long] == pytest.approx(3600 - WARN_AHEAD, abs=0.1)


def test_another_process_with_the_same_id_is_not_taken_for_it() -> None:
    """The id of a command that has ended is used again: nobody is told of the new one."""
    machine = Machine()
    first = machine.hand_out(3600, pid=4711)
    del machine.running[first]
    machine.running[Process(4711, 999)] = machine.now
    machine.wait(4000)
    assert not machine.told


def test_many_short_commands_do_not_push_out_a_long_one() -> None:
    """However many commands come and go, the one that stays is told of, and what is remembered stays bounded."""
    machine = Machine()
    terraform = machine.hand_out(3600)
    machine.wait(61)
    for number in range(3 * MOST):
        machine.running.pop(machine.hand_out(3500, pid=number))
    machine.wait(4000)
    assert [process for process, _ in machine.told] == [terraform]


# From end to end


def notified(rig: Rig, program: str) -> bool:
    """Whether a person was told of this program's credentials."""
    return re.search(f"Loses AWS at [^ ]+( [AP]M)?: {program}", rig.log) is not None


def test_a_notification_names_the_command(rig: Rig) -> None:
    """A command that still runs when its credentials are about to end is named, with its id and the way out.

    One that has ended is not, nor is `env`, whatever reads it.
    """
    rig.sim.live(role=75)
    rig.unlock()
    command = rig.start("account-a", "--", "sleep", "60")
    assert rig.run("account-b", "--", "true").status == 0
    assert rig.run("env", "account-b").status == 0
    eventually("the notice", lambda: notified(rig, "sleep"), seconds=30)
    assert f"It runs as account-a (process {command.pid})" in rig.log
    assert "--live account-a" in rig.log
    assert not notified(rig, "true")
    assert not notified(rig, "env")


CARRIER = f"""\
#!{sys.executable}
import os, socket, sys
with socket.socket(socket.AF_UNIX) as door:
    door.bind(sys.argv[1] + ".new")
    door.listen()
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    inner, _ = door.accept()
    with inner, socket.socket(socket.AF_UNIX) as outer:
        outer.connect(sys.argv[2])
        outer.sendall(inner.recv(65536))
        while said := outer.recv(65536):
            inner.sendall(said)
    door.accept()  # for as long as the connection to the other machine stays
"""


def test_what_carries_a_request_is_not_taken_for_the_command(rig: Rig) -> None:
    """Over `ssh -R` the agent sees ssh, which stays when the command over there has ended: nobody is told of that."""
    rig.sim.live(role=75)
    rig.unlock()
    carrier, door = rig.write("ssh", CARRIER), rig.desk.home("lent.sock")
    carrier.chmod(0o755)
    ssh = rig.desk.spawn([str(carrier), str(door), str(rig.socket)])
    eventually("the carrier", door.exists)
    assert rig.run("account-a", "--", "true", env={"TRAYEXEC_SOCKET": str(door)}).status == 0
    rig.start("account-b", "--", "sleep", "60")
    eventually("the notice", lambda: notified(rig, "sleep"), seconds=30)
    assert ssh.poll() is None
    assert "It runs as account-a" not in rig.log


LASTING = f"""\
#!{sys.executable}
import boto3, time
boto3.Session().get_credentials().get_frozen_credentials()
print("ready", flush=True)
time.sleep(600)
"""


def test_a_warning_names_what_waits_for_a_new_session(rig: Rig) -> None:
    """Under `--live` and `--server` commands renew by themselves, but not past the session.

    One that ended is not named, nor is a shell in which a person has looked at what `credential-process` prints.
    """
    rig.settings("[session]\nwarn = []\n")
    rig.sim.live(session=3600)
    rig.unlock()
    started = []
    for mode, name in (("--live", "lives"), ("--server", "serves"), ("--live", "ends")):
        command = rig.write(name, LASTING)
        command.chmod(0o755)
        started.append(rig.start(mode, "account-a", "--", str(command)))
        assert started[-1].stdout is not None
        assert started[-1].stdout.readline() == "ready\n"
    asked = subprocess.run(
        ["sh", "-c", '"$@"; exit $?', "sh", *COMMAND, "credential-process", "account-a"],
        env=rig.environment(),
        capture_output=True,
        check=True,
    )
    assert b"AccessKeyId" in asked.stdout
    started[-1].kill()
    started[-1].wait()
    rig.settings('[session]\nwarn = ["1h"]\n')
    assert rig.run("status").status == 0
    eventually("the warning", lambda: "A new code is needed by" in rig.log)
    (said,) = re.findall("else these wait for it: ([^.]*)[.]", rig.log)
    assert sorted(said.split(", ")) == ["lives", "serves"]


def test_need_renews_first(rig: Rig) -> None:
    """`--need 2h` asks for a code when the session has less, before the command starts; enough is not asked for."""
    rig.sim.live(session=3600)
    rig.unlock()
    rig.sim.live()
    short = rig.run("--no-wait", "--need", "50m", "account-a", "--", "true")
    assert (short.status, short.err) == (0, "")
    command = rig.start("--need", "2h", "account-a", "--", "echo", "it ran")
    assert command.stderr is not None
    assert "enter it with `trayexec auth default`" in command.stderr.readline()
    assert rig.auth().status == 0
    assert command.communicate(timeout=30)[0] == "it ran\n"
    assert rig.sim.count("GetSessionToken", "OK") == 2
    need = ("--no-wait", "--need", "2h")
    for words in ((*need, "account-a", "--", "true"), ("env", "account-a", *need)):  # a role has an hour: that is said
        done = rig.run(*words)
        assert done.status == 0
        assert "`trayexec --live account-a -- …`" in done.err
    lasting = rig.run("--no-wait", "--need", "2h", "--live", "account-a", "--", "true")
    assert (lasting.status, lasting.err) == (0, "")


def test_need_that_cannot_be_had_runs_nothing(rig: Rig) -> None:
    """Without a person to renew, a command that needs two hours is not started on one."""
    rig.sim.live(session=3600)
    rig.unlock()
    marker = rig.desk.home("ran")
    done = rig.run("--no-wait", "--need", "2h", "account-a", "--", "touch", str(marker))
    assert done.status == 125
    assert not marker.exists()
    assert "trayexec auth" in done.err

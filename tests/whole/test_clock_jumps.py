"""A real agent whose clock jumps: what is good is kept, what has ended while nobody counted is not served."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from awssim import Sim
from support.desktop import private_desktop
from support.processes import ended
from support.rig import Keyring, Rig, rig_on, world_with

HOURS = 3600 * 13

# An agent whose wall clock is ahead by what a file says.
AGENT = """
import os, sys, time
from pathlib import Path
import trayexec.adapters.clock as clock
import trayexec.daemon.app as app
import trayexec.daemon.lifecycle as lifecycle

class Time:
    def __getattr__(self, name):
        return getattr(time, name)
    def time(self):
        return time.time() + float(Path(sys.argv[1]).read_text())

clock.time = Time()
lifecycle.leave(app.run(app.StartOptions(os.environ, app.Visibility.HEADLESS, lambda: print("ready", flush=True))))
"""


@contextmanager
def agent_with(rig: Rig, ahead: Path) -> Iterator[None]:
    """That agent, unlocked and used."""
    ahead.write_text("0")
    argv = [sys.executable, "-c", AGENT, str(ahead)]
    out, err = subprocess.PIPE, subprocess.DEVNULL
    with ended(subprocess.Popen(argv, env=rig.env, stdout=out, stderr=err, text=True)) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "ready\n"
        try:
            rig.unlock()
            assert rig.run("account-a", "--no-wait", "--", "true").status == 0
            yield
        finally:
            agent.terminate()


@pytest.mark.parametrize("slept", [False, True], ids=["it was set", "it slept"])
def test_a_wall_clock_that_is_hours_ahead(keyring: Keyring, *, slept: bool) -> None:
    """AWS is asked what time it is: a clock that was set changes nothing, sleep that nobody counted ends all."""
    passed: list[float] = [0.0]
    now: Callable[[], float] = lambda: time.time() + passed[0]  # noqa: E731 — of a world in which hours pass at once
    with private_desktop() as desk, Sim(world_with(keyring.key), clock=now) as sim, rig_on(desk, sim) as rig:
        rig.store_keys()
        ahead = desk.home("ahead")
        with agent_with(rig, ahead):
            before = sim.count("GetCallerIdentity")
            passed[0] = HOURS if slept else 0.0
            ahead.write_text(str(HOURS))
            done = rig.run("account-a", "--no-wait", "--", "true")
            assert sim.count("GetCallerIdentity") == before + 1
            assert done.status == (125 if slept else 0), done.err
            assert rig.phase() == ("locked" if slept else "open")
            if not slept:
                ahead.write_text("0")
                assert rig.run("account-b", "--no-wait", "--", "true").status == 0

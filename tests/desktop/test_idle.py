"""How long nobody has used a key, as a real X server and a stand-in for Mutter tell; an agent whose machine slept."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping

import pytest

from desktop.test_screenlock import Service
from support import desktop
from support.desktop import Desktop, private_desktop
from support.processes import ended
from support.rig import Rig, rig_on
from support.wayland import compositor
from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.bus.client import Bus
from trayexec.adapters.idle import IdleTime

# An agent whose machine has slept for as many seconds as a file says.
SLEPT = """
import os, sys, time
from pathlib import Path
import trayexec.adapters.clock as clock
import trayexec.core.clock as core
import trayexec.daemon.app as app
import trayexec.daemon.lifecycle as lifecycle

now = clock.SystemClock.now
clock.SystemClock.now = lambda self: now(self).after(float(Path(sys.argv[1]).read_text()))
lifecycle.leave(app.run(app.StartOptions(os.environ, app.Visibility.HEADLESS, lambda: print("ready", flush=True))))
"""


def idle(environ: Mapping[str, str], address: str = "") -> float | None:
    """What is known on this desktop."""

    async def asked() -> float | None:
        buses = Buses(Bus(lambda: address))
        try:
            return await IdleTime(environ, buses).seconds()
        finally:
            await buses.close()

    return asyncio.run(asked())


def test_an_x_server_is_asked() -> None:
    """It counts from the last key."""
    with private_desktop() as desk:
        desk.start_display()
        desk.key("a")
        desktop.eventually("two seconds to pass", lambda: (idle(desk.env) or 0) > 2)

        def seen() -> bool:
            desk.key("b")
            return (idle(desk.env) or 0) < 2

        desktop.eventually("a key to be seen", seen)


def test_mutter_is_asked_first() -> None:
    """In milliseconds; the X server of a Wayland session sees nothing of the keys and is not asked."""
    with private_desktop() as desk:
        desk.start_bus().start_display()
        address = desk.env["DBUS_SESSION_BUS_ADDRESS"]
        answers = {"/org/gnome/Mutter/IdleMonitor/Core GetIdletime": ("t", 1_234_500)}
        mutter = Service(address, "org.gnome.Mutter.IdleMonitor", answers)
        try:
            assert idle(desk.env, address) == 1234.5
        finally:
            mutter.close()
        assert idle({**desk.env, "WAYLAND_DISPLAY": "wayland-0"}, address) is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # python-xlib leaves a socket
def test_who_can_tell_nothing_says_so() -> None:
    """No bus and no display, or a display that is not there."""
    assert idle({}) is None
    assert idle({"DISPLAY": ":64999"}) is None


def test_an_agent_that_locks_listens_from_its_start(bare: Rig) -> None:
    """A compositor tells nothing of what was before; it is left in peace where nothing is to be locked."""
    with compositor(bare.desk.home("run/wayland-1")) as said:
        bare.env["WAYLAND_DISPLAY"] = "wayland-1"
        bare.start_agent()
        assert bare.run("agent", "stop").status == 0
        assert said.clients == 0
        bare.settings('[screen]\nidle_lock = "30m"\n')
        bare.start_agent()
        desktop.eventually("the agent to listen", lambda: said.watched)
        assert bare.run("agent", "stop").status == 0


def test_a_machine_that_slept_is_locked_when_it_wakes(desk: Desktop) -> None:
    """The first request after it comes before anything else has noticed, and gets nothing."""
    with rig_on(desk) as rig:
        rig.store_keys()
        rig.settings('[screen]\nidle_lock = "30m"\n')
        slept = desk.home("slept")
        slept.write_text("0")
        argv = [sys.executable, "-c", SLEPT, str(slept)]
        out, err = subprocess.PIPE, subprocess.DEVNULL
        with ended(subprocess.Popen(argv, env=rig.env, stdout=out, stderr=err, text=True)) as agent:
            assert agent.stdout is not None
            assert agent.stdout.readline() == "ready\n"
            try:
                rig.unlock()
                slept.write_text("1200")
                assert rig.run("account-a", "--no-wait", "--", "true").status == 0
                slept.write_text("3600")
                refused = rig.run("account-a", "--no-wait", "--", "true")
                assert (refused.status, "is locked" in refused.err) == (125, True)
            finally:
                agent.terminate()

"""The icon may do what it likes: it never ends the agent, and never keeps it from ending."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from support.desktop import eventually
from support.processes import alive, ended
from support.rig import Rig
from support.trays import running, view
from trayexec.adapters.tray.supervised import SupervisedTray
from trayexec.core.view import View

# An agent whose icon hangs for ever, or breaks, as the argument says.
AGENT = """
import os, select, sys
from pathlib import Path
import trayexec.daemon.app as app
import trayexec.daemon.lifecycle as lifecycle

class Bad:
    name = "bad"
    def run(self, click):
        if sys.argv[1] == "hangs":
            while True:
                select.poll().poll()
        if sys.argv[1] == "exits":
            sys.exit("the toolkit has had enough")
        if sys.argv[1] == "raises":
            raise ValueError("filedescriptor out of range in select()")
    def show(self, view):
        if sys.argv[1] == "raises":
            raise RuntimeError("no picture")
    def stop(self):
        pass

app.choose_tray = lambda *_: Bad()
lifecycle.leave(app.run(app.StartOptions(os.environ, app.Visibility.TRAY, lambda: print("ready", flush=True))))
"""


class Moody:
    """A tray that ends in its own way, and works from the third time on."""

    def __init__(self, how: Callable[[], None]) -> None:
        self._how = how
        self._end = threading.Event()
        self.runs = 0

    @property
    def name(self) -> str:
        """`moody`."""
        return "moody"

    def run(self, click: Callable[[str], None]) -> None:
        """Fail twice, then wait."""
        self.runs += 1
        if self.runs > 2:
            click("works")
            self._end.wait()
        else:
            self._how()

    def show(self, view: View) -> None:
        """Fail too."""
        del view
        self._how()

    def stop(self) -> None:
        """End the wait."""
        self._end.set()
        self._how()


def _raise() -> None:
    raise ValueError("filedescriptor out of range in select()")


def _return() -> None:
    pass


@pytest.mark.parametrize("how", [_raise, _return], ids=["raises", "returns"])
def test_a_tray_that_fails_is_tried_again(how: Callable[[], None]) -> None:
    """Whatever it raises is told; only `stop` ends the wait."""
    told: list[BaseException] = []
    ended = threading.Event()
    moody = Moody(how)
    tray = SupervisedTray(moody, mishap=told.append, ending=ended.set, first=0.01)
    with running(tray) as clicks:
        tray.show(view())
        eventually("the third try", lambda: clicks == ["works"])
        assert tray.name == "moody"
    assert ended.is_set()
    assert tray.name == "none"
    assert all(isinstance(one, ValueError) for one in told)
    assert len(told) == (4 if how is _raise else 0)  # twice run, once shown, once stopped


@pytest.mark.parametrize("how", ["hangs", "exits", "raises", "returns"])
@pytest.mark.parametrize("end", ["signal", "stop"])
def test_a_bad_icon_neither_ends_the_agent_nor_keeps_it(rig: Rig, how: str, end: str) -> None:
    """Credentials are served, the session stays, and SIGTERM and `agent stop` end it all the same."""
    argv = [sys.executable, "-c", AGENT, how]
    out, err = subprocess.PIPE, subprocess.DEVNULL
    with ended(subprocess.Popen(argv, env=rig.env, stdout=out, stderr=err, text=True)) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "ready\n"
        rig.unlock()
        assert rig.run("account-a", "--no-wait", "--", "true").status == 0
        assert alive(agent.pid)
        if end == "signal":
            os.kill(agent.pid, signal.SIGTERM)
        else:
            done = rig.run("agent", "stop")
            assert done.status == 0, done.err
        assert agent.wait(timeout=30) == 0
    assert not rig.socket.exists()

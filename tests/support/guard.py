"""Tests stand whatever started them, and none is waited for for ever: hooks of pytest, for conftest.py.

pytest-timeout raises an exception in a test that takes too long. What then unwinds may itself wait, for a child that
nobody ends, and nothing raises any more. So beside each process that runs tests there is a small one (`watcher.py`)
that is told which test begins and ends. It names what still runs when the time is nearly over. A test that goes on
after its time loses the children that it started; if that does not help, its process is ended, with a traceback of
all its threads.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from devtools import signals
from support.processes import descendants, since_boot

WATCHER = "import sys; sys.path.insert(0, sys.argv[1]); from support import watcher; watcher.main(int(sys.argv[2]))"


def pytest_configure(config: pytest.Config) -> None:
    """In each process that runs tests."""
    workers = config.getoption("numprocesses", None)
    if workers and not hasattr(config, "workerinput"):
        return  # it only starts those that do, and hands on to them what it ignores
    signals.put_back()
    if not config.getoption("usepdb"):
        config.pluginmanager.register(Guard(), "guard")


class Guard:
    """Tells the watcher which test runs."""

    def __init__(self) -> None:
        argv = [sys.executable, "-I", "-S", "-c", WATCHER, str(Path(__file__).parents[1]), str(os.getpid())]
        # A session of its own: Ctrl-C is not for it.
        self._watcher = subprocess.Popen(argv, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Setup, body and teardown."""
        limit = _limit(item)
        if limit:
            self._tell("begin", str(limit), item.nodeid)
        try:
            return (yield)
        finally:
            self._tell("end")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """The body."""
        self._tell("body")
        return (yield)

    def pytest_unconfigure(self) -> None:
        """The run is over: whatever is left is named and ended, so that nobody waits for it either."""
        left = [one for one in descendants(os.getpid()) if one.pid != self._watcher.pid and one.state != "Z"]
        for one in left:
            sys.stderr.write(f"\nthe tests left a process behind, it is ended: {one.pid} {one.words}\n")
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one.pid, signal.SIGKILL)
        if self._watcher.stdin is not None:
            self._watcher.stdin.close()
        self._watcher.wait()

    def _tell(self, word: str, *more: str) -> None:
        if self._watcher.stdin is not None:
            line = " ".join([word, str(since_boot()), *more]).replace("\n", " ")
            self._watcher.stdin.write(line.encode(errors="replace") + b"\n")


def _limit(item: pytest.Item) -> float:
    """Seconds that pytest-timeout gives a test; 0 where it has no limit."""
    marker = item.get_closest_marker("timeout")
    if marker is not None and marker.args:
        return float(marker.args[0])
    given = item.config.getoption("timeout", None)
    return float(given if given is not None else item.config.getini("timeout") or 0)

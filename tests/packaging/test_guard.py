"""A run of tests stands whatever started it, and ends whatever hangs in it. Each test here is a small run of pytest."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
# What shells do for a background job and nohup(1) for what it starts, and a mask such as some programs leave.
SHELTERED = (
    "import os, signal, sys; some = [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP];"
    " [signal.signal(one, signal.SIG_IGN) for one in some];"
    " signal.pthread_sigmask(signal.SIG_BLOCK, [*some, signal.SIGTERM]);"
    " os.execv(sys.argv[1], sys.argv[1:])"
)


def run(folder: Path, code: str, *words: str, starter: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    """Run this code as the only test file of a run that has the hooks of ours."""
    (folder / "conftest.py").write_text("from support.guard import pytest_configure\n")
    (folder / "test_it.py").write_text(code)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "packaging")])
    plain = ["-p", "no:cacheprovider", "-p", "no:randomly", "-c", os.devnull, str(folder)]
    return subprocess.run(
        [*starter, sys.executable, "-m", "pytest", "-q", *plain, *words],
        env={**environ, "PYTHONPATH": paths},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


SIGNALS = """
import os, signal, subprocess

def test_a_child_begins_as_at_a_login():
    said = subprocess.run(["grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"], capture_output=True, text=True).stdout
    assert {int(line.split()[1], 16) for line in said.splitlines()} == {0}, said

def test_the_run_itself_keeps_what_its_starter_wanted():
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        os.kill(os.getpid(), number)
"""


@pytest.mark.parametrize("words", [[], ["-n", "1"]], ids=["one process", "a worker"])
def test_a_run_in_the_background_tests_the_same(tmp_path: Path, words: list[str]) -> None:
    """Children begin with every signal at its default and none blocked; the run itself is as sheltered as before."""
    done = run(tmp_path, SIGNALS, *words, starter=(sys.executable, "-I", "-S", "-c", SHELTERED))
    assert "2 passed" in done.stdout, done.stdout + done.stderr


WAITING = """
import subprocess

def test_that_waits_for_ever():
    child = subprocess.Popen(["sleep", "987"])
    try:
        child.wait()
    finally:
        child.wait()

def test_the_next():
    pass
"""


def test_what_a_test_waits_for_is_named_and_ended(tmp_path: Path) -> None:
    """A time-out raises in the test, which waits on for its child: without that child it fails, and the run goes on."""
    done = run(tmp_path, WAITING, "--timeout", "2")
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "test_that_waits_for_ever takes too long. Processes under" in done.stderr
    assert "sleep 987" in done.stderr


DEAF = """
import signal, time

def test_that_hears_nothing():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(987)
"""


def test_what_cannot_be_ended_is_left_with_a_traceback(tmp_path: Path) -> None:
    """Its process is ended, having said where it was: a run with workers goes on in a new one."""
    done = run(tmp_path, DEAF, "--timeout", "1")
    assert done.returncode == -signal.SIGABRT
    assert "cannot be ended" in done.stderr
    assert "in test_that_hears_nothing" in done.stderr


LEAVING = """
import subprocess

def test_that_leaves_something():
    subprocess.Popen(["sleep", "987"])
"""


def test_what_is_left_behind_is_named_and_ended(tmp_path: Path) -> None:
    """Whoever reads the output of a run waits for all that can write to it."""
    done = run(tmp_path, LEAVING)
    assert "left a process behind, it is ended" in done.stderr
    assert "sleep 987" in done.stderr

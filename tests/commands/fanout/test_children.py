"""What a command gets of the descriptors of whoever called: its three streams, and nothing else."""

import os
import subprocess
import sys

import pytest

from support.rig import COMMAND, Rig

# Says which descriptors are open, beside the one that the question itself opens, and what standard input holds.
OPEN = (
    "import os, stat; there = sorted(int(one) for one in os.listdir('/dev/fd'));"
    "print([one for one in there if one < 3 or os.path.exists(f'/dev/fd/{one}')], os.read(0, 1))"
)


def test_a_command_inherits_no_descriptor(fan: Rig) -> None:
    """A lock, say, that a script holds in descriptor 9 is not held by what it runs in the accounts."""
    ours, theirs = os.pipe()
    try:
        done = subprocess.run(
            [*COMMAND, "account-a", "account-b", "--", sys.executable, "-c", OPEN],
            env=fan.environment(),
            cwd=fan.desk.home("home"),
            pass_fds=(theirs,),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["[account-a] [0, 1, 2] b''", "[account-b] [0, 1, 2] b''"]


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_streams_that_are_closed_are_nobody_elses(fan: Rig, closed: str) -> None:
    """A pipe of ours never gets the number of a stream that the caller has closed."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, "account-a", "account-b", "--", sys.executable, "-c", OPEN],
        env=fan.environment(),
        cwd=fan.desk.home("home"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["[account-a] [0, 1, 2] b''", "[account-b] [0, 1, 2] b''"]

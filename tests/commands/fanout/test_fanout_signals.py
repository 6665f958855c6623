"""Signals reach every command, and none stays behind; a terminal is left as it was found."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from awssim.faults import Kind
from support.desktop import eventually
from support.others import processes_of
from support.processes import alive
from support.rig import COMMAND, Rig
from trayexec.light.columns import wide

# Each command starts a child of its own, tells both process ids, and waits; with IGNORE in the environment, deaf.
FAMILY = '[ -z "$IGNORE" ] || trap "" $IGNORE; sleep 300 & echo $$ $!; wait; [ -z "$IGNORE" ] || sleep 300'

# Tells its process id, and waits for a file.
WAITING = [
    *(sys.executable, "-I", "-S", "-c"),
    """import os, time
print(os.getpid(), "here", flush=True)
while not os.path.exists("go"):
    time.sleep(0.05)
print("went on")""",
]


def family(line: str) -> list[int]:
    """The process ids that FAMILY told."""
    return [int(word) for word in line.split()[-2:]]


def begin(rig: Rig, *words: str, ignore: str = "") -> tuple[subprocess.Popen[str], list[int]]:
    """Two families, running."""
    process = rig.start("account-*", *words, "--", "sh", "-c", FAMILY, env={"IGNORE": ignore})
    assert process.stdout is not None
    found = family(process.stdout.readline()) + family(process.stdout.readline())
    assert all(alive(pid) for pid in found)
    return process, found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_reaches_all_and_leaves_none(fan: Rig, number: signal.Signals) -> None:
    """Children and their children; the table still says how each ended, the status is 128 + n."""
    process, found = begin(fan)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not any(alive(pid) for pid in found)
    assert err.count("account-") == 2
    assert err.count(f"({number.name})") == 2


def test_ctrl_c_on_a_terminal(fan: Rig) -> None:
    """As a person does it."""
    terminal = fan.terminal("account-*", "--", "sh", "-c", FAMILY, env={"IGNORE": None, "TERM": "xterm"})
    found = []
    for _ in range(2):
        found += family(terminal.wait_for(r"\[account-.\]\S* +\d+ \d+"))
    terminal.type("\x03")
    status, screen = terminal.ended()
    assert status == 130
    assert not any(alive(pid) for pid in found)
    assert screen.count("(SIGINT)") == 2


def test_who_does_not_listen_is_killed(fan: Rig) -> None:
    """SIGTERM, and after some seconds SIGKILL, for the whole group."""
    process, found = begin(fan, ignore="TERM")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert not any(alive(pid) for pid in found)


def test_ctrl_c_again_is_harder(fan: Rig) -> None:
    """A person need not wait: the second is SIGTERM, the third SIGKILL."""
    process, found = begin(fan, ignore="INT TERM")
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        eventually("the signal to be taken", lambda: not pending(process.pid))
    process.communicate(timeout=8)
    assert process.returncode == 130
    assert not any(alive(pid) for pid in found)


def pending(pid: int) -> bool:
    """Whether a signal waits to be handled by this process."""
    masks = re.findall(r"(?:SigPnd|ShdPnd):\s+([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    return any(int(mask, 16) for mask in masks)


def test_a_grandchild_that_outlives_its_parent_is_ended_too(fan: Rig) -> None:
    """Also when its parent has ended well before the signal came."""
    script = "sleep 300 > /dev/null 2>&1 & echo $$ $!; [ $TRAYEXEC_PROFILE = account-a ] || sleep 300"
    process = fan.start("account-*", "--", "sh", "-c", script)
    assert process.stdout is not None
    found = family(process.stdout.readline()) + family(process.stdout.readline())
    eventually("the first to end", lambda: sum(alive(pid) for pid in found) == 3)
    process.terminate()
    process.communicate(timeout=30)
    assert not any(alive(pid) for pid in found)


def test_what_is_ignored_stays_ignored(fan: Rig) -> None:
    """Under nohup a hangup ends nothing."""
    process = fan.terminal_for(["nohup", *COMMAND, "account-*", "--", "sh", "-c", "echo $$ > pid; sleep 1; echo done"])
    eventually("a command to run", fan.desk.home("home/pid").exists)
    process.process.send_signal(signal.SIGHUP)
    assert process.ended()[0] == 0
    assert fan.desk.home("home/nohup.out").read_text().count("done") == 2


def test_a_blocked_reader_does_not_hold_us(fan: Rig) -> None:
    """Nobody reads our output: a signal still ends it."""
    process = fan.start("account-*", "--", "sh", "-c", "echo $$; yes")
    assert process.stdout is not None
    first = int(process.stdout.readline().split()[-1])
    eventually("us to be blocked", lambda: "pipe_w" in wchan(process.pid) or state(process.pid) == "S")
    process.terminate()
    assert process.wait(30) == 143
    assert not alive(first)


def wchan(pid: int) -> str:
    """What the kernel waits for on behalf of this process, where it tells."""
    return Path(f"/proc/{pid}/wchan").read_text()


def state(pid: int) -> str:
    """What proc(5) calls its state, a letter."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_ctrl_z_stops_all_and_fg_goes_on(fan: Rig) -> None:
    """Job control in a shell: the commands stand still with us, and go on with us."""
    shell = fan.terminal_for(["bash", "--norc", "--noprofile", "-i"], env={"TERM": "xterm", "PS1": "ready> "})
    shell.wait_for("ready> ")
    # No shell: one that is stopped while it starts a child waits for that in state D.
    quoted = " ".join(f"'{word}'" for word in [*COMMAND, "account-a", "account-b", "--", *WAITING])
    shell.type(f"{quoted}\n")
    found = [int(shell.wait_for(r"\]\S* +\d+ here").split()[-2]) for _ in range(2)]
    shell.type("\x1a")
    shell.wait_for("Stopped")
    eventually("both to stand still", lambda: [state(pid) for pid in found] == ["T", "T"])
    fan.write("home/go", "")
    shell.type("fg\n")
    shell.wait_for("went on")
    shell.wait_for("went on")
    shell.wait_for("SECONDS")
    shell.type("exit\n")
    assert shell.ended()[0] == 0


# On a terminal


def test_a_terminal_shows_what_goes_on_and_is_tidy_again(fan: Rig) -> None:
    """Names in colour and in columns; a status line that is cleared before each output and at the end."""
    script = "sleep 0.4; echo out; [ $TRAYEXEC_PROFILE = account-a ]"
    terminal = fan.terminal("account-a", "default", "--", "sh", "-c", script, env={"TERM": "xterm"})
    status, screen = terminal.ended()
    assert status == 123
    assert re.search(r"\r\x1b\[K2 running, 0 done, 0 failed, 0 to come: default, account-a", screen)
    assert "\x1b[0;36m[default]\x1b[0m   out\r\n" in screen
    assert "\x1b[0;33m[account-a]\x1b[0m out\r\n" in screen
    after_clearing = [line.rpartition("\x1b[K")[2] for line in screen.split("\r\n")]
    assert after_clearing[-1] == ""
    assert after_clearing[-2].startswith("trayexec: 1 of 2 failed.")
    assert after_clearing[-5].removeprefix("\x1b[1m").removesuffix("\x1b[0m").split() == [
        "PROFILE",
        "ACCOUNT",
        "STATUS",
        "SECONDS",
    ]


def test_the_status_line_never_wraps(fan: Rig) -> None:
    """However narrow the terminal is, whatever letters, and also when the output goes elsewhere."""
    line = 'stty cols 30; exec "$@" > /dev/null'
    words = [*COMMAND, "role-00*", "--", "sleep", "0.5"]
    terminal = fan.terminal_for(["sh", "-c", line, "sh", *words], env={"TERM": "xterm", "LC_ALL": "ja_JP.UTF-8"})
    status, screen = terminal.ended()
    assert status == 0
    shown = [part for part in screen.split("\r\x1b[K")[1:] if "\r" not in part]  # the table is no such line
    assert any("実行中" in part for part in shown)
    assert max(map(wide, shown)) < 30


def test_no_colour_where_none_is_wanted(fan: Rig) -> None:
    """NO_COLOR, and terminals that can do nothing."""
    _, screen = fan.terminal("account-*", "--", "echo", "x", env={"TERM": "xterm", "NO_COLOR": "1"}).ended()
    assert "[account-a] x\r\n" in screen
    assert "m[account" not in screen
    _, screen = fan.terminal("account-*", "--", "sleep", "0.5", env={"TERM": "dumb"}).ended()
    assert "\x1b" not in screen
    assert "running" not in screen


def test_a_profiles_own_colour_is_used(fan: Rig) -> None:
    """As the settings say it, by glob."""
    fan.settings('[profile."account-*"]\ncolour = "red"\n[profile."*-b"]\ncolour = "#010203"\n')
    _, screen = fan.terminal("account-*", "--", "echo", "x", env={"TERM": "xterm"}).ended()
    assert "\x1b[0;31m[account-a]" in screen
    assert "\x1b[0;38;2;1;2;3m[account-b]" in screen
    fan.settings("")


def test_many_tell_how_far_their_credentials_are(own: Rig) -> None:
    """After a second; Ctrl-C then ends it before anything has run."""
    own.unlock()
    own.sim.fault(Kind.DELAY, "AssumeRole", count=20, seconds=4)
    terminal = own.terminal("role-*", "--yes", "--", "sleep", "298", env={"TERM": "xterm"})
    terminal.wait_for("credentials: 0 of 12")
    terminal.type("\x03")
    status, screen = terminal.ended()
    assert status == 130
    assert "Traceback" not in screen
    assert not [argv for argv in processes_of(own.desk.folder).values() if "298" in argv]
    assert own.desk.home("home/.local/state/trayexec/last-fanout.json").exists()

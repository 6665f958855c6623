"""The parent that stays: signals once, the terminal's job control, the exit status."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.desktop import eventually
from support.processes import ended
from support.rig import COMMAND, Rig, Terminal

C_LIBRARYS = "0000000180000000"  # 32 and 33, which posix_spawn(3) ignores in every child: glibc keeps them for itself

# Counts what it gets; ends when its standard input does, and says what it has counted.
COUNTING = """\
import os, signal, sys, time
got = []
for number in (1, 2, 3, 10, 12, 14, 15, 18, 28):
    signal.signal(number, lambda number, _frame: got.append(number))
print(os.getpid(), flush=True)
while True:
    try:
        if not sys.stdin.read():
            break
    except InterruptedError:
        pass
print(sorted(got), flush=True)
"""

# Runs a command that stops, and wakes it when the system has just said so.
WOKEN_AT_ONCE = """\
import os, signal, sys
from trayexec.commands import foreground_child

look = os.waitpid
def look_and_wake(pid, options):
    found = look(pid, options)
    if found[0] and os.WIFSTOPPED(found[1]):
        os.kill(pid, signal.SIGCONT)
    return found

os.waitpid = look_and_wake
command = ["sh", "-c", "kill -TTIN $$; exit 7"]
sys.exit(foreground_child.run("/bin/sh", command, os.environ, beside=lambda: None))
"""


def counting(rig: Rig, *, before: str = "") -> tuple[subprocess.Popen[str], int]:
    """A command that counts signals, under `--server`, and its process id; `before` is what it does first."""
    process = rig.start("--server", "account-a", "--", sys.executable, "-I", "-S", "-c", before + COUNTING)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def counted(process: subprocess.Popen[str]) -> str:
    """What it got, once it has been let go."""
    return process.communicate("", timeout=20)[0].strip()


@pytest.mark.parametrize("number", [1, 2, 3, 10, 12, 14, 15, 18, 28])
def test_a_signal_to_the_parent_reaches_the_command_once(open_rig: Rig, number: int) -> None:
    """HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CONT, WINCH: sent to trayexec alone, they are relayed."""
    process, _ = counting(open_rig)
    os.kill(process.pid, number)
    time.sleep(0.2)
    assert counted(process) == f"[{number}]"
    assert process.returncode == 0


@pytest.mark.parametrize("number", [1, 2, 15, 10])
def test_a_signal_to_the_group_reaches_the_command_once(open_rig: Rig, number: int) -> None:
    """Sent to the whole group, as `timeout`, `kill %1` and a shell that hangs up do, it is not sent again."""
    process, _ = counting(open_rig)
    os.killpg(process.pid, number)
    time.sleep(0.2)
    assert counted(process) == f"[{number}]"


@pytest.mark.parametrize("number", [1, 15])
def test_a_command_that_has_left_the_group_gets_what_the_group_gets(open_rig: Rig, number: int) -> None:
    """As a shell with job control does: whoever ends the job or hangs up does not know of its group."""
    process, _ = counting(open_rig, before="import os; os.setpgid(0, 0)\n")
    os.killpg(process.pid, number)
    time.sleep(0.2)
    assert counted(process) == f"[{number}]"


def test_signals_to_both_are_told_apart_one_after_the_other(open_rig: Rig) -> None:
    """One to the group, one to the parent, one to the command: three in all."""
    process, child = counting(open_rig)
    for send, whom in ((os.killpg, process.pid), (os.kill, process.pid), (os.kill, child)):
        send(whom, signal.SIGUSR1)
        time.sleep(0.2)
    assert counted(process) == "[10, 10, 10]"


@pytest.mark.parametrize("status", [0, 1, 42, 125, 255])
def test_the_exit_status_is_the_commands_own(open_rig: Rig, status: int) -> None:
    """What the command ends with, trayexec ends with, and says nothing."""
    done = open_rig.run("--server", "account-a", "--", "sh", "-c", f"echo out; echo err >&2; exit {status}")
    assert (done.status, done.out, done.err) == (status, "out\n", "err\n")


@pytest.mark.parametrize("name", ["TERM", "INT", "KILL", "HUP", "SEGV", "ABRT", "PIPE", "USR1"])
def test_a_command_that_dies_of_a_signal_looks_so_to_the_shell(open_rig: Rig, name: str) -> None:
    """The parent dies of the same one: a shell sees 128+n, and stops its script at Ctrl-C."""
    done = open_rig.run("--server", "account-a", "--", "sh", "-c", f"kill -{name} $$")
    assert done.status == -signal.Signals[f"SIG{name}"]
    shell = ["sh", "-c", f"{' '.join(COMMAND)} --server account-a -- sh -c 'kill -{name} $$'; echo $?"]
    seen = subprocess.run(shell, env=open_rig.environment(), capture_output=True, text=True, check=False, timeout=30)
    assert seen.stdout.strip() == str(128 + signal.Signals[f"SIG{name}"])


def test_what_cannot_be_run_is_said_before_anybody_is_asked(rig: Rig) -> None:
    """127 and 126 as a shell has it, with no agent started."""
    file = rig.write("home/plain", "x")
    assert rig.run("--server", "account-a", "--", "no-such-command").status == 127
    assert rig.run("--server", "account-a", "--", str(file)).status == 126
    assert rig.agent_pid == 0


def test_a_script_without_a_first_line_is_the_shells(open_rig: Rig) -> None:
    """As execvp(3) has it."""
    script = open_rig.write("home/script", 'echo "$1"\n')
    script.chmod(0o700)
    done = open_rig.run("--server", "account-a", "--", str(script), "a b")
    assert (done.status, done.out) == (0, "a b\n")


def test_nothing_of_ours_is_left_in_the_command(open_rig: Rig) -> None:
    """Its signals are as they were, nothing blocked or ignored, and no descriptor but the three is open."""
    look = ["sh", "-c", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd"]
    seen = open_rig.run("--server", "account-a", "--", *look).out.replace(C_LIBRARYS, "0" * 16)
    assert seen == open_rig.run("account-a", "--", *look).out


def test_no_process_of_ours_outlives_the_command(open_rig: Rig) -> None:
    """Neither the parent nor its signal probe, and whoever reads the command's output sees its end at once."""
    marker = str(time.monotonic_ns())
    done = open_rig.run("--server", "account-a", "--", "sh", "-c", f"echo {marker} $PPID", env={"MARKER": marker})
    assert done.out.startswith(marker)
    eventually("all of them to end", lambda: not _with(f"MARKER={marker}"))


def test_the_signal_probe_ends_when_the_parent_is_killed(open_rig: Rig) -> None:
    """Kill -9 leaves the command alone, and nothing else."""
    marker = str(time.monotonic_ns())
    process = open_rig.start(
        "--server", "account-a", "--", sys.executable, "-I", "-S", "-c", COUNTING, env={"MARKER": marker}
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.kill()
    process.wait()
    eventually("only the command to be left", lambda: _with(f"MARKER={marker}") == [child])
    os.kill(child, signal.SIGKILL)


def test_ctrl_c_reaches_the_command_once(open_rig: Rig) -> None:
    """The terminal sends it to the group; the command may handle it and go on, and so do we."""
    terminal = open_rig.terminal("--server", "account-a", "--", sys.executable, "-I", "-S", "-c", COUNTING)
    terminal.wait_for(r"\d+\r\n")
    terminal.type("\x03")
    terminal.wait_for(r"\^C")
    time.sleep(0.2)
    terminal.type("\x04")
    terminal.wait_for(r"\[2\]")
    assert terminal.ended()[0] == 0


def test_ctrl_c_ends_a_command_that_does_not_handle_it(open_rig: Rig) -> None:
    """And the shell's loop around it."""
    loop = f"for i in 1 2 3; do echo round $i; {' '.join(COMMAND)} --server account-a -- sleep 30; done"
    marker = str(time.monotonic_ns())
    terminal = open_rig.terminal_for(["bash", "--norc", "-c", loop], env={"MARKER": marker})
    terminal.wait_for("round 1")
    eventually("the command to run", lambda: _with(f"MARKER={marker}", b"sleep"))
    terminal.type("\x03")
    assert "round 2" not in terminal.ended()[1]


def test_ctrl_z_stops_and_fg_continues(open_rig: Rig) -> None:
    """In a shell with job control the job stops and goes on, in the background and in front."""
    marker = str(time.monotonic_ns())
    quiet = {"PS1": "ready> ", "HISTFILE": None, "MARKER": marker}
    terminal = open_rig.terminal_for(["bash", "--norc", "--noprofile", "-i"], env=quiet)
    terminal.wait_for("ready> ")
    terminal.type(f"{' '.join(COMMAND)} --server account-a -- cat\n")
    eventually("the command to run", lambda: _with(f"MARKER={marker}", b"cat"))
    terminal.type("first\n")
    terminal.wait_for("first\r\nfirst")
    (pid,) = _with(f"MARKER={marker}", b"cat")
    terminal.type("\x1a")
    terminal.wait_for("Stopped.*ready> ")
    assert _state(pid) == "T"
    terminal.type("fg\n")
    terminal.wait_for("cat\r\n")
    eventually("the command to go on", lambda: _state(pid) == "S")
    terminal.type("second\n")
    terminal.wait_for("second\r\nsecond")
    terminal.type("\x1a")
    terminal.wait_for("Stopped.*ready> ")
    terminal.type("kill -CONT %1\n")  # in the background it wants to read, so it stops again
    terminal.wait_for("ready> ")
    # A shell that does not know yet that its job has stopped would not wake it with `fg`.
    eventually("the shell to hear that it stopped again", lambda: "Stopped" in _jobs(terminal))
    terminal.type("fg\n")
    terminal.wait_for("cat\r\n")
    eventually("the command to go on", lambda: _state(pid) == "S")
    terminal.type("third\n")
    terminal.wait_for("third\r\nthird")
    terminal.type("\x04")
    terminal.wait_for("ready> ")
    terminal.type("exit $?\n")
    assert terminal.ended()[0] == 0


def test_a_stop_that_is_over_stops_nobody() -> None:
    """The command stops, and `fg` wakes it before we act on that: who stopped now would stop for good."""
    with ended(subprocess.Popen([sys.executable, "-I", "-c", WOKEN_AT_ONCE], process_group=0)) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert not os.WIFSTOPPED(status)
        assert os.waitstatus_to_exitcode(status) == 7


def test_a_shell_inside_can_be_suspended(open_rig: Rig) -> None:
    """It has the terminal for a group of its own; when it stops, the shell outside goes on, and `fg` brings it back."""
    inner, outer = (["bash", "--norc", "--noprofile", "-i"], {"PS1": "outer> ", "HISTFILE": None})
    terminal = open_rig.terminal_for(inner, env=outer)
    terminal.wait_for("outer> ")
    terminal.type(f"PS1='inner> ' {' '.join(COMMAND)} --server account-a -- {' '.join(inner)}\n")
    terminal.wait_for("-i\r\n.*inner> ")
    terminal.type("suspend\n")
    terminal.wait_for("Stopped.*outer> ")
    terminal.type("fg\n")
    terminal.wait_for("fg\r\n.*-i")
    terminal.type("echo $((6 * 7)) $TRAYEXEC_PROFILE\n")
    terminal.wait_for("42 account-a")
    terminal.type("exit 9\n")
    terminal.wait_for("outer> ")
    terminal.type("exit $?\n")
    assert terminal.ended()[0] == 9


def test_a_pipeline_is_one_job(open_rig: Rig) -> None:
    """The reader of the command's output is in front as well: it may use the terminal."""
    job = f"{' '.join(COMMAND)} --server account-a -- echo said | (read it; read key </dev/tty; echo $it $key)"
    terminal = open_rig.terminal_for(["bash", "--norc", "--noprofile", "-i", "-c", job])
    time.sleep(0.3)
    terminal.type("key\n")
    terminal.wait_for("said key")
    assert terminal.ended()[0] == 0


def _with(entry: str, program: bytes = b"") -> list[int]:
    """The processes whose environment has an entry that begins so, and whose program is called so."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ, argv = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        named = argv.split(b"\0")[0].rpartition(b"/")[2]
        if any(one.startswith(entry.encode()) for one in environ.split(b"\0")) and program in {b"", named}:
            found.append(int(folder.name))
    return found


def _jobs(terminal: Terminal) -> str:
    """What the shell says of its jobs."""
    terminal.type("jobs\n")
    return terminal.wait_for(r"jobs\r\n.*ready> ")


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

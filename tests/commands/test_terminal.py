"""No display: the code is asked on the caller's own terminal."""

import os
import re
import signal
import socket
import time
from pathlib import Path

from awssim.world import User
from support.desktop import eventually
from support.rig import COMMAND, Rig

PROMPT = r"MFA code of identity default \(arn:aws:iam::111111111111:mfa/alice\): "


def test_the_code_is_asked_on_the_terminal(rig: Rig) -> None:
    """The prompt names identity and device; the command then runs on that terminal; its output is piped untouched."""
    out = rig.desk.home("out")
    terminal = rig.terminal_for(["sh", "-c", '"$@" > out; echo status $?', "sh", *COMMAND, "account-a", "--", "tty"])
    terminal.wait_for(PROMPT)
    terminal.type(f"{rig.sim.code()}\n")
    terminal.wait_for("status 0")
    assert rig.desk.home("home/out").read_text().startswith("/dev/pts/")
    assert not out.exists()
    assert (rig.sim.count("GetSessionToken"), rig.sim.count("AssumeRole")) == (1, 1)


def test_a_wrong_code_is_asked_again_with_the_reason(rig: Rig) -> None:
    """Whatever was wrong, one prompt follows with the reason above it, and the right code works."""
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    terminal.wait_for(PROMPT)
    code = rig.sim.code()
    terminal.type("12345\n")
    assert "six digits, this one has 5" in terminal.wait_for(PROMPT)
    terminal.type("12E456\n")
    assert "six digits (0 to 9)" in terminal.wait_for(PROMPT)
    terminal.type(f"{rig.sim.wrong_code()}\n")
    assert "AWS did not accept the code" in terminal.wait_for(PROMPT)
    terminal.type(f" {code[:3]} {code[3:]} \n")
    status, screen = terminal.ended()
    assert status == 0
    assert "it ran" in screen
    assert "MFA code of identity" not in screen, "one question for each answer"


COUNTED = r"\x1b7\x1b\[1A\r\((\d+) s left\)\x1b\[K\x1b8"  # on the line above, with the cursor back where it was


def test_the_seconds_are_counted_down_above_the_question(rig: Rig) -> None:
    """Whatever is typed meanwhile stays, and counts; a terminal without a cursor has them once."""
    terminal = rig.terminal("account-a", "--wait", "70", "--", "echo", "it", "ran", env={"TERM": "xterm"})
    terminal.wait_for(r"\(70 s left\)\r\n" + PROMPT)
    code = rig.sim.code()
    terminal.type(code[:3])
    seen = [int(re.findall(COUNTED, terminal.wait_for(COUNTED))[-1]) for _ in range(3)]
    assert 70 >= seen[0] > seen[1] > seen[2]
    terminal.type(f"{code[3:]}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "it ran" in screen

    assert rig.run("lock").status == 0
    plain = rig.terminal("account-b", "--", "true", env={"TERM": "dumb"})
    plain.wait_for(r"s left\) " + PROMPT)
    plain.type("\x03")
    assert "\x1b" not in plain.ended()[1]


def test_a_prompt_without_room_for_a_code_is_left_alone(rig: Rig) -> None:
    """Typed digits would go on in the next row, and the line above is no more where it was."""
    terminal = rig.terminal("account-a", "--wait", "3", "--", "true", env={"TERM": "xterm"})
    terminal.resize(75, 24)
    terminal.wait_for(PROMPT)
    status, screen = terminal.ended()
    assert status == 125
    assert "\x1b7" not in screen


def test_another_device_is_chosen_by_its_number(rig: Rig) -> None:
    """Who has several types which one it is; the code goes with that, and the next question begins with it."""
    user = rig.sim.world.user_key().holder
    assert isinstance(user, User)
    phone = rig.sim.world.add_device(user, "phone").serial
    rig.settings(f'[identity.default]\ndevices = ["{phone}"]\n')
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    assert f"Type 2 if the code is of the device {phone}." in terminal.wait_for(PROMPT)
    terminal.type("2\n")
    terminal.wait_for(PROMPT.replace("mfa/alice", "mfa/phone"))
    terminal.type(f"{rig.sim.wrong_code()}\n")
    terminal.wait_for(f"code of the device {phone}")
    terminal.wait_for(PROMPT.replace("mfa/alice", "mfa/phone"))
    terminal.type(f"{rig.sim.unused_code('phone')}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "it ran" in screen
    assert [call.outcome for call in rig.sim.calls if call.action == "GetSessionToken"] == ["AccessDenied", "OK"]


def test_while_one_device_takes_no_codes_another_is_asked_for(rig: Rig) -> None:
    """The question goes on with the other one, and after a code of the first it is asked again."""
    user = rig.sim.world.user_key().holder
    assert isinstance(user, User)
    phone = rig.sim.world.add_device(user, "phone").serial
    rig.settings(f'[identity.default]\ndevices = ["{phone}"]\n')
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    wrong = int(rig.sim.wrong_code())
    for number in range(5):
        terminal.wait_for(PROMPT)
        terminal.type(f"{wrong + number * 7:06}\n")
    assert "Another one will do." in terminal.wait_for(PROMPT.replace("mfa/alice", "mfa/phone"))
    terminal.type("1\n")
    terminal.wait_for(PROMPT)
    terminal.type(f"{rig.sim.code()}\n")
    assert "Too many MFA codes" in terminal.wait_for(PROMPT)
    terminal.type("2\n")
    terminal.wait_for(PROMPT.replace("mfa/alice", "mfa/phone"))
    terminal.type(f"{rig.sim.unused_code('phone')}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "it ran" in screen


def test_two_commands_on_one_terminal_ask_once(rig: Rig) -> None:
    """The second waits for its turn; one code lets both go on."""
    ours = " ".join(f"'{word}'" for word in COMMAND)
    line = f"{ours} account-a -- echo first ran & {ours} account-b -- echo second ran; wait"
    terminal = rig.terminal_for(["sh", "-c", line])
    terminal.wait_for(PROMPT)
    eventually("both to wait", lambda: rig.log.count("listens") and waiting(rig) >= 2)
    terminal.type(f"{rig.sim.code()}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "first ran" in screen
    assert "second ran" in screen
    assert "MFA code of identity" not in screen
    assert rig.sim.count("GetSessionToken") == 1


def test_two_terminals_both_ask(rig: Rig) -> None:
    """A person may be in front of either; the code typed into one releases the other."""
    one = rig.terminal("account-a", "--", "echo", "first", "ran")
    one.wait_for(PROMPT)
    two = rig.terminal("account-b", "--", "echo", "second", "ran")
    two.wait_for(PROMPT)
    two.type(f"{rig.sim.code()}\n")
    for terminal, word in ((one, "first ran"), (two, "second ran")):
        status, screen = terminal.ended()
        assert status == 0
        assert word in screen


def test_a_code_from_elsewhere_releases_the_prompt(rig: Rig) -> None:
    """`trayexec auth --code-stdin` in a script is as good as an answer."""
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    terminal.wait_for(PROMPT)
    assert rig.auth().status == 0
    status, screen = terminal.ended()
    assert status == 0
    assert "it ran" in screen


def test_ctrl_c_cancels(rig: Rig) -> None:
    """130, nothing runs, the agent forgets who waited, and the next command asks afresh."""
    for key in ("\x03", "\x04"):
        terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
        terminal.wait_for(PROMPT)
        terminal.type(key)
        status, screen = terminal.ended()
        assert status == 130
        assert "it ran" not in screen
        assert "Traceback" not in screen
        assert screen.endswith("\n"), "the shell's prompt begins on a line of its own"
        eventually("the agent to forget", lambda: rig.phase() == "locked")


def test_auth_asks_on_the_terminal(rig: Rig) -> None:
    """`trayexec auth` by hand."""
    terminal = rig.terminal("auth")
    terminal.wait_for(PROMPT)
    terminal.type(f"{rig.sim.code()}\n")
    status, screen = terminal.ended()
    assert status == 0
    assert "identity default is open until" in screen


def test_a_job_in_the_background_does_not_read(rig: Rig) -> None:
    """To read would stop it: it says what it waits for instead, and the code comes from elsewhere."""
    line = 'set -m; "$@" & wait; echo status $?'
    terminal = rig.terminal_for(["bash", "-c", line, "sh", *COMMAND, "account-a", "--", "true"])
    terminal.wait_for("enter it with `trayexec auth default`")
    assert rig.auth().status == 0
    terminal.wait_for("status 0")


def test_a_closed_terminal_ends_the_wait(rig: Rig) -> None:
    """Who closes the window is not waited for."""
    terminal = rig.terminal("account-a", "--", "true")
    terminal.wait_for(PROMPT)
    terminal.hang_up()
    assert terminal.process.wait(10) in {-signal.SIGHUP, 125, 130}
    eventually("the agent to forget", lambda: rig.phase() == "locked")


def test_without_a_terminal_it_waits_and_says_so(rig: Rig) -> None:
    """No display, no terminal: `--wait` seconds for a code from elsewhere, and stderr says how."""
    begun = time.monotonic()
    done = rig.run("account-a", "--wait", "1", "--", "true")
    assert (done.status, done.out) == (125, "")
    assert time.monotonic() - begun < 20
    assert "enter it with `trayexec auth default`" in done.err
    assert "Nobody entered the MFA code of identity default in time." in done.err
    waiter = rig.start("account-a", "--", "echo", "it ran")
    eventually("the wait", lambda: rig.phase() == "prompting")
    assert rig.auth().status == 0
    assert waiter.communicate(timeout=30)[0] == "it ran\n"


def test_no_wait_fails_at_once(rig: Rig) -> None:
    """`--no-wait` and `--wait 0` ask nobody."""
    for words in (["--no-wait"], ["--wait", "0"], ["--wait=0"]):
        done = rig.run(*words, "account-a", "--", "true")
        assert (done.status, done.out) == (125, "")
        assert "Identity default is locked." in done.err
        assert "trayexec auth default" in done.err
    assert rig.phase() == "locked"


def test_an_interrupt_while_waiting_is_130(rig: Rig) -> None:
    """SIGINT without a terminal; the agent forgets who waited."""
    waiter = rig.start("account-a", "--", "true")
    eventually("the wait", lambda: rig.socket.exists() and rig.phase() == "prompting")
    os.kill(waiter.pid, signal.SIGINT)
    _, said = waiter.communicate(timeout=10)
    assert waiter.returncode == 130
    assert "Traceback" not in said
    eventually("the agent to forget", lambda: rig.phase() == "locked")


def waiting(rig: Rig) -> int:
    """How many connections the agent has."""
    sockets = [line for line in Path("/proc/net/unix").read_text().splitlines() if str(rig.socket) in line]
    return sum(line.split()[5] == "03" for line in sockets)


def test_time_goes_on_for_a_busy_agent(rig: Rig) -> None:
    """Others who ask all the time do not put off the end of somebody's `--wait`."""
    rig.start_agent()
    waiter = rig.start("account-a", "--wait", "1", "--", "true")

    def ended() -> bool:
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(rig.socket))
        return waiter.poll() is not None

    eventually("the end of the wait", ended)
    assert waiter.returncode == 125

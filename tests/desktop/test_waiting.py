"""Waiting at a desktop: whose dialog it is, when it goes, who gets it back, and what the keyring asks before it."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from desktop.test_keychain import PROMPTER, SECRETS, let_the_bus_start
from desktop.test_main_job import DIALOG, enter
from support.desktop import Desktop, private_desktop
from support.rig import COMMAND, Rig, rig_on
from support.two import two_identities


@pytest.fixture
def desk() -> Iterator[Desktop]:
    """A display and a keyring."""
    with private_desktop() as own:
        own.start_display()
        own.start_keyring()
        yield own


@pytest.fixture
def rig(desk: Desktop) -> Iterator[Rig]:
    """Keys stored; the agent runs."""
    with rig_on(desk) as ready:
        ready.store_keys()
        ready.start_agent()
        yield ready


def test_ctrl_c_takes_the_dialog_of_the_last_command_along(rig: Rig) -> None:
    """While somebody waits it stays; then it goes, and the next command brings it again."""
    desk = rig.desk
    first, second = rig.start("account-a", "--", "true"), rig.start("account-b", "--", "true")
    desk.wait_dialog(DIALOG)
    time.sleep(1.0)  # until both wait
    os.kill(first.pid, signal.SIGINT)
    assert first.wait(20) == 130
    time.sleep(2.0)  # it names the other now
    assert len(desk.windows(DIALOG)) == 1
    os.kill(second.pid, signal.SIGINT)
    assert second.wait(20) == 130
    desk.wait_no_window(DIALOG)
    assert rig.phase() == "locked"
    third = rig.start("account-a", "--", "true")
    enter(desk, rig.sim.unused_code())
    assert third.wait(20) == 0


def test_after_a_cancel_a_person_gets_the_dialog_and_a_loop_does_not(rig: Rig) -> None:
    """What runs in the background hears for how long; who runs it in a terminal has the dialog at once."""
    desk = rig.desk
    command = rig.start("account-a", "--", "true")
    desk.wait_dialog(DIALOG)
    time.sleep(0.5)  # a window is found before it has the keyboard
    desk.key("Escape")
    assert "Run the command again in 2 s" in command.communicate(timeout=20)[1]
    again = rig.run("account-a", "--", "true")
    assert again.status == 125
    assert "s no command brings it back" in again.err
    terminal = rig.terminal("account-a", "--", "echo", "it", "ran")
    enter(desk, rig.sim.unused_code())
    status, screen = terminal.ended()
    assert status == 0, screen
    assert "it ran" in screen


def test_a_loop_on_a_terminal_does_not_bring_the_dialog_back(rig: Rig) -> None:
    """`while true` in a shell: one cancel is one cancel."""
    desk = rig.desk
    words = '"$@"; echo first $?; "$@"; echo second $?'
    terminal = rig.terminal_for(["sh", "-c", words, "sh", *COMMAND, "account-a", "--", "true"])
    desk.wait_dialog(DIALOG)
    time.sleep(0.5)  # a window is found before it has the keyboard
    desk.key("Escape")
    said = terminal.wait_for("second 125")
    assert "first 125" in said
    assert "s no command brings it back" in said


def test_two_identities_have_one_dialog_after_the_other(desk: Desktop) -> None:
    """A run over both asks for one code, then for the other, and never with two windows."""
    with two_identities(desk) as rig:
        rig.start_agent()
        run = rig.start("account-a", "bob", "--", "true")
        desk.wait_dialog(DIALOG)
        time.sleep(1.0)  # time for a second one
        assert len(desk.windows(DIALOG)) == 1
        enter(desk, rig.sim.unused_code())
        enter(desk, rig.sim.unused_code("bob"))
        _, said = run.communicate(timeout=60)
    assert run.returncode == 0, said
    assert "Waiting for the MFA code of identity default in the dialog (90 s left)" in said
    assert "identity bob: identity default is asked for first (2 of 2)" in said
    assert "Waiting for the MFA code of identity bob in the dialog (90 s left)" in said


def test_the_keyrings_password_is_waited_for_in_its_own_words(rig: Rig) -> None:
    """While the keyring asks there is no dialog of ours, and the command says what is in front of the person."""
    desk = rig.desk
    desk._running.pop("keyring").end()
    desk.wait_no_name(SECRETS)
    desk._start("keyring", ["gnome-keyring-daemon", "--components=secrets", "--foreground"])
    desk.wait_name(SECRETS)
    let_the_bus_start(desk, PROMPTER)
    command = rig.start("account-a", "--", "true")
    desk.wait_window("[Uu]nlock")
    time.sleep(1.0)  # time for a dialog of ours
    assert not desk.windows(DIALOG)
    desk.type("open sesame")
    desk.key("Return")
    enter(desk, rig.sim.unused_code())
    _, said = command.communicate(timeout=60)
    assert command.returncode == 0, said
    assert "Waiting for the password prompt of your keyring" in said
    assert said.index("keyring") < said.index("in the dialog")

"""The main job, on a real desktop: an icon to click, a dialog to type into, a notification to press, the AWS CLI."""

import contextlib
import json
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from awssim.totp import STEP
from awssim.world import User
from support.awscli import CLI_1
from support.desktop import PATIENCE, Desktop, DesktopError, Sent, Shade, private_desktop
from support.rig import Rig, hear, rig_on

WHO_AM_I = (CLI_1, "sts", "get-caller-identity", "--output", "json")
DIALOG = "MFA code"
SHADES = 8  # an empty panel has next to none
PIXELS = 28 * 28


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A desktop with panel, notifications and keyring; keys stored; the agent in the tray."""
    with private_desktop() as desk:
        desk.start_keyring()
        desk.start_notifications()
        desk.start_panel(Shade.DARK)
        with rig_on(desk) as ready:
            ready.settings("[notify]\nfirst_use = false\n")  # it has tests of its own
            ready.store_keys()
            ready.start_agent()
            wait_for_icon(desk)
            yield ready


def wait_for_icon(desk: Desktop) -> None:
    """Wait until the panel has drawn the icon: only then does a click reach it."""
    desk.wait_tray_items(1)
    desk.wait("the icon", lambda: len(desk.tray_pixels().getcolors(PIXELS) or ()) > SHADES)


def arn(rig: Rig, profile: str) -> str:
    """Whose credentials a command of `profile` has, as AWS sees it."""
    done = rig.run(profile, "--", *WHO_AM_I)
    assert done.status == 0, done.err
    return str(json.loads(done.out)["Arn"])


def enter(desk: Desktop, code: str) -> None:
    """Type a code into the dialog that is up, or about to be, which may hold it until the device shows a new one."""
    window = desk.wait_dialog(DIALOG)
    desk.type(code)
    desk.wait("the dialog to close", lambda: window not in desk.windows(DIALOG), seconds=PATIENCE + STEP)


def warning(desk: Desktop, words: str) -> Sent:
    """The warning that says so."""
    return desk.wait_notification(words)


def test_the_whole_day(rig: Rig) -> None:
    """Click, code, two accounts on it; the session ends; the notification's button leads to the dialog; it goes on."""
    desk, sim = rig.desk, rig.sim
    sim.live(session=15, role=3600)

    desk.choose_menu("alice in 111111111111: locked, click to unlock")
    enter(desk, sim.unused_code())
    desk.wait("the session to open", lambda: rig.phase() == "open")

    assert arn(rig, "account-a").startswith("arn:aws:sts::222222222222:assumed-role/Deploy/")
    assert arn(rig, "account-b").startswith("arn:aws:sts::333333333333:assumed-role/Deploy/")
    assert not desk.windows(DIALOG)
    assert sim.count("GetSessionToken") == 1

    first = warning(desk, "Expires at")
    over = warning(desk, "Expired: ")

    assert "Re-authenticate" in first.actions.values()
    assert first.picture == (48, 48)
    assert (first.urgency, over.urgency) == (2, 1)  # the end of a day is no emergency
    assert over.replaces != 0  # updated, not stacked
    assert desk.notifications_shown() == 1
    assert rig.phase() == "locked"

    sim.live(session=43200)
    desk.invoke_action()
    enter(desk, sim.unused_code())
    desk.wait("the session to open again", lambda: rig.phase() == "open")

    assert sim.count("GetSessionToken", "OK") == 2
    assert arn(rig, "account-b").startswith("arn:aws:sts::333333333333:assumed-role/Deploy/")


def test_a_code_of_another_device(rig: Rig) -> None:
    """Who has several chooses in the dialog, and AWS is told which one it is; the terminal then asks for that one."""
    desk, sim = rig.desk, rig.sim
    user = sim.world.user_key().holder
    assert isinstance(user, User)
    phone = sim.world.add_device(user, "phone")
    rig.settings(f'[identity.default]\ndevices = ["{phone.serial}"]\n')
    command = rig.start("account-a", "--", *WHO_AM_I)
    desk.wait_dialog(DIALOG)
    desk.key("shift+Tab")
    desk.key("Down")
    enter(desk, sim.unused_code("phone"))
    out, err = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, err
    assert "assumed-role/Deploy" in out
    assert sim.count("GetSessionToken") == 1


def test_a_command_asks_by_itself_and_a_wrong_code_is_explained(rig: Rig) -> None:
    """A command in a terminal brings the dialog; a wrong code is asked again, then it runs."""
    desk, sim = rig.desk, rig.sim
    command = rig.start("account-a", "--", *WHO_AM_I)
    enter(desk, sim.wrong_code())
    enter(desk, sim.unused_code())
    out, err = command.communicate(timeout=60)

    assert command.returncode == 0, err
    assert json.loads(out)["Account"] == "222222222222"
    assert "Waiting for the MFA code of identity default in the dialog" in err
    assert [call.outcome for call in sim.calls if call.action == "GetSessionToken"] == ["AccessDenied", "OK"]


def test_cancel_fails_everyone_at_once(rig: Rig) -> None:
    """Ten commands wait for one dialog; Escape ends them all, with status 125 and a way out."""
    desk = rig.desk
    commands = [rig.start("account-a", "--", "true") for _ in range(10)]
    desk.wait_dialog(DIALOG)

    assert len(desk.windows(DIALOG)) == 1

    desk.key("Escape")
    said = [command.communicate(timeout=20)[1] for command in commands]

    assert {command.returncode for command in commands} == {125}
    assert all("was cancelled" in one and "trayexec auth default" in one for one in said)
    assert rig.sim.count("GetSessionToken") == 0


def test_a_second_agent_brings_the_dialog_of_the_first_to_the_front(rig: Rig) -> None:
    """Who starts one once more looks for it: the question is where they look, and there is no second agent."""
    desk = rig.desk
    command = rig.start("account-a", "--", "true")

    def owner() -> str:
        with contextlib.suppress(DesktopError):  # one that goes away meanwhile
            return "".join(desk.run(["xdotool", "getwindowpid", one]) for one in desk.windows(DIALOG))
        return ""

    desk.wait_dialog(DIALOG)
    first = owner()
    done = rig.run("agent")
    assert (done.status, "already running" in done.err) == (125, True)
    desk.wait("another window", lambda: owner() not in {"", first})
    desk.wait_dialog(DIALOG)
    desk.type(rig.fresh_code())
    assert command.wait(60) == 0


def test_the_menu_does_what_it_says(rig: Rig) -> None:
    """Lock now forgets; the menu tells until when it is open, and the last uses; Quit ends the agent and its icon."""
    desk = rig.desk
    rig.unlock()
    rig.run("account-a", "--", "true")
    desk.wait("the last use in the menu", lambda: any("account-a" in one for one in desk.menu_labels()))

    assert any(one.startswith("alice in 111111111111: open until ") for one in desk.menu_labels())

    desk.choose_menu("Lock now")
    desk.wait("the lock", lambda: rig.phase() == "locked")
    refused = rig.run("--no-wait", "account-a", "--", "true")

    assert refused.status == 125
    assert "locked" in refused.err

    pid = rig.agent_pid
    desk.wait("the menu of who is locked", lambda: any("click to unlock" in one for one in desk.menu_labels()))
    desk.choose_menu("Quit")
    desk.wait_tray_items(0)
    desk.wait("the agent to end", lambda: rig.agent_pid != pid)

    assert not rig.socket.exists()


def test_renewing_leaves_no_gap(rig: Rig) -> None:
    """While the dialog of a renewal is up the old session serves; the new one takes its place; cancel keeps the old."""
    desk, sim = rig.desk, rig.sim
    rig.unlock()
    before = rig.status()["identities"][0]["expires_at"]
    desk.choose_menu("Renew alice in 111111111111")
    desk.wait_dialog(DIALOG)

    assert rig.run("--no-wait", "account-a", "--", "true").status == 0

    desk.key("Escape")
    desk.wait_no_window(DIALOG)

    assert rig.phase() == "open"
    assert rig.status()["identities"][0]["expires_at"] == before

    time.sleep(1.1)  # so that a new session ends visibly later
    desk.choose_menu("Renew alice in 111111111111")
    enter(desk, sim.unused_code())
    desk.wait("the new session", lambda: rig.status()["identities"][0]["expires_at"] > before)

    assert sim.count("GetSessionToken", "OK") == 2


def test_a_restarted_panel_gets_the_icon_back(rig: Rig) -> None:
    """The panel is killed and comes back: the icon, too, and a middle click still asks for the code."""
    desk = rig.desk
    desk.kill_panel()
    desk.restart_panel()
    wait_for_icon(desk)
    desk.click(*desk.tray_spot(), button=2)

    desk.wait_window(DIALOG)


def test_a_restarted_bus_gets_the_icon_back_while_a_thousand_wait(rig: Rig) -> None:
    """Descriptors above 1,023 are as good as others: the agent, its callers and then its icon are still there."""
    desk, pid = rig.desk, rig.agent_pid
    request = json.dumps({"v": 1, "op": "credentials", "profile": "account-a", "wait": 300, "hand": "terminal"})
    callers = []
    try:
        with many_files():
            for _ in range(1150):
                caller = socket.socket(socket.AF_UNIX)
                callers.append(caller)
                caller.connect(str(rig.socket))
                caller.sendall(request.encode() + b"\n")
            for caller in callers:
                hear(caller, b'"note":"code"')
            desk.restart_bus()
            wait_for_icon(desk)
            assert rig.agent_pid == pid
            rig.unlock()
            said = b""
            while more := callers[-1].recv(65536):
                said += more
            assert b"SecretAccessKey" in said
    finally:
        for caller in callers:
            caller.close()
    assert rig.agent_pid == pid


@contextlib.contextmanager
def many_files() -> Iterator[None]:
    """A test needs as many descriptors as the callers it plays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

"""`autostart`: what starts the agent at login is written as it was shown, starts one agent, and goes again."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from support.desktop import eventually, program
from support.platforms import python_of
from support.rig import COMMAND, Rig
from trayexec.adapters.autostart.entry import LoginEntry
from trayexec.adapters.autostart.files import write_file

FILES = (
    ".config/autostart/trayexec.desktop",
    ".config/systemd/user/trayexec.service",
    ".config/systemd/user/graphical-session.target.wants/trayexec.service",
)


def files(rig: Rig) -> dict[str, str]:
    """What stands in their home, but for AWS's folder and what a keychain and an agent keep."""
    home = rig.desk.home("home")
    found = [one for one in home.rglob("*") if one.is_file()]
    names = {str(one.relative_to(home)): one for one in found if not {".aws", ".local", ".cache"} & {*one.parts}}
    return {name: path.read_text() for name, path in names.items()}


def standing(rig: Rig) -> str:
    """The word for how it stands."""
    return str(rig.run("autostart", "status", "--json").json["state"])


def test_it_is_enabled_once_and_goes_without_a_trace(bare: Rig) -> None:
    """The files are shown as they are written; the second time nothing is; and so back."""
    done = bare.run("autostart", "enable")
    assert (done.status, done.out) == (0, "")
    written = files(bare)
    assert sorted(written) == sorted(FILES)
    for line in written[FILES[0]].splitlines():
        assert f"+{line}\n" in done.err
    assert "`trayexec autostart disable`" in done.err
    assert standing(bare) == "on"
    again = bare.run("autostart", "enable")
    assert (again.status, again.err) == (0, "trayexec: the agent starts at login already\n")
    assert files(bare) == written
    assert bare.run("autostart", "disable").status == 0
    assert files(bare) == {}
    assert standing(bare) == "off"
    assert bare.run("autostart", "disable").status == 0


@pytest.mark.parametrize("folder", [".config/autostart", ".config/systemd", ".config/systemd/user"])
def test_a_file_in_place_of_a_folder_is_named(bare: Rig, folder: str) -> None:
    """That one, not what would be below it."""
    path = bare.write(f"home/{folder}", "")
    done = bare.run("autostart", "enable")
    assert done.status == 125
    assert f"{path} is no folder." in done.err
    path.unlink()
    assert bare.run("autostart", "enable").status == 0


def test_each_entry_starts_an_agent_and_both_start_one(bare: Rig) -> None:
    """As the desktop does, and as systemd does: the second ends with the status that the unit takes for success."""
    bare.run("autostart", "enable")
    subprocess.run(
        [program("gio"), "launch", str(bare.desk.home("home") / FILES[0])], env=bare.env, check=True, timeout=60
    )
    eventually("the agent to run", lambda: bare.agent_pid != 0)
    first = bare.agent_pid
    unit = bare.desk.home(f"home/{FILES[1]}").read_text()
    (line,) = [one.partition("=")[2] for one in unit.splitlines() if one.startswith("ExecStart=")]
    done = subprocess.run(shlex.split(line), env=bare.env, timeout=60, capture_output=True, check=False)
    assert f"SuccessExitStatus={done.returncode}" in unit.splitlines()
    assert bare.agent_pid == first
    assert bare.run("status").status == 0


def test_one_that_is_gone_is_said_by_status_and_doctor_and_corrected(bare: Rig) -> None:
    """What a person has changed there is kept beside it, for enable and for disable."""
    bare.run("autostart", "enable")
    right = files(bare)
    desktop = bare.desk.home(f"home/{FILES[0]}")
    edited = right[FILES[0]].replace("Exec=", "Exec=/gone").replace("Terminal=false", "Terminal=false\nX-Mine=1")
    desktop.write_text(edited)
    assert standing(bare) == "gone"
    assert "/gone" in bare.run("autostart", "status").out
    (said,) = [one for one in bare.run("doctor", "--json").json if one["code"].startswith("autostart")]
    assert (said["code"], said["grade"]) == ("autostart_gone", "problem")
    done = bare.run("autostart", "enable")
    assert "-Exec=/gone" in done.err
    backup = f"{FILES[0]}.before-autostart~"
    assert files(bare) == {**right, backup: edited}
    desktop.write_text(edited)
    assert bare.run("autostart", "disable").status == 0
    assert files(bare) == {backup: edited, f"{FILES[0]}.before-autostart2~": edited}


def test_it_goes_where_a_link_leads(bare: Rig) -> None:
    """Dotfiles in a repository of their own stay there; disable takes the link away."""
    kept = bare.write("home/dotfiles/trayexec.desktop", "")
    link = bare.desk.home(f"home/{FILES[0]}")
    link.parent.mkdir(parents=True)
    link.symlink_to(kept)
    bare.run("autostart", "enable")
    assert link.is_symlink()
    assert "Exec=" in kept.read_text()
    bare.run("autostart", "disable")
    assert not link.is_symlink()
    assert "Exec=" in kept.read_text()


@pytest.mark.parametrize("name", FILES[:2])
@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_one_that_is_switched_off_by_an_empty_file_is_said(bare: Rig, name: str, verb: str) -> None:
    """It is a mask for systemd, and nothing for a desktop; there is no text of theirs to keep."""
    bare.run("autostart", "enable")
    place = bare.desk.home(f"home/{name}")
    right = place.read_text()
    place.write_text("")
    assert standing(bare) == "switched-off"
    assert f"{place} is empty" in bare.run("autostart", "status").out
    assert bare.run("autostart", verb).status == 0
    assert not list(place.parent.glob("*~"))
    if verb == "enable":
        assert place.read_text() == right
        assert standing(bare) == "on"
    else:
        assert standing(bare) == "off"


@pytest.mark.parametrize("name", FILES[:2])
def test_a_mask_is_said_and_taken_away_as_the_link_that_it_is(bare: Rig, name: str) -> None:
    """As `systemctl --user mask` makes it."""
    bare.run("autostart", "enable")
    place = bare.desk.home(f"home/{name}")
    place.unlink()
    place.symlink_to(os.devnull)
    assert standing(bare) == "switched-off"
    done = bare.run("autostart", "disable")
    assert (done.status, "~" in done.err) == (0, False)
    assert not os.path.lexists(place)


def test_what_a_link_leads_to_is_not_replaced_unless_it_is_a_file(tmp_path: Path) -> None:
    """A mask leads to the null device: that root could replace. A pipe stands for it, so that no fault here does."""
    device, place = tmp_path / "device", tmp_path / "trayexec.service"
    os.mkfifo(device)
    place.symlink_to(device)
    write_file(LoginEntry(str(place), "[Unit]\n", ""), None)
    assert device.is_fifo()
    assert (place.is_symlink(), place.read_text()) == (False, "[Unit]\n")


@pytest.mark.parametrize("name", FILES)
def test_what_cannot_be_written_is_said_with_its_name(bare: Rig, name: str) -> None:
    """And what is no file is not touched."""
    bare.write(f"home/{name}/x", "")
    for verb in ("enable", "status"):
        done = bare.run("autostart", verb)
        assert (done.status != 0) == (verb == "enable" or name != FILES[2]), done
        assert "Traceback" not in done.err
    assert bare.desk.home(f"home/{name}/x").exists()


def test_it_needs_no_aws_files_and_follows_xdg(bare: Rig) -> None:
    """A broken config is no reason; XDG_CONFIG_HOME says where, a relative one nothing."""
    bare.config("[broken\n")
    assert bare.run("autostart", "enable", env={"XDG_CONFIG_HOME": str(bare.desk.home("other"))}).status == 0
    assert bare.desk.home("other/autostart/trayexec.desktop").exists()
    assert bare.run("autostart", "enable", env={"XDG_CONFIG_HOME": "other"}).status == 0
    assert bare.desk.home(f"home/{FILES[0]}").exists()


def test_a_desktop_that_starts_nothing_gets_a_line_for_its_config(bare: Rig) -> None:
    """Only such a one, and also where the files are there already."""
    for desktop, is_said in (("sway", True), ("GNOME", False), ("", False)):
        for _ in range(2):
            said = bare.run("autostart", "enable", env={"XDG_CURRENT_DESKTOP": desktop}).err
            assert (": exec /" in said) == is_said
        bare.run("autostart", "disable")


def test_on_macos_it_is_a_launch_agent(bare: Rig, tmp_path: Path) -> None:
    """As far as a simulated one tells."""
    mac = python_of("darwin", tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [str(mac), "-I", COMMAND[1], "autostart", *words]
        return subprocess.run(argv, env=bare.env, capture_output=True, text=True, timeout=60, check=True)

    assert "+\t<key>ProgramArguments</key>" in run("enable").stderr.replace("\\t", "\t")
    assert bare.desk.home("home/Library/LaunchAgents/trayexec.agent.plist").exists()
    assert '"state": "on"' in run("status", "--json").stdout
    run("disable")
    assert not [*bare.desk.home("home/Library/LaunchAgents").iterdir()]

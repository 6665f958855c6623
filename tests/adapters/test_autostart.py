"""Entries for start at login: each says its command as the system reads it, and what stands there is understood."""

import contextlib
import os
import plistlib
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.desktop import eventually, program
from trayexec.adapters.autostart import LoginEntry, Standing, StartAtLogin, linux, macos, windows

# A folder that a shell, a desktop and systemd would each take apart.
ODD = 'it\'s "50% $HOME" `x` \\n -x 日本'
WORDS = st.lists(st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1), min_size=1).map(tuple)


def odd_program(folder: Path) -> Path:
    """A program in such a folder, which writes what it is started with beside itself."""
    path = folder / ODD / "trayexec"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\nfor one in "$@"; do printf "%s\\n" "$one"; done >"${0%/*}/said.new"\n'
        'mv "${0%/*}/said.new" "${0%/*}/said"\n'
    )
    path.chmod(0o755)
    return path


def environ_of(home: Path) -> dict[str, str]:
    """The environment of a person whose home that is."""
    return {"HOME": str(home), "PATH": os.environ["PATH"]}


def enabled(home: Path, command: Sequence[str]) -> tuple[LoginEntry, ...]:
    """What stands there once all entries for this command are written."""
    for one in linux.entries(environ_of(home), command):
        linux.write(one, None)
    return linux.entries(environ_of(home), command)


# What the files say


@given(WORDS)
def test_a_command_is_read_as_it_was_written(command: tuple[str, ...]) -> None:
    """By each of the files, whatever stands in it."""
    assert linux._of_desktop_file(linux.desktop_file(command)) == (command, False)
    assert linux._of_service(linux.service(command)) == (command, False)
    assert macos._read(macos.launch_agent(command)) == (command, False)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """What somebody else wrote there is a command or none, and no crash."""
    for read in (linux._of_desktop_file, linux._of_service, macos._read):
        words, _ = read(text)
        assert all(isinstance(one, str) for one in words)


def test_a_desktop_starts_the_program_with_its_words(tmp_path: Path) -> None:
    """GLib, which GNOME and XFCE start such files with, and the validator of the specification."""
    path = odd_program(tmp_path)
    file = tmp_path / "trayexec.desktop"
    file.write_text(linux.desktop_file((str(path), "-I", ODD, "agent")))
    subprocess.run([program("desktop-file-validate"), str(file)], check=True, timeout=30)
    subprocess.run([program("gio"), "launch", str(file)], check=True, timeout=30)
    eventually("the program to be started", path.with_name("said").exists)
    assert path.with_name("said").read_text().splitlines() == ["-I", ODD, "agent"]


@pytest.mark.parametrize("words", [("agent",), ("-I", ODD.replace("$", ""), "agent"), ("-I", ODD, "agent")])
def test_systemd_takes_the_unit(tmp_path: Path, words: tuple[str, ...]) -> None:
    """It finds the program, and warns of nothing."""
    path = odd_program(tmp_path)
    unit = tmp_path / "trayexec.service"
    unit.write_text(linux.service((str(path), *words)))
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--user", "--man=no", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "KillMode=process" in unit.read_text().splitlines(), "the person's browser would end with the agent"


def test_launchd_gets_a_property_list() -> None:
    """With what it needs to start the agent in the desktop session, and again after a crash alone."""
    said = plistlib.loads(macos.launch_agent(("/opt/trayexec", "agent")).encode())
    assert said["ProgramArguments"] == ["/opt/trayexec", "agent"]
    assert (said["RunAtLoad"], said["KeepAlive"]) == (True, {"Crashed": True})
    assert said["LimitLoadToSessionType"] == "Aqua"


# What stands there


def test_how_it_stands_is_told_by_what_is_there(tmp_path: Path) -> None:
    """Nothing, all, a part, another one, one that is gone, and one that the desktop has switched off."""
    ours, other = odd_program(tmp_path), tmp_path / "other"
    other.symlink_to(ours)
    command = (str(ours), "agent")

    def standing() -> Standing:
        return StartAtLogin(command, linux.entries(environ_of(tmp_path), command)).standing

    assert standing() is Standing.OFF
    entries = enabled(tmp_path, command)
    assert standing() is Standing.ON
    desktop = Path(entries[0].place)
    desktop.write_text(f"{desktop.read_text()}X-GNOME-Autostart-Delay=5\n")
    assert standing() is Standing.ON
    desktop.write_text(f"{desktop.read_text()}Hidden=true\n")
    assert standing() is Standing.SWITCHED_OFF
    enabled(tmp_path, command)
    Path(entries[2].place).unlink()
    assert standing() is Standing.PARTLY
    enabled(tmp_path, (str(other), "agent"))
    assert standing() is Standing.OTHER
    other.unlink()
    assert standing() is Standing.GONE
    desktop.write_text("nothing of a desktop's\n")
    assert standing() is Standing.GONE


def test_a_link_of_systemctls_is_ours(tmp_path: Path) -> None:
    """`systemctl --user enable` makes the same one, with the whole path; one that leads elsewhere is made anew."""
    command = (str(odd_program(tmp_path)), "agent")
    unit, link = (Path(one.place) for one in enabled(tmp_path, command)[1:])
    for target, standing in ((unit, Standing.ON), (tmp_path, Standing.ON)):
        link.unlink()
        link.symlink_to(target)
        found = StartAtLogin(command, linux.entries(environ_of(tmp_path), command))
        assert found.standing is standing
        assert bool(found.wrong) == (target is tmp_path)


def test_a_machine_without_systemd_gets_no_unit(tmp_path: Path) -> None:
    """Only where there is one from before it is looked at, so that it can go."""
    command = (str(odd_program(tmp_path)), "agent")
    bare = {"HOME": str(tmp_path), "PATH": str(tmp_path)}
    assert [Path(one.place).name for one in linux.entries(bare, command)] == ["trayexec.desktop"]
    enabled(tmp_path, command)
    assert len(linux.entries(bare, command)) == 3


# Other platforms


class Registry(ModuleType):
    """`winreg`, over a dictionary; its functions are called as they are there."""

    HKEY_CURRENT_USER, REG_SZ, KEY_SET_VALUE = 1, 1, 2

    def __init__(self) -> None:
        """No value is there."""
        super().__init__("winreg")
        self.values: dict[str, str] = {}
        self.OpenKey = self.CreateKey = lambda *_: contextlib.nullcontext()
        self.SetValueEx = lambda _key, name, _reserved, _kind, value: self.values.update({name: value})
        self.DeleteValue = lambda _key, name: self.values.pop(name)

    def QueryValueEx(self, _key: object, name: str) -> tuple[str, int]:  # noqa: N802 — as it is called there
        """The value and its kind."""
        if name not in self.values:
            raise FileNotFoundError(name)
        return self.values[name], 1


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A Windows, as far as the Run key goes."""
    stands_in = Registry()
    monkeypatch.setitem(sys.modules, "winreg", stands_in)
    monkeypatch.setattr(sys, "platform", "win32")
    yield stands_in
    monkeypatch.undo()


def test_windows_has_a_value_of_the_run_key(registry: Registry) -> None:
    """Written, read as it was, and taken away."""
    command = (r"C:\Program Files\trayexec\trayexec.exe", "agent")
    (entry,) = windows.entries({}, command)
    assert entry.found is None
    windows.write(entry, None)
    assert registry.values == {"trayexec": r'"C:\Program Files\trayexec\trayexec.exe" agent'}
    (entry,) = windows.entries({}, command)
    assert (entry.found, entry.starts) == (entry.wanted, command)
    windows.remove(entry, None)
    assert registry.values == {}


@pytest.mark.parametrize("reload", [linux.reload, macos.reload, windows.reload])
def test_where_no_systemd_of_the_user_runs_nothing_is_asked(reload: Callable[[dict[str, str]], None]) -> None:
    """And nothing is raised."""
    reload({"XDG_RUNTIME_DIR": "/nonexistent"})


def test_systemd_is_asked_to_read_its_units_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the user's own runs; one that fails or is not found stands in nobody's way."""
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd/private").touch()
    asked = tmp_path / "asked"
    stands_in = tmp_path / "systemctl"
    stands_in.write_text(f'#!/bin/sh\necho "$@" >{shlex.quote(str(asked))}\nexit 1\n')
    stands_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "PATH": f"{tmp_path}:/bin"}
    linux.reload(environ)
    assert asked.read_text() == "--user daemon-reload\n"
    stands_in.unlink()
    linux.reload(environ)

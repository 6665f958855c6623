"""What the menu leads to outside: files in the person's own program, the clipboard; stand-ins on PATH, no display."""

import stat
from pathlib import Path

import pytest

from trayexec.adapters import settings_file, terminals
from trayexec.adapters.desktop_actions import DesktopActions
from trayexec.core.ports import Notice


class Menu:
    """The actions of a menu in a home of its own, and what a person was told."""

    def __init__(self, home: Path) -> None:
        """Nothing is there yet but the folders."""
        self.told: list[str] = []
        self.programs = home / "bin"
        self.programs.mkdir()
        self.settings = home / "config" / "config.toml"
        self.opened = home / "opened"
        environ = {"PATH": f"{self.programs}:/usr/bin:/bin", "DISPLAY": ":1", "HOME": str(home), "LANG": "C.UTF-8"}
        self.at_login: list[bool | None] = []
        log = str(home / "agent.log")
        self.actions = DesktopActions(environ, str(self.settings), log, self._tell, self.at_login.append)

    def _tell(self, notice: Notice) -> None:
        self.told.append(f"{notice.title}: {notice.body}")

    def program(self, name: str, *, status: int = 0) -> None:
        """Put a program on PATH that writes down what it gets."""
        path = self.programs / name
        path.write_text(f'#!/bin/sh\necho "$@" >>{self.opened}\ncat >>{self.opened}\nexit {status}\n')
        path.chmod(0o755)


@pytest.fixture
def menu(tmp_path: Path) -> Menu:
    """A menu in a home of its own."""
    return Menu(tmp_path)


def test_the_log_is_opened(menu: Menu, tmp_path: Path) -> None:
    """In what the desktop has for it."""
    menu.program("xdg-open")
    menu.actions.do("log", "")
    assert (menu.opened.read_text().strip(), menu.told) == (str(tmp_path / "agent.log"), [])


def test_the_user_manager_opens_it_where_there_is_one(menu: Menu, tmp_path: Path) -> None:
    """An editor would else be one of the agent's processes, and end with its unit; without a manager it opens alone."""
    menu.program("xdg-open")
    manager = menu.programs / "systemd-run"
    manager.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/line\nwhile [ "$1" != -- ]; do shift; done\nshift\n"$@"\n'
    )
    manager.chmod(0o755)
    menu.actions.do("log", "")
    said = (tmp_path / "line").read_text().splitlines()
    assert {"--user", "--property=KillMode=process", "--setenv=DISPLAY"} <= set(said)
    assert said[-2:] == [str(menu.programs / "xdg-open"), str(tmp_path / "agent.log")]
    assert menu.opened.read_text().split() == [str(tmp_path / "agent.log")]

    manager.write_text("#!/bin/sh\nexit 1\n")
    menu.actions.do("log", "")
    assert (menu.opened.read_text().split(), menu.told) == ([str(tmp_path / "agent.log")] * 2, [])


def test_settings_are_made_the_first_time(menu: Menu) -> None:
    """Private, right as they are, and from then on the person's: what is there is left alone."""
    menu.program("xdg-open")
    menu.actions.do("settings", "")
    assert stat.S_IMODE(menu.settings.stat().st_mode) == 0o600
    assert settings_file.load(str(menu.settings)) == settings_file.load("/nonexistent")

    menu.settings.write_text("# mine\n")
    menu.actions.do("settings", "")
    assert menu.settings.read_text() == "# mine\n"
    assert menu.opened.read_text().split() == [str(menu.settings)] * 2


def test_a_file_that_nothing_opens_is_named(menu: Menu, tmp_path: Path) -> None:
    """Where there is no such tool, or it fails."""
    menu.program("xdg-open", status=3)
    menu.program("wslview", status=3)
    menu.actions.do("log", "")
    assert menu.told == [f"No program opens it here: It is {tmp_path / 'agent.log'}"]


def test_settings_that_cannot_be_made_are_said(menu: Menu, tmp_path: Path) -> None:
    """A folder that is a file."""
    (tmp_path / "config").write_text("")
    menu.program("xdg-open")
    menu.actions.do("settings", "")
    assert len(menu.told) == 1
    assert str(menu.settings) in menu.told[0]
    assert not menu.opened.exists()


def test_a_command_goes_into_the_clipboard(menu: Menu) -> None:
    """By standard input: never on a command line."""
    menu.program("xclip")
    menu.actions.do("copy", "trayexec why x")
    assert menu.opened.read_text() == "-selection clipboard\ntrayexec why x"
    assert menu.told == []


def test_without_a_clipboard_the_command_is_shown(menu: Menu) -> None:
    """It can still be read."""
    menu.program("xclip", status=1)
    menu.program("xsel", status=1)
    menu.actions.do("copy", "trayexec why x")
    assert menu.told == ["Nothing here fills the clipboard: trayexec why x"]


def test_a_console_that_did_not_open_says_why(menu: Menu, tmp_path: Path) -> None:
    """What the command says of it, and nothing of what it waited for."""
    config = tmp_path / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("[profile -x]\nrole_arn = arn:aws:iam::111111111111:role/x\n")
    menu.actions.do("console", "-x")
    (told,) = menu.told
    assert told.startswith("The console of -x did not open: Profile -x")
    assert "trayexec:" not in told
    assert "\n" not in told


def test_without_a_terminal_the_command_is_named(menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can still be typed."""
    monkeypatch.setattr(terminals, "command_lines", lambda _command, _environ: iter(()))
    menu.actions.do("terminal", "it's")
    assert menu.told == ["No terminal opens here: In one of your own: `trayexec shell 'it'\"'\"'s'`"]


def test_start_at_login_is_switched_on_and_off(menu: Menu) -> None:
    """By the command that does it, and how it stands afterwards is told."""
    for _ in range(2):
        menu.actions.do("login", "")
    menu.actions.look()
    assert (menu.at_login, menu.told) == ([True, False, False], [])


def test_start_at_login_that_cannot_be_switched_says_why(menu: Menu, tmp_path: Path) -> None:
    """The folder is a file."""
    (tmp_path / ".config").write_text("")
    menu.actions.do("login", "")
    (told,) = menu.told
    assert told.startswith("Start at login could not be switched: ")
    assert menu.at_login in ([False], [None])


def test_help_without_a_terminal_is_named(menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can still be read."""
    monkeypatch.setattr(terminals, "command_lines", lambda _command, _environ: iter(()))
    menu.actions.do("help", "")
    assert menu.told == ["No terminal opens here: In one of your own: `trayexec help all`"]

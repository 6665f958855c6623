"""Opening a terminal: which one, how each is given a command, and what it gets; stand-ins on PATH, no display."""

from pathlib import Path

import pytest

from trayexec.adapters.terminals import BEFORE_COMMAND, command_lines, open_terminal
from trayexec.light import agent_environment

COMMAND = ("sh", "-c", "true", "it's")


def stand_in(folder: Path, name: str, body: str = "exit 0") -> None:
    """A program on PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def chosen(folder: Path, **environ: str) -> list[str]:
    """The names of the terminals that would be tried."""
    lines = command_lines(COMMAND, {"PATH": str(folder), **environ})
    return [Path(line[0]).name for line in lines]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with every terminal of the table, and one that is in no table."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in (*BEFORE_COMMAND, "other"):
        stand_in(folder, name)
    return folder


@pytest.mark.parametrize("name", BEFORE_COMMAND)
def test_each_gets_the_command_word_by_word(programs: Path, name: str) -> None:
    """Never as one text that a shell would take apart."""
    line = next(one for one in command_lines(COMMAND, {"PATH": str(programs)}) if Path(one[0]).name == name)
    assert tuple(line[-len(COMMAND) :]) == COMMAND
    assert line[1 : -len(COMMAND)] == list(BEFORE_COMMAND[name])


def test_what_the_person_and_the_desktop_say_comes_first(programs: Path) -> None:
    """The standard's own program, $TERMINAL with its options, the desktop's, the system's."""
    assert chosen(programs)[:2] == ["xdg-terminal-exec", "x-terminal-emulator"]
    assert chosen(programs, XDG_CURRENT_DESKTOP="XFCE")[:2] == ["xdg-terminal-exec", "xfce4-terminal"]
    assert chosen(programs, XDG_CURRENT_DESKTOP="ubuntu:GNOME")[1:4] == ["ptyxis", "kgx", "gnome-terminal"]
    (programs / "xdg-terminal-exec").unlink()
    line = next(command_lines(COMMAND, {"PATH": str(programs), "TERMINAL": "kitty --single-instance"}))
    assert line == [str(programs / "kitty"), "--single-instance", *COMMAND]
    assert chosen(programs, TERMINAL="other", XDG_CURRENT_DESKTOP="KDE")[:2] == ["other", "konsole"]
    assert chosen(programs, TERMINAL="gone")[0] == "x-terminal-emulator"


def test_one_that_fails_gives_way_to_the_next(tmp_path: Path) -> None:
    """That one runs the command at home, with what the agent has of the desktop's environment, and nothing else."""
    folder, home = tmp_path / "bin", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    stand_in(folder, "mate-terminal", "exit 1")
    stand_in(folder, "xterm", 'shift; "$@"')
    environ = {
        "PATH": str(folder),
        "HOME": str(home),
        "XDG_CURRENT_DESKTOP": "MATE",
        "DISPLAY": ":7",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "LD_PRELOAD": "",
    }
    assert open_terminal(("/bin/sh", "-c", "env >seen"), environ)
    seen = dict(line.split("=", 1) for line in (home / "seen").read_text().splitlines())
    assert (seen["DISPLAY"], seen["PWD"]) == (":7", str(home))
    assert seen.keys() <= {*agent_environment.NEEDED, "PWD", "OLDPWD", "SHLVL", "_"}

    stand_in(folder, "systemd-run", "exit 1")  # there is no user manager
    assert open_terminal(("/bin/sh", "-c", "umask >mask"), environ)
    assert (home / "mask").read_text() == "0022\n"

    stand_in(folder, "xterm", "exit 1")
    assert not open_terminal(("/bin/sh", "-c", "true"), environ)


def test_the_user_manager_starts_it_where_there_is_one(tmp_path: Path) -> None:
    """Else nothing in it could gain privileges; what it is to have of the environment is named, and not shown."""
    folder, home = tmp_path / "bin", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    stand_in(
        folder, "systemd-run", 'printf "%s\\n" "$@" >"$HOME/line"; while [ "$1" != -- ]; do shift; done; shift; "$@"'
    )
    stand_in(folder, "xterm", 'shift; "$@"')
    environ = {"PATH": str(folder), "HOME": str(home), "DISPLAY": ":7", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    assert open_terminal(("/bin/sh", "-c", "echo ran >ran"), environ)
    said = (home / "line").read_text().splitlines()
    assert {"--user", "--setenv=DISPLAY", f"--working-directory={home}"} <= set(said)
    assert not [one for one in said if "s3cret" in one or "AWS_" in one or ":7" in one]
    assert said[-4:] == ["-e", "/bin/sh", "-c", "echo ran >ran"]
    assert (home / "ran").exists()

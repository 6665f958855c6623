"""`config`: what is in force is shown as it could be written, and no edit counts that is not right."""

import os
import sys
import tomllib
from pathlib import Path

import pytest

from support.rig import Rig

# An editor that writes what each of its turns is to write; it is started anew for each.
EDITOR = """\
import pathlib, sys
turns = sorted(pathlib.Path(sys.argv[1]).iterdir())
if turns:
    pathlib.Path(sys.argv[2]).write_text(turns[0].read_text())
    turns[0].unlink()
"""
RIGHT = '[session]\nduration = "4h"\n'
WRONG = '[session]\nduration = "4 years"\n'


def editor(rig: Rig, *turns: str) -> dict[str, str]:
    """The environment in which the editor writes these, one after the other."""
    script = rig.write("editor.py", EDITOR)
    folder = rig.desk.home("turns of it")
    folder.mkdir()
    for number, text in enumerate(turns):
        rig.write(f"turns of it/{number}", text)
    return {"EDITOR": f"{sys.executable} -I {script} '{folder}'"}


def own(rig: Rig) -> Path:
    """Where our settings are."""
    return rig.desk.home("home/.config/trayexec/config.toml")


def left(rig: Rig) -> list[str]:
    """What stands in their folder."""
    return sorted(one.name for one in own(rig).parent.iterdir())


def test_where_the_file_is(bare: Rig) -> None:
    """Also where there is none."""
    assert bare.run("config", "path").out == f"{own(bare)}\n"


def test_what_is_in_force_is_shown_as_it_is_written(bare: Rig) -> None:
    """As TOML that says the same, and as JSON."""
    text = '[session]\nduration = "4h"\n[groups]\n"a.b" = ["x-*"]\n[profile."prod-*"]\ncolour = "red"\n'
    bare.settings(text)
    shown = bare.run("config", "show").out
    assert "[prompt]" in shown
    tables = bare.run("config", "show", "--json").json
    assert tomllib.loads(shown) == {name: table for name, table in tables.items() if table}
    bare.settings(shown)
    assert bare.run("config", "show").out == shown


def test_a_check_names_the_line(bare: Rig) -> None:
    """It is the exit status that counts for a script."""
    assert bare.run("config", "check").status == 0
    bare.settings(RIGHT)
    assert bare.run("config", "check").status == 0
    bare.settings(WRONG)
    done = bare.run("config", "check")
    assert done.status == 125
    assert "Line 2" in done.err


def test_a_new_file_begins_with_what_holds_anyway(bare: Rig) -> None:
    """As comments: who saves it as it is has changed nothing."""
    terminal = bare.terminal("config", "edit", env={"EDITOR": "cat"})
    status, screen = terminal.ended()
    assert status == 0
    assert '# duration = "12h"' in screen
    assert "nothing is changed" in screen
    assert left(bare) == []


@pytest.mark.parametrize("before", [None, "# mine\n"])
def test_what_is_right_counts(bare: Rig, before: str | None) -> None:
    """The file says it, with its mode; no copy is left."""
    if before is not None:
        bare.settings(before).chmod(0o640)
    assert bare.terminal("config", "edit", env=editor(bare, RIGHT)).ended()[0] == 0
    assert own(bare).read_text() == RIGHT
    assert own(bare).stat().st_mode & 0o777 == (0o600 if before is None else 0o640)
    assert left(bare) == ["config.toml"]


def test_what_is_wrong_is_edited_again(bare: Rig) -> None:
    """The line is named, and Return goes on."""
    terminal = bare.terminal("config", "edit", env=editor(bare, WRONG, RIGHT))
    assert "Line 2" in terminal.wait_for(r"Edit it again\? \[Y/n\] ")
    assert not own(bare).exists()
    terminal.type("\n")
    assert terminal.ended()[0] == 0
    assert own(bare).read_text() == RIGHT


@pytest.mark.parametrize("answer", ["n\n", "\x04"])
def test_what_stays_wrong_does_not_count_and_is_kept(bare: Rig, answer: str) -> None:
    """The file is as it was, the copy is named."""
    bare.settings(RIGHT)
    terminal = bare.terminal("config", "edit", env=editor(bare, WRONG))
    terminal.wait_for(r"Edit it again\? \[Y/n\] ")
    terminal.type(answer)
    status, screen = terminal.ended()
    assert status == 125
    assert own(bare).read_text() == RIGHT
    (copy,) = [one for one in own(bare).parent.iterdir() if one != own(bare)]
    assert copy.read_text() == WRONG
    assert copy.name in screen


def test_an_editor_that_fails_changes_nothing(bare: Rig) -> None:
    """So does one that is not there."""
    bare.settings(RIGHT)
    for name in ("false", "/no/such/editor"):
        status, screen = bare.terminal("config", "edit", env={"VISUAL": name}).ended()
        assert status == 125
        assert name in screen
    assert own(bare).read_text() == RIGHT
    assert left(bare) == ["config.toml"]


def test_what_somebody_else_wrote_meanwhile_stays(bare: Rig) -> None:
    """Both are there, and how to compare them is said."""
    bare.settings("# old\n")
    terminal = bare.terminal("config", "edit", env=editor(bare, WRONG, RIGHT))
    terminal.wait_for(r"Edit it again\? \[Y/n\] ")
    bare.settings("# by another\n")
    terminal.type("y\n")
    status, screen = terminal.ended()
    assert status == 125
    assert "diff " in screen
    assert own(bare).read_text() == "# by another\n"
    assert len(left(bare)) == 2


def test_a_link_to_the_file_stays(bare: Rig) -> None:
    """Dotfiles are kept elsewhere."""
    real = bare.write("home/dotfiles/trayexec.toml", "# mine\n")
    own(bare).parent.mkdir(parents=True)
    own(bare).symlink_to(real)
    assert bare.terminal("config", "edit", env=editor(bare, RIGHT)).ended()[0] == 0
    assert own(bare).is_symlink()
    assert real.read_text() == RIGHT


def test_what_is_no_file_is_said_and_left_alone(bare: Rig) -> None:
    """A link to a pipe here; to the null device it is the same."""
    pipe = bare.desk.home("pipe")
    os.mkfifo(pipe)
    own(bare).parent.mkdir(parents=True, exist_ok=True)
    own(bare).symlink_to(pipe)
    status, screen = bare.terminal("config", "edit", env={"EDITOR": "cat"}).ended()
    assert (status, f"{pipe} cannot be read" in screen) == (125, True)
    assert pipe.is_fifo()
    own(bare).unlink()


def test_without_a_terminal_nobody_edits(bare: Rig) -> None:
    """A script is told what to do."""
    done = bare.run("config", "edit")
    assert done.status == 125
    assert "config check" in done.err

"""Signs of ours that a plain locale has not."""

import ast
from pathlib import Path
from unicodedata import east_asian_width

import pytest

import trayexec
from trayexec.light.signs import ASCII, has_them, plain

SOURCE = Path(trayexec.__file__).parent
NOT_SAID = (  # on a terminal: what a desktop shows, and what is compared
    "adapters/autostart",
    "adapters/dialogs",
    "adapters/notifications",
    "adapters/tray",
    "commands/formats.py",
    "light/hidden_characters.py",
    "light/signs.py",
)


def _signs(path: Path) -> set[str]:
    """What is no ASCII in the strings of a module, but for its docstrings and the letters of East Asia."""
    found = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(found) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    documented = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    strings = [one for one in ast.walk(found) if isinstance(one, ast.Constant) and id(one) not in documented]
    letters = {letter for one in strings if isinstance(one.value, str) for letter in one.value}
    return {one for one in letters if not one.isascii() and one.isprintable() and east_asian_width(one) not in "WF"}


def test_every_sign_on_a_terminal_has_a_form_in_ascii() -> None:
    """Whatever our modules say there: nothing stands in the list that none of them says, and nothing is missing."""
    paths = [path for path in SOURCE.rglob("*.py") if not str(path.relative_to(SOURCE)).startswith(NOT_SAID)]
    used = set[str]().union(*map(_signs, paths))
    assert used == {*ASCII}


@pytest.mark.parametrize(
    ("environ", "has"),
    [
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "en_GB.ISO-8859-1"}, False),
        ({"LANG": "ja_JP.eucJP"}, False),
        ({}, False),
        ({"LC_CTYPE": "C.utf8", "LANG": "C"}, True),
        ({"LANG": "ja_JP.UTF-8"}, True),
    ],
)
def test_the_locale_decides(environ: dict[str, str], *, has: bool) -> None:
    """As POSIX reads its variables; a name in other letters stays what it is."""
    assert has_them(environ) is has
    assert plain("é✓ …", environ) == ("é✓ …" if has else "é+ ...")

"""How children are started: no environment variable or folder bends their Python, and no key reaches them."""

import ast
import json
import site
import subprocess
import sys
from pathlib import Path

import pytest

import trayexec
from trayexec.light import own_command


def test_our_python_finds_us_and_nothing_else(tmp_path: Path) -> None:
    """In a folder with a `trayexec` of its own and PYTHONPATH pointing there, the child still loads this package."""
    (tmp_path / "trayexec").mkdir()
    (tmp_path / "trayexec" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    environ = {"PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path), "PYTHONHOME": ""}

    done = subprocess.run(
        own_command.python("trayexec.adapters.notifications.plyer_child"),
        cwd=tmp_path,
        env=environ,
        input="{",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "the wrong one" not in done.stderr
    assert "JSONDecodeError" in done.stderr  # of our own module, reading that request


def test_a_package_in_the_users_own_site_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-I` would hide what `pip install --user` installed, and us with it: there, only the rest of it is asked for."""
    home = Path(str(trayexec.__file__)).resolve().parent.parent
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(home))

    assert own_command.python("some.module") == [sys.executable, "-E", "-P", "-m", "some.module"]

    monkeypatch.setattr(site, "getusersitepackages", lambda: str(home / "elsewhere"))
    assert own_command.python("some.module")[:2] == [sys.executable, "-I"]


def test_children_of_a_python_without_site_have_none_either() -> None:
    """As Debian's package starts it: what other packages hook into `site` would bend the path of a keychain's child."""
    home = Path(str(trayexec.__file__)).resolve().parent.parent
    asks = f"import sys; sys.path.insert(0, {str(home)!r}); from trayexec.light import own_command as own; "
    said = subprocess.check_output([sys.executable, "-IS", "-c", f"{asks}print(own.python('some.module'))"], text=True)

    argv = ast.literal_eval(said)
    assert argv[:4] == [sys.executable, "-I", "-S", "-c"]
    assert ascii(str(home)) in argv[4]


@pytest.mark.parametrize(
    "child",
    [
        "trayexec.adapters.keychain.child",
        "trayexec.adapters.dialogs.own.tk_child",
        "trayexec.adapters.notifications.plyer_child",
    ],
)
def test_children_stay_light(child: str) -> None:
    """A child starts while a person waits: it does not load the agent's loop, nor boto, nor the drawing library."""
    code = f"import json, sys, {child}; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)

    heavy = {"asyncio", "boto3", "botocore", "PIL", "pystray", "keyring", "plyer"}
    assert heavy & set(json.loads(done.stdout)) == set()

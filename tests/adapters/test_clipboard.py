"""The clipboard of a desktop."""

from pathlib import Path

import pytest

from trayexec.adapters import clipboard

TOOLS = {"wl-copy": "WAYLAND_DISPLAY", "xclip": "DISPLAY", "xsel": "DISPLAY", "clip.exe": "WSL_DISTRO_NAME"}


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment in which each program of a clipboard writes down what it is given, and how it was called."""
    for name in TOOLS:
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/{name}.called\n/bin/cat > {tmp_path}/{name}.text\n')
        script.chmod(0o700)
    return {"PATH": str(tmp_path)}


@pytest.mark.parametrize("name", TOOLS)
def test_each_desktop_has_its_program(programs: dict[str, str], tmp_path: Path, name: str) -> None:
    """The text comes on standard input, and stands on no command line."""
    environ = {**programs, TOOLS[name]: "x"}
    if name == "xsel":
        (tmp_path / "xclip").unlink()
    assert clipboard.copy("a secret address", environ)
    assert (tmp_path / f"{name}.text").read_text() == "a secret address"
    assert "secret" not in (tmp_path / f"{name}.called").read_text()


def test_one_that_fails_is_followed_by_the_next(programs: dict[str, str], tmp_path: Path) -> None:
    """As wl-copy does where WAYLAND_DISPLAY is left over."""
    (tmp_path / "wl-copy").write_text("#!/bin/sh\nexit 1\n")
    assert clipboard.copy("text", {**programs, "WAYLAND_DISPLAY": "x", "DISPLAY": "x"})
    assert (tmp_path / "xclip.text").read_text() == "text"


def test_without_a_desktop_there_is_none(programs: dict[str, str]) -> None:
    """Nothing is tried."""
    assert clipboard.tools(programs) == []
    assert not clipboard.copy("text", programs)

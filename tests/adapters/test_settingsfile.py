"""Our own settings on disk."""

import os
from pathlib import Path

import pytest

from trayexec.adapters.settingsfile import LONGEST_FILE, load, refresh
from trayexec.core.settings import OnLock, Settings
from trayexec.errors import TrayexecError

KEEP = 'screen.on_lock = "keep"\n'


def test_without_a_file_everything_is_as_usual(tmp_path: Path) -> None:
    """Nobody needs to write one."""
    assert load(str(tmp_path / "config.toml")) == Settings()


def test_the_file_is_read_with_the_marks_of_any_editor(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are accepted."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf# ours\r\n" + KEEP.encode())
    assert load(str(path)).on_lock is OnLock.KEEP


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (LONGEST_FILE + 1), b"[session]\nx = 1"])
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    """Settings that do not hold are worse than none."""
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(TrayexecError) as caught:
        load(str(path))
    assert str(path) in str(caught.value.trouble.title)


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    """It is refused at once."""
    path = tmp_path / "config.toml"
    os.mkfifo(path)
    with pytest.raises(TrayexecError, match="not a file"):
        load(str(path))


def test_a_change_is_noticed_and_a_slip_leaves_the_last_good_settings(tmp_path: Path) -> None:
    """The same object comes back while nothing changes; a broken version is reported once it is seen."""
    path = tmp_path / "config.toml"
    first = refresh(str(path), None)
    assert refresh(str(path), first) is first
    path.write_text(KEEP)
    second = refresh(str(path), first)
    assert second.settings.on_lock is OnLock.KEEP
    path.write_text("screen.on_lock = 'kep'")
    third = refresh(str(path), second)
    assert third.settings == second.settings
    assert third.warning is not None
    assert third.warning.code == "settings"
    assert refresh(str(path), third) is third
    path.write_text("")
    assert refresh(str(path), third).warning is None
    path.write_text("x = ")
    with pytest.raises(TrayexecError):
        refresh(str(path), None)

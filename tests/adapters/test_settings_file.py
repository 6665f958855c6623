"""Our own settings on disk."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.others import NOBODY
from trayexec.adapters.settings_file import LONGEST_FILE, load, refresh
from trayexec.core.settings import OnLock, Settings
from trayexec.light.errors import TrayexecError

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


def given_away(path: Path) -> None:
    """It is another user's."""
    os.chown(path, NOBODY, -1)


def open_to_all(path: Path) -> None:
    """Everybody may write to it."""
    path.chmod(path.stat().st_mode | 0o002)


@pytest.mark.parametrize("spoil", [open_to_all, *([given_away] if os.geteuid() == 0 else [])])
@pytest.mark.parametrize("what", ["file", "folder", "target", "target's folder"])
def test_settings_that_somebody_else_could_have_written_are_refused(
    tmp_path: Path, what: str, spoil: Callable[[Path], None]
) -> None:
    """They name commands that give codes and keys: an XDG_CONFIG_HOME that others share must not say which."""
    path = tmp_path / "ours/config.toml"
    real = tmp_path / "dotfiles/config.toml" if "target" in what else path
    for folder in {path.parent, real.parent}:
        folder.mkdir(mode=0o755)
    real.write_text(KEEP)
    if real != path:
        path.symlink_to(real)
    assert load(str(path)).on_lock is OnLock.KEEP
    spoil(real.parent if "folder" in what else real)
    with pytest.raises(TrayexecError) as caught:
        load(str(path))
    assert caught.value.trouble.code == "settings_owner"
    assert str(path) in str(caught.value.trouble.title)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_usual_modes_are_good(tmp_path: Path, mode: int) -> None:
    """The user's own group may write, as the umask of many systems has it; and so may a sticky folder's others."""
    path = tmp_path / "config.toml"
    path.write_text(KEEP)
    path.chmod(mode)
    tmp_path.chmod(0o1777)
    assert load(str(path)).on_lock is OnLock.KEEP

"""Overlays on disk, without an agent: what others write is carried home whole, through links, at any moment."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from trayexec.adapters.awsfiles import AwsFiles
from trayexec.adapters.overlayfile import Means, Overlays
from trayexec.errors import Text, TrayexecError

CONFIG = """\
[default]
mfa_serial = arn:aws:iam::111111111111:mfa/alice
region = eu-central-1
"""


@pytest.fixture
def told() -> list[Text]:
    """What a person was told."""
    return []


@pytest.fixture
def make(tmp_path: Path, told: list[Text]) -> Callable[..., Overlays]:
    """Overlays in a folder of their own; `groups` is called in the middle of each writing."""

    def overlays(groups: Callable[[], Sequence[str]] = list) -> Overlays:
        files = AwsFiles({"HOME": str(tmp_path)}, session_name="s")
        return Overlays(tmp_path / "live", Means(files, ("/bin/trayexec",), {}, groups, told.append))

    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    return overlays


def test_a_linked_dotfile_stays_a_link(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """The file behind the link changes, with its mode and its line ends; the old one is beside the link."""
    real, link = tmp_path / "dotfiles", tmp_path / ".aws/config"
    real.write_bytes(CONFIG.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    link.unlink()
    link.symlink_to(real)
    overlays = make()
    place = overlays.want(None, None)
    place.overlay.write_text(place.overlay.read_text().replace("eu-central-1", "eu-west-1"))
    overlays.look()
    assert link.is_symlink()
    assert real.read_bytes() == CONFIG.replace("eu-central-1", "eu-west-1").replace("\n", "\r\n").encode()
    assert real.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / ".aws/config.trayexec~").read_bytes() == CONFIG.replace("\n", "\r\n").encode()


def test_nothing_is_written_where_no_file_is(make: Callable[..., Overlays], told: list[Text]) -> None:
    """With AWS_CONFIG_FILE=/dev/null the device stays a device; what was to be written is kept, and said."""
    overlays = make()
    place = overlays.want(os.devnull, None)
    place.overlay.write_text(place.overlay.read_text() + "[profile x]\nregion = r-1\n")
    overlays.load(os.devnull, None)
    assert not Path(os.devnull).is_file()
    assert any("[profile x]" in file.read_text() for file in place.folder.glob("config.*"))
    assert len(told) == 1


def test_a_write_at_the_last_moment_is_not_lost(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """Somebody has the overlay open and writes while we replace it: that, too, reaches the user's file."""
    place = make().want(None, None)
    before = place.overlay.read_text()
    (tmp_path / ".aws/config").write_text(CONFIG.replace("eu-central-1", "eu-west-1"))
    with place.overlay.open("r+") as handle:

        def groups() -> list[str]:
            if sys._getframe(1).f_code.co_name == "_write" and not handle.tell():
                handle.write(before.replace("[default]\n", "[default]\noutput = yaml\n"))
                handle.flush()
            return []

        make(groups).look()
        assert handle.tell()
    text = (tmp_path / ".aws/config").read_text()
    assert "output = yaml" in text
    assert "region = eu-west-1" in text
    assert "output = yaml" in place.overlay.read_text()


def test_a_broken_file_of_the_users_is_never_touched(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """While the user's file cannot be read, what was written waits in the overlay, and goes home when it can."""
    overlays = make()
    place = overlays.want(None, None)
    own = tmp_path / ".aws/config"
    own.write_text("[broken\n")
    edited = place.overlay.read_text() + "[profile x]\nregion = r-1\n"
    place.overlay.write_text(edited)
    overlays.look()
    assert own.read_text() == "[broken\n"
    assert place.overlay.read_text() == edited
    own.write_text(CONFIG)
    overlays.look()
    assert own.read_text() == CONFIG + "\n[profile x]\nregion = r-1\n"


def test_bytes_that_are_no_text_are_kept_aside(make: Callable[..., Overlays], tmp_path: Path, told: list[Text]) -> None:
    """Whatever is written there, the overlay becomes whole again, and the bytes are still to be had."""
    overlays = make()
    place = overlays.want(None, None)
    place.overlay.write_bytes(b"\xff\xfe\0[profile x]\n")
    overlays.look()
    assert "[default]" in place.overlay.read_text()
    assert b"\xff\xfe\0[profile x]\n" in {file.read_bytes() for file in place.folder.glob("config.*")}
    assert (tmp_path / ".aws/config").read_text() == CONFIG
    assert len(told) == 1


def test_a_folder_of_anothers_is_not_used(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """An overlay's folder that is a link is refused, not followed."""
    overlays = make()
    place = overlays.place(None, None)
    place.folder.parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    place.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrayexecError) as caught:
        overlays.want(None, None)
    assert caught.value.trouble.code == "overlay"
    assert list((tmp_path / "elsewhere").iterdir()) == []

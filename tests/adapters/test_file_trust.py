"""Whether somebody else could have written a file that names a program."""

import errno
import os
import pwd
import struct
import sys
from pathlib import Path

import pytest

from trayexec.adapters.file_trust import doubt

OWNER, USER, ITS_GROUP, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NOBODY = 0xFFFFFFFF  # the id of an entry that names none


def lend(path: Path, *named: tuple[int, int, int], most: int = 6) -> None:
    """Give a file an access control list, as setfacl(1) does: kind, rights and id of those that are named."""
    entries = sorted([(OWNER, 6, NOBODY), *named, (ITS_GROUP, 0, NOBODY), (MASK, most, NOBODY), (OTHER, 0, NOBODY)])
    content = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *one) for one in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", content)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            pytest.skip("this file system has no access control lists")
        raise


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of ours in a folder of ours."""
    tmp_path.chmod(0o700)
    path = tmp_path / "config"
    path.touch(0o600)
    return path


@pytest.mark.parametrize(("mode", "doubted"), [(0o600, False), (0o644, False), (0o664, False), (0o666, True)])
def test_modes(file: Path, mode: int, *, doubted: bool) -> None:
    """The group is the user's own."""
    os.chown(file, -1, os.getegid())
    file.chmod(mode)
    assert (doubt(str(file)) is not None) is doubted


def test_a_folder_in_which_others_may_write(file: Path) -> None:
    """They could put another file in its place, unless only the owner may do that there."""
    file.parent.chmod(0o777)
    assert "its folder" in str(doubt(str(file)))
    file.parent.chmod(0o1777)
    assert doubt(str(file)) is None


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_further_up_in_which_others_may_write(tmp_path: Path, mode: int) -> None:
    """They could put another folder in the place of the one that has the file; where it is sticky they could not."""
    folder = tmp_path / "above" / "own"
    folder.mkdir(parents=True)
    (folder / "config").touch(0o600)
    os.chown(folder.parent, -1, os.getegid() + 4242 if os.geteuid() == 0 else -1)
    folder.parent.chmod(mode if os.geteuid() == 0 else 0o777)
    assert "a folder on the way" in str(doubt(str(folder / "config")))
    folder.parent.chmod(0o1777)
    assert doubt(str(folder / "config")) is None


def test_a_link_leads_through_folders_of_its_own(tmp_path: Path, file: Path) -> None:
    """Both that with the link and those with what it leads to, wherever on the way it is."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open" / "aws").symlink_to(file.parent)
    (tmp_path / "aws").symlink_to("open/aws")
    assert "a folder on the way" in str(doubt(str(tmp_path / "aws" / "config")))
    (tmp_path / "open").chmod(0o700)
    assert doubt(str(tmp_path / "aws" / "config")) is None
    (tmp_path / "round").symlink_to("round")
    assert doubt(str(tmp_path / "round")) is None


def test_what_is_above_the_home_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write there has the home; the user list says where that is, and no variable."""
    home = tmp_path / "home" / "me"
    home.mkdir(parents=True)
    (home / "config").touch(0o600)
    home.parent.chmod(0o777)
    monkeypatch.setenv("HOME", str(home))
    assert doubt(str(home / "config")) is not None
    user = pwd.getpwuid(os.geteuid())
    monkeypatch.setattr(pwd, "getpwuid", lambda _: pwd.struct_passwd((*user[:5], str(home), user[6])))
    assert doubt(str(home / "config")) is None
    home.chmod(0o777)
    assert doubt(str(home / "config")) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep these lists elsewhere")
def test_a_list_that_lets_others_write(file: Path) -> None:
    """The mode says nothing of it: the group is the user's own, and may not even read."""
    stranger = os.geteuid() + 4242
    lend(file, (USER, 6, stranger))
    assert "others may write to it" in str(doubt(str(file)))
    lend(file, (GROUP, 6, os.getegid() + 4242))
    assert "others may write to it" in str(doubt(str(file)))
    lend(file, (USER, 4, stranger), (GROUP, 6, os.getegid()), (USER, 6, os.geteuid()))
    assert doubt(str(file)) is None
    lend(file, (USER, 6, stranger), most=4)
    assert doubt(str(file)) is None

"""Whether somebody else could have written a file that names a program."""

import errno
import os
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

"""Tells whether somebody else could have written a file that names a program: by owners and modes on the way to it."""

import os
import stat
import struct
import sys
from pathlib import Path

from trayexec.light.errors import Text

# Access control lists as Linux keeps them (linux/posix_acl_xattr.h): a version, then entries of kind, rights and id.
_ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")
_VERSION = 4  # bytes
_USER, _GROUP, _WRITE = 0x02, 0x08, 0x02
MOST_LINKS = 40  # as Linux follows (path_resolution(7))
# By whether it is the file itself, and whether it is that or the folder in which it is.
_BELONGS = {
    (True, True): Text("it belongs to another user"),
    (False, True): Text("its folder belongs to another user"),
    (False, False): Text("a folder or link on the way to it belongs to another user"),
}
_WRITABLE = {
    (True, True): Text("others may write to it"),
    (False, True): Text("others may write to its folder"),
    (False, False): Text("others may write to a folder on the way to it"),
}


def doubt(path: str) -> Text | None:
    """Why somebody else could have written this file: its owner or mode, or that of a folder or link on the way to it.

    What is above the user's own home is not looked at, as sshd does it (misc.c, `safe_path`): whoever may write there
    has the home. Root may anything.
    """
    if sys.platform == "win32" or not os.path.lexists(path):
        return None
    way = _way(path)
    ends, above = {way[-1], way[-1].parent}, _above_home()
    for one in reversed(way):
        try:
            seen = one.lstat()
        except OSError:
            continue  # reading it says why
        if one in above:
            continue
        if seen.st_uid not in {0, os.geteuid()}:
            return _BELONGS[one == way[-1], one in ends]
        if stat.S_ISCHR(seen.st_mode) or stat.S_ISLNK(seen.st_mode):
            continue  # the null device; a link's mode says nothing
        if stat.S_ISDIR(seen.st_mode) and seen.st_mode & stat.S_ISVTX:
            continue  # nobody can replace what is another's there
        if _others_may_write(one, seen):
            return _WRITABLE[one == way[-1], one in ends]
    return None


def _way(path: str) -> list[Path]:
    """Every folder and link on the way to the file, in the order in which the system looks at them, and the file."""
    way: dict[Path, None] = {}
    at, parts, links = Path("/"), [*Path(path).absolute().parts[1:]], 0
    while parts:
        way[at] = None
        name = parts.pop(0)
        at = at.parent if name == ".." else at / name
        if os.path.islink(at) and links < MOST_LINKS:  # noqa: PTH114 — without an error where it cannot be looked at
            links += 1
            way[at] = None
            target = at.readlink()
            parts = [*target.parts[target.is_absolute() :], *parts]
            at = Path("/") if target.is_absolute() else at.parent
    way.pop(at, None)
    return [*way, at]


def _above_home() -> frozenset[Path]:
    """The folders above this user's home, by the user list."""
    if sys.platform == "win32":
        return frozenset()
    import pwd  # noqa: PLC0415 — Windows has none

    try:
        return frozenset(Path(os.path.realpath(pwd.getpwuid(os.geteuid()).pw_dir)).parents)
    except KeyError:  # nobody has told this system about the user
        return frozenset()


def _others_may_write(path: Path, seen: os.stat_result) -> bool:
    if sys.platform == "win32" or seen.st_mode & stat.S_IWOTH:
        return True
    # With an access control list these bits are the most that anybody named there may.
    return bool(seen.st_mode & stat.S_IWGRP) and (seen.st_gid != os.getegid() or _is_lent(path))


def _is_lent(path: Path) -> bool:
    """Whether an access control list lets a user write that is not this one, or a group that is not this one's."""
    if sys.platform != "linux":
        return False
    try:
        entries = _ENTRY.iter_unpack(os.getxattr(path, _ACL)[_VERSION:])
        own = {_USER: {0, os.geteuid()}, _GROUP: {os.getegid()}}
        return any(rights & _WRITE and who not in own[kind] for kind, rights, who in entries if kind in own)
    except OSError:  # there is none
        return False
    except struct.error:
        return True

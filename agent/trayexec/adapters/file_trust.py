"""Tells whether somebody else could have written a file that names a program: its owner and mode, and its folder's."""

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


def doubt(path: str) -> Text | None:
    """Why somebody else could have written this file: its owner or mode, or its folder's; also where a link leads."""
    if sys.platform == "win32" or not os.path.lexists(path):
        return None
    real = Path(os.path.realpath(path))
    for one in dict.fromkeys((real, real.parent, Path(path).parent)):
        try:
            seen = one.stat()
        except OSError:
            continue  # reading it says why
        if seen.st_uid not in {0, os.geteuid()}:
            return Text("it belongs to another user") if one == real else Text("its folder belongs to another user")
        if stat.S_ISCHR(seen.st_mode) or (stat.S_ISDIR(seen.st_mode) and seen.st_mode & stat.S_ISVTX):
            continue  # the null device, and folders in which nobody can replace what is another's
        if _others_may_write(one, seen):
            return Text("others may write to it") if one == real else Text("others may write to its folder")
    return None


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

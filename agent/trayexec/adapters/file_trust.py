"""Tells whether somebody else could have written a file that names a program: its owner and mode, and its folder's."""

import os
import stat
import sys
from pathlib import Path

from trayexec.light.errors import Text


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
        others = seen.st_mode & stat.S_IWOTH or (seen.st_mode & stat.S_IWGRP and seen.st_gid != os.getegid())
        if others:
            return Text("others may write to it") if one == real else Text("others may write to its folder")
    return None

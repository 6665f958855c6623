"""Our own `config.toml` on disk: read when it is asked for, again when it has changed.

It can name commands that give the code and the keys, so it must be the user's own, as those of ssh and git are.
"""

import os
import stat
import sys
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.adapters.plain_file import BYTE_ORDER_MARK
from trayexec.core.settings import LoadedSettings, Settings, parse
from trayexec.light.errors import Text, TrayexecError, trouble

LONGEST_FILE = 1_000_000


def load(path: str, *, called: str = "") -> Settings:
    """The settings in the file at `path`; what usually holds where there is no file.

    What is wrong in it is said of the file `called`, where that is another one.

    Raises TrayexecError: `file` when it cannot be read, `settings_owner` when somebody else could have written it,
    `settings` with the line when it says something wrong.
    """
    why = _untrusted(path)
    if why is not None:
        raise TrayexecError(
            trouble(
                "settings_owner",
                "The settings in {file} cannot be trusted: {why}.",
                "They can name commands, so only you may write to the file and its folder. Correct that, or "
                "XDG_CONFIG_HOME.",
                file=path,
                why=why,
            )
        )
    content = plain_file.read(path, limit=LONGEST_FILE)
    return parse(content.text.removeprefix(BYTE_ORDER_MARK), file=called or path) if content else Settings()


def refresh(path: str, last: LoadedSettings | None) -> LoadedSettings:
    """`last` itself while the file is the same, else what it says now.

    A file that breaks while we run leaves the last good settings in force, with a `warning`. Without a `last` it
    raises as `load` does.
    """
    stamp = plain_file.stamp_of(path)
    if last is not None and last.version == stamp:
        return last
    try:
        return LoadedSettings(load(path), stamp)
    except TrayexecError as error:
        if last is None:
            raise
        return LoadedSettings(last.settings, stamp, error.trouble)


def _untrusted(path: str) -> Text | None:
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

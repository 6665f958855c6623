"""Which processes still run, and where. Quick: a file of /proc for each, and nothing is held open."""

import os
from collections.abc import Iterable
from pathlib import Path

from trayexec.core.broker.events import Process
from trayexec.light.processes import started


def running(processes: Iterable[Process]) -> frozenset[Process]:
    """Those that still run; an id that another process has by now is not the same."""
    return frozenset(one for one in processes if one.started and started(one.pid) == one.started)


def folder_of(pid: int) -> str:
    """The folder that a process works in, the user's home written as `~`; nothing where that is not told."""
    try:
        folder = Path(f"/proc/{pid}/cwd").readlink() if pid else None
    except OSError:
        return ""
    home = os.environ.get("HOME", "")
    if folder is None or not folder.is_absolute():
        return ""
    if home and folder.is_relative_to(home):
        return str(Path("~") / folder.relative_to(home))
    return str(folder)

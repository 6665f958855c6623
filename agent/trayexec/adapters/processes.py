"""Which processes still run, where, and what. Quick: a file of /proc for each, and nothing is held open."""

import os
from collections.abc import Iterable
from pathlib import Path

from trayexec.adapters.redact import redacted_word
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


def command_line_of(pid: int, words: int) -> str:
    """The first `words` of what a process runs, as its argv says: of one of ours, of the command that it is to become.

    Nothing where that is not told. What looks like a secret is left out.
    """
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes() if pid else b""
    except OSError:
        return ""
    argv = [one.decode(errors="replace") for one in said.split(b"\0")[:-1]]
    if "--" in argv and any("trayexec" in one for one in argv[: argv.index("--")]):
        argv = argv[argv.index("--") + 1 :]
    first = [redacted_word(one) for one in argv[:words]]
    return " ".join([*first, *(["…"] if len(argv) > words else [])])

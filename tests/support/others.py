"""Other processes as tests see and make them: somebody else's, and all that belong to a private folder."""

import contextlib
import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.desktop import MARK, DesktopError

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else for a test")


def as_nobody(argv: Sequence[str]) -> list[str]:
    """The argv that runs `argv` as another, unprivileged user, who may read every file: the interpreter is one."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DesktopError("setpriv is missing: run  apt-get install util-linux")
    who = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return [setpriv, *who, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", *argv]


def unprivileged(argv: Sequence[str]) -> list[str]:
    """The argv that runs `argv` without root's power to look into any process: as it is, unless this is root."""
    return as_nobody(argv) if os.geteuid() == 0 else list(argv)


def processes_of(folder: Path) -> dict[int, list[str]]:
    """The argv of every process that has this private folder in its environment, by process id."""
    mark = f"{MARK}={folder}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    argv = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    found[int(entry.name)] = argv
    return found


def mode(path: Path) -> int:
    """The permission bits of a file."""
    return stat.S_IMODE(path.lstat().st_mode)

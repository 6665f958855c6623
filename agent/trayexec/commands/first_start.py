"""What somebody is told who starts an agent for the first time on a desktop: what is missing there. Once."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress

from trayexec.adapters import desktop_parts
from trayexec.adapters.dialogs.sheet import on_screen
from trayexec.commands.missing_parts import missing
from trayexec.light import paths, private_files, stderr
from trayexec.light.errors import Text, TrayexecError

LONGEST = 4096  # bytes: some desktops, a line each


def tell(environ: Mapping[str, str]) -> None:
    """Say on the terminal what the desktop of this environment lacks, if this is its first agent. Raises nothing.

    Without a terminal nothing is said, and nothing counts as said.
    """
    with suppress(OSError):  # what cannot be remembered would be said each time
        if sys.stderr.isatty() and _is_first(environ):
            lacking = list(missing(desktop_parts.look(environ), environ))
            for what in lacking:
                stderr.complain(TrayexecError(what))
            if lacking:
                stderr.tell(Text("This is said once; `trayexec doctor` says it again."))


def _is_first(environ: Mapping[str, str]) -> bool:
    """Whether no agent was started on this desktop before; from now on one was."""
    desktop = (environ.get("XDG_CURRENT_DESKTOP") or "?") if on_screen(environ) else "-"
    line = f"{desktop}\n".encode(errors="replace")
    folder = paths.state_folder(environ)
    private_files.own_folder(folder)
    seen = private_files.keep(f"{folder}/desktops")
    try:
        if line in os.pread(seen, LONGEST, 0).splitlines(keepends=True):
            return False
        os.write(seen, line)
    finally:
        os.close(seen)
    return True

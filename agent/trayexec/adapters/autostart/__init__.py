"""What starts the agent at login: a file per platform with the same functions, chosen here.

A second one that is started ends at once, whoever started the first: the agent is single by its lock. So entries that
overlap start one agent, never two.
"""

import sys

from trayexec.adapters.autostart.entry import LoginEntry, Standing, StartAtLogin

if sys.platform == "linux":
    from trayexec.adapters.autostart.linux import entries, reload, remove, write
elif sys.platform == "darwin":
    from trayexec.adapters.autostart.macos import entries, reload, remove, write
else:
    from trayexec.adapters.autostart.windows import entries, reload, remove, write

__all__ = ["LoginEntry", "Standing", "StartAtLogin", "entries", "reload", "remove", "write"]

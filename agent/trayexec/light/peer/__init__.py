"""Who is at the other end of the private socket: one file per platform with the same functions, chosen here."""

import sys

if sys.platform == "linux":
    from trayexec.light.peer.linux import names_from, process_of, since_boot, started, stat_of, uid_of
elif sys.platform == "darwin":
    from trayexec.light.peer.macos import names_from, process_of, since_boot, started, stat_of, uid_of
else:
    from trayexec.light.peer.elsewhere import names_from, process_of, since_boot, started, stat_of, uid_of

__all__ = ["names_from", "process_of", "since_boot", "started", "stat_of", "uid_of"]

"""What the system tells of a process: one file per platform with the same functions, chosen here."""

import sys

if sys.platform == "linux":
    from trayexec.light.processes.linux import executable, lineage, names_from, since_boot, started, stat_of, variables
elif sys.platform == "darwin":
    from trayexec.light.processes.macos import executable, lineage, names_from, since_boot, started, stat_of, variables
else:
    from trayexec.light.processes.elsewhere import (
        executable,
        lineage,
        names_from,
        since_boot,
        started,
        stat_of,
        variables,
    )

# They carry a socket to another machine (`ssh -R`), and live on when the command there has ended, which nobody sees.
CARRIERS = frozenset({"ssh", "sshd", "sshd-session", "socat"})

__all__ = ["CARRIERS", "executable", "lineage", "names_from", "since_boot", "started", "stat_of", "variables"]

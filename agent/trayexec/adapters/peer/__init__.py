"""Who is at the other end of the private socket: one file per platform with the same functions, chosen here."""

import sys

if sys.platform == "linux":
    from trayexec.adapters.peer.linux import began, parent_of, parents_of, process_of, program_of, started, uid_of
elif sys.platform == "darwin":
    from trayexec.adapters.peer.macos import began, parent_of, parents_of, process_of, program_of, started, uid_of
else:
    from trayexec.adapters.peer.elsewhere import began, parent_of, parents_of, process_of, program_of, started, uid_of

__all__ = ["began", "parent_of", "parents_of", "process_of", "program_of", "started", "uid_of"]

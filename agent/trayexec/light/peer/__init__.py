"""Who is at the other end of the private socket: one file per platform with the same functions, chosen here."""

import sys

if sys.platform == "linux":
    from trayexec.light.peer.linux import began, parent_of, parents_of, process_of, program_of, started, uid_of
elif sys.platform == "darwin":
    from trayexec.light.peer.macos import began, parent_of, parents_of, process_of, program_of, started, uid_of
else:
    from trayexec.light.peer.elsewhere import began, parent_of, parents_of, process_of, program_of, started, uid_of

__all__ = ["began", "parent_of", "parents_of", "process_of", "program_of", "started", "uid_of"]

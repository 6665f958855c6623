"""Makes this process harder to look into: no core dumps, not readable by others of the same user, private files.

Best effort, a step at a time: `harden` returns what holds. Standard library only, so that children can use it too.
"""

import contextlib
import ctypes
import os
import sys
from enum import Enum

from trayexec.adapters import own_memory

if sys.platform != "win32":
    import resource

FILES = 8192  # open files wanted: a thousand waiting callers, and the pipes of their children

_PR_SET_NO_NEW_PRIVS = 38  # Linux, prctl(2)


class Guard(Enum):
    """A thing that holds from now on; the value says what."""

    NO_CORE = "a crash writes no core dump"
    UNREADABLE = "no other process of this user can read this one's memory"
    NO_NEW_PRIVILEGES = "nothing started from here can gain privileges"
    PRIVATE_FILES = "new files are for this user only"
    MANY_FILES = "enough open files for a thousand callers"


def harden() -> tuple[Guard, ...]:
    """Apply every step and return those that hold. Raises nothing.

    Children inherit all but UNREADABLE (an exec makes a process readable again): our Python children call `seal`
    themselves. NO_NEW_PRIVILEGES is safe for what the agent starts: dialogs, keychain and notices need no setuid
    program, and services like gnome-keyring are started by the session bus, not by us. A user's own command that
    prints a code cannot use sudo, and has no terminal to do so anyway.
    """
    steps = {
        Guard.NO_CORE: _no_core,
        Guard.UNREADABLE: own_memory.hide,
        Guard.NO_NEW_PRIVILEGES: _no_new_privileges,
        Guard.PRIVATE_FILES: _private_files,
        Guard.MANY_FILES: _many_files,
    }
    return tuple(guard for guard, step in steps.items() if step())


def seal() -> None:
    """What a short-lived child that sees a secret needs: no core dump, not readable."""
    _no_core()
    own_memory.hide()


def _no_core() -> bool:
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            return True
    return False


def _no_new_privileges() -> bool:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            arguments = (ctypes.c_ulong(number) for number in (1, 0, 0, 0))
            return int(ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, *arguments)) == 0
    return False


def _private_files() -> bool:
    os.umask(0o077)
    return sys.platform != "win32"


def _many_files() -> bool:
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
            if soft != resource.RLIM_INFINITY and soft < wanted:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted == FILES
    return False

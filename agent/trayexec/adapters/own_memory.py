"""Keeps other processes of this user from reading this one's memory. Best effort, and light: a fan-out waits for it."""

import sys

_PR_SET_DUMPABLE = 4  # Linux, prctl(2)
_PT_DENY_ATTACH = 31  # macOS, ptrace(2)


def hide() -> bool:
    """Let nobody read it from now on, until an exec. Whether that holds.

    On Linux no core dump is written of such a process either (core(5)); the limits of what it starts stay as they are.
    """
    # macOS is written from the manual and was never run.
    if not sys.platform.startswith("linux"):
        return sys.platform.startswith("darwin") and _call("ptrace", _PT_DENY_ATTACH)
    return _call("prctl", _PR_SET_DUMPABLE)


def _call(function: str, first: int) -> bool:
    """Call a function of the C library with this and four zeros; whether it answered 0.

    With what `ctypes` is made of: the rest of it is many types, and takes as long to load as three commands to run.
    """
    if sys.platform != "win32":  # which would need a tighter process DACL
        from _ctypes import call_function, dlopen, dlsym  # noqa: PLC0415 — where there is none, nothing can be called

        zeros = (0, 0, 0, 0)
        try:
            return int(call_function(dlsym(dlopen(None, 0), function), (first, *zeros))) == 0  # type: ignore[arg-type]
        except OSError:
            pass
    return False

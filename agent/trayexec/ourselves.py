"""The command that starts trayexec again, from any folder and with any PATH. Light: shells wait for it."""

import os
import sys

# What a script's `#!` line can hold on every system; in another folder the interpreter has to be named.
_LONGEST = 120
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")


def command(executable: str = sys.executable) -> tuple[str, ...]:
    """Our script beside this Python, with an absolute path: by itself, or after the Python that is to run it."""
    script = os.path.dirname(executable) + "/trayexec"  # noqa: PTH120 — pathlib is slow to import
    if not os.access(script, os.X_OK):
        return (executable, os.path.dirname(__file__) + "/__main__.py")  # noqa: PTH120 — likewise
    return (script,) if len(script) <= _LONGEST and _PLAIN.issuperset(script) else (executable, script)

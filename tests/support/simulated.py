"""Be Python on another platform: `simulated.py FACTS [-I…] FILE|-m MODULE|-c CODE WORDS…`. See `light/platforms.py`.

The file imports next to nothing: what it imports is not imported anew once the platform is another.
"""

import _socket
import json
import os
import runpy
import select
import signal
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 — see above
    FACTS = json.load(file)
PLATFORM: str = FACTS["platform"]
CHANGED = (os, select, signal, time)  # loaded, so that something can be taken from them
LOOKING = ("selectors", "socket", "subprocess")  # look at what there is when they are loaded: what measures us did that
LOCAL_PEERCRED, LOCAL_PEERPID = 1, 2  # of level 0, SOL_LOCAL


class Elsewhere:
    """Finds nothing of what the platform lacks, and stands in for what it has beyond ours."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Importlib's question."""
        if PLATFORM == "win32" and name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in STANDS_IN:
            return ModuleSpec(name, self)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Importlib's question."""
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Importlib's question."""
        STANDS_IN[module.__name__](module)


def _proxies(module: ModuleType) -> None:
    """What urllib asks for the proxies of macOS."""
    vars(module).update(_get_proxy_settings=dict, _get_proxies=dict)


def _keychain(module: ModuleType) -> None:
    """The keychain of macOS: the one of this machine under its name."""
    from keyring.backends.SecretService import Keyring  # noqa: PLC0415 — not before it is asked for

    vars(module).update(Keyring=Keyring)


def _empty(_module: ModuleType) -> None:
    """A module that is asked for, and of which nothing is used."""


_BY_PLATFORM: dict[str, dict[str, Callable[[ModuleType], None]]] = {
    "darwin": {"_scproxy": _proxies, "keyring.backends.macOS": _keychain},
    "win32": {"nt": _empty, "_winapi": _empty, "msvcrt": _empty, "winreg": _empty},
}
STANDS_IN = _BY_PLATFORM.get(PLATFORM, {})
MODULES = frozenset({"fcntl", "grp", "posix", "pwd", "resource", "termios", "tty", "pty", "readline", "syslog"})


def simulate() -> None:
    """Take away what is not there, and say that we are there."""
    if PLATFORM == "darwin":
        vars(_socket)["socket"] = _peers(_socket.socket)
    for name, names in FACTS["absent"].items():
        module = sys.modules.get(name)
        for one in names if module is not None else ():
            vars(module).pop(one, None)
    for name in LOOKING:
        sys.modules.pop(name, None)
    if PLATFORM == "win32":
        os.name = "nt"
        for name in MODULES:
            sys.modules.pop(name, None)
    sys.platform = PLATFORM
    sys.executable = FACTS["python"]
    sys.meta_path.insert(0, Elsewhere())


def _peers(kind: Any) -> type:
    """A Unix socket that says who its peer is as macOS does: unix(4), xucred."""

    class Socket(kind):  # type: ignore[misc]
        __slots__ = ()

        def getsockopt(self, level: int, option: int, *length: int) -> "int | bytes":
            if level == 0 and option in {LOCAL_PEERCRED, LOCAL_PEERPID} and self.family == 1:
                pid_uid_gid: bytes = super().getsockopt(1, 17, 12)
                return pid_uid_gid[:4] if option == LOCAL_PEERPID else b"\0" * 4 + pid_uid_gid[4:8] + b"\0" * 68
            found: int | bytes = super().getsockopt(level, option, *length)
            return found

    return Socket


def main() -> None:
    """Simulate, and be the Python that the words want."""
    words = sys.argv[2:]
    while words and words[0] in {"-I", "-E", "-P", "-s"}:
        words.pop(0)
    simulate()
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 — as Python does
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()

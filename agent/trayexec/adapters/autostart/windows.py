"""Start at login on Windows: a value of the user's Run key (learn.microsoft.com, "Run and RunOnce Registry Keys")."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trayexec.adapters.autostart.entry import LoginEntry

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
NAME = "trayexec"
_WORD = re.compile(r'"([^"]*)"|(\S+)')


def entries(_environ: Mapping[str, str], command: Sequence[str]) -> tuple[LoginEntry, ...]:
    """The value that is to start this command, and what stands there now. Raises OSError."""
    place, wanted = rf"HKEY_CURRENT_USER\{RUN}\{NAME}", subprocess.list2cmdline(command)
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 — there is none elsewhere

        with suppress(FileNotFoundError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN) as key:
            said = str(winreg.QueryValueEx(key, NAME)[0])
            return (LoginEntry(place, wanted, said, tuple(one or other for one, other in _WORD.findall(said))),)
    return (LoginEntry(place, wanted),)


def write(entry: LoginEntry, _backup: Path | None) -> None:
    """Let it say what it is to say. Raises OSError."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 — likewise

        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN) as key:
            winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, entry.wanted)


def remove(_entry: LoginEntry, _backup: Path | None) -> None:
    """Take it away. Raises OSError."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 — likewise

        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN, 0, winreg.KEY_SET_VALUE) as key:
            winreg.DeleteValue(key, NAME)


def reload(_environ: Mapping[str, str]) -> None:
    """Nothing: Windows reads the key at each login."""

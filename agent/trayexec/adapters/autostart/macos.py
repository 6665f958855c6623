"""Start at login on macOS: a LaunchAgent of the user's, for the desktop session alone (launchd.plist(5))."""

import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.parsers.expat import ExpatError

from trayexec.adapters.autostart.entry import LoginEntry
from trayexec.adapters.autostart.files import remove_file, text_of, write_file
from trayexec.light import paths

LABEL = "trayexec.agent"


def entries(environ: Mapping[str, str], command: Sequence[str]) -> tuple[LoginEntry, ...]:
    """The entry that is to start this command, and what stands there now. Raises TrayexecError (`file`)."""
    place = f"{paths.home(environ)}/Library/LaunchAgents/{LABEL}.plist"
    text = text_of(place)
    if text is None:
        return (LoginEntry(place, launch_agent(command)),)
    starts, is_off = _read(text)
    is_edited = not starts or launch_agent(starts) != text
    return (LoginEntry(place, launch_agent(command), text, starts, is_off, is_edited),)


def write(entry: LoginEntry, backup: Path | None) -> None:
    """Let it say what it is to say; what it said goes to `backup`. Raises OSError."""
    write_file(entry, backup)


def remove(entry: LoginEntry, backup: Path | None) -> None:
    """Take it away; what it said goes to `backup`. Raises OSError."""
    remove_file(entry, backup)


def reload(_environ: Mapping[str, str]) -> None:
    """Nothing: launchd reads the folder at each login."""


def launch_agent(command: Sequence[str]) -> str:
    """The property list for this command. It is started again after a crash, not where it ends by itself."""
    said = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"Crashed": True},
        "LimitLoadToSessionType": "Aqua",
        "ProcessType": "Interactive",
    }
    return plistlib.dumps(said, sort_keys=False).decode()


def _read(text: str) -> tuple[tuple[str, ...], bool]:
    """The command that it starts, and whether launchd passes it over."""
    try:
        said = plistlib.loads(text.encode())
    except (plistlib.InvalidFileException, ExpatError, ValueError, TypeError, IndexError, AttributeError):
        return (), False
    words = said.get("ProgramArguments") if isinstance(said, dict) else None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return (), False
    return tuple(words), said.get("Disabled") is True

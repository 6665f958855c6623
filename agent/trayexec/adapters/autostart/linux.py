"""Start at login on Linux: an XDG autostart file, and beside it a unit of systemd where that is there.

Where systemd runs the session (GNOME, KDE, uwsm), the unit starts the agent with it, and again if it fails; the XDG
file says to systemd-xdg-autostart-generator(8) and to gnome-session that it is not theirs. All other desktops know the
file alone (Desktop Application Autostart Specification). Without a desktop neither does anything: there the first
command starts the agent, and one that was started before there is a display could show no dialog.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trayexec.adapters.autostart.entry import LoginEntry
from trayexec.adapters.autostart.files import remove_file, text_of, write_file
from trayexec.light import own_command, paths

FOLDER = "systemd/user"
UNIT = "trayexec.service"
WANTS = "graphical-session.target.wants"  # what `systemctl --user enable` makes of WantedBy
RELOADED = 10.0  # seconds until we do not wait for systemd any more

# TryExec: who has taken trayexec away is not told so at every login (Desktop Entry Specification).
DESKTOP = "adapters/autostart/trayexec.desktop"
# systemd.unit(5), systemd.service(5). 125 is what an agent ends with where another one runs already.
SERVICE = "adapters/autostart/trayexec.service"
_OFF = (("Hidden", "true"), ("X-GNOME-Autostart-enabled", "false"))  # how desktops switch an entry off
ENV = "/usr/bin/env"  # starts what systemd takes for no program, and GLib does not find
_ODD = frozenset("'\"\\%")
_PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)', re.DOTALL)


def entries(environ: Mapping[str, str], command: Sequence[str]) -> tuple[LoginEntry, ...]:
    """The entries that are to start this command, and what stands there now. Raises TrayexecError (`file`)."""
    folder = paths.config_home(environ)
    desktop, unit = f"{folder}/autostart/trayexec.desktop", f"{folder}/{FOLDER}/{UNIT}"
    link = f"{folder}/{FOLDER}/{WANTS}/{UNIT}"
    found = [_entry(desktop, desktop_file, _of_desktop_file, command)]
    if shutil.which("systemctl", path=environ.get("PATH")) or os.path.lexists(unit) or os.path.lexists(link):
        found += [_entry(unit, service, _of_service, command), LoginEntry(link, f"../{UNIT}", _linked(link, unit))]
    return tuple(found)


def write(entry: LoginEntry, backup: Path | None) -> None:
    """Let it say what it is to say; what it said goes to `backup`. Raises OSError."""
    if entry.starts is None and WANTS in entry.place:
        Path(entry.place).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(entry.place).unlink(missing_ok=True)
        Path(entry.place).symlink_to(entry.wanted)
    else:
        write_file(entry, backup)


def remove(entry: LoginEntry, backup: Path | None) -> None:
    """Take it away; what it said goes to `backup`. Raises OSError."""
    remove_file(entry, backup)


def reload(environ: Mapping[str, str]) -> None:
    """Let the user's systemd read its units again, where one runs: it may outlive the login. Raises nothing."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.exists(f"{runtime}/systemd/private"):  # noqa: PTH110 — a socket, as sd_booted(3) looks
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(
                [shutil.which("systemctl", path=environ.get("PATH")) or "systemctl", "--user", "daemon-reload"],
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=RELOADED,
                check=False,
            )


# What the files say


def desktop_file(command: Sequence[str]) -> str:
    """The XDG file for this command."""
    # In a value a backslash is doubled, after the quoting of Exec; % begins one of its field codes.
    words = " ".join(_quoted(word.replace("%", "%%"), '"`$\\') for word in _startable(command))
    return _filled(DESKTOP, Exec=words.replace("\\", "\\\\"), TryExec=command[0].replace("\\", "\\\\"))


def service(command: Sequence[str]) -> str:
    """The unit for this command."""
    words = " ".join(_quoted(word.replace("%", "%%"), '"\\') for word in _startable(command))
    return _filled(SERVICE, ExecStart=f":{words}" if "$" in words else words)  # `:` takes no $ for a variable


def _filled(name: str, **settings: str) -> str:
    """This file of our package, with other values in the place of its own."""
    said = own_command.data(name)
    for key, value in settings.items():
        before, _, rest = said.partition(f"\n{key}=")
        said = "".join((before, f"\n{key}={value}\n", rest.partition("\n")[2]))
    return said


def _startable(command: Sequence[str]) -> Sequence[str]:
    return command if _ODD.isdisjoint(command[0]) else (ENV, *command)


def _quoted(word: str, special: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    return '"' + "".join(f"\\{one}" if one in special else one for one in word) + '"'


def _command(text: str) -> tuple[str, ...]:
    words = [(bare or re.sub(r"\\(.)", r"\1", quoted)).replace("%%", "%") for quoted, bare in _WORD.findall(text)]
    return tuple(words[words[:1] == [ENV] :])


def _of_desktop_file(text: str) -> tuple[tuple[str, ...], bool]:
    """The command that it starts, and whether the desktop passes it over."""
    said = _settings(text, "[Desktop Entry]")
    is_off = any(said.get(key, "").casefold() == value for key, value in _OFF)
    return _command(said.get("Exec", "").replace("\\\\", "\\")), is_off


def _of_service(text: str) -> tuple[tuple[str, ...], bool]:
    return _command(_settings(text, "[Service]").get("ExecStart", "").lstrip(":")), False


def _settings(text: str, group: str) -> Mapping[str, str]:
    """The settings of one group of such a file."""
    said: dict[str, str] = {}
    now = ""
    for line in text.splitlines():
        if line.startswith("["):
            now = line.strip()
        elif now == group and "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            said[key.strip()] = value.strip()
    return said


def _entry(
    place: str,
    said: Callable[[Sequence[str]], str],
    read: Callable[[str], tuple[tuple[str, ...], bool]],
    command: Sequence[str],
) -> LoginEntry:
    text = text_of(place)
    if text is None:
        return LoginEntry(place, said(command))
    if not text:  # or a link to /dev/null: so `systemctl mask` and people switch one off (systemd.unit(5))
        return LoginEntry(place, said(command), text, is_off=True)
    starts, is_off = read(text)
    return LoginEntry(place, said(command), text, starts, is_off, is_edited=not starts or said(starts) != text)


def _linked(link: str, unit: str) -> str | None:
    """Where the link leads, as we would write it; None where there is none."""
    if not os.path.lexists(link):
        return None
    if os.path.realpath(link) == os.path.realpath(unit):
        return f"../{UNIT}"
    return os.path.realpath(link)

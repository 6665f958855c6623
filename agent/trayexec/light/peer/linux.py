"""The peer of a Unix socket on Linux: SO_PEERCRED (unix(7)), and /proc for its name, its parents and its age."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

SOL_SOCKET, SO_PEERCRED = 1, 17
PARENT, STARTED = 1, 19  # fields of /proc/PID/stat behind the name (proc(5): 4 and 22 of all)
MOST_PARENTS = 8

# Where a person's own programs begin: what starts sessions and desktops says nothing about who asks.
ABOVE = frozenset(
    {
        *("systemd", "init", "login", "su", "sudo", "runuser", "(sd-pam)", "xinit", "dbus-daemon"),
        *("lightdm", "sddm", "sddm-helper", "gdm-x-session", "gdm-wayland-ses", "gdm-session-wor", "xdm", "lxdm"),
        *("xfce4-session", "gnome-session-b", "gnome-session-i", "gnome-shell", "ksmserver", "plasma_session"),
        *("plasmashell", "startplasma-x11", "startplasma-way", "kwin_wayland", "mate-session", "cinnamon-sessio"),
        *("lxsession", "lxqt-session", "openbox", "i3", "sway", "Hyprland", "awesome", "bspwm", "xfce4-panel"),
    }
)


def _credentials(connection: "socket") -> tuple[int, int]:
    ucred = connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    return int.from_bytes(ucred[0:4], sys.byteorder), int.from_bytes(ucred[4:8], sys.byteorder)


def uid_of(connection: "socket") -> int:
    """The user id of the process that connected, or that listens."""
    return _credentials(connection)[1]


def process_of(connection: "socket") -> int:
    """Its process id, as of the moment of connecting: good for a log line, not for a decision."""
    return _credentials(connection)[0]


def program_of(pid: int) -> str:
    """The name the process goes by, or nothing: any program can call itself anything."""
    return _stat(pid)[0]


def parent_of(pid: int) -> int:
    """The process that started it; 0 when there is none, or it has ended."""
    fields = _stat(pid)[1]
    return int(fields[PARENT]) if fields else 0


def parents_of(pid: int) -> tuple[str, ...]:
    """The names of its parents, nearest first, up to the terminal or app that a person started; at most eight."""
    names: list[str] = []
    fields = _stat(pid)[1]
    while fields and len(names) < MOST_PARENTS:
        name, fields = _stat(int(fields[PARENT]))
        if not name or name in ABOVE:
            break
        names.append(name)
    return tuple(names)


def started(pid: int) -> int:
    """When the process was started, in clock ticks since boot: with its id, this tells it from every other.

    An exec changes neither. 0 for one that has ended, also while it waits for its parent to notice.
    """
    fields = _stat(pid)[1]
    return int(fields[STARTED]) if fields and fields[0] not in {"Z", "X"} else 0


def began(pid: int) -> float | None:
    """When the process was started, in seconds since boot, sleep included; None for one that has ended."""
    return started(pid) / os.sysconf("SC_CLK_TCK") or None


def _stat(pid: int) -> tuple[str, tuple[str, ...]]:
    """The name, which may hold anything, and the fields behind it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123 — pathlib is slow to import
            before, _, behind = stat.read().rpartition(")")
    except OSError:
        return "", ()
    return before.partition("(")[2], tuple(behind.split())

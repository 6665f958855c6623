"""What /proc tells of a process: its name, its parents, its age."""

import os

STATE, PARENT, STARTED = 0, 1, 19  # fields of /proc/PID/stat behind the name (proc(5): 3, 4 and 22 of all)
ENDED = ("Z", "X")
LONGEST_STAT = 4096  # bytes
LONGEST_ENVIRON = 1 << 17  # bytes
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


def stat_of(pid: int) -> tuple[str, int, int]:
    """The name it goes by, the process that started it, and when it was started, as `started` tells: of one moment.

    Nothing, 0 and 0 for one that has ended. Any program can call itself anything.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return "", 0, 0
    try:
        # At once, and not through a file object: this is read several times for each request.
        line = os.read(descriptor, LONGEST_STAT).decode(errors="replace")
    except OSError:  # it has ended since
        return "", 0, 0
    finally:
        os.close(descriptor)
    before, _, behind = line.rpartition(")")
    fields = behind.split(maxsplit=STARTED + 1)
    if len(fields) <= STARTED:
        return "", 0, 0
    return before.partition("(")[2], int(fields[PARENT]), 0 if fields[STATE] in ENDED else int(fields[STARTED])


def names_from(pid: int) -> tuple[str, ...]:
    """Its name and its parents', nearest first, up to the terminal or app that a person started; at most eight."""
    names: list[str] = []
    while len(names) < MOST_PARENTS:
        name, pid, _ = stat_of(pid)
        if not name or name in ABOVE:
            break
        names.append(name)
    return tuple(names)


def lineage(pid: int) -> tuple[tuple[str, int, int], ...]:
    """The same with the id of each and when it was started: see `stat_of`."""
    found: list[tuple[str, int, int]] = []
    while len(found) < MOST_PARENTS:
        name, parent, since = stat_of(pid)
        if not name or name in ABOVE:
            break
        found.append((name, pid, since))
        pid = parent
    return tuple(found)


def executable(pid: int) -> str:
    """The file that it runs, of a script its interpreter; nothing where that is not told. No program can choose it."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 — this path is loaded by every run
    except OSError:
        return ""


def variables(pid: int) -> frozenset[str]:
    """The names of the variables that it was started with and that say something; nothing where that is not told."""
    try:
        descriptor = os.open(f"/proc/{pid}/environ", os.O_RDONLY)
    except OSError:
        return frozenset()
    try:
        said = os.read(descriptor, LONGEST_ENVIRON)
    except OSError:  # it has ended since
        return frozenset()
    finally:
        os.close(descriptor)
    pairs = (one.partition(b"=") for one in said.split(b"\0"))
    return frozenset(name.decode(errors="replace") for name, _, value in pairs if value)


def started(pid: int) -> int:
    """When the process was started, in clock ticks since boot: with its id, this tells it from every other.

    An exec changes neither. 0 for one that has ended, also while it waits for its parent to notice.
    """
    return stat_of(pid)[2]


def since_boot(started: int) -> float | None:
    """The same in seconds since boot, sleep included; None for one that has ended."""
    return started / os.sysconf("SC_CLK_TCK") or None

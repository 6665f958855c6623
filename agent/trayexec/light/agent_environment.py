"""The environment of the agent and of every process that it starts: what they need, by name. Nothing else gets in.

Whatever else a shell holds (keys, a profile, endpoints, PYTHON*, LD_*, modules for GTK or Qt) concerns the commands of
that shell, and not a process that serves all shells for days. Light: the run path asks it under `--live`.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# What it takes to reach the person's session from a program that was started with none of it. It is written into
# overlays, so nothing in here may be a secret.
SESSION = (
    *("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TRAYEXEC_SOCKET"),
)

NEEDED: "Mapping[str, str]" = {
    "HOME": "the user's files, and ours",
    "USER": "who that is, for programs that ask",
    "LOGNAME": "likewise",
    "PATH": "dialogs and the person's own commands are found by it: see `search_path`",
    "SHELL": "the person's own commands may want one",
    "LANG": "which language to speak",
    "LANGUAGE": "likewise, to GTK and Qt",
    "TZ": "times that people read",
    "XDG_RUNTIME_DIR": "the private socket, the session bus, Wayland",
    "XDG_STATE_HOME": "our log",
    "XDG_CONFIG_HOME": "our settings; how GTK and Qt are to look",
    "XDG_DATA_HOME": "fonts and themes",
    "XDG_CACHE_HOME": "caches of fonts and themes",
    "XDG_CONFIG_DIRS": "the desktop's own settings",
    "XDG_DATA_DIRS": "the desktop's own themes and schemas",
    "XDG_CURRENT_DESKTOP": "which dialog fits",
    "XDG_SESSION_DESKTOP": "likewise",
    "DESKTOP_SESSION": "likewise",
    "XDG_SESSION_TYPE": "X or Wayland",
    "XDG_SESSION_ID": "whose screen is locked",
    "KDE_FULL_SESSION": "how Qt is to look",
    "KDE_SESSION_VERSION": "likewise",
    "BROWSER": "the page of a sign-in",
    "TERMINAL": "which terminal the person likes",
    "DISPLAY": "dialogs and the icon",
    "WAYLAND_DISPLAY": "likewise",
    "XAUTHORITY": "likewise",
    "GDK_BACKEND": "X or Wayland, where both are there",
    "QT_QPA_PLATFORM": "likewise",
    "GDK_SCALE": "the size of dialogs",
    "GDK_DPI_SCALE": "likewise",
    "QT_SCALE_FACTOR": "likewise",
    "QT_AUTO_SCREEN_SCALE_FACTOR": "likewise",
    "XCURSOR_SIZE": "likewise",
    "XCURSOR_THEME": "the pointer over dialogs",
    "NO_AT_BRIDGE": "whether there is an accessibility bus",
    "GSETTINGS_BACKEND": "where the desktop's settings are",
    "DBUS_SESSION_BUS_ADDRESS": "the keyring, notifications, the icon",
    "DBUS_SYSTEM_BUS_ADDRESS": "sleep and the screen's lock",
    "HTTPS_PROXY": "how this machine reaches AWS; what is said there is AWS's certificate's to vouch for",
    "https_proxy": "likewise",
    "HTTP_PROXY": "how this machine reaches an endpoint without TLS",
    "http_proxy": "likewise",
    "NO_PROXY": "what is reached without one",
    "no_proxy": "likewise",
    "SSH_AUTH_SOCK": "the person's own command for keys or codes may need it",
    "GNUPGHOME": "likewise",
    "PASSWORD_STORE_DIR": "likewise",
    "TRAYEXEC_SOCKET": "the private socket, if the person names one",
    "CHARSET": "which letters zenity writes",
    "TRAYEXEC_IDENTITY": "what the person's own command for codes is told",
    "TRAYEXEC_MFA_SERIAL": "likewise",
    "TRAYEXEC_CHAIN": "likewise, so that it cannot wait for itself",
    "TRAYEXEC_TEST_DESKTOP": "the mark by which the tests find what belongs to them",
}
FAMILIES = ("LC_",)  # which language to speak, category by category

STANDARD = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")


def session_of(environ: "Mapping[str, str]") -> "dict[str, str]":
    """What of `environ` leads to the person's session."""
    return {name: environ[name] for name in SESSION if environ.get(name)}


def of(environ: "Mapping[str, str]") -> "dict[str, str]":
    """What of `environ` the agent and its children get."""
    kept = {name: value for name, value in environ.items() if name in NEEDED or name.startswith(FAMILIES)}
    kept["PATH"] = search_path(environ.get("PATH", ""))
    return kept


def search_path(path: str) -> str:
    """Where programs are looked for: the system's own folders first, whatever a project puts before them.

    Then those of `path` that are absolute, the user's or root's, and not for others to write to.
    """
    return os.pathsep.join(dict.fromkeys((*STANDARD, *(one for one in path.split(os.pathsep) if _is_trusted(one)))))


def _is_trusted(folder: str) -> bool:
    if not folder.startswith("/"):
        return False
    try:
        seen = os.stat(folder)  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        return False
    if seen.st_uid not in {0, os.geteuid()} or seen.st_mode & 0o002:
        return False
    # Where each user has a group of his own, and so a umask of 002, that group is nobody else.
    return not seen.st_mode & 0o020 or seen.st_gid == seen.st_uid == os.geteuid()

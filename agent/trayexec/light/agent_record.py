"""Where the one agent of this user listens, whatever the caller's environment says. Light: a first run asks it.

The contract's place depends on variables that cron, `su -`, `env -i` or a tmux of yesterday do not have, or have
otherwise. So an agent also leaves word in the user's home, at a place that no variable but HOME can move: see `record`.
A socket that is named by TRAYEXEC_SOCKET is a private one and stays apart.
"""

import os
import sys

from trayexec.light import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 4096
NOT_OURS, WRITABLE = 1, 2


def own_home(environ: "Mapping[str, str]") -> str:
    """$HOME where it is the user's own (after `su` or `sudo` it may be somebody else's), else the user list's."""
    home = environ.get("HOME", "")
    try:
        if home.startswith("/") and os.stat(home).st_uid == os.geteuid():  # noqa: PTH116 — pathlib is slow to import
            return home
    except OSError:
        pass
    return paths.home({})


def record(environ: "Mapping[str, str]") -> str:
    """The file that the one agent of this user on this machine holds a lock on, and in which it says where it is.

    A home may be shared by several machines, and each has an agent of its own.
    """
    return f"{paths.state_folder({'HOME': own_home(environ)})}/agent.{_machine()}"


def places(environ: "Mapping[str, str]") -> "list[str]":
    """Every socket on which an agent of this user can listen, the most likely first."""
    found = [paths.socket_path(environ)]
    if environ.get("TRAYEXEC_SOCKET"):
        return found
    runtime = runtime_folder(environ)
    if runtime:
        found.append(runtime + "/trayexec/agent.sock")
    found.append(paths.socket_path({"HOME": own_home(environ)}))
    found += recorded(record(environ))[1:]
    return list(dict.fromkeys(found))


def recorded(path: str) -> "list[str]":
    """The process id and the socket that the record names; nothing where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", opener=_at_once) as file:
            said = file.read(LONGEST).splitlines()
    except OSError:
        return []
    return said[:2] if len(said) > 1 and said[1].startswith("/") else []


def _at_once(path: str, flags: int) -> int:
    """Open what is there, but wait for nobody: a pipe that somebody put there says nothing."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def runtime_folder(environ: "Mapping[str, str]") -> str:
    """The folder that the login manager makes for this user (pam_systemd(8)), for who was not told of it.

    Nothing for a home that is another than the user's: whoever sets that wants to be apart, as tests do.
    """
    folder = f"/run/user/{os.geteuid()}"
    if sys.platform != "linux" or not os.path.isdir(folder) or untrusted(folder):  # noqa: PTH112 — as above
        return ""
    return folder if os.path.realpath(own_home(environ)) == os.path.realpath(paths.home({})) else ""


def untrusted(folder: str) -> int:
    """Why somebody else could put a socket there: 0, NOT_OURS or WRITABLE. A folder that is not there is no danger."""
    try:
        seen = os.stat(folder)  # noqa: PTH116 — pathlib is slow to import
    except PermissionError:
        return NOT_OURS
    except OSError:
        return 0
    if seen.st_uid != os.geteuid():
        return NOT_OURS
    return WRITABLE if seen.st_mode & 0o022 else 0


def check(folder: str, environ: "Mapping[str, str]") -> None:
    """Raises TrayexecError (`socket_folder`) for a folder in which somebody else could put a socket of his."""
    reason = untrusted(folder)
    if not reason:
        return
    from trayexec.light.errors import Text, TrayexecError, trouble  # noqa: PLC0415 — loaded by whoever catches it

    why = Text("it belongs to another user") if reason == NOT_OURS else Text("others may write to it")
    raise TrayexecError(
        trouble(
            "socket_folder",
            "The folder of the private socket cannot be trusted: {folder} ({why}).",
            "Name a socket in a folder of your own (mode 0700) with TRAYEXEC_SOCKET, or unset it."
            if environ.get("TRAYEXEC_SOCKET")
            else "Correct XDG_RUNTIME_DIR, or unset it: the agent is found without."
            if folder == environ.get("XDG_RUNTIME_DIR", "").rstrip("/")
            else "Remove it, or name a socket in a folder of your own (mode 0700) with TRAYEXEC_SOCKET.",
            folder=folder,
            why=why,
        )
    )


def _machine() -> str:
    """A name for this machine that says nothing about it (machine-id(5) asks for that)."""
    import hashlib  # noqa: PLC0415 — only where no agent listens at the contract's place

    name = b""
    try:
        with open("/etc/machine-id", "rb") as file:  # noqa: PTH123 — pathlib is slow to import
            name = file.read(64).strip()
    except OSError:
        pass
    return hashlib.sha256(b"trayexec " + (name or os.fsencode(os.uname().nodename))).hexdigest()[:12]

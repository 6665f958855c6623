"""The user's own AWS files where the environment names our overlay. Light: the run path asks it.

Beside each overlay stands a file that says whose it is, so that nothing depends on an environment staying whole.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MARK = "/trayexec/live/"  # in the path of every overlay, whatever the state folder is
NAME = "origin"
LONGEST = 64 * 1024
OWN = {"AWS_CONFIG_FILE": "TRAYEXEC_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE": "TRAYEXEC_SHARED_CREDENTIALS_FILE"}
KEYS = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "shared"}

# What an agent needs in order to reach its person, if a command without these has to find or start it.
SESSION = (
    *("HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "TRAYEXEC_SOCKET"),
)


def own(variable: str, path: str, environ: "Mapping[str, str]") -> str:
    """The user's own file in place of `path`, which `variable` names; nothing for the usual one."""
    if MARK not in path:
        return path
    return str(_read(path).get(KEYS[variable]) or environ.get(OWN[variable]) or "")


def starter(path: str) -> "tuple[str, ...]":
    """The command that starts us, as it stands in this overlay."""
    command = _read(path).get("command")
    return tuple(map(str, command)) if isinstance(command, list) else ()


def outside(environ: "Mapping[str, str]") -> "Mapping[str, str]":
    """`environ` with the user's own files in place of an overlay: an agent must never read what it writes."""
    files = {name: own(name, environ.get(name, ""), environ) for name in OWN}
    return {name: files.get(name, value) for name, value in environ.items() if files.get(name, value)}


def left_over(environ: "Mapping[str, str]") -> bool:
    """Whether an outer run of one profile, with `--server` or plain, has set the region."""
    named = "AWS_CREDENTIAL_EXPIRATION" in environ or "AWS_CONTAINER_CREDENTIALS_FULL_URI" in environ
    return "TRAYEXEC_PROFILE" in environ and named


def completed(environ: "Mapping[str, str]") -> "Mapping[str, str]":
    """`environ` with what it lacks of the desktop's session, as programs with a bare environment start us."""
    if environ.get("XDG_RUNTIME_DIR") or environ.get("TRAYEXEC_SOCKET"):
        return environ
    path = environ.get("AWS_CONFIG_FILE", "")
    session = _read(path).get("session") if MARK in path else None
    if isinstance(session, dict):
        return {**{name: str(value) for name, value in session.items() if name in SESSION}, **environ}
    runtime = f"/run/user/{os.getuid()}"  # pam_systemd(8)
    if os.path.exists(runtime + "/trayexec/agent.sock"):  # noqa: PTH110 — pathlib is slow to import
        return {**environ, "XDG_RUNTIME_DIR": runtime}
    return environ


def _read(path: str) -> "dict[str, Any]":
    from trayexec import wire  # noqa: PLC0415 — who asks us talks to the agent next, so it is loaded anyway

    try:
        with open(path.rpartition("/")[0] + "/" + NAME, "rb") as file:  # noqa: PTH123 — pathlib is slow to import
            return wire.decode(file.read(LONGEST))
    except (OSError, ValueError):
        return {}

"""The user's own AWS files where the environment names our overlay. Light: the run path asks it.

Beside each overlay stands a file that says whose it is, so that nothing depends on an environment staying whole. It is
believed only in our own folder below the user's home: anywhere else, as in a repository that was cloned, somebody else
may have written it. Without it an overlay is known by its first lines or by standing in our own folder: never by how
its path looks, which may be that of a file of the user's own. One of which nothing says whose it is is refused.
"""

import os

from trayexec.light.errors import TrayexecError, trouble
from trayexec.live import overlay_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trayexec.light.protocol_fields import OverlayAnswer

LONGEST = 64 * 1024
OWN = {"AWS_CONFIG_FILE": "TRAYEXEC_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE": "TRAYEXEC_SHARED_CREDENTIALS_FILE"}
KEYS = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "shared"}
FIRST = b"# Written by trayexec from "  # of an overlay, after a line with its digest
OTHERS_MAY_WRITE = 0o022
_PLAIN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no link, and no pipe that waits


def own(variable: str, path: str, environ: "Mapping[str, str]") -> str:
    """The user's own file in place of `path`, which `variable` names.

    Raises TrayexecError (`overlay_lost`) for an overlay of which nobody knows from which files it was made.
    """
    said = record(path, environ)
    if said is not None:
        return str(said[KEYS[variable]])
    folder = path.rpartition("/")[0]
    name = folder.rpartition("/")[2]
    could_be = overlay_files.is_folder_name(name)
    if could_be and _is_of_remembered_files(name, environ):
        return environ[OWN[variable]]
    if _is_text_of_ours(path) or (could_be and _is_ours(folder, environ)):
        raise TrayexecError(
            trouble(
                "overlay_lost",
                "{variable} names what trayexec wrote for --live, and nothing of yours says from which files: {file}",
                "Open a new shell, or run: `unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE`",
                variable=variable,
                file=path,
            )
        )
    return path


def record(path: str, environ: "Mapping[str, str]") -> "dict[str, Any] | None":
    """What stands beside the overlay that is at `path`; None where nothing does that we have written for this user."""
    folder = path.rpartition("/")[0]
    try:
        descriptor = os.open(folder + "/" + overlay_files.ORIGIN, _PLAIN)
    except (OSError, ValueError):
        return None
    try:
        seen = os.fstat(descriptor)
        if seen.st_uid != os.geteuid() or seen.st_mode & OTHERS_MAY_WRITE:
            return None
        if not _is_ours(folder, environ):
            return None
        from trayexec.light import protocol  # noqa: PLC0415 — who asks us talks to the agent next, so it is loaded anyway

        said = protocol.decode(os.read(descriptor, LONGEST))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    whole = isinstance(said.get("config"), str) and isinstance(said.get("shared"), str) and "session" in said
    return said if whole else None


def _is_of_remembered_files(name: str, environ: "Mapping[str, str]") -> bool:
    """Whether this is what the folder of the overlay is called whose files the environment remembers."""
    config, shared = (environ.get(name) for name in OWN.values())
    return config is not None and shared is not None and overlay_files.folder_name(config, shared) == name


def _is_text_of_ours(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return False
    try:
        text = os.read(descriptor, 128)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return text.startswith(FIRST) or text[overlay_files.DIGEST + 3 :].startswith(FIRST)


def _is_ours(folder: str, environ: "Mapping[str, str]") -> bool:
    """Whether this is, or was, an overlay's place in the user's home: $HOME, or the user list's where that was changed.

    By which way it is reached does not matter.
    """
    from trayexec.light import paths  # noqa: PLC0415 — only where there is a record, or none is left

    try:
        above = os.stat(folder + "/..")  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        above = None  # it is gone
    for live in {paths.live_folder(environ), paths.live_folder({})}:
        if folder.rpartition("/")[0] == live:
            return True
        try:
            if above is not None and os.path.samestat(above, os.stat(live)):  # noqa: PTH116 — likewise
                return True
        except OSError:
            continue
    return False


def starter(path: str, environ: "Mapping[str, str]") -> "tuple[str, ...]":
    """The command that starts us, as it stands in this overlay."""
    command = (record(path, environ) or {}).get("command")
    return tuple(map(str, command)) if isinstance(command, list) else ()


def outside(environ: "Mapping[str, str]") -> "Mapping[str, str]":
    """`environ` with the user's own files in place of an overlay: an agent must never read what it writes.

    Raises TrayexecError (`overlay_lost`).
    """
    files = {name: own(name, environ[name], environ) for name in OWN if environ.get(name)}
    return {**environ, **files}


def leading_to(overlay: "OverlayAnswer") -> "dict[str, str]":
    """The variables that lead SDKs to the overlay, and us past it to the user's own files."""
    return {
        "AWS_CONFIG_FILE": overlay["config"],
        "AWS_SHARED_CREDENTIALS_FILE": overlay["shared"],
        "AWS_CREDENTIAL_PROFILES_FILE": overlay["config"],  # the first Java SDK looks nowhere else
        "AWS_SDK_LOAD_CONFIG": "1",  # the first Go SDK and the second JavaScript SDK read no config file without it
        OWN["AWS_CONFIG_FILE"]: overlay["own_config"],
        OWN["AWS_SHARED_CREDENTIALS_FILE"]: overlay["own_shared"],
    }


def left_over(environ: "Mapping[str, str]") -> bool:
    """Whether an outer run of one profile, with `--server` or plain, has set the region."""
    named = "AWS_CREDENTIAL_EXPIRATION" in environ or "AWS_CONTAINER_CREDENTIALS_FULL_URI" in environ
    return "TRAYEXEC_PROFILE" in environ and named


def completed(environ: "Mapping[str, str]") -> "Mapping[str, str]":
    """`environ` with what it lacks of the desktop's session, as programs with a bare environment start us."""
    if environ.get("XDG_RUNTIME_DIR") or environ.get("TRAYEXEC_SOCKET"):
        return environ
    session = (record(environ.get("AWS_CONFIG_FILE", ""), environ) or {}).get("session")
    if isinstance(session, dict):
        from trayexec.light import agent_environment  # noqa: PLC0415 — only under --live, in a bare environment

        return {**{name: str(value) for name, value in session.items() if name in agent_environment.SESSION}, **environ}
    return environ

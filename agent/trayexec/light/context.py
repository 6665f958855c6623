"""What a request says of its caller: whose AWS files, which AWS, which terminal, which profile its shell has chosen."""

import os
import sys

from trayexec.light import protocol
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trayexec.light.protocol_fields import CallerFields

HERE = "here"  # in an answer that has paths in it, and in a request: which files are meant


def files(environ: "Mapping[str, str]") -> "dict[str, str]":
    """The caller's own AWS files, if its environment names them (direnv does that per project).

    Raises TrayexecError (`overlay_lost`).
    """
    named = {}
    for key, name in (("config", "AWS_CONFIG_FILE"), ("shared", "AWS_SHARED_CREDENTIALS_FILE")):
        path = environ.get(name)
        if path:
            from trayexec.live import overlay_origin  # noqa: PLC0415 — only under --live, and where the user has set these

            path = os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111 — as botocore does; pathlib is slow
            # absolute, for the agent has another working folder
            named[key] = overlay_origin.own(name, os.path.abspath(path), environ)  # noqa: PTH100 — likewise
    return named


def surroundings(environ: "Mapping[str, str]", named: "Mapping[str, str] | None" = None) -> "CallerFields":
    """Where the caller's AWS is, for every request: its files, and the variables that decide where STS is reached.

    `named` are its `files`, where somebody knows them already. Raises TrayexecError (`overlay_lost`) as `files` does.
    """
    named = files(environ) if named is None else named
    said: Any = {**named}
    own: dict[str, Any] = {"proxy": {name: environ[name] for name in protocol.PROXY_VARIABLES if name in environ}}
    if environ.get("HOME", "").startswith("/"):
        own["home"] = environ["HOME"]  # the usual files are in there, whatever the agent's is
    if environ.get("TRAYEXEC_SOCKET"):  # it may lead to another machine: the agent sees whether these are its own, too
        said["place"] = {**own, **place()}
    else:
        said |= own
        if "home" in own:
            usual = own["home"].rstrip("/") + "/.aws/"
            named = {"config": usual + "config", "shared": usual + "credentials", **named}
    seen = file_marks(**named)
    if seen:
        said[HERE] = seen
    aws = {name: environ[name] for name in protocol.AWS_VARIABLES if name in environ}
    for name in protocol.AWS_PATHS:
        if aws.get(name):
            aws[name] = os.path.abspath(aws[name])  # noqa: PTH100 — the agent has another working folder
    if aws:
        said["aws"] = aws
    fields: CallerFields = said
    return fields


def place() -> "dict[str, Any]":
    """What tells where this process is: its kernel, which files and which network it sees; nothing if that is unknown.

    The same path is the same file for two processes of one kernel and one mount namespace (namespaces(7)), a loopback
    address or a proxy is the same for two of one network namespace.
    """
    try:
        seen = {name: os.stat(f"/proc/self/ns/{kind}").st_ino for name, kind in (("mount", "mnt"), ("net", "net"))}  # noqa: PTH116 — pathlib is slow to import
        root = os.stat("/")  # noqa: PTH116 — likewise
    except OSError:
        return {}
    return {"boot": boot_id(), "root": [root.st_dev, root.st_ino], **seen}


def file_marks(**paths: str) -> "dict[str, Any]":
    """What a caller says of the files that it means: on which kernel which file is there, and in which folder."""
    said: dict[str, Any] = {name: mark for name, path in paths.items() if (mark := mark_of(path)) is not None}
    return {"boot": boot_id(), **said} if said else {}


def mark_of(path: str) -> "list[int] | None":
    """What tells the file at this path, and its folder, from any other: device and inode; None for no file."""
    try:
        file, folder = os.stat(path), os.stat(path.rpartition("/")[0] or "/")  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        return None
    return [file.st_dev, file.st_ino, folder.st_dev, folder.st_ino]


def boot_id() -> str:
    """What tells this run of this kernel from every other; nothing where there is no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:  # noqa: PTH123 — pathlib is slow to import
            return file.read(64).decode().strip()
    except (OSError, ValueError):
        return ""


def person(environ: "Mapping[str, str]") -> "CallerFields":
    """Where the caller's person is, and in which language they are spoken to: for a request that may need them."""
    said: CallerFields = {"terminal": foreground(environ), "lang": language(environ)}
    return said if has_display(environ) else {**said, "hand": "terminal"}


def language(environ: "Mapping[str, str]") -> str:
    """The language a person wants, by POSIX's order of variables (locale(7))."""
    return environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""


def foreground(environ: "Mapping[str, str]") -> str:
    """What tells the terminal in whose foreground this process runs from any other: its session; empty for none."""
    if sys.platform == "win32":
        return ""
    for stream in (0, 2):
        try:
            if os.tcgetpgrp(stream) == os.getpgrp():
                return str(os.getsid(0))
        except OSError:
            continue  # it is redirected
    if has_display(environ):
        return ""
    try:
        device = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)  # where the code would be asked
    except OSError:
        return ""
    try:
        return str(os.getsid(0)) if os.tcgetpgrp(device) == os.getpgrp() else ""
    finally:
        os.close(device)


def has_display(environ: "Mapping[str, str]") -> bool:
    """Whether a dialog can be shown to whoever has this environment, as far as it says."""
    return sys.platform != "linux" or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def chosen(environ: "Mapping[str, str]") -> str | None:
    """The profile that the caller's environment names, for a command line that names none. Raises TrayexecError.

    The AWS CLI and the other SDKs differ in which of the two variables they read first, so both must say the same.
    """
    from trayexec.light.caller_variables import CHOICE  # noqa: PLC0415 — credential-process does without

    names = [environ[name] for name in CHOICE if environ.get(name)]
    if len(set(names)) > 1:
        raise TrayexecError(
            trouble(
                "usage",
                "No profile is named, AWS_PROFILE is {a} and AWS_DEFAULT_PROFILE is {b}.",
                "Name one of them, or unset one of the variables.",
                a=names[0],
                b=names[1],
            )
        )
    return names[0] if names else None

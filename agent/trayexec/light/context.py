"""What a request says of its caller: whose AWS files, which AWS, which terminal, which profile its shell has chosen."""

import os
import sys

from trayexec.light import caller_variables
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from trayexec.light.protocol_messages import CallerFields


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
    from trayexec.light import protocol, same_machine  # noqa: PLC0415 — see obtain

    named = files(environ) if named is None else named
    said: Any = {**named}
    own: dict[str, Any] = {"proxy": {name: environ[name] for name in protocol.PROXY_VARIABLES if name in environ}}
    if environ.get("HOME", "").startswith("/"):
        own["home"] = environ["HOME"]  # the usual files are in there, whatever the agent's is
    if environ.get("TRAYEXEC_SOCKET"):  # it may lead to another machine: the agent sees whether these are its own, too
        said["place"] = {**own, **same_machine.place()}
    else:
        said |= own
        if "home" in own:
            usual = own["home"].rstrip("/") + "/.aws/"
            named = {"config": usual + "config", "shared": usual + "credentials", **named}
    seen = same_machine.sight(**named)
    if seen:
        said[same_machine.KEY] = seen
    aws = {name: environ[name] for name in protocol.AWS_VARIABLES if name in environ}
    for name in protocol.AWS_PATHS:
        if aws.get(name):
            aws[name] = os.path.abspath(aws[name])  # noqa: PTH100 — the agent has another working folder
    if aws:
        said["aws"] = aws
    fields: CallerFields = said
    return fields


def person(environ: "Mapping[str, str]") -> "CallerFields":
    """Where the caller's person is, and in which language they are spoken to: for a request that may need them."""
    from trayexec.light.translate import language  # noqa: PLC0415 — not before the command is known to exist

    said: CallerFields = {"terminal": foreground(environ), "lang": language(environ)}
    return said if has_display(environ) else {**said, "hand": "terminal"}


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
    names = [environ[name] for name in caller_variables.CHOICE if environ.get(name)]
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

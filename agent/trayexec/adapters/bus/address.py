"""Where the D-Bus buses are (D-Bus specification, "Well-known Message Bus Instances"). Standard library only."""

import os
from collections.abc import Mapping


def session_bus(environ: Mapping[str, str]) -> str:
    """The address of the session bus, or nothing when there is none."""
    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    socket = os.path.join(environ.get("XDG_RUNTIME_DIR", ""), "bus")  # noqa: PTH118 — children import this: no pathlib
    return f"unix:path={socket}" if os.path.isabs(socket) and os.path.exists(socket) else ""  # noqa: PTH110, PTH117


def system_bus(environ: Mapping[str, str]) -> str:
    """The address of the system bus."""
    return environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/var/run/dbus/system_bus_socket"

"""Which ways to a notification this machine gets, best first. The one place that decides."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from trayexec.adapters.notifications.chain import Channel, Notices
from trayexec.adapters.notifications.log import LogNotices
from trayexec.adapters.notifications.plyer_notification import PlyerNotices
from trayexec.light.errors import Text

if TYPE_CHECKING:
    from trayexec.adapters.bus.client import Bus


def choose(
    environ: Mapping[str, str], logger: logging.Logger, session: "Bus | None", speak: Callable[[Text], str] = str
) -> Notices:
    """D-Bus with its buttons where there is D-Bus, then plyer, then the log."""
    ways: list[Channel] = [PlyerNotices(environ), LogNotices(logger)]
    if session is not None:
        from trayexec.adapters.notifications.dbus import DBusNotices  # noqa: PLC0415 — jeepney is a dependency on Linux only

        ways.insert(0, DBusNotices(session))
    return Notices(ways, speak)

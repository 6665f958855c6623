"""Which ways to a notification this machine gets, best first. The one place that decides."""

import logging
import sys
from collections.abc import Callable, Mapping

from trayexec.adapters.notifications.chain import Channel, Notices
from trayexec.adapters.notifications.log import LogNotices
from trayexec.adapters.notifications.plyer_notification import PlyerNotices
from trayexec.light.errors import Text


def choose(environ: Mapping[str, str], logger: logging.Logger, speak: Callable[[Text], str] = str) -> Notices:
    """D-Bus with its buttons where there is D-Bus, then plyer, then the log."""
    ways: list[Channel] = [PlyerNotices(environ), LogNotices(logger)]
    if sys.platform == "linux":
        from trayexec.adapters.notifications.dbus import DBusNotices  # noqa: PLC0415 — jeepney is a dependency on Linux only

        ways.insert(0, DBusNotices(environ))
    return Notices(ways, speak)

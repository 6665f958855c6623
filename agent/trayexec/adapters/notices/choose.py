"""Which ways to a notification this machine gets, best first. The one place that decides."""

import logging
import sys
from collections.abc import Callable, Mapping

from trayexec.adapters.notices.chain import Notices, Way
from trayexec.adapters.notices.log import LogNotices
from trayexec.adapters.notices.plyer_notice import PlyerNotices
from trayexec.errors import Text


def choose(environ: Mapping[str, str], logger: logging.Logger, speak: Callable[[Text], str] = str) -> Notices:
    """D-Bus with its buttons where there is D-Bus, then plyer, then the log."""
    ways: list[Way] = [PlyerNotices(environ), LogNotices(logger)]
    if sys.platform == "linux":
        from trayexec.adapters.notices.dbus import DBusNotices  # noqa: PLC0415 — jeepney is a dependency on Linux only

        ways.insert(0, DBusNotices(environ))
    return Notices(ways, speak)

"""Whether the screen is locked and the machine sleeps: a file per platform, each with a `ScreenWatch`, chosen here."""

import sys

from trayexec.core.broker.events import Screen

if sys.platform == "linux":
    from trayexec.adapters.screenlock.linux import ScreenWatch
else:
    from trayexec.adapters.screenlock.elsewhere import ScreenWatch

__all__ = ["Screen", "ScreenWatch"]

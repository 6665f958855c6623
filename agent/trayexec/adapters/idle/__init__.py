"""How long nobody has used a key or the mouse: a file per platform, each with an `IdleTime`, chosen here."""

import sys

if sys.platform == "linux":
    from trayexec.adapters.idle.linux import IdleTime
else:
    from trayexec.adapters.idle.elsewhere import IdleTime

__all__ = ["IdleTime"]

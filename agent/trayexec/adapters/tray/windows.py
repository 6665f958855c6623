"""Windows: pystray's own backend. It has its place and its limits are kept, but it has not yet been run on Windows."""

from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.pystrays import backend
from trayexec.adapters.wording import Speak

# NOTIFYICONDATAW.szTip holds 128 UTF-16 units with its end; pystray raises ValueError for more.
# https://learn.microsoft.com/windows/win32/api/shellapi/ns-shellapi-notifyicondataw
_TITLE = 127


def tray(speak: Speak = str) -> BackedTray:
    """The tray `win32`. Raises TrayexecError (tray_unavailable) elsewhere."""
    icon = backend("win32")
    return BackedTray("win32", lambda: icon("trayexec"), speak, title=_TITLE)

"""The only import of pystray: its menus, and its backends one by one.

pystray chooses a backend while it is imported, opens a display for it, and lets any kind of exception escape
(pystray#167: `Xlib.error.DisplayNameError` without a display; `ValueError` without the AppIndicator typelib). So it
is imported with the one backend that can always be imported and never run, and a real one is loaded by its own name.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

from trayexec.light.errors import TrayexecError, trouble

_CHOICE = "PYSTRAY_BACKEND"


def _import_without_backend() -> Any:
    former = os.environ.get(_CHOICE)
    os.environ[_CHOICE] = "dummy"
    try:
        return importlib.import_module("pystray")
    finally:
        if former is None:
            del os.environ[_CHOICE]
        else:
            os.environ[_CHOICE] = former


_pystray = _import_without_backend()
Menu: Any = _pystray.Menu
MenuItem: Any = _pystray.MenuItem


class ActionItem(MenuItem):  # type: ignore[misc]  # pystray ships no types
    """A line of the menu that remembers which action it stands for; None when it only informs."""

    def __init__(self, text: str, action: str | None, *, click: Callable[[str], None], **more: Any) -> None:
        def chosen() -> None:
            if action is not None:
                click(action)

        super().__init__(text, chosen, enabled=action is not None, **more)
        self.action = action


def backend(name: str) -> Any:
    """The `Icon` class of pystray's own backend `appindicator`, `xorg`, `darwin` or `win32`.

    Raises TrayexecError (tray_unavailable) when it cannot be used here, whatever the reason.
    """
    try:
        return importlib.import_module(f"pystray._{name}").Icon
    except Exception as reason:  # backends raise ImportError, ValueError, DisplayNameError and more while imported
        raise TrayexecError(
            trouble(
                "tray_unavailable",
                "The tray backend {name} cannot be used here: {reason}.",
                "Nothing is lost without it: use `trayexec status` and `trayexec auth`.",
                name=name,
                reason=f"{type(reason).__name__}: {reason}",
            )
        ) from reason

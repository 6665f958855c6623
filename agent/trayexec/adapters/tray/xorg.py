"""pystray's Xorg backend: an icon without a menu, for X11 panels that only know the older tray protocol."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, MutableMapping
from typing import Any

import Xlib.display
import Xlib.error
import Xlib.X
from PIL import Image

from trayexec.adapters.glyph import draw
from trayexec.adapters.tray.backed import BackedTray
from trayexec.adapters.tray.pystrays import backend
from trayexec.adapters.tray.waiter import Waiter
from trayexec.adapters.wording import Speak
from trayexec.core.view import IconState

_TILE, _MARGIN, _DARK = 48, 4, (36, 38, 42)

_log = logging.getLogger(__name__)


def has_tray(display: str) -> bool:
    """Whether a panel on this display takes XEmbed icons. Raises what Xlib raises without a display.

    https://specifications.freedesktop.org/systemtray-spec/
    """
    connection = Xlib.display.Display(display)
    try:
        selection = connection.intern_atom(f"_NET_SYSTEM_TRAY_S{connection.get_default_screen()}")
        return bool(connection.get_selection_owner(selection) != Xlib.X.NONE)
    finally:
        connection.close()


def tray(speak: Speak = str) -> "XorgTray":
    """The tray `xorg`. Raises TrayexecError (tray_unavailable) without a display."""
    base = backend("xorg")

    class Icon(base):  # type: ignore[misc, valid-type]  # pystray ships no types, and its backends open displays
        """Leaves closing the display to the loop: the backend does it while it is collected, and fails noisily."""

        def __del__(self) -> None:
            pass

    return XorgTray(Icon, speak)


class XorgTray(BackedTray):
    """Runs the backend's events in our own wait.

    python-xlib can lose a wake-up when two threads use one display, and its own wait delays signals. So everything
    happens on the main thread. The icon docks again when a panel comes back, which the backend does not do by itself.
    """

    def __init__(self, icon: Any, speak: Speak = str) -> None:
        """`icon` is the backend's class."""
        super().__init__("xorg", lambda: self._prepared(icon("trayexec")), speak, picture=_opaque)
        self._waiter = Waiter()
        self._pending: deque[Callable[[], None]] = deque()

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler."""
        super().stop()
        self._waiter.end()

    def _start(self) -> None:
        """No thread: see `_dispatch`."""

    def _end(self) -> None:
        """Nothing beyond the waiter: the loop leaves by itself."""

    def _dispatch(self, job: Callable[[], None]) -> None:
        self._pending.append(job)
        self._waiter.wake()

    def _draw(self) -> None:
        super()._draw()
        if self._icon.visible and self._icon._systray_manager is None:  # noqa: SLF001 — the only sign that no panel has it
            self._icon.icon = self._icon.icon

    def _prepared(self, icon: Any) -> Any:
        """Set right what the backend leaves undone; there is no other way in than its insides."""
        # It forgets to ask for clicks, and sets its thread only after its setters may have been called.
        wanted = Xlib.X.ExposureMask | Xlib.X.StructureNotifyMask | Xlib.X.ButtonPressMask
        icon._window.change_attributes(event_mask=wanted)  # noqa: SLF001
        icon._thread = threading.current_thread()  # noqa: SLF001
        icon._log = _Terse(_log, {})  # noqa: SLF001
        icon._mainloop = lambda: self._loop(icon)  # noqa: SLF001
        return icon

    def _loop(self, icon: Any) -> None:
        with self._waiter:
            try:
                while not self._waiter.ended:
                    while self._pending:
                        self._work_off(self._pending.popleft())
                    while icon._display.pending_events():  # noqa: SLF001
                        event = icon._display.next_event()  # noqa: SLF001
                        icon._message_handlers.get(event.type, _ignore)(event)  # noqa: SLF001
                    self._waiter.wait(icon._display)  # noqa: SLF001
            except Xlib.error.ConnectionClosedError as lost:
                _log.info("the display is gone, and the tray icon with it: %s", lost)
                while not self._waiter.ended:
                    self._waiter.wait()
        with contextlib.suppress(Xlib.error.ConnectionClosedError):
            icon._display.close()  # noqa: SLF001


def _ignore(_: object) -> None:
    """For events that change nothing."""


def _opaque(state: IconState, fill: float) -> Image.Image:
    """The backend drops transparency: put the icon on a dark tile, instead of on whatever lies under the alpha."""
    glyph = draw(state, fill, _TILE - 2 * _MARGIN)
    tile = Image.new("RGB", (_TILE, _TILE), _DARK)
    tile.paste(glyph, (_MARGIN, _MARGIN), glyph)
    return tile


class _Terse(logging.LoggerAdapter[logging.Logger]):
    """That no panel is there is normal at login: a line in the log, not a traceback."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Drop the traceback."""
        return msg, {key: value for key, value in kwargs.items() if key != "exc_info"}

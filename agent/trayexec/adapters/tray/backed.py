"""What is common to pystray's own backends: they are run on the main thread, and touched by one thread only."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from PIL import Image

from trayexec.adapters.glyph import draw
from trayexec.adapters.tray.presenter import Presenter
from trayexec.adapters.wording import Speak
from trayexec.core.view import IconState, View

# The backends scale it down; 64 is a whole multiple of what most of them want.
_SIZE = 64

Picture = Callable[[IconState, float], Image.Image]

_log = logging.getLogger(__name__)


class BackedTray:
    """A tray on a pystray backend: `make` creates its icon, on the main thread, when `run` begins.

    Its setters may wait for the main loop, for ever if that has just ended. So they are called in a daemon thread that
    nobody waits for; a platform that wants them elsewhere overrides `_dispatch`.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Any],
        speak: Speak = str,
        *,
        title: int | None = None,
        picture: Picture | None = None,
    ) -> None:
        """`name` is what `status` shows; a tooltip of more than `title` characters is cut; `picture` draws."""
        self._name = name
        self._make = make
        self._speak = speak
        self._title = title
        self._picture = picture or _picture
        self._latest: View | None = None
        self._icon: Any = None
        self._presenter: Presenter | None = None
        self._ready = False
        self._ended = False
        self._stopping = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()

    @property
    def name(self) -> str:
        """The backend's name."""
        return self._name

    def run(self, click: Callable[[str], None]) -> None:
        """Block until `stop`, on the main thread."""
        if self._ended:
            return
        icon = self._make()
        self._presenter = Presenter(icon, picture=self._picture, speak=self._speak, click=click, title=self._title)
        self._icon = icon
        self._start()
        icon.run(setup=self._begin)

    def show(self, view: View) -> None:
        """Draw this from now on. Any thread."""
        self._latest = view
        if self._ready:
            self._dispatch(self._draw)

    def stop(self) -> None:
        """End `run`. Any thread, and safe in a signal handler, which may have interrupted the backend's own loop."""
        self._ended = True
        if self._ready and self._stopping.acquire(blocking=False):
            self._end()

    def _begin(self, _: Any) -> None:
        """The loop runs: pystray calls this in a thread of its own."""
        self._ready = True
        if self._ended:
            self.stop()
        else:
            self._dispatch(self._draw)

    def _draw(self) -> None:
        if self._latest is not None and self._presenter is not None:
            self._presenter.present(self._latest)
            self._icon.visible = True

    def _start(self) -> None:
        threading.Thread(target=self._work, name="tray", daemon=True).start()

    def _end(self) -> None:
        threading.Thread(target=self._icon.stop, name="tray stop", daemon=True).start()

    def _dispatch(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._work_off(self._jobs.get())

    def _work_off(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001 — one picture less is better than no icon; the log has the traceback
            _log.exception("the tray icon could not be drawn")


def _picture(state: IconState, fill: float) -> Image.Image:
    return draw(state, fill, _SIZE)

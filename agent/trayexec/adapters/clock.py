"""The two clocks: seconds since boot with sleep included where the system has such a clock, and Unix seconds."""

import sys
import threading
import time

from trayexec.core.clock import Instant, Reckoning


class SystemClock:
    """CLOCK_BOOTTIME (clock_gettime(2)) and CLOCK_REALTIME, and what becomes of them when they disagree.

    On macOS CLOCK_MONOTONIC counts sleep (clock_gettime(3) there), on Windows the monotonic clock does. Any thread.
    """

    def __init__(self) -> None:
        """Begin to compare."""
        self._reckoning = Reckoning()
        self._lock = threading.Lock()

    def now(self) -> Instant:
        """This moment."""
        boot, wall = _boot(), time.time()
        with self._lock:
            self._reckoning = self._reckoning.read(boot, wall)
            return self._reckoning.instant(boot, wall)

    def told(self, place: str, date: float) -> None:
        """An answer came just now from `place`, which says that it is `date` (Unix seconds)."""
        boot, wall = _boot(), time.time()
        with self._lock:
            self._reckoning = self._reckoning.told(boot, wall, place=place, date=date)

    @property
    def doubtful(self) -> bool:
        """Whether the machine may have slept without its boot clock knowing: whoever answers with a date settles it."""
        self.now()
        return self._reckoning.doubtful


def _boot() -> float:
    if sys.platform == "linux":
        boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":
        boot = time.clock_gettime(time.CLOCK_MONOTONIC)
    else:
        boot = time.monotonic()
    return boot

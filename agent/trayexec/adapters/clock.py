"""The two clocks: seconds since boot with sleep included where the system has such a clock, and Unix seconds."""

import sys
import time

from trayexec.core.clock import Instant


class SystemClock:
    """CLOCK_BOOTTIME (clock_gettime(2)) and CLOCK_REALTIME.

    Where there is no CLOCK_BOOTTIME (macOS), the monotonic clock stands in: it may stop in sleep, and the wall clock
    then tells the truth, for whichever says that less is left is believed.
    """

    def now(self) -> Instant:
        """This moment."""
        if sys.platform == "linux":
            boot = time.clock_gettime(time.CLOCK_BOOTTIME)
        else:
            boot = time.monotonic()
        return Instant(boot, time.time())

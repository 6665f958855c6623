"""Time as the core sees it: an instant on two clocks, and an expiry on the same two.

This module must not know how time is read. Sleep stops some clocks and a person can turn others, so everything
that ends is kept on both: *boot* (seconds since boot, sleep included, cannot be set) and *wall* (Unix seconds, UTC,
can be set). Something has ended as soon as either clock says so.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment: seconds since boot, and Unix seconds (UTC)."""

    boot: float
    wall: float

    def after(self, seconds: float) -> "Instant":
        """The moment `seconds` later."""
        return Instant(self.boot + seconds, self.wall + seconds)

    def until(self, later: "Instant") -> float:
        """Seconds from here to `later`, by whichever clock says there are fewer."""
        return min(later.boot - self.boot, later.wall - self.wall)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When credentials end: a local instant for our own decisions, and AWS's own date (Unix seconds) to publish.

    The two differ when the local clock is wrong: `at` counts from the moment the answer came, `utc` is what AWS wrote.
    """

    at: Instant
    utc: int

    def left(self, now: Instant) -> float:
        """Seconds of life left at `now`; negative once it is over."""
        return now.until(self.at)

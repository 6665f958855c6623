"""Time as the core sees it: an instant on two clocks, when something ends, and which clock is believed.

This module must not know how time is read. There are two clocks: *boot* (seconds since boot, sleep included, cannot be
set) and *wall* (Unix seconds, UTC, which people and NTP set). **Boot decides** what has ended; wall is for dates that
are shown or published. A wall clock that is set, forward or back, for a moment or for good, changes no life.

What boot can miss is sleep that the machine knows nothing of: a virtual machine that was paused or restored, a
hibernation that stopped the clock. Afterwards the wall clock is ahead, as if it had been set. So a wall clock that is
ahead is a *doubt*, which ends in one of three ways: it goes back; AWS answers, whose dates tell how long it really was;
or it stays ahead for a minute with no word from AWS, and then counts as sleep, to be on the safe side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

AHEAD = 10.0  # how far the clocks may part without meaning anything (seconds)
BELIEVED = 60.0  # how long a wall clock must stay ahead to be believed without word from AWS (seconds)
SOURCES = 16  # places whose dates are remembered


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment: seconds since boot, and Unix seconds (UTC)."""

    boot: float
    wall: float

    def after(self, seconds: float) -> "Instant":
        """The moment `seconds` later."""
        return Instant(self.boot + seconds, self.wall + seconds)

    def until(self, later: "Instant") -> float:
        """Seconds from here to `later`, by the clock that nobody can set."""
        return later.boot - self.boot


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


@dataclass(frozen=True, slots=True)
class Doubt:
    """The wall clock has jumped: `offset` is where it is (wall minus boot), `since` when that was first seen."""

    offset: float
    since: float


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What has been read of both clocks, and heard from AWS: how much sleep the boot clock is known to have missed.

    `offset` is wall minus boot as it was last believed; `heard` is, for each place that answers with a date, that date
    and when it came. A place is compared with itself only: two may have clocks of their own.
    """

    missed: float = 0.0
    offset: float | None = None
    doubt: Doubt | None = None
    heard: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def instant(self, boot: float, wall: float) -> Instant:
        """The moment that these two readings are."""
        return Instant(boot + self.missed, wall)

    def read(self, boot: float, wall: float) -> "Reckoning":
        """After both clocks have been read."""
        offset = wall - boot
        if self.offset is None:
            return replace(self, offset=offset)
        ahead = offset - self.offset
        if abs(ahead) <= AHEAD:
            return self if self.doubt is None else replace(self, doubt=None)
        if self.doubt is None or abs(offset - self.doubt.offset) > AHEAD:
            return replace(self, doubt=Doubt(offset, boot))
        if boot - self.doubt.since < BELIEVED:
            return self
        return replace(self, missed=self.missed + max(0.0, ahead), offset=offset, doubt=None)

    def told(self, boot: float, wall: float, *, place: str, date: float) -> "Reckoning":
        """After an answer came from `place` with a date: what that shows of the boot clock settles every doubt."""
        lived = boot + self.missed
        before = self.heard.get(place)
        missed = self.missed
        if before is not None:
            gap = (date - before[1]) - (lived - before[0])
            if abs(gap) > AHEAD:
                missed = max(0.0, missed + gap)
        heard = {**{one: self.heard[one] for one in [*self.heard][-SOURCES:] if one != place}}
        heard[place] = (boot + missed, date)
        if before is None:
            return replace(self, heard=heard)
        return replace(self, missed=missed, offset=wall - boot, doubt=None, heard=heard)

    @property
    def doubtful(self) -> bool:
        """Whether the machine may have slept without its boot clock knowing."""
        return self.doubt is not None and self.offset is not None and self.doubt.offset > self.offset

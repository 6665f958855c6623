"""Reckons with two clocks: an instant on both, when something ends, and which clock is believed.

It must not know how time is read. There are two clocks: *boot* (seconds since boot, sleep included, cannot be
set) and *wall* (Unix seconds, UTC, which people and NTP set). **Boot decides** what has ended; wall is for dates that
are shown or published. A wall clock that is set, forward or back, for a moment or for good, changes no life.

What boot can miss is sleep that the machine knows nothing of: a virtual machine that was paused or restored, a
hibernation that stopped the clock. Afterwards the wall clock is ahead, as if it had been set. So a wall clock that is
ahead is a *doubt*, which ends in one of three ways: it goes back; AWS answers, whose dates tell how long it really was;
or it stays ahead for a minute with no word from AWS, and then counts as sleep, to be on the safe side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from trayexec.core.stamps import local

AHEAD = 10.0  # how far the clocks may part without meaning anything (seconds)
BELIEVED = 60.0  # how long a wall clock must stay ahead to be believed without word from AWS (seconds)
SOURCES = 64  # places whose dates are remembered: more than AWS has regions


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

    def seconds_until(self, later: "Instant") -> int:
        """The same in whole seconds, as a person is told: 120 s from now are 120, whatever was lost in adding."""
        return ceil(round(self.until(later), 6))


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

    def clock(self, now: Instant) -> str:
        """When that is by the clock on this machine's wall, with the day unless it is today."""
        return local(int(self.at.wall), now.wall)


@dataclass(frozen=True, slots=True)
class Doubt:
    """The wall clock has jumped: `offset` is where it is (wall minus boot), `since` when that was first seen."""

    offset: float
    since: float


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What has been read of both clocks, and heard from AWS: how much sleep the boot clock is known to have missed.

    `offset` is wall minus boot as it was last believed; `heard` is, for each place that answers with a date, that date
    and when it came. A place is compared with itself only: two may have clocks of their own. `guessed` is how much of
    `missed` only the wall clock says, `sure` the moment until which it says nothing: no more than that is ever taken
    back, and only by who was heard before; else what has ended would live again.
    """

    missed: float = 0.0
    guessed: float = 0.0
    sure: float = 0.0
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
        slept = max(0.0, ahead)
        sure = self.sure if self.guessed else self.doubt.since + self.missed
        guessed = self.guessed + slept
        return replace(self, missed=self.missed + slept, guessed=guessed, sure=sure, offset=offset, doubt=None)

    def told(self, boot: float, wall: float, *, place: str, date: float) -> "Reckoning":
        """After an answer came from `place` with a date: what that shows of the boot clock settles every doubt."""
        seen = self.read(boot, wall)
        lived = boot + seen.missed
        before = seen.heard.get(place)
        if before is None:
            # One that is new while it is in doubt how long we slept would take the time before for none.
            return seen if seen.doubt else replace(seen, heard=_newest({**seen.heard, place: (lived, date)}))
        gap = (date - before[1]) - (lived - before[0])
        knows = before[0] <= seen.sure
        if abs(gap) <= AHEAD:  # compared with the same date again and again, many short gaps add up to a long one
            heard, missed = seen.heard, seen.missed
        else:
            # Who was first heard since then counts from a time that was not so.
            heard = {one: at for one, at in seen.heard.items() if at[0] <= before[0]}
            missed = seen.missed + max(gap, -seen.guessed if knows else 0.0)
            before = (boot + missed, date)
        others = {one: at for one, at in heard.items() if one != place}
        return replace(
            seen,
            missed=missed,
            guessed=0.0 if knows else seen.guessed,
            offset=wall - boot,
            doubt=None,
            heard=_newest({**others, place: before}),
        )

    @property
    def doubtful(self) -> bool:
        """Whether the machine may have slept without its boot clock knowing."""
        return self.doubt is not None and self.offset is not None and self.doubt.offset > self.offset


def _newest(heard: Mapping[str, tuple[float, float]]) -> Mapping[str, tuple[float, float]]:
    return {place: heard[place] for place in [*heard][-SOURCES:]}

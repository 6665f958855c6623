"""Remembers commands whose credentials will end under them. It must not know how one looks whether they run.

A command that was given credentials in its environment cannot renew them. The agent remembers who got which, asks
now and then who still runs, and tells the person before the end, once. One that renews them by itself is remembered as
well, for it cannot once the session is over; nobody is told of it alone. At most 256 are remembered: when more are
started within a minute, those that have not been seen to stay go first. Who was told of is remembered until the end,
for the warnings of the session.
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, replace

from trayexec.core.broker.events import Process
from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity
from trayexec.light.durations import WARN_AFTER, WARN_AHEAD

LOOK = 60  # seconds between looks at who still runs, so that what has ended is forgotten
AGAIN = 1  # seconds between looks when somebody has to be told
MOST = 256


@dataclass(frozen=True, slots=True)
class Run:
    """A command with credentials of `profile` that end at `ends`; `due` is when to tell, `stays` that it was seen.

    `identity` is whose session they came of, if they did. `renews` is whether it asks for new ones by itself, `is_told`
    whether there is nothing to tell a person of it alone, or they know.
    """

    process: Process
    program: str
    profile: str
    ends: Expiry
    due: Instant
    stays: bool = False
    identity: Identity | None = None
    renews: bool = False
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Everybody who may still run, the first to be told first, when it was last looked, and last seen by that."""

    runs: tuple[Run, ...] = ()
    looked: Instant | None = None
    seen: Instant | None = None

    def next(self, now: Instant) -> float:
        """Seconds until it is time to look; nothing to wait for is for ever.

        Never sooner than `AGAIN` after the last look, whatever is due: what a look has not settled, another one at once
        would not settle either.
        """
        if not self.runs:
            return float("inf")
        since = self.looked.until(now) if self.looked is not None else LOOK
        due = next((now.until(run.due) for run in self.runs if not run.is_told), LOOK)
        return max(0.0, AGAIN - since, min(due, LOOK - since))

    def is_fresh(self, now: Instant) -> bool:
        """Whether it is known who runs now."""
        return self.seen is not None and self.seen.until(now) < AGAIN

    def is_looking(self, now: Instant) -> bool:
        """Whether a look was begun a moment ago."""
        return self.looked is not None and self.looked.until(now) < AGAIN

    def is_time(self, now: Instant) -> bool:
        """Whether to look now."""
        return self.next(now) <= 0


def begun(process: Process, program: str, *, profile: str, ends: Expiry, now: Instant) -> Run:
    """A command that starts now. It is due ten minutes before the end, but not before it had a moment."""
    due = max(ends.at.after(-WARN_AHEAD), now.after(WARN_AFTER), key=lambda instant: instant.boot)
    return Run(process, program, profile, ends, due)


def knows(watch: Watch, process: Process, profile: str, ends: Expiry) -> bool:
    """Whether it is remembered that this command has these: one that renews by itself may ask a thousand times."""
    return any(one.process == process and one.profile == profile and one.ends is ends for one in watch.runs)


def with_run(watch: Watch, run: Run, *, now: Instant) -> Watch:
    """Remember one more; what the same process had of the same profile before is forgotten."""
    looked = watch.looked if watch.runs else now  # nobody is not worth a look
    runs = [one for one in watch.runs if (one.process, one.profile) != (run.process, run.profile)]
    if len(runs) >= MOST:
        short = [one for one in runs if not one.stays]
        if not short:
            return watch
        runs.remove(min(short, key=lambda one: one.due.boot))
    insort(runs, run, key=lambda one: one.due.boot)
    return replace(watch, runs=tuple(runs), looked=looked)


def seen(
    watch: Watch, checked: Iterable[Process], running: frozenset[Process], now: Instant
) -> tuple[Watch, tuple[Run, ...]]:
    """What is left to watch after a look, and who is to be told of: those who run and are due. Each only once."""
    looked_for = frozenset(checked)
    there = looked_for & running
    told = tuple(run for run in watch.runs if run.process in there and not run.is_told and now.until(run.due) <= 0)
    runs = tuple(
        replace(run, stays=True, is_told=run.is_told or run in told) if run.process in looked_for else run
        for run in watch.runs
        if (run.process in running or run.process not in looked_for) and not _is_past(run, now)
    )
    return replace(watch, runs=runs, seen=now), told


def _is_past(run: Run, now: Instant) -> bool:
    """Whether there is nothing more to say of it."""
    return run.ends.left(now) <= 0 and (run.is_told or now.until(run.due) <= 0)


def hit(watch: Watch, identity: Identity, now: Instant) -> tuple[Run, ...]:
    """The commands with credentials of this session that still work; by their ends."""
    runs = (run for run in watch.runs if run.identity == identity and run.ends.left(now) > 0)
    return tuple(sorted(runs, key=lambda run: run.ends.left(now)))

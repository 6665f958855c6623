"""Keeps what a person is told of ends: of sessions and sign-ins, in one notification. It must not know its words.

Whatever there is more to say replaces the notification. While the screen is locked nothing is said; what came about in
the meantime is said once, when the person is back. Who wants to hear of it later does, or before if more is to be said.
"""

from dataclasses import dataclass, replace
from enum import Enum
from math import inf

from trayexec.core.clock import Expiry, Instant
from trayexec.core.config.profiles import Identity, SignIn
from trayexec.light.errors import Text

NEWS = 3600  # seconds for which that something is over is said again beside what is new
SNOOZE = 300  # seconds until it is said again to who wants to hear of it later


class How(Enum):
    """What happens to a session or a sign-in."""

    ENDS = "it ends soon"
    OVER = "its time is over"
    REVOKED = "AWS does not take it any more, before its time"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of `who`: `at` its own, or once that is over of the last credentials that came of it, if there are any.

    `due` is which warning it is, in seconds before the end; `is_last` that there is no other before it. `why` says why
    it could not be renewed unasked, `came` when this was to be told.
    """

    who: Identity | SignIn
    how: How
    at: Expiry | None = None
    due: int = 0
    is_last: bool = False
    why: Text | None = None
    came: Instant | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Commands that an end hits, by name, and from when on the first of them is."""

    programs: tuple[str, ...]
    at: Expiry


@dataclass(frozen=True, slots=True)
class Hits:
    """What an end hits of that which runs: `cut` cannot renew their credentials, `waiting` wait for a new session."""

    cut: Hit | None = None
    waiting: Hit | None = None


@dataclass(frozen=True, slots=True)
class Endings:
    """All that a person is told of now, in order. `is_said` is whether they were told as it stands.

    `is_shown` is whether the notification may be there; `again` when what was put off is said once more.
    """

    found: tuple[Ending, ...] = ()
    is_said: bool = True
    is_shown: bool = False
    again: Instant | None = None


def with_ending(endings: Endings, ending: Ending, now: Instant) -> Endings:
    """With one more to tell of; it takes the place of what was told of the same. What is over is no news for long."""
    others = tuple(one for one in endings.found if one.who != ending.who and not _is_old(one, now))
    return replace(endings, found=(*others, replace(ending, came=now)), is_said=False, again=None)


def _is_old(ending: Ending, now: Instant) -> bool:
    return ending.how is not How.ENDS and ending.came is not None and ending.came.until(now) > NEWS


def first(found: tuple[Ending, ...], now: Instant) -> Ending:
    """What ends first, or else what was told first of what is over: the notification's title, and its button."""
    return min(found, key=lambda one: one.at.left(now) if one.how is How.ENDS and one.at else inf)


def without(endings: Endings, who: Identity | SignIn) -> Endings:
    """Without what was told of this one: it is good again, or was locked by who knows."""
    others = tuple(one for one in endings.found if one.who != who)
    return endings if len(others) == len(endings.found) else replace(endings, found=others, is_said=False)


def put_off(endings: Endings, now: Instant) -> Endings:
    """To be said again after a while, if there is anything yet to come then."""
    comes = any(one.how is How.ENDS for one in endings.found)
    return replace(endings, is_said=True, is_shown=False, again=now.after(SNOOZE) if comes else None)


def woken(endings: Endings, now: Instant) -> Endings:
    """To be said now, if it was put off until now."""
    if endings.again is None or now.until(endings.again) > 0:
        return endings
    return replace(endings, is_said=False, again=None)


def shown(endings: Endings) -> Endings:
    """As it is once the person has been told."""
    return replace(endings, is_said=True, is_shown=bool(endings.found))

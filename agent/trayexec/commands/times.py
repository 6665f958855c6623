"""Moments as a person reads them: in their own zone, and in the form of their locale."""

import time
from datetime import UTC, datetime

from trayexec.core.stamps import local, unix
from trayexec.light.durations import HOUR, MINUTE
from trayexec.light.errors import Text
from trayexec.light.translate import take_times


def clock(stamp: str) -> str:
    """`2026-01-31T21:07:09Z` as a person's clock shows it: with the day, unless that is today."""
    take_times()
    return local(unix(stamp), time.time())


def moment(stamp: str) -> str:
    """The same with the day and the second, for a log; `?` for what is no such stamp."""
    try:
        return datetime.fromtimestamp(unix(stamp), UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return "?"


def left(stamp: str) -> Text:
    """How long until then."""
    seconds = int(unix(stamp) - time.time())
    if seconds < MINUTE:
        return Text("<1 min")
    if seconds < HOUR:
        return Text("{m} min", m=seconds // MINUTE)
    return Text("{h} h {m:02} min", h=seconds // HOUR, m=seconds % HOUR // MINUTE)

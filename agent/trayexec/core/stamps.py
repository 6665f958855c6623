"""Writes and reads moments as `YYYY-MM-DDTHH:MM:SSZ`, the one form that every SDK reads."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import UTC, datetime
else:
    try:
        from _datetime import UTC, datetime  # which `datetime` itself takes, after it has defined all of it in Python
    except ImportError:  # an interpreter without the C part
        from datetime import UTC, datetime

# Seconds: what others say may lie before 1970, or after the year 9999. The last one is 9999-12-30: a date everywhere.
FIRST, LAST = 0, 253402128000


def utc(seconds: int) -> str:
    """Unix seconds as such a text; the first or the last one for what no such text can say."""
    return datetime.fromtimestamp(min(max(seconds, FIRST), LAST), UTC).isoformat(timespec="seconds")[:-6] + "Z"


def unix(stamp: str) -> int:
    """Such a text as Unix seconds. Raises ValueError for any other."""
    seconds = int(datetime.fromisoformat(stamp).timestamp())
    if utc(seconds) != stamp:
        raise ValueError(stamp)
    return seconds


def earlier(stamp: str, seconds: int) -> str:
    """The text for so many seconds before. Raises ValueError as `unix`."""
    return utc(unix(stamp) - seconds)


def local(seconds: int, now: float) -> str:
    """Unix seconds as the clock on the wall shows them, with the day unless that is the day of `now`."""
    then, today = (datetime.fromtimestamp(min(max(at, FIRST), LAST), UTC).astimezone() for at in (seconds, now))
    return then.strftime("%H:%M" if then.date() == today.date() else "%Y-%m-%d %H:%M")

"""Writes and reads moments as `YYYY-MM-DDTHH:MM:SSZ`, the one form that every SDK reads, and says them to people."""

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
    form = _time_of_day()
    time = then.strftime(form).removeprefix("0" if form.startswith("%I") else "")
    return time if then.date() == today.date() else f"{then:%Y-%m-%d} {time}"


def _time_of_day() -> str:
    """How this process's locale writes one (locale(5): `t_fmt`), without its seconds: 14:19, or 2:19 PM."""
    afternoon = datetime(2000, 1, 1, 13, tzinfo=UTC)
    said, half = afternoon.strftime("%X"), afternoon.strftime("%p")
    if not half or half not in said:
        return "%H:%M"
    return "%p %I:%M" if said.startswith(half) else "%I:%M %p"

"""Writes and reads moments as `YYYY-MM-DDTHH:MM:SSZ`, the one form that every SDK reads."""

from datetime import UTC, datetime


def utc(seconds: int) -> str:
    """Unix seconds as such a text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix(stamp: str) -> int:
    """Such a text as Unix seconds. Raises ValueError for any other."""
    seconds = int(datetime.fromisoformat(stamp).timestamp())
    if utc(seconds) != stamp:
        raise ValueError(stamp)
    return seconds


def earlier(stamp: str, seconds: int) -> str:
    """The text for so many seconds before. Raises ValueError as `unix`."""
    return utc(unix(stamp) - seconds)

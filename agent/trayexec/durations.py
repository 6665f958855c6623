"""Durations as people write them: `12h`, `1h30m`, `90s`, `2d`, plain seconds. It imports next to nothing."""

from trayexec.errors import Text

LONGEST_WAIT = 3600  # seconds that a request may wait for a person
LONGEST_NEED = 36 * 3600  # seconds of life that can be asked for: AWS gives no session more

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_DIGITS = "0123456789"
_LONGEST = 32


def parse_duration(text: str) -> int:
    """The seconds that `text` says: numbers with d, h, m and s, each at most once and in this order, or seconds alone.

    Raises ValueError for everything else, with a `Text` that says why.
    """
    rest = text.strip().lower()
    wrong = ValueError(
        Text("{value} is not a duration: write it like 90s, 15m, 1h30m or 2d", value=repr(text[:_LONGEST]))
    )
    if not rest or len(rest) > _LONGEST:
        raise wrong
    if not rest.strip(_DIGITS):
        return int(rest)
    total = 0
    for unit, seconds in _UNITS:
        number, found, after = rest.partition(unit)
        if not found:
            continue
        if not number or number.strip(_DIGITS):
            raise wrong
        total += int(number) * seconds
        rest = after
    if rest:
        raise wrong
    return total


def parse_up_to(text: str, most: int) -> int:
    """As `parse_duration`. Raises ValueError, with a `Text` again, for more than `most` seconds as well."""
    seconds = parse_duration(text)
    if seconds > most:
        raise ValueError(Text("{value} is too long: at most {most}", value=text.strip(), most=format_duration(most)))
    return seconds


def format_duration(seconds: int) -> str:
    """`seconds` in the same words, hours at most, as people speak of sessions: 5400 is `1h30m`, 129600 is `36h`."""
    parts = []
    for unit, size in _UNITS[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"

"""Durations as people write them: `12h`, `1h30m`, `90s`, `2d`, plain seconds. It imports next to nothing."""

from trayexec.light.errors import Text

LONGEST_WAIT = 3600  # seconds that a request may wait for a person
SHORTEST_LONG, LONGEST_LONG = 900, 12 * 3600  # seconds that a role can last which a code of its own opens
LONGEST_NEED = 36 * 3600  # seconds of life that can be asked for: AWS gives no session more
WARN_AHEAD = 600  # seconds before its credentials end under a running command that a person is told
WARN_AFTER = 5  # seconds that a command has for itself first, should it have got credentials that end sooner

MINUTE, HOUR = 60, 3600  # seconds
MOST_MINUTES = 90  # longer times are said in hours

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_DIGITS = "0123456789"
_LONGEST = 32
_EXAMPLES = (("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172800))


def parse_duration(text: str, most: int = 2 * 86400) -> int:
    """The seconds that `text` says: numbers with d, h, m and s, each at most once and in this order, or seconds alone.

    Raises ValueError for everything else, with a `Text` that says why, and how to write one of at most `most` seconds.
    """
    rest = text.strip().lower()
    examples = ", ".join(example for example, seconds in _EXAMPLES if seconds <= most)
    wrong = ValueError(
        Text(
            "{value} is not a duration: write it like one of these: {examples}",
            value=repr(text[:_LONGEST]),
            examples=examples,
        )
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


def parse_up_to(text: str, most: int, *, least: int = 0) -> int:
    """As `parse_duration`. Raises ValueError, with a `Text` again, also for more than `most` or less than `least`."""
    seconds = parse_duration(text, most)
    if seconds < least:
        raise ValueError(
            Text("{value} is too short: at least {least}", value=text.strip(), least=format_duration(least))
        )
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


def spoken(seconds: int) -> Text:
    """`seconds` as they are said in a sentence: `45 s`, `30 min`, `12 h`, `2 h 05 min`."""
    hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
    if seconds % MINUTE:
        return Text("{seconds} s", seconds=seconds)
    if seconds <= MOST_MINUTES * MINUTE:
        return Text("{m} min", m=seconds // MINUTE)
    return Text("{h} h {m:02} min", h=hours, m=minutes) if minutes else Text("{h} h", h=hours)

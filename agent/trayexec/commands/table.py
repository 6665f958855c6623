"""Plain columns for people, times in their own zone; scripts take `--json`."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from unicodedata import east_asian_width

from trayexec.errors import Text

HOUR, MINUTE = 3600, 60


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The table, on standard output."""
    for line in lines(head, rows):
        sys.stdout.write(f"{line}\n")


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their widest cell, two spaces apart."""
    return aligned([head, *rows], widths([head, *rows], [0] * len(head)))


def widths(rows: Sequence[Sequence[str]], least: Sequence[int]) -> list[int]:
    """How wide the columns have to be, at least as wide as before."""
    return [max(before, *map(wide, column)) for before, *column in zip(least, *rows, strict=True)]


def aligned(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> Iterator[str]:
    """A line for each row, in columns of these widths."""
    for row in rows:
        cells = (cell + " " * (width - wide(cell)) for cell, width in zip(row, columns, strict=True))
        yield "  ".join(cells).rstrip()


def show_json(document: object) -> None:
    """The document, for a script."""
    sys.stdout.write(_json(document, indent=2) + "\n")


def show_line(document: object) -> None:
    """The document on one line, for a script that reads line by line."""
    sys.stdout.write(_json(document, indent=None) + "\n")


def _json(document: object, *, indent: int | None) -> str:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    # A name may hold bytes that are no UTF-8 (`surrogateescape`); JSON has to be.
    return text if text.isascii() or _is_utf8(text) else json.dumps(document, indent=indent)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clock(stamp: str) -> str:
    """`2026-01-31T21:07:09Z` as a person's clock shows it: with the day, unless that is today."""
    then = _parse(stamp).astimezone()
    today = datetime.now().astimezone().date()
    return then.strftime("%H:%M" if then.date() == today else "%Y-%m-%d %H:%M")


def moment(stamp: str) -> str:
    """The same with the day and the second, for a log; `?` for what is no such stamp."""
    try:
        return _parse(stamp).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return "?"


def left(stamp: str) -> Text:
    """How long until then."""
    seconds = int(_parse(stamp).timestamp() - time.time())
    if seconds < MINUTE:
        return Text("<1 min")
    if seconds < HOUR:
        return Text("{m} min", m=seconds // MINUTE)
    return Text("{h} h {m:02} min", h=seconds // HOUR, m=seconds % HOUR // MINUTE)


def _parse(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def wide(cell: str) -> int:
    """How many columns of a terminal it takes: letters of East Asia take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in cell)

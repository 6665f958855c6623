"""Plain columns for people."""

import os
import sys

from trayexec.commands.style import Style, width_of
from trayexec.light.columns import wide, wrapped
from trayexec.light.errors import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = 2  # columns between two cells
LEAST_WIDTH = 24  # columns that words need to be read beside other cells


def show(head: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> None:
    """The table, on standard output; on a terminal no line is wider than that, and elsewhere each row is one line."""
    columns, style = width_of(sys.stdout.fileno()), Style(os.environ)
    every = [style.row(row) for row in (head, *rows)]
    for line in fitted(every, columns) if columns else lines(every[0], every[1:]):
        sys.stdout.write(f"{line}\n")


def drawn(
    rows: "Sequence[Sequence[str]]", columns: int, style: "Style", spare: "Sequence[int]" = ()
) -> "Iterator[str]":
    """The lines of a table with its heads, for a terminal: with the signs and colours that it has."""
    found = fitted(within([style.row(row) for row in rows], columns, spare), columns)
    yield style.head(next(found))
    yield from map(style.coloured, found)


def within(rows: "Sequence[Sequence[str]]", columns: int, spare: "Sequence[int]") -> "Sequence[Sequence[str]]":
    """The rows without as many of the `spare` columns, in turn, as are needed for them to fit side by side."""
    out: set[int] = set()
    kept = rows
    for one in (-1, *spare):
        out.add(one)
        kept = [[cell for place, cell in enumerate(row) if place not in out] for row in rows]
        _, *others = widths(kept, [0] * len(kept[0]))
        room = columns - sum(others) - GAP * len(others)
        if _names(kept, room) <= room:
            break
    return kept


def _names(rows: "Sequence[Sequence[str]]", room: int) -> int:
    """How wide the first column is: as its widest name, but for a few that stand on lines of their own.

    These are one in ten, or one, and only where it would have no room otherwise: a long name does not spoil the table.
    """
    found = sorted((wide(visible(row[0])) for row in rows), reverse=True)
    allowed = found[: 1 + max(1, len(found) // 10)]
    return next((one for one in allowed if one <= room), allowed[-1])


def fitted(rows: "Sequence[Sequence[str]]", columns: int) -> "Iterator[str]":
    """Lines of at most so many columns: the last cell of a row, which has the words, goes on below where it begins.

    Where that leaves too little room, it stands on lines of its own. A name that is wider than all stays whole.
    """
    rows = [[visible(cell) for cell in row] for row in rows]
    _, *others = widths(rows, [0] * len(rows[0]))
    words = min(others[-1], max(LEAST_WIDTH, columns // 2)) if others else 0
    before = [_names(rows, columns - sum(others[:-1]) - GAP * len(others) - words), *others[:-1]]
    start = sum(before) + GAP * len(before)
    if columns - start < min(words, LEAST_WIDTH):
        for row in rows:
            yield from _apart(row, columns)
        return
    for row in rows:
        name, *cells = row[:-1]
        if wide(name) > before[0]:
            yield name
            name = ""
        first, *more = wrapped(row[-1], columns - start) or [""]
        yield next(aligned([(name, *cells, first)], [*before, 0]))
        yield from (" " * start + line for line in more)


def _apart(row: "Sequence[str]", columns: int) -> "Iterator[str]":
    """The cells of a row one after the other, on as many lines as they take; its words on lines of their own."""
    line, *cells = row[:-1]
    for cell in filter(None, cells):
        if line and wide(line) + GAP + wide(cell) > columns:
            yield line
            line = ""
        line += f"  {cell}"
    if line:
        yield line
    yield from (f"  {line}" for line in wrapped(row[-1], max(columns - GAP, 1)))


def lines(head: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> "Iterator[str]":
    """Columns as wide as their widest cell, two spaces apart."""
    return aligned([head, *rows], widths([head, *rows], [0] * len(head)))


def widths(rows: "Sequence[Sequence[str]]", least: "Sequence[int]") -> list[int]:
    """How wide the columns have to be, at least as wide as before."""
    return [
        max(before, *(wide(visible(cell)) for cell in column)) for before, *column in zip(least, *rows, strict=True)
    ]


def aligned(rows: "Sequence[Sequence[str]]", columns: "Sequence[int]") -> "Iterator[str]":
    """A line for each row, in columns of these widths."""
    for row in rows:
        seen = map(visible, row)
        cells = (cell + " " * (width - wide(cell)) for cell, width in zip(seen, columns, strict=True))
        yield "  ".join(cells).rstrip()

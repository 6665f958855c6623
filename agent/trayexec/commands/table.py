"""Plain columns for people."""

import os
import sys

from trayexec.core.columns import cut, wide, wrapped
from trayexec.light.errors import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = 2  # columns between two cells
LEAST_WIDTH = 24  # columns that words need to be read beside other cells


def show(head: "Sequence[str]", rows: "Sequence[Sequence[str]]") -> None:
    """The table, on standard output; on a terminal no line is wider than that, and elsewhere each row is one line."""
    columns = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
    for line in fitted([head, *rows], columns) if columns else lines(head, rows):
        sys.stdout.write(f"{line}\n")


def within(rows: "Sequence[Sequence[str]]", columns: int, spare: "Sequence[int]") -> "Sequence[Sequence[str]]":
    """The rows without as many of the `spare` columns, in turn, as are needed for them to fit side by side."""
    out: set[int] = set()
    kept = rows
    for one in (-1, *spare):
        out.add(one)
        kept = [[cell for place, cell in enumerate(row) if place not in out] for row in rows]
        if sum(widths(kept, [GAP] * len(kept[0]))) + GAP * (len(kept[0]) - 1) <= columns:
            break
    return kept


def fitted(rows: "Sequence[Sequence[str]]", columns: int) -> "Iterator[str]":
    """Lines of at most so many columns: the last cell of a row, which has the words, goes on below where it begins.

    Where that leaves too little room, it stands on lines of its own, and the other cells are cut short.
    """
    rows = [[visible(cell) for cell in row] for row in rows]
    before = widths([row[:-1] for row in rows], [0] * (len(rows[0]) - 1))
    start = sum(before) + GAP * len(before)
    if columns - start >= LEAST_WIDTH:
        for row in rows:
            first, *more = wrapped(row[-1], columns - start) or [""]
            yield next(aligned([(*row[:-1], first)], [*before, 0]))
            yield from (" " * start + line for line in more)
        return
    for row in rows:
        yield cut("  ".join(cell for cell in row[:-1] if cell), columns)
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

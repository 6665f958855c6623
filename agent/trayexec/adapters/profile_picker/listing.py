"""What the list of profiles shows, and what keys do to it. Pure: `child.py` has the terminal and the keys.

A profile with a problem is shown and cannot be marked or chosen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain

from trayexec.core.fuzzy import Match, match
from trayexec.light.columns import cut, wide, wrapped

Fragment = tuple[str, str]  # a class of style, or several, and the text in it
GAP = 2  # columns between two cells
BEFORE = 4  # columns before a name: where one is, whether it is marked, its colour, and a space
LEAST_STATE, LEAST_ROLE = 12, 8  # columns worth showing
TALLEST = 18  # rows at a time: what an eye goes through
DETAIL = 2  # lines of what is said in full of the current row


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: what is shown of a profile. With a `problem` it cannot be chosen."""

    name: str
    account: str = ""
    role: str = ""
    state: str = ""
    problem: str = ""
    colour: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProfileQuestion:
    """What is asked: the words around the list, its rows, and how many of them may be chosen."""

    title: str
    keys: str
    nothing: str
    rows: tuple[Row, ...]
    most: int


class Signs(Enum):
    """The signs before a row: where one is, that it is marked, its colour, a problem.

    The last one stands where something is cut. `PLAIN` is for any terminal.
    """

    DRAWN = "▌✓●!…"
    PLAIN = ">+*!~"


@dataclass(slots=True)
class Listing:
    """The list: which rows what was typed leaves, the current one of these, and which of all are marked."""

    question: ProfileQuestion
    found: list[tuple[int, Match]] = field(init=False)
    at: int = 0
    top: int = 0
    marked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.search("")

    def search(self, query: str) -> None:
        """Leave the rows that match, the best first, and equally good ones in their own order."""
        found = []
        for number, row in enumerate(self.question.rows):
            one = match(query, row.name, (row.account, row.role))
            if one is not None:
                found.append((number, one))
        found.sort(key=lambda each: each[1].rank)
        self.found = found
        self.at = self.top = 0

    def move(self, by: int) -> None:
        """Go so many rows down, or up, as far as there are some."""
        self.at = max(0, min(self.at + by, len(self.found) - 1))

    def mark(self) -> None:
        """Mark the current row, or take its mark back, where several may be chosen."""
        number = self.current
        if number is not None and self.question.most > 1 and not self.question.rows[number].problem:
            self.marked ^= {number}

    @property
    def current(self) -> int | None:
        """The number of the current row; None where nothing matches."""
        return self.found[self.at][0] if self.found else None

    @property
    def chosen(self) -> list[int]:
        """What Return chooses: the marked rows in their order, else the current one; nothing where that cannot be."""
        if self.marked:
            return sorted(self.marked)
        number = self.current
        return [] if number is None or self.question.rows[number].problem else [number]


# How it looks


def title(listing: Listing, columns: int, signs: Signs) -> list[Fragment]:
    """The first line: what is asked, and how many rows are left and marked."""
    count = f"{len(listing.found)}/{len(listing.question.rows)}"
    count = f"{signs.value[1]}{len(listing.marked)}  {count}" if listing.marked else count
    words = cut(listing.question.title, max(columns - wide(count) - GAP, 0), signs.value[-1])
    return [("class:title", words), ("", " " * (columns - wide(words) - wide(count))), ("class:faint", count)]


def body(listing: Listing, columns: int, lines: int, signs: Signs) -> list[list[Fragment]]:
    """All lines below the typed one, at most so many: the rows, and where there is room the current one in full."""
    below = 1 + DETAIL if lines > 2 * DETAIL + 1 else 0
    height = max(1, min(len(listing.question.rows), TALLEST, lines - below))
    listing.top = min(max(listing.top, listing.at - height + 1), listing.at)
    shown = listing.found[listing.top : listing.top + height]
    cells = _columns(listing.question.rows, columns - BEFORE)
    drawn = [_row(listing, place, cells, signs) for place in range(listing.top, listing.top + len(shown))] or [
        [("class:faint", cut(f"  {listing.question.nothing}", columns, signs.value[-1]))]
    ]
    drawn += [[] for _ in range(height - len(drawn))]
    return drawn + list(_below(listing, columns, signs.value[-1])) if below else drawn


def _row(listing: Listing, place: int, cells: Sequence[int], signs: Signs) -> list[Fragment]:
    number, found = listing.found[place]
    row = listing.question.rows[number]
    here, marked, dot, wrong, more = signs.value
    is_here, is_marked = place == listing.at, number in listing.marked
    style = "class:current" if is_here else "class:problem" if row.problem else ""
    sign = (wrong, "class:wrong") if row.problem else (dot if row.colour else " ", f"class:{_class(row.colour)}")
    fragments: list[Fragment] = [
        ("class:here", here if is_here else " "),
        ("class:marked", marked if is_marked else " "),
        (sign[1], sign[0]),
        (style, " "),
    ]
    name = _in_the_middle(row.name, cells[0], more)
    fragments += _lit(name, found.places if name == row.name else frozenset(), style)
    fragments.append((style, " " * (cells[0] - wide(name))))
    faint = style or "class:faint"
    for text, width, how in zip(
        (row.account, row.role, row.problem or row.state), cells[1:], (style, style, faint), strict=True
    ):
        if width:
            said = cut(text, width, more)
            fragments.append((how, " " * GAP + said + " " * (width - wide(said))))
    return fragments


def _lit(name: str, places: frozenset[int], style: str) -> Iterator[Fragment]:
    """The name, with the letters that were typed in another style."""
    for at, letter in enumerate(name):
        yield (f"{style} class:typed" if at in places else style), letter


def _below(listing: Listing, columns: int, more: str) -> Iterator[list[Fragment]]:
    row = None if listing.current is None else listing.question.rows[listing.current]
    said = "" if row is None else row.problem or row.detail
    style = "class:wrong" if row is not None and row.problem else ""
    lines = wrapped(said, max(columns - GAP, 1))
    if len(lines) > DETAIL:
        lines[DETAIL - 1 :] = [cut(" ".join(lines[DETAIL - 1 :]), max(columns - GAP, 1), more)]
    for line in chain(lines, [""] * (DETAIL - len(lines))):
        yield [(style, f"  {line}")]
    yield [("class:faint", cut(f"  {listing.question.keys}", columns, more))]


def _columns(rows: Sequence[Row], columns: int) -> tuple[int, int, int, int]:
    """How wide name, account, role and state are: the account goes before the state, and the role goes first of all."""
    wants = [
        max((wide(one) for one in cells), default=0)
        for cells in zip(*((row.name, row.account, row.role, row.problem or row.state) for row in rows), strict=True)
    ] or [0, 0, 0, 0]
    name = max(1, min(wants[0], columns))
    left = columns - name
    account = wants[1] if wants[1] and left >= wants[1] + GAP else 0
    left -= account + GAP if account else 0
    state = min(wants[3], LEAST_STATE)
    role = min(wants[2], left - GAP - (state + GAP if state else 0))
    role = role if role >= min(wants[2], LEAST_ROLE) and role > 0 else 0
    left -= role + GAP if role else 0
    state = left - GAP if wants[3] and left >= state + GAP else 0
    return name, account, role, state


def _class(colour: str) -> str:
    return f"colour-{colour.removeprefix('#')}" if colour else "none"


def colours(rows: Sequence[Row]) -> dict[str, str]:
    """The styles of the rows' own colours, by the name that `body` gives them."""
    return {_class(row.colour): NAMED.get(row.colour, row.colour) for row in rows if row.colour}


NAMED = {
    "red": "ansired",
    "orange": "ansiyellow",
    "yellow": "ansibrightyellow",
    "green": "ansigreen",
    "blue": "ansiblue",
    "purple": "ansimagenta",
    "grey": "ansibrightblack",
}


def _in_the_middle(name: str, columns: int, more: str) -> str:
    """The name, or both its ends: names of one family differ in either."""
    if wide(name) <= columns:
        return name
    end = cut(name[::-1], max(columns // 2, 1), more).rstrip(more)[::-1]
    return cut(name, columns - wide(end), more) + end

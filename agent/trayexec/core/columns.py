"""Fits words into the columns of a terminal, whatever letters they are written in."""

from unicodedata import category, east_asian_width


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at blanks where there are any."""
    lines: list[str] = []
    for word in text.split():
        if lines and wide(lines[-1]) + 1 + wide(word) <= columns:
            lines[-1] += f" {word}"
            continue
        rest = word
        while rest:
            piece = _head(rest, columns)
            lines.append(piece)
            rest = rest[len(piece) :]
    return lines


def cut(text: str, columns: int) -> str:
    """The text, or as much of its beginning as there is room for."""
    if wide(text) <= columns:
        return text
    begun = _head(text, columns - 1)
    return f"{begun}…" if wide(begun) < columns else "…"


def _head(text: str, columns: int) -> str:
    """The longest beginning that is not wider; one character at least."""
    width = 0
    for place, character in enumerate(text):
        width += wide(character)
        if width > columns and place:
            return text[:place]
    return text


def wide(cell: str) -> int:
    """How many columns of a terminal it takes: letters of East Asia take two, marks above and below letters none."""
    if cell.isascii():
        return len(cell)
    return sum(
        2 if east_asian_width(character) in "WF" else category(character) not in {"Mn", "Me"} for character in cell
    )

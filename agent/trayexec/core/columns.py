"""Fits words into the columns of a terminal, whatever letters they are written in."""

from unicodedata import category, east_asian_width

DOUBLE = 2  # columns of a letter of East Asia
ROOM = 12  # columns at the end of a line that are worth to be filled
NOT_FIRST = "、。」』】ーっゃゅょッャュョ"  # what begins no line


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken at blanks where there are any."""
    lines: list[str] = []
    for word in text.split():
        if lines and wide(lines[-1]) + 1 + wide(word) <= columns:
            lines[-1] += f" {word}"
            continue
        rest = word
        room = columns - wide(lines[-1]) - 1 if lines else 0
        if room >= ROOM and wide(word[0]) == DOUBLE:  # such letters need no blank to be parted at
            piece = _head(word, room)
            lines[-1] += f" {piece}"
            rest = word[len(piece) :]
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
    """The longest beginning that is not wider, parted where words are, if they are; one character at least."""
    width = 0
    for place, character in enumerate(text):
        width += wide(character)
        if width > columns and place:
            end = place
            while end > 1 and (text[end] in NOT_FIRST or text[end - 1 : end + 1].isascii()):
                end -= 1
            return text[: end if end > 1 else place]
    return text


def wide(cell: str) -> int:
    """How many columns of a terminal it takes: letters of East Asia take two, marks above and below letters none."""
    if cell.isascii():
        return len(cell)
    return sum(
        2 if east_asian_width(character) in "WF" else category(character) not in {"Mn", "Me"} for character in cell
    )

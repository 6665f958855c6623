"""Fits words into the columns of a terminal, whatever letters they are written in."""

from unicodedata import category, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

DOUBLE = 2  # columns of a letter of East Asia
NOT_FIRST = "、。」』】ーっゃゅょッャュョ),.:;!?"  # what begins no line
NOT_LAST = "「『【(["  # what ends none


def wrapped(text: str, columns: int, *, whole: bool = False) -> list[str]:
    """The text in lines of at most so many columns, broken at blanks, and between letters of East Asia.

    `whole`: what somebody may want to copy is never broken, a word that is longer or a command in backquotes.
    """
    lines: list[str] = []
    for blank, unit in _units(text, whole=whole):
        begun = f"{lines[-1]} " if lines and blank else lines[-1] if lines else ""
        if lines and wide(begun) + wide(unit) <= columns:
            lines[-1] = begun + unit
            continue
        rest = unit
        while not whole and wide(rest) > columns:
            piece = _head(rest, columns)
            lines.append(piece)
            rest = rest[len(piece) :]
        if rest:
            lines.append(rest)
    return lines


def folded(text: str, columns: int) -> str:
    """A text of several lines, each wrapped at words; what goes on below is indented as far as a hint is."""
    return "\n".join(_folded(line, columns) for line in text.split("\n"))


def _folded(line: str, columns: int) -> str:
    if wide(line) <= columns:
        return line
    said = line.lstrip(" ")
    before, after = line[: len(line) - len(said)], line[len(line.rstrip(" ")) :]
    indent = max(before, "  ")
    first, *more = wrapped(said, columns - len(indent) - len(after), whole=True) or [""]
    return "\n".join([before + first, *(indent + one for one in more)]) + after


def _units(text: str, *, whole: bool) -> "Iterator[tuple[bool, str]]":
    """What stays on one line, and whether a blank stands before it."""
    blank, unit, place = False, "", 0
    while place < len(text):
        end = text.find("`", place + 1) if whole and text[place] == "`" else -1
        piece = text[place : end + 1] if end > 0 else text[place]
        place += len(piece)
        if piece.isspace():
            if unit:
                yield blank, unit
            blank, unit = True, ""
        elif unit and _parts(unit[-1], piece):
            yield blank, unit
            blank, unit = False, piece
        else:
            unit += piece
    if unit:
        yield blank, unit


def _parts(last: str, piece: str) -> bool:
    """Whether a line may end between these two: beside a letter of East Asia, but for what belongs to it."""
    beside = DOUBLE in {wide(last), wide(piece[0])}
    return beside and piece[0] not in NOT_FIRST and last not in NOT_LAST and wide(piece[0]) > 0


def cut(text: str, columns: int, sign: str = "…") -> str:
    """The text, or as much of its beginning as there is room for, and the sign that there is more."""
    if wide(text) <= columns:
        return text
    begun = _head(text, columns - len(sign))
    return f"{begun}{sign}" if wide(begun) + len(sign) <= columns else sign[:columns]


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

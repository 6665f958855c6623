"""The border to the desktop: what a name or other people's words may be in a dialog, a menu, a tooltip, a notification.

`errors.visible` has made them harmless letters by then, as it does for a terminal. A desktop has less room, and draws
what does not fit outside of the screen: so each value is short, in one piece of line, and cut in its middle. What a
toolkit makes of `&`, `<`, `_`, `%` and a backslash is undone beside the call of that toolkit.
"""

import re
from collections.abc import Callable
from unicodedata import east_asian_width

from trayexec.light.errors import Text, visible

BRIEF = 48  # characters of a value in a dialog, a menu and a tooltip
ROOMY = 160  # characters of a value in a notification, and in the reason why a code is asked for again
COLUMNS = 60  # of a dialog's line; letters of East Asia take two
GAP = "…"

Speak = Callable[[Text], str]

_COMMAND = re.compile(r"`[^`]*`")
_FIELD = re.compile(r"\{(\w+)")
# What a line is folded between: Japanese letters each, other words whole, never in front of what closes or lengthens.
_LETTER = "\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff"
_PIECE = re.compile(rf"[{_LETTER}][^{_LETTER}\sA-Za-z0-9(]*\s*|[^{_LETTER}\s]+\s*|\s+")


def at_desktop(speak: Speak, most: int) -> Speak:
    """What says a text on a desktop, with values of at most so many characters."""
    return lambda text: speak(fitting(text, most))


def fitting(text: Text, most: int) -> Text:
    """`text` with values that have room. What stands in a command that a person is to run stays whole."""
    whole = set(_FIELD.findall("".join(_COMMAND.findall(text.template))))
    values: dict[str, str | int | Text] = {}
    for name, value in text.values.items():
        if isinstance(value, Text):
            values[name] = fitting(value, most)
        elif isinstance(value, str) and name not in whole:
            values[name] = brief(value, most)
        else:
            values[name] = value
    return text.with_values(values)


def brief(value: str, most: int) -> str:
    """A value on one line: blanks count once, for many of them push away what comes after, and the middle is cut out.

    Both ends stay, since names of one family differ in either.
    """
    words = " ".join(visible(value).split()) or '""'
    if len(words) <= most:
        return words
    head = (most - len(GAP)) // 2
    return words[: most - len(GAP) - head] + GAP + words[len(words) - head :]


def fold(words: str, width: int, measure: Callable[[str], int]) -> str:
    """`words` in lines that `measure` finds no wider than `width`.

    Toolkits break at spaces only, of which Japanese has few and a serial has none, and some do not break at all.
    """
    lines, line = [], ""
    for piece in _PIECE.findall(words):
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while measure(line.rstrip()) > width:
            room = next(size for size in range(len(line), 0, -1) if size == 1 or measure(line[:size]) <= width)
            lines.append(line[:room])
            line = line[room:]
    return "\n".join((*lines, line))


def folded(words: str) -> str:
    """The same for a dialog that measures nothing: in lines of `COLUMNS`."""
    return fold(words, COLUMNS, _columns)


def _columns(words: str) -> int:
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in words)

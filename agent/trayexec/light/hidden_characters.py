"""Characters that move a cursor, turn the direction, hide themselves or heap up: how they are written out.

`light/errors.py:visible` comes here for what is not plain ASCII.
"""

from unicodedata import category

# What shows nothing though Unicode does not count it among the control or format characters (Default_Ignorable), and
# the spaces of East Asia and of typography, which are as good as any other.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SPACES = frozenset("\u00a0\u3000")


_FIRST_MARK = "\u0300"
# Letters of no language bear more (https://www.unicode.org/reports/tr39/, 5.4); a heap covers the lines around it.
_MOST_MARKS = 4


def written_out(text: str) -> str:
    """`text` without any of them."""
    if max(text) >= _FIRST_MARK:
        text = _unheaped(text)
    return "".join([one if _is_seen(one) else ascii(one)[1:-1] for one in text])


def _unheaped(text: str) -> str:
    said, marks = [], _MOST_MARKS  # at the beginning there is nothing of its own to stand on
    for one in text:
        if category(one) not in {"Mn", "Me"}:
            # Nor is there on a blank, or on what is written out.
            marks = _MOST_MARKS if one.isspace() or not _is_seen(one) else 0
        elif marks < _MOST_MARKS:
            marks += 1
        else:
            one = ascii(one)[1:-1]  # noqa: PLW2901 — written out in its place
        said.append(one)
    return "".join(said)


def _is_seen(one: str) -> bool:
    # Variation selectors, but for the one that makes an emoji of a character.
    selects = "\ufe00" <= one < "\ufe0f" or "\U000e0100" <= one <= "\U000e01ef"
    return one in _SPACES or (one.isprintable() and one not in _HIDDEN and not selects)

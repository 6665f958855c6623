"""Finds what may have been meant by a name that is not there: all that are near, never one among equals. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from trayexec.core.config.sections import shown

MOST = 8  # more than a person wants to read; a list of all is a command away
NEAR = 0.6
WHOLE = 0.9  # for a name of which a whole word, or the beginning, was typed
LONGEST = 100  # characters; longer words are nobody's slip, and cost time
MANY = 1000  # names; of more only the beginnings and words are compared, as the rest would take too long
COMPARED = 2000  # names in all that are compared with the wrong ones of one text, which takes a fifth of a second
_PART = re.compile(r"[\W_]+")


def near(name: str, known: Iterable[str], *, least: float = NEAR) -> tuple[str, ...]:
    """The names that `name` may have been meant as, the nearest first, equally near ones in their own order.

    Where some differ in nothing but case, blanks and signs between words, it is one of these and no other is named.
    `least` is how like it the others have to be: 1 is the same.
    """
    if not name or len(name) > LONGEST:
        return ()
    names = tuple(dict.fromkeys(one for one in known if len(one) <= LONGEST))
    plain = _plain(name)
    same = [one for one in names if one.casefold() == name.casefold()] or [one for one in names if _plain(one) == plain]
    if same:
        return tuple(same[:MOST])
    matcher = SequenceMatcher(None, "", plain, autojunk=False)  # it keeps what it finds out about the second
    few = len(names) <= MANY
    scored = [
        (_begun(plain, _plain(one)) or (few and _likeness(matcher, plain, _plain(one), least)), one) for one in names
    ]
    good = sorted((pair for pair in scored if pair[0] >= least), key=lambda pair: -pair[0])
    return tuple(one for _, one in good[:MOST])


class Guesses:
    """What may have been meant by the wrong names of one text: each is looked for once, and only some where it is long.

    In a file with hundreds of profiles whose source is missing, nobody wants as many guesses, nor to wait for them.
    """

    def __init__(self, known: Iterable[str]) -> None:
        """The names that there are."""
        self._known = tuple(known)
        self._left = COMPARED
        self._found: dict[str, tuple[str, ...]] = {}

    def near(self, name: str, besides: str) -> tuple[str, ...]:
        """The names near to this one, without that of who has written it; none when too much has been compared."""
        if name not in self._found:
            self._found[name] = self._look(name, self._known)
        if besides not in self._found[name]:
            return self._found[name]
        return self._look(name, [one for one in self._known if one != besides])

    def _look(self, name: str, names: Sequence[str]) -> tuple[str, ...]:
        if self._left <= 0:
            return ()
        self._left -= len(names)
        return near(name, names)


def told(names: Iterable[str], accounts: Mapping[str, str | None]) -> str:
    """The names as they are listed for a person, each with its account where that is known."""
    return ", ".join(f"{shown(one)} ({accounts[one]})" if accounts.get(one) else shown(one) for one in names)


def _plain(name: str) -> str:
    """The name without what people mix up: case, and what stands between its words."""
    return _PART.sub(" ", name.casefold()).strip()


def _begun(typed: str, name: str) -> float:
    return WHOLE if typed and (name.startswith(typed) or typed in name.split()) else 0.0


def _likeness(matcher: SequenceMatcher[str], typed: str, name: str, least: float) -> float:
    """From 0 to 1: how much stands in the same order, or how few slips of the hand there are; the larger of the two."""
    matcher.set_seq1(name)
    if not name or matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return 0.0
    return max(matcher.ratio(), 1 - _slips(typed, name) / max(len(typed), len(name)))


def _slips(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or have changed places (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, a in enumerate(one, 1):
        here = [row]
        for column, b in enumerate(other, 1):
            cost = min(last[column] + 1, here[-1] + 1, last[column - 1] + (a != b))
            if before and column > 1 and a == other[column - 2] and one[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            here.append(cost)
        before, last = last, here
    return last[-1]

"""What may have been meant by a name that is not there: all that are near, never one guess among equals. Pure."""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

from trayexec.core.sections import shown

MOST = 8  # more than a person wants to read; a list of all is a command away
NEAR = 0.6  # how like two names are to count (difflib: 1 is the same)
LONGEST = 200  # characters; longer words are nobody's slip, and cost time
_PART = re.compile(r"[\W_]+")


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names that `name` may have been meant as, the nearest first, equally near ones in their own order.

    Where some differ in nothing but case, blanks and signs between words, it is one of these and no other is named.
    """
    if not name or len(name) > LONGEST:
        return ()
    names = tuple(dict.fromkeys(one for one in known if len(one) <= LONGEST))
    plain = _plain(name)
    same = [one for one in names if one.casefold() == name.casefold()] or [one for one in names if _plain(one) == plain]
    if same:
        return tuple(same[:MOST])
    scored = [(_likeness(plain, _plain(one)), one) for one in names]
    good = sorted((pair for pair in scored if pair[0] >= NEAR), key=lambda pair: -pair[0])
    return tuple(one for _, one in good[:MOST])


def told(names: Iterable[str], accounts: Mapping[str, str | None]) -> str:
    """The names as they are listed for a person, each with its account where that is known."""
    return ", ".join(f"{shown(one)} ({accounts[one]})" if accounts.get(one) else shown(one) for one in names)


def _plain(name: str) -> str:
    """The name without what people mix up: case, and what stands between its words."""
    return _PART.sub(" ", name.casefold()).strip()


def _likeness(one: str, other: str) -> float:
    """From 0 to 1. Whoever types a whole word of a name, or its beginning, means that name as likely as any."""
    if not one or not other:
        return 0.0
    if other.startswith(one) or one in other.split():
        return 0.9
    return SequenceMatcher(None, one, other).ratio()

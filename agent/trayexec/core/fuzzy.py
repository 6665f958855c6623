"""Finds a profile by a few letters of it: what matches, and how well. It must not know profiles."""

from collections.abc import Sequence
from dataclasses import dataclass

_WHOLE, _START, _PART_START, _INSIDE, _BESIDE, _SCATTERED = range(6)


@dataclass(frozen=True, slots=True)
class Match:
    """How well a name matches, less being better, and the places of its letters that were typed."""

    rank: tuple[int, int]
    places: frozenset[int] = frozenset()


def match(query: str, name: str, beside: Sequence[str] = ()) -> Match | None:
    """How `name`, with other words that stand `beside` it, matches what was typed; None where it does not.

    Each word of `query` must be found: as it is in the name or beside it, or letter by letter in the name, in order.
    Capitals count only where some were typed.
    """
    fold = query == query.lower()
    name = _folded(name) if fold else name
    beside = [_folded(each) for each in beside] if fold else beside
    worst = spread = 0
    places: set[int] = set()
    for word in query.split():
        found = _find(word, name, beside)
        if found is None:
            return None
        worst = max(worst, found.rank[0])
        spread += found.rank[1]
        places |= found.places
    return Match((worst, spread), frozenset(places))


def _find(word: str, name: str, beside: Sequence[str]) -> Match | None:
    at = name.find(word)
    if at >= 0:
        start = at if at == 0 else _part_start(word, name)
        kind = _WHOLE if word == name else _START if start == 0 else _PART_START if start > 0 else _INSIDE
        first = start if start >= 0 else at
        return Match((kind, 0), frozenset(range(first, first + len(word))))
    if any(word in each for each in beside):
        return Match((_BESIDE, 0))
    places = _scattered(word, name)
    return Match((_SCATTERED, places[-1] - places[0]), frozenset(places)) if places else None


def _part_start(word: str, name: str) -> int:
    """Where `word` begins a part of the name, as `eu` does in `prod-eu`; -1 for nowhere."""
    at = name.find(word)
    while at > 0 and name[at - 1].isalnum():
        at = name.find(word, at + 1)
    return at


def _scattered(word: str, name: str) -> list[int]:
    """Where the letters of `word` stand in the name, in order: up to the first place where all are, close together."""
    at = -1
    for letter in word:
        at = name.find(letter, at + 1)
        if at < 0:
            return []
    places = []
    at += 1
    for letter in reversed(word):
        at = name.rfind(letter, 0, at)
        places.append(at)
    return places[::-1]


def _folded(text: str) -> str:
    """The text in small letters, each in its place: where one would become two, it stays as it is."""
    small = text.lower()
    return (
        small if len(small) == len(text) else "".join([one.lower() if len(one.lower()) == 1 else one for one in text])
    )

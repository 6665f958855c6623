"""What is found by a few letters, and in what order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.fuzzy import match

NAMES = st.text("abAB-_1é日İß", max_size=12)


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("prod", "prod", "prod-eu"),
        ("prod", "prod-eu", "eu-prod"),
        ("prod", "eu-prod", "nonprod"),
        ("prod", "nonprod", "p-r-o-d"),
        ("222", "x222", "by its account"),
        ("pe", "prod-eu-pe", "prod-eu"),
        ("pd", "prod", "p-r-o-d"),
        ("prod eu", "prod-eu", "prod-e-u"),
    ],
)
def test_the_nearer_name_comes_first(query: str, better: str, worse: str) -> None:
    """Whole, at its beginning, where a part begins, inside, beside it, letter by letter."""
    first, second = match(query, better), match(query, worse, ("222222222222",) if worse.startswith("by") else ())
    assert first is not None
    assert second is not None
    assert first.rank < second.rank


@pytest.mark.parametrize(
    ("query", "name", "beside", "found"),
    [
        ("", "prod", (), True),
        ("  ", "prod", (), True),
        ("PROD", "prod", (), False),
        ("Prod", "Prod-eu", (), True),
        ("prod", "PROD", (), True),
        ("dorp", "prod", (), False),
        ("prod admin", "prod-eu", ("222222222222", "Admin"), True),
        ("prod admin", "prod-eu", ("222222222222", "Dev"), False),
        ("2 2", "prod", ("222222222222",), True),
        ("adn", "prod", ("Admin",), False),
    ],
)
def test_each_word_has_to_be_found(query: str, name: str, beside: tuple[str, ...], found: bool) -> None:  # noqa: FBT001
    """In the name or beside it; letter by letter in the name alone; capitals count where some are typed."""
    assert (match(query, name, beside) is not None) is found


@given(st.text("abAB-_1é日İß ", max_size=6), NAMES, st.lists(NAMES, max_size=2))
def test_what_is_lit_up_is_what_was_typed(query: str, name: str, beside: list[str]) -> None:
    """The places are in the name, and hold letters that were typed; a longer query never matches more."""
    found = match(query, name, beside)
    if found is None:
        return
    assert all(0 <= at < len(name) for at in found.places)
    assert all(name[at].lower() in query.lower() for at in found.places)
    for shorter, longer in pairwise([query[:size] for size in range(len(query) + 1)]):
        if longer == longer.lower() and match(longer, name, beside) is not None:
            assert match(shorter, name, beside) is not None

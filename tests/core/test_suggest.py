"""What is suggested for a name that is not there: every near one, and never one among equals."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.suggest import MOST, Guesses, near, told

PROFILES = ["account-a", "account-b", "prod-eu", "prod-us", "Sandbox", "dev", "staging", "my_app"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("account-c", ["account-a", "account-b"]),
        ("acount-a", ["account-a", "account-b"]),
        ("account", ["account-a", "account-b"]),
        ("prod", ["prod-eu", "prod-us"]),
        ("us", ["prod-us"]),
        ("SANDBOX", ["Sandbox"]),
        ("sandbox", ["Sandbox"]),
        ("my-app", ["my_app"]),
        ("Prod EU", ["prod-eu"]),
        ("dve", ["dev"]),
        ("stagin", ["staging"]),
        ("quite another", []),
        ("", []),
        ("x" * 10_000, []),
    ],
)
def test_what_is_near_is_named(name: str, meant: Sequence[str]) -> None:
    """Case and signs between words first; then likeness, a whole word, a beginning."""
    assert list(near(name, PROFILES)) == meant


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=20))
def test_it_only_names_what_there_is(name: str, known: list[str]) -> None:
    """Once each, and no more than a person reads."""
    found = near(name, known)
    assert set(found) <= set(known)
    assert len(set(found)) == len(found) <= MOST


@given(st.text("ab", min_size=4, max_size=4), st.lists(st.text("ab", min_size=4, max_size=4), max_size=6, unique=True))
def test_equals_are_all_named(name: str, known: list[str]) -> None:
    """Of names with one wrong letter each, none is named alone."""
    one_off = {other for other in known if sum(a != b for a, b in zip(name, other, strict=True)) == 1}
    if name not in known:
        assert one_off <= set(near(name, known))


def test_thousands_of_names_cost_next_to_nothing() -> None:
    """Their words and beginnings are compared, and no more."""
    many = [f"account-{number:05}" for number in range(20_000)]
    assert near("account-00017", [*many[:17], *many[18:]]) == ()
    assert near("account-0001", many) == tuple(f"account-0001{digit}" for digit in range(MOST))


def test_each_comes_with_its_account() -> None:
    """Where it is known: that is what tells one production from another."""
    assert told(["a", "b"], {"a": "111111111111", "b": None}) == "a (111111111111), b"


def test_guesses_are_made_once_for_a_name_and_not_without_end() -> None:
    """Of two thousand comparisons a hundred names get twenty: the rest goes without."""
    names = [f"role-{number}" for number in range(100)]
    guesses = Guesses(names)
    assert guesses.near("rolle-7", besides="role-1") == near("rolle-7", names)
    assert guesses.near("role-07", besides="role-7") == near("role-07", [one for one in names if one != "role-7"])
    found = [guesses.near(f"rolle-{number}", besides="x") for number in range(100)]
    assert found[7] == near("rolle-7", names)
    assert sum(map(bool, found)) < 25

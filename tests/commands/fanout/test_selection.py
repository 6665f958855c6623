"""Who is meant by names, globs and groups."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayexec.commands.fanout.selection import Candidate, Wanted, choose, expand
from trayexec.light.errors import TrayexecError

ALL = [Candidate(name) for name in ("default", "prod-eu", "prod-us", "dev", "a b", "日本", "-x", "star*")]
GROUPS = {"prod": ("prod-*",), "all": ("@prod", "dev", "@all"), "typo": ("dve",)}


def names(*words: str, literal: tuple[str, ...] = (), leave_out: tuple[str, ...] = ()) -> list[str]:
    """The chosen names."""
    return [one.name for one in choose(Wanted(words, literal, leave_out), ALL, GROUPS).chosen]


def code(*words: str, literal: tuple[str, ...] = (), leave_out: tuple[str, ...] = ()) -> str:
    """The code of the refusal."""
    with pytest.raises(TrayexecError) as refused:
        names(*words, literal=literal, leave_out=leave_out)
    assert str(refused.value.trouble.hint)
    return refused.value.trouble.code


def test_each_counts_once_in_the_order_of_the_file() -> None:
    """However often and in which order they are named."""
    assert names("dev", "prod-us", "prod-*", "dev") == ["prod-eu", "prod-us", "dev"]


def test_groups_may_hold_globs_and_groups() -> None:
    """Also one that holds itself: it counts once."""
    assert names("@prod") == ["prod-eu", "prod-us"]
    assert names("@all") == ["prod-eu", "prod-us", "dev"]


def test_what_is_left_out_may_be_a_name_a_glob_or_a_group() -> None:
    """`--except` understands what the selection understands."""
    assert names("*", leave_out=("@prod", "star?", "-x", "[ad]*")) == ["日本"]


def test_a_literal_is_a_name_and_nothing_else() -> None:
    """`--profile` takes names that look like something else."""
    assert names(literal=("star*", "-x")) == ["-x", "star*"]
    assert code(literal=("prod-*",)) == "unknown_profile"


@pytest.mark.parametrize(
    ("words", "leave_out", "expected"),
    [
        (("dve",), (), "unknown_profile"),
        (("nothing-like-it",), (), "unknown_profile"),
        (("test-*",), (), "no_match"),
        (("@prdo",), (), "unknown_group"),
        (("@nothing-like-it",), (), "unknown_group"),
        (("@typo",), (), "unknown_profile"),
        (("*",), ("dve",), "unknown_profile"),
        (("*",), ("test-*",), "no_match"),
        (("*",), ("@prdo",), "unknown_group"),
        (("dev",), ("*",), "nobody"),
        (("",), (), "unknown_profile"),
        (("@",), (), "unknown_group"),
    ],
)
def test_what_means_nothing_is_an_error(words: tuple[str, ...], leave_out: tuple[str, ...], expected: str) -> None:
    """Nothing is skipped in silence, least of all what was to be left out."""
    assert code(*words, leave_out=leave_out) == expected


def test_a_group_without_members_is_no_fault_of_what_is_left_out() -> None:
    """The error says that the group is empty."""
    with pytest.raises(TrayexecError) as error:
        choose(Wanted(("@empty",)), [Candidate("dev")], {"empty": ()})
    assert "group" in str(error.value.trouble.title)


def test_a_slip_is_answered_with_what_was_meant() -> None:
    """The hint names what is near."""
    with pytest.raises(TrayexecError) as refused:
        names("prod-ue")
    assert "prod-eu" in str(refused.value.trouble.hint)
    with pytest.raises(TrayexecError) as refused:
        names("@prdo")
    assert "@prod" in str(refused.value.trouble.hint)


def test_a_profile_that_cannot_be_served_is_left_out_of_a_glob_but_not_of_a_name() -> None:
    """Whoever names it is told what is wrong with it, unless it is left out again."""
    some = [Candidate("good"), Candidate("bad", problem="No source.")]
    selection = choose(Wanted(("*",)), some, {})
    assert [one.name for one in selection.chosen] == ["good"]
    assert [one.name for one in selection.unserved] == ["bad"]
    with pytest.raises(TrayexecError, match=r"No source\."):
        choose(Wanted(("*", "bad")), some, {})
    assert choose(Wanted(("*", "bad"), leave_out=("bad",)), some, {}).unserved == ()
    with pytest.raises(TrayexecError) as refused:
        choose(Wanted(("b*",)), some, {})
    assert refused.value.trouble.code == "nobody"


NAMES = st.lists(st.text(alphabet="ab-", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)
WORDS = st.lists(st.text(alphabet="ab-*?", min_size=1, max_size=3), max_size=4)


@settings(deadline=None)
@given(NAMES, WORDS, WORDS)
def test_a_selection_is_what_the_globs_say(profiles: list[str], words: list[str], leave_out: list[str]) -> None:
    """Exactly those that match a word and none of what is left out, once, in order; or an error."""
    try:
        chosen = choose(Wanted(tuple(words), (), tuple(leave_out)), [Candidate(one) for one in profiles], {}).chosen
    except TrayexecError:
        assert not any(
            any(fnmatchcase(name, word) for word in words) and not any(fnmatchcase(name, word) for word in leave_out)
            for name in profiles
        ) or any(not any(fnmatchcase(name, word) for name in profiles) for word in [*words, *leave_out])
        return
    assert [one.name for one in chosen] == [
        name
        for name in profiles
        if any(fnmatchcase(name, word) for word in words) and not any(fnmatchcase(name, word) for word in leave_out)
    ]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from(["@a", "@b", "@c", "x", "y*"])), min_size=3))
def test_groups_come_to_an_end(groups: dict[str, list[str]]) -> None:
    """However they hold each other, what is left are names and globs."""
    assert set(expand(["@a"], groups)) <= {"x", "y*"}

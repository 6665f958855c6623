"""The list of profiles: what keys do to it, and how it looks in any window."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from trayexec.adapters.profile_picker import child
from trayexec.adapters.profile_picker.listing import Listing, ProfileQuestion, Row, Signs, body, colours, title
from trayexec.light.columns import wide

ROWS = (
    Row("prod-eu", "222222222222", "Admin", "11 h 02 min left", colour="red", detail="prod-eu · 222222222222"),
    Row("prod-us", "333333333333", "path/Deploy", "locked", detail="prod-us · 333333333333"),
    Row("broken", "", "", "problem", problem="problem: Profile broken has no source_profile.", detail="broken"),
    Row("日本-dev", "444444444444", "Dev", "locked", colour="#00ff7f", detail="日本-dev"),
)
KEYS = "Enter chooses, Tab marks, Esc leaves"


def listing(*, most: int = 4, rows: tuple[Row, ...] = ROWS) -> Listing:
    """A list of these rows."""
    return Listing(ProfileQuestion("Profile for aws s3 ls", KEYS, "no profile matches", rows, most))


def seen(one: Listing, columns: int = 80, lines: int = 22, signs: Signs = Signs.DRAWN) -> list[str]:
    """Its lines below the one that is typed."""
    return ["".join(text for _, text in line).rstrip() for line in body(one, columns, lines, signs)]


def test_a_row_says_whose_account_and_role_it_is() -> None:
    """Name, account, role, how it stands; below all that there is on the current one, and the keys."""
    assert seen(listing()) == [
        "▌ ● prod-eu   222222222222  Admin        11 h 02 min left",
        "    prod-us   333333333333  path/Deploy  locked",
        "  ! broken                               problem: Profile broken has no source_…",
        "  ● 日本-dev  444444444444  Dev          locked",
        "  prod-eu · 222222222222",
        "",
        f"  {KEYS}",
    ]
    shown = "".join(text for _, text in title(listing(), 40, Signs.DRAWN))
    assert shown == "Profile for aws s3 ls                4/4"


def test_the_account_stays_longest() -> None:
    """In a narrow window the role goes first, then the state, then the account; a name keeps both its ends."""
    assert seen(listing(), 46)[1] == "    prod-us   333333333333  locked"
    assert seen(listing(), 30)[1] == "    prod-us   333333333333"
    assert seen(listing(), 22)[1] == "    prod-us"
    twins = (Row("prod-frankfurt-admin"), Row("prod-frankfurt-reader"))
    one, other, *_ = seen(listing(rows=twins), 16)
    assert (one, other) == ("▌   prod-f…admin", "    prod-f…eader")


def test_what_is_typed_leaves_what_matches() -> None:
    """The best first; the current row is the first one again, and nothing is current where nothing matches."""
    one = listing()
    one.move(2)
    one.search("us")
    assert (one.current, [number for number, _ in one.found]) == (1, [1])
    one.search("nowhere")
    assert (one.current, one.chosen) == (None, [])
    assert seen(one)[0] == "  no profile matches"
    one.move(1)
    one.mark()
    assert one.chosen == []


def test_one_with_a_problem_is_not_chosen() -> None:
    """It can be looked at, and says in full what is wrong; neither Return nor a mark takes it."""
    one = listing()
    one.move(2)
    one.mark()
    assert (one.current, one.marked, one.chosen) == (2, set(), [])
    assert "  problem: Profile broken has no source_profile." in seen(one)


def test_marks_outlive_what_is_typed() -> None:
    """All that are marked are chosen, in the order of the list, whatever is current; marking again takes it back."""
    one = listing()
    one.search("us")
    one.mark()
    one.search("")
    one.mark()
    assert one.chosen == [0, 1]
    assert "✓2  4/4" in "".join(text for _, text in title(one, 60, Signs.DRAWN))
    assert seen(one)[1].startswith(" ✓")
    one.mark()
    assert one.chosen == [1]


def test_where_one_is_asked_for_nothing_is_marked() -> None:
    """`shell`, `console` and `env` are for one."""
    one = listing(most=1)
    one.mark()
    one.move(1)
    assert (one.marked, one.chosen) == (set(), [1])


def test_signs_are_of_any_alphabet() -> None:
    """Where the terminal has ASCII alone, so have the signs."""
    one = listing()
    one.mark()
    one.move(1)
    lines = seen(one, signs=Signs.PLAIN)
    assert lines[0].startswith(" +* prod-eu")
    assert lines[1].startswith(">   prod-us")


def test_colours_are_those_of_the_settings() -> None:
    """The names of `config.toml` in the terminal's own colours; others as they are."""
    assert colours(ROWS) == {"colour-red": "ansired", "colour-00ff7f": "#00ff7f"}


class Quiet(DummyOutput):
    """A terminal that shows nothing."""

    def encoding(self) -> str:
        """As most have it."""
        return "utf-8"


@pytest.fixture
def parent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A parent that stays, on standard input; what asyncio does to signals is undone."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH)}
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", stdin)
        yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("parent")
@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ("us\r", [1]),
        ("\t\t\r", [0, 1]),
        ("\x0e\x0e\x0e\x10\x10\r", [1]),
        ("broken\r\t\x15dev\r", [3]),
        ("\x1b[6~\r", [3]),
        ("nowhere\r\x1b", None),
        ("\x03", None),
    ],
)
def test_keys_are_those_of_other_lists(keys: str, chosen: list[int] | None) -> None:
    """Letters narrow it down, Tab marks, arrows and Ctrl-N, Ctrl-P move, Ctrl-U clears, Return chooses, Esc leaves."""
    with create_pipe_input() as typed:
        typed.send_text(keys)
        assert child.ProfileScreen(listing().question, typed, Quiet()).run() == chosen


MANY = tuple(Row(f"role-{number:04}", f"{number:012}", "Dev", "locked") for number in range(1000))


@pytest.mark.parametrize("lines", [1, 3, 5, 6, 22])
def test_the_current_row_is_always_to_be_seen(lines: int) -> None:
    """Wherever one goes among a thousand, and however low the window is."""
    one = listing(rows=MANY)
    for by in (1, 10, 500, -3, 2000, -1, -600, -2000):
        one.move(by)
        drawn = seen(one, 80, lines)
        assert len(drawn) <= lines
        assert len([line for line in drawn if line.startswith("▌")]) == 1


WORDS = st.text("ab日-\u0301 ", max_size=30)
ANY = st.builds(Row, WORDS.filter(bool), WORDS, WORDS, WORDS, WORDS, st.sampled_from(["", "red", "#123456"]), WORDS)


@given(st.lists(ANY, max_size=5).map(tuple), st.integers(8, 120), st.integers(1, 30), st.text("ab日 ", max_size=3))
def test_nothing_is_wider_than_the_window(rows: tuple[Row, ...], columns: int, lines: int, query: str) -> None:
    """Whatever the profiles are called."""
    one = listing(rows=rows)
    one.search(query)
    one.mark()
    drawn = body(one, columns, lines, Signs.DRAWN)
    assert len(drawn) <= lines
    for line in [*drawn, title(one, columns, Signs.DRAWN)]:
        assert wide("".join(text for _, text in line)) <= columns

"""Durations as people write them."""

import contextlib
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.light.durations import format_duration, parse_duration, parse_up_to, spoken


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("2d", 172800),
        ("1h30m", 5400),
        ("1d2h3m4s", 93784),
        (" 12H ", 43200),
    ],
)
def test_what_people_write_is_understood(text: str, seconds: int) -> None:
    """Units once each from large to small, or seconds alone."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", " ", "h", "1.5h", "-1h", "+5", "1h1h", "30m1h", "1h 30m", "12x", "1h30", "٣h", "²", "9" * 33, "1e3"]
)
def test_what_could_mean_something_else_is_refused(text: str) -> None:
    """The error says how to write it."""
    with pytest.raises(ValueError, match="1h30m"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_written_can_be_read_again(seconds: int) -> None:
    """Both directions agree."""
    assert parse_duration(format_duration(seconds)) == seconds


def test_the_longest_session_is_written_as_people_say_it() -> None:
    """36 hours, not a day and a half."""
    assert [format_duration(seconds) for seconds in (0, 90, 5400, 129600)] == ["0s", "1m30s", "1h30m", "36h"]


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_an_error(text: str) -> None:
    """Nothing else comes out."""
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0


def test_it_imports_next_to_nothing() -> None:
    """The run path may use it: this one module, and the errors that the run path has anyway."""
    script = "import sys; before = set(sys.modules); import trayexec.light.durations; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    names = {"trayexec", "trayexec.light", "trayexec.light.durations", "trayexec.light.errors"}
    assert set(run.stdout.split()) == names


def test_what_is_too_long_names_the_most() -> None:
    """A bound is part of the answer."""
    assert parse_up_to("1h", 3600) == 3600
    with pytest.raises(ValueError, match=r"99h is too long: at most 1h$"):
        parse_up_to("99h", 3600)
    assert parse_up_to("15m", 3600, least=900) == 900
    with pytest.raises(ValueError, match=r"5 is too short: at least 15m$"):
        parse_up_to("5", 3600, least=900)


@pytest.mark.parametrize("most", [90, 3600, 36 * 3600, 2 * 86400])
def test_every_example_would_be_taken(most: int) -> None:
    """What is proposed in place of a slip is itself in range."""
    with pytest.raises(ValueError, match="not a duration") as error:
        parse_up_to("soon", most)
    examples = str(error.value.args[0]).rpartition(": ")[2].split(", ")
    assert examples
    assert all(0 < parse_up_to(one, most) <= most for one in examples)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(45, "45 s"), (60, "1 min"), (90, "90 s"), (5400, "90 min"), (43200, "12 h"), (7500, "2 h 05 min")],
)
def test_in_a_sentence_they_are_said(seconds: int, said: str) -> None:
    """With the words of who reads it, not as config.toml has them."""
    assert str(spoken(seconds)) == said

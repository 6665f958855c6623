"""MFA codes: what is one, what is spent, and when AWS listens again."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.broker import codes
from trayexec.core.broker.codes import Device
from trayexec.core.clock import Instant
from trayexec.core.credentials import Secret
from trayexec.light.errors import Text

NOW = Instant(1_000.0, 1_800_000_000.0)
SIX = st.text("0123456789", min_size=6, max_size=6)
SPACE = st.text(" \t\n\r\u00a0\u3000\u2003")
CODE = Secret("123456")


@given(SIX, st.data())
def test_white_space_may_stand_anywhere(digits: str, data: st.DataObject) -> None:
    """A code that is pasted with spaces or a newline is the code."""
    typed = "".join(data.draw(SPACE) + digit for digit in digits) + data.draw(SPACE)
    code = codes.parse(typed)
    assert isinstance(code, Secret)
    assert code.reveal() == digits


@given(st.text())
def test_whatever_is_typed_is_six_ascii_digits_or_a_sentence(typed: str) -> None:
    """No text makes `parse` raise, and nothing but six ASCII digits ever goes to AWS."""
    code = codes.parse(typed)
    if isinstance(code, Secret):
        assert len(code.reveal()) == 6
        assert set(code.reveal()) <= set("0123456789")
    else:
        assert str(code).startswith("A code has six digits")


@given(SIX, st.sampled_from(["\u200f", "\u200b", "\u202e", "\ufeff", "\0", "-", "a"]), st.integers(0, 6))
def test_marks_and_letters_make_it_no_code(digits: str, mark: str, place: int) -> None:
    """Right-to-left marks and other strangers are refused, not guessed away."""
    assert isinstance(codes.parse(digits[:place] + mark + digits[place:]), Text)


@given(st.lists(st.characters(categories=["Nd"], min_codepoint=128), min_size=6, max_size=6))
def test_digits_of_other_scripts_are_no_code(digits: list[str]) -> None:
    """Full-width, Arabic and other digits are refused: AWS takes ASCII only."""
    assert all(unicodedata.decimal(digit) in range(10) for digit in digits)
    assert isinstance(codes.parse("".join(digits)), Text)


@given(st.text("0123456789", min_size=1, max_size=12).filter(lambda digits: len(digits) != 6))
def test_a_wrong_number_of_digits_is_told(digits: str) -> None:
    """The reason says how many there were."""
    assert codes.parse(digits) == Text("A code has six digits, this one has {count}.", count=len(digits))


@pytest.mark.parametrize(("wall", "seconds"), [(1_800_000_000.0, 30), (1_800_000_000.9, 30), (1_800_000_029.5, 1)])
def test_the_next_code_comes_at_the_half_minute(wall: float, seconds: int) -> None:
    """Codes change at every full and half minute of UTC."""
    assert codes.wait_for_next(Instant(0.0, wall)) == seconds


def test_a_code_is_spent_for_150_seconds() -> None:
    """The same digits are good again once AWS cannot remember them; another code was never spent."""
    device = codes.sent(Device(), CODE, NOW)
    assert codes.is_spent(device, Secret("123456"), NOW.after(149.9))
    assert not codes.is_spent(device, Secret("123456"), NOW.after(150))
    assert not codes.is_spent(device, Secret("654321"), NOW)


@pytest.mark.parametrize("jump", [-7200, 7200])
def test_a_wall_clock_that_is_turned_changes_nothing(jump: int) -> None:
    """What is spent and what is closed is counted on the clock that nobody can turn."""
    device = Device()
    for digit in "12345":
        device = codes.sent(device, Secret(digit * 6), NOW)
    shut = codes.exhausted(Device(), NOW)
    then = Instant(NOW.boot + 100, NOW.wall + 100 + jump)
    assert codes.is_spent(device, Secret("111111"), then)
    assert codes.seconds_closed(device, then) == 80
    assert codes.seconds_closed(shut, then) == codes.seconds_closed(shut, NOW) - 100
    later = Instant(NOW.boot + 200, NOW.wall + 200 + jump)
    assert not codes.is_spent(device, Secret("111111"), later)
    assert codes.seconds_closed(device, later) == 0


def test_a_code_that_never_left_is_still_good() -> None:
    """Only that very sending is taken back, not an earlier one of the same digits."""
    once = codes.sent(Device(), Secret("123456"), NOW)
    again = Secret("123456")
    assert codes.unsent(codes.sent(once, again, NOW), again) == once


@given(st.lists(st.floats(0, 400), max_size=40))
def test_never_more_than_five_in_three_minutes(pauses: list[float]) -> None:
    """Whoever sends only while `seconds_closed` is 0 sends at most five codes in any three minutes."""
    device, now, sent = Device(), NOW, list[float]()
    for pause in pauses:
        now = now.after(pause)
        closed = codes.seconds_closed(device, now)
        assert 0 <= closed <= 180
        if closed == 0:
            device = codes.sent(device, Secret("123456"), now)
            sent.append(now.boot)
    assert not any(last - first < 180 for first, last in zip(sent, sent[5:], strict=False))


def test_a_code_counts_for_the_whole_three_minutes() -> None:
    """It is good again after 150 seconds, but it stays one of the five for 180."""
    device = Device()
    for seconds in (0, 1, 2, 3, 160):
        device = codes.sent(device, CODE, NOW.after(seconds))
    assert codes.seconds_closed(device, NOW.after(161)) == 19


@given(st.floats(0, 10_000))
def test_a_device_that_aws_has_closed_opens_at_the_next_boundary(ahead: float) -> None:
    """AWS counts in three-minute windows of UTC: a second after the next one begins, the device is open."""
    now = NOW.after(ahead)
    opens = codes.seconds_closed(codes.exhausted(Device(), now), now)
    assert 1 <= opens <= 182
    assert 0.99 < (now.wall + opens) % 180 <= 2  # on the boundary itself AWS may still count in the old window


@given(st.lists(st.integers(0, 170), max_size=12), st.integers(0, 179))
def test_aws_counts_nine_codes_in_a_window_of_its_own(ages: list[int], into: int) -> None:
    """Only those count that were sent since the last full three minutes of UTC."""
    now = Instant(1000.0, 1_800_000_000.0 + into)
    device = Device(tuple(codes.Spent(CODE, now.after(-age)) for age in ages))
    assert codes.used_up(device, now) == (sum(age <= into for age in ages) >= 9)


def test_what_is_old_is_forgotten() -> None:
    """The memory of a device does not grow: only the last three minutes are kept."""
    device = Device()
    for number in range(100):
        device = codes.sent(device, CODE, NOW.after(40 * number))
    assert len(device.spent) <= 5

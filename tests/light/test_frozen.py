"""Values of named parts: as frozen dataclasses are."""

import pytest

from trayexec.light.frozen import Frozen


class Point(Frozen):
    """A value to try."""

    across: "int"
    up: "int" = 0


def test_parts_are_given_by_place_or_by_name() -> None:
    """One that is not given is as the class has it."""
    assert (Point(1, 2).across, Point(1, 2).up) == (1, 2)
    assert Point(up=2, across=1) == Point(1, 2)
    assert Point(1).up == 0


def test_values_are_equal_by_their_parts() -> None:
    """And can be in a set."""

    class Other(Frozen):
        across: "int"
        up: "int" = 0

    assert Point(1, 0) == Point(1)
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert {Point(1), Point(1, 0), Point(2)} == {Point(1), Point(2)}


@pytest.mark.parametrize(
    ("parts", "named"), [((1, 2, 3), {}), ((1,), {"across": 1}), ((), {"down": 1})], ids=["many", "twice", "unknown"]
)
def test_a_part_that_there_is_not_is_a_slip(parts: tuple[int, ...], named: dict[str, int]) -> None:
    """As with any function."""
    with pytest.raises(TypeError, match="Point"):
        Point(*parts, **named)


def test_a_value_stays() -> None:
    """Nothing of it can be changed, and nothing added."""
    point = Point(1)
    for name in ("across", "down"):
        with pytest.raises(AttributeError, match="Point"):
            setattr(point, name, 2)
    assert point == Point(1)


def test_a_value_says_nothing_of_its_parts() -> None:
    """They may be secrets."""
    assert "4711" not in repr(Point(4711))

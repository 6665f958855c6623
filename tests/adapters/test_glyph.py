"""The icon: told apart by shape, visible on any panel, crisp, and made of nothing but numbers."""

import builtins
import itertools
from pathlib import Path

import pytest
from PIL import Image

from trayexec.adapters.glyph import draw
from trayexec.core.view import IconState

SIZES = (16, 22, 24, 32, 48)
FILL = {IconState.OPEN: 0.7, IconState.EXPIRING: 0.08}
DARK, LIGHT = (0x2B, 0x2B, 0x2B), (0xF0, 0xF0, 0xF0)


def _alpha(image: Image.Image) -> list[int]:
    return list(image.getchannel("A").tobytes())


def _luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("size", SIZES)
def test_states_differ_in_shape(size: int) -> None:
    """Without any colour, no two states share more than 70 % of the pixels that either of them covers."""
    shapes = {
        state: {n for n, alpha in enumerate(_alpha(draw(state, FILL.get(state, 1.0), size))) if alpha > 127}
        for state in IconState
    }

    for one, other in itertools.combinations(IconState, 2):
        shared = len(shapes[one] & shapes[other]) / len(shapes[one] | shapes[other])
        assert shared < 0.7, f"{one} and {other} look alike at {size} px: {shared:.0%}"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", IconState)
def test_an_icon_fills_its_square(state: IconState, size: int) -> None:
    """The icon is RGBA, as large as was asked for, touches at least two sides nearly, and is not a blot."""
    image = draw(state, 1.0, size)
    left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, 0, 0)
    inked = sum(alpha > 127 for alpha in _alpha(image)) / size**2

    assert (image.mode, image.size) == ("RGBA", (size, size))
    assert bottom - top >= size * 0.9
    assert right - left >= size * 0.7
    assert 0.2 < inked < 0.7


@pytest.mark.parametrize("panel", [DARK, LIGHT])
@pytest.mark.parametrize("state", IconState)
def test_an_icon_stands_out_from_the_panel(state: IconState, panel: tuple[int, int, int]) -> None:
    """Graphics need a contrast of 3:1 (WCAG 2.1, 1.4.11), on a dark and on a light panel."""
    raw = draw(state, 1.0, 32).tobytes()
    solid = {(raw[n], raw[n + 1], raw[n + 2]) for n in range(0, len(raw), 4) if raw[n + 3] == 255}

    assert len(solid) == 1
    assert _contrast(solid.pop(), panel) >= 3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", [IconState.OPEN, IconState.EXPIRING])
def test_the_ring_drains(state: IconState, size: int) -> None:
    """Less time is less ring, from full to nothing; nothing outside 0 to 1 goes wrong."""
    ink = [sum(_alpha(draw(state, step / 10, size))) for step in range(10, -1, -1)]

    assert ink == sorted(ink, reverse=True)
    assert len(set(ink)) == len(ink)
    assert _alpha(draw(state, 7.0, size)) == _alpha(draw(state, 1.0, size))
    assert _alpha(draw(state, -7.0, size)) == _alpha(draw(state, 0.0, size))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", [IconState.LOCKED, IconState.ASKING, IconState.TROUBLE])
def test_an_icon_is_symmetric_and_crisp(state: IconState, size: int) -> None:
    """Left mirrors right to the pixel, and straight edges are not smeared over two of them."""
    image = draw(state, 1.0, size).getchannel("A")
    rows = [image.crop((0, y, size, y + 1)).tobytes() for y in range(size)]
    foot = image.crop((size // 3, 0, size // 3 + 1, size)).tobytes()

    for row in rows:
        assert all(abs(here - there) <= 40 for here, there in zip(row, reversed(row), strict=True))
    # Going up a column, the foot of the glyph begins with a full pixel at once.
    assert next(alpha for alpha in reversed(foot) if alpha) == 255


@pytest.mark.parametrize("state", IconState)
@pytest.mark.parametrize("size", [8, 13, 17, 64, 256])
def test_any_size_can_be_drawn(state: IconState, size: int) -> None:
    """A panel may ask for whatever it likes."""
    assert draw(state, 0.5, size).getchannel("A").getbbox() is not None


def test_no_file_is_touched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Drawing needs no file and leaves none."""

    def refuse(*args: object, **_: object) -> None:
        raise AssertionError(f"opened {args}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(Image.Image, "save", refuse)

    for state in IconState:
        draw(state, 0.5, 22)

    assert list(tmp_path.iterdir()) == []

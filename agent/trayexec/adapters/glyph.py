"""The tray icon, drawn at run time: five states told apart by their shape, at whatever size the panel wants.

No image file is read or written: pictures cannot be missing from an install, and they are crisp at every size because
all straight edges lie on whole pixels of *that* size. Colour only helps. All colours have about the same luminance,
in the middle between a dark and a light panel, so one icon serves both; what is cut out shows the panel itself.
"""

import functools
import io
import itertools
from typing import assert_never

from PIL import Image, ImageDraw

from trayexec.core.view import IconState

# Drawn so many times larger and then averaged: whole pixels stay sharp, curves and slants become smooth.
_OVER = 8

# The part of the ring that has drained away stays visible, but faint.
_TRACK = 70

# Relative luminance 0.19 to 0.24: at least 3:1 against panels up to #303030 and from #e8e8e8.
# https://www.w3.org/TR/WCAG21/#non-text-contrast
_COLOURS = {
    IconState.LOCKED: (126, 134, 148),
    IconState.ASKING: (62, 130, 246),
    IconState.OPEN: (26, 152, 80),
    IconState.EXPIRING: (214, 106, 12),
    IconState.TROUBLE: (229, 72, 77),
}

# A ring in so many steps: finer ones are less than a pixel, and each would be another picture sent to the panel.
_STEPS = 64


# The colours that a profile can have, in about the same luminance: seen on a dark and on a light menu.
_PROFILE_COLOURS = {
    "red": (229, 72, 77),
    "orange": (214, 106, 12),
    "yellow": (178, 128, 0),
    "green": (26, 152, 80),
    "blue": (62, 130, 246),
    "purple": (160, 96, 214),
    "grey": (126, 134, 148),
}
_DOT = 16  # pixels, as a menu's icons have


@functools.cache
def dot(colour: str) -> bytes:
    """A disc in a profile's colour, by its name or as #rrggbb, as the bytes of a PNG for a line of a menu."""
    rgb = _PROFILE_COLOURS.get(colour) or tuple(bytes.fromhex(colour[1:]))
    mask = Image.new("L", (_DOT * _OVER, _DOT * _OVER), 0)
    edge = 3 * _OVER
    ImageDraw.Draw(mask).ellipse((edge, edge, _DOT * _OVER - edge - 1, _DOT * _OVER - edge - 1), fill=255)
    image = Image.new("RGBA", (_DOT, _DOT), (*rgb, 0))
    image.putalpha(mask.reduce(_OVER))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def drawn_fill(state: IconState, fill: float) -> float:
    """How full the ring is drawn, from 0 to 1: to one of some steps. 1 for a state without a ring."""
    ringed = state in {IconState.OPEN, IconState.EXPIRING}
    return round(min(1.0, max(0.0, fill)) * _STEPS) / _STEPS if ringed else 1.0


def draw(state: IconState, fill: float, size: int) -> Image.Image:
    """The icon of `state` as an RGBA image of `size` by `size` pixels; its ring, if any, is `fill` full (0 to 1).

    A padlock is locked; one whose body is an entry field asks for the code; an open one in a ring is open, and the ring
    drains clockwise; an hourglass in a ring expires; a triangle is trouble.
    """
    # From 40 pixels on it is the icon of half the size, doubled: that is what a HiDPI panel expects, and a panel that
    # scales it down by two (xfce4-panel takes the largest picture it gets) lands on whole pixels again.
    double = 2 if size >= 40 and size % 2 == 0 else 1  # noqa: PLR2004 — see above
    sheet = _Sheet(size // double, _OVER * double)
    match state:
        case IconState.LOCKED:
            _padlock(sheet)
        case IconState.ASKING:
            _entry(sheet)
        case IconState.OPEN:
            _ring(sheet, fill)
            _open_padlock(sheet)
        case IconState.EXPIRING:
            _ring(sheet, fill)
            _hourglass(sheet)
        case IconState.TROUBLE:
            _triangle(sheet)
        case _:
            assert_never(state)
    image = Image.new("RGBA", (size, size), (*_COLOURS[state], 0))
    image.putalpha(sheet.image.reduce(_OVER))
    return image


_Area = tuple[float, float, float, float]  # left, top, right, bottom
_Pair = tuple[float, float]


class _Sheet:
    """An alpha mask that is drawn in pixels of the icon; `px` puts a measure, in 16ths of it, on a whole pixel."""

    def __init__(self, size: int, over: int) -> None:
        self.size = size
        self.over = over
        self.margin = size // 32
        self.image = Image.new("L", (size * over, size * over), 0)
        self.pen = ImageDraw.Draw(self.image)

    def px(self, sixteenths: float) -> int:
        return max(1, round(sixteenths * self.size / 16))

    def even(self, sixteenths: float) -> int:
        """The nearest whole number of pixels that can be centred: as odd or even as the icon itself."""
        odd = self.size % 2
        return max(2 - odd, 2 * round((sixteenths * self.size / 16 - odd) / 2) + odd)

    def _scaled(self, left: float, top: float, right: float, bottom: float) -> _Area:
        """Pillow counts the last pixel in: take it off again, so that edges fall where they were meant to."""
        return left * self.over, top * self.over, right * self.over - 1, bottom * self.over - 1

    def box(self, area: _Area, *, radius: float = 0, alpha: int = 255) -> None:
        left, top, right, bottom = area
        if left >= right or top >= bottom:
            return  # at the smallest sizes some detail has no pixel left
        self.pen.rounded_rectangle(self._scaled(left, top, right, bottom), radius * self.over, fill=alpha)

    def disc(self, x: float, y: float, radius: float, *, alpha: int = 255) -> None:
        self.pen.ellipse(self._scaled(x - radius, y - radius, x + radius, y + radius), fill=alpha)

    def slice(self, start: float, end: float) -> None:
        """A slice of the greatest disc; degrees clockwise from three o'clock."""
        self.pen.pieslice(self._scaled(0, 0, self.size, self.size), start, end, fill=255)

    def bow(self, left: float, top: float, right: float, stroke: float) -> None:
        """The upper half of a circle's outline."""
        area = self._scaled(left, top, right, top + right - left)
        self.pen.arc(area, 180, 360, fill=255, width=round(stroke * self.over))

    def line(self, start: _Pair, end: _Pair, width: float) -> None:
        points = [(x * self.over, y * self.over) for x, y in (start, end)]
        self.pen.line(points, fill=255, width=round(width * self.over))

    def shape(self, *points: _Pair) -> None:
        self.pen.polygon([(x * self.over, y * self.over) for x, y in points], fill=255)


def _shackle(sheet: _Sheet, corner: _Pair, *, width: float, stroke: float, legs: _Pair) -> None:
    """A bow with two legs; `legs` is how far down the left and the right one reach."""
    left, top = corner
    turn, right = top + width / 2, left + width
    sheet.bow(left, top, right, stroke)
    sheet.box((left, turn, left + stroke, legs[0]))
    sheet.box((right - stroke, turn, right, legs[1]))


def _padlock(sheet: _Sheet) -> None:
    """Closed, with a keyhole."""
    size, body, bow, height = sheet.size, sheet.even(12), sheet.even(8), sheet.px(9)
    bottom = size - sheet.margin
    left, top = (size - body) / 2, bottom - height
    _shackle(sheet, ((size - bow) / 2, sheet.margin), width=bow, stroke=sheet.px(2), legs=(top, top))
    sheet.box((left, top, left + body, bottom), radius=sheet.px(1.6))
    hole = sheet.even(2.2)
    middle = top + height / 2
    sheet.disc(size / 2, middle - hole * 0.2, hole * 0.4 + 0.9 * size / 16, alpha=0)
    sheet.box(((size - hole) / 2, middle, (size + hole) / 2, middle + sheet.px(2)), alpha=0)


def _entry(sheet: _Sheet) -> None:
    """A padlock whose body is the field where the code goes: three dots in a frame."""
    size, stroke, dot, bow = sheet.size, sheet.px(1.5), sheet.even(2.7), sheet.even(8)
    height = sheet.px(9.4)
    height += (height - dot) % 2  # or the dots would not be in the middle of it
    bottom = size - sheet.margin
    top = bottom - height
    _shackle(sheet, ((size - bow) / 2, sheet.margin), width=bow, stroke=sheet.px(2), legs=(top, top))
    sheet.box((0, top, size, bottom), radius=sheet.px(2))
    sheet.box((stroke, top + stroke, size - stroke, bottom - stroke), radius=sheet.px(0.8), alpha=0)
    step, y = dot + sheet.px(1.6), top + height / 2
    for x in (size / 2 - step, size / 2, size / 2 + step):
        sheet.box((x - dot / 2, y - dot / 2, x + dot / 2, y + dot / 2), radius=dot * 0.4)


def _ring(sheet: _Sheet, fill: float) -> None:
    """How much time is left, counted from the top: it drains clockwise and leaves a faint track."""
    outer = sheet.size / 2
    sheet.disc(outer, outer, outer, alpha=_TRACK)
    left = min(1.0, max(0.0, fill))
    if left > 0:
        sheet.slice(270 - 360 * left, 270)
    sheet.disc(outer, outer, outer - sheet.px(1.9), alpha=0)


def _open_padlock(sheet: _Sheet) -> None:
    """Its bow stands beside the body and its right leg ends in the air: open, even where it is ten pixels high."""
    size, body, stroke = sheet.size, sheet.even(7), sheet.px(1.3)
    bow, height = sheet.px(5), sheet.px(4)
    left, top = (size - body) / 2, size / 2
    _shackle(sheet, (left, top - sheet.px(4.2)), width=bow, stroke=stroke, legs=(top, top - sheet.px(1.4)))
    sheet.box((left, top, left + body, top + height), radius=sheet.px(0.7))


def _hourglass(sheet: _Sheet) -> None:
    """Two funnels, tip to tip, between two plates."""
    middle = sheet.size / 2
    half, height, neck, plate = sheet.even(7) / 2, sheet.even(9) / 2, sheet.even(1) / 2, sheet.px(1)
    for way in (-1, 1):
        top, shoulder = middle + way * height, middle + way * (height - plate)
        sheet.box((middle - half, min(top, shoulder), middle + half, max(top, shoulder)), radius=plate / 3)
        sheet.shape(
            (middle - half + plate / 2, shoulder),
            (middle + half - plate / 2, shoulder),
            (middle + neck, middle),
            (middle - neck, middle),
        )


def _triangle(sheet: _Sheet) -> None:
    """A warning sign with its exclamation mark cut out."""
    size, radius = sheet.size, sheet.px(1.6)
    top, bottom = sheet.margin, size - sheet.margin
    corners = ((size / 2, top + radius), (size - radius, bottom - radius), (radius, bottom - radius))
    sheet.shape(*corners)
    for start, end in itertools.pairwise((*corners, corners[0])):
        sheet.line(start, end, 2 * radius)
    for x, y in corners:
        sheet.disc(x, y, radius)
    mark = sheet.even(2.4)
    left, right = (size - mark) / 2, (size + mark) / 2
    foot = bottom - sheet.px(2)
    head = top + sheet.px(4.4)
    sheet.box((left, foot - mark, right, foot), radius=mark * 0.25, alpha=0)
    sheet.box((left, head, right, foot - mark - sheet.px(1)), radius=mark * 0.25, alpha=0)

"""Decides what counts of what is typed into our own dialog, and when it is sent. It must not know GTK or Tk.

It also runs in the distribution's own Python, which may be older than ours: standard library, and syntax of 3.9.
"""

from __future__ import annotations

import enum
import time
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = 6
COUNT = "{seconds}"  # where the number goes in what is counted down
GRACE = 0.5  # seconds after the window has got the keyboard: what is typed by then was meant for another window


class Typed(enum.Enum):
    """What became of what was typed; the field is to show `CodeField.digits`."""

    KEPT = "these are the digits now"
    EARLY = "nothing counts yet"
    TOO_MANY = "more than six digits at once is somebody pasting another thing"


class Attention:
    """Whether what is typed is meant for this window, which stays `seconds`. `now` is a clock in seconds."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """Begin without the keyboard."""
        self._now = now
        self._ends = now() + seconds
        self._counts_from: float | None = None

    def focus(self, has: bool) -> None:  # noqa: FBT001 — as toolkits tell it
        """The window has got or lost the keyboard."""
        if not has:
            self._counts_from = None
        elif self._counts_from is None:
            self._counts_from = self._now() + GRACE

    @property
    def is_early(self) -> bool:
        """Whether keys are not for us yet: no digit, and neither Return nor Escape."""
        return self._counts_from is None or self._now() < self._counts_from

    def begin_anew(self) -> None:
        """A key came: whoever types goes on, and nothing counts before there was none for a moment."""
        if self._counts_from is not None:
            self._counts_from = self._now() + GRACE

    @property
    def is_over(self) -> bool:
        """Whether the time to answer is up."""
        return self._now() >= self._ends


class CodeField(Attention):
    """Six digits.

    `wait` is when the next code appears: what is complete by then is sent then, for a code that is shown earlier has
    been used.
    """

    def __init__(self, seconds: float, wait: float, now: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        super().__init__(seconds, now)
        self.digits = ""
        self._fresh = now() + wait
        self._is_other = False

    def choose(self, is_other: bool) -> None:  # noqa: FBT001 — as it stands in the chooser
        """The code is to be from the device that was asked first, or from another one, of which any code will do."""
        self.digits = ""
        self._is_other = is_other

    def change(self, text: str) -> Typed:
        """The text of the field is this now. Full-width digits are digits; all else is left out."""
        if self.is_early and len(text) > len(self.digits):
            return Typed.EARLY
        digits = "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter in "0123456789")
        if len(digits) > DIGITS:
            return Typed.TOO_MANY
        self.digits = digits
        return Typed.KEPT

    @property
    def is_whole(self) -> bool:
        """Whether there are six digits."""
        return len(self.digits) == DIGITS

    @property
    def is_ready(self) -> bool:
        """Whether the code is to be sent now."""
        return self.is_whole and not self.until_fresh

    @property
    def until_fresh(self) -> int:
        """Seconds until the next code appears; 0 when it is there, or any will do."""
        return 0 if self._is_other else max(0, round(self._fresh - self._now()))

    def hurry(self, counting: str, held: str, counted: str) -> str:
        """What is said of the next code: when it appears, that six digits wait for it, or that it is there."""
        left = self.until_fresh
        if self._is_other:
            return ""
        return (held if self.is_whole else counting).replace(COUNT, str(left)) if left else counted


class Key(enum.Enum):
    """What a key means to a window with buttons."""

    GOES = "from one button to another"
    PRESSES = "the button that is chosen"
    RETURN = "what many a line ends with that is typed into a terminal"
    OTHER = "anything else"


KEYS = {  # by their names in X, which both toolkits use
    **dict.fromkeys(("Tab", "ISO_Left_Tab", "Up", "Down", "Left", "Right"), Key.GOES),
    **dict.fromkeys(("Shift_L", "Shift_R"), Key.GOES),
    **dict.fromkeys(("space", "KP_Space"), Key.PRESSES),
    **dict.fromkeys(("Return", "KP_Enter", "ISO_Enter"), Key.RETURN),
}


class Choosing(Attention):
    """One of several buttons, of which no key may press one that was meant for another window.

    Keys count only once none came for a moment. Return never counts; the space bar does on a button that a person has
    gone to, a moment after that. A click counts a moment after the window came.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """Begin where nobody has gone."""
        super().__init__(seconds, now)
        self._came = now()
        self._went: float | None = None

    def key(self, key: Key) -> bool:
        """Whether a key counts."""
        if self.is_early:
            self.begin_anew()
            return False
        if key is Key.PRESSES:
            return self._went is not None and self._now() >= self._went + GRACE
        self._went = self._now() if key is Key.GOES else None
        return key is not Key.RETURN

    @property
    def is_there(self) -> bool:
        """Whether the window has been there long enough to be clicked."""
        return self._now() >= self._came + GRACE

"""Whether the screen is locked and the machine sleeps: a file per platform, each with a `ScreenWatch`."""

from enum import Enum


class Screen(Enum):
    """Whether somebody may be looking."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"

"""What words may be marked with on a terminal: colours and signs, where the person and the terminal have them."""

import os

from trayexec.light import signs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GOOD, BAD, SO = "✓", "✗", "·"
BOLD, GREEN, RED, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[31m", "\x1b[0m"
COLOUR = {GOOD: GREEN, BAD: RED}


class Style:
    """The signs of what is well, of what is not and of what just is so, and whether there are colours for them."""

    __slots__ = ("_environ", "bad", "colours", "good", "so")

    def __init__(self, environ: "Mapping[str, str]") -> None:
        """As a terminal of this environment has them; the plain locale has no letters but ASCII's."""
        self.good, self.bad, self.so = (signs.plain(sign, environ) for sign in (GOOD, BAD, SO))
        self.colours = has_colours(environ)
        self._environ = environ

    def row(self, cells: "Sequence[str]") -> list[str]:
        """The cells of a row in letters that the locale has; its name, which one may want to copy, as it is."""
        name, *others = cells
        return [name, *(signs.plain(cell, self._environ) for cell in others)]

    def head(self, line: str) -> str:
        """A line that says what stands below it."""
        return f"{BOLD}{line}{PLAIN}" if self.colours else line

    def coloured(self, line: str) -> str:
        """The line with its signs in their colours."""
        if not self.colours:
            return line
        return " ".join(f"{COLOUR[one]}{one}{PLAIN}" if one in COLOUR else one for one in line.split(" "))


def has_colours(environ: "Mapping[str, str]") -> bool:
    """Whether words may be coloured on a terminal: see no-color.org, and CLICOLOR of the BSDs."""
    able = environ.get("TERM", "dumb") != "dumb"
    return able and not environ.get("NO_COLOR") and environ.get("CLICOLOR") != "0"


def width_of(descriptor: int) -> int:
    """How many columns a terminal has now; 0 for what is none, and 80 where it does not say."""
    return os.get_terminal_size(descriptor).columns or 80 if os.isatty(descriptor) else 0

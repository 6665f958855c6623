"""What a person sees on a terminal: a screen of a size, drawn by pyte from what a program writes."""

from dataclasses import dataclass, field
from typing import Any

import pyte

from support.desktop import PATIENCE, DesktopError
from support.rig import Terminal


@dataclass(slots=True)
class Seen:
    """The screen of a terminal. Make it before anything is drawn."""

    terminal: Terminal
    columns: int = 80
    rows: int = 24
    _screen: Any = field(init=False)
    _stream: Any = field(init=False)

    def __post_init__(self) -> None:
        self.terminal.resize(self.columns, self.rows)
        self._screen = pyte.Screen(self.columns, self.rows)
        self._stream = pyte.Stream(self._screen)

    @property
    def lines(self) -> list[str]:
        """The lines that have something on them."""
        self._stream.feed(self.terminal.screen)
        self.terminal.screen = ""
        return [line.rstrip() for line in self._screen.display if line.strip()]

    @property
    def hides_cursor(self) -> bool:
        """Whether no cursor is shown."""
        return bool(self._screen.cursor.hidden)

    def wait_for(self, *texts: str) -> str:
        """Wait until all of these are to be seen at once; the whole screen then."""
        while not all(text in (shown := "\n".join(self.lines)) for text in texts):
            if not self.terminal._look(PATIENCE):
                raise DesktopError(f"waited for {texts} on a screen that shows\n{shown}")
        return shown

    def wait_without(self, text: str) -> str:
        """Wait until this is no more to be seen; the whole screen then."""
        while text in (shown := "\n".join(self.lines)):
            if not self.terminal._look(PATIENCE):
                raise DesktopError(f"waited for {text!r} to go from a screen that shows\n{shown}")
        return shown

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self.columns, self.rows = columns, rows
        self._screen.resize(rows, columns)
        self.terminal.resize(columns, rows)

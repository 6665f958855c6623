"""Draws the list of profiles on the terminal, in a process of its own: a question as JSON on stdin, numbers on stdout.

It is drawn on /dev/tty, whatever the streams are, and wiped off at the end. Ends by itself when its parent does.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import BufferControl, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style

from trayexec.adapters.profile_picker.listing import Listing, ProfileQuestion, Row, Signs, body, colours, title
from trayexec.light import signs

LEFT = 130
LETTERS = sys.stdout.encoding  # as everywhere in this locale
ESCAPE = 0.1  # seconds after which Esc is no longer the beginning of another key
STYLES = {
    "title": "bold",
    "faint": "ansibrightblack",
    "here": "ansicyan bold",
    "marked": "ansigreen bold",
    "current": "reverse",
    "typed": "bold underline",
    "problem": "ansibrightblack",
    "wrong": "ansired",
    "none": "",
}

Chosen = list[int] | None  # None where the person leaves


class ProfileScreen:
    """The list, the line that is typed, and the keys."""

    def __init__(self, question: ProfileQuestion, terminal_in: Any, terminal_out: Any) -> None:
        """Lay it out; nothing is drawn until `run`."""
        self._listing = Listing(question)
        self._typed = Buffer(multiline=False, on_text_changed=lambda typed: self._listing.search(typed.text))
        able = terminal_out.encoding().lower().replace("-", "") == "utf8" and signs.has_them(os.environ)
        self._signs = Signs.DRAWN if able else Signs.PLAIN
        self.application: Application[Chosen] = Application(
            layout=Layout(
                HSplit(
                    [
                        Window(FormattedTextControl(self._title), height=1),
                        Window(BufferControl(self._typed, [BeforeInput("> ", "class:here")]), height=1),
                        Window(FormattedTextControl(self._body), dont_extend_height=True),
                    ]
                )
            ),
            style=Style.from_dict({**STYLES, **colours(question.rows)}),
            key_bindings=self._keys(),
            erase_when_done=True,
            enable_page_navigation_bindings=False,
            input=terminal_in,
            output=terminal_out,
        )
        self.application.ttimeoutlen = ESCAPE

    def run(self) -> Chosen:
        """Ask. Raises EOFError when the terminal has gone."""
        return self.application.run(pre_run=self._listen, set_exception_handler=False)

    def _listen(self) -> None:
        """End when the parent has ended, or a signal says so, in the loop, so that the terminal is put back."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin.fileno(), self._leave)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._leave)

    def _leave(self) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        if not self.application.is_done:
            self.application.exit(result=None)

    def _title(self) -> StyleAndTextTuples:
        return [*title(self._listing, self._size[1], self._signs)]

    def _body(self) -> StyleAndTextTuples:
        rows, columns = self._size
        drawn: StyleAndTextTuples = []
        for line in body(self._listing, columns, max(rows - 2, 1), self._signs):
            drawn += [*([("", "\n")] if drawn else []), *line]
            if not line:
                drawn.append(("", ""))
        return drawn

    @property
    def _size(self) -> tuple[int, int]:
        size = self.application.output.get_size()
        return size.rows, size.columns

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        page = max(1, min(len(self._listing.question.rows), 10))
        for by, names in ((-1, ("up", "c-p")), (1, ("down", "c-n")), (-page, ("pageup",)), (page, ("pagedown",))):
            for name in names:
                keys.add(name)(lambda _, by=by: self._listing.move(by))
        for by, name in ((1, "tab"), (-1, "s-tab")):
            keys.add(name)(lambda _, by=by: self._mark(by))
        for name in ("escape", "c-c", "c-d", "c-g", "<sigint>"):
            keys.add(name, eager=True)(lambda event: event.app.exit(result=None))

        @keys.add("enter", eager=True)
        def _(event: KeyPressEvent) -> None:
            if self._listing.chosen:
                event.app.exit(result=self._listing.chosen)

        return keys

    def _mark(self, by: int) -> None:
        self._listing.mark()
        self._listing.move(by)


def main() -> int:
    """Ask what stands on stdin. Returns the exit status."""
    given = json.loads(_line())
    question = ProfileQuestion(**{**given, "rows": tuple(Row(**row) for row in given["rows"])})
    with open("/dev/tty", encoding=LETTERS) as keys, open("/dev/tty", "w", encoding=LETTERS) as shown:  # noqa: PTH123 — a device
        output = Vt100_Output.from_pty(shown, os.environ.get("TERM"), ColorDepth.from_env(), enable_bell=False)
        output.write_raw("\r")  # what was typed meanwhile stands on the line
        output.enable_cpr = False  # a terminal that does not answer would make us wait, and say so on the screen
        try:
            chosen = ProfileScreen(question, Vt100Input(keys), output).run()
        except EOFError:
            chosen = None
    if chosen is None:
        return LEFT
    sys.stdout.write(json.dumps(chosen))
    return 0


def _line() -> bytes:
    """What the parent says: one line, and no more until it ends."""
    said = b""
    while not said.endswith(b"\n") and (more := os.read(sys.stdin.fileno(), 1 << 16)):
        said += more
    return said


if __name__ == "__main__":
    sys.exit(main())

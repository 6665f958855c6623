"""Draws our own question for a permission with Tk: as `tk_child.py`, with buttons in place of a field.

The line is `decided VERDICT`, `cancelled` or `timed-out`.
"""

import os
import tkinter as tk
from collections.abc import Callable
from typing import Any

from trayexec.adapters.dialogs.own.code_field import KEYS, Choosing, Key
from trayexec.adapters.dialogs.own.tk_child import BODY, HEADING, SMALL, TICK, Colours, TkPage, main

STRIPE = 8  # pixels at 96 dpi


class TkPermission(TkPage):
    """One question for a permission on the screen."""

    def __init__(self, root: tk.Tk, text: dict[str, Any], colours: Colours, now: Callable[[], float]) -> None:
        """Lay out the window."""
        super().__init__(root, text, colours)
        self._choosing = Choosing(text["seconds"], now)
        page = self._page
        if text["colour"]:
            tk.Frame(page, bg=text["colour"], height=self._px(STRIPE)).pack(fill="x", pady=(0, self._px(12)))
        if text["position"]:
            self._label(page, text["position"], size=SMALL, colour=colours.faint)
        self._label(page, text["heading"], size=HEADING, colour=colours.ink)
        for line in text["about"]:
            self._label(page, line, size=BODY, colour=colours.faint, above=4)
        buttons = [self._button(page, *one) for one in text["answers"]]
        buttons[0].pack_configure(pady=(self._px(18), 0))
        self._hear_focus(self._choosing.focus)
        self._place(buttons[-1])  # the no
        self._tick()

    def _button(self, page: tk.Frame, verdict: str, label: str) -> tk.Button:
        colours = self._colours
        button = tk.Button(
            page,
            text=label,
            command=lambda: self._press(verdict),
            font=self._font(BODY),
            relief="flat",
            bd=0,
            pady=self._px(7),
            fg=colours.ink,
            bg=colours.field,
            activeforeground=colours.ink,
            activebackground=colours.line,
            highlightthickness=self._px(1),
            highlightbackground=colours.line,
            highlightcolor=colours.accent,
        )
        button.pack(fill="x", pady=(self._px(6), 0))
        # Tk would press it by itself, at once.
        button.bind("<Key>", lambda event: self._key(event.keysym, button))
        return button

    def _key(self, key: str, button: tk.Button) -> str | None:
        """A key, before the button sees it; "break" is Tk's word for one that nobody else is to see."""
        means = KEYS.get(key, Key.OTHER)
        if not self._choosing.key(means):
            return "break"
        if key == "Escape":
            self._root.destroy()
        elif means is Key.PRESSES:
            button.invoke()
        else:
            return None
        return "break"

    def _press(self, verdict: str) -> None:
        if self._choosing.is_there:
            self.answer = f"decided {verdict}"
            self._root.destroy()

    def _tick(self) -> None:
        if self._choosing.is_over:
            self.answer = "timed-out"
        if self._choosing.is_over or os.getppid() != self._parent:
            self._root.destroy()
            return
        self._root.after(TICK, self._tick)


if __name__ == "__main__":
    main(TkPermission)

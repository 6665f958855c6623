"""Draws our own question for a permission with GTK: as `gtk_child.py`, with buttons in place of a field.

The line is `decided VERDICT`, `cancelled` or `timed-out`. It may be an older Python than ours: syntax of 3.9.
"""

from __future__ import annotations

import os
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])  # as in gtk_child.py
from trayexec.adapters.dialogs.own.code_field import KEYS, Choosing, Key
from trayexec.adapters.dialogs.own.gtk_child import TICK, GtkPage, Toolkit, main

del sys.path[0]

STRIPE = 8  # pixels
STYLE = ".trayexec-stripe { background: COLOUR; }"


class GtkPermission(GtkPage):
    """One question for a permission on the screen."""

    def __init__(self, kit: Toolkit, text: dict[str, Any]) -> None:
        """Lay it out and show it."""
        super().__init__(kit, text, STYLE.replace("COLOUR", text["colour"]) if text["colour"] else "")
        self._choosing = Choosing(text["seconds"])
        page = self._page
        if text["colour"]:
            stripe = self._box(vertical=False, gap=0)
            stripe.set_size_request(-1, STRIPE)
            stripe.set_margin_bottom(12)
            self._mark(stripe, "trayexec-stripe")
            self._put(page, stripe)
        if text["position"]:
            self._label(page, text["position"], "trayexec-hint")
        self._label(page, text["heading"], "trayexec-heading").set_margin_bottom(4)
        for line in text["about"]:
            self._label(page, line, "trayexec-about")
        buttons = [self._button(page, *one) for one in text["answers"]]
        buttons[0].set_margin_top(16)
        self._hear(self._key, self._choosing.focus)
        self._glib.timeout_add(TICK, self._tick)
        self._show(buttons[-1])  # the no

    def _button(self, page: Any, verdict: str, label: str) -> Any:
        button = self._gtk.Button(label=label)
        button.connect("clicked", lambda _: self._choosing.is_there and self._end(f"decided {verdict}"))
        button.set_margin_top(4)
        self._put(page, button)
        return button

    def _key(self, key: int) -> bool:
        """Whether nobody else is to see this key."""
        from gi.repository import Gdk  # noqa: PLC0415 — as in gtk_child.py

        name = Gdk.keyval_name(key) or ""
        if not self._choosing.key(KEYS.get(name, Key.OTHER)):
            return True
        return self._end("cancelled") if key == Gdk.KEY_Escape else False

    def _tick(self) -> bool:
        if self._choosing.is_over or os.getppid() != self._parent:
            return not self._end("timed-out")
        return True


if __name__ == "__main__":
    main(sys.argv[2], GtkPermission)

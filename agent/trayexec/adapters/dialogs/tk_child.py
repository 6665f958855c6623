"""The window of `tk.py`, in a process of its own: reads a `Sheet` as JSON on stdin, writes one line on stdout.

The line is `entered NNNNNN`, `cancelled` or `timed-out`. Six digits are made sure of here: spaces and full-width digits
are put right while typing, everything else is left out. Ends by itself when its parent does.
"""

import json
import os
import sys
import time
import tkinter as tk
import unicodedata
from collections.abc import Callable
from tkinter import font
from typing import Any

from trayexec.adapters.dialogs.sheet import COUNT
from trayexec.adapters.harden import seal
from trayexec.adapters.wording import fold

DIGITS = 6
WIDTH = 400  # pixels at 96 dpi
TICK = 250  # milliseconds
HEADING = 15  # points; the only bold line
COUNTER = 10  # points

PAPER, INK, FAINT, LINE = "#ffffff", "#1f2328", "#5b6570", "#c9d1d9"
ACCENT, ACCENT_DARK, ACCENT_PALE = "#1f6feb", "#1a5fcb", "#b6d0f7"
RED, AMBER = "#b3261e", "#8a5a00"
MOST_OF_A_SCREEN = 3  # the window stands at a third of the free height, where eyes are


class Window:
    """One question on the screen."""

    def __init__(self, root: tk.Tk, sheet: dict[str, Any], now: Callable[[], float]) -> None:
        """Lay out the window; nothing runs until `root.mainloop`."""
        self.answer = "cancelled"
        self._root, self._sheet, self._now = root, sheet, now
        self._ends = now() + sheet["seconds"]
        self._fresh = now() + sheet["wait"]
        self._parent = os.getppid()
        self._kept = ""
        self._scale = max(1.0, root.winfo_fpixels("1i") / 96)
        self._typed = tk.StringVar(root)
        self._typed.trace_add("write", lambda *_: self._clean())

        root.title(sheet["title"])
        root.configure(bg=PAPER)
        root.resizable(width=False, height=False)
        root.protocol("WM_DELETE_WINDOW", root.destroy)
        root.bind("<Escape>", lambda _: root.destroy())
        root.bind("<Return>", lambda _: self._accept())
        root.bind("<KP_Enter>", lambda _: self._accept())
        page = tk.Frame(root, bg=PAPER, padx=self._px(24), pady=self._px(20))
        page.pack()
        self._head(page)
        self._entry = self._field(page)
        self._hint = self._text(page, sheet["digits"], size=9, colour=FAINT)
        if sheet["reason"]:
            self._text(page, sheet["reason"], size=10, colour=RED, above=10)
        self._count = self._text(page, " ", size=COUNTER, colour=AMBER, above=4) if sheet["counting"] else None
        self._button = self._buttons(page)
        self._place()
        self._tick()

    def _px(self, size: float) -> int:
        return round(size * self._scale)

    def _font(self, size: int, family: str = "TkDefaultFont") -> font.Font:
        made = font.nametofont(family, root=self._root).copy()
        made.configure(size=size, weight="bold" if size == HEADING else "normal")
        return made

    def _text(self, page: tk.Frame, words: str, *, size: int, colour: str, above: int = 0) -> tk.Label:
        label = tk.Label(
            page,
            text=self._folded(words, size),
            font=self._font(size),
            fg=colour,
            bg=PAPER,
            justify="left",
            anchor="w",
            wraplength=self._px(WIDTH),
        )
        label.pack(fill="x", pady=(self._px(above), 0))
        return label

    def _folded(self, words: str, size: int) -> str:
        return fold(words, self._px(WIDTH), self._font(size).measure)

    def _head(self, page: tk.Frame) -> None:
        sheet = self._sheet
        self._text(page, sheet["heading"], size=HEADING, colour=INK)
        for line in (sheet[name] for name in ("elsewhere", "purpose", "asked", "device")):
            if line:
                self._text(page, line, size=10, colour=FAINT, above=4)

    def _field(self, page: tk.Frame) -> tk.Entry:
        entry = tk.Entry(
            page,
            textvariable=self._typed,
            font=self._font(26, "TkFixedFont"),
            justify="center",
            width=10,
            relief="flat",
            bg=PAPER,
            fg=INK,
            insertbackground=ACCENT,
            highlightthickness=self._px(2),
            highlightbackground=LINE,
            highlightcolor=ACCENT,
        )
        entry.pack(fill="x", pady=(self._px(18), self._px(4)), ipady=self._px(6))
        return entry

    def _buttons(self, page: tk.Frame) -> tk.Button:
        row = tk.Frame(page, bg=PAPER)
        row.pack(fill="x", pady=(self._px(18), 0))
        shape: dict[str, Any] = {"relief": "flat", "bd": 0, "padx": self._px(18), "pady": self._px(7)}
        shape |= {"font": self._font(10), "highlightthickness": self._px(1), "highlightbackground": LINE}
        accept = tk.Button(
            row,
            text=self._sheet["accept"],
            command=self._accept,
            fg=PAPER,
            bg=ACCENT_PALE,
            activeforeground=PAPER,
            activebackground=ACCENT_DARK,
            disabledforeground=PAPER,
            state="disabled",
            **shape | {"highlightbackground": PAPER},
        )
        accept.pack(side="right")
        cancel = tk.Button(
            row,
            text=self._sheet["cancel"],
            command=self._root.destroy,
            fg=INK,
            bg=PAPER,
            activebackground="#eef1f4",
            **shape,
        )
        cancel.pack(side="right", padx=(0, self._px(8)))
        return accept

    def _place(self) -> None:
        root = self._root
        root.update_idletasks()
        wide, high = root.winfo_reqwidth(), root.winfo_reqheight()
        left = (root.winfo_screenwidth() - wide) // 2
        top = max(0, (root.winfo_screenheight() - high) // MOST_OF_A_SCREEN)
        root.geometry(f"+{left}+{top}")
        root.attributes("-topmost", True)  # noqa: FBT003 — Tk's own way
        root.lift()
        root.focus_force()
        self._entry.focus_set()

    def _clean(self) -> None:
        """Keep digits only, at most six. More than six at once is somebody pasting the wrong thing: leave it out."""
        whole = unicodedata.normalize("NFKC", self._typed.get())
        digits = "".join(letter for letter in whole if letter in "0123456789")
        too_many = len(digits) > DIGITS
        if too_many:
            digits = self._kept
        self._kept = digits
        self._hint.configure(fg=RED if too_many else FAINT)
        if digits != self._typed.get():
            # In a callback of its own: Tk forgets a cursor that is moved while the variable is written.
            self._root.after_idle(self._show, digits)
        ready = len(digits) == DIGITS
        self._button.configure(state="normal" if ready else "disabled", bg=ACCENT if ready else ACCENT_PALE)

    def _show(self, digits: str) -> None:
        self._typed.set(digits)
        self._entry.icursor("end")

    def _accept(self) -> None:
        if len(self._kept) == DIGITS:
            self.answer = f"entered {self._kept}"
            self._root.destroy()
        else:
            self._hint.configure(fg=RED)

    def _tick(self) -> None:
        now = self._now()
        if now >= self._ends:
            self.answer = "timed-out"
        if now >= self._ends or os.getppid() != self._parent:
            self._root.destroy()
            return
        if self._count is not None:
            left = max(0, round(self._fresh - now))
            words = self._sheet["counting"].replace(COUNT, str(left)) if left else self._sheet["counted"]
            self._count.configure(text=self._folded(words, COUNTER), fg=AMBER if left else FAINT)
        self._root.after(TICK, self._tick)


def main() -> None:
    """Ask the question on stdin. Exits with 1 and Tk's own words when there is no window to be had."""
    seal()
    sheet = json.load(sys.stdin)
    try:
        root = tk.Tk(className="trayexec")
        window = Window(root, sheet, time.monotonic)
        root.mainloop()
    except tk.TclError as error:
        sys.exit(str(error))
    print(window.answer)  # noqa: T201 — the pipe to the agent


if __name__ == "__main__":
    main()

"""Draws our own dialog with Tk, in a process of its own: reads the text as JSON on stdin, answers a line on stdout.

The line is `entered NNNNNN`, `cancelled` or `timed-out`; after the code comes the number of its device, where one was
chosen. Ends by itself when its parent does.
"""

import json
import os
import sys
import time
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from tkinter import font
from typing import Any

from trayexec.adapters.dialogs.own.code_field import CodeField, Typed
from trayexec.adapters.dialogs.own.shade import is_dark
from trayexec.adapters.harden import seal
from trayexec.adapters.wording import fold

WIDTH = 400  # pixels at 96 dpi
TICK = 200  # milliseconds
HEADING, BODY, SMALL, CODE = 14, 10, 9, 26  # points
MOST_OF_A_SCREEN = 3  # the window stands at a third of the free height, where eyes are


@dataclass(frozen=True, slots=True)
class Colours:
    """What the window is painted with."""

    paper: str
    field: str
    ink: str
    faint: str
    line: str
    accent: str
    pressed: str
    idle: str
    red: str
    on_accent: str = "#ffffff"


LIGHT = Colours("#fafafa", "#ffffff", "#1f2328", "#5b6570", "#c9d1d9", "#1f6feb", "#1a5fcb", "#8fb5ee", "#b3261e")
DARK = Colours("#26282b", "#1c1e20", "#eceff1", "#a9b1b9", "#4a5057", "#3b82f6", "#2f6fd8", "#41597d", "#ff8a80")


class TkPage:
    """A window with a column of words, whatever it asks."""

    def __init__(self, root: tk.Tk, text: dict[str, Any], colours: Colours) -> None:
        """Begin with an empty column; nothing runs until `root.mainloop`."""
        self.answer = "cancelled"
        self._root, self._text, self._colours = root, text, colours
        self._parent = os.getppid()
        self._scale = max(1.0, root.winfo_fpixels("1i") / 96)

        root.title(text["title"])
        root.configure(bg=colours.paper)
        root.resizable(width=False, height=False)
        root.protocol("WM_DELETE_WINDOW", root.destroy)
        self._page = tk.Frame(root, bg=colours.paper, padx=self._px(24), pady=self._px(24))
        self._page.pack()
        tk.Frame(self._page, bg=colours.paper, width=self._px(WIDTH)).pack()  # no narrower, whatever the words

    # Layout

    def _px(self, size: float) -> int:
        return round(size * self._scale)

    def _font(self, size: int, family: str = "TkDefaultFont", weight: str = "normal") -> font.Font:
        made = font.nametofont(family, root=self._root).copy()
        made.configure(size=size, weight="bold" if weight == "bold" else "normal")
        return made

    def _label(self, page: tk.Frame, words: str, *, size: int, colour: str, above: int = 0) -> tk.Label:
        written = self._font(size, weight="bold" if size == HEADING else "normal")
        label = tk.Label(
            page,
            text=fold(words, self._px(WIDTH), written.measure),
            font=written,
            fg=colour,
            bg=self._colours.paper,
            justify="left",
            anchor="w",
        )
        label.pack(fill="x", pady=(self._px(above), 0))
        return label

    def _place(self, first: tk.Widget) -> None:
        root = self._root
        root.update_idletasks()
        wide, high = root.winfo_reqwidth(), root.winfo_reqheight()
        left = (root.winfo_screenwidth() - wide) // 2
        top = max(0, (root.winfo_screenheight() - high) // MOST_OF_A_SCREEN)
        root.geometry(f"+{left}+{top}")
        root.attributes("-topmost", True)  # noqa: FBT003 — Tk's own way
        root.lift()
        root.focus_force()
        first.focus_set()

    def _hear_focus(self, focus: Callable[[bool], None]) -> None:
        """Tell `focus` whether the window has the keyboard: from one part of it to another is not lost."""
        root = self._root
        root.bind("<FocusIn>", lambda _: focus(True))  # noqa: FBT003 — as GTK tells it
        root.bind("<FocusOut>", lambda _: root.after_idle(lambda: focus(root.focus_displayof() is not None)))


class TkWindow(TkPage):
    """One question for a code on the screen."""

    def __init__(self, root: tk.Tk, text: dict[str, Any], colours: Colours, now: Callable[[], float]) -> None:
        """Lay out the window."""
        super().__init__(root, text, colours)
        self._field = CodeField(text["seconds"], text["wait"], now)
        self._typed = tk.StringVar(root)
        page = self._page
        self._head(page)
        self._device = tk.IntVar(root, text["serials"].index(text["serial"]) if text["serials"] else 0)
        if text["serials"]:
            self._chooser(page)
        self._entry = self._code(page)
        self._digits = self._label(page, text["digits"], size=SMALL, colour=colours.faint, above=4)
        if text["reason"]:
            self._label(page, text["reason"], size=BODY, colour=colours.red, above=8)
        self._count = self._label(page, " ", size=BODY, colour=colours.faint, above=4) if text["counting"] else None
        self._button = self._buttons(page)
        self._typed.trace_add("write", lambda *_: self._changed())
        self._listen()
        self._place(self._entry)
        self._tick()

    # Layout

    def _head(self, page: tk.Frame) -> None:
        text, colours = self._text, self._colours
        self._label(page, text["heading"], size=HEADING, colour=colours.ink)
        if text["elsewhere"]:
            self._label(page, text["elsewhere"], size=BODY, colour=colours.red, above=6)
        for line in text["about"][:-1] if text["serials"] else text["about"]:
            self._label(page, line, size=BODY, colour=colours.faint, above=4)

    def _chooser(self, page: tk.Frame) -> None:
        """A button that says which device it is, and opens the list of them."""
        text, colours = self._text, self._colours
        row = tk.Frame(page, bg=colours.paper)
        row.pack(fill="x", pady=(self._px(14), 0))
        written = self._font(BODY, weight="bold")
        tk.Label(row, text=text["device"], font=written, fg=colours.ink, bg=colours.paper).pack(side="left")
        look: dict[str, Any] = {"font": self._font(BODY), "fg": colours.ink, "bg": colours.field}
        look |= {"activeforeground": colours.on_accent, "activebackground": colours.accent}
        button = tk.Menubutton(
            row,
            text=text["devices"][self._device.get()],
            indicatoron=True,
            relief="flat",
            takefocus=True,
            padx=self._px(12),
            highlightthickness=self._px(1),
            highlightbackground=colours.line,
            highlightcolor=colours.accent,
            **look,
        )
        menu = tk.Menu(button, tearoff=False, **look)
        for number, name in enumerate(text["devices"]):
            menu.add_radiobutton(
                label=name,
                variable=self._device,
                value=number,
                selectcolor=colours.ink,
                command=partial(self._chosen, button, name),
            )
        button.configure(menu=menu)
        button.pack(side="right")

    def _chosen(self, button: tk.Menubutton, name: str) -> None:
        """Begin the code of another device."""
        button.configure(text=name)
        self._field.choose(self._device.get() != self._text["serials"].index(self._text["serial"]))
        self._show("")
        self._entry.focus_set()

    def _code(self, page: tk.Frame) -> tk.Entry:
        text, colours = self._text, self._colours
        row = tk.Frame(page, bg=colours.paper)
        row.pack(fill="x", pady=(self._px(18), 0))
        for side, words, weight, colour in (
            ("left", text["prompt"], "bold", colours.ink),
            ("right", text["position"], "normal", colours.faint),
        ):
            label = tk.Label(row, text=words, font=self._font(BODY, weight=weight), fg=colour, bg=colours.paper)
            label.pack(side="left" if side == "left" else "right")
        entry = tk.Entry(
            page,
            textvariable=self._typed,
            font=self._font(CODE, "TkFixedFont"),
            justify="center",
            width=10,
            relief="flat",
            bg=colours.field,
            fg=colours.ink,
            selectbackground=colours.accent,
            selectforeground=colours.on_accent,
            insertbackground=colours.accent,
            highlightthickness=self._px(2),
            highlightbackground=colours.line,
            highlightcolor=colours.accent,
        )
        entry.pack(fill="x", pady=(self._px(6), 0), ipady=self._px(6))
        return entry

    def _buttons(self, page: tk.Frame) -> tk.Button:
        colours = self._colours
        row = tk.Frame(page, bg=colours.paper)
        row.pack(fill="x", pady=(self._px(18), 0))
        shape: dict[str, Any] = {"relief": "flat", "bd": 0, "padx": self._px(18), "pady": self._px(7)}
        shape |= {"font": self._font(BODY), "highlightthickness": self._px(1), "highlightcolor": colours.ink}
        accept = tk.Button(
            row,
            text=self._text["accept"],
            command=self._submit,
            fg=colours.on_accent,
            bg=colours.idle,
            activeforeground=colours.on_accent,
            activebackground=colours.pressed,
            disabledforeground=colours.paper,
            highlightbackground=colours.paper,
            state="disabled",
            **shape,
        )
        cancel = tk.Button(
            row,
            text=self._text["cancel"],
            command=self._root.destroy,
            fg=colours.ink,
            bg=colours.paper,
            activeforeground=colours.ink,
            activebackground=colours.field,
            highlightbackground=colours.line,
            **shape,
        )
        accept.pack(side="right")
        cancel.pack(side="right", padx=(0, self._px(8)))
        cancel.lower(accept)  # Tab goes from left to right
        return accept

    # What a person does

    def _listen(self) -> None:
        root, entry = self._root, self._entry
        for key in ("<Return>", "<KP_Enter>"):
            root.bind(key, lambda _: self._submit())
        root.bind("<Escape>", lambda _: self._cancel())
        for key in ("<Control-a>", "<Control-A>"):  # Tk's own goes to the start: what is typed then comes on top
            entry.bind(key, lambda _: self._select())
        self._hear_focus(self._field.focus)
        for button in (child for child in _below(root) if isinstance(child, tk.Button | tk.Menubutton)):
            button.bind("<Key>", lambda _: "break" if self._field.is_early else None)

    def _select(self) -> str:
        self._entry.selection_range(0, "end")
        return "break"

    def _changed(self) -> None:
        """Keep what counts."""
        field = self._field
        typed = field.change(self._typed.get())
        if typed is not Typed.EARLY:
            self._digits.configure(fg=self._colours.red if typed is Typed.TOO_MANY else self._colours.faint)
        if field.digits != self._typed.get():
            # In a callback of its own: Tk forgets a cursor that is moved while the variable is written.
            self._root.after_idle(self._show, field.digits)
        self._offer()

    def _show(self, digits: str) -> None:
        self._typed.set(digits)
        self._entry.icursor("end")

    def _offer(self) -> None:
        """Send what is ready."""
        ready = self._field.is_ready
        colours = self._colours
        self._button.configure(state="normal" if ready else "disabled", bg=colours.accent if ready else colours.idle)
        if ready:
            self._root.after_idle(self._submit)

    def _submit(self) -> None:
        if self._field.is_ready:
            number = f" {self._device.get()}" if self._text["serials"] else ""
            self.answer = f"entered {self._field.digits}{number}"
            self._root.destroy()
        elif not self._field.is_early and not self._field.is_whole:
            self._digits.configure(fg=self._colours.red)

    def _cancel(self) -> None:
        if not self._field.is_early:
            self._root.destroy()

    def _tick(self) -> None:
        field = self._field
        if field.is_over:
            self.answer = "timed-out"
        if field.is_over or os.getppid() != self._parent:
            self._root.destroy()
            return
        if self._count is not None:
            text = self._text
            words = field.hurry(text["counting"], text["held"], text["counted"])
            self._count.configure(text=fold(words, self._px(WIDTH), self._font(BODY).measure))
            self._offer()
        self._root.after(TICK, self._tick)


def _below(widget: tk.Misc) -> list[tk.Misc]:
    return [one for child in widget.winfo_children() for one in (child, *_below(child))]


def main(make: Callable[[tk.Tk, dict[str, Any], Colours, Callable[[], float]], TkPage]) -> None:
    """Ask the question on stdin in such a window. Exits with 1 and Tk's own words when there is none to be had."""
    seal()
    text = json.load(sys.stdin)
    try:
        root = tk.Tk(className="trayexec")
        window = make(root, text, DARK if is_dark(os.environ) else LIGHT, time.monotonic)
        root.mainloop()
    except tk.TclError as error:
        sys.exit(str(error))
    print(window.answer)  # noqa: T201 — the pipe to the agent


if __name__ == "__main__":
    main(TkWindow)

"""Draws our own dialog with GTK, in the distribution's own Python: reads the text as JSON, answers a line on stdout.

The line is `entered NNNNNN`, `cancelled` or `timed-out`; after the code comes the number of its device, where one was
chosen. Ends by itself when its parent does. `tool.py` names the folder of our packages, and which GTK. It may be an
older Python than ours: syntax of 3.9.
"""

from __future__ import annotations

import enum
import json
import os
import sys
from typing import TYPE_CHECKING, Any

sys.path.insert(0, sys.argv[1])  # only while ours are loaded: whatever else is in there is of another Python
from trayexec.adapters.dialogs.own.code_field import CodeField, Typed
from trayexec.adapters.dialogs.own.shade import is_dark
from trayexec.adapters.harden import seal

del sys.path[0]

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 200  # milliseconds
WIDTH = 400  # pixels, of the page within its margins
STYLE = """
.trayexec-page { padding: 24px; }
.trayexec-heading { font-size: 125%; font-weight: bold; }
.trayexec-label { font-weight: bold; }
.trayexec-code { font-family: monospace; font-size: 230%; letter-spacing: 0.28em; padding: 6px 0; }
.trayexec-about { opacity: 0.85; }
.trayexec-hint { opacity: 0.75; }
.trayexec-reason { color: REASON; }
"""
# Themes' own @error_color is hard to read on their dark windows.
REASONS = {"light": "#b3261e", "dark": "#ff8a80"}


class Toolkit(enum.Enum):
    """Which GTK there is."""

    GTK3 = "3.0"
    GTK4 = "4.0"


class GtkPage:
    """A window with a column of words, whatever it asks."""

    def __init__(self, kit: Toolkit, text: dict[str, Any], more_style: str = "") -> None:
        """Begin with an empty column; `run` waits for the answer."""
        from gi.repository import GLib, Gtk, Pango  # noqa: PLC0415 — only once one is chosen

        self._gtk, self._kit, self._glib, self._pango = Gtk, kit, GLib, Pango
        self._text = text
        self._answer = "cancelled"
        self._parent = os.getppid()
        self._loop = GLib.MainLoop()
        self._window = Gtk.Window(title=text["title"], resizable=False, icon_name="dialog-password")
        self._style(more_style)
        self._page = page = self._box(vertical=True, gap=4)
        self._mark(page, "trayexec-page")
        page.set_size_request(WIDTH, -1)
        self._put(self._window, page)

    def run(self) -> str:
        """Wait for the answer."""
        self._loop.run()
        return self._answer

    def _end(self, answer: str) -> bool:
        self._answer = answer
        self._loop.quit()
        return True

    # Layout

    def _style(self, more: str) -> None:
        gtk = self._gtk
        from gi.repository import Gdk  # noqa: PLC0415 — as above

        settings = gtk.Settings.get_default()
        dark = is_dark(os.environ)
        if dark:
            settings.props.gtk_application_prefer_dark_theme = True
        style = STYLE.replace("REASON", REASONS["dark" if dark else "light"]) + more
        provider, level = gtk.CssProvider(), gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        if hasattr(provider, "load_from_string"):  # GTK 4.12
            provider.load_from_string(style)
        else:
            provider.load_from_data(style.encode())
        if self._kit is Toolkit.GTK3:
            gtk.StyleContext.add_provider_for_screen(Gdk.Screen.get_default(), provider, level)
        else:
            gtk.StyleContext.add_provider_for_display(Gdk.Display.get_default(), provider, level)

    def _box(self, *, vertical: bool, gap: int) -> Any:
        way = self._gtk.Orientation.VERTICAL if vertical else self._gtk.Orientation.HORIZONTAL
        return self._gtk.Box(orientation=way, spacing=gap)

    def _mark(self, widget: Any, name: str) -> None:
        (widget.get_style_context().add_class if self._kit is Toolkit.GTK3 else widget.add_css_class)(name)

    def _unmark(self, widget: Any, name: str) -> None:
        (widget.get_style_context().remove_class if self._kit is Toolkit.GTK3 else widget.remove_css_class)(name)

    def _put(self, outer: Any, inner: Any) -> None:
        if self._kit is Toolkit.GTK3:
            outer.add(inner)
        elif isinstance(outer, self._gtk.Window):
            outer.set_child(inner)
        else:
            outer.append(inner)

    def _label(self, page: Any, words: str, *classes: str) -> Any:
        whole = self._pango.AttrList()
        whole.insert(self._pango.attr_insert_hyphens_new(False))  # noqa: FBT003 — a serial has none of these hyphens
        label = self._gtk.Label(label=words, attributes=whole, xalign=0, wrap=True, max_width_chars=1, hexpand=True)
        if self._kit is Toolkit.GTK3:
            label.set_line_wrap_mode(self._pango.WrapMode.WORD_CHAR)
        else:
            label.set_wrap_mode(self._pango.WrapMode.WORD_CHAR)
        for one in classes:
            self._mark(label, one)
        self._put(page, label)
        return label

    def _show(self, first: Any) -> None:
        window = self._window
        if self._kit is Toolkit.GTK3:
            from gi.repository import Gdk  # noqa: PLC0415 — as above

            window.set_type_hint(Gdk.WindowTypeHint.DIALOG)
            window.set_position(self._gtk.WindowPosition.CENTER)
            window.set_keep_above(True)
            window.show_all()
        first.grab_focus()
        window.present()

    # What a person does

    def _hear(self, key: Callable[[int], bool], focus: Callable[[bool], None]) -> None:
        """Tell `key` of each key before any widget, which gets it where that is false; and `focus` of the keyboard."""
        window = self._window
        if self._kit is Toolkit.GTK3:
            window.connect("key-press-event", lambda _, event: key(event.keyval))
            window.connect("delete-event", lambda *_: self._end("cancelled"))
        else:
            keys = self._gtk.EventControllerKey()
            keys.set_propagation_phase(self._gtk.PropagationPhase.CAPTURE)
            keys.connect("key-pressed", lambda _, value, *_rest: key(value))
            window.add_controller(keys)
            window.connect("close-request", lambda _: self._end("cancelled"))
        window.connect("notify::is-active", lambda *_: focus(window.is_active()))


class GtkWindow(GtkPage):
    """One question for a code on the screen."""

    def __init__(self, kit: Toolkit, text: dict[str, Any]) -> None:
        """Lay it out and show it."""
        super().__init__(kit, text)
        self._field = CodeField(text["seconds"], text["wait"])
        self._rewriting = False
        page = self._page
        self._head(page)
        self._devices = self._chooser(page) if text["serials"] else None
        self._entry = self._code(page)
        self._digits = self._label(page, text["digits"], "trayexec-hint")
        if text["reason"]:
            self._label(page, text["reason"], "trayexec-reason").set_margin_top(8)
        self._count = self._label(page, " ", "trayexec-hint") if text["counting"] else None
        self._accept = self._buttons(page)
        self._listen()
        self._tick()
        self._glib.timeout_add(TICK, self._tick)
        self._show(self._entry)

    # Layout

    def _head(self, page: Any) -> None:
        text = self._text
        self._label(page, text["heading"], "trayexec-heading").set_margin_bottom(4)
        if text["elsewhere"]:
            self._label(page, text["elsewhere"], "trayexec-reason")
        for line in text["about"][:-1] if text["serials"] else text["about"]:
            self._label(page, line, "trayexec-about")

    def _chooser(self, page: Any) -> Any:
        text = self._text
        row = self._box(vertical=False, gap=12)
        row.set_margin_top(12)
        self._put(page, row)
        label = self._label(row, text["device"], "trayexec-label")
        chooser = self._gtk.ComboBoxText()
        for name in text["devices"]:
            chooser.append_text(name)
        chooser.set_active(text["serials"].index(text["serial"]))
        label.set_mnemonic_widget(chooser)
        self._put(row, chooser)
        return chooser

    def _code(self, page: Any) -> Any:
        text = self._text
        row = self._box(vertical=False, gap=12)
        row.set_margin_top(16)
        self._put(page, row)
        prompt = self._label(row, text["prompt"], "trayexec-label")
        if text["position"]:
            self._label(row, text["position"], "trayexec-hint").set_xalign(1)
        entry = self._gtk.Entry(xalign=0.5, hexpand=True, width_chars=8, activates_default=False)
        entry.set_input_purpose(self._gtk.InputPurpose.DIGITS)
        self._mark(entry, "trayexec-code")
        prompt.set_mnemonic_widget(entry)  # a screen reader reads the label with the field
        self._describe(entry, " ".join(one for one in (text["reason"], text["heading"]) if one))
        self._put(page, entry)
        return entry

    def _describe(self, entry: Any, words: str) -> None:
        if self._kit is Toolkit.GTK3:
            entry.get_accessible().set_description(words)
        else:
            entry.update_property([self._gtk.AccessibleProperty.DESCRIPTION], [words])

    def _buttons(self, page: Any) -> Any:
        row = self._box(vertical=False, gap=8)
        row.set_margin_top(16)
        row.set_halign(self._gtk.Align.END)
        self._put(page, row)
        cancel = self._gtk.Button(label=self._text["cancel"])
        cancel.connect("clicked", lambda _: self._cancel())
        accept = self._gtk.Button(label=self._text["accept"], sensitive=False)
        accept.connect("clicked", lambda _: self._submit())
        self._mark(accept, "suggested-action")
        for button in (cancel, accept):
            self._put(row, button)
        return accept

    # What a person does

    def _listen(self) -> None:
        entry = self._entry
        entry.connect("changed", lambda _: self._changed())
        entry.connect("activate", lambda _: self._submit())
        if self._devices is not None:
            self._devices.connect("changed", lambda _: self._chosen())
        self._hear(self._key, self._field.focus)

    def _number(self) -> int:
        chooser: Any = self._devices
        return int(chooser.get_active())

    def _chosen(self) -> None:
        """Begin the code of another device."""
        first = self._text["serials"].index(self._text["serial"])
        self._field.choose(self._number() != first)
        self._entry.set_text("")
        self._entry.grab_focus()

    def _key(self, key: int) -> bool:
        """Whether nobody else is to see this key."""
        from gi.repository import Gdk  # noqa: PLC0415 — as above

        if self._field.is_early:
            return True
        if key == Gdk.KEY_Escape:
            return self._cancel()
        return False

    def _changed(self) -> None:
        """Keep what counts."""
        entry, field = self._entry, self._field
        if self._rewriting:
            return
        typed = field.change(entry.get_text())
        if typed is Typed.TOO_MANY:
            self._mark(self._digits, "trayexec-reason")
        elif typed is Typed.KEPT:
            self._unmark(self._digits, "trayexec-reason")
        if entry.get_text() != field.digits:
            self._rewriting = True
            entry.set_text(field.digits)
            self._rewriting = False
            # Later: an entry that is being changed sets its cursor once more.
            self._glib.idle_add(entry.set_position, -1)
        self._accept.set_sensitive(field.is_ready)
        if field.is_ready:
            self._submit()

    def _submit(self) -> None:
        if self._field.is_ready:
            number = "" if self._devices is None else f" {self._number()}"
            self._end(f"entered {self._field.digits}{number}")
        elif not self._field.is_whole:
            self._mark(self._digits, "trayexec-reason")

    def _cancel(self) -> bool:
        return self._end("cancelled")

    def _tick(self) -> bool:
        field = self._field
        if field.is_over or os.getppid() != self._parent:
            return not self._end("timed-out")
        if self._count is not None:
            text = self._text
            self._count.set_label(field.hurry(text["counting"], text["held"], text["counted"]))
            self._accept.set_sensitive(field.is_ready)
            if field.is_ready:
                self._submit()
        return True


def main(version: str, window: Callable[[Toolkit, dict[str, Any]], GtkPage]) -> None:
    """Ask the question on stdin in such a window. Exits with 1 and the reason when there is none to be had."""
    seal()
    text = json.load(sys.stdin)
    try:
        import gi  # noqa: PLC0415 — the distribution's own
        from gi.repository import GLib  # noqa: PLC0415 — the distribution's own

        GLib.set_prgname("trayexec")  # before GTK takes it: by this a panel finds our name and icon
        gi.require_version("Gtk", version)
        gi.require_version("Gdk", version)
        from gi.repository import Gdk, Gtk  # noqa: F401, PLC0415 — to load GTK opens the display
    except (ImportError, ValueError) as error:
        sys.exit(str(error))
    if Gdk.Display.get_default() is None:
        sys.exit("cannot open the display")
    answer = window(Toolkit(version), text).run()
    print(answer, flush=True)  # noqa: T201 — the pipe to the agent


if __name__ == "__main__":
    main(sys.argv[2], GtkWindow)

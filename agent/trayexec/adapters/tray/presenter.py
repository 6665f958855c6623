"""From a view to a pystray icon: its picture, its title and its menu, each touched only when it really changed.

Every change of the menu makes some panels close it under the pointer (pystray#59), so nothing is set twice.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, assert_never

from trayexec.adapters.glyph import drawn_fill
from trayexec.adapters.tray.pystrays import ActionItem, Menu, MenuItem
from trayexec.adapters.wording import BRIEF, Speak, at_desktop
from trayexec.core.view import SHOW, Entry, IconState, Item, LongSubmenu, Separator, Submenu, View
from trayexec.light.errors import Text

Click = Callable[[str], None]

TOO_MANY = Item(Text("More than fit into this menu: `trayexec list` shows all"))


class Presenter:
    """Draws views on `icon`, one at a time: `picture(state, fill)` makes what its `icon` property takes."""

    def __init__(
        self,
        icon: Any,
        *,
        picture: Callable[[IconState, float], Any],
        speak: Speak,
        click: Click,
        title: int | None = None,
    ) -> None:
        """A title of more than `title` characters is cut, where a platform says so."""
        self._icon = icon
        self._picture = picture
        self._speak = at_desktop(speak, BRIEF)
        self._click = click
        self._title = title
        self._shown: View | None = None

    def present(self, view: View) -> None:
        """Make the icon look like `view`."""
        shown = self._shown
        if shown is None or _look(shown) != _look(view):
            self._icon.icon = self._picture(*_look(view))
        if shown is None or shown.tooltip != view.tooltip:
            self._icon.title = f"trayexec\n{self._speak(view.tooltip)}"[: self._title]
        if shown is None or shown.menu != view.menu:
            # What a click on the icon does is a line to pystray: one that the menu does not show.
            click = ActionItem("", SHOW, click=self._click, default=True, visible=False)
            self._icon.menu = Menu(click, *self._lines(view.menu))
        self._shown = view

    def _lines(self, entries: Iterable[Entry]) -> Iterator[Any]:
        for entry in entries:
            match entry:
                case Item(label, action, None):
                    yield ActionItem(self._speak(label), action, click=self._click)
                case Item(label, action, is_checked):
                    yield ActionItem(self._speak(label), action, click=self._click, checked=partial(_same, is_checked))
                case Submenu(label, children):
                    yield MenuItem(self._speak(label), Menu(*self._lines(children)))
                case LongSubmenu(label):  # these platforms lay out all that there is, again at each change
                    yield MenuItem(self._speak(label), Menu(*self._lines((TOO_MANY,))))
                case Separator():
                    yield Menu.SEPARATOR
                case _:
                    assert_never(entry)


def _same(is_checked: bool | None, _: Any) -> bool:  # noqa: FBT001 — pystray asks a function
    return bool(is_checked)


def _look(view: View) -> tuple[IconState, float]:
    return view.icon_state, drawn_fill(view.icon_state, view.fill)

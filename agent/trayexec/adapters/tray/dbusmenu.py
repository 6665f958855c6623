"""The view's menu as com.canonical.dbusmenu sees it: numbered lines with properties, and what changed since last time.

The interface: https://github.com/AyatanaIndicators/libdbusmenu/blob/main/libdbusmenu-glib/dbus-menu.xml
"""

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from trayexec.adapters.bus.objects import BusInterface, BusMethod, Refused, Value
from trayexec.adapters.wording import Speak
from trayexec.core.view import Entry, Item, LongSubmenu, Separator, Submenu
from trayexec.light.errors import Text

MENU = "com.canonical.dbusmenu"
KEPT = 8  # long menus that stay laid out after they were opened: those on the way to where the pointer is, and more

_Tree = tuple[int, dict[str, Value], list[Value]]
_Key = tuple[int, str, int]  # the parent's number, what the line stands for, and the how-manieth such


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the menu. `action` is what a click does; None for a line that only informs, and for what is no line.

    `is_long`: its lines are laid out when it is opened.
    """

    id: int
    properties: Mapping[str, Value]
    children: "tuple[Node, ...]" = ()
    action: str | None = None
    parent: int = 0
    is_long: bool = False

    def chosen(self, names: Collection[str]) -> dict[str, Value]:
        """The properties of these names; all of them for no name, as the interface wants it."""
        return {name: value for name, value in self.properties.items() if not names or name in names}

    def tree(self, depth: int, names: Collection[str]) -> _Tree:
        """This line and, `depth` levels down (-1: all), the ones below it: the type `(ia{sv}av)`."""
        below = self.children if depth else ()
        children = [("(ia{sv}av)", child.tree(depth - 1, names)) for child in below]
        return self.id, self.chosen(names), children

    def walk(self) -> "Iterator[Node]":
        """This line and everything below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def shape(self) -> tuple[Any, ...]:
        """Equal when only the values of properties differ."""
        return self.id, tuple(self.properties), tuple(child.shape() for child in self.children)


@dataclass(frozen=True, slots=True)
class Redraw:
    """Lines came, went or moved: the panel must read the menu again."""


@dataclass(frozen=True, slots=True)
class Retouch:
    """Only these lines have other properties now: an open menu can stay open."""

    nodes: tuple[Node, ...]


Change = Redraw | Retouch


class DBusMenu:
    """The menu with its numbers; `choose` is called with the action of a line that was clicked.

    A number belongs to one action for as long as that is in the menu, and is never given to another: a click that was
    on its way while the menu changed cannot choose something else. A long menu has its lines once a panel is about to
    show it: most panels read all that there is at each change, and with a thousand profiles that is half a megabyte.
    """

    def __init__(
        self,
        choose: Callable[[str], None],
        speak: Speak,
        *,
        filled: Callable[[int], None] = lambda _: None,
        dot: Callable[[str], bytes] = lambda _: b"",
    ) -> None:
        """Begin with an empty menu; `speak` puts labels into the person's language, `dot` draws a colour as PNG.

        `filled` is called with the number of a long menu that has got lines: who asked for them need not read the
        answer (libdbusmenu-gtk does not), and hears of what changed.
        """
        self.revision = 1
        self._filled = filled
        self._dot = dot
        self._entries: tuple[Entry, ...] = ()
        self._opened: list[int] = []
        self._speak = speak
        self._choose = choose
        self._root = Node(0, _ROOT)
        self._nodes = {0: self._root}
        self._numbers: dict[_Key, int] = {}
        self._fresh = itertools.count(1)

    def update(self, entries: Iterable[Entry]) -> Change:
        """Take over these entries and tell what changed."""
        self._entries = tuple(entries)
        return self._lay_out()

    def _lay_out(self) -> Change:
        former, known, self._numbers = self._nodes, self._numbers, {}
        root = Node(0, _ROOT, tuple(self._number(self._entries, 0, known)))
        changed = root.shape() != self._root.shape()
        self._root = root
        self._nodes = {node.id: node for node in root.walk()}
        self._opened = [number for number in self._opened if number in self._nodes]
        if changed:
            self.revision += 1
            return Redraw()
        return Retouch(tuple(node for node in root.walk() if node.properties != former[node.id].properties))

    def _number(self, entries: Iterable[Entry], parent: int, known: Mapping[_Key, int]) -> Iterator[Node]:
        seen: dict[str, int] = {}
        for entry in entries:
            meaning = _meaning(entry)
            nth = seen[meaning] = seen.get(meaning, -1) + 1
            key = (parent, meaning, nth)
            number = self._numbers[key] = known.get(key) or next(self._fresh)
            match entry:
                case Item(label, action, is_checked):
                    line = self._line(label, {"enabled": ("b", action is not None), **_checked(is_checked)})
                    yield Node(number, line, action=action, parent=parent)
                case Submenu(label, below, colour):
                    line = self._line(label, {"enabled": ("b", True), **_ROOT, **self._coloured(colour)})
                    yield Node(number, line, tuple(self._number(below, number, known)), parent=parent)
                case LongSubmenu(label):
                    line = self._line(label, {"enabled": ("b", True), **_ROOT})
                    below = entry.make() if number in self._opened else ()
                    children = tuple(self._number(below, number, known))
                    yield Node(number, line, children, parent=parent, is_long=True)
                case Separator():
                    yield Node(number, {"type": ("s", "separator")}, parent=parent)
                case _:
                    assert_never(entry)

    def _line(self, label: Text, more: Mapping[str, Value]) -> Mapping[str, Value]:
        # An underscore marks the next letter as a shortcut; AWS profile names are full of them.
        return {"label": ("s", self._speak(label).replace("_", "__")), **more}

    def _coloured(self, colour: str | None) -> Mapping[str, Value]:
        return {} if colour is None else {"icon-data": ("ay", self._dot(colour))}

    def _open(self, number: int) -> bool:
        """Lay out what is to be shown now. Whether that has brought lines which the panel has not read."""
        if not self._known(number).is_long:
            return False
        is_new = number not in self._opened
        way = [number]
        while (above := self._nodes[way[0]].parent) != 0:
            way.insert(0, above)
        self._opened = [*(one for one in self._opened if one not in way), *way][-KEPT:]
        if not is_new or not isinstance(self._lay_out(), Redraw):
            return False
        self._filled(number)
        return True

    def interface(self) -> BusInterface:
        """The menu on the bus."""
        return BusInterface(
            MENU,
            {
                "GetLayout": BusMethod(("i", "i", "as"), ("u", "(ia{sv}av)"), self._get_layout),
                "GetGroupProperties": BusMethod(("ai", "as"), ("a(ia{sv})",), self._get_group_properties),
                "GetProperty": BusMethod(("i", "s"), ("v",), self._get_property),
                "Event": BusMethod(("i", "s", "v", "u"), (), self._event),
                "EventGroup": BusMethod(("a(isvu)",), ("ai",), self._event_group),
                "AboutToShow": BusMethod(("i",), ("b",), self._about_to_show),
                "AboutToShowGroup": BusMethod(("ai",), ("ai", "ai"), self._about_to_show_group),
            },
            {
                "ItemsPropertiesUpdated": ("a(ia{sv})", "a(ias)"),
                "LayoutUpdated": ("u", "i"),
                "ItemActivationRequested": ("i", "u"),
            },
            lambda: {
                "Version": ("u", 3),
                "TextDirection": ("s", "ltr"),
                "Status": ("s", "normal"),
                "IconThemePath": ("as", []),
            },
        )

    def _known(self, number: int) -> Node:
        node = self._nodes.get(number)
        if node is None:
            raise Refused("InvalidArgs", f"The menu has no line {number}")
        return node

    def _unknown(self, numbers: Iterable[int]) -> list[int]:
        """Those that the menu does not have. Refused when it has none of them."""
        asked = list(numbers)
        unknown = [number for number in asked if number not in self._nodes]
        if asked and len(unknown) == len(asked):
            raise Refused("InvalidArgs", "The menu has none of these lines")
        return unknown

    def _get_layout(self, number: int, depth: int, names: list[str]) -> tuple[int, _Tree]:
        self._open(number)
        return self.revision, self._known(number).tree(depth, names)

    def _get_group_properties(self, numbers: list[int], names: list[str]) -> tuple[list[tuple[int, dict[str, Value]]]]:
        wanted = numbers or list(self._nodes)
        return ([(number, self._nodes[number].chosen(names)) for number in wanted if number in self._nodes],)

    def _get_property(self, number: int, name: str) -> tuple[Value]:
        properties = self._known(number).properties
        if name not in properties:
            raise Refused("InvalidArgs", f"Line {number} has no property {name}")
        return (properties[name],)

    def _event(self, number: int, event: str, _data: Value, _time: int) -> tuple[()]:
        action = self._known(number).action
        if event == "clicked" and action is not None:
            self._choose(action)
        return ()

    def _event_group(self, events: list[tuple[int, str, Value, int]]) -> tuple[list[int]]:
        unknown = self._unknown(number for number, *_ in events)
        for event in events:
            if event[0] not in unknown:
                self._event(*event)
        return (unknown,)

    def _about_to_show(self, number: int) -> tuple[bool]:
        return (self._open(number),)  # else what the panel has read is up to date: every change is announced

    def _about_to_show_group(self, numbers: list[int]) -> tuple[list[int], list[int]]:
        unknown = self._unknown(numbers)
        return [number for number in numbers if number not in unknown and self._open(number)], unknown


_ROOT: Mapping[str, Value] = {"children-display": ("s", "submenu")}


def _checked(is_checked: bool | None) -> Mapping[str, Value]:  # noqa: FBT001 — of a line, as it is
    if is_checked is None:
        return {}
    return {"toggle-type": ("s", "checkmark"), "toggle-state": ("i", int(is_checked))}


def _meaning(entry: Entry) -> str:
    """What a line stands for; the lines that do nothing are told apart by their order."""
    match entry:
        case Separator():
            return "separator"
        case Submenu():
            return "submenu"
        case LongSubmenu(_, key):
            return f"menu {key}"
        case Item(action=action):
            return "line" if action is None else f"action {action}"
        case _:
            assert_never(entry)

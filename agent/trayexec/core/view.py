"""Defines what the tray draws. It must not know any toolkit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from trayexec.light.errors import Text

SHOW = "show"  # the action of who has clicked on the icon, and is to be told how it stands


class IconState(Enum):
    """The icon's five states, told apart by shape."""

    LOCKED = "locked"
    ASKING = "asking"
    OPEN = "open"
    EXPIRING = "expiring"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu. Without an `action` it only informs; `is_checked` is whether a switch is on."""

    label: Text
    action: str | None = None
    is_checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Separator:
    """A line between groups."""


@dataclass(frozen=True, slots=True)
class Submenu:
    """A menu within the menu; with the `colour` of a profile, by its name or as #rrggbb, beside its label."""

    label: Text
    entries: "tuple[Entry, ...]"
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class LongSubmenu:
    """A menu within the menu that is laid out when somebody opens it: a thousand lines are made for nobody.

    `key` is its name among the menus beside it, and `source` all that `make` makes its lines of: where that is equal,
    so are they.
    """

    label: Text
    key: str
    source: object
    make: Callable[[], "tuple[Entry, ...]"] = field(compare=False, repr=False)


Entry = Item | Separator | Submenu | LongSubmenu


@dataclass(frozen=True, slots=True)
class View:
    """All that the tray shows: the state of its icon, how full its ring is (0 to 1), a tooltip, a menu.

    `needed` is what a double click does: the one thing that is to be done now, or to tell how it stands. `headline`
    says that in a sentence.
    """

    icon_state: IconState
    fill: float
    tooltip: Text
    menu: tuple[Entry, ...]
    needed: str
    headline: Text

"""Names in a sentence: the first few, and how many more. Pure."""

from trayexec.light.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

FEW = 5


def who(profiles: "Iterable[str]") -> str:
    """The names in a sentence: the first few, and how many more."""
    names = [shown(one) for one in profiles]
    return ", ".join(names[:FEW]) + (f" +{len(names) - FEW}" if len(names) > FEW else "")

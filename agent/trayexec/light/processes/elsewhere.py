"""Processes where trayexec does not run yet."""

from trayexec.light import platforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def _not_yet() -> "NoReturn":
    raise platforms.not_yet()


def stat_of(_pid: int) -> tuple[str, int, int]:
    """Not yet."""
    _not_yet()


def names_from(_pid: int) -> tuple[str, ...]:
    """Not yet."""
    _not_yet()


def lineage(_pid: int) -> tuple[tuple[str, int, int], ...]:
    """Not yet."""
    _not_yet()


def executable(_pid: int) -> str:
    """Not yet."""
    _not_yet()


def variables(_pid: int) -> frozenset[str]:
    """Not yet."""
    _not_yet()


def started(_pid: int) -> int:
    """Not yet."""
    _not_yet()


def since_boot(_started: int) -> float | None:
    """It is not looked up here."""
    return None

"""The peer where trayexec does not run yet. On Windows the transport will be a pipe with the user's own SDDL."""

from trayexec.light import platforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def _not_yet() -> "NoReturn":
    raise platforms.not_yet()


def uid_of(_connection: object) -> int:
    """Not yet."""
    _not_yet()


def process_of(_connection: object) -> int:
    """Not yet."""
    _not_yet()


def stat_of(_pid: int) -> tuple[str, int, int]:
    """Not yet."""
    _not_yet()


def names_from(_pid: int) -> tuple[str, ...]:
    """Not yet."""
    _not_yet()


def started(_pid: int) -> int:
    """Not yet."""
    _not_yet()


def since_boot(_started: int) -> float | None:
    """It is not looked up here."""
    return None

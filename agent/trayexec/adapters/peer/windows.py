"""The peer on Windows: not yet. The transport there will be a named pipe with the user's own SDDL."""

from trayexec.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def _not_yet() -> "NoReturn":
    raise TrayexecError(
        trouble(
            "platform",
            "trayexec does not run on Windows yet.",
            "Use it inside WSL 2, where it is a Linux program.",
        )
    )


def uid_of(_connection: object) -> int:
    """Not yet."""
    _not_yet()


def process_of(_connection: object) -> int:
    """Not yet."""
    _not_yet()


def program_of(_pid: int) -> str:
    """Not yet."""
    _not_yet()


def parent_of(_pid: int) -> int:
    """Not yet."""
    _not_yet()


def parents_of(_pid: int) -> tuple[str, ...]:
    """Not yet."""
    _not_yet()


def started(_pid: int) -> int:
    """Not yet."""
    _not_yet()

"""On which systems trayexec runs, and what it says on the others. Light: every run asks."""

import sys

from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

RUNS_ON = ("linux", "darwin")
EVERYWHERE = frozenset({"help", "version", "--help", "--version", "-h"})  # words about ourselves


def check(arguments: "Sequence[str]") -> None:
    """Raises TrayexecError where these words need what this system does not have."""
    if sys.platform not in RUNS_ON and arguments and (len(arguments) > 1 or arguments[0] not in EVERYWHERE):
        raise not_yet()


def not_yet() -> TrayexecError:
    """What is said in place of everything that needs the private socket."""
    if sys.platform == "win32":
        return TrayexecError(
            trouble(
                "platform",
                "trayexec does not run on Windows yet.",
                "Use it inside WSL 2, where it is a Linux program.",
            )
        )
    return TrayexecError(
        trouble(
            "platform",
            "trayexec does not run on {platform} yet.",
            "It runs on Linux and, untried, on macOS.",
            platform=sys.platform,
        )
    )

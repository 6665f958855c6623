"""Whether the agent is on this machine and sees the same files: what it names by path is good for nothing elsewhere.

A socket can be lent: by `ssh -R` to another machine, by a mount to a container. Then an answer's credentials are as
good as ever, but a path in it is another file here or none, and a loopback address is another's. The proof: the same
kernel (its boot id), the same folder (device and inode on that kernel), and at the other end of the socket the very
process that answers, not one that passes it on.
"""

import os

from trayexec.adapters import peer
from trayexec.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping
    from typing import Any

KEY = "here"  # in an answer that has paths in it


def marks(folder: str) -> "dict[str, Any]":
    """What an agent says of itself beside the paths in `folder`. Raises OSError."""
    seen = os.stat(folder)  # noqa: PTH116 — pathlib is slow to import
    return {"pid": os.getpid(), "boot": _boot(), "device": seen.st_dev, "inode": seen.st_ino}


def sees(answer: "Mapping[str, Any]") -> bool:
    """Whether the files of this answer (its `config` and what is beside it) are the ones that are here."""
    said = answer.get(KEY)
    try:
        seen = os.stat(str(answer["config"]).rpartition("/")[0])  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        return False
    if not isinstance(said, dict):  # an agent of an older version
        return seen.st_uid == os.geteuid()
    return (said.get("boot"), said.get("device"), said.get("inode")) == (_boot(), seen.st_dev, seen.st_ino)


def check(answer: "Mapping[str, Any]", connection: "socket") -> None:
    """Raises TrayexecError (`lent`) unless this answer came straight from an agent here, and its files are here."""
    said = answer.get(KEY)
    other = peer.process_of(connection)  # 0 for one that is not to be seen from here, as from a container
    direct = not isinstance(said, dict) or other in {0, said.get("pid")}
    if direct and sees(answer):
        return
    raise TrayexecError(
        trouble(
            "lent",
            "The agent's socket was lent to this machine, and the files that --live, shell, --server and the hook need "
            "are where the agent is.",
            "What works here are plain runs: `trayexec PROFILE -- CMD…`. For the rest, run an agent on this machine.",
        )
    )


def _boot() -> str:
    """What tells this run of this kernel from every other; nothing where there is no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 — pathlib is slow to import
            return file.read(64).strip()
    except OSError:
        return ""

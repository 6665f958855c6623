"""Whether agent and caller are on one machine and see the same files: what one names by path is nothing elsewhere.

A socket can be lent: by `ssh -R` to another machine, by a mount to a container. Then an answer's credentials are as
good as ever, but a path in it is another file here or none, and a loopback address is another's. The proof: the same
kernel (its boot id), the same folder (device and inode on that kernel), and at the other end of the socket the very
process that answers, not one that passes it on. The other way round a caller says which files it means: a container or
another machine may have its own of that name, and an account of those is not the one of the agent's.
"""

import os

from trayexec.light import peer
from trayexec.light.context import HERE, boot_id, mark_of
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence
    from typing import Any

JUST_SAVED = 10.0  # seconds in which a caller may have seen the file that an editor then replaced


def marks(folder: str) -> "dict[str, Any]":
    """What an agent says of itself beside the paths in `folder`. Raises OSError."""
    seen = os.stat(folder)  # noqa: PTH116 — pathlib is slow to import
    return {"pid": os.getpid(), "boot": boot_id(), "device": seen.st_dev, "inode": seen.st_ino}


def sees(answer: "Mapping[str, Any]") -> bool:
    """Whether the files of this answer (its `config` and what is beside it) are the ones that are here."""
    said = answer.get(HERE)
    try:
        seen = os.stat(str(answer["config"]).rpartition("/")[0])  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        return False
    if not isinstance(said, dict):  # an agent of an older version
        return seen.st_uid == os.geteuid()
    return (said.get("boot"), said.get("device"), said.get("inode")) == (boot_id(), seen.st_dev, seen.st_ino)


def check(answer: "Mapping[str, Any]", connection: "socket") -> None:
    """Raises TrayexecError (`lent`) unless this answer came straight from an agent here, and its files are here."""
    said = answer.get(HERE)
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


def same(boot: str, mark: "Sequence[int]", path: str) -> bool:
    """Whether the file at this path is the one that a caller on this kernel (if it can tell) has seen there."""
    if boot and boot != boot_id():
        return False
    own = mark_of(path)
    if own is not None and own[:2] == [*mark[:2]]:
        return True
    try:
        folder = os.stat(path.rpartition("/")[0] or "/")  # noqa: PTH116 — pathlib is slow to import
        if [folder.st_dev, folder.st_ino] != [*mark[2:]]:
            return False
        changed = os.stat(path).st_ctime  # noqa: PTH116 — likewise
    except FileNotFoundError:
        return own is None  # some editors remove a file and write it anew
    except OSError:
        return False
    import time  # noqa: PLC0415 — not on the usual way

    return abs(time.time() - changed) < JUST_SAVED


def at_one(one: "Mapping[str, Any]", other: "Mapping[str, Any]", *names: str) -> bool:
    """Whether two places, as `place` tells of them, are one in all of these points."""
    return all(one.get(name) and one.get(name) == other.get(name) for name in ("boot", *names))

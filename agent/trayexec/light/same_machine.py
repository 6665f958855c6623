"""Whether agent and caller are on one machine and see the same files: what one names by path is nothing elsewhere.

A socket can be lent: by `ssh -R` to another machine, by a mount to a container. Then an answer's credentials are as
good as ever, but a path in it is another file here or none, and a loopback address is another's. The proof: the same
kernel (its boot id), the same folder (device and inode on that kernel), and at the other end of the socket the very
process that answers, not one that passes it on. The other way round a caller says which files it means: a container or
another machine may have its own of that name, and an account of those is not the one of the agent's.
"""

import os

from trayexec.light import peer
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Mapping, Sequence
    from typing import Any

KEY = "here"  # in an answer that has paths in it, and in a request
JUST_SAVED = 10.0  # seconds in which a caller may have seen the file that an editor then replaced


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


def sight(**paths: str) -> "dict[str, Any]":
    """What a caller says of the files that it means: on which kernel which file is there, and in which folder."""
    said: dict[str, Any] = {name: mark for name, path in paths.items() if (mark := _mark(path)) is not None}
    return {"boot": _boot(), **said} if said else {}


def same(boot: str, mark: "Sequence[int]", path: str) -> bool:
    """Whether the file at this path is the one that a caller on this kernel (if it can tell) has seen there."""
    if boot and boot != _boot():
        return False
    own = _mark(path)
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


def _mark(path: str) -> "list[int] | None":
    try:
        file, folder = os.stat(path), os.stat(path.rpartition("/")[0] or "/")  # noqa: PTH116 — pathlib is slow to import
    except OSError:
        return None
    return [file.st_dev, file.st_ino, folder.st_dev, folder.st_ino]


def place() -> "dict[str, Any]":
    """What tells where this process is: its kernel, which files and which network it sees; nothing if that is unknown.

    The same path is the same file for two processes of one kernel and one mount namespace (namespaces(7)), a loopback
    address or a proxy is the same for two of one network namespace.
    """
    try:
        seen = {name: os.stat(f"/proc/self/ns/{kind}").st_ino for name, kind in (("mount", "mnt"), ("net", "net"))}  # noqa: PTH116 — pathlib is slow to import
        root = os.stat("/")  # noqa: PTH116 — likewise
    except OSError:
        return {}
    return {"boot": _boot(), "root": [root.st_dev, root.st_ino], **seen}


def at_one(one: "Mapping[str, Any]", other: "Mapping[str, Any]", *names: str) -> bool:
    """Whether two places, as `place` tells of them, are one in all of these points."""
    return all(one.get(name) and one.get(name) == other.get(name) for name in ("boot", *names))


def _boot() -> str:
    """What tells this run of this kernel from every other; nothing where there is no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:  # noqa: PTH123 — pathlib is slow to import
            return file.read(64).decode().strip()
    except (OSError, ValueError):
        return ""

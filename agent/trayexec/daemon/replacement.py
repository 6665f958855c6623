"""Puts an agent of the version that is installed now in this one's place, in the same process and without a code.

The process begins anew (execve): its number stays, and so do the listening socket, in which callers queue meanwhile,
and the locks that make the agent the only one. What is open goes through a socket of which both ends are this
process's: what is in it is in no file, and not to be had by its name under /proc, as what is in a pipe would be.
"""

import asyncio
import os
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.core import messages
from trayexec.light import own_command
from trayexec.light.errors import TrayexecError

if TYPE_CHECKING:
    from typing import NoReturn

SECONDS = 20.0  # that a child may take to load the whole agent
LARGEST = 128 * 1024  # bytes of what is handed over
WORDS = 200  # characters of the last line of a child that could not


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What goes from one agent to the next: the socket for what is handed over, the listener, the two locks.

    `alone` is -1 where there is no lock of that kind.
    """

    handed: int
    listener: int
    lock: int
    alone: int

    def written(self) -> str:
        """As one word of a command line."""
        return f"{self.handed},{self.listener},{self.lock},{self.alone}"


def descriptors_of(word: str) -> Descriptors:
    """What such a word says; no child of ours gets any of it. Raises ValueError and OSError."""
    handed, listener, lock, alone = numbers = [int(one) for one in word.split(",")]
    for one in numbers:
        if one >= 0:
            os.set_inheritable(one, False)  # noqa: FBT003 — the standard library's signature
    return Descriptors(handed, listener, lock, alone)


class Installed:
    """The version of trayexec that lies on the disk, and whether it is still the one that runs."""

    def __init__(self, file: str | None = None) -> None:
        """Remember what is there now."""
        self._file = Path(file or own_command.installed_file())
        self._ours = self._seen = self._mark()

    def _mark(self) -> tuple[int, ...] | None:
        """Whatever changes when an installer writes it; None while it is not there."""
        try:
            seen = self._file.stat()
        except OSError:
            return None
        return (seen.st_dev, seen.st_ino, seen.st_mtime_ns, seen.st_size)

    def is_another(self) -> bool:
        """Whether it is another one, and was so at the last look already: an installer takes its time."""
        before, self._seen = self._seen, self._mark()
        return self._seen is not None and self._seen not in {None, self._ours} and self._seen == before

    def leave(self) -> None:
        """Try this one no more: it does not start."""
        self._ours = self._seen


async def check() -> None:
    """See that what is installed now can be an agent. Raises TrayexecError with its own words where it cannot."""
    await asyncio.to_thread(_load)


def _load() -> None:
    try:
        done = subprocess.run(
            own_command.installed("trayexec.daemon.app"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TrayexecError(messages.installed_fails(type(error).__name__)) from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [str(done.returncode)]
        raise TrayexecError(messages.installed_fails(last[0][:WORDS]))


def become(document: bytes, words: Sequence[str], *, listener: int, lock: int, alone: int) -> "NoReturn":
    """Begin anew as what is installed now, with `words` behind `agent`. Raises OSError where that cannot be started."""
    theirs, ours = socket.socketpair()
    with ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LARGEST)
        ours.settimeout(0)
        ours.sendall(document)
    kept = Descriptors(theirs.detach(), listener, lock, alone)
    for one in (kept.handed, listener, lock, *([alone] if alone >= 0 else [])):
        os.set_inheritable(one, True)  # noqa: FBT003 — the standard library's signature
    argv = [*own_command.again(), "agent", "--isolated", *words, "--inherit", kept.written()]
    os.execve(argv[0], argv, dict(os.environ))  # noqa: S606 — ourselves, once more


def handed(descriptor: int) -> bytes:
    """What a former agent has put into the socket; closes it."""
    with socket.socket(fileno=descriptor) as theirs:
        theirs.settimeout(0)
        found = b""
        while more := theirs.recv(LARGEST):
            found += more
        return found

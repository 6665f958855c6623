"""Children of a test: none is waited for that has no reason to end."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import AnyStr, NamedTuple

LAST = 30.0  # seconds that a child may take to end by itself
TICK = 1 / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ended(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """As `with process`, but a block that fails has killed it, and one that does not end by itself is an error."""
    try:
        yield process
        process.wait(LAST)
    finally:
        if process.poll() is None:
            process.kill()
        with process:  # closes the pipes
            pass


def since_boot() -> float:
    """Now, on the clock that `Seen.began` is of."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def scheduled(pid: int) -> int:
    """How often the threads of a process gave up the processor of their own will."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for entry in status.read_text().splitlines():
            if entry.startswith("voluntary_ctxt_switches"):
                total += int(entry.split()[1])
    return total


def alive(pid: int) -> bool:
    """Whether anything of this process runs.

    A zombie has ended, but not while /proc lists other threads beside it: until the last of them is gone, which on a
    busy machine takes a moment after a SIGKILL, its locks are held and its sockets take connections.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1  # noqa: PTH208 — no Path is made of them
    except OSError:
        return False


class Seen(NamedTuple):
    """A process as /proc shows it; `began` in seconds since boot."""

    pid: int
    parent: int
    state: str
    began: float
    words: str


def descendants(pid: int) -> list[Seen]:
    """The processes under this one, parents before children; one whose parent has ended is nobody's."""
    everything = [one for path in Path("/proc").glob("[0-9]*") if (one := _look(path)) is not None]
    found: list[Seen] = []
    wanted = {pid}
    while wanted:
        next_ones = [one for one in everything if one.parent in wanted]
        found += next_ones
        wanted = {one.pid for one in next_ones}
    return found


def _look(path: Path) -> Seen | None:
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
        words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:  # it has ended meanwhile
        return None
    return Seen(int(path.name), int(fields[1]), fields[0], int(fields[19]) * TICK, words or "?")

"""The small process beside one that runs tests (`guard.py`): names what hangs, ends it, and at last the process too."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator

from support.processes import TICK, Seen, descendants, since_boot

# When, as a part of the time that a test may take: of two minutes, a second before they are over, 12 s and 120 s after.
TELL, END, ABORT = 0.99, 1.1, 2.0


class Watcher:
    """Knows which test runs, and since when."""

    def __init__(self, watched: int) -> None:
        self._watched = watched
        self._test = ""
        self._began = 0.0  # the test, or its body if that has begun: what a fixture started is for others too
        self._due: list[tuple[float, Callable[[], None]]] = []

    @property
    def patience(self) -> float | None:
        """Seconds until something has to be done; None while nothing has."""
        return max(0.0, self._due[0][0] - since_boot()) if self._due else None

    def hear(self, line: str) -> None:
        """What the plugin says: `begin NOW SECONDS TEST`, `body NOW`, `end NOW`."""
        word, now, *rest = line.split(" ", 3)
        if word == "end":
            self._due = []
            return
        self._began = float(now) - TICK  # /proc tells the beginnings of processes in whole ticks
        if word == "begin":
            seconds, self._test = rest
            steps = ((TELL, self._tell), (END, self._end), (ABORT, self._abort))
            self._due = [(self._began + float(seconds) * part, step) for part, step in steps]

    def act(self) -> None:
        """Do what is due."""
        while self._due and self._due[0][0] <= since_boot():
            self._due.pop(0)[1]()

    def _tell(self) -> None:
        self._say("takes too long", self._children())

    def _end(self) -> None:
        found = [one for one in self._children() if one.began >= self._began]
        self._say("goes on after its time: its children are ended", found)
        _kill(found)

    def _abort(self) -> None:
        found = self._children()
        self._say("cannot be ended, so its process is", found)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._watched, signal.SIGABRT)  # pytest's own handler writes where all threads are
        _kill(found)

    def _children(self) -> list[Seen]:
        return [one for one in descendants(self._watched) if one.pid != os.getpid()]

    def _say(self, what: str, found: list[Seen]) -> None:
        now = since_boot()
        lines = [f"  {one.pid} ({one.state}, {now - one.began:.0f} s) {one.words}" for one in found]
        head = f"\n{self._test} {what}. Processes under {self._watched}:"
        sys.stderr.write("\n".join([head, *(lines or ["  none"]), ""]))
        sys.stderr.flush()


def _kill(found: list[Seen]) -> None:
    for one in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)


def _lines(watcher: Watcher) -> Iterator[str]:
    """What is said on standard input, up to its end; whatever is due meanwhile is done."""
    heard = b""
    while True:
        ready, _, _ = select.select([0], [], [], watcher.patience)
        watcher.act()
        if ready:
            more = os.read(0, 65536)
            if not more:
                return
            *lines, heard = (heard + more).split(b"\n")
            yield from (line.decode() for line in lines)


def main(watched: int) -> None:
    """Watch this process until it ends, or closes our standard input."""
    watcher = Watcher(watched)
    for line in _lines(watcher):
        watcher.hear(line)

"""Process groups and the signals that reach them: every command is the head of a group (and a session) of its own.

A session has no terminal, so a command that would ask there fails instead of standing still in the background.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from trayexec.commands.fanout.screen import InterruptedWriteError, Streams

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
GRACE = {signal.SIGINT: 10.0}  # seconds until the next, harder signal: a person may wait, and may press again
USUAL_GRACE = 5.0
AFTER = {signal.SIGTERM: signal.SIGKILL, signal.SIGKILL: signal.SIGKILL}


@dataclass(slots=True)
class Stop:
    """We are ending: the signal that began it, None for a reason of our own; the last one sent, and when to go on."""

    why: signal.Signals | None
    sent: signal.Signals
    harder_at: float


@dataclass(slots=True)
class ProcessGroups:
    """The groups that are alive, and what they are told. Handlers run in the main thread, between two steps of it."""

    screen: Streams
    stop: Stop | None = field(default=None, init=False)
    _alive: set[int] = field(default_factory=set, init=False)

    def add(self, group: int) -> None:
        """A new one; it is told at once what the others were told while it started."""
        self._alive.add(group)
        if self.stop is not None:
            _tell(group, self.stop.sent)

    def reaped(self, group: int) -> None:
        """Its head has ended; whoever is left in it still counts."""
        if not _is_alive(group):
            self._alive.discard(group)

    def prune(self) -> bool:
        """Forget the empty ones. Whether any is left."""
        self._alive = {one for one in self._alive if _is_alive(one)}
        return bool(self._alive)

    def end(self, first: signal.Signals, why: signal.Signals | None = None) -> None:
        """Begin to end all; if that has begun already, go on to the next harder signal."""
        if self.stop is None:
            self._send(Stop(why, first, self.screen.clock() + GRACE.get(first, USUAL_GRACE)))
        elif why is not None and self.stop.why is None:
            self.stop.why = why  # what a person wants, while we were ending for a reason of our own
        else:
            self.harder()

    def harder(self) -> None:
        """The next signal: TERM, then KILL."""
        if self.stop is not None:
            number = AFTER.get(self.stop.sent, signal.SIGTERM)
            self._send(Stop(self.stop.why, number, self.screen.clock() + USUAL_GRACE))

    def abandon(self) -> None:
        """End all at once: we are about to fail ourselves."""
        for group in list(self._alive):
            _tell(group, signal.SIGKILL)

    def _send(self, stop: Stop) -> None:
        self.stop = stop
        for group in list(self._alive):
            _tell(group, stop.sent)

    # Handlers

    @contextmanager
    def watched(self) -> Iterator[int]:
        """Signals are ours inside this block; what it gives becomes readable when one has come.

        One that was ignored stays so: `nohup` means it.
        """
        ours, theirs = os.pipe()
        for end in (ours, theirs):
            os.set_blocking(end, False)
        before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGTSTP, signal.SIGCHLD)}
        waker = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        try:
            for number in ENDING:
                if before[number] != signal.SIG_IGN:
                    signal.signal(number, self._told_to_end)
            if before[signal.SIGTSTP] != signal.SIG_IGN:
                signal.signal(signal.SIGTSTP, self._told_to_pause)
            signal.signal(signal.SIGCHLD, lambda *_: None)
            yield ours
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(waker)
            os.close(ours)
            os.close(theirs)

    def _told_to_end(self, number: int, _frame: object) -> None:
        self.screen.ending = True
        self.end(signal.Signals(number), signal.Signals(number))
        if self.screen.blocked:
            self.screen.blocked = False
            raise InterruptedWriteError

    def _told_to_pause(self, number: int, _frame: object) -> None:
        """Stop all, then ourselves as if we had no handler; some day somebody lets us go on, and so they do.

        They get SIGSTOP: the kernel drops SIGTSTP for groups that no shell looks after.
        """
        for group in list(self._alive):
            _tell(group, signal.SIGSTOP)
        self.screen.clear()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._told_to_pause)
        for group in list(self._alive):
            _tell(group, signal.SIGCONT)


def _tell(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        if number in ENDING:
            os.killpg(group, signal.SIGCONT)  # what is stopped could not obey


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's by now, or one that became another user
        return False
    return True

"""Process groups and the signals that reach them: every command is the head of a group (and a session) of its own.

A session has no terminal, so a command that would ask there fails instead of standing still in the background.
"""

import os

from trayexec.commands.fanout.screen import InterruptedWriteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any

    from trayexec.commands.fanout.screen import Streams
else:
    import _signal as signal  # built in; `signal` is slow to import

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
INTERRUPT, TERMINATE, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
# Seconds until the next, harder signal: a person may wait, and may press again.
GRACE: dict[int, float] = {INTERRUPT: 10.0}
USUAL_GRACE = 5.0
AFTER: dict[int, int] = {TERMINATE: KILL, KILL: KILL}


class Stop:
    """We are ending: the signal that began it, None for a reason of our own; the last one sent, and when to go on."""

    __slots__ = ("harder_at", "sent", "why")

    def __init__(self, why: int | None, sent: int, harder_at: float) -> None:
        self.why = why
        self.sent = sent
        self.harder_at = harder_at


class ProcessGroups:
    """The groups that are alive, and what they are told. Handlers run in the main thread, between two steps of it."""

    def __init__(self, screen: "Streams") -> None:
        self.screen = screen
        self.stop: Stop | None = None
        self._alive: set[int] = set()
        self._before: dict[int, Any] = {}  # what each signal did
        self._pipe = (-1, -1)
        self._waker = -1

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

    def end(self, first: int, why: int | None = None) -> None:
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
            number = AFTER.get(self.stop.sent, TERMINATE)
            self._send(Stop(self.stop.why, number, self.screen.clock() + USUAL_GRACE))

    def abandon(self) -> None:
        """End all at once: we are about to fail ourselves."""
        for group in list(self._alive):
            _tell(group, KILL)

    def _send(self, stop: Stop) -> None:
        self.stop = stop
        for group in list(self._alive):
            _tell(group, stop.sent)

    # Handlers

    def watch(self) -> int:
        """From now on signals are ours. Returns a descriptor that can be read when one has come.

        One that was ignored stays so: `nohup` means it.
        """
        ours, theirs = self._pipe = os.pipe()
        for end in (ours, theirs):
            os.set_blocking(end, False)
        self._before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGTSTP, signal.SIGCHLD)}
        self._waker = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        for number in ENDING:
            if self._before[number] != signal.SIG_IGN:
                signal.signal(number, self._told_to_end)
        if self._before[signal.SIGTSTP] != signal.SIG_IGN:
            signal.signal(signal.SIGTSTP, self._told_to_pause)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return ours

    def unwatch(self) -> None:
        """Signals are as they were before `watch`."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._waker)
        for end in self._pipe:
            os.close(end)

    def _told_to_end(self, number: int, _frame: object) -> None:
        self.screen.ending = True
        self.end(number, number)
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


def _tell(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
        if number in ENDING:
            os.killpg(group, signal.SIGCONT)  # what is stopped could not obey
    except (ProcessLookupError, PermissionError):
        pass


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's by now, or one that became another user
        return False
    return True

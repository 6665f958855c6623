"""The wait of the main thread: ended by any thread, and by signals without delay."""

import contextlib
import signal
import socket
import threading
from typing import TYPE_CHECKING, Self

from trayexec.light.polling import readable

if TYPE_CHECKING:
    from trayexec.light.polling import Watched


class Waiter:
    """A wait that `wake` and `end` interrupt. Both are safe in any thread and in a signal handler.

    A lock or an `Event` would not do: a signal handler that sets the event it has interrupted waits for itself.
    """

    def __init__(self) -> None:
        self._ended = False
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._former = -1

    @property
    def ended(self) -> bool:
        """Whether `end` was called, even if that was before the wait began."""
        return self._ended

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        theirs.settimeout(0)
        if threading.current_thread() is threading.main_thread():
            # Without this, a signal that comes just before the wait would be handled only after the next event.
            self._former = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
            if self._former >= 0:  # somebody else is woken by signals, and ends us
                signal.set_wakeup_fd(self._former, warn_on_full_buffer=False)
        self._pair = (ours, theirs)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread() and self._former < 0:
            signal.set_wakeup_fd(-1)
        if self._pair is not None:
            pair, self._pair = self._pair, None
            for end in pair:
                end.close()

    def wait(self, *others: "Watched", seconds: float | None = None) -> bool:
        """Wait until woken, or one of `others` can be read, or `seconds` have passed. True when one can be read."""
        if self._pair is None or self._ended:
            return False
        ours = self._pair[0]
        found = readable(ours, *others, seconds=seconds)
        if ours in found:
            with contextlib.suppress(BlockingIOError):
                while ours.recv(4096):
                    pass
        return any(other in found for other in others)

    def wake(self) -> None:
        """End the current wait, or the next one."""
        pair = self._pair
        if pair is not None:
            with contextlib.suppress(OSError):  # full means that it is awake already, closed that nobody waits
                pair[1].send(b"\0")

    def end(self) -> None:
        """Let every wait return at once from now on."""
        self._ended = True
        self.wake()

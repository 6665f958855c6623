"""A line below what a person is waited for: how many seconds are left, counted down in place, gone with the answer."""

import os
import sys
import time
from math import ceil

from trayexec.light import stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CLEAR = "\r\x1b[K"


def begin(sentence: str, seconds: int, environ: "Mapping[str, str]") -> "Countdown | None":
    """Say what is waited for, and count where that can be seen: on a terminal that moves its cursor, in front."""
    if not _can_be_seen(environ):
        stderr.say(sentence)
        return None
    counted = speaker(environ)(Text("({left} s left)", left=seconds))
    stderr.say(sentence.removesuffix(counted).rstrip())
    countdown = Countdown(seconds, environ)
    countdown.tick()
    return countdown


class Countdown:
    """Seconds until nobody waits any more."""

    def __init__(self, seconds: int, environ: "Mapping[str, str]") -> None:
        """It begins now."""
        self._end = time.monotonic() + seconds
        self._speak = speaker(environ)

    def tick(self) -> None:
        """Write what is left now."""
        left = max(0, ceil(self._end - time.monotonic()))
        _write(f"{CLEAR}  {self._speak(Text('{left} s left', left=left))}")

    def end(self) -> None:
        """Take the line away."""
        _write(CLEAR)


def _can_be_seen(environ: "Mapping[str, str]") -> bool:
    if not sys.stderr.isatty() or environ.get("TERM", "dumb") == "dumb":
        return False
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:  # not this session's terminal
        return False


def _write(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        pass  # as in `stderr.say`

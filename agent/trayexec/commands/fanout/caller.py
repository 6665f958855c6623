"""Who called, with what, and the two streams on which the answer goes."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from trayexec.commands.fanout.screen import Stream, Streams, widen
from trayexec.light.errors import Text

USUAL = 80  # columns


@dataclass(frozen=True, slots=True)
class Invocation:
    """Who called: the options, the command and its file, the environment, and the caller's own two streams."""

    options: argparse.Namespace
    command: Sequence[str]
    program: str
    environ: Mapping[str, str]
    screen: Streams
    speak: Callable[[Text], str]

    def say(self, text: Text) -> None:
        """A line for the person."""
        self.screen.say(self.speak(text))


def screen_of(environ: Mapping[str, str]) -> Streams:
    """The streams as Python found them: a closed one is the null device by now."""
    descriptors = {Stream.OUT: sys.stdout.fileno(), Stream.ERR: sys.stderr.fileno()}
    for descriptor in descriptors.values():
        widen(descriptor)
    able = environ.get("TERM", "dumb") != "dumb"
    terminals = frozenset(one for one, descriptor in descriptors.items() if able and os.isatty(descriptor))
    return Streams(descriptors, terminals, lambda: _columns(descriptors[Stream.ERR]), time.monotonic)


def _columns(terminal: int) -> int:
    """How wide a terminal is now; one that does not know is taken for a usual one."""
    return os.get_terminal_size(terminal).columns or USUAL

"""Where the commands' output goes: what each way of output does. For type checkers only."""

from typing import Protocol

from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.screen import Stream


class Sink(Protocol):
    """Where one command's output goes."""

    def take(self, stream: Stream, data: bytes) -> None:
        """More of it."""

    def end(self, result: Result) -> None:
        """That was all, and how the command ended."""

    def close(self) -> None:
        """Let go of what it holds; after `end`, or where a command did not begin."""


class Output(Protocol):
    """A way of output."""

    @property
    def table(self) -> bool:
        """Whether people are shown one at the end."""

    def sink(self, profile: str) -> Sink:
        """A place for one command. Raises OSError when there is none."""

    def absent(self, result: Result) -> None:
        """A profile whose command never ran."""

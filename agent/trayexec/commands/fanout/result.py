"""How one profile's command ended, what that makes of the whole run, and where the command's output goes. Pure."""

import signal
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from trayexec.commands.fanout.screen import Stream
from trayexec.light.errors import Text, Trouble

SUCCESS, SOME_FAILED, NO_CREDENTIALS, BY_SIGNAL = 0, 123, 125, 128


class End(Enum):
    """How it ended, or why it never began."""

    EXITED = "exited"
    DENIED = "no credentials"
    UNBEGUN = "not run"


@dataclass(frozen=True, slots=True)
class Result:
    """One profile's line of the table. `status` is 128 + n after a signal n, None where nothing ran; in seconds."""

    profile: str
    account: str | None
    end: End
    status: int | None = None
    seconds: float = 0.0
    trouble: Trouble | None = None

    @property
    def good(self) -> bool:
        """Whether all went well, its output included."""
        return self.end is End.EXITED and self.status == 0 and self.trouble is None


def exit_status(results: Iterable[Result]) -> int:
    """0 all succeeded, 125 some profile got no credentials, 123 some command failed or never ran."""
    ends = list(results)
    if any(one.end is End.DENIED for one in ends):
        return NO_CREDENTIALS
    return SUCCESS if all(one.good for one in ends) else SOME_FAILED


def shown_status(result: Result) -> Text:
    """The cell of the table."""
    if result.end is End.DENIED:
        return Text("no credentials")
    if result.status is None:
        return Text("not run")
    cell = Text("{status}", status=result.status)
    if result.status > BY_SIGNAL:
        try:
            name = signal.Signals(result.status - BY_SIGNAL).name
        except ValueError:
            return cell
        return Text("{status} ({signal})", status=result.status, signal=name)
    return cell


# Output


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

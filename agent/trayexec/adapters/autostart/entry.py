"""An entry that starts the agent at login: what it is to say, what it says, and what that starts."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Standing(Enum):
    """Whether the agent starts at login, or what is in its way."""

    OFF = "off"
    ON = "on"
    PARTLY = "partly"  # an entry is missing
    SWITCHED_OFF = "switched-off"  # in the desktop's own settings, or masked
    OTHER = "other"  # another command than ours
    GONE = "gone"  # a command that is not there


@dataclass(frozen=True, slots=True)
class LoginEntry:
    """A place that a desktop, systemd, launchd or Windows looks at when somebody logs in.

    `wanted` is what it is to say, `found` what it says, None where there is nothing. `starts` is the command in what
    was found: empty where there is none to be read, None where the entry has none (a link to another one). `is_off`:
    the desktop passes it over. `is_edited`: it says more than we ever wrote.
    """

    place: str
    wanted: str
    found: str | None = None
    starts: tuple[str, ...] | None = None
    is_off: bool = False
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class StartAtLogin:
    """All entries that there are or should be, and the command that they are to start."""

    command: tuple[str, ...]
    entries: Sequence[LoginEntry]

    @property
    def standing(self) -> Standing:
        """Whether the agent starts at login."""
        found = [one for one in self.entries if one.found is not None]
        commands = {one.starts for one in found if one.starts is not None}
        if not found:
            return Standing.OFF
        if not all(map(_is_there, commands)):
            return Standing.GONE
        if commands - {self.command}:
            return Standing.OTHER
        if any(one.is_off for one in found):
            return Standing.SWITCHED_OFF
        return Standing.ON if len(found) == len(self.entries) else Standing.PARTLY

    @property
    def odd(self) -> LoginEntry:
        """The entry that is not as it is to be; of several the first, and where there is none the first of all."""
        return next((one for one in self.entries if one.found is not None and self._is_odd(one)), self.entries[0])

    @property
    def missing(self) -> tuple[LoginEntry, ...]:
        """Those that are not there."""
        return tuple(one for one in self.entries if one.found is None)

    @property
    def wrong(self) -> tuple[LoginEntry, ...]:
        """Those that are to be written, so that the agent starts: what a person added to the others stays."""
        return tuple(one for one in self.entries if one.found is None or self._is_odd(one))

    def _is_odd(self, one: LoginEntry) -> bool:
        if one.is_off:
            return True
        return one.found != one.wanted if one.starts is None else one.starts != self.command


def _is_there(command: Sequence[str]) -> bool:
    """Whether a command can be started: its program, and each file that is named with it."""
    return bool(command) and shutil.which(command[0]) is not None and all(map(os.path.exists, _files(command)))


def _files(command: Sequence[str]) -> list[str]:
    return [word for word in command if os.path.isabs(word)]  # noqa: PTH117 — words, of which some are paths

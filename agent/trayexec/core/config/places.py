"""Tells where in the AWS files a profile and its settings stand, by line. It must not know files.

The section that counts is botocore's: of a profile's sections in the config file the last one, and of a setting that
both files have the one in the credentials file.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from trayexec.core.config.inifile import line_numbers, profile_of

Numbers = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int


class Places:
    """Where things stand in one pair of files."""

    def __init__(self, config: tuple[str, str], shared: tuple[str, str]) -> None:
        """Number the lines of the two files: each is its path and its text."""
        (self._config_file, config_text), (self._shared_file, shared_text) = config, shared
        found = line_numbers(config_text)
        self._config = {name: lines for header, lines in found.items() if (name := profile_of(header)) is not None}
        self._shared = line_numbers(shared_text)

    def sections(self, profile: str) -> tuple[Place, ...]:
        """The header of the profile's section in each file that has one."""
        both = ((self._config_file, self._config), (self._shared_file, self._shared))
        return tuple(Place(file, found[profile][""]) for file, found in both if profile in found)

    def in_config(self, profile: str, key: str) -> Place | None:
        """The line of a setting in the config file."""
        line = self._config.get(profile, {}).get(key.lower())
        return None if line is None else Place(self._config_file, line)

    def in_credentials(self, profile: str, key: str) -> Place | None:
        """The line of a setting in the credentials file."""
        line = self._shared.get(profile, {}).get(key.lower())
        return None if line is None else Place(self._shared_file, line)

    def setting(self, profile: str, key: str) -> Place | None:
        """The line of the setting that counts; None where neither file has it."""
        return self.in_credentials(profile, key) or self.in_config(profile, key)

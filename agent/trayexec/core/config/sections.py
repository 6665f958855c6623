"""Reads one value from the sections of a pair of AWS config files. It must not know files or botocore.

A fault names the profile that has to be repaired, which need not be the profile that was asked for.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from trayexec.core.config.sources import SECRET, KeyNames, Section
from trayexec.light.errors import TrayexecError, Trouble, shown, trouble

__all__ = ["ProfileError", "Section", "Sections", "header", "shown"]

_QUOTED = re.compile(r"[\s'\"\\]")  # what `shlex.split`, by which botocore reads a section, would not leave as it is


@dataclass(frozen=True, slots=True)
class Sections:
    """What a resolution looks at: both files merged as botocore merges them, and the agent's own environment.

    `profiles` are by bare name in the order of the files, `services` and `sso_sessions` are the `[services x]` and
    `[sso-session x]` sections, `keys` says in which file the keys of a profile stand: in the credentials file, where
    nothing is said. `stored` are the names under which the keychain has keys, and the ARNs of whose they are, empty
    where that is not known yet. `by_command` are those among them whose keys a command prints instead, `without_mfa`
    the names of keys that are used without a code, `unasked` the profiles whose roles need none. `files` are where the
    config and the credentials are.
    """

    profiles: Mapping[str, Section]
    services: Mapping[str, Section]
    environment: Mapping[str, str]
    keys: Mapping[str, KeyNames] = field(default_factory=dict)
    stored: Mapping[str, str] = field(default_factory=dict)
    by_command: AbstractSet[str] = frozenset()
    without_mfa: AbstractSet[str] = frozenset()
    unasked: AbstractSet[str] = frozenset()
    files: tuple[str, str] = ("~/.aws/config", "~/.aws/credentials")
    sso_sessions: Mapping[str, Section] = field(default_factory=dict)

    def keys_of(self, profile: str) -> KeyNames:
        """Which settings of the profile are keys, by file."""
        found = self.keys.get(profile)
        return found if found is not None else KeyNames(shared=SECRET & self.profiles.get(profile, {}).keys())

    def text(self, profile: str, key: str) -> str | None:
        """The value of `key` in the profile's own section. Raises ProfileError for an indented block."""
        section = self.profiles.get(profile)
        value = section.get(key) if section is not None else None
        if value is None or isinstance(value, str):
            return value
        raise ProfileError(
            profile,
            trouble(
                "profile_value",
                "Profile {profile} has an indented block where {key} needs one value.",
                "Write {key} = … on one line under {section}.",
                profile=shown(profile),
                key=key,
                section=header(profile),
            ),
        )


class ProfileError(TrayexecError):
    """A trouble together with the `profile` whose section has to be repaired."""

    def __init__(self, profile: str, what: Trouble) -> None:
        """Carry both."""
        super().__init__(what)
        self.profile = profile


def header(profile: str) -> str:
    """The line that starts the profile's section in the config file, to be typed or searched for."""
    if profile == "default":
        return "[default]"
    name = shown(profile)
    if not _QUOTED.search(name):
        return f"[profile {name}]"
    inner = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[profile "{inner}"]'

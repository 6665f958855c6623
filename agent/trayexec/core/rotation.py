"""Decides what a rotation of keys does next, from what is seen of it. It must not know IAM or the keychain.

The order is such that whoever kills it leaves a working key in the keychain, and that what is seen afterwards says how
to go on: it is written down that a rotation begins, a key is made, stored beside the one in use, and put in its place
once AWS takes it; then the old one is switched off and deleted. AWS gives a user two keys at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from trayexec.core.credentials import LongTermKeys

OURS = 900.0  # seconds from the beginning of a rotation within which the key that it made appeared, for IAM's clock
LAG = 600.0  # seconds within which IAM may not list a key that it has made
_BESIDE = " (new key)"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key that IAM lists: `created` in Unix seconds; `unused` where IAM says that it never was used."""

    id: str
    active: bool
    created: float
    unused: bool = False


@dataclass(frozen=True, slots=True)
class LastUse:
    """When a key was last used (Unix seconds), and with which service."""

    at: float
    service: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A rotation that was begun: the key it replaces, since when (Unix seconds), and the new key once there is one."""

    old: str
    at: float
    new: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a rotation goes by: the ids of the key in use and of the one stored beside it, and what IAM lists."""

    stored: str
    beside: str | None
    listed: Mapping[str, AccessKey]
    begun: Begun | None
    now: float


@dataclass(frozen=True, slots=True)
class Begin:
    """Write down that a rotation begins, with the key that is `new` already, if there is one."""

    new: str = ""


@dataclass(frozen=True, slots=True)
class Make:
    """Make a key, and store it beside the one in use."""


@dataclass(frozen=True, slots=True)
class PutInPlace:
    """See that AWS takes the key that is stored beside, and store it in place of the one in use."""


@dataclass(frozen=True, slots=True)
class SwitchOff:
    """Make the old key inactive."""

    id: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the old key, or one whose secret nobody has."""

    id: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Take away what is stored beside: AWS knows it no more."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Take the note away: other keys were stored meanwhile."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Take away what was kept for the rotation. It is done."""


@dataclass(frozen=True, slots=True)
class Full:
    """There is another key that we know nothing of, and so no room for a new one."""

    other: AccessKey


Step = Begin | Make | PutInPlace | SwitchOff | Delete | Discard | Forget | Finish | Full


class Iam(Protocol):
    """A user's own access keys at IAM. Blocking; everything raises TrayexecError."""

    def keys(self) -> tuple[AccessKey, ...]:
        """Those of the user, as far as IAM has heard of them; whether they are unused is not asked."""

    def last_use(self, access_key_id: str) -> LastUse | None:
        """When it was last used; None for never. Raises TrayexecError (`iam_denied`)."""

    def make(self) -> LongTermKeys:
        """A new key, asked for once: if no answer comes, it may be there all the same."""

    def take(self, keys: LongTermKeys) -> None:
        """These are the keys in use now: they sign what no session signs."""

    def switch_off(self, access_key_id: str) -> None:
        """Make it inactive; one that is gone is no error."""

    def delete(self, access_key_id: str) -> None:
        """Delete it; one that is gone is no error."""


def beside(name: str) -> str:
    """Under which name the new key is stored until it is in the place of the old one."""
    return name + _BESIDE


def is_beside(name: str) -> bool:
    """Whether that is such a name, and no identity's."""
    return name.endswith(_BESIDE)


def replaced(seen: Seen) -> str:
    """The id of the key that is replaced: of a rotation that goes on, or else of the one in use."""
    begun = seen.begun
    return begun.old if begun is not None and seen.stored in {begun.old, seen.beside or begun.new} else seen.stored


def next_step(seen: Seen) -> Step:
    """What is to be done now."""
    begun = seen.begun
    if begun is None:
        return _first(seen)
    new = seen.beside or begun.new
    if seen.stored == begun.old:
        return _toward_new(seen, begun) if seen.beside is not None else _toward_a_key(seen, begun)
    if seen.stored != new:
        return Forget()
    old = seen.listed.get(begun.old)
    if old is None:
        return Finish()
    return SwitchOff(old.id) if old.active else Delete(old.id)


def _first(seen: Seen) -> Step:
    """Nothing is written down."""
    if seen.beside is not None:
        known = seen.beside != seen.stored and seen.beside in seen.listed
        return Begin(seen.beside) if known else Discard()
    others = [one for one in seen.listed.values() if one.id != seen.stored]
    return Full(others[0]) if others else Begin()


def _toward_a_key(seen: Seen, begun: Begun) -> Step:
    """Begun, and no new key is stored: one that was made just then has lost its secret with whoever was killed."""
    for one in seen.listed.values():
        if one.id != seen.stored:
            ours = one.unused and abs(one.created - begun.at) < OURS
            return Delete(one.id) if ours else Full(one)
    return Make()


def _toward_new(seen: Seen, begun: Begun) -> Step:
    """A new key is stored beside the old one."""
    listed = seen.listed.get(seen.beside or "")
    lags = listed is None and seen.now - begun.at < LAG
    return PutInPlace() if lags or (listed is not None and listed.active) else Discard()

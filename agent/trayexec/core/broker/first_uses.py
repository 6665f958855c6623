"""Remembers which programs have used which profiles in a session, to tell of each first time. It must not know how.

What a person has said yes to by name is nothing new to them, and is not told: a use that was asked about, and what the
code was for that they have just entered for a command which was named. All else is told once, until the session ends or
something is locked: also what is typed at a terminal, for what runs there need not be what was typed. What comes within
a moment is told at once, so that a run over sixty accounts is one notification.

A program is what `permissions.ProgramUse` has, without the window it runs in: its executable and those above it, and
names that can only tell more programs apart. So one that calls itself like another is not kept quiet for it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from trayexec.core.broker.events import Ask, CallingProgram, KeptQuiet
from trayexec.core.broker.permissions import ProgramUse, root_of
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Provider

TOGETHER = 2  # what comes within so long is told together (seconds)
NEWS = 60  # what was told so long ago is not said again beside what is new (seconds)
MOST = 4096  # uses that are remembered: the oldest are told of again


@dataclass(frozen=True, slots=True)
class FirstUse:
    """A program has used a profile for the first time: its `name`, and what it runs in, for people to read."""

    program: CallingProgram
    name: str
    app: str
    automaton: str
    profile: str
    account: str
    came: Instant


@dataclass(frozen=True, slots=True)
class FirstUses:
    """All that was seen since the session began, and what the notification says.

    `quiet` are the marks of programs of which nobody wants to hear. `found` is what is told: at `due`, None once it is.
    `number` is that of the notification, so that a button of an older one says nothing about a later one.
    """

    seen: Mapping[ProgramUse, None] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()
    found: tuple[FirstUse, ...] = ()
    due: Instant | None = None
    number: int = 0

    def forgotten(self) -> "FirstUses":
        """Nothing was seen: from now on each use is a first one."""
        return replace(self, seen={})

    def without(self, root: Identity | Provider) -> "FirstUses":
        """The session is over: what uses the next one is told anew."""
        return replace(self, seen={use: None for use in self.seen if root_of(use.target) != root})

    def next(self, now: Instant) -> float:
        """Seconds until there is something to tell."""
        return float("inf") if self.due is None else max(0.0, now.until(self.due))


def noted(known: FirstUses, asked: Ask, now: Instant) -> FirstUses:
    """With one more use: to be told, if it is the first one and its program is not to be kept quiet of."""
    use = _use_of(asked)
    if use is None or use in known.seen:
        return known
    known = _with_seen(known, use)
    if mark(use.program) in known.quiet:
        return known
    caller = asked.caller
    new = FirstUse(
        use.program,
        caller.program,
        caller.parents[-1] if caller.parents else "",
        caller.provenance.automaton,
        asked.profile.name,
        asked.profile.account,
        now,
    )
    others = (one for one in known.found if not _is_same(one, new) and (known.due or one.came.until(now) <= NEWS))
    return replace(known, found=(*others, new), due=known.due or now.after(TOGETHER))


def _is_same(one: FirstUse, other: FirstUse) -> bool:
    return (one.program, one.profile) == (other.program, other.profile)


def known_of(known: FirstUses, asked: Iterable[Ask]) -> FirstUses:
    """With uses that a person knows of, and is not told."""
    for one in asked:
        use = _use_of(one)
        if use is not None:
            known = _with_seen(known, use)
    return known


def told(known: FirstUses) -> FirstUses:
    """As it is once the notification is there."""
    return replace(known, due=None, number=known.number + 1)


def hushed(known: FirstUses) -> tuple[FirstUses, tuple[KeptQuiet, ...]]:
    """The programs that the notification names are kept quiet of from now on: what is to be written down of them."""
    kept = {mark(one.program): KeptQuiet(mark(one.program), _label(one)) for one in known.found if is_known(one)}
    return replace(known, quiet=known.quiet | kept.keys(), found=(), due=None), tuple(kept.values())


def is_known(use: FirstUse) -> bool:
    """Whether its program is told from others by more than its name."""
    return bool(use.program.executables)


def mark(program: CallingProgram) -> str:
    """A digest of all that tells this program from others."""
    said = json.dumps([program.executables, program.parents, program.name]).encode()
    return hashlib.sha256(said).hexdigest() if program.executables else ""


def _label(use: FirstUse) -> str:
    return f"{use.name} ← {use.app}" if use.app not in {"", use.name} else use.name


def _use_of(asked: Ask) -> ProgramUse | None:
    """Which use it is; None where nothing at all is known of who asks, as of a click in our own menu."""
    program = replace(asked.caller.provenance.program, app=None)
    if program == CallingProgram():
        return None
    return ProgramUse(program, asked.profile.name, asked.profile.target)


def _with_seen(known: FirstUses, use: ProgramUse) -> FirstUses:
    seen = {**known.seen, use: None}
    while len(seen) > MOST:
        del seen[next(iter(seen))]
    return replace(known, seen=seen)

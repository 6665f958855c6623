"""Tells which uses of guarded profiles a person has allowed, and for how long. It must not know how one is asked.

What is allowed is a program's use of a profile and of what that leads to: an edited profile is another one. An answer
covers the processes that waited for it, for as long as they live, and what they start where they are commands that run
with the profile: they could hand on what they have anyway. One that holds longer covers the same program in the same
terminal or app. A lock forgets all of it, and so does the end of the session.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from math import isinf

from trayexec.core.broker.events import Ask, CallingProgram, Process
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Provider, Role
from trayexec.core.ports import Verdict
from trayexec.core.settings import UseGuard

MOST = 256  # processes that are remembered: the oldest are asked for again
USUAL = 600  # seconds of an answer for a time, where the settings let one hold until something is locked


@dataclass(frozen=True, slots=True)
class ProgramUse:
    """What a person is asked for: that this program uses this profile, which leads to `target`.

    `request` is the number of the one request that it is, where nothing is known of its program; else 0.
    """

    program: CallingProgram
    profile: str
    target: Identity | Provider | Role
    request: int = 0


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """That this process uses this profile; `spreads` as in `events.Provenance`."""

    process: Process
    profile: str
    target: Identity | Provider | Role
    spreads: bool


@dataclass(frozen=True, slots=True)
class Denial:
    """A person has said no, `count` times in a row: before `until` that is the answer, and nobody is asked."""

    count: int
    until: Instant


class PermissionChannel(Enum):
    """Where a person is asked."""

    DIALOG = "in the agent's dialog"
    TERMINALS = "on the callers' terminals: no dialog can be shown"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question that somebody waits for an answer to; `asked` is the request that it names.

    `until` is when it goes away by itself; None while another question is asked first.
    """

    epoch: int
    asked: Ask
    channel: PermissionChannel = PermissionChannel.DIALOG
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """A program was allowed a use at this moment, for so many seconds at most."""

    since: Instant
    holds: float


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """What a person said, None for nothing; FOR_A_TIME is `holds` seconds."""

    verdict: Verdict | None
    holds: int = 0

    @property
    def allows(self) -> bool:
        """Whether it was a yes."""
        return self.verdict not in {None, Verdict.DENY}


@dataclass(frozen=True, slots=True)
class Permissions:
    """All answers that still hold, and the questions."""

    programs: Mapping[ProgramUse, Permission] = field(default_factory=dict)
    processes: Mapping[ProcessUse, Instant] = field(default_factory=dict)  # since when
    denials: Mapping[ProgramUse, Denial] = field(default_factory=dict)
    questions: Mapping[ProgramUse, Confirmation] = field(default_factory=dict)

    def forgotten(self) -> "Permissions":
        """Without any answer."""
        return Permissions(questions=self.questions)

    def without(self, root: Identity | Provider) -> "Permissions":
        """Without the answers about what comes from `root`."""
        programs = {use: given for use, given in self.programs.items() if root_of(use.target) != root}
        processes = {use: since for use, since in self.processes.items() if root_of(use.target) != root}
        return replace(self, programs=programs, processes=processes)

    def allow(self, asked: Ask, now: Instant) -> "Permissions":
        """With this request's own process allowed, where it is known."""
        provenance = asked.caller.provenance
        if provenance.process is None:
            return self
        use = ProcessUse(provenance.process, asked.profile.name, asked.profile.target, provenance.spreads)
        newest = {**{one: since for one, since in self.processes.items() if one != use}, use: now}
        while len(newest) > MOST:
            del newest[next(iter(newest))]
        return replace(self, processes=newest)


def root_of(target: Identity | Provider | Role) -> Identity | Provider:
    """The keys or the provider at its end."""
    return target.root if isinstance(target, Role) else target


def use_of(asked: Ask) -> ProgramUse:
    """What a person would be asked for."""
    program = asked.caller.provenance.program
    number = 0 if program.executables else asked.caller.reply_to.number
    return ProgramUse(program, asked.profile.name, asked.profile.target, number)


def is_allowed(known: Permissions, asked: Ask, now: Instant) -> bool:
    """Whether nobody has to be asked: it is not guarded, or a person's answer covers it."""
    if asked.guard is None:
        return True
    given = known.programs.get(use_of(asked))
    if given is not None and now.boot - given.since.boot < min(given.holds, asked.guard.holds):
        return True
    provenance = asked.caller.provenance
    name, target = asked.profile.name, asked.profile.target
    own = () if provenance.process is None else (provenance.process,)
    return any(ProcessUse(one, name, target, spreads=True) in known.processes for one in (*own, *provenance.above)) or (
        any(ProcessUse(one, name, target, spreads=False) in known.processes for one in own)
    )


def choices(guard: UseGuard) -> tuple[Verdict, ...]:
    """How a person may allow it, what says least first: no answer holds longer than config.toml says."""
    if not guard.holds:
        return (Verdict.ONCE,)
    return (Verdict.ONCE, Verdict.FOR_A_TIME, *((Verdict.UNTIL_LOCKED,) if isinf(guard.holds) else ()))


def seconds(guard: UseGuard) -> int:
    """For how many seconds FOR_A_TIME is."""
    return USUAL if isinf(guard.holds) else int(guard.holds)

"""Finds out who asks for a profile: by what the system tells of the caller's process, not by what it says."""

from trayexec.core.automata import recognised
from trayexec.core.broker.events import Caller, CallingProgram, Process, Provenance
from trayexec.daemon.requests import AnswerUse
from trayexec.light import processes

KEPT = 256  # processes that are known


class KnownCallers:
    """Who asked lately, so that a process that asks a thousand times is found out about once.

    Only for telling a person of it: who started it may have become another program since, so a question looks anew.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Provenance] = {}

    def provenance_of(self, caller: Caller, use: AnswerUse) -> Provenance:
        """As the function, for a process that is still the one that it was."""
        name, parent, started = processes.stat_of(caller.pid)
        key = (caller.pid, started, name, parent, processes.executable(caller.pid), caller.program, use)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = provenance_of(caller, use)
            while len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
        return found


def provenance_of(caller: Caller, use: AnswerUse) -> Provenance:
    """Who gets what `caller` asks for. Of one that is gone, or where the system tells nothing, only its name is known.

    Over a forwarded socket it is the process that forwards it: what is at the other end nobody here can know.
    """
    name, parent, started = processes.stat_of(caller.pid)
    executable = processes.executable(caller.pid)
    if not started or not executable:
        return Provenance(CallingProgram(name=caller.program))
    above = processes.lineage(parent)
    own = Process(caller.pid, started)
    chain = tuple(Process(pid, since) for _, pid, since in above)
    program = CallingProgram(
        tuple(filter(None, (executable, *map(processes.executable, _above(parent, chain))))),
        tuple(one for one, _, _ in above),
        chain[-1] if chain else own,
        caller.program,
    )
    if name in processes.CARRIERS:
        return Provenance(program)
    spreads = use is not AnswerUse.PASSES
    automaton = recognised(processes.variables(caller.pid), (name, *program.parents))
    return Provenance(program, own, chain, spreads=spreads, automaton=automaton)


def _above(parent: int, chain: tuple[Process, ...]) -> tuple[int, ...]:
    """The processes above it up to the terminal or app, and its parent in any case."""
    return tuple(dict.fromkeys((parent, *(one.pid for one in chain))))

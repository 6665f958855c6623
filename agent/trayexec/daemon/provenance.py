"""Finds out who asks for a guarded profile: by what the system tells of the caller's process, not by what it says."""

from trayexec.core.automata import recognised
from trayexec.core.broker.events import Caller, CallingProgram, Process, Provenance
from trayexec.daemon.requests import AnswerUse
from trayexec.light import processes


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

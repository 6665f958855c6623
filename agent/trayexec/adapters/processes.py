"""Which processes still run. Quick: a file of /proc for each, and nothing is held open."""

from collections.abc import Iterable

from trayexec.core.broker.events import Process
from trayexec.light.processes import started


def running(processes: Iterable[Process]) -> frozenset[Process]:
    """Those that still run; an id that another process has by now is not the same."""
    return frozenset(one for one in processes if one.started and started(one.pid) == one.started)

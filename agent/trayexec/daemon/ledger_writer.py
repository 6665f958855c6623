"""Notes who was answered what: of all who are answered in one turn of the loop the first at once, the rest together."""

import asyncio
from collections.abc import Callable, Sequence

from trayexec.core.ports import Entry


class LedgerWriter:
    """The port `Ledger`, in the loop. `write` is given entries; it is quick and never raises."""

    def __init__(self, write: Callable[[Sequence[Entry]], None]) -> None:
        """Nothing is noted yet."""
        self._write = write
        self._rest: list[Entry] | None = None  # of this turn; None before the first one of a turn

    def note(self, entry: Entry) -> None:
        """Write the first one of a turn at once, before it is answered; the others when the next turn begins."""
        if self._rest is not None:
            self._rest.append(entry)
            return
        self._rest = []
        asyncio.get_running_loop().call_soon(self.flush)
        self._write([entry])

    def flush(self) -> None:
        """Write what is left of this turn."""
        rest, self._rest = self._rest, None
        if rest:
            self._write(rest)

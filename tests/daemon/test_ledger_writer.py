"""The ledger of a busy agent: nothing is lost or out of order, and the file is opened twice a turn at most."""

import asyncio
from collections.abc import Sequence

from trayexec.core.ports import Entry
from trayexec.daemon.ledger_writer import LedgerWriter


def entry(pid: int) -> Entry:
    """Somebody's answer."""
    return Entry("2026-01-31T21:07:09Z", "a", "credentials", pid, "aws", "ok")


def test_the_first_of_a_turn_is_written_at_once_and_the_rest_together() -> None:
    """A lone caller is noted before it is answered; of a crowd's entries none is kept back for longer than a turn."""
    written: list[list[int]] = []

    def write(entries: Sequence[Entry]) -> None:
        written.append([one.pid for one in entries])

    async def story() -> None:
        ledger = LedgerWriter(write)
        ledger.note(entry(1))
        assert written == [[1]]
        await asyncio.sleep(0)
        for pid in (2, 3, 4):
            ledger.note(entry(pid))
        assert written == [[1], [2]]
        await asyncio.sleep(0)
        assert written == [[1], [2], [3, 4]]
        ledger.note(entry(5))
        ledger.note(entry(6))
        ledger.flush()  # the agent ends
        assert written[3:] == [[5], [6]]

    asyncio.run(story())

"""What is kept of the commands' output until they end."""

import errno
import os

import pytest

from trayexec.commands.fanout.spooled import IN_MEMORY, MemoryBudget, Spool


def test_what_is_kept_comes_back_once_and_in_order() -> None:
    """A little or much."""
    for size in (0, 10, IN_MEMORY, IN_MEMORY + 10):
        spool = Spool(MemoryBudget(2 * IN_MEMORY))
        for start in range(0, size, 1000):
            spool.add(b"%04d" % (start // 1000) * 250 if size - start >= 1000 else b"x" * (size - start))
        assert len(b"".join(spool.portions())) == spool.size == size
        spool.close()


def test_no_more_is_kept_than_the_machine_can_spare() -> None:
    """Of all commands together: an endless one does not take the memory of everything else."""
    budget = MemoryBudget(100)
    one, other = Spool(budget), Spool(budget)
    one.add(b"x" * 60)
    with pytest.raises(OSError, match=os.strerror(errno.ENOMEM)):
        other.add(b"x" * 60)
    assert b"".join(other.portions()) == b""
    one.close()
    other.add(b"x" * 60)
    assert other.size == 60

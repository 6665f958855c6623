"""When an agent gives way to the version that is installed; `tests/whole/test_restart.py` is about the whole of it."""

import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.stage import ALICE, Stage
from trayexec.adapters.clock import SystemClock
from trayexec.daemon import replacement
from trayexec.daemon.replacement import Installed
from trayexec.daemon.succession import Succession


def test_who_comes_while_it_is_seen_whether_it_starts_only_puts_it_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look tries again, once nobody waits."""
    stage, stopped = Stage(), list[bool]()
    stage.configure(ALICE)
    free = stage.broker
    stage.ask()
    loop: Any = SimpleNamespace(broker=free, keys=SimpleNamespace(all_held=dict))

    async def check() -> None:
        loop.broker = stage.broker

    monkeypatch.setattr(replacement, "check", check)
    succession = Succession(loop, SystemClock(), logging.getLogger("test"), words=(), stop=lambda: stopped.append(True))
    file = tmp_path / "__init__.py"
    file.write_text("old")
    succession._installed = Installed(str(file))
    file.write_text("another one")
    for _ in range(3):
        asyncio.run(succession.look())
    assert not stopped

    async def fine() -> None:
        pass

    monkeypatch.setattr(replacement, "check", fine)
    loop.broker = free
    asyncio.run(succession.look())
    assert stopped == [True]

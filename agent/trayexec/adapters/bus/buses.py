"""The two buses of a desktop, on a platform that has them."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from trayexec.adapters.bus.address import session_bus, system_bus

if TYPE_CHECKING:
    from trayexec.adapters.bus.client import Bus


@dataclass(frozen=True, slots=True)
class Buses:
    """The session's and the system's; None on a platform without D-Bus."""

    session: "Bus | None" = None
    system: "Bus | None" = None

    async def keep(self) -> None:
        """See to it that there are connections, until cancelled."""
        async with asyncio.TaskGroup() as both:
            for bus in (self.session, self.system):
                if bus is not None:
                    both.create_task(bus.keep())

    async def close(self) -> None:
        """Close the connections."""
        for bus in (self.session, self.system):
            if bus is not None:
                await bus.close()


def buses_of(environ: Mapping[str, str]) -> Buses:
    """Those of this environment, not yet connected."""
    if sys.platform != "linux":
        return Buses()
    from trayexec.adapters.bus.client import Bus  # noqa: PLC0415 — jeepney is a dependency on Linux only

    return Buses(Bus(partial(session_bus, environ)), Bus(partial(system_bus, environ)))

"""Stands in for `linux.py` on macOS and Windows, where this program does not ask yet: the last hand-out counts there.

macOS will ask HIDIdleTime of IOKit, Windows GetLastInputInfo.
"""

from collections.abc import Mapping


class IdleTime:
    """Knows nothing."""

    def __init__(self, environ: Mapping[str, str], buses: object) -> None:
        pass

    async def seconds(self) -> float | None:
        """None, for not known."""
        return None

    async def close(self) -> None:
        """Nothing listens."""

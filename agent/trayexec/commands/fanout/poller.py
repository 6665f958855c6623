"""Waits until any of many descriptors can be read, by poll(2) like `light/polling.py`; `selectors` is slow to load."""

import select


class Poller:
    """Descriptors that are waited for, each with what is known of it."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._known: dict[int, object] = {}

    def add(self, descriptor: int, known: object) -> None:
        """Wait for this one too."""
        self._poll.register(descriptor, select.POLLIN)
        self._known[descriptor] = known

    def remove(self, descriptor: int) -> None:
        """No longer: to be said before it is closed."""
        self._poll.unregister(descriptor)
        del self._known[descriptor]

    def wait(self, seconds: float) -> list[object]:
        """What is known of those that can be read or have come to their end; of none after so many seconds."""
        return [self._known[descriptor] for descriptor, _ in self._poll.poll(seconds * 1000)]

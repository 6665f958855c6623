"""A keychain in memory, for tests of what is above it. It passes the same contract as the real one."""

from collections.abc import Callable

from trayexec.core.credentials import LongTermKeys
from trayexec.core.ports import Keychain
from trayexec.light.errors import TrayexecError, Trouble, trouble


class MemoryKeychain(Keychain):
    """Keeps keys in a dict. Set `trouble` to make every call fail with it: locked, unavailable."""

    def __init__(self) -> None:
        self.items: dict[str, LongTermKeys] = {}
        self.trouble: Trouble | None = None

    def read(self, name: str, asks: Callable[[float], None] | None = None) -> LongTermKeys:
        """The keys stored under `name`; it never asks a person."""
        del asks
        self._check()
        if name not in self.items:
            raise TrayexecError(_missing(name))
        return self.items[name]

    def store(self, name: str, keys: LongTermKeys) -> None:
        """Store."""
        self._check()
        self.items[name] = keys

    def remove(self, name: str) -> None:
        """Remove; raises keys_missing when there was nothing."""
        self.read(name)
        del self.items[name]

    def names(self) -> frozenset[str] | None:
        """Under which names there are keys."""
        self._check()
        return frozenset(self.items)

    def _check(self) -> None:
        if self.trouble is not None:
            raise TrayexecError(self.trouble)


def _missing(name: str) -> Trouble:
    return trouble("keys_missing", "No keys are stored for {name}.", "Store them: trayexec keys add {name}", name=name)

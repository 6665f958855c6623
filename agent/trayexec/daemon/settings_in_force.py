"""Puts our own settings in force as `config.toml` says them, whenever it is looked at. It must not know files."""

from collections.abc import Callable

from trayexec.core.broker.events import Configured
from trayexec.core.settings import LoadedSettings, Settings
from trayexec.daemon.loop import Loop
from trayexec.light.errors import Trouble


class SettingsInForce:
    """`refresh` gives what it is given while the file stays as it was; `prefer` is told how a code is asked for."""

    def __init__(
        self,
        first: LoadedSettings,
        refresh: Callable[[LoadedSettings], LoadedSettings],
        prefer: Callable[[Settings], None],
        loop: Loop,
    ) -> None:
        """Nothing is read yet; `first` is what was read when the agent began."""
        self.loaded = first
        self._refresh = refresh
        self._prefer = prefer
        self._loop = loop

    def read(self) -> Trouble | None:
        """Look at the file, before each request too; what is wrong with it, if anything."""
        last = self.loaded
        self.loaded = self._refresh(last)
        if self.loaded is not last:
            self._prefer(self.loaded.settings)
            broker = self._loop.broker
            others = None if broker.warning == last.warning else broker.warning
            warning, sign_ins = self.loaded.warning or others, tuple(broker.sign_ins)
            self._loop.post(Configured(broker.identities, self.loaded.settings, warning, sign_ins))
        return self.loaded.warning

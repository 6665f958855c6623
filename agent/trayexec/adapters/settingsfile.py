"""Our own `config.toml` on disk: read when it is asked for, again when it has changed."""

from dataclasses import dataclass

from trayexec.adapters import plainfile
from trayexec.adapters.plainfile import BYTE_ORDER_MARK, Stamp
from trayexec.core.settings import Settings, parse
from trayexec.errors import TrayexecError, Trouble

LONGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, the version of the file last seen, and what is wrong with that version, if anything."""

    settings: Settings
    stamp: Stamp
    warning: Trouble | None = None


def load(path: str) -> Settings:
    """The settings in the file at `path`; what usually holds where there is no file.

    Raises TrayexecError: `file` when it cannot be read, `settings` with the line when it says something wrong.
    """
    content = plainfile.read(path, limit=LONGEST_FILE)
    return parse(content.text.removeprefix(BYTE_ORDER_MARK), file=path) if content else Settings()


def refresh(path: str, last: Loaded | None) -> Loaded:
    """`last` itself while the file is the same, else what it says now.

    A file that breaks while we run leaves the last good settings in force, with a `warning`. Without a `last` it
    raises as `load` does.
    """
    stamp = plainfile.stamp_of(path)
    if last is not None and last.stamp == stamp:
        return last
    try:
        return Loaded(load(path), stamp)
    except TrayexecError as error:
        if last is None:
            raise
        return Loaded(last.settings, stamp, error.trouble)

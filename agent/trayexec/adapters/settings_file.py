"""Our own `config.toml` on disk: read when it is asked for, again when it has changed.

It can name commands that give the code and the keys, so it must be the user's own, as those of ssh and git are.
"""

from trayexec.adapters import file_trust, plain_file
from trayexec.adapters.plain_file import BYTE_ORDER_MARK
from trayexec.core.settings import LoadedSettings, Settings, parse
from trayexec.light.errors import TrayexecError, trouble

LONGEST_FILE = 1_000_000


def load(path: str, *, called: str = "") -> Settings:
    """The settings in the file at `path`; what usually holds where there is no file.

    What is wrong in it is said of the file `called`, where that is another one.

    Raises TrayexecError: `file` when it cannot be read, `settings_owner` when somebody else could have written it,
    `settings` with the line when it says something wrong.
    """
    why = file_trust.doubt(path)
    if why is not None:
        raise TrayexecError(
            trouble(
                "settings_owner",
                "The settings in {file} cannot be trusted: {why}.",
                "They can name commands, so only you may write to the file and its folder. Correct that, or "
                "XDG_CONFIG_HOME.",
                file=path,
                why=why,
            )
        )
    content = plain_file.read(path, limit=LONGEST_FILE)
    return parse(content.text.removeprefix(BYTE_ORDER_MARK), file=called or path) if content else Settings()


def refresh(path: str, last: LoadedSettings | None) -> LoadedSettings:
    """`last` itself while the file is the same, else what it says now.

    A file that breaks while we run leaves the last good settings in force, with a `warning`. Without a `last` it
    raises as `load` does.
    """
    stamp = plain_file.stamp_of(path)
    if last is not None and last.version == stamp:
        return last
    try:
        return LoadedSettings(load(path), stamp)
    except TrayexecError as error:
        if last is None:
            raise
        return LoadedSettings(last.settings, stamp, error.trouble)

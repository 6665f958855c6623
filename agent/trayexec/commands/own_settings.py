"""What our own `config.toml` says, for the verbs that go by it."""

import os

from trayexec.light import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayexec.core.settings import Settings


def load(environ: "Mapping[str, str]") -> "Settings | None":
    """The settings; None where there is no such file. Raises TrayexecError for what is wrong with it."""
    path = paths.settings_path(environ)
    try:
        os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError:
        pass  # whoever reads it says why
    from trayexec.adapters import settings_file  # noqa: PLC0415 — most have no such file, and TOML takes long to load

    return settings_file.load(path)


def keys_program(environ: "Mapping[str, str]", name: str) -> str | None:
    """The program that prints the keys of an identity; None where they are stored with us.

    Without its arguments: a secret may stand there. Raises TrayexecError for what is wrong with the settings.
    """
    settings = load(environ)
    command = None if settings is None else settings.keys_command(name)
    return None if command is None else command.argv[0]

"""Every verb but the run path, a room each, loaded when asked for: imports are free in there."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from trayexec import origin
from trayexec.commands.parse import read


def dispatch(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the first word says. Returns the exit status; raises TrayexecError for what cannot be done.

    Under `--live` no verb sees the overlay in place of the user's own AWS files.
    """
    options = read(arguments, environ)
    room, _, act = options.act.partition(".")
    return int(getattr(import_module(f"trayexec.commands.{room}"), act)(options, origin.outside(environ)))

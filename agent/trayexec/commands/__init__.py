"""Every verb but the run path, a module each, loaded when asked for: imports are free in there."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from trayexec.commands.parse import read
from trayexec.light.errors import TrayexecError
from trayexec.live import overlay_origin

WITHOUT_FILES = (
    "unlock.lock",
    "agent.agent",
    "autostart.",
    "log.log",
    "help.",
)  # what works whatever the AWS files are


def dispatch(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the first word says. Returns the exit status; raises TrayexecError for what cannot be done.

    Under `--live` no verb sees the overlay in place of the user's own AWS files.
    """
    options = read(arguments, environ)
    module, _, act = options.act.partition(".")
    try:
        environ = overlay_origin.outside(environ)
    except TrayexecError:
        if not options.act.startswith(WITHOUT_FILES):
            raise
        environ = {name: value for name, value in environ.items() if name not in overlay_origin.OWN}
    return int(getattr(import_module(f"trayexec.commands.{module}"), act)(options, environ))

"""Every verb but the run path, a module each, loaded when asked for: imports are free in there."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WITHOUT_FILES = (
    "unlock.lock",
    "agent.agent",
    "autostart.",
    "log.log",
    "help.",
)  # what works whatever the AWS files are


def dispatch(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    """Do what the first word says. Returns the exit status; raises TrayexecError for what cannot be done.

    Under `--live` no verb sees the overlay in place of the user's own AWS files.
    """
    from importlib import import_module  # noqa: PLC0415 — a run over several profiles does without all of these

    from trayexec.commands.parse import read  # noqa: PLC0415 — as above
    from trayexec.light.errors import TrayexecError  # noqa: PLC0415 — as above
    from trayexec.live import overlay_origin  # noqa: PLC0415 — as above

    options = read(arguments, environ)
    module, _, act = options.act.partition(".")
    try:
        environ = overlay_origin.outside(environ)
    except TrayexecError:
        if not options.act.startswith(WITHOUT_FILES):
            raise
        environ = {name: value for name, value in environ.items() if name not in overlay_origin.OWN}
    return int(getattr(import_module(f"trayexec.commands.{module}"), act)(options, environ))

"""Every verb but the run path: loaded when asked for, so imports are free here."""

from collections.abc import Mapping, Sequence

from trayexec.commands.parse import parser


def dispatch(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the first word says. Returns the exit status; raises TrayexecError for what cannot be done."""
    options = parser().parse_args(list(arguments))
    return int(options.act(options, environ))

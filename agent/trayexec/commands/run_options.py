"""Reads the options of a run that is more than a plain profile: several at once, `--live`, `--server`; and runs it."""

from collections.abc import Mapping, Sequence
from importlib import import_module

from trayexec.commands import reading, usage_errors
from trayexec.commands.options import LITERAL, RUN
from trayexec.commands.parse import literal
from trayexec.commands.role_words import is_role
from trayexec.light import context, misuse
from trayexec.light.errors import TrayexecError, trouble


def run(words: Sequence[str], command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` as `words` say. Returns the exit status; raises TrayexecError (`usage`) for what it cannot read."""
    options = read(words)
    module = "live" if options.live else "server" if options.server else "fanout"
    most = {"live": 1, "server": 1}.get(module)
    least = {"live": 0, "server": 1}.get(module, 0 if options.retry_failed else 1)
    if not options.profiles and not options.literal and not options.retry_failed:
        one = context.chosen(environ)
        options.literal = [] if one is None else [one]
        if one is None and least:
            raise misuse.nobody()
    named = len(options.profiles) + len(options.literal)
    if module == "live" and any(map(is_role, (*options.profiles, *options.literal))):
        module = "server"  # the overlay has the profiles of the files only; over HTTP it renews as well
    if most is not None and named > most:
        raise TrayexecError(
            trouble(
                "usage",
                "One profile stands before `--`, no more and no less.",
                "Usage: trayexec [--live | --server] PROFILE -- CMD…",
            )
        )
    if most is not None:
        _refuse_options_of_many(options)
    return int(import_module(f"trayexec.commands.{module}").run(options, command, environ))


def read(words: Sequence[str]) -> reading.Options:
    """Every option of a run; `profiles` are names, globs and @groups, `literal` names alone. Raises TrayexecError."""
    names, rest = literal(words)
    line = reading.read(rest, RUN)
    if line.unknown:
        raise TrayexecError(usage_errors.unknown_words(line.unknown, (*reading.options_of(RUN), *LITERAL.names)))
    line.options.literal = names
    return line.options


def _refuse_options_of_many(options: reading.Options) -> None:
    """Raises TrayexecError: whoever says --dry-run must not see the command run."""
    for option in RUN.options:
        if option.of_many and getattr(options, option.field) != ([] if option.repeats else option.unsaid):
            raise TrayexecError(
                trouble(
                    "usage",
                    "{option} is for runs over several profiles: it does not go with --live or --server.",
                    "Leave out the one or the other.",
                    option=option.names[0],
                )
            )

"""Reads the options of a run that is more than a plain profile: several at once, `--live`, `--server`; and runs it."""

import os
import sys

from trayexec.commands import reading, usage_errors
from trayexec.commands.options import LITERAL, RUN
from trayexec.commands.parse import literal
from trayexec.commands.role_words import is_role
from trayexec.light import context, misuse
from trayexec.light.errors import TrayexecError, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    """Run `command` as `words` say. Returns the exit status; raises TrayexecError (`usage`) for what it cannot read."""
    options = read(words)
    module = "live" if options.live else "server" if options.server else "fanout"
    most = {"live": 1, "server": 1}.get(module)
    if not options.profiles and not options.literal and not options.retry_failed:
        one = context.chosen(environ)
        options.literal = [] if one is None else [one]
    named = len(options.profiles) + len(options.literal)
    if module == "live" and any(map(is_role, (*options.profiles, *options.literal))):
        module = "server"  # the overlay has the profiles of the files only; over HTTP it renews as well
    if module == "live":
        _refuse_what_one_role_has(options)
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
    if module == "fanout":
        from trayexec.commands import fanout  # noqa: PLC0415 — each only where it is meant

        status = fanout.run(options, command, environ)
        sys.stdout.flush()
        os._exit(status)  # an interpreter's farewell takes longer than two commands
    if module == "live":
        from trayexec.commands import live  # noqa: PLC0415 — as above

        return live.run(options, command, environ)
    from trayexec.commands import server  # noqa: PLC0415 — as above

    return server.run(options, command, environ)


def chosen(words: "Sequence[str]", command: "Sequence[str]", environ: "Mapping[str, str]") -> list[str]:
    """The words for whom a person chooses, where a run needs a profile and nothing names one; else none.

    Raises KeyboardInterrupt for Esc and Ctrl-C, TrayexecError (`usage`) where nobody can be asked.
    """
    options = read(words)
    named = options.profiles or options.literal or options.retry_failed or options.live
    if named or context.chosen(environ) is not None:
        return []
    from trayexec.commands import profile_choice  # noqa: PLC0415 — only where a person is asked

    names = []
    if profile_choice.can_ask(options.wait, environ):
        names = profile_choice.several(command, environ, most=1 if options.server else None)
    if not names:
        raise misuse.nobody()
    return [f"--profile={name}" for name in names]


def read(words: "Sequence[str]") -> reading.Options:
    """Every option of a run; `profiles` are names, globs and @groups, `literal` names alone. Raises TrayexecError."""
    names, rest = literal(words)
    line = reading.read(rest, RUN)
    if line.unknown:
        known = (*reading.options_of(RUN), *LITERAL.names)
        raise TrayexecError(usage_errors.unknown_words("", line.unknown, known))
    line.options.literal = names
    return line.options


def _refuse_what_one_role_has(options: reading.Options) -> None:
    """Raises TrayexecError: what is said of one role would not hold for the profiles of an overlay."""
    said = {
        "--read-only": "--read-only" in options.policies,
        "--policy": bool(options.policies),
        "--long": options.long,
    }
    option = next((name for name, there in said.items() if there), None)
    if option is not None:
        raise TrayexecError(
            trouble(
                "usage",
                "Under --live each profile is as its config has it: {option} would change nothing there.",
                "Leave --live out, or take --server.",
                option=option,
            )
        )


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

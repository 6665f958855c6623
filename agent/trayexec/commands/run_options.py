"""A run that is more than one plain profile: several at once, `--live`, `--server`. Reads the words, opens the room."""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module

from trayexec.commands.parse import SayingParser, literal, need, options_of, seconds
from trayexec.commands.usage_errors import unknown_words
from trayexec.light import context, misuse
from trayexec.light.errors import TrayexecError, trouble


def run(words: Sequence[str], command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` as `words` say. Returns the exit status; raises TrayexecError (`usage`) for what it cannot read."""
    names, rest = literal(words)
    parser = _parser()
    options, unknown = parser.parse_known_intermixed_args(_with_values(rest))
    if unknown:
        raise TrayexecError(unknown_words(unknown, (*options_of(parser, ()), "--profile")))
    options.literal = names
    room = "live" if options.live else "server" if options.server else "fanout"
    most = {"live": 1, "server": 1}.get(room)
    least = {"live": 0, "server": 1}.get(room, 0 if options.retry_failed else 1)
    if not options.profiles and not names and not options.retry_failed:
        one = context.chosen(environ)
        options.literal = [] if one is None else [one]
        if one is None and least:
            raise misuse.nobody()
    named = len(options.profiles) + len(options.literal)
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
    return int(import_module(f"trayexec.commands.{room}").run(options, command, environ))


def _refuse_options_of_many(options: argparse.Namespace) -> None:
    """Raises TrayexecError: whoever says --dry-run must not see the command run."""
    for name, unsaid in OF_MANY.items():
        if getattr(options, name) != unsaid:
            raise TrayexecError(
                trouble(
                    "usage",
                    "{option} is for runs over several profiles: it does not go with --live or --server.",
                    "Leave out the one or the other.",
                    option="--except" if name == "leave_out" else "--" + name.replace("_", "-"),
                )
            )


OF_MANY: dict[str, object] = {
    "leave_out": [],
    "jobs": None,
    "output": "prefix",
    "dry_run": False,
    "fail_fast": False,
    "keep_going": False,
    "retry_failed": False,
    "yes": False,
}
VALUED = {"--region", "--need", "--wait", "--except", "--jobs", "--output"}


def _with_values(words: Sequence[str]) -> list[str]:
    """`--except -x` as `--except=-x`: the word after such an option is its value, even if it begins with a dash."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in VALUED:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _parser() -> argparse.ArgumentParser:
    """Every option of a run. `profiles` are names, globs and @groups."""
    parser = SayingParser(prog="trayexec", add_help=False, allow_abbrev=False)
    parser.add_argument("profiles", nargs="*", default=[])
    parser.add_argument("--region")
    parser.add_argument("--need", type=need)
    parser.add_argument("--wait", type=seconds, default=120)
    parser.add_argument("--no-wait", dest="wait", action="store_const", const=0)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--live", action="store_true")
    mode.add_argument("--server", action="store_true")
    parser.add_argument("--except", dest="leave_out", action="append", default=[], metavar="GLOB")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--output", default="prefix")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--fail-fast", action="store_true")
    parser.add_argument("--keep-going", action="store_true")
    parser.add_argument("--retry-failed", action="store_true")
    parser.add_argument("--yes", action="store_true")
    return parser

"""Before anything is asked for: who is meant by this run, and does the person mean it?"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trayexec.commands import table
from trayexec.commands.fanout.caller import Invocation
from trayexec.commands.fanout.memory import LastRun
from trayexec.commands.fanout.obtaining import who
from trayexec.commands.fanout.selection import Candidate, Selection, Wanted, choose
from trayexec.core.config.sections import shown
from trayexec.core.settings import Settings
from trayexec.light import exits
from trayexec.light.errors import Text, TrayexecError, trouble

MANY = 10  # more profiles than this, and a person is asked once


def select(
    options: argparse.Namespace, profiles: Iterable[Mapping[str, Any]], settings: Settings, last: LastRun | None
) -> Selection:
    """Who is meant by the words, among what the agent lists, and by --retry-failed. Raises TrayexecError.

    What failed and has since been taken out of the AWS config is `gone`: it can be meant no more.
    """
    candidates = [Candidate(str(one["name"]), one["account"], one["problem"]) for one in profiles]
    wanted = Wanted(tuple(options.profiles), tuple(options.literal), tuple(options.leave_out))
    if last is None:
        return choose(wanted, candidates, settings.groups)
    names = {one.name for one in candidates}
    gone = tuple(name for name in last.failed if name not in names)
    failed = tuple(name for name in last.failed if name in names)
    if not failed:
        raise TrayexecError(
            trouble(
                "nobody",
                "What failed in the last run is no longer in the AWS config: {names}.",
                "Name the profiles: trayexec 'prod-*' -- CMD…",
                names=who(gone),
            )
        )
    if not (wanted.words or wanted.literal):
        again = choose(Wanted(literal=failed, leave_out=wanted.leave_out), candidates, settings.groups)
        return Selection(again.chosen, again.unserved, gone)
    again = choose(Wanted(literal=failed), candidates, settings.groups)
    meant = choose(wanted, candidates, settings.groups)
    chosen = tuple(one for one in meant.chosen if one in again.chosen)
    if not chosen:
        raise TrayexecError(
            trouble(
                "nobody",
                "None of these profiles failed in the last run.",
                "Those that did: {names}",
                names=who(failed),
            )
        )
    return Selection(chosen, gone=gone)


def tell_who(caller: Invocation, chosen: Sequence[Candidate]) -> int:
    """`--dry-run`."""
    speak = caller.speak
    line = shown(shlex.join(caller.command))
    if caller.options.output == "json":
        for one in chosen:
            table.show_line({"profile": one.name, "account": one.account, "command": list(caller.command)})
        return exits.OK
    heads = (Text("PROFILE"), Text("ACCOUNT"), Text("COMMAND"))
    table.show([speak(head) for head in heads], [(shown(one.name), one.account or "", line) for one in chosen])
    return exits.OK


def ask_if_many(caller: Invocation, chosen: Sequence[Candidate]) -> None:
    """More than a few are asked about once, where there is a person. Raises TrayexecError if that is a no."""
    if len(chosen) <= MANY or caller.options.yes or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return
    question = Text(
        "Run {command} for {count} profiles ({names})? [y/N] ",
        command=shown(shlex.join(caller.command)),
        count=len(chosen),
        names=who(one.name for one in chosen),
    )
    sys.stderr.write(caller.speak(question))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise TrayexecError(trouble("cancelled", "Nothing has run.", "--yes answers the question beforehand."))

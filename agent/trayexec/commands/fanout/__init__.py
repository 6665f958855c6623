"""`trayexec P1 'prod-*' @group -- CMD…`: the same command once for each of several profiles, side by side.

The steps, each with a room of its own: who is meant (`selection`), credentials for all (`obtaining`), the commands
(`running`, `groups`), what they say (`outputs`, `lines`, `screen`, `spool`), how it went (`result`, `memory`).
"""

import argparse
import os
import selectors
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trayexec import cli, paths, words
from trayexec.adapters import settingsfile
from trayexec.commands import table
from trayexec.commands.fanout import memory
from trayexec.commands.fanout.obtaining import Asking, Conversation, Denied, Obtaining, Outcome, Served, who
from trayexec.commands.fanout.outputs import Grouped, Objects, Output, Prefixed, folder, marks
from trayexec.commands.fanout.result import BY_SIGNAL, End, Result, exit_status, shown_status
from trayexec.commands.fanout.running import Plan, Runner
from trayexec.commands.fanout.screen import LostError, Screen, Stream, widen
from trayexec.commands.fanout.selection import Candidate, Selection, Wanted, choose
from trayexec.core.sections import shown
from trayexec.core.settings import Settings
from trayexec.errors import Text, TrayexecError, trouble

JOBS = 8  # commands at a time, unless told
MANY = 10  # more profiles than this, and a person is asked once
SLOW = 1.0  # seconds until it is said what takes so long
OUTPUTS = ("prefix", "grouped", "json")
SIGPIPE = 13


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who called: the options, the command and its file, the environment, and the caller's own two streams."""

    options: argparse.Namespace
    command: Sequence[str]
    program: str
    environ: Mapping[str, str]
    screen: Screen
    speak: Callable[[Text], str]

    def say(self, text: Text) -> None:
        self.screen.say(self.speak(text))


def run(options: argparse.Namespace, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` for every profile that `options` mean. Returns the exit status: 0, 123, 125, or 128 + a signal.

    Raises TrayexecError for what is known to be wrong before anything has run.
    """
    _check(options)
    program = cli.find(command[0], environ)
    if isinstance(program, int):
        return program
    caller = _Caller(options, command, program, environ, _screen(environ), words.speaker(environ))
    settings = settingsfile.load(paths.settings_path(environ))
    last = memory.recall(cli.files(environ), environ) if options.retry_failed else None
    if last is not None and not last.failed:
        caller.say(Text("nothing to run: the last run had no failures"))
        return cli.OK
    request: dict[str, Any] = {"op": "status", "wait": 0, **cli.files(environ)}
    profiles = cli.obtain(request, environ)["profiles"]
    selection = _select(options, profiles, settings, last)
    for one in selection.unserved:
        caller.say(
            Text("left out: {profile}: {problem}", profile=shown(one.name), problem=shown_problem(one.problem or ""))
        )
    if options.dry_run:
        return _tell_who(caller, selection.chosen)
    _ask_if_many(caller, selection.chosen)
    asked: dict[str, Any] = {name: value for name, value in request.items() if name != "op"}
    asked |= {"wait": options.wait, "program": command[0].rpartition("/")[2]}
    if options.need is not None:
        asked["need"] = options.need
    return _do(caller, selection.chosen, settings, asked)


def shown_problem(problem: str) -> str:
    """A problem on one line."""
    return " ".join(problem.split())


def _check(options: argparse.Namespace) -> None:
    """Raises TrayexecError (`usage`) for options that cannot be meant."""
    if options.jobs is not None and options.jobs < 1:
        raise TrayexecError(
            trouble("usage", "--jobs is a number from 1 on.", "Usage: trayexec --jobs 8 'prod-*' -- CMD…")
        )
    if options.output not in OUTPUTS and not (options.output.startswith("dir=") and options.output[4:]):
        raise TrayexecError(
            trouble(
                "usage",
                "There is no output {output}.",
                "It is one of: --output prefix, grouped, json, dir=PATH",
                output=shown(options.output),
            )
        )


def _screen(environ: Mapping[str, str]) -> Screen:
    """The streams as Python found them: a closed one is the null device by now."""
    descriptors = {Stream.OUT: sys.stdout.fileno(), Stream.ERR: sys.stderr.fileno()}
    for descriptor in descriptors.values():
        widen(descriptor)
    able = environ.get("TERM", "dumb") != "dumb"
    terminals = frozenset(one for one, descriptor in descriptors.items() if able and os.isatty(descriptor))
    return Screen(descriptors, terminals, lambda: shutil.get_terminal_size().columns, time.monotonic)


# Who


def _select(
    options: argparse.Namespace, profiles: Iterable[Mapping[str, Any]], settings: Settings, last: memory.LastRun | None
) -> Selection:
    candidates = [Candidate(str(one["name"]), one["account"], one["problem"]) for one in profiles]
    wanted = Wanted(tuple(options.profiles), tuple(options.literal), tuple(options.leave_out))
    if last is None:
        return choose(wanted, candidates, settings.groups)
    failed = Wanted(literal=last.failed)
    if not (wanted.words or wanted.literal):
        return choose(Wanted(literal=last.failed, leave_out=wanted.leave_out), candidates, settings.groups)
    again = choose(failed, candidates, settings.groups).chosen
    meant = choose(wanted, candidates, settings.groups)
    chosen = tuple(one for one in meant.chosen if one in again)
    if not chosen:
        raise TrayexecError(
            trouble(
                "nobody",
                "None of these profiles failed in the last run.",
                "Those that did: {names}",
                names=who(last.failed),
            )
        )
    return Selection(chosen)


def _tell_who(caller: _Caller, chosen: Sequence[Candidate]) -> int:
    """`--dry-run`."""
    speak = caller.speak
    line = shown(shlex.join(caller.command))
    if caller.options.output == "json":
        for one in chosen:
            table.show_line({"profile": one.name, "account": one.account, "command": list(caller.command)})
        return cli.OK
    heads = (Text("PROFILE"), Text("ACCOUNT"), Text("COMMAND"))
    table.show([speak(head) for head in heads], [(shown(one.name), one.account or "", line) for one in chosen])
    return cli.OK


def _ask_if_many(caller: _Caller, chosen: Sequence[Candidate]) -> None:
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


# Credentials, then the commands


def _do(caller: _Caller, chosen: Sequence[Candidate], settings: Settings, asked: Mapping[str, Any]) -> int:
    output = _output(caller, [one.name for one in chosen], settings)
    with selectors.DefaultSelector() as selector:
        asking = Asking(asked, caller.environ, caller.screen.say, caller.screen.clear, time.monotonic)
        obtaining = Obtaining(asking, selector)
        try:
            outcomes = _credentials(caller, [one.name for one in chosen], obtaining, selector)
        except KeyboardInterrupt:
            obtaining.close()
            caller.screen.clear()
            _remember(caller, [one.name for one in chosen])
            raise
        held = {one.profile: one.document for one in outcomes if isinstance(one, Served)}
        denied = [one for one in outcomes if isinstance(one, Denied)]
        results = _denials(caller, chosen, denied)
        _say_denials(caller, denied, of=len(chosen))
        runner = Runner(_plan(caller, len(chosen)), caller.screen, output, obtaining, selector, caller.speak)
        if not denied or caller.options.keep_going:
            results |= runner.run([one for one in chosen if one.name in held], held)
    caller.screen.clear()
    ended = [results.get(one.name) or Result(one.name, one.account, End.UNBEGUN) for one in chosen]
    _remember(caller, [one.profile for one in ended if not one.good])
    return _sum_up(caller, ended, output, runner)


def _plan(caller: _Caller, count: int) -> Plan:
    options = caller.options
    return Plan(
        program=caller.program,
        command=caller.command,
        environ=caller.environ,
        region=options.region,
        jobs=min(options.jobs or JOBS, count),
        fail_fast=options.fail_fast,
        wall=time.time,
    )


def _output(caller: _Caller, profiles: Sequence[str], settings: Settings) -> Output:
    screen, mode = caller.screen, caller.options.output
    match mode:
        case "prefix":
            plain = bool(caller.environ.get("NO_COLOR"))
            return Prefixed(screen, marks(profiles, screen, plain=plain, colour=lambda one: settings.rule(one).colour))
        case "grouped":
            return Grouped(screen)
        case "json":
            return Objects(screen, caller.speak)
        case _:
            path = Path(mode.removeprefix("dir=")).expanduser()
            try:
                return folder(path, profiles)
            except OSError as error:
                raise TrayexecError(
                    trouble(
                        "output",
                        "The folder {folder} cannot be used: {why}.",
                        "Name another: --output dir=PATH",
                        folder=shown(str(path)),
                        why=error.strerror or type(error).__name__,
                    )
                ) from None


def _credentials(
    caller: _Caller, profiles: Sequence[str], obtaining: Obtaining, selector: selectors.BaseSelector
) -> list[Outcome]:
    """Credentials for all, or why not, before anything runs."""
    outcomes: list[Outcome] = list(obtaining.want(profiles))
    said, slow = False, time.monotonic() + SLOW
    while obtaining.busy:
        for key, _ in selector.select(SLOW / 4):
            if isinstance(key.data, Conversation):
                outcomes += obtaining.heard(key.data)
        outcomes += obtaining.tick()
        if time.monotonic() >= slow:
            text = Text("credentials: {have} of {all}…", have=len(outcomes), all=len(profiles))
            caller.screen.status(f"trayexec: {caller.speak(text)}")
            if not said and Stream.ERR not in caller.screen.terminals:
                caller.say(text)
            said = True
    caller.screen.clear()
    return outcomes


def _denials(caller: _Caller, chosen: Sequence[Candidate], denied: Iterable[Denied]) -> dict[str, Result]:
    del caller
    accounts = {one.name: one.account for one in chosen}
    return {one.profile: Result(one.profile, accounts[one.profile], End.DENIED, trouble=one.trouble) for one in denied}


def _say_denials(caller: _Caller, denied: Sequence[Denied], *, of: int) -> None:
    """Why some have none, each reason once, before anything runs."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in denied:
        reason = (caller.speak(one.trouble.title), caller.speak(one.trouble.hint))
        reasons.setdefault(reason, []).append(one.profile)
    for (title, hint), profiles in reasons.items():
        caller.screen.say(f"{who(profiles)}: {title}\n  {hint}")
    if denied and not caller.options.keep_going:
        if len(denied) < of:
            caller.say(Text("nothing has run; --keep-going runs the other {count}", count=of - len(denied)))
        else:
            caller.say(Text("nothing has run"))


# The end


def _remember(caller: _Caller, failed: Iterable[str]) -> None:
    options = caller.options
    said = (*options.profiles, *options.literal, *(f"--except={one}" for one in options.leave_out))
    try:
        memory.remember(memory.LastRun(said, tuple(failed), cli.files(caller.environ)), caller.environ)
    except OSError as error:
        why = error.strerror or type(error).__name__
        caller.say(Text("--retry-failed will not know of this run: {why}", why=why))


def _sum_up(caller: _Caller, results: Sequence[Result], output: Output, runner: Runner) -> int:
    lost = runner.lost
    if lost is None:
        try:
            for one in results:
                if one.status is None:
                    output.absent(one)
        except LostError as error:
            lost = error
    stop = runner.groups.stop
    if stop is not None and stop.why is not None:
        status = BY_SIGNAL + stop.why
    elif lost is not None:
        return _lost(caller, lost)
    else:
        status = exit_status(results)
    if output.table and any(one.end is End.EXITED for one in results):
        _show_table(caller, results)
    return status


def _lost(caller: _Caller, lost: LostError) -> int:
    """Our reader has left, as `head` does: quietly, like any program in a pipe. A full disk is said."""
    if isinstance(lost.why, BrokenPipeError):
        return BY_SIGNAL + SIGPIPE
    if lost.why is not None:
        caller.screen.say(f"{lost.stream.name.lower()}: {lost.why.strerror}")
    return cli.FAILED


def _show_table(caller: _Caller, results: Sequence[Result]) -> None:
    speak = caller.speak
    heads = (Text("PROFILE"), Text("ACCOUNT"), Text("STATUS"), Text("SECONDS"))
    rows = [
        (
            shown(one.profile),
            one.account or "",
            speak(shown_status(one)),
            f"{one.seconds:.1f}" if one.status is not None else "",
        )
        for one in results
    ]
    try:
        said = "".join(f"{line}\n" for line in table.lines([speak(head) for head in heads], rows))
        caller.screen.write(Stream.ERR, said.encode("utf-8", "backslashreplace"))
    except LostError:
        pass

"""`trayexec P1 'prod-*' @group -- CMD…`: the same command once for each of several profiles, side by side.

The steps, each in a file of its own: who is meant (`selection`), credentials for all (`obtaining`), the commands
(`running`, `children`, `groups`), what they say (`output`: `prefixed`, `spooled`, `folder`, all on `screen`), how it
went (`result`, `ending`).

A fan-out of two is to take less than two runs. So what each loads is as light as `light/`: values are `Frozen`, signals
and streams plain numbers and words, and what is not for every fan-out is imported when it is needed.
"""

import sys
import time

from trayexec.adapters import own_memory
from trayexec.commands import own_settings
from trayexec.commands.agent_request import check_files
from trayexec.commands.fanout import children
from trayexec.commands.fanout.ending import recall, remember, sum_up
from trayexec.commands.fanout.obtaining import Asking, Denied, Obtaining, Served, credentials, denials, say_denials
from trayexec.commands.fanout.poller import Poller
from trayexec.commands.fanout.prefixed import Prefixed, colour_code, marks
from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.running import Plan, Runner
from trayexec.commands.fanout.screen import ERR, Invocation, screen_of
from trayexec.commands.fanout.selection import select
from trayexec.commands.role_words import is_role, policy_of
from trayexec.commands.style import has_colours
from trayexec.core.few import who
from trayexec.light import agent_client, context, execution, exits, protocol, translate
from trayexec.light.errors import Text, TrayexecError, shown, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trayexec.commands.fanout.output import Output
    from trayexec.commands.fanout.selection import Candidate
    from trayexec.commands.reading import Options
    from trayexec.core.settings import Settings
    from trayexec.light.protocol_fields import CallerFields, RequestFields

MANY = 10  # more profiles than this, and a person is asked once
JOBS = 8  # commands at a time, unless told
OUTPUTS = ("prefix", "grouped", "json")


def run(options: "Options", command: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    """Run `command` for every profile that `options` mean. Returns the exit status: 0, 123, 125, or 128 + a signal.

    Raises TrayexecError for what is known to be wrong before anything has run.
    """
    _check(options)
    program = execution.find(command[0], environ)
    if isinstance(program, int):
        return program
    policy = policy_of(options)
    caller = Invocation(options, command, program, environ, screen_of(environ), translate.speaker(environ))
    settings = own_settings.load(environ)
    last = recall(context.files(environ), environ) if options.retry_failed else None
    if last is not None and not last.failed:
        caller.say(Text("nothing to run: the last run had no failures"))
        return exits.OK
    surroundings = context.surroundings(environ)
    document = protocol.read_status(agent_client.obtain(protocol.status(surroundings), environ))
    check_files(document)
    selection = select(
        options,
        document["profiles"],
        {} if settings is None else settings.groups,
        None if last is None else last.failed,
    )
    for one in selection.unserved:
        caller.say(
            Text("left out: {profile}: {problem}", profile=shown(one.name), problem=shown_problem(one.problem or ""))
        )
    for name in selection.gone:
        caller.say(Text("left out: {profile}: it is no longer in the AWS config", profile=shown(name)))
    if options.dry_run:
        return tell_who(caller, selection.chosen)
    ask_if_many(caller, selection.chosen, settings)
    fields: CallerFields = {**surroundings, **context.person(environ)}
    profiles = {one["name"] for one in document["profiles"]}

    def request(name: str) -> "RequestFields":
        return protocol.credentials(
            fields,
            name,
            wait=options.wait,
            need=options.need,
            program=command[0].rpartition("/")[2],
            use="sets",
            source=options.source if is_role(name, profiles) else None,
            policy=policy,
            long=options.long,
        )

    if options.source is not None and not any(is_role(one.name, profiles) for one in selection.chosen):
        from trayexec.core import messages  # noqa: PLC0415 — only for a slip

        raise TrayexecError(messages.source_of_a_profile(who(one.name for one in selection.chosen)))
    return _do(caller, selection.chosen, settings, request)


def shown_problem(problem: str) -> str:
    """A problem on one line."""
    return " ".join(problem.split())


def _check(options: "Options") -> None:
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


# Credentials, then the commands


def _do(
    caller: Invocation,
    chosen: "Sequence[Candidate]",
    settings: "Settings | None",
    request: "Callable[[str], RequestFields]",
) -> int:
    output = _output(caller, [one.name for one in chosen], settings)
    own_memory.hide()  # the credentials of all are here until the last command has begun
    children.keep_descriptors()
    poller = Poller()
    asking = Asking(request, caller.environ, caller.screen.say, caller.screen.clear, time.monotonic)
    obtaining = Obtaining(asking, poller)
    try:
        outcomes = credentials(caller, [one.name for one in chosen], obtaining, poller)
    except KeyboardInterrupt:
        obtaining.close()
        caller.screen.clear()
        remember(caller, [one.name for one in chosen])
        raise
    obtained = {one.profile: one.document for one in outcomes if isinstance(one, Served)}
    refused = {one.profile: one for one in outcomes if isinstance(one, Denied)}
    denied = [refused[one.name] for one in chosen if one.name in refused]
    results = denials(chosen, denied)
    say_denials(caller, denied, of=len(chosen))
    plan = _plan(caller, len(chosen))
    runner = Runner(plan, caller.screen, output, obtaining=obtaining, poller=poller, speak=caller.speak)
    if not denied or caller.options.keep_going:
        results |= runner.run([one for one in chosen if one.name in obtained], obtained)
    caller.screen.clear()
    ended = [results.get(one.name) or Result(one.name, one.account, "unbegun") for one in chosen]
    remember(caller, [one.profile for one in ended if not one.good])
    return sum_up(caller, ended, output, runner)


def _plan(caller: Invocation, count: int) -> Plan:
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


def _output(caller: Invocation, profiles: "Sequence[str]", settings: "Settings | None") -> "Output":
    screen, mode = caller.screen, caller.options.output

    def colour(profile: str) -> str | None:
        return None if settings is None else settings.rule(profile).colour

    match mode:
        case "prefix":
            plain = not has_colours(caller.environ)
            return Prefixed(screen, marks(profiles, screen, plain=plain, colour=colour))
        case "grouped" | "json":
            from trayexec.commands.fanout import spooled  # noqa: PLC0415 — only for these two

            budget = spooled.memory_budget()
            if mode == "grouped":
                return spooled.Grouped(screen, budget)
            return spooled.JsonLines(screen, caller.speak, budget)
        case _:
            from trayexec.commands.fanout import folder  # noqa: PLC0415 — only for this one

            return folder.named(mode.removeprefix("dir="), profiles)


# The person, before anything is asked for


def tell_who(caller: Invocation, chosen: "Sequence[Candidate]") -> int:
    """`--dry-run`."""
    import shlex  # noqa: PLC0415 — only here

    speak = caller.speak
    line = shown(shlex.join(caller.command))
    if caller.options.output == "json":
        from trayexec.commands import as_json  # noqa: PLC0415 — only here

        for one in chosen:
            as_json.show_line({"profile": one.name, "account": one.account, "command": list(caller.command)})
        return exits.OK
    from trayexec.commands import table  # noqa: PLC0415 — only here

    heads = (Text("PROFILE"), Text("ACCOUNT"), Text("COMMAND"))
    table.show([speak(head) for head in heads], [(shown(one.name), one.account or "", line) for one in chosen])
    return exits.OK


def ask_if_many(caller: Invocation, chosen: "Sequence[Candidate]", settings: "Settings | None") -> None:
    """More than a few are asked about once, where there is a person, who sees all of them, each in its colour.

    Raises TrayexecError if that is a no.
    """
    if len(chosen) <= MANY or caller.options.yes or not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return
    import shlex  # noqa: PLC0415 — only for the question

    from trayexec.commands import table  # noqa: PLC0415 — likewise
    from trayexec.commands.yes_or_no import agreed  # noqa: PLC0415 — likewise

    heads = [caller.speak(head) for head in (Text("PROFILE"), Text("ACCOUNT"))]
    head, *rows = table.lines(heads, [(shown(one.name), one.account or "") for one in chosen])
    for one, row in zip(chosen, rows, strict=True):
        code = "" if settings is None else colour_code(settings.rule(one.name).colour)
        painted = code and ERR in caller.screen.terminals and has_colours(caller.environ)
        head += f"\n\x1b[{code}m{row}\x1b[0m" if painted else f"\n{row}"
    caller.screen.write(ERR, f"{head}\n".encode("utf-8", "backslashreplace"))
    question = Text(
        "Run {command} for these {count} profiles? [y/N] ",
        command=shown(shlex.join(caller.command)),
        count=len(chosen),
    )
    if not agreed(caller.speak(question)):
        raise TrayexecError(trouble("cancelled", "Nothing has run.", "--yes answers the question beforehand."))

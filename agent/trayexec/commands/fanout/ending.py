"""The end of a run: what is remembered of it for `--retry-failed`, the table, and the exit status."""

from trayexec.commands import as_json, table
from trayexec.commands.fanout.result import BY_SIGNAL, exit_status, shown_status
from trayexec.commands.fanout.screen import ERR, OUT, LostError
from trayexec.commands.options import RUN
from trayexec.commands.style import Style, width_of
from trayexec.light import context, exits, paths, private_files
from trayexec.light.errors import Text, TrayexecError, shown, trouble
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trayexec.commands.fanout.output import Output
    from trayexec.commands.fanout.result import Result
    from trayexec.commands.fanout.running import Runner
    from trayexec.commands.fanout.screen import Invocation
    from trayexec.commands.reading import Options

NAME = "last-fanout.json"
VERSION = 1
LONGEST = 4_000_000
SIGPIPE = 13
FLAGS = [one.sets for one in RUN.options if one.value is None and one.repeats]  # among the values of others
NOT_AGAIN = {"leave_out", "retry_failed", "yes", "dry_run"}  # what says who runs, and whether


class LastRun(Frozen):
    """`selection` is what was said, `failed` the profiles that did not succeed, `files` the caller's own AWS files."""

    selection: "tuple[str, ...]"
    failed: "tuple[str, ...]"
    files: "Mapping[str, str]"


def _keep(last: LastRun, environ: "Mapping[str, str]") -> None:
    """Write it. Raises OSError."""
    path = _path(environ)
    private_files.own_folder(path.rpartition("/")[0])
    document = {"version": VERSION, "selection": last.selection, "failed": last.failed, "files": dict(last.files)}
    private_files.update(path, (as_json.text(document) + "\n").encode())


def recall(files: "Mapping[str, str]", environ: "Mapping[str, str]") -> LastRun:
    """The last run. Raises TrayexecError when there was none, or when it was about other AWS files than `files`."""
    import json  # noqa: PLC0415 — only with --retry-failed

    from trayexec.adapters import plain_file  # noqa: PLC0415 — likewise

    path = _path(environ)
    content = plain_file.read(path, limit=LONGEST)
    if content is None:
        raise TrayexecError(
            trouble(
                "no_last_run",
                "There is no last run to take the failures from.",
                "Name the profiles: trayexec 'prod-*' -- CMD…",
            )
        )
    try:
        last = _read(json.loads(content.text))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise TrayexecError(
            trouble(
                "no_last_run",
                "The file {file} is not what a run left there.",
                "Remove it, and name the profiles.",
                file=shown(path),
            )
        ) from None
    if dict(last.files) != dict(files):
        raise TrayexecError(
            trouble(
                "no_last_run",
                "The last run was about the profiles of other AWS files.",
                "Set AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE as they were then, or name the profiles.",
            )
        )
    return last


def _path(environ: "Mapping[str, str]") -> str:
    return f"{paths.state_folder(environ)}/{NAME}"


def _read(document: "Mapping[str, object]") -> LastRun:
    files = document["files"]
    if document["version"] != VERSION or not isinstance(files, dict):
        raise ValueError
    return LastRun(_names(document["selection"]), _names(document["failed"]), files)


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return tuple(value)


# The end


def remember(caller: "Invocation", failed: "Iterable[str]") -> None:
    """Keep who did not succeed, for --retry-failed."""
    options = caller.options
    said = (*options.profiles, *options.literal, *(f"--except={one}" for one in options.leave_out))
    try:
        _keep(LastRun(said, tuple(failed), context.files(caller.environ)), caller.environ)
    except OSError as error:
        why = error.strerror or type(error).__name__
        caller.say(Text("--retry-failed will not know of this run: {why}", why=why))


def sum_up(caller: "Invocation", results: "Sequence[Result]", output: "Output", runner: "Runner") -> int:
    """Say how it went. Returns the exit status."""
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
    if output.table and any(one.end == "exited" for one in results):
        _show_table(caller, results)
        _conclude(caller, results)
    return status


def _lost(caller: "Invocation", lost: LostError) -> int:
    """Our reader has left, as `head` does: quietly, like any program in a pipe. A full disk is said."""
    if isinstance(lost.why, BrokenPipeError):
        return BY_SIGNAL + SIGPIPE
    if lost.why is not None and lost.stream == OUT:
        caller.say(Text("Standard output cannot be written: {why}.", why=lost.why.strerror or "?"))
    return exits.FAILED


def _show_table(caller: "Invocation", results: "Sequence[Result]") -> None:
    """Those that failed stand last, where the eye is, and on a terminal they are marked."""
    speak = caller.speak
    columns, style = width_of(caller.screen.descriptors[ERR]), Style(caller.environ)
    signs = {True: f"{style.good} ", False: f"{style.bad} "} if columns else {True: "", False: ""}
    heads = (Text("PROFILE"), Text("ACCOUNT"), Text("STATUS"), Text("SECONDS"))
    rows = [
        (
            shown(one.profile),
            one.account or "",
            signs[one.good] + speak(shown_status(one)),
            f"{one.seconds:.1f}" if one.status is not None else "",
        )
        for one in sorted(results, key=lambda one: not one.good)
    ]
    said_heads = [speak(head) for head in heads]
    drawn = table.drawn([said_heads, *rows], columns, style, (3, 1)) if columns else table.lines(said_heads, rows)
    try:
        said = "".join(f"{line}\n" for line in drawn)
        caller.screen.write(ERR, said.encode("utf-8", "backslashreplace"))
    except LostError:
        pass


def _conclude(caller: "Invocation", results: "Sequence[Result]") -> None:
    """How many failed, and the command that runs those again; where the output is."""
    failed = sum(not one.good for one in results)
    if failed:
        import shlex  # noqa: PLC0415 — only then

        caller.say(
            Text(
                "{failed} of {all} failed. To run those again: `trayexec {options} -- {command}`",
                failed=failed,
                all=len(results),
                options=shlex.join([*_again(caller.options), "--retry-failed"]),
                command=shlex.join(caller.command),
            )
        )
    elif len(results) > 1:
        caller.say(Text("all {count} succeeded", count=len(results)))
    if caller.options.output.startswith("dir="):
        caller.say(Text("their output is in {folder}", folder=shown(caller.options.output.removeprefix("dir="))))


def _again(options: "Options") -> "Iterator[str]":
    """The options of this run as they are typed for those of its profiles that failed."""
    for option in RUN.options:
        name, value = option.names[0], getattr(options, option.field)
        if option.field in NOT_AGAIN or value in ([], option.unsaid):
            continue
        if option.value is None:
            if value == option.sets or (option.repeats and option.sets in value):
                yield name
        elif option.repeats:
            for one in value:
                if one not in FLAGS:
                    yield from (name, one)
        elif value != 0:  # that is --no-wait
            yield from (name, str(value))

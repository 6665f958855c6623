"""The end of a run: what is remembered of it for `--retry-failed`, the table, and the exit status."""

from trayexec.commands import as_json, table
from trayexec.commands.fanout.result import BY_SIGNAL, exit_status, shown_status
from trayexec.commands.fanout.screen import ERR, OUT, LostError
from trayexec.light import context, exits, paths, private_files
from trayexec.light.errors import Text, TrayexecError, shown, trouble
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trayexec.commands.fanout.output import Output
    from trayexec.commands.fanout.result import Result
    from trayexec.commands.fanout.running import Runner
    from trayexec.commands.fanout.screen import Invocation

NAME = "last-fanout.json"
VERSION = 1
LONGEST = 4_000_000
SIGPIPE = 13


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
    return status


def _lost(caller: "Invocation", lost: LostError) -> int:
    """Our reader has left, as `head` does: quietly, like any program in a pipe. A full disk is said."""
    if isinstance(lost.why, BrokenPipeError):
        return BY_SIGNAL + SIGPIPE
    if lost.why is not None and lost.stream == OUT:
        caller.say(Text("Standard output cannot be written: {why}.", why=lost.why.strerror or "?"))
    return exits.FAILED


def _show_table(caller: "Invocation", results: "Sequence[Result]") -> None:
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
        caller.screen.write(ERR, said.encode("utf-8", "backslashreplace"))
    except LostError:
        pass

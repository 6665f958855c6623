"""The end of a run: what is remembered, the table, and the exit status."""

from collections.abc import Iterable, Sequence

from trayexec.commands import table
from trayexec.commands.fanout import memory
from trayexec.commands.fanout.caller import Invocation
from trayexec.commands.fanout.outputs import Output
from trayexec.commands.fanout.result import BY_SIGNAL, End, Result, exit_status, shown_status
from trayexec.commands.fanout.running import Runner
from trayexec.commands.fanout.screen import LostError, Stream
from trayexec.core.config.sections import shown
from trayexec.light import context, exits
from trayexec.light.errors import Text

SIGPIPE = 13


def remember(caller: Invocation, failed: Iterable[str]) -> None:
    """Keep who did not succeed, for --retry-failed."""
    options = caller.options
    said = (*options.profiles, *options.literal, *(f"--except={one}" for one in options.leave_out))
    try:
        memory.remember(memory.LastRun(said, tuple(failed), context.files(caller.environ)), caller.environ)
    except OSError as error:
        why = error.strerror or type(error).__name__
        caller.say(Text("--retry-failed will not know of this run: {why}", why=why))


def sum_up(caller: Invocation, results: Sequence[Result], output: Output, runner: Runner) -> int:
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
    if output.table and any(one.end is End.EXITED for one in results):
        _show_table(caller, results)
    return status


def _lost(caller: Invocation, lost: LostError) -> int:
    """Our reader has left, as `head` does: quietly, like any program in a pipe. A full disk is said."""
    if isinstance(lost.why, BrokenPipeError):
        return BY_SIGNAL + SIGPIPE
    if lost.why is not None and lost.stream is Stream.OUT:
        caller.say(Text("Standard output cannot be written: {why}.", why=lost.why.strerror or "?"))
    return exits.FAILED


def _show_table(caller: Invocation, results: Sequence[Result]) -> None:
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

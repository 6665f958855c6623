"""`trayexec`: what is meant is found out here, and done elsewhere: `light/run.py` for a run, `commands/` for a verb.

Every import here is paid for by every run, so there are almost none: tests/test_architecture.py holds the list, with
a reason for each. A verb, an error or a question to a person may import what it likes, when it happens.
"""

import io
import os
import sys

from trayexec.light.errors import Text, TrayexecError, trouble

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn


def main() -> "NoReturn":
    """`trayexec`: run, and end with its exit status."""
    sys.exit(_guarded(sys.argv[1:]))


def main_agent() -> "NoReturn":
    """`trayexec-agent`: the same as `trayexec agent`."""
    sys.exit(_guarded(["agent", *sys.argv[1:]]))


def _straighten() -> None:
    """Take from the path what PYTHONPATH put there: a project's `token.py` or `platform.py` is not the one we mean."""
    import site  # noqa: PLC0415 — loaded already, unless somebody wants none

    ours = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 — pathlib is slow to import
    kept = {ours, *site.getsitepackages()}
    bent = {os.path.abspath(one) for one in os.environ["PYTHONPATH"].split(os.pathsep)} - kept  # noqa: PTH100 — likewise
    sys.path[:] = [one for one in sys.path if one not in bent]


def _guarded(arguments: "Sequence[str]") -> int:
    _open_streams()
    if os.environ.get("PYTHONPATH") and not sys.flags.ignore_environment:
        _straighten()
    try:
        if sys.platform != "linux":
            from trayexec.light import platforms  # noqa: PLC0415 — it says what is not there yet

            platforms.check(arguments)
        if "--" in arguments:
            from trayexec.light import run  # noqa: PLC0415 — credential-process and hook do without

            cut = arguments.index("--")
            status = run.run(arguments[:cut], arguments[cut + 1 :], os.environ)
        else:
            status = _verb(arguments, os.environ)
        sys.stdout.flush()  # here, where it may fail: at the end of the interpreter it is too late to say so
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("TRAYEXEC_DEBUG") and not isinstance(error, TrayexecError | KeyboardInterrupt):
            raise
        return _failed(error)
    return status


def _failed(error: BaseException) -> int:
    """Tell the person what went wrong, with the fix. Returns the exit status."""
    from trayexec.light import exits, stderr  # noqa: PLC0415 — not where all goes well

    if isinstance(error, TrayexecError):
        stderr.complain(error)
        return exits.USAGE if error.trouble.code == "usage" else exits.FAILED
    if isinstance(error, KeyboardInterrupt):
        return exits.INTERRUPTED
    if isinstance(error, _LostError):
        return _lost(error)
    if isinstance(error, ModuleNotFoundError):
        why = trouble(
            "incomplete",
            "A part that trayexec needs is missing: {name}",
            "Install trayexec again, with what it depends on.",
            name=error.name or "?",
        )
    else:
        why = trouble(
            "internal",
            "Something went wrong inside trayexec ({kind}).",
            "Run it again with TRAYEXEC_DEBUG=1: that shows where.",
            kind=type(error).__name__,
        )
    stderr.complain(TrayexecError(why))
    return exits.FAILED


def _verb(arguments: "Sequence[str]", environ: "Mapping[str, str]") -> int:
    asks_help = arguments[1:2] in (["--help"], ["-h"])
    if arguments[:1] == ["credential-process"] and not asks_help:
        from trayexec.light import credential_process  # noqa: PLC0415 — SDKs wait for it: no parser, no module of a verb

        credential_process.run(arguments[1:], environ)
    if arguments[:1] == ["hook"] and not asks_help:
        from trayexec.live import hook  # noqa: PLC0415 — every shell waits for it when it starts

        status = hook.run(arguments[1:], environ)
        sys.stdout.flush()
        os._exit(status)  # an interpreter's farewell costs as much as the hook
    if arguments[:1] == ["--child"] and hasattr(sys, "frozen"):
        from trayexec.light import own_command  # noqa: PLC0415 — only in a bundle, which has no other Python to start

        own_command.be([*arguments[1:]])
        return 0
    from trayexec.commands import dispatch  # noqa: PLC0415 — a verb is not the run path

    return dispatch(arguments, environ)


class _LostError(OSError):
    """Our own output went nowhere: the reader has left, or the disk is full."""


class _Output(io.FileIO):
    """Standard output, whose failures are told from those of everything else."""

    def write(self, data: "Any", /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise _LostError(error.errno, error.strerror) from error


def _open_streams() -> None:
    """Where a stream is closed, speak into the void; the command finds it closed as it was."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 — for life; pathlib is slow
    if sys.stdout is None:
        descriptor, encoding = os.open(os.devnull, os.O_WRONLY), "utf-8"
    else:
        descriptor, encoding = sys.stdout.fileno(), sys.stdout.encoding
    # What a terminal's encoding lacks is escaped; a folder's name that is not UTF-8 comes out as it went in.
    errors = "surrogateescape" if encoding.lower() == "utf-8" else "backslashreplace"
    raw = _Output(descriptor, "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=raw.isatty())


def _lost(error: _LostError) -> int:
    """Say that a disk is full; a reader that has left wants to hear nothing."""
    from trayexec.light import exits, stderr  # noqa: PLC0415 — see _failed

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the exit is quiet as well
    import errno  # noqa: PLC0415 — see _failed

    if error.errno != errno.EPIPE:
        stderr.tell(Text("Standard output cannot be written: {why}.", why=error.strerror or "?"))
    return exits.FAILED

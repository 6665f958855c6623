"""Starts a command and tells how it ended. By `posix_spawn`: `subprocess` takes as long to load as two runs of `true`.

What a command gets is what it would get from `subprocess`: its streams and no other descriptor of ours or our caller's.
"""

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence
else:
    import _signal as signal  # built in; `signal` is slow to import

PYTHONS_OWN = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores these, and an ignored signal is inherited
STREAMS = 3
UNSAID = range(STREAMS, 1024)  # descriptors that may be open where the system does not say which are


def keep_descriptors() -> None:
    """From now on what is started inherits none. To be called once, before the first pipe.

    Those of our own streams that are closed are taken by the null device, or a pipe could get the number of one.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < STREAMS:
        pass
    os.close(descriptor)
    try:
        there = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 — pathlib is slow to import
    except OSError:
        there = [*UNSAID]
    for one in there:
        if one >= STREAMS:
            try:  # noqa: SIM105 — contextlib is slow to import
                os.set_inheritable(one, False)  # noqa: FBT003 — the standard library's signature
            except OSError:
                pass  # it was that of the list


def start(program: str, command: "Sequence[str]", env: "Mapping[str, str]", *, out: int, err: int) -> int:
    """The process, at the head of a session of its own. Raises OSError for what cannot be started."""

    def spawn(path: str, words: "Sequence[str]") -> int:
        return os.posix_spawn(
            path,
            list(words),
            env,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, out, 1),
                (os.POSIX_SPAWN_DUP2, err, 2),
            ],
            setsid=True,
            setsigdef=PYTHONS_OWN,
        )

    try:
        return spawn(program, command)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return spawn("/bin/sh", ["sh", program, *command[1:]])  # a script without `#!`


def ended(process: int) -> int | None:
    """Its exit code, negative for a signal; None while it runs. To be asked no more after that."""
    found, status = os.waitpid(process, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None

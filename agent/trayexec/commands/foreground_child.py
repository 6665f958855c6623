"""Runs a command as a child that nobody can tell from one that was run directly: signals, terminal, exit status.

The child stays in our process group. So the terminal treats both as one job, also in a pipeline: Ctrl-C, Ctrl-Z, `fg`
and a hangup reach the child without us. What is sent to us alone we relay; what was sent to the group must not be
relayed, or the child would get it twice, and to many programs a second SIGINT means "at once". No system says
which of the two a signal was, so a *signal probe*, a small process of the same group, is asked: what it got, the child
got too. A shell with job control leaves the group and makes the terminal its own: then it gets everything through us,
and when it stops, so do we, for the shell outside to take the terminal back.
"""

import contextlib
import errno
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from trayexec.light import exits, stderr

RELAYED = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGALRM,
        signal.SIGTERM,
        signal.SIGCONT,
        signal.SIGTSTP,
        signal.SIGWINCH,
    }
)
AWAITED = RELAYED | {signal.SIGCHLD}
JOB_STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
PYTHONS_OWN = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores these, and an ignored signal is inherited
IGNORED_BY_DEFAULT = (signal.SIGCHLD, signal.SIGWINCH)
KERNEL, UNKNOWN = 0, -1  # senders that are no process
A_MOMENT = 0.005  # seconds that the kernel may take from one process of a group to the next
MASK = 8  # bytes
MOST_FILES = 65536


def run(program: str, command: Sequence[str], env: Mapping[str, str], *, beside: Callable[[], None]) -> int:
    """Run to the end, with `beside` in a thread. Returns the exit status, 126 or 127 when the command cannot start.

    Does not return when a signal ended the command: then the same signal ends this process.
    """
    for number in IGNORED_BY_DEFAULT:
        # Whoever started us may ignore it: then there is no status. And BSD drops what is ignored, even if awaited.
        signal.signal(number, lambda *_: None)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    with _signal_probe() as group_got:
        try:
            pid = _start(program, command, env, before)
        except OSError as error:
            stderr.say(f"{command[0]}: {error.strerror}")
            return exits.NOT_FOUND if error.errno == errno.ENOENT else exits.NOT_EXECUTABLE
        threading.Thread(target=beside, daemon=True).start()
        status = _attend(pid, group_got)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else _end_by(-code)


def _start(program: str, command: Sequence[str], env: Mapping[str, str], mask: Iterable[int]) -> int:
    def spawn(path: str, argv: Sequence[str]) -> int:
        return os.posix_spawn(path, list(argv), dict(env), setsigmask=mask, setsigdef=PYTHONS_OWN)

    try:
        return spawn(program, command)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
        return spawn("/bin/sh", ["sh", program, *command[1:]])  # a script without `#!`, as execvp(3) has it


def _attend(pid: int, group_got: Callable[[int], bool]) -> int:
    """Wait for the child's end, relaying and stopping meanwhile. Returns its wait status."""
    while True:
        number, sender = _next_signal()
        if number != signal.SIGCHLD:
            theirs = group_got(number) and os.getpgid(pid) == os.getpgrp()
            if not theirs and sender not in {KERNEL, pid}:
                os.kill(pid, number)
            continue
        while (status := _news(pid)) is not None:
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                return status
            if os.WIFSTOPPED(status):
                _stop_as_well(pid, os.WSTOPSIG(status))


def _news(pid: int) -> int | None:
    """The child's last wait status that nobody has been told of, None where there is none.

    What is over does not count: the signal that stopped the child may have stopped us as well, between the system's
    answer and our acting on it. Then `fg` has woken both by now, and who stopped after it would stop for nothing.
    """
    last = None
    while True:
        changed, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
        if not changed:
            return last
        last = status
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return last


def _stop_as_well(pid: int, number: int) -> None:
    """The shell waits for us: for it, the job has stopped when we have. Returns when it goes on."""
    before = _leads_a_group_in_front(pid)
    if before or number in JOB_STOPS:
        os.kill(os.getpid(), signal.SIGSTOP)
        if before:
            _to_the_front(pid)


def _next_signal() -> tuple[int, int]:
    """Wait for a signal: which, and from whom as far as the system says that. macOS has no sigwaitinfo(2)."""
    if sys.platform == "darwin":
        return signal.sigwait(AWAITED), UNKNOWN
    got = signal.sigwaitinfo(AWAITED)
    # The kernel itself (si_code above 0, sigaction(2)) sends for a terminal, and so to the whole group.
    return got.si_signo, KERNEL if got.si_code > 0 else got.si_pid


def _leads_a_group_in_front(pid: int) -> bool:
    """Whether the child has left our group, and has the terminal."""
    with contextlib.suppress(OSError), _terminal() as terminal:
        return os.tcgetpgrp(terminal) == os.getpgid(pid) != os.getpgrp()
    return False


def _to_the_front(pid: int) -> None:
    """Hand the terminal on, if we were given it."""
    with contextlib.suppress(OSError), _terminal() as terminal:
        if os.tcgetpgrp(terminal) == os.getpgrp():
            os.tcsetpgrp(terminal, os.getpgid(pid))


@contextlib.contextmanager
def _terminal() -> Iterator[int]:
    """The terminal that we run on. Raises OSError when there is none."""
    terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    try:
        yield terminal
    finally:
        os.close(terminal)


def _end_by(number: int) -> int:
    """End by the same signal, for a shell stops a loop or a script only when it sees that; 128+n where we cannot."""
    sys.stdout.flush()
    sys.stderr.flush()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # one core dump is enough
    with contextlib.suppress(OSError, ValueError):  # SIGKILL has no other way
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    time.sleep(1.0)  # it comes at once, to whichever thread
    return 128 + number


@contextlib.contextmanager
def _signal_probe() -> Iterator[Callable[[int], bool]]:
    """What answers, for a signal that this process got, whether its whole group got it."""
    question, ask = os.pipe()
    hear, answer = os.pipe()
    pid = os.fork()
    if not pid:
        _be_the_probe(question, answer)
    os.close(question)
    os.close(answer)
    seen = 0

    def group_got(number: int) -> bool:
        nonlocal seen
        time.sleep(A_MOMENT)
        try:
            os.write(ask, b"?")
            seen |= int.from_bytes(os.read(hear, MASK), "little")
        except OSError:
            return False  # somebody has ended it
        found = bool(seen >> number & 1)
        seen &= ~(1 << number)
        return found

    try:
        yield group_got
    finally:
        os.close(ask)
        os.close(hear)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _be_the_probe(question: int, answer: int) -> None:
    """Be the signal probe, until the other end is closed.

    Every signal is taken as it comes: of those that stay pending, SIGTSTP and SIGCONT would cancel each other.
    """
    got = 0

    def note(number: int, _frame: object) -> None:
        nonlocal got
        got |= 1 << number

    try:
        for number in RELAYED:
            signal.signal(number, note)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, RELAYED)
        question, answer = _alone(question, answer)
        while os.read(question, 1):
            said, got = got, 0
            os.write(answer, said.to_bytes(MASK, "little"))
    finally:
        os._exit(0)


def _alone(question: int, answer: int) -> tuple[int, int]:
    """Close everything else: pipes of the command, its terminal and the lease must not be held open by us."""
    nothing = os.open(os.devnull, os.O_RDWR)
    high = max(question, answer, nothing) + 1
    os.dup2(question, high)
    os.dup2(answer, high + 1)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.closerange(3, high)
    # Elsewhere the system names no end, and closing them one by one takes as long as there are numbers.
    os.closerange(high + 2, max(os.sysconf("SC_OPEN_MAX"), MOST_FILES) if sys.platform == "linux" else MOST_FILES)
    return high, high + 1

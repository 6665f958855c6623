"""The commands themselves: started so many at a time, listened to, and seen to their end. One thread, one poller."""

import errno
import os

from trayexec.commands.fanout import children
from trayexec.commands.fanout.groups import INTERRUPT, KILL, TERMINATE, ProcessGroups
from trayexec.commands.fanout.obtaining import Conversation, Denied, Served
from trayexec.commands.fanout.result import BY_SIGNAL, Result
from trayexec.commands.fanout.screen import ERR, STREAMS, InterruptedWriteError, LostError, widen
from trayexec.core.few import who
from trayexec.core.stamps import unix
from trayexec.light import durations, execution, exits
from trayexec.light.errors import Text, shown, trouble
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from trayexec.commands.fanout.obtaining import Obtaining
    from trayexec.commands.fanout.output import Output, Sink
    from trayexec.commands.fanout.poller import Poller
    from trayexec.commands.fanout.screen import Stream, Streams
    from trayexec.commands.fanout.selection import Candidate
    from trayexec.light.errors import Trouble
    from trayexec.light.protocol_fields import CredentialsAnswer

FRESH = 1200  # seconds that credentials have left when a command starts, if AWS allows it
USABLE = 60  # seconds: with less, nothing is started
PORTION = 120 << 10  # bytes read at once
# The C library gives large blocks back to the system each time, until one of a size has been freed (mallopt(3),
# M_MMAP_THRESHOLD): then it keeps those up to it. A portion with its marks is such a block: without this half as fast.
_KEPT = 4 << 20
LINGER = 2.0  # seconds for what a command left behind to finish its output
LOOK = 0.25  # seconds between looks at what gives no sign
SCARCE = {errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}


class Plan(Frozen):
    """What is run, and how: `program` is the file, `command` its words, `environ` the caller's."""

    program: "str"
    command: "Sequence[str]"
    environ: "Mapping[str, str]"
    region: "str | None"
    jobs: "int"
    fail_fast: "bool"
    wall: "Callable[[], float]"


class _Running:
    """A command that has begun."""

    def __init__(self, candidate: "Candidate", process: int, sink: "Sink", since: float) -> None:
        self.candidate = candidate
        self.process = process
        self.sink = sink
        self.since = since
        self.pipes: set[int] = set()
        self.code: int | None = None  # its exit code, negative for a signal
        self.ended = 0.0  # when, once there is a code
        self.lost: Trouble | None = None
        self.warned = False


class _Pipe:
    """The reading end of one stream of a command."""

    __slots__ = ("descriptor", "of", "stream")

    def __init__(self, descriptor: int, stream: "Stream", of: _Running) -> None:
        self.descriptor = descriptor
        self.stream = stream
        self.of = of


class Runner:
    """All commands of one run. `run` does it."""

    def __init__(  # noqa: PLR0913 — what a run is made of
        self,
        plan: Plan,
        screen: "Streams",
        output: "Output",
        *,
        obtaining: "Obtaining",
        poller: "Poller",
        speak: "Callable[[Text], str]",
    ) -> None:
        """Nothing runs yet."""
        self.plan = plan
        self.screen = screen
        self.output = output
        self.obtaining = obtaining
        self.poller = poller
        self.speak = speak
        self.lost: LostError | None = None
        self.groups = ProcessGroups(screen)
        self._credentials: dict[str, CredentialsAnswer] = {}
        self._waiting: list[Candidate] = []
        self._renewing: dict[str, Candidate] = {}
        self._look_at = 0.0
        self._running: list[_Running] = []
        self._results: dict[str, Result] = {}

    def run(
        self, candidates: "Iterable[Candidate]", credentials: "Mapping[str, CredentialsAnswer]"
    ) -> dict[str, Result]:
        """Run for each, with these `credentials` (agent's documents by profile). Returns how each ended.

        Afterwards `groups.stop` says whether a signal ended it, and `lost` whether nobody read our output.
        Raises what interrupts it, once every command has been ended.
        """
        self._waiting.extend(candidates)
        self._credentials.update(credentials)
        bytes(_KEPT)  # freed at once
        signals = self.groups.watch()
        self.poller.add(signals, None)
        try:
            while self._step(signals):
                pass
            self._see_them_off(signals)
        except BaseException:
            self.groups.abandon()
            raise
        finally:
            self.poller.remove(signals)
            self.groups.unwatch()
        for one in self._waiting:
            self._results[one.name] = Result(one.name, one.account, "unbegun")
        return self._results

    def _step(self, signals: int) -> bool:
        """One turn. False when there is nothing left to wait for."""
        if self.groups.stop is not None:
            self._give_up_renewing()
        else:
            self._start_some()
        if not (self._running or self._renewing or (self._waiting and self.groups.stop is None)):
            return False
        for one in self.poller.wait(self._pause()):
            if isinstance(one, _Pipe):
                self._read(one)
            elif isinstance(one, Conversation):
                self._listen(one)
            else:
                _drain(signals)
                self._look_at = 0.0
        now = self.screen.clock()
        if now >= self._look_at:  # not at every turn: this is the hot loop
            self._look_at = now + LOOK
            self._look()
        return True

    def _look(self) -> None:
        """See to all that gives no sign of its own."""
        self._answered(self.obtaining.tick())
        self._reap()
        self._warn()
        self._show_status()
        if self.groups.stop is not None and self.screen.clock() >= self.groups.stop.harder_at:
            self.groups.harder()

    def _pause(self) -> float:
        busy = self.groups.stop is not None or self._renewing or any(one.code is not None for one in self._running)
        return LOOK if busy or ERR in self.screen.terminals else 1.0

    # Beginning

    def _start_some(self) -> None:
        while self._waiting and len(self._running) + len(self._renewing) < self.plan.jobs:
            candidate = self._waiting.pop(0)
            if self._left(candidate) < FRESH:
                self._renewing[candidate.name] = candidate
                self._answered(self.obtaining.want([candidate.name]))
            elif not self._start(candidate):
                return

    def _left(self, candidate: "Candidate") -> float:
        """How many seconds the credentials we hold for it have left."""
        try:
            return unix(self._credentials[candidate.name]["Expiration"]) - self.plan.wall()
        except ValueError:
            return 0.0

    def _listen(self, conversation: Conversation) -> None:
        try:
            # a code may be typed here
            outcomes = self.screen.interruptible(lambda: list(self.obtaining.heard(conversation)))
        except InterruptedWriteError:
            return
        except KeyboardInterrupt:
            self.groups.end(INTERRUPT, INTERRUPT)
            return
        self._answered(outcomes)

    def _answered(self, outcomes: "Iterable[Served | Denied]") -> None:
        """Credentials that were asked for again, just before their command starts."""
        for outcome in outcomes:
            candidate = self._renewing.pop(outcome.profile, None)
            if candidate is None or self.groups.stop is not None:
                continue
            match outcome:
                case Served(document=document):
                    self._credentials[candidate.name] = document
                case Denied(trouble=why) if self._left(candidate) < USABLE:
                    self._say_trouble(candidate, why)
                    self._finished(Result(candidate.name, candidate.account, "denied", trouble=why))
                    continue
                case _:  # what we have is still good
                    pass
            self._start(candidate)

    def _give_up_renewing(self) -> None:
        self.obtaining.close()
        self._waiting[:0] = self._renewing.values()
        self._renewing.clear()

    def _environment(self, candidate: "Candidate") -> dict[str, str]:
        env = execution.environment(
            self._credentials[candidate.name], candidate.name, self.plan.region, self.plan.environ
        )
        if candidate.account is not None:
            env["TRAYEXEC_ACCOUNT"] = candidate.account
        return env

    def _start(self, candidate: "Candidate") -> bool:
        """Start it; False when the machine has no room and it has to wait until another has ended."""
        ends: list[int] = []
        sink: Sink | None = None
        try:
            for _ in STREAMS:
                ends += os.pipe()
            sink = self.output.sink(candidate.name)
            process = children.start(
                self.plan.program, self.plan.command, self._environment(candidate), out=ends[1], err=ends[3]
            )
        except OSError as error:
            for one in ends:
                os.close(one)
            if sink is not None:
                sink.close()
            if error.errno in SCARCE and self._running:
                self._waiting.insert(0, candidate)
                return False
            self._unstartable(candidate, error)
            return True
        os.close(ends[1])
        os.close(ends[3])
        running = _Running(candidate, process, sink, self.screen.clock())
        self._running.append(running)
        self.groups.add(process)
        for stream, end in zip(STREAMS, ends[::2], strict=True):
            widen(end)
            running.pipes.add(end)
            self.poller.add(end, _Pipe(end, stream, running))
        return True

    def _unstartable(self, candidate: "Candidate", error: OSError) -> None:
        why = trouble(
            "unstartable",
            "The command could not be started: {why}.",
            "Check the command, its first line, and the room there is.",
            why=error.strerror or type(error).__name__,
        )
        self._say_trouble(candidate, why)
        status = exits.NOT_FOUND if error.errno == errno.ENOENT else exits.NOT_EXECUTABLE
        self._finished(Result(candidate.name, candidate.account, "exited", status, trouble=why))

    # Listening

    def _read(self, pipe: _Pipe) -> None:
        data = os.read(pipe.descriptor, PORTION)
        if not data:
            self._close(pipe.of, pipe.descriptor)
        elif self.lost is None and pipe.of.lost is None:
            self._keep(pipe.of, lambda sink: sink.take(pipe.stream, data))

    def _keep(self, running: _Running, what: "Callable[[Sink], None]") -> None:
        """Hand output on. Nobody to read it ends everything; no room for one profile's is that profile's trouble."""
        try:
            what(running.sink)
        except LostError as error:
            self.lost = error
            self.groups.end(TERMINATE)
        except OSError as error:
            running.lost = trouble(
                "output_lost",
                "Its output could not be kept: {why}.",
                "Make room, or keep it in files with --output dir=PATH; then run it again: --retry-failed.",
                why=error.strerror or type(error).__name__,
            )
            self._say_trouble(running.candidate, running.lost)

    def _close(self, running: _Running, descriptor: int) -> None:
        self.poller.remove(descriptor)
        running.pipes.discard(descriptor)
        self._look_at = 0.0
        os.close(descriptor)

    # Ending

    def _reap(self) -> None:
        now = self.screen.clock()
        for one in list(self._running):
            if one.code is None:
                one.code = children.ended(one.process)
                if one.code is None:
                    continue
                one.ended = now
                self.groups.reaped(one.process)
            if not one.pipes or now >= one.ended + LINGER:
                self._end(one, one.code)

    def _end(self, one: _Running, code: int) -> None:
        """It has ended, and so has its output, or what it left behind has had its time."""
        for descriptor in list(one.pipes):
            self._close(one, descriptor)
        self._running.remove(one)
        seconds = one.ended - one.since
        name, account = one.candidate.name, one.candidate.account
        result = Result(name, account, "exited", code if code >= 0 else BY_SIGNAL - code, seconds, one.lost)
        if self.lost is None:
            self._keep(one, lambda sink: sink.end(result))
            if one.lost is not result.trouble:
                result = Result(name, account, "exited", result.status, seconds, one.lost)
        one.sink.close()
        self._finished(result)

    def _finished(self, result: Result) -> None:
        self._results[result.profile] = result
        if self.plan.fail_fast and not result.good and self.groups.stop is None:
            self.groups.end(TERMINATE)

    def _see_them_off(self, signals: int) -> None:
        """When we were told to end, nobody stays behind in the groups either."""
        if self.groups.stop is not None and self.groups.stop.sent != TERMINATE:
            # What is left runs in the background, where shells let it ignore a Ctrl-C.
            self.groups.stop.harder_at = min(self.groups.stop.harder_at, self.screen.clock() + LINGER)
        while self.groups.stop is not None and self.groups.prune():
            if self.screen.clock() >= self.groups.stop.harder_at:
                if self.groups.stop.sent == KILL:
                    return  # not even that: the kernel holds it
                self.groups.harder()
            self.poller.wait(LOOK / 5)
            _drain(signals)

    # Telling

    def _say_trouble(self, candidate: "Candidate", why: "Trouble") -> None:
        hint = self.speak(why.hint)
        self.screen.say(f"{shown(candidate.name)}: {self.speak(why.title)}" + (f"\n  {hint}" if hint else ""))

    def _warn(self) -> None:
        """Say whose credentials end in ten minutes while the command still runs: once, in time, as the agent does.

        The agent itself cannot know: it gave the credentials to us.
        """
        since = self.screen.clock() - durations.WARN_AFTER
        due = [one for one in self._running if not one.warned and one.code is None and one.since <= since]
        left = {one.candidate.name: self._left(one.candidate) for one in due}
        due = [one for one in due if left[one.candidate.name] < durations.WARN_AHEAD]
        if not due:
            return
        for one in due:
            one.warned = True
        from trayexec.core.shell_words import profile  # noqa: PLC0415 — only for commands that run for an hour

        names = [one.candidate.name for one in due]
        text = Text(
            "{profiles}: AWS credentials end in {minutes} min, and the command cannot renew them\n"
            "  What runs this long renews by itself under `trayexec --live {profile} -- …`.",
            profiles=who(names),
            minutes=max(0, round(min(left[name] for name in names) / 60)),
            profile=profile(names[0]),
        )
        self.screen.say(self.speak(text))

    def _show_status(self) -> None:
        failed = sum(not one.good for one in self._results.values())
        text = Text(
            "{running} running, {done} done, {failed} failed, {waiting} to come",
            running=len(self._running),
            done=len(self._results) - failed,
            failed=failed,
            waiting=len(self._waiting) + len(self._renewing),
        )
        names = ", ".join(shown(one.candidate.name) for one in self._running)
        self.screen.status(f"{self.speak(text)}: {names}" if names else self.speak(text))


def _drain(descriptor: int) -> None:
    try:  # noqa: SIM105 — contextlib is slow to import
        os.read(descriptor, 4096)
    except BlockingIOError:
        pass

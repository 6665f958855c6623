"""Credentials for many profiles at once: a connection to the agent for each, one conversation with the person for all.

It never blocks, but for a code that is typed on this terminal: whoever owns the poller waits with it, and calls `tick`
now and then.
"""

import time

from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.screen import ERR
from trayexec.core.few import who
from trayexec.light import agent_connection, protocol
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from trayexec.commands.fanout.poller import Poller
    from trayexec.commands.fanout.screen import Invocation
    from trayexec.commands.fanout.selection import Candidate
    from trayexec.light.errors import Trouble
    from trayexec.light.protocol_fields import CredentialsAnswer, RequestFields

SLOW = 1.0  # seconds until it is said what takes so long
AT_ONCE = 64  # connections; the agent has few AssumeRole calls in flight, and answers the rest from memory
PORTION = 65536


class Served(Frozen):
    """The agent's answer for a profile: the document of `credential_process`, with the region."""

    profile: "str"
    document: "CredentialsAnswer"


class Denied(Frozen):
    """Why there are no credentials for a profile."""

    profile: "str"
    trouble: "Trouble"


class Conversation:
    """One connection: what it is about, what was heard of it, and how long it may stay silent."""

    __slots__ = ("connection", "deadline", "patience", "profile", "received", "said")

    def __init__(self, profile: str, connection: "socket", patience: int, deadline: float) -> None:
        """`patience` is in seconds, `deadline` by `Asking.clock`."""
        self.profile = profile
        self.connection = connection
        self.patience = patience
        self.deadline = deadline
        self.received = agent_connection.Received()
        self.said: dict[str, int] = {}  # how often


class Asking(Frozen):
    """How to ask: the request for a profile, in whose environment, and how notes reach the person.

    `clear_status` takes a status line off the terminal before a code is asked there; `clock` counts seconds, in
    whatever way never jumps back.
    """

    request: "Callable[[str], RequestFields]"
    environ: "Mapping[str, str]"
    say: "Callable[[str], None]"
    clear_status: "Callable[[], None]"
    clock: "Callable[[], float]"


class Obtaining:
    """All conversations under way. Of each `Conversation` the poller knows that descriptor."""

    def __init__(self, asking: Asking, poller: "Poller") -> None:
        """Nothing is asked yet."""
        self._asking = asking
        self._poller = poller
        self._waiting: list[str] = []
        self._open: set[Conversation] = set()
        self._shown: dict[str, int] = {}  # how often
        self._spokesman: dict[str, Conversation] = {}
        self._given: dict[str, RequestFields] = {}  # requests with the caller's own credentials, by profile
        self._awaited = 0.0  # until when a person is waited for, by the clock

    @property
    def left(self) -> int:
        """How many seconds a person who is waited for still has; 0 where nobody is."""
        return max(0, int(self._awaited - self._asking.clock()))

    @property
    def busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open or self._waiting)

    def want(self, profiles: "Iterable[str]") -> "Iterator[Denied]":
        """Ask for these as well. What cannot even be asked comes back at once."""
        self._waiting.extend(profiles)
        yield from self._begin()

    def heard(self, conversation: Conversation) -> "Iterator[Served | Denied]":
        """Read what a connection has to say."""
        try:
            more = conversation.connection.recv(PORTION)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            more = b""
        if not more:
            yield from self._end(conversation, Denied(conversation.profile, _gone()))
            return
        conversation.deadline = self._deadline(conversation)
        final = self._final(conversation, more)
        if final is not None:
            yield from self._end(conversation, final)

    def tick(self) -> "Iterator[Served | Denied]":
        """Give up on an agent that has been silent for too long."""
        now = self._asking.clock()
        for one in [one for one in self._open if one.deadline <= now]:
            yield from self._end(one, Denied(one.profile, agent_connection.silent().trouble))

    def close(self) -> None:
        """Hang up on all."""
        self._waiting.clear()
        for one in list(self._open):
            self._hang_up(one)

    def _begin(self) -> "Iterator[Denied]":
        while self._waiting and len(self._open) < AT_ONCE:
            profile = self._waiting.pop(0)
            request = self._given.get(profile) or self._asking.request(profile)
            try:
                connection = agent_connection.connect(self._asking.environ)
            except TrayexecError as error:
                yield Denied(profile, error.trouble)
                continue
            except OSError as error:  # no room for one more socket
                if self._open:
                    self._waiting.insert(0, profile)
                    return
                yield Denied(profile, _no_more_sockets(error))
                continue
            try:  # noqa: SIM105 — as in `client.ask`
                connection.sendall(protocol.line(request))
            except OSError:
                pass  # a refusal may have been written before we were heard: read it
            connection.settimeout(0)
            first = self._asking.clock() + agent_connection.FIRST
            conversation = Conversation(profile, connection, agent_connection.silence_of(request), first)
            self._open.add(conversation)
            self._poller.add(connection.fileno(), conversation)

    def _deadline(self, conversation: Conversation) -> float:
        return self._asking.clock() + conversation.patience

    def _final(self, conversation: Conversation, more: bytes) -> Served | Denied | None:
        """The outcome, if the final line is among what has come. A note that has been overtaken is not passed on."""
        try:
            for said, overtaken in conversation.received.lines(more):
                if "note" not in said:
                    return Served(conversation.profile, protocol.read_credentials(agent_connection.outcome(said)))
                if not overtaken:
                    self._note(conversation, said)
        except TrayexecError as error:
            return Denied(conversation.profile, error.trouble)
        return None

    def _note(self, conversation: Conversation, note: "Mapping[str, Any]") -> None:
        """Pass on once what every connection says; of all who are told to ask for a code, one does."""
        if note["note"] == agent_connection.HERE:
            return
        left = note.get("left")
        self._awaited = self._asking.clock() + left if isinstance(left, int) else 0.0
        if note["note"] in agent_connection.QUESTIONS:
            identity = str(note.get("identity", note.get("epoch", "")))
            if self._spokesman.setdefault(identity, conversation) is not conversation:
                return
            from trayexec.commands import terminal  # noqa: PLC0415 — only when a person is to be asked here

            self._asking.clear_status()
            asked = terminal.answer(note, conversation.connection, self._asking.environ)
            for one in self._open:  # nobody was listened to while the person typed
                one.deadline = self._deadline(one)
            if asked:
                self._awaited = 0.0
                return
        if note["note"] == agent_connection.SLOW:
            return  # the line of progress says as much
        text = str(note.get("text", ""))
        same = "".join(letter for letter in text if not letter.isdigit())  # the seconds left differ
        conversation.said[same] = conversation.said.get(same, 0) + 1
        if conversation.said[same] > self._shown.get(same, 0):
            self._shown[same] = conversation.said[same]
            self._asking.say(text)

    def _end(self, conversation: Conversation, outcome: Served | Denied) -> "Iterator[Served | Denied]":
        self._hang_up(conversation)
        again = self._with_given(outcome) if isinstance(outcome, Denied) else None
        if again is None:
            yield outcome
        else:
            self._given[outcome.profile] = again
            self._waiting.insert(0, outcome.profile)
        yield from self._begin()

    def _with_given(self, denied: Denied) -> "RequestFields | None":
        """The request with the caller's own credentials, where it is these that are missing in it."""
        from trayexec.light import agent_client  # noqa: PLC0415 — only where something was refused

        if denied.profile in self._given:
            return None
        request = self._asking.request(denied.profile)
        return agent_client.given(request, self._asking.environ, TrayexecError(denied.trouble))

    def _hang_up(self, conversation: Conversation) -> None:
        self._open.discard(conversation)
        self._poller.remove(conversation.connection.fileno())
        conversation.connection.close()
        self._spokesman = {name: one for name, one in self._spokesman.items() if one is not conversation}


def _no_more_sockets(error: OSError) -> "Trouble":
    return trouble(
        "no_agent",
        "No connection to the agent can be opened: {why}.",
        "Allow more open files (`ulimit -n`), or fewer at a time with --jobs.",
        why=error.strerror or type(error).__name__,
    )


def _gone() -> "Trouble":
    return trouble(
        "agent_gone",
        "The agent ended before it answered.",
        "Run the command again; its log says why it ended.",
    )


# Before anything runs


def credentials(
    caller: "Invocation", profiles: "Sequence[str]", obtaining: Obtaining, poller: "Poller"
) -> list[Served | Denied]:
    """Credentials for all, or why not, before anything runs."""
    outcomes: list[Served | Denied] = list(obtaining.want(profiles))
    said, slow = False, time.monotonic() + SLOW
    while obtaining.busy:
        for conversation in poller.wait(SLOW / 4):
            if isinstance(conversation, Conversation):
                outcomes += obtaining.heard(conversation)
        outcomes += obtaining.tick()
        if time.monotonic() >= slow:
            text = _progress(len(outcomes), len(profiles), obtaining.left)
            caller.screen.status(f"trayexec: {caller.speak(text)}")
            if not said and ERR not in caller.screen.terminals:
                caller.say(text)
            said = True
    caller.screen.clear()
    return outcomes


def denials(chosen: "Sequence[Candidate]", denied: "Iterable[Denied]") -> dict[str, Result]:
    """The lines of the table for those who have none."""
    accounts = {one.name: one.account for one in chosen}
    return {one.profile: Result(one.profile, accounts[one.profile], "denied", trouble=one.trouble) for one in denied}


def say_denials(caller: "Invocation", denied: "Sequence[Denied]", *, of: int) -> None:
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


def _progress(have: int, count: int, left: int) -> Text:
    if left:
        return Text("credentials: {have} of {all}, {left} s left…", have=have, all=count, left=left)
    return Text("credentials: {have} of {all}…", have=have, all=count)

"""Callers that leave, whenever they do it: a real server, handler and loop, and sockets whose every move is chosen."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.memory_keychain import MemoryKeychain
from support.stage import ADMIN, ALICE, BASE, VAULT, A, profile, role
from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.http import H11Exchange
from trayexec.adapters.idle import IdleTime
from trayexec.core.broker.events import Gone, Process, ReplyAddress, Screen, ScreenChanged, Tick
from trayexec.core.broker.status import AgentFacts
from trayexec.core.config.profiles import Catalogue, Identity, Provider, SignIn
from trayexec.core.config.sources import Source
from trayexec.core.credentials import Credentials, LongTermKeys, Secret
from trayexec.core.ports import (
    Answer,
    Entry,
    Notice,
    PermissionAnswer,
    PermissionQuestion,
    Question,
    SignInPage,
    SignInToken,
    SignInWay,
)
from trayexec.core.settings import Delivery, ProfileRule, Settings
from trayexec.daemon.container_endpoint import ContainerEndpoint, Records
from trayexec.daemon.file_workers import FileWorkers
from trayexec.daemon.loop import Loop, Ports, Workers
from trayexec.daemon.replies import Replies
from trayexec.daemon.request_handler import Dependencies, RequestHandler
from trayexec.daemon.socket_server import Connection, SocketServer
from trayexec.daemon.streams import LOOK
from trayexec.light import processes

LIVE = profile("live", ADMIN)  # config.toml wants it delivered in another way: it is answered at once
OWN = profile("own", role("own", replace(VAULT, kind=Source.ENVIRONMENT, profile="own")))
REQUESTS: Sequence[dict[str, object]] = (
    {"op": "credentials", "profile": LIVE.name, "then": "runs"},
    {"op": "credentials", "profile": A.name},
    {"op": "credentials", "profile": A.name, "then": "runs"},
    {"op": "credentials", "profile": A.name, "hand": "terminal"},
    {"op": "endpoint", "profile": A.name},
    {"op": "auth", "identity": ALICE.name, "force": True},
    {"op": "status"},
    {"op": "overlay"},
    {"op": "lock", "identity": "nobody"},
)
WAITING = [
    one for one in REQUESTS if one["op"] in {"credentials", "endpoint", "auth"} and one.get("profile") != LIVE.name
]
CALLERS = 3


class Slow(Executor):
    """A worker whose calls return when the test says so, in order."""

    def __init__(self) -> None:
        """Nothing is to be done yet."""
        self.calls: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        """Keep the call for later."""
        future: Future[Any] = Future()
        self.calls.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future


class AtOnce(Executor):
    """A worker that is never busy."""

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        """Do it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 — as an executor does
            future.set_exception(error)
        return future


class Files:
    """Files that say the same for every caller."""

    def load(self, *_named: object) -> Catalogue:
        """Two profiles and their identity."""
        return Catalogue({one.name: one for one in (A, LIVE, BASE, OWN)})


class Dialog:
    """A dialog that nobody answers; `up` is how many there are, `shown` how many there were."""

    name = "a test"

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self.up = self.shown = 0

    async def ask(self, question: Question) -> Answer:
        """Stay until it is taken away."""
        assert question.identity == ALICE.name
        self.up += 1
        self.shown += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.up -= 1
        raise AssertionError

    async def ask_permission(self, question: PermissionQuestion) -> PermissionAnswer:
        """Nothing here is guarded."""
        raise AssertionError(question)


class Silence:
    """Neither notifications nor a ledger."""

    def on_action(self, _callback: object) -> None:
        """Nobody presses anything."""

    async def show(self, _notice: Notice) -> None:
        """Nobody sees it."""

    async def close(self, _key: str) -> None:
        """It was not there."""

    def note(self, _entry: Entry) -> None:
        """Nobody reads it."""


class Programs:
    """Nobody has one here."""

    async def load(self, provider: Provider) -> Credentials:
        """There is nothing to give."""
        raise NotImplementedError(provider)

    async def run(self, argv: Sequence[str], identity: Identity, seconds: float) -> LongTermKeys:
        """Nor does one print keys."""
        raise NotImplementedError(argv, identity, seconds)


class Nobody:
    """Nobody signs in here."""

    async def sign_in(self, sign_in: SignIn, way: SignInWay, shown: Callable[[SignInPage], None]) -> SignInToken:
        """There is nobody to do so."""
        raise NotImplementedError(sign_in, way, shown)

    def token(self, sign_in: SignIn) -> SignInToken | None:
        """There is none."""
        raise NotImplementedError(sign_in)


class Errors(logging.Handler):
    """What the agent's log calls an error."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(record.getMessage())


class Bench:
    """An agent's inner parts, and callers whose ends of the sockets are in the test's hands."""

    def __init__(self) -> None:
        """Wire them as `app.py` does."""
        self.files, self.dialog, clock, silence = Slow(), Dialog(), SystemClock(), Silence()
        self.mishaps: list[BaseException] = []
        self.errors = Errors()
        keychain = MemoryKeychain()
        keychain.store(ALICE.keys, LongTermKeys("AKIA", Secret("x"), "arn:aws:iam::111111111111:user/alice"))
        journal = logging.Logger("bench")  # noqa: LOG001 — one for each bench
        journal.addHandler(self.errors)

        async def sure() -> None:
            pass

        replies = Replies()
        self.loop = Loop(
            Ports(
                clock=clock,
                sts=Future(),
                keychain=keychain,
                key_commands=Programs(),
                providers=Programs(),
                sign_ins=Nobody(),
                prompter=self.dialog,
                notifier=silence,
                running=lambda _: frozenset[Process](),
                idle=IdleTime({}, Buses()).seconds,
                remember=lambda *_: None,
                learn=lambda _: None,
                unlearn=lambda _: None,
                note_verdict=lambda _: None,
                keep_quiet=lambda _: None,
            ),
            Workers(roles=AtOnce(), sessions=AtOnce()),
            answer=replies.send,
            mishap=self.mishaps.append,
        )
        rules = (ProfileRule(LIVE.name, delivery=Delivery.LIVE),)
        self.loop.broker = replace(self.loop.broker, settings=Settings(rules=rules))
        self.endpoint = ContainerEndpoint(Records(clock, silence, journal), H11Exchange, self.loop.post, replies)
        self.handler = RequestHandler(
            self.loop,
            replies,
            Dependencies(
                catalogues=Files(),
                overlay=lambda *_: {},
                server_overlay=lambda *_: {},
                clock=clock,
                files=FileWorkers(self.files, lambda where: where),
                journal=journal,
                ledger=silence,
                facts=lambda: AgentFacts(1, "0", "none", "none"),
                sure=sure,
                warning=lambda: None,
                endpoint=self.endpoint,
                place={},
                stop=lambda: None,
                restart=sure,
                sees=lambda *_: None,
            ),
        )
        self.server = SocketServer(self.handler.heard, self.handler.left)
        self.callers: list[socket.socket] = []
        self.connections: list[Connection] = []

    def enter(self) -> None:
        """One more caller."""
        ours, theirs = socket.socketpair()
        self.callers.append(theirs)
        self.connections.append(self.server.accepted(ours))

    def waiting(self) -> set[int]:
        """Which callers the broker has requests of."""
        pending = self.handler._pending
        of = {pending[one].caller.reply_to: place for place, one in enumerate(self.connections) if one in pending}
        return {of[reply_to] for reply_to in self.loop.broker.waiting}

    async def end(self) -> None:
        """Take everything down; a bug in a task would have been a mishap."""
        for caller, connection in zip(self.callers, self.connections, strict=True):
            caller.close()
            connection.leave()
        await turns(20)
        self.endpoint.close()
        await self.loop.drain()
        assert not self.mishaps
        assert not self.errors.lines

    def is_looking(self) -> bool:
        """Whether the server will look at its callers."""
        return self.server._looks._timer is not None

    def later(self, seconds: float) -> None:
        """So much time has passed."""
        running, now = asyncio.get_running_loop(), asyncio.get_running_loop().time
        running.time = lambda: now() + seconds  # type: ignore[method-assign]

    def load(self) -> None:
        """The file that was asked for first has been read."""
        if self.files.calls:
            self.files.calls.pop(0)()


async def turns(count: int) -> None:
    """Let the loop come round so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


def say(caller: socket.socket, request: dict[str, object]) -> None:
    """A caller says its line, and waits for a person as long as it likes."""
    caller.sendall(json.dumps({"v": 1, "wait": 600, **request}).encode() + b"\n")


MOVES = st.one_of(
    st.tuples(st.just("say"), st.integers(0, CALLERS - 1), st.sampled_from(REQUESTS)),
    st.tuples(st.sampled_from(["half", "gone"]), st.integers(0, CALLERS - 1), st.none()),
    st.tuples(st.just("load"), st.just(0), st.none()),
)


async def play(moves: Sequence[tuple[tuple[str, int, Any], int]]) -> None:
    """Make the moves, each followed by so many turns of the loop; then read all files, and look who waits."""
    bench = Bench()
    for _ in range(CALLERS):
        bench.enter()
    states = ["silent"] * CALLERS
    unread = True
    for (move, which, request), pause in moves:
        caller = bench.callers[which]
        match move, states[which]:
            case "say", "silent":
                say(caller, request)
                states[which] = "waits" if request in WAITING else "asks"
            case "half", "waits":
                caller.shutdown(socket.SHUT_WR)
                states[which] = "listens"
            case "gone", "silent" | "asks" | "waits" | "listens":
                caller.close()
                states[which] = "gone"
            case "load", _:
                unread = unread and not bench.files.calls
                bench.load()
            case _:
                pass
        await turns(pause)
    bench.later(LOOK)
    await turns(20)
    here = {which for which, state in enumerate(states) if state in {"waits", "listens"}}
    if unread and not here:
        while bench.files.calls:
            bench.load()
        await turns(20)
        assert bench.dialog.shown == 0, "a dialog for nobody"
    while bench.files.calls:
        bench.load()
        await turns(20)
    assert bench.waiting() == here
    assert bench.dialog.up <= len(here), "a dialog for nobody"
    await bench.end()


@given(st.lists(st.tuples(MOVES, st.integers(0, 4)), max_size=16))
def test_nobody_who_has_left_is_left_waiting(moves: list[tuple[tuple[str, int, Any], int]]) -> None:
    """In whatever order lines, files and farewells come: no request and no dialog is there for who has gone."""
    asyncio.run(play(moves))


def test_nobody_is_looked_at_who_may_wait_for_hours() -> None:
    """Who was told what it waits for is watched, and costs an idle agent nothing; who closes one half is looked at."""

    async def play() -> None:
        bench = Bench()
        bench.enter()
        say(bench.callers[0], {"op": "credentials", "profile": A.name})
        await turns(20)
        bench.load()
        await turns(20)
        assert bench.waiting() == {0}
        for _ in range(2):
            bench.later(LOOK)
            await turns(5)
        assert not bench.is_looking()
        bench.callers[0].shutdown(socket.SHUT_WR)
        await turns(5)
        assert bench.is_looking()
        bench.callers[0].close()
        bench.later(LOOK)
        await turns(5)
        assert bench.waiting() == set()
        bench.later(LOOK)
        await turns(5)
        assert not bench.is_looking()
        await bench.end()

    asyncio.run(play())


def test_who_changes_nothing_is_not_drawn() -> None:
    """A state is told once, however many are served from it; and again when time has gone by, which the icon shows."""

    async def play() -> None:
        bench = Bench()
        told: list[object] = []
        bench.loop.post(Tick())
        bench.loop.on_change(told.append)
        bench.loop.post(Gone(ReplyAddress(1)))  # nobody knows of it
        assert told == []
        bench.loop.post(Tick())
        bench.loop.post(ScreenChanged(Screen.LOCKED))
        assert len(told) == 2
        await bench.end()

    asyncio.run(play())


def test_who_is_gone_with_one_half_is_asked_nothing() -> None:
    """What ssh passes on of a caller that has gone is enough, though the loop has not heard of it yet."""

    async def play() -> None:
        bench = Bench()
        bench.enter()
        say(bench.callers[0], {"op": "credentials", "profile": A.name, "eof": "gone"})
        await turns(20)
        bench.callers[0].shutdown(socket.SHUT_WR)
        bench.load()
        await turns(20)
        assert (bench.dialog.shown, bench.waiting()) == (0, set())
        assert bench.callers[0].recv(1) == b""
        await bench.end()

    asyncio.run(play())


@pytest.mark.parametrize(("name", "held"), [("python", {"default"}), ("sshd-session", set()), ("socat", set())])
def test_keys_are_held_for_callers_of_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, name: str, held: set[str]
) -> None:
    """Who has only been lent the socket could make the person act with keys of his own."""
    monkeypatch.setattr(processes, "stat_of", lambda _: (name, 1, 1))

    async def play() -> None:
        bench = Bench()
        bench.enter()
        pair = {"key_id": "AKIAEXAMPLE000000001", "secret": "s" * 40}
        say(bench.callers[0], {"op": "hold_keys", "profile": "default", **pair})
        await turns(20)
        said = json.loads(bench.callers[0].recv(65536))
        assert bench.loop.keys.held == held
        assert said.get("error", {}).get("code") == (None if held else "elsewhere")
        await bench.end()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("name", "code"), [("python", "caller_credentials"), ("sshd-session", "caller_elsewhere")], ids=["here", "lent"]
)
@pytest.mark.parametrize("op", ["credentials", "endpoint"])
def test_a_callers_own_credentials_are_wanted_from_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, name: str, code: str, op: str
) -> None:
    """Over a socket that was lent nobody is told to send them: who lent it would have them."""
    monkeypatch.setattr(processes, "stat_of", lambda _: (name, 1, 1))

    async def play() -> None:
        bench = Bench()
        bench.enter()
        say(bench.callers[0], {"op": op, "profile": OWN.name})
        await turns(20)
        bench.load()
        await turns(20)
        assert json.loads(bench.callers[0].recv(65536))["error"]["code"] == code
        await bench.end()

    asyncio.run(play())


def test_parents_are_looked_up_once_for_all_who_call_in_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two callers of one process cost one look at what is above them; who comes in a later turn is looked at anew."""
    looked: list[int] = []

    def names_from(pid: int) -> tuple[str, ...]:
        looked.append(pid)
        return ("sh",)

    async def call() -> list[int]:
        bench = Bench()
        seen = []
        for _ in range(CALLERS):
            bench.enter()
        for together in (bench.callers[:2], bench.callers[2:]):
            for caller in together:
                say(caller, {"op": "credentials", "profile": A.name})
            await turns(5)
            seen.append(len(looked))
        while bench.files.calls:
            bench.load()
            await turns(20)
        await bench.end()
        return seen

    monkeypatch.setattr(processes, "names_from", names_from)
    assert asyncio.run(call()) == [1, 2]

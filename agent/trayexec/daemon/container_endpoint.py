"""The container-credentials endpoint of `--server`: HTTP on 127.0.0.1, there while somebody holds a lease.

The protocol is that of AWS_CONTAINER_CREDENTIALS_FULL_URI (AWS SDKs reference, "Container credential provider"). SDKs
wait a second or two, so nobody is asked for a code in here: what is in memory is answered at once, and only the first
AssumeRole is waited for, for 900 milliseconds, or a person who is asked whether a lease still holds
(`lease_questions.py`). Renewal is the broker's: a profile that was fetched is in use.
"""

import asyncio
import json
import secrets
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from logging import Logger

from trayexec.core.broker.delivery import LEAST
from trayexec.core.broker.events import (
    Ask,
    AskAnew,
    Caller,
    Deliver,
    Event,
    Gone,
    Refuse,
    ReplyAddress,
    SessionOpen,
    SignInDone,
    Tell,
)
from trayexec.core.config.profiles import Profile
from trayexec.core.container_credentials import HttpExchange, HttpRequest, Lease, admit, is_token
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Clock, Entry, Ledger
from trayexec.core.settings import UseGuard
from trayexec.daemon.lease_questions import LeaseQuestions
from trayexec.daemon.replies import Replies, Reply
from trayexec.daemon.stamps import utc
from trayexec.daemon.streams import Acceptor, Looks, Stream
from trayexec.light import protocol
from trayexec.light.errors import TrayexecError, Trouble, trouble
from trayexec.light.translate import speaker_of

HEAD = 2.0  # seconds a client has to send its request
PATIENCE = 0.9  # seconds that AWS may take before the client is told to come again: SDKs wait 1 s (JavaScript) or 2
GOODBYE = 1.0  # seconds a client has to take its answer and hang up
MOST = 256  # connections at once
BACKLOG = 128

OK, UNAVAILABLE = 200, 503
STATUS = {
    "http_request": 400,
    "http_too_long": 431,
    "http_slow": 408,
    "http_token": 401,
    "http_method": 405,
    "http_path": 404,
    "internal": 500,
    "not_yet": UNAVAILABLE,
    "being_asked": UNAVAILABLE,
}
PASSING = "sts_"  # what begins so is AWS's or the network's trouble, and may be over the next time


@dataclass(frozen=True, slots=True)
class FormerLease:
    """What a command that was served before asks for again: its environment still names these."""

    token: Secret
    port: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How a command wants to be served: in which language, and with how many seconds for a person who is asked.

    `look` tells what the profile is now, and what guards it: a lease is one of its name, and its files may be edited at
    any time.
    """

    language: str
    wait: int
    look: Callable[[], Awaitable[tuple[Profile, UseGuard | None]]]


@dataclass(frozen=True, slots=True)
class Records:
    """Where hand-outs are noted (`ledger`), and refused requests (`journal`)."""

    clock: Clock
    ledger: Ledger
    journal: Logger


@dataclass(slots=True)
class _Fetch:
    """One request of a client, by which lease it came, and what the broker was asked for it."""

    connection: "HttpConnection"
    lease: Lease
    asked: Ask | None = None


class ContainerEndpoint:
    """All listeners, leases and connections. Everything here runs in the loop."""

    def __init__(
        self, records: Records, exchange: Callable[[], HttpExchange], post: Callable[[Event], None], replies: Replies
    ) -> None:
        """Keep where things are written down, what parses a connection's bytes, and the ways to the broker and back."""
        self._records = records
        self.exchange = exchange
        self._post = post
        self._replies = replies
        self._told_at = float("-inf")
        self._leases: dict[ReplyAddress, tuple[Lease, _Listener]] = {}
        self._looks: dict[ReplyAddress, Callable[[], Awaitable[tuple[Profile, UseGuard | None]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._to_look: dict[ReplyAddress, list[ReplyAddress]] = {}  # requests of this turn, by whose lease they are
        self._listeners: dict[int, _Listener] = {}
        self._asking: dict[ReplyAddress, _Fetch] = {}
        self._questions = LeaseQuestions(post, replies, self._finish)
        self._late: deque[tuple[float, ReplyAddress]] = deque()  # when each is told to come again, the first one first
        self._alarm: asyncio.TimerHandle | None = None

    # Leases

    def lend(self, caller: Caller, profile: Profile, former: FormerLease | None, terms: Terms) -> None:
        """Give a caller a lease until `end`. Raises TrayexecError (`port_taken`) where that cannot be as wished."""
        token = former.token if former is not None else Secret(secrets.token_urlsafe(32))
        if former is not None and any(token.reveal() == lease.token.reveal() for lease, _ in self._leases.values()):
            raise _taken()
        listener = self._listener_for(former)
        self._leases[caller.reply_to] = (Lease(caller, profile, token, terms.language, terms.wait), listener)
        self._looks[caller.reply_to] = terms.look

    def told(self, holder: ReplyAddress) -> dict[str, object] | None:
        """What the holder of a lease puts into its command's environment."""
        if holder not in self._leases:
            return None
        lease, listener = self._leases[holder]
        return {
            "url": f"http://127.0.0.1:{listener.port}{lease.path}",
            "token": lease.token.reveal(),
            "Region": lease.profile.region,
            **({"RegionOf": "default"} if lease.profile.inherits_region else {}),
            "AccountId": lease.profile.account or None,
        }

    def end(self, holder: ReplyAddress) -> None:
        """The holder has gone: its token is worth nothing from now on. The last one closes the listener."""
        self._looks.pop(holder, None)
        lease, listener = self._leases.pop(holder, (None, None))
        if lease is None or listener is None:
            return
        self._questions.end(holder)
        for asking, fetch in list(self._asking.items()):
            if fetch.lease is lease:
                self._settle(asking)
                self._post(Gone(asking))
                fetch.connection.refuse(_no_token(), lease.language)
        if not any(other is listener for _, other in self._leases.values()):
            del self._listeners[listener.port]
            listener.close()

    def close(self) -> None:
        """End every lease."""
        for holder in list(self._leases):
            self.end(holder)

    def _listener_for(self, former: FormerLease | None) -> "_Listener":
        if former is None and self._listeners:
            return next(iter(self._listeners.values()))
        if former is not None and former.port in self._listeners:
            return self._listeners[former.port]
        try:
            listener = _Listener(self, _bound(former.port if former is not None else 0))
        except OSError as error:
            raise _no_port(error) from None
        self._listeners[listener.port] = listener
        return listener

    # Requests

    def received(self, connection: "HttpConnection", request: HttpRequest) -> None:
        """Let a request in, and ask the broker. Raises TrayexecError."""
        leases = [lease for lease, listener in self._leases.values() if listener is connection.listener]
        lease = admit(request, leases, port=connection.listener.port)
        address = self._replies.open(self._answer)
        self._asking[address] = _Fetch(connection, lease)
        connection.asking = address
        self._late.append((asyncio.get_running_loop().time() + PATIENCE, address))
        self._set_alarm()
        self._look_and_ask(address)

    def _look_and_ask(self, address: ReplyAddress) -> None:
        if address not in self._asking:
            return
        lease = self._asking[address].lease
        together = self._to_look.setdefault(lease.caller.reply_to, [])
        together.append(address)
        if len(together) == 1:
            task = asyncio.get_running_loop().create_task(self._ask(lease))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, lease: Lease) -> None:
        """Ask for all requests of a lease that came in one turn of the loop: they share a look at the files."""
        holder = lease.caller.reply_to
        addresses = self._to_look.pop(holder)
        look = self._looks.get(holder)
        if look is None:
            return  # the lease has ended, and with it these requests
        try:
            profile, guard = await look()
        except TrayexecError as error:
            for address in addresses:
                self._refuse(address, error.trouble)
            return
        for address in addresses:
            if address in self._asking:
                caller = replace(lease.caller, reply_to=address)
                # No more life than the least: what is in memory goes out at once; `roles.renew` sees to the rest.
                asked = self._asking[address].asked = Ask(caller, profile, need=LEAST, wait=0, guard=guard)
                self._post(asked)

    def _answer(self, effect: Reply) -> None:
        """Pass on what the broker says to a connection."""
        if isinstance(effect, Tell | SessionOpen | SignInDone):
            return
        address = effect.caller.reply_to
        fetch = self._asking.get(address)
        waits = (
            isinstance(effect, Refuse)
            and fetch is not None
            and fetch.asked is not None
            and self._questions.join(fetch.lease, fetch.asked, effect.trouble)
        )
        if not waits:
            self._finish(address, effect)

    def _finish(self, address: ReplyAddress, reply: Deliver | Refuse | AskAnew) -> None:
        """Answer a request, or ask for what its profile has turned out to be."""
        match reply:
            case AskAnew():
                self._look_and_ask(address)
            case Refuse(_, why):
                self._refuse(address, why)
            case Deliver(_, profile, credentials):
                fetch = self._settle(address)
                if fetch is not None:
                    fetch.connection.respond(OK, _document(profile, credentials))
                    self._note(fetch.lease, "ok")

    def _refuse(self, address: ReplyAddress, why: Trouble) -> None:
        fetch = self._settle(address)
        if fetch is not None:
            fetch.connection.refuse(why, fetch.lease.language)
            self._note(fetch.lease, why.code)

    def _settle(self, address: ReplyAddress) -> _Fetch | None:
        """Forget a request, because it is answered or its client has gone."""
        self._replies.close(address)
        return self._asking.pop(address, None)

    def forget(self, connection: "HttpConnection") -> None:
        """A client has hung up."""
        if connection.asking is not None and self._settle(connection.asking) is not None:
            self._post(Gone(connection.asking))

    def turned_away(self, why: Trouble) -> None:
        """Log a refused request, at most once a second: nobody may push older lines out of the log by asking."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= 1.0:
            self._told_at = now
            self._records.journal.warning("the endpoint turned somebody away: %s", why.code)

    def _set_alarm(self) -> None:
        """Wake for the first one that is still to be answered: one timer for all of them."""
        while self._late and self._late[0][1] not in self._asking:
            self._late.popleft()
        if self._late and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_at(self._late[0][0], self._tell_late)

    def _tell_late(self) -> None:
        self._alarm, now = None, asyncio.get_running_loop().time()
        while self._late and self._late[0][0] <= now:
            _, address = self._late.popleft()
            fetch = self._asking.get(address)
            if fetch is not None:
                self._post(Gone(address))
                is_asked = self._questions.is_asked(fetch.lease)
                self._refuse(address, (_being_asked if is_asked else _not_yet)(fetch.lease.profile))
        self._set_alarm()

    def _note(self, lease: Lease, answer: str) -> None:
        caller = lease.caller
        at = utc(int(self._records.clock.now().wall))
        entry = Entry(at, lease.profile.name, "fetch", caller.pid, caller.program, answer, caller.parents)
        self._records.ledger.note(entry)


class _Listener:
    """One listening port and its connections."""

    def __init__(self, endpoint: ContainerEndpoint, sock: socket.socket) -> None:
        """Take over a socket that listens; connections are accepted as soon as the loop comes round."""
        self.port = int(sock.getsockname()[1])
        self._endpoint = endpoint
        self._connections: set[HttpConnection] = set()
        self._looks = Looks(self._look)
        self._acceptor = Acceptor(sock, self._accepted)

    def _accepted(self, client: socket.socket) -> None:
        if len(self._connections) >= MOST:
            client.close()
            return
        connection = HttpConnection(self._endpoint, self, client)
        self._connections.add(connection)
        self._looks.begin()
        connection.begin()

    def _look(self, now: float) -> bool:
        for connection in list(self._connections):
            connection.look(now)
        return bool(self._connections)

    def left(self, connection: "HttpConnection") -> None:
        """A client has gone."""
        self._connections.discard(connection)

    def close(self) -> None:
        """Accept no connection any more, and end those there are."""
        self._acceptor.close()
        for connection in list(self._connections):
            connection.leave()


class _Stage(Enum):
    """How far a connection is."""

    SPEAKS = "the request is not whole yet"
    WAITS = "for the answer"
    TAKES = "the client takes its answer"
    GONE = "it has ended"


class HttpConnection:
    """One HTTP connection: one request, one response, and it ends."""

    def __init__(self, endpoint: ContainerEndpoint, listener: _Listener, client: socket.socket) -> None:
        """Take over the socket of who has connected to the listener; `begin` does the rest."""
        self.listener = listener
        self.asking: ReplyAddress | None = None
        self._endpoint = endpoint
        self._stream = Stream(client, self)
        self._exchange = endpoint.exchange()
        self._stage = _Stage.SPEAKS
        self._since = asyncio.get_running_loop().time()  # that it is at this stage
        self._whole = self._half = False

    def begin(self) -> None:
        """Hear what there is already."""
        self.readable()
        if self._stage is _Stage.SPEAKS:
            self._stream.watch()

    def readable(self) -> None:
        """Collect one request; what comes after it was read to its end is thrown away."""
        data = self._stream.read()
        if data == b"":
            self._hear_end()
        elif data is not None and self._stage is _Stage.SPEAKS:
            self._collect(data)

    def _collect(self, data: bytes) -> None:
        try:
            request = self._exchange.receive(data)
            if request is not None:
                self._enter(_Stage.WAITS)
                self._whole = True
                self._endpoint.received(self, request)
        except TrayexecError as error:
            self._endpoint.turned_away(error.trouble)
            self.refuse(error.trouble, "")
        except BaseException:
            self.leave()
            raise

    def _hear_end(self) -> None:
        """A client that has sent its request still gets its answer."""
        if self._stage is _Stage.WAITS or self._stream.full:
            self._half = True
            self._stream.unwatch()
        else:
            self.leave()

    def refuse(self, why: Trouble, language: str) -> None:
        """Say no, in the spellings of all SDKs."""
        status = STATUS.get(why.code, UNAVAILABLE if why.code.startswith(PASSING) else 403)
        speak = speaker_of(language)
        message = speak(why.in_one_line)
        said = {"code": why.code, "message": message, "Code": why.code, "Message": message}
        self.respond(status, json.dumps(said).encode())

    def respond(self, status: int, body: bytes) -> None:
        """Send the answer, and end. Where not all was read that came, only once the client has it.

        To close a socket with something unread resets the connection, which could overtake the answer (RFC 1122,
        4.2.2.13).
        """
        if self._stage in {_Stage.TAKES, _Stage.GONE}:
            return
        self._enter(_Stage.TAKES)
        self._stream.send(self._exchange.respond(status, body))
        if not self._stream.full:
            self.sent()

    def sent(self) -> None:
        """The answer is on its way: nothing else follows it."""
        if self._stage is _Stage.TAKES:
            if self._whole or self._half:
                self.leave()
            else:
                self._stream.say_no_more()
                self._stream.watch()

    def look(self, now: float) -> None:
        """See whether the client has not taken too long."""
        waited = now - self._since
        match self._stage:
            case _Stage.SPEAKS if waited >= HEAD:
                why = trouble("http_slow", "The request took too long.", "")
                self._endpoint.turned_away(why)
                self.refuse(why, "")
            case _Stage.TAKES if waited >= GOODBYE:
                self.leave()
            case _Stage.WAITS if not self._half:
                self._stream.watch()
            case _:
                pass

    def _enter(self, stage: _Stage) -> None:
        self._stage, self._since = stage, asyncio.get_running_loop().time()

    def leave(self) -> None:
        """End the connection."""
        self._stream.close()

    def ended(self) -> None:
        """Forget the connection."""
        self._stage = _Stage.GONE
        self.listener.left(self)
        self._endpoint.forget(self)


def _bound(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    With SO_REUSEPORT the holder of a lease can bind the port too: should the agent die, no other user gets the port
    that the command's environment names, and a new agent of the same user does (socket(7)).
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 — the standard library's signature
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _document(profile: Profile, credentials: Credentials) -> bytes:
    """What the SDKs' container providers read."""
    account = profile.account or credentials.account
    return protocol.document(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "Token": credentials.session_token.reveal(),
            "Expiration": utc(credentials.expiry.utc),
            **({"AccountId": account} if account else {}),
        }
    ).encode()


def former_lease(token: str | None, port: int | None) -> FormerLease | None:
    """The former lease that a request names. Raises TrayexecError (`bad_request`) for half of one."""
    if token is None and port is None:
        return None
    if token is None or port is None or not is_token(token) or not 1024 <= port <= 65535:  # noqa: PLR2004 — not root's
        raise TrayexecError(
            trouble("bad_request", "The request's token and port are none of ours.", "Correct the caller.")
        )
    return FormerLease(Secret(token), port)


def _not_yet(profile: Profile) -> Trouble:
    return trouble("not_yet", "AWS has not answered yet for {profile}.", "Try again in a moment.", profile=profile.name)


def _being_asked(profile: Profile) -> Trouble:
    return trouble(
        "being_asked",
        "Nobody has allowed the use of {profile} yet.",
        "Choose in the dialog, and the command goes on when it asks the next time.",
        profile=profile.name,
    )


def _no_token() -> Trouble:
    return trouble("http_token", "The command that this token was made for has ended.", "")


def _taken() -> TrayexecError:
    return TrayexecError(trouble("port_taken", "Another command holds this token.", "Run the command again."))


def _no_port(error: OSError) -> TrayexecError:
    return TrayexecError(
        trouble(
            "port_taken",
            "The endpoint cannot listen on 127.0.0.1: {why}.",
            "Run the command again: it gets another port.",
            why=error.strerror or str(error),
        )
    )

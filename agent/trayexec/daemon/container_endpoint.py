"""The container-credentials endpoint of `--server`: HTTP on 127.0.0.1, there while somebody holds a lease.

The protocol is that of AWS_CONTAINER_CREDENTIALS_FULL_URI (AWS SDKs reference, "Container credential provider"). SDKs
wait a second or two, so nobody is asked for a code in here: what is in memory is answered at once, and only the first
AssumeRole is waited for, for 900 milliseconds. Renewal is the broker's: a profile that was fetched is in use.
"""

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from logging import Logger
from typing import cast

from trayexec.core.broker.delivery import LEAST
from trayexec.core.broker.events import Ask, Caller, Deliver, Event, Gone, Refuse, SessionOpen, Tell
from trayexec.core.config.profiles import Profile
from trayexec.core.container_credentials import HttpExchange, HttpRequest, Lease, admit, is_token
from trayexec.core.credentials import Credentials, Secret
from trayexec.core.ports import Clock, Entry, Ledger
from trayexec.core.stamps import utc
from trayexec.light.errors import TrayexecError, Trouble, trouble
from trayexec.light.translate import speaker_of

HEAD = 2.0  # seconds a visitor has to say its request
PATIENCE = 0.9  # seconds that AWS may take before the visitor is told to come again: SDKs wait 1 s (JavaScript) or 2
GOODBYE = 1.0  # seconds a visitor has to take its answer and hang up
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
}
PASSING = "sts_"  # what begins so is AWS's or the network's trouble, and may be over the next time


@dataclass(frozen=True, slots=True)
class FormerLease:
    """What a command that was served before asks for again: its environment still names these."""

    token: Secret
    port: int


@dataclass(frozen=True, slots=True)
class Records:
    """Where hand-outs are noted, and where knocks at the door are."""

    clock: Clock
    ledger: Ledger
    journal: Logger


class ContainerEndpoint:
    """All doors, leases and visitors. Everything here runs in the loop; `to` wires it, once the loop exists."""

    def __init__(self, books: Records, exchange: Callable[[], HttpExchange]) -> None:
        """Keep where things are written down, and what makes sense of a visitor's bytes."""
        self._books = books
        self.exchange = exchange
        self._told_at = float("-inf")
        self._leases: dict[int, tuple[Lease, _Door]] = {}
        self._looks: dict[int, Callable[[], Awaitable[Profile]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._doors: dict[int, _Door] = {}
        self._asking: dict[int, tuple[HttpConnection, Lease]] = {}
        self._post: Callable[[Event], None]
        self._number: Callable[[], int]

    def to(self, post: Callable[[Event], None], number: Callable[[], int]) -> None:
        """Where events go, and where numbers for requests come from."""
        self._post = post
        self._number = number

    # Leases

    def lend(
        self,
        caller: Caller,
        profile: Profile,
        wish: FormerLease | None,
        *,
        language: str,
        look: Callable[[], Awaitable[Profile]],
    ) -> None:
        """Give a caller a lease until `end`. Raises TrayexecError (`port_taken`) where that cannot be as wished.

        `look` tells what the profile is now: a lease is one of its name, and its files may be edited at any time.
        """
        token = wish.token if wish is not None else Secret(secrets.token_urlsafe(32))
        if wish is not None and any(token.reveal() == lease.token.reveal() for lease, _ in self._leases.values()):
            raise _taken()
        door = self._door(wish)
        self._leases[caller.request] = (Lease(caller, profile, token, language), door)
        self._looks[caller.request] = look

    def told(self, number: int) -> dict[str, object] | None:
        """What the holder of a lease puts into its command's environment."""
        if number not in self._leases:
            return None
        lease, door = self._leases[number]
        return {
            "url": f"http://127.0.0.1:{door.port}{lease.path}",
            "token": lease.token.reveal(),
            "Region": lease.profile.region,
            **({"RegionOf": "default"} if lease.profile.inherits_region else {}),
            "AccountId": lease.profile.account or None,
        }

    def end(self, number: int) -> None:
        """The holder has gone: its token is worth nothing from now on. The last one closes the door."""
        self._looks.pop(number, None)
        lease, door = self._leases.pop(number, (None, None))
        if lease is None or door is None:
            return
        for asking, (visitor, other) in list(self._asking.items()):
            if other is lease:
                del self._asking[asking]
                self._post(Gone(asking))
                visitor.refuse(_no_token(), lease.language)
        if not any(other is door for _, other in self._leases.values()):
            del self._doors[door.port]
            door.close()

    def close(self) -> None:
        """End every lease."""
        for number in list(self._leases):
            self.end(number)

    def _door(self, wish: FormerLease | None) -> "_Door":
        if wish is None and self._doors:
            return next(iter(self._doors.values()))
        if wish is not None and wish.port in self._doors:
            return self._doors[wish.port]
        try:
            door = _Door(self, _bound(wish.port if wish is not None else 0))
        except OSError as error:
            raise _no_port(error) from None
        self._doors[door.port] = door
        return door

    # Visits

    def visited(self, visitor: "HttpConnection", visit: HttpRequest) -> None:
        """Let a request in, and ask the broker. Raises TrayexecError."""
        leases = [lease for lease, door in self._leases.values() if door is visitor.door]
        lease = admit(visit, leases, port=visitor.door.port)
        number = self._number()
        self._asking[number] = (visitor, lease)
        running = asyncio.get_running_loop()
        task = running.create_task(self._ask(number, lease))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        running.call_later(PATIENCE, self._late, number)

    async def _ask(self, number: int, lease: Lease) -> None:
        caller = Caller(number, lease.caller.program, lease.caller.pid)
        look = self._looks.get(lease.caller.request)
        if look is None:
            return  # the lease has ended, and with it this visit
        try:
            profile = await look()
        except TrayexecError as error:
            self.answer(Refuse(caller, error.trouble))
            return
        if number in self._asking:
            # No more life than the least: what is in memory goes out at once; `Roles.renew` sees to the rest behind.
            self._post(Ask(caller, profile, need=LEAST, wait=0))

    def answer(self, effect: Deliver | SessionOpen | Refuse | Tell) -> None:
        """Pass on what the broker says to a visitor."""
        if isinstance(effect, Tell | SessionOpen):
            return
        asking = self._asking.pop(effect.caller.request, None)
        if asking is None:
            return
        visitor, lease = asking
        if isinstance(effect, Deliver):
            visitor.respond(OK, _document(effect.profile, effect.credentials))
            self._note(lease, "ok")
        else:
            visitor.refuse(effect.trouble, lease.language)
            self._note(lease, effect.trouble.code)

    def forget(self, visitor: "HttpConnection") -> None:
        """A visitor has hung up."""
        for number, (other, _) in list(self._asking.items()):
            if other is visitor:
                del self._asking[number]
                self._post(Gone(number))

    def turned_away(self, why: Trouble) -> None:
        """Note that somebody was not let in, once a second: nobody may push older lines out of the log by knocking."""
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= 1.0:
            self._told_at = now
            self._books.journal.warning("the endpoint turned somebody away: %s", why.code)

    def _late(self, number: int) -> None:
        asking = self._asking.pop(number, None)
        if asking is not None:
            visitor, lease = asking
            self._post(Gone(number))
            visitor.refuse(_not_yet(lease.profile), lease.language)
            self._note(lease, "not_yet")

    def _note(self, lease: Lease, answer: str) -> None:
        caller = lease.caller
        at = utc(int(self._books.clock.now().wall))
        entry = Entry(at, lease.profile.name, "fetch", caller.pid, caller.program, answer, caller.parents)
        self._books.ledger.note(entry)


class _Door:
    """One listening port and those who came in by it."""

    def __init__(self, endpoint: ContainerEndpoint, listener: socket.socket) -> None:
        """Take over a socket that listens; visitors are let in as soon as the loop comes round."""
        self.port = int(listener.getsockname()[1])
        self.visitors: set[HttpConnection] = set()
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._opening = asyncio.get_running_loop().create_task(self._open(endpoint))

    async def _open(self, endpoint: ContainerEndpoint) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: HttpConnection(endpoint, self), sock=self._listener, backlog=BACKLOG
        )

    def close(self) -> None:
        """Let nobody in any more, and everybody out."""
        self._opening.cancel()
        if self._server is not None:
            self._server.close()
        self._listener.close()
        for visitor in list(self.visitors):
            visitor.leave()


class HttpConnection(asyncio.Protocol):
    """One HTTP connection: one request, one response, and it ends."""

    def __init__(self, endpoint: ContainerEndpoint, door: _Door) -> None:
        """Wait at the door."""
        self.door = door
        self._endpoint = endpoint
        self._exchange = endpoint.exchange()
        self._heard = self._whole = self._answered = self._half = False
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count the time."""
        self._transport = cast("asyncio.Transport", transport)
        if len(self.door.visitors) >= MOST:
            self._transport.abort()
            return
        self.door.visitors.add(self)
        self._deadline = asyncio.get_running_loop().call_later(HEAD, self._slow)

    def data_received(self, data: bytes) -> None:
        """Collect one request; what comes after it was read to its end is thrown away."""
        if self._heard:
            return
        try:
            visit = self._exchange.receive(data)
            if visit is not None:
                self._heard = self._whole = True
                self._endpoint.visited(self, visit)
        except TrayexecError as error:
            self._heard = True
            self._endpoint.turned_away(error.trouble)
            self.refuse(error.trouble, "")

    def eof_received(self) -> bool:
        """A visitor that has said its request still gets its answer."""
        self._half = True
        return self._heard and not self._answered

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the visitor."""
        del exc
        if self._deadline is not None:
            self._deadline.cancel()
        self._transport = None
        self.door.visitors.discard(self)
        self._endpoint.forget(self)

    def refuse(self, why: Trouble, language: str) -> None:
        """Say no, in the spellings of all SDKs."""
        status = STATUS.get(why.code, UNAVAILABLE if why.code.startswith(PASSING) else 403)
        speak = speaker_of(language)
        message = f"{speak(why.title)} {speak(why.hint)}".strip()
        said = {"code": why.code, "message": message, "Code": why.code, "Message": message}
        self.respond(status, json.dumps(said).encode())

    def respond(self, status: int, body: bytes) -> None:
        """Send the answer, and end. Where not all was read that came, only once the visitor has it.

        To close a socket with something unread resets the connection, which could overtake the answer (RFC 1122,
        4.2.2.13).
        """
        if self._transport is None or self._transport.is_closing():
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._answered = True
        self._transport.write(self._exchange.respond(status, body))
        self._deadline = asyncio.get_running_loop().call_later(GOODBYE, self.leave)
        if self._whole or self._half:
            self._transport.close()
            return
        with contextlib.suppress(OSError):  # it is gone already
            self._transport.write_eof()

    def leave(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _slow(self) -> None:
        if self._heard:
            return
        self._heard = True
        why = trouble("http_slow", "The request took too long.", "")
        self._endpoint.turned_away(why)
        self.refuse(why, "")


def _bound(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    With SO_REUSEPORT the holder of a lease can bind the port too: should the agent die, no other user gets the port
    that the command's environment names, and a new agent of the same user does (socket(7)).
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setblocking(False)  # noqa: FBT003 — the standard library's signature
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _document(profile: Profile, credentials: Credentials) -> bytes:
    """What the SDKs' container providers read."""
    return json.dumps(
        {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "Token": credentials.session_token.reveal(),
            "Expiration": utc(credentials.expiry.utc),
            **({"AccountId": profile.account} if profile.account else {}),
        }
    ).encode()


def wish_of(token: str | None, port: int | None) -> FormerLease | None:
    """The wish that a request carries. Raises TrayexecError (`bad_request`) for half of one."""
    if token is None and port is None:
        return None
    if token is None or port is None or not is_token(token) or not 1024 <= port <= 65535:  # noqa: PLR2004 — not root's
        raise TrayexecError(
            trouble("bad_request", "The request's token and port are none of ours.", "Correct the caller.")
        )
    return FormerLease(Secret(token), port)


def _not_yet(profile: Profile) -> Trouble:
    return trouble("not_yet", "AWS has not answered yet for {profile}.", "Try again in a moment.", profile=profile.name)


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

"""The HTTP side of the double: a real server on loopback, the scripted faults, the log, and the control plane.

In a test: `with Sim() as sim: … sim.url … sim.calls`. From another process: `python -m awssim`, then HTTP under
`/_sim/` (see `control.py`).
"""

import json
import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from awssim import control, login, signin
from awssim.faults import Fault, Kind, Script
from awssim.identitycenter import OPERATIONS, IdentityCenter, Spoken
from awssim.refused import Refused
from awssim.sigv4 import Received, read_authorization
from awssim.sts import EXPIRED_TOKEN, INVALID_TOKEN, Answer, Call, Lifetimes, Service, iso, read_parameters
from awssim.sts import refusal as refusal_of
from awssim.totp import totp
from awssim.world import World, default_world

PORTAL = b"<!DOCTYPE html>\n<html><head><title>Welcome to the hotel</title></head><body>Please sign in.</body></html>\n"
BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>\n<GetSessionTokenResponse><GetSessionTokenResult>&a9;</GetSessionTokenResult></GetSessionTokenResponse>\n"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to send: a status, headers, a body, over how many seconds, and how much of the body really goes out."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = 0.0
    cut: int | None = None


class Sim:
    """The double, running inside a `with` block. Everything public may be used from any thread."""

    def __init__(
        self,
        world: World | None = None,
        *,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; `clock` is Unix seconds, and is also what the Date header says. Listens once entered.

        With `tls` (a server's context, for the name localhost) it speaks https.
        """
        self.world = default_world() if world is None else world
        self.script = Script()
        self._service = Service(self.world, clock)
        self._signin = signin.Signin(self.world, clock)
        self._center: IdentityCenter | None = None
        self._login = login.Login(self.world, clock)
        self._port = port
        self._tls = tls
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._in_flight = 0
        self._most_at_once = 0
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", self._port), self)
        if self._tls is not None:
            # The handshake is left to the connection's own thread.
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        # A short poll, so that leaving the block takes no half second.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="awssim")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        """The endpoint, for `AWS_ENDPOINT_URL_STS` or `endpoint_url`."""
        if self._server is None:
            raise RuntimeError("the double is not running")
        host = "http://127.0.0.1" if self._tls is None else "https://localhost"
        return f"{host}:{self._server.server_address[1]}"

    def now(self) -> float:
        """Unix seconds on the double's clock."""
        return self._service.clock()

    # What happened

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in the order in which they ended."""
        with self._lock:
            return tuple(self._calls)

    def count(self, action: str, outcome: str | None = None) -> int:
        """How many calls of `action` there were, or how many of them with this outcome."""
        return sum(call.action == action and outcome in {None, call.outcome} for call in self.calls)

    @property
    def most_at_once(self) -> int:
        """The most AssumeRole requests that were ever in flight together."""
        with self._lock:
            return self._most_at_once

    def issued_secrets(self) -> frozenset[str]:
        """Every secret access key, token and MFA seed that exists or ever did: what must be found nowhere."""
        with self._lock:
            keys = tuple(self.world.keys.values())
            seeds = frozenset(device.seed for device in self.world.devices.values())
            tokens = self._signin.tokens | self._login.secrets
            tokens |= frozenset() if self._center is None else self._center.secrets
        return tokens | seeds | {key.secret for key in keys} | {key.token for key in keys if key.token is not None}

    def codes_used(self) -> frozenset[str]:
        """Every TokenCode that ever arrived. Six digits also occur by chance: search where codes could be."""
        with self._lock:
            return frozenset(self._service.codes_used)

    @property
    def signin_calls(self) -> tuple[signin.SigninCall, ...]:
        """Every request to the sign-in, in order."""
        with self._lock:
            return tuple(self._signin.calls)

    @contextmanager
    def identity_center(self) -> Iterator[IdentityCenter]:
        """IAM Identity Center, on the same address; the organisation is made when it is first asked for."""
        with self._lock:
            yield self._organisation()

    @contextmanager
    def login(self) -> Iterator[login.Login]:
        """The sign-in of `aws login`, on the same address."""
        with self._lock:
            yield self._login

    def _organisation(self) -> IdentityCenter:
        if self._center is None:
            self._center = IdentityCenter(self.world, self._service.clock)
        return self._center

    # What a test may turn

    def code(self, device: str = "alice", *, steps: int = 0) -> str:
        """What the device shows now, or `steps` later."""
        return totp(self.world.device(device).seed, self.now() + 30 * steps)

    def unused_code(self, device: str = "alice") -> str:
        """A code that will be accepted now. There are five such codes at a time."""
        with self._lock:
            return self.world.device(device).unused_code(self.now())

    def wrong_code(self, device: str = "alice") -> str:
        """Six digits that will not be accepted."""
        return self.world.device(device).wrong_code(self.now())

    def fault(self, kind: Kind, action: str = "*", *, count: int = 1, seconds: float = 0.0, role: str = "*") -> None:
        """Let the next `count` fitting calls meet this fault. `action` and `role` are patterns."""
        self.script.add(Fault(kind, action, count, seconds, role))

    @property
    def lifetimes(self) -> Lifetimes:
        """How long what is issued really lives."""
        return self._service.lifetimes

    def live(self, *, session: float | None = None, role: float | None = None) -> None:
        """Let sessions and role credentials live only so many seconds, whatever is asked for."""
        with self._lock:
            self._service.lifetimes = Lifetimes(session, role)

    # One request

    def sign_in(self, request: Received) -> Reply | None:
        """A request to the federation endpoint; some faults can meet it, under the action `getSigninToken`."""
        met, reply = self._fault_of_a_page("getSigninToken" if request.method == "POST" else "")
        if met:
            return reply
        with self._lock:
            told = self._signin.answer(request)
        where = {"Location": told.location} if told.location else {}
        return Reply(told.status, {"Date": self._date(), "Content-Type": told.kind, **where}, told.body)

    def web(self, request: Received) -> Reply | None:
        """A request to IAM Identity Center, or to the sign-in of `aws login`; some faults can meet it.

        Their actions are the operations' names in the reference, as `CreateToken` and `CreateOAuth2Token`.
        """
        action = OPERATIONS.get((request.method, request.path), "CreateOAuth2Token")
        met, reply = self._fault_of_a_page(action)
        if met:
            return reply
        with self._lock:
            if request.path == login.PATH:
                told: login.Told | Spoken = self._login.answer(request, f"http://{request.headers['host']}{login.PATH}")
            else:
                told = self._organisation().answer("", request)
        error = {"x-amzn-ErrorType": told.error} if told.error else {}
        headers = {"Date": self._date(), "Content-Type": "application/json", **error}
        return Reply(told.status, headers, json.dumps(told.document).encode())

    def _date(self) -> str:
        return formatdate(self.now(), usegmt=True)

    def _fault_of_a_page(self, action: str) -> tuple[bool, Reply | None]:
        """Whether a fault meets a request of this action, and the answer then; None is none."""
        fault = self.script.take(action, "") if action else None
        date = {"Date": self._date(), "Content-Type": "text/html"}
        pages = {
            Kind.DROP_BEFORE: None,
            Kind.DROP_AFTER: None,
            Kind.HTML: Reply(200, date, PORTAL),
            Kind.REDIRECT: Reply(302, {**date, "Location": "http://portal.invalid/login"}, PORTAL),
            Kind.ERROR_500: Reply(503, date, b"<html><body>Service Unavailable</body></html>"),
            Kind.ERROR_503: Reply(503, date, b"<html><body>Service Unavailable</body></html>"),
            Kind.HUGE: Reply(200, date, b" " * 10_000_000),
        }
        if fault is not None and fault.kind is Kind.DELAY:
            return self.wait(fault.seconds), None
        return (True, pages[fault.kind]) if fault is not None and fault.kind in pages else (False, None)

    def answer(self, request: Received) -> Reply | None:
        """Everything that happens to a request; None when the connection is to be closed without an answer."""
        parameters = read_parameters(request)
        action, role_arn = parameters.get("Action", ""), parameters.get("RoleArn", "")
        with self._lock:
            self._in_flight += action == "AssumeRole"
            self._most_at_once = max(self._most_at_once, self._in_flight)
        try:
            fault = self.script.take(action, role_arn)
            if fault is not None and fault.kind is Kind.DELAY and self.wait(fault.seconds):
                return None
            answer = None if fault is None or fault.after else _before(fault)
            with self._lock:
                if answer is None:
                    if fault is not None and fault.kind in {Kind.DROP_BEFORE, Kind.HTML, Kind.REDIRECT}:
                        outcome = ""
                    else:
                        answer = self._service.answer(request, parameters)
                        outcome = answer.outcome
                else:
                    outcome = answer.outcome
                claim = read_authorization(request.headers)
                self._calls.append(
                    Call(
                        action=action,
                        access_key_id=claim.access_key_id if claim else "",
                        region=claim.region if claim else "",
                        role_arn=role_arn,
                        session_name=parameters.get("RoleSessionName", ""),
                        outcome=outcome,
                        at=self.now(),
                        code="TokenCode" in parameters,
                        fault=fault.kind.value if fault else None,
                        asked={name: value for name, value in parameters.items() if name != "TokenCode"},
                    )
                )
            if fault is not None and fault.kind is Kind.LATE and self.wait(fault.seconds):
                return None
            return self._reply(answer, fault)
        finally:
            with self._lock:
                self._in_flight -= action == "AssumeRole"

    def _reply(self, answer: Answer | None, fault: Fault | None) -> Reply | None:
        date = formatdate(self.now(), usegmt=True)
        kind = fault.kind if fault else None
        if kind is Kind.HTML:
            return Reply(200, {"Date": date, "Content-Type": "text/html"}, PORTAL)
        if kind is Kind.REDIRECT:
            where = {"Location": "http://portal.invalid/login"}
            return Reply(302, {"Date": date, "Content-Type": "text/html", **where}, PORTAL)
        if answer is None or kind is Kind.DROP_AFTER:
            return None
        headers = {"x-amzn-RequestId": answer.request_id, "Content-Type": "text/xml", "Date": date}
        reply = Reply(answer.status, headers, answer.body)
        return reply if fault is None else self._spoil(reply, fault)

    def _spoil(self, reply: Reply, fault: Fault) -> Reply:
        match fault.kind:
            case Kind.TRUNCATE:
                return replace(reply, cut=len(reply.body) // 2)
            case Kind.SLOW:
                return replace(reply, seconds=fault.seconds)
            case Kind.NO_DATE:
                return replace(reply, headers={k: v for k, v in reply.headers.items() if k != "Date"})
            case _:
                return replace(reply, body=_garble(reply.body, fault.kind, self.now()))

    def wait(self, seconds: float) -> bool:
        """Sleep, but not beyond the end; true when that has come."""
        return self._stopping.wait(seconds)


def _before(fault: Fault) -> Answer | None:
    """The answer of a fault that never lets the request reach the service, if it has one in AWS's form."""
    refusals = {
        Kind.THROTTLE: (400, "Throttling", "Rate exceeded"),
        Kind.ERROR_500: (500, "InternalFailure", "The request processing has failed because of an unknown error."),
        Kind.ERROR_503: (503, "ServiceUnavailable", "Service Unavailable"),
        Kind.EXPIRED_TOKEN: (403, "ExpiredToken", EXPIRED_TOKEN),
        Kind.INVALID_TOKEN: (403, "InvalidClientTokenId", INVALID_TOKEN),
        Kind.REGION_DISABLED: (403, "RegionDisabledException", "STS is not activated in this region"),
    }
    found = refusals.get(fault.kind)
    return refusal_of(Refused(*found)) if found else None


def _garble(body: bytes, kind: Kind, now: float) -> bytes:
    """The answer with something wrong in it."""
    match kind:
        case Kind.NO_CREDENTIALS:
            return re.sub(rb"(?s)<Credentials>.*</Credentials>\n", b"", body)
        case Kind.NO_EXPIRATION:
            return re.sub(rb"<Expiration>.*</Expiration>\n", b"", body)
        case Kind.HUGE:
            return body + b" " * 10_000_000
        case Kind.BOMB:
            return BOMB
        case Kind.PAST_EXPIRATION | Kind.FAR_EXPIRATION | Kind.BAD_EXPIRATION:
            dates = {Kind.PAST_EXPIRATION: iso(now - 60), Kind.FAR_EXPIRATION: "2126-01-01T00:00:00Z"}
            date = dates.get(kind, "tomorrow, or so")
            return re.sub(rb"<Expiration>.*</Expiration>", f"<Expiration>{date}</Expiration>".encode(), body)
        case _:
            return body


class _Server(ThreadingHTTPServer):
    """A threading server that can hang up on everyone, so that a test leaves no thread and no socket behind."""

    request_queue_size = 256
    daemon_threads = False  # server_close() joins them
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], sim: Sim) -> None:
        self.sim = sim
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            with self._guard:
                self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is part of the tests."""

    def hang_up(self) -> None:
        """Wake every thread that waits for its client."""
        with self._guard:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was first


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        sim = self.server.sim
        if path.startswith(control.PREFIX):
            status, document = control.answer(sim, path.removeprefix(control.PREFIX), query, body)
            self._send(Reply(status, {"Content-Type": "application/json"}, document))
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            lower = name.lower()
            headers[lower] = f"{headers[lower]},{value}" if lower in headers else value
        received = Received(self.command, path, query, headers, body)
        if (self.command, path) in OPERATIONS or path == login.PATH:
            reply = sim.web(received)
        else:
            reply = sim.sign_in(received) if path == signin.PATH else sim.answer(received)
        if reply is None:
            self.close_connection = True
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        lines = [f"HTTP/1.1 {reply.status} {responses[reply.status]}", f"Content-Length: {len(reply.body)}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        if reply.seconds:
            self.wfile.write(head)
            # A piece every tenth of a second: never silent for long enough to look dead.
            size = math.ceil(len(body) / max(1, reply.seconds * 10))
            for start in range(0, len(body), size):
                if self.server.sim.wait(0.1):
                    break
                self.wfile.write(body[start : start + size])
        else:
            self.wfile.write(head + body)
        if reply.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name of the method it replaces
        """Say nothing."""

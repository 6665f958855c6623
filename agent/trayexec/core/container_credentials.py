"""Admits HTTP requests for credentials, each as a lease. It must not know sockets or HTTP's grammar.

Programs of other users, web pages and containers may reach a loopback port. What keeps them out is the token, which
only the environment of one command holds. The rest (Host, the headers that browsers and proxies add, the exact path)
is there for the day on which a token has leaked into a URL or a page.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from trayexec.core.broker.events import Caller
from trayexec.core.config.profiles import Profile
from trayexec.core.credentials import Secret
from trayexec.light.errors import TrayexecError, trouble

LEAST_TOKEN, MOST_TOKEN = 43, 256  # characters; secrets.token_urlsafe(32) gives 43

# Browsers send some of these with every request that a page makes (Fetch standard), proxies the others.
FOREIGN = {b"origin", b"referer", b"forwarded", b"via", b"cookie"}
FOREIGN_PREFIXES = (b"sec-", b"x-forwarded-", b"access-control-")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, well-formed and without a body. Header names are in lower case."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header."""
        return [value for other, value in self.headers if other == name]


class HttpExchange(Protocol):
    """One HTTP connection, without its socket: `receive` until it gives a request, then `respond` once."""

    def receive(self, data: bytes) -> HttpRequest | None:
        """The request, once all of it is there. Raises TrayexecError (`http_request`, `http_too_long`) for none."""

    def respond(self, status: int, body: bytes) -> bytes:
        """A whole response with a JSON document, after which the connection ends."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one command to one profile: `caller` holds it for as long as its connection is open.

    `wait` is how many seconds it gives a person to answer a question.
    """

    caller: Caller
    profile: Profile
    token: Secret
    language: str
    wait: int

    @property
    def path(self) -> str:
        """Its own path: no secret, and the same whenever the token is the same."""
        return "/" + hashlib.sha256(self.token.reveal().encode()).hexdigest()[:16]


def is_token(text: str) -> bool:
    """Whether a caller may choose this as its token: what `secrets.token_urlsafe` gives, and enough of it."""
    return (
        LEAST_TOKEN <= len(text) <= MOST_TOKEN and text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    )


def admit(request: HttpRequest, leases: Iterable[Lease], *, port: int) -> Lease:
    """The lease that a request belongs to.

    Raises TrayexecError: `http_method`, `http_host`, `http_browser`, `http_token`, `http_path`.
    """
    if request.method != b"GET":
        raise TrayexecError(trouble("http_method", "Only GET is answered here.", ""))
    hosts = request.all(b"host")
    if len(hosts) != 1 or hosts[0].lower() not in {
        b"%b:%d" % (name, port) for name in (b"127.0.0.1", b"localhost", b"[::1]")
    }:
        raise TrayexecError(trouble("http_host", "The request was meant for another host.", ""))
    for name, _value in request.headers:
        if name in FOREIGN or name.startswith(FOREIGN_PREFIXES):
            raise TrayexecError(trouble("http_browser", "Browsers and proxies get no credentials here.", ""))
    lease = _holder(request.all(b"authorization"), leases)
    if lease is None:
        raise TrayexecError(
            trouble(
                "http_token",
                "The token is none that is in force.",
                "It ends with the `trayexec --server PROFILE -- CMD…` that it was made for: run the command through "
                "that again.",
            )
        )
    if request.target != lease.path.encode():
        raise TrayexecError(trouble("http_path", "There is nothing at this path.", ""))
    return lease


def _holder(tokens: list[bytes], leases: Iterable[Lease]) -> Lease | None:
    """Whose token this is. Every lease is compared, each in constant time: nothing is to be learnt from the delay."""
    if len(tokens) != 1:
        return None
    found = None
    for lease in leases:
        if hmac.compare_digest(tokens[0], lease.token.reveal().encode()):
            found = lease
    return found

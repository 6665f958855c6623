"""IAM Identity Center on this machine: a proxy that ends the TLS of AWS's names, with an authority of its own.

Programs that know no AWS_ENDPOINT_URL_SSO (the AWS CLI of Debian 12) are led to the double by HTTPS_PROXY and
AWS_CA_BUNDLE. Whatever else they ask the proxy for is refused and remembered, so that nothing leaves the machine.
"""

import json
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from awssim import World
from awssim.identitycenter import IdentityCenter, Said
from awssim.sigv4 import Received
from support.desktop import eventually

# What a desktop does with an address: it goes to a browser. Here it is written down, for the person of the test.
BROWSER = '#!/bin/sh\nprintf "%s\\n" "$1" >> "$0.visited"\n'


@contextmanager
def identity_center(world: World, folder: Path, *, clock: Callable[[], float] = time.time) -> Iterator["Center"]:
    """The double for `world`, reached by the environment that it gives, while the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    double = IdentityCenter(world, clock)
    browser = folder / "browser"
    browser.write_text(BROWSER)
    browser.chmod(0o700)
    server = _Proxy(double, _certificate(folder, double.hosts))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="identity center")
    thread.start()
    try:
        yield Center(double, server, folder)
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()


class Center:
    """The double that runs, and the person who has an account there."""

    def __init__(self, double: IdentityCenter, proxy: "_Proxy", folder: Path) -> None:
        """Keep them."""
        self.double = double
        self._proxy = proxy
        self._folder = folder
        self._seen = 0

    @property
    def env(self) -> dict[str, str | None]:
        """The variables that lead a program to the double, and its browser to the person of the test."""
        address = f"http://127.0.0.1:{self._proxy.server_address[1]}"
        return {
            "HTTPS_PROXY": address,
            "AWS_CA_BUNDLE": str(self._folder / "authority.pem"),
            "BROWSER": f"{self._folder / 'browser'} %s",
            "NO_PROXY": None,
            "no_proxy": None,
        }

    @property
    def said(self) -> tuple[Said, ...]:
        """Every request so far."""
        with self._proxy.guard:
            return tuple(self.double.said)

    @property
    def refused(self) -> tuple[str, ...]:
        """What the proxy was asked for and did not do."""
        with self._proxy.guard:
            return tuple(self._proxy.refused)

    def visited(self) -> str:
        """The next address that was opened in the browser; waits for it."""
        file = self._folder / "browser.visited"
        eventually(
            "an address in the browser", lambda: file.exists() and len(file.read_text().splitlines()) > self._seen
        )
        self._seen += 1
        return file.read_text().splitlines()[self._seen - 1]

    def allow(self) -> str:
        """The person looks at the page that was opened, and allows the access. The address is returned."""
        address = self.visited()
        page = urlsplit(address)
        if page.path == "/authorize":
            with self._proxy.guard:
                back = self.double.authorize(page.query)
            come_back(back)
            return address
        eventually("the program to ask in vain", lambda: self.said[-1].outcome == "AuthorizationPendingException")
        with self._proxy.guard:
            self.double.allow(parse_qs(page.query)["user_code"][0])
        return address

    def count(self, operation: str, outcome: str = "OK") -> int:
        """How many requests of this operation ended so."""
        return self.said.count(Said(operation, outcome))


def come_back(address: str) -> str:
    """What a browser does that is sent back to this machine: the page that it shows then."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address, timeout=20) as page:
        text: bytes = page.read()
    return text.decode()


class _Proxy(ThreadingHTTPServer):
    daemon_threads = False  # server_close() joins them

    def __init__(self, double: IdentityCenter, tls: ssl.SSLContext) -> None:
        self.double, self.tls = double, tls
        self.guard = threading.Lock()
        self.refused: list[str] = []
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Tunnel)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        if isinstance(request, socket.socket):
            with self.guard:
                self._connections.add(request)
        super().process_request(request, client_address)

    def keep(self, connection: socket.socket) -> None:
        """Remember a connection, to hang up on it in the end."""
        with self.guard:
            self._connections.add(connection)

    def hang_up(self) -> None:
        """End every connection, so that the threads end."""
        with self.guard:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is closed

    def handle_error(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        """A client that hangs up in the middle is no accident."""


class _Tunnel(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Proxy
    host = ""  # whose name the client asked the tunnel for

    def do_CONNECT(self) -> None:
        """End the TLS here, and go on with the requests in the tunnel."""
        host, _, port = self.path.rpartition(":")
        if self.host or host not in self.server.double.hosts or port != "443":
            self._refuse()
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.server.keep(self.connection)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
        self.host = host
        self.close_connection = False

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def finish(self) -> None:
        """Close what was opened within the tunnel, too."""
        super().finish()
        self.connection.close()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.host:  # it was taken for a plain proxy
            self._refuse()
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.guard:
            said = self.server.double.answer(self.host, Received(self.command, path, query, headers, body))
        document = json.dumps(said.document).encode()
        self.send_response(said.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(document)))
        if said.error:
            self.send_header("x-amzn-ErrorType", said.error)
        self.end_headers()
        self.wfile.write(document)

    def _refuse(self) -> None:
        with self.server.guard:
            self.server.refused.append(f"{self.command} {self.path}")
        self.send_error(403)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name of the method it replaces
        """Say nothing."""


def _certificate(folder: Path, hosts: tuple[str, ...]) -> ssl.SSLContext:
    """A server's context for these names; `authority.pem` in the folder is what has to be trusted."""
    today = datetime.now(UTC)
    times = today - timedelta(days=1), today + timedelta(days=1)
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority for one test")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, hosts[0])])
    root = (
        x509.CertificateBuilder(issuer, issuer, authority.public_key(), x509.random_serial_number(), *times)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    leaf = (
        x509.CertificateBuilder(issuer, name, own.public_key(), x509.random_serial_number(), *times)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    (folder / "authority.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    public, private = folder / "server.pem", folder / "server.key"
    public.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(own.private_bytes(serialization.Encoding.PEM, *form))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context

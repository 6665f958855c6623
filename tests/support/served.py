"""A command under `--server` that waits, and what knocks at its endpoint."""

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from support.rig import Rig

# Says its environment, then lives until its standard input ends.
WAITING = ("sh", "-c", "printenv AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN; exec cat")
SLOWEST = 10.0  # seconds until an answer is one that never comes


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back over HTTP; status 0 when nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """A command that holds a lease."""

    process: subprocess.Popen[str]
    url: str
    token: str

    @property
    def port(self) -> int:
        """Where the endpoint listens."""
        return urlsplit(self.url).port or 0

    @property
    def path(self) -> str:
        """The path of this lease."""
        return urlsplit(self.url).path

    def fetch(self, *, token: str | None = None, path: str | None = None) -> Reply:
        """Ask as an SDK does."""
        wanted = self.token if token is None else token
        return self.send(f"GET {path or self.path} HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: {wanted}\r\n\r\n")

    @property
    def host(self) -> str:
        """The right Host."""
        return f"127.0.0.1:{self.port}"

    def send(self, request: str | bytes) -> Reply:
        """Say exactly this, and read to the end. The sending half stays open, as that of an SDK does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SLOWEST) as connection:
            with contextlib.suppress(OSError):  # refused before all was said
                connection.sendall(request.encode("latin-1") if isinstance(request, str) else request)
            return read(connection)


def read(connection: socket.socket) -> Reply:
    """A reply, up to the end of the connection."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(65536):
            said += more
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Reply(int(first.split()[1]) if first else 0, headers, body)


@contextlib.contextmanager
def served(rig: Rig, *words: str, env: dict[str, str | None] | None = None) -> Iterator[Served]:
    """`trayexec --server WORDS… -- (a command that waits)`; it is let go at the end of the block."""
    process = rig.start("--server", *(words or ("account-a",)), "--", *WAITING, env=env)
    assert process.stdout is not None
    assert process.stdin is not None
    url, token = process.stdout.readline().strip(), process.stdout.readline().strip()
    if not token:
        raise AssertionError(process.communicate(timeout=SLOWEST)[1])
    try:
        yield Served(process, url, token)
    finally:
        process.stdin.close()
        process.wait(SLOWEST)

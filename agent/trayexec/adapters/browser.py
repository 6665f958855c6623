"""Opens a secret address in the user's browser without showing it to anybody else.

What stands on a command line is readable by every user of the machine, so the browser is not given the address but
one of our own on loopback, which works once, for this user only, and leads there with a redirect. AWS recommends a
redirect for this very address.
"""

import os
import secrets
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from trayexec.adapters.loopback import LoopbackHandler, LoopbackServer

PATIENCE = 30.0  # seconds for the browser to come; one that has to start takes its time
LOOK = 0.1  # seconds between looks whether the browser has failed


# The colours of Firefox's containers, by the names that the extension takes, for ours where they differ; grey has none.
_CONTAINER = "ext+container:"
_CONTAINER_COLOURS = {one: one for one in ("blue", "green", "yellow", "orange", "red", "purple")}


@dataclass(frozen=True, slots=True)
class ChosenBrowser:
    """The browser that a person has chosen for a profile: its command, and what a container of Firefox is like."""

    argv: Sequence[str]
    profile: str
    colour: str | None = None

    def opening(self, address: str) -> list[str]:
        """The command line that opens the address: behind the others, or in the word that names a container.

        That word is `ext+container:`, with `name=…`, `icon=…` and `color=…` or without, as the extension "Open external
        links in a container" reads it: https://github.com/honsiorovskyi/open-url-in-container.
        """
        words = [self._contained(word, address) if word.startswith(_CONTAINER) else word for word in self.argv]
        return words if words != list(self.argv) else _with_address(words, address)

    def _contained(self, word: str, address: str) -> str:
        said = [part for part in word.removeprefix(_CONTAINER).split("&") if part]
        told = {part.partition("=")[0] for part in said}
        colour = _CONTAINER_COLOURS.get(self.colour or "")
        own = {"name": self.profile} if "name" not in told else {}
        own |= {"color": colour} if colour is not None and "color" not in told else {}
        return (
            _CONTAINER
            + "&".join([*said, *(f"{key}={quote(value, safe='')}" for key, value in own.items())])
            + (f"&url={quote(address, safe='')}")
        )


def open_secretly(url: str, environ: Mapping[str, str], chosen: ChosenBrowser | None = None) -> bool:
    """Show `url` in the `chosen` browser, else in the one that $BROWSER names, else in the desktop's.

    Blocks until the browser has come. False when there is none, or none came within 30 seconds.
    """
    with _way_to(url) as (address, taken):
        for argv in _browsers(environ, address) if chosen is None else [chosen.opening(address)]:
            try:
                browser = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=dict(environ),
                    start_new_session=True,
                )
            except OSError:
                continue
            if _came(browser, taken):
                return True
    return False


def has_browser(environ: Mapping[str, str]) -> bool:
    """Whether there is anything to try."""
    return any(True for _ in _browsers(environ, ""))


def _came(browser: "subprocess.Popen[bytes]", taken: threading.Event) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if taken.wait(LOOK):
            return True
        if browser.poll() not in {None, 0}:  # a launcher that ended well may have told a browser that takes its time
            return taken.is_set()
    return False


def _browsers(environ: Mapping[str, str], url: str) -> Iterator[Sequence[str]]:
    """The command lines to try, in order: $BROWSER as Python's `webbrowser` and sensible-browser(1) read it."""
    for one in environ.get("BROWSER", "").split(os.pathsep):
        try:
            words = shlex.split(one)
        except ValueError:
            continue
        if words:
            yield _with_address(words, url)
    if sys.platform == "darwin":
        yield ["open", url]
    elif environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        for name in ("xdg-open", "wslview", "x-www-browser"):
            if shutil.which(name, path=environ.get("PATH")):
                yield [name, url]


def _with_address(words: Sequence[str], url: str) -> list[str]:
    return [word.replace("%s", url) for word in words] if any("%s" in word for word in words) else [*words, url]


@contextmanager
def _way_to(url: str) -> Iterator[tuple[str, threading.Event]]:
    """An address that leads to `url` once, while the block lasts; the event is set when it has been used."""
    way = _Way(url)
    with way.serving():
        yield way.address, way.taken


class _Way(LoopbackServer):
    """Answers one request of our own user for one secret path; everything else is not found."""

    def __init__(self, url: str) -> None:
        super().__init__(_Handler)
        self.path = f"/{secrets.token_urlsafe(32)}"
        self.taken = threading.Event()
        self._url: str | None = url
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://{self.host}{self.path}"

    def take(self, path: str, host: str | None) -> str | None:
        """Where to go, for the first who knows the way."""
        with self._lock:
            if self._url is None or host != self.host or not secrets.compare_digest(path.encode(), self.path.encode()):
                return None
            url, self._url = self._url, None
            return url


class _Handler(LoopbackHandler):
    server: _Way

    def answer(self) -> None:
        """Lead on, or nowhere."""
        url = self.server.take(self.path, self.headers.get("Host"))
        self.send_response(HTTPStatus.NOT_FOUND if url is None else HTTPStatus.FOUND)
        if url is not None:
            self.send_header("Location", url)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        if url is not None:
            self.wfile.flush()
            self.server.taken.set()

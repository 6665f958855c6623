"""The files of an overlay on disk: their names, what the folder is called, and when they are up to date.

Light: hook, agent and run path share it, and a shell waits for the first.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.light.protocol_fields import OverlayAnswer

CONFIG = "config"  # what AWS_CONFIG_FILE names
SERVER = "server"  # the same under `--server`: without credentials for [default]
SERVER_OF = "server-"  # the same for one profile's run, followed by its name in hexadecimal digits
CREDENTIALS = "credentials"  # what AWS_SHARED_CREDENTIALS_FILE names: it is empty
WORDS = "words"  # what a shell may complete a run with
ORIGIN = "origin"  # whose overlay it is
BASE = "base-"  # the overlay as we wrote it, followed by the digest in its first line
DIGEST = 16  # hexadecimal digits
FROM_FILES = "--from-files"  # of `credential-process`, for a profile whose keys are in the user's own files
OR_FROM_FILES = "--or-from-files"  # the same unless keys are stored for it

_MARK = slice(2, 2 + DIGEST)  # where an overlay's first line has its digest
_TICK = 20_000_000  # nanoseconds that the dates of files may lag behind the clock


def digest(data: bytes) -> str:
    """What tells one content, or one pair of names, from another."""
    import hashlib  # noqa: PLC0415 — seldom needed, and slow to import

    return hashlib.sha256(data).hexdigest()[:DIGEST]


def folder_name(config: str, shared: str) -> str:
    """What the folder of the overlay of these two files of the user's is called."""
    return digest(f"{config}\0{shared}".encode("utf-8", "surrogateescape"))


def is_folder_name(name: str) -> bool:
    """Whether an overlay's folder could be called so."""
    return len(name) == DIGEST and not set(name) - set("0123456789abcdef")


def marked(text: str) -> "tuple[str, str]":
    """An overlay's text behind the line with its digest, and what the copy of it beside it is called."""
    mark = digest(text.encode())
    return f"# {mark}\n{text}", f"{BASE}{mark}"


def base_of(overlay: str) -> str | None:
    """Which file beside it says what this overlay was when we wrote it; None when that is not known."""
    mark = overlay[_MARK]
    return f"{BASE}{mark}" if mark.isalnum() else None


def document(folder: str, config: str, shared: str) -> "OverlayAnswer":
    """The answer to the request `overlay`; `config` and `shared` are the user's own files."""
    return {
        "config": f"{folder}/{CONFIG}",
        "server": f"{folder}/{SERVER}",
        "shared": f"{folder}/{CREDENTIALS}",
        "words": f"{folder}/{WORDS}",
        "own_config": config,
        "own_shared": shared,
    }


def date(folder: str, own: "tuple[str, str]", at: int) -> None:
    """Let `origin` say when the user's files were last looked at (nanoseconds), if they are younger than it says.

    Raises OSError.
    """
    dates = [os.stat(path).st_mtime_ns for path in own if os.path.exists(path)]  # noqa: PTH110, PTH116 — as below
    origin = f"{folder}/{ORIGIN}"
    if max(dates, default=0) >= os.stat(origin).st_mtime_ns:  # noqa: PTH116 — as below
        os.utime(origin, ns=(at - _TICK, at - _TICK))


def is_current(folder: str, own: "tuple[str, str]") -> bool:
    """Whether the overlay is as it was written, and younger than the user's files `own`."""
    try:
        with open(f"{folder}/{CONFIG}", "rb") as file:  # noqa: PTH123 — pathlib is slow to import
            overlay = file.read()
        base = base_of(overlay[: _MARK.stop].decode())
        if base is None:
            return False
        with open(f"{folder}/{base}", "rb") as file:  # noqa: PTH123 — likewise
            if file.read() != overlay or os.stat(f"{folder}/{CREDENTIALS}").st_size:  # noqa: PTH116 — likewise
                return False
        looked = os.stat(f"{folder}/{ORIGIN}").st_mtime_ns  # noqa: PTH116 — likewise
        for path in own:
            # where there is none, it was taken away after we looked, or there was none
            there = path if os.path.exists(path) else path.rpartition("/")[0]  # noqa: PTH110 — likewise
            if os.stat(there).st_mtime_ns >= looked:  # noqa: PTH116 — likewise
                return False
    except (OSError, ValueError):
        return False
    return True

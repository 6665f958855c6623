"""`--output dir=PATH`: a file for each stream of each profile, whatever that is called, inside the folder and apart."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.screen import STREAMS
from trayexec.light import private_files
from trayexec.light.errors import TrayexecError, shown, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.commands.fanout.output import Sink
    from trayexec.commands.fanout.screen import Stream

SAFE = frozenset("-_.+=,@")
LONGEST = 200  # bytes: file systems allow 255, and something is appended


@dataclass(frozen=True, slots=True)
class Folder:
    """`PATH/account-a.out` and `.err`, written as it comes; `path` is open, so that it stays the folder it was."""

    path: int
    files: Mapping[str, str]
    table: bool = True

    def sink(self, profile: str) -> "Sink":
        """Both files, empty. Raises OSError, with neither open."""
        name = self.files[profile]
        opened: dict[Stream, int] = {}
        try:
            for stream in STREAMS:
                opened[stream] = private_files.begin(f"{name}.{stream}", self.path)
        except OSError:
            for descriptor in opened.values():
                os.close(descriptor)
            raise
        return _FolderSink(opened)

    def absent(self, result: Result) -> None:
        """No file."""


@dataclass(frozen=True, slots=True)
class _FolderSink:
    files: "dict[Stream, int]"

    def take(self, stream: "Stream", data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.files[stream], view) :]

    def end(self, _result: Result) -> None:
        """Close: some file systems only now say that the disk is full."""
        while self.files:
            os.close(self.files.popitem()[1])

    def close(self) -> None:
        with suppress(OSError):
            while self.files:
                os.close(self.files.popitem()[1])


def named(name: str, profiles: Sequence[str]) -> Folder:
    """The folder of this name. Raises TrayexecError (`output`) where it cannot be used."""
    path = Path(name).expanduser()
    try:
        return _opened(path, profiles)
    except OSError as error:
        raise TrayexecError(
            trouble(
                "output",
                "The folder {folder} cannot be used: {why}.",
                "Name another: --output dir=PATH",
                folder=shown(str(path)),
                why=error.strerror or type(error).__name__,
            )
        ) from None


def _opened(path: Path, profiles: Sequence[str]) -> Folder:
    """The folder, made if need be, and none in which another user could exchange a file. Raises OSError."""
    path.mkdir(mode=private_files.OWN_FOLDER, parents=True, exist_ok=True)
    opened = private_files.trusted_folder(str(path))
    private_files.sweep(str(path))
    return Folder(opened, file_names(profiles))


# Names


def file_names(profiles: Iterable[str]) -> Mapping[str, str]:
    """A file name for each profile, without its ending; no two alike, also where a disk ignores case.

    Letters and digits of any script stay as they are, so do - _ . + = , @ except where they begin a hidden file or an
    option; everything else becomes %XX. So `prod/eu` is `prod%2Feu`.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for profile in profiles:
        base = name = _safe(profile)
        number = 1
        while _folded(name) in taken:
            number += 1
            name = f"{base}~{number}"  # a ~ of its own would be %7E
        taken.add(_folded(name))
        found[profile] = name
    return found


def _folded(name: str) -> str:
    """What is the same file on a disk that ignores case and how accents are written."""
    return normalize("NFC", normalize("NFC", name).casefold())


def _safe(profile: str) -> str:
    parts = [_character(one, first=place == 0) for place, one in enumerate(profile)]
    name = "".join(parts) or "%"
    if len(name.encode()) <= LONGEST:
        return name
    import hashlib  # noqa: PLC0415 — a name is seldom so long

    digest = hashlib.sha256(profile.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return name.encode()[: LONGEST - 17].decode("utf-8", "ignore") + "~" + digest


def _character(one: str, *, first: bool) -> str:
    if one.isalnum() or (one in SAFE and not (first and one in "-.")):
        return one
    return "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogatepass"))

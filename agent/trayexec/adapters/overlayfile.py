"""Overlays on disk: written and kept up to date for `--live`, and what others write into them carried home.

Commands that change the AWS config (`aws configure`, `aws configure sso`) find it by AWS_CONFIG_FILE, so under `--live`
they change the overlay. Each overlay therefore stands beside a copy of what we wrote: what differs was written by
somebody else, and goes to the user's own file before the overlay is written anew. The same holds for the empty
credentials file. Blocking; one process at a time, decided by a lock.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trayexec import origin, wire
from trayexec.adapters import plainfile
from trayexec.adapters.awsfiles import LONGEST_FILE, AwsFiles, parse
from trayexec.adapters.plainfile import Stamp
from trayexec.core.inifile import Parsed, Value, changes, written
from trayexec.core.overlay import overlay, served, without_default
from trayexec.core.profiles import Catalogue
from trayexec.errors import Text, TrayexecError, trouble

SETTLED = 0.2  # seconds a file must have been left alone before we take it for finished

_PRIVATE, _READ_ONLY, _OURS = 0o600, 0o400, 0o700
_DIGEST = 16
_KEPT = 8
_UNDECODED = re.compile(r"[\ud800-\udfff]")
_OWN = 2  # how many of the stamps are of the user's own files


@dataclass(frozen=True, slots=True)
class Place:
    """Where the overlay of one pair of files is: `config` and `shared` are the user's own."""

    folder: Path
    config: Path
    shared: Path

    @property
    def overlay(self) -> Path:
        """What AWS_CONFIG_FILE names."""
        return self.folder / "config"

    @property
    def server(self) -> Path:
        """What AWS_CONFIG_FILE names under `--server`: the overlay without credentials for `[default]`."""
        return self.folder / "server"

    @property
    def empty(self) -> Path:
        """What AWS_SHARED_CREDENTIALS_FILE names."""
        return self.folder / "credentials"

    def base(self, digest: str) -> Path:
        """The overlay as we wrote it: its first line says which one it was."""
        return self.folder / f"base-{digest}"

    @property
    def origin(self) -> Path:
        """Whose overlay it is."""
        return self.folder / origin.NAME

    @property
    def words(self) -> Path:
        """What a shell may complete a run with."""
        return self.folder / "words"

    def document(self) -> dict[str, str]:
        """The answer to the request `overlay`."""
        return {
            "config": str(self.overlay),
            "server": str(self.server),
            "shared": str(self.empty),
            "words": str(self.words),
            "own_config": str(self.config),
            "own_shared": str(self.shared),
        }


@dataclass(frozen=True, slots=True)
class Means:
    """What overlays are made of: the parsed files, the command that starts us, the session that finds us.

    `groups` are the words beside profiles that a run takes; `tell` is told what a person should know.
    """

    files: AwsFiles
    command: Sequence[str]
    session: Mapping[str, str]
    groups: Callable[[], Sequence[str]]
    tell: Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the two files of an overlay say, whoever wrote it; None where there is no file."""

    overlay: str | None
    keys: str | None


@dataclass(frozen=True, slots=True)
class _Edit:
    """What somebody began with, if that is known, and what they made of it."""

    before: str | None
    after: str


class Overlays:
    """All overlays under one folder, which is made when the first one is wanted."""

    def __init__(self, folder: Path, means: Means) -> None:
        """Keep where and with what."""
        self._folder = folder
        self._means = means
        self._seen: dict[Path, tuple[Stamp, ...]] = {}

    def load(self, config: str | None, shared: str | None) -> Catalogue:
        """The `Catalogues` port: the files as ever, and their overlay, where there is one, brought up to date."""
        catalogue = self._means.files.load(config, shared)
        place = self.place(config, shared)
        if place.folder.is_dir():
            with contextlib.suppress(TrayexecError):  # it stays as it was; the next look tries again
                self._refresh(place)
        return catalogue

    def look(self) -> None:
        """Bring every overlay there is up to date."""
        for marker in self._folder.glob(f"*/{origin.NAME}"):
            with contextlib.suppress(TrayexecError, OSError, ValueError):
                said = wire.decode(marker.read_bytes())
                place = self.place(str(said["config"]), str(said["shared"]))
                if place.folder == marker.parent:
                    self._refresh(place)

    def place(self, config: str | None, shared: str | None) -> Place:
        """Where the overlay of this pair is, or will be. Raises TrayexecError for a path that is not absolute."""
        paths = self._means.files.paths(config, shared)
        digest = hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return Place(self._folder / digest, Path(paths[0]), Path(paths[1]))

    def want(self, config: str | None, shared: str | None) -> Place:
        """The overlay of this pair, made if need be. Raises TrayexecError when there is none and none can be made."""
        place = self.place(config, shared)
        try:
            place.folder.mkdir(mode=_OURS, parents=True, exist_ok=True)
            _check(place.folder)
            self._refresh(place)
        except OSError as error:
            if not place.overlay.exists():
                raise _unwritable(place.folder, error) from None
        except TrayexecError:
            if not place.overlay.exists():
                raise
        return place

    def _refresh(self, place: Place) -> None:
        if self._stamps(place) == self._seen.get(place.folder):
            return
        self._seen.pop(place.folder, None)
        own = self._stamps(place)[:_OWN]  # before anything is read: what changes from now on is seen next time
        try:
            with _alone(self._folder):
                found = _Found(_text(place.overlay), _text(place.empty))
                if found.overlay != self._base(place, found):
                    found = _Found(_settled(place.overlay), found.keys)
                while True:
                    self._carry_home(place, found)
                    late = self._write(place, found)
                    if late == found:
                        break
                    found = late  # somebody wrote at the last moment
                stamps = self._stamps(place)
                if _text(place.overlay) == self._base(place, _Found(_text(place.overlay), "")):
                    self._seen[place.folder] = (*own, *stamps[_OWN:])
        except OSError as error:
            raise _unwritable(place.folder, error) from None

    def _stamps(self, place: Place) -> tuple[Stamp, ...]:
        files = (place.config, place.shared, place.overlay, place.server, place.empty, place.origin)
        return (*(plainfile.stamp_of(str(path)) for path in files), (hash(tuple(self._means.groups())),))

    def _write(self, place: Place, found: "_Found") -> "_Found":
        """Write the overlay as the user's files want it now. What the files that went said in the end is returned."""
        means = self._means
        catalogue = means.files.load(str(place.config), str(place.shared))
        if catalogue.warning is not None and found.overlay is not None:
            return found  # the files are broken at the moment: what they last said stays
        config, shared = parsed(place.config), parsed(place.shared)
        text = overlay(config, shared, catalogue, origin=str(place.config), command=means.command)
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
        text = f"# {digest}\n{text}"
        own = {"config": str(place.config), "shared": str(place.shared), "session": dict(means.session)}
        words = "".join(f"{word}\n" for word in (*served(catalogue), *means.groups()) if word.isprintable())
        _put(place.words, words)
        _put(place.origin, wire.document(own))
        _put(place.base(digest), text)
        bare = without_default(config, shared, catalogue, origin=str(place.config), command=means.command)
        # Nothing carries home what would be written here, so that is refused: nobody may write.
        _put(place.server, bare, mode=_READ_ONLY)
        late = _Found(_swap(place.overlay, text), _swap(place.empty, ""))
        _forget(place.folder.glob("base-*"), place.base(digest))
        return late

    def _base(self, place: Place, found: "_Found") -> str | None:
        """What this overlay was when we wrote it; None when that is not known."""
        digest = (found.overlay or "")[2 : 2 + _DIGEST]
        return _text(place.base(digest)) if digest.isalnum() else None

    def _carry_home(self, place: Place, found: "_Found") -> None:
        """Bring what others wrote here to the user's own files. Nothing of it is lost, whatever it is."""
        base = self._base(place, found)
        if found.overlay is not None and found.overlay != base:
            self._carry(place.overlay, place.config, _Edit(base, found.overlay))
        if found.keys:
            self._carry(place.empty, place.shared, _Edit("", found.keys))
            self._means.tell(
                Text(
                    "Access keys were written in plain text to {file}. Put them into AWS_ACCESS_KEY_ID and "
                    "AWS_SECRET_ACCESS_KEY, run `trayexec keys add PROFILE --env`, and remove them from the file.",
                    file=str(place.shared),
                )
            )

    def _carry(self, there: Path, home: Path, edit: "_Edit") -> None:
        new = _new(there, edit)
        if new == {}:
            return
        if new is None:
            self._put_aside(
                there,
                edit.after,
                Text("What was written to the AWS config under --live cannot be read as one."),
            )
            return
        own = _own_text(home)
        parse(own, file=str(home))  # a file that is broken already is not touched: it raises, and we try again
        for section, settings in new.items():
            own = written(own, section, settings)
        parse(own, file=str(home))
        # A copy of the credentials file would be one more place with keys in plain text.
        backup = home.with_name(f"{home.name}.trayexec~") if there.name == "config" else None
        try:
            write_home(home, own, backup=backup)
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._put_aside(there, edit.after, Text("{file} cannot be written: {why}.", file=str(home), why=why))

    def _put_aside(self, there: Path, text: str, why: Text) -> None:
        aside = there.with_name(f"{there.name}.{time.time_ns():x}")
        _put(aside, text)
        self._means.tell(
            Text("{why} What was to be there is kept in {file}.", why=why, file=str(aside)),
        )


def _new(there: Path, edit: _Edit) -> Mapping[str, Mapping[str, Value]] | None:
    """What the edit added or changed; None when that cannot be told."""
    if edit.before is None or _UNDECODED.search(edit.after):
        return None
    try:
        return changes(parse(edit.before, file=str(there)), parse(edit.after, file=str(there)))
    except TrayexecError:
        return None


def write_home(home: Path, text: str, *, backup: Path | None) -> None:
    """Put `text` in place of a file of the user's, whole or not at all: through links, with its mode and line ends.

    The old content goes to `backup`. Raises OSError.
    """
    target = Path(os.path.realpath(home))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no file")  # /dev/null is a way to say that there is no config
    target.parent.mkdir(mode=_OURS, parents=True, exist_ok=True)
    mode = _PRIVATE
    if target.exists():
        old = target.read_bytes()
        mode = stat.S_IMODE(target.stat().st_mode)
        if b"\r\n" in old:
            text = text.replace("\n", "\r\n")
        if backup is not None:
            _put_bytes(backup, old, mode)
    _put_bytes(target, text.encode(), mode)


def parsed(path: Path) -> Parsed:
    """The sections of one of the user's files; none where there is no file. Raises TrayexecError."""
    return parse(_own_text(path), file=str(path))


def _own_text(path: Path) -> str:
    """The text of one of the user's files, nothing where there is none. Raises TrayexecError."""
    content = plainfile.read(str(path), limit=LONGEST_FILE)
    return content.text if content else ""


def _text(path: Path) -> str | None:
    """The text of one of our files, whatever has been done to it."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _settled(path: Path) -> str:
    """The text of a file that nobody is writing any more."""
    for _ in range(10):
        if not 0 <= time.time() - path.stat().st_mtime < SETTLED:
            break
        time.sleep(SETTLED / 2)
    return _text(path) or ""


def _forget(bases: Iterable[Path], current: Path) -> None:
    """Keep a few old ones: a command may have read an older overlay, and be about to write it back with a change."""
    old = sorted((base for base in bases if base != current), key=lambda base: base.stat().st_mtime_ns)
    for base in old[:-_KEPT]:
        base.unlink(missing_ok=True)


def _swap(path: Path, text: str) -> str | None:
    """Let the file say this, and return what the old one said: at the very last, should somebody have it open."""
    old = path.with_name(f".{path.name}.old")
    old.unlink(missing_ok=True)
    try:
        old.hardlink_to(path)
    except OSError:  # there is none, or the file system knows no links
        late = _text(path)
        _put(path, text)
        return late
    _put(path, text)
    late = _text(old)
    old.unlink()
    return late


def _put(path: Path, text: str, *, mode: int = _PRIVATE) -> None:
    """Let the file say this; it is not touched when it says so already."""
    data = text.encode("utf-8", "surrogateescape")
    with contextlib.suppress(OSError):
        if path.read_bytes() == data:
            return
    _put_bytes(path, data, mode)


def _put_bytes(path: Path, data: bytes, mode: int) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check(folder: Path) -> None:
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise PermissionError(1, "it is not a folder of yours")
    if stat.S_IMODE(seen.st_mode) & 0o077:
        folder.chmod(_OURS)


def _unwritable(folder: Path, error: OSError) -> TrayexecError:
    return TrayexecError(
        trouble(
            "overlay",
            "The AWS config for --live cannot be written in {folder}: {why}.",
            "Check who owns the folder and that the disk is not full.",
            folder=str(folder),
            why=error.strerror or type(error).__name__,
        )
    )

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
from functools import partial
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.adapters.atomic_replace import (
    SETTLED,
    Version,
    bytes_of,
    put,
    replace,
    settled,
    swap,
    text_of,
)
from trayexec.adapters.aws_files import LONGEST_FILE, AwsFiles, parse
from trayexec.adapters.plain_file import Stamp
from trayexec.core.config.inifile import Parsed, Value, changes, removals, written
from trayexec.core.config.profiles import Catalogue
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.light import private_files, protocol
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live import overlay_origin
from trayexec.live.layout import for_server, overlay, refusing, served
from trayexec.live.setting_names import without_secrets

UNWRITABLE = "overlay"  # the code of a folder that takes no files
UNTRUSTED = "overlay_folder"  # the code of a folder in which somebody else could put files
_READ_ONLY, _OURS = 0o400, 0o700
_DIGEST = 16
_MARK = slice(2, 2 + _DIGEST)  # where an overlay's first line names its base
_KEPT = 8
_TRIES = 20
_TICK = 20_000_000  # nanoseconds that the dates of files may lag behind the clock
_REASON_KEYS = Text("What was written to the AWS credentials file under --live cannot be read as one.")
_UNDECODED = re.compile(r"[\ud800-\udfff]")
_OWN = 3  # how many of the stamps are of what overlays are made of: the user's own files, and which keys are stored
_SERVER = "server-"
_LONGEST_NAME = 100  # bytes: twice as many digits are a file's name
_MOST_PLACES = 64  # kept at hand: as many projects are in use at once


@dataclass(frozen=True, slots=True)
class OverlayPlace:
    """Where the overlay of one pair of files is: `config` and `shared` are the user's own."""

    folder: Path
    config: Path
    shared: Path
    watched: tuple[str, ...]  # files whose change calls for a look, the user's own first

    @property
    def overlay(self) -> Path:
        """What AWS_CONFIG_FILE names."""
        return self.folder / "config"

    @property
    def server(self) -> Path:
        """What AWS_CONFIG_FILE names under `--server`: the overlay without credentials for `[default]`."""
        return self.folder / "server"

    def server_of(self, profile: str) -> Path:
        """The same for a run of this profile, whose settings are its own: there it has no credentials either."""
        name = profile.encode("utf-8", "surrogateescape")
        written = name.hex() if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()
        return self.folder / f"{_SERVER}{written}"

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
        return self.folder / overlay_origin.NAME

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
class OverlayInputs:
    """What overlays are made of: the parsed files, the command that starts us, the session that finds us.

    `groups` are the words beside profiles that a run takes; `tell` is told what a person should know; `later` sees to
    it that overlays are kept soon.
    """

    files: AwsFiles
    command: Sequence[str]
    session: Mapping[str, str]
    groups: Callable[[], Sequence[str]]
    tell: Callable[[Text], None]
    later: Callable[[], None] = lambda: None


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

    def __init__(self, folder: Path, means: OverlayInputs) -> None:
        """Keep where and with what."""
        self._folder = folder
        self._means = means
        self._seen: dict[Path, tuple[Stamp, ...]] = {}
        self._places: dict[Surroundings, OverlayPlace] = {}
        self._there: list[OverlayPlace] = []
        self._servers: dict[Path, set[str]] = {}  # for which profiles of a folder there is one for `--server`
        self._listed: Stamp | None = None  # the version of the folder in which they were found

    def load(self, where: Surroundings = USUAL) -> Catalogue:
        """The `Catalogues` port: what somebody wrote into the overlay carried home; then the files as ever.

        In this order: what was written a moment ago is in the answer. Where only the user's own files are newer nobody
        waits until the overlay is written anew: with thousands of profiles that takes a second.
        """
        # It stays as it was; the next look tries again. A name that is none at all is refused by the next line.
        with contextlib.suppress(TrayexecError, ValueError):
            place = self.place(where)
            seen, now = self._seen.get(place.folder), self._stamps(place)
            if seen is not None and seen != now and seen[_OWN:] == now[_OWN:]:
                self._means.later()
            elif seen is not None or place.folder.is_dir():
                self._refresh(place)
        return self._means.files.load(where)

    def look(self) -> list[Path]:
        """Bring every overlay there is up to date; the folders they are in."""
        for place in self.there():
            self.keep(Surroundings(str(place.config), str(place.shared)))
        return [place.folder for place in self._there]

    def keep(self, where: Surroundings) -> None:
        """Bring the overlay of these files up to date, if that can be done now."""
        with contextlib.suppress(TrayexecError, OSError, ValueError):
            self._refresh(self.place(where))

    def there(self) -> list[OverlayPlace]:
        """Every overlay there is. The user's own files are not touched."""
        stamp = plain_file.stamp_of(str(self._folder))
        if stamp != self._listed:
            folders = [one for one in self._folder.glob("*") if one.is_dir()]
            self._there = [place for one in folders if (place := self._in(one)) is not None]
            self._listed = stamp if len(self._there) == len(folders) else None  # one may be in the making
        return self._there

    def _in(self, folder: Path) -> OverlayPlace | None:
        """The overlay in this folder, if it says whose it is."""
        with contextlib.suppress(TrayexecError, OSError, ValueError, KeyError):
            said = protocol.decode((folder / overlay_origin.NAME).read_bytes())
            place = self.place(Surroundings(str(said["config"]), str(said["shared"])))
            return place if place.folder == folder else None
        return None

    def place(self, where: Surroundings = USUAL) -> OverlayPlace:
        """Where the overlay of these files is, or will be. Raises TrayexecError for a path that is not absolute."""
        known = self._places.get(where.files)
        if known is not None:
            return known
        paths = self._means.files.paths(where.config, where.shared, where.home)
        digest = hashlib.sha256("\0".join(paths).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        folder = self._folder / digest
        ours = (str(folder / name) for name in ("config", "server", "credentials", overlay_origin.NAME))
        place = OverlayPlace(folder, Path(paths[0]), Path(paths[1]), (*paths, self._means.files.stored, *ours))
        if len(self._places) == _MOST_PLACES:
            self._places.clear()
        self._places[where.files] = place
        return place

    def want(self, where: Surroundings = USUAL) -> OverlayPlace:
        """The overlay of these files, made if need be. Raises TrayexecError when there is none and none can be made."""
        place = self.place(where)
        try:
            _check(place.folder)
            self._refresh(place)
        except OSError as error:
            if not place.overlay.exists():
                raise _unwritable(place.folder, error) from None
        except TrayexecError as error:
            if error.trouble.code != UNWRITABLE or not place.overlay.exists():
                raise
        self._means.files.load(where)  # what AWS's tools refuse outside is refused inside
        return place

    def want_server(self, where: Surroundings, profile: str) -> Path:
        """What AWS_CONFIG_FILE names under `--server` of a profile with settings of its own. Raises as `want` does."""
        path = self.place(where).server_of(profile)
        names = self._servers.setdefault(path.parent, set())
        if profile not in names or not path.exists():
            names.add(profile)
            self._seen.pop(path.parent, None)
        self.want(where)
        return path

    def _servers_in(self, place: OverlayPlace) -> set[str]:
        """The profiles that have one, an earlier agent's too: its commands may still run."""
        names = self._servers.setdefault(place.folder, set())
        for path in place.folder.glob(f"{_SERVER}*"):
            with contextlib.suppress(ValueError):
                name = bytes.fromhex(path.name.removeprefix(_SERVER)).decode("utf-8", "surrogateescape")
                if place.server_of(name) == path:
                    names.add(name)
        return names

    def _refresh(self, place: OverlayPlace) -> None:
        if self._stamps(place) == self._seen.get(place.folder):
            return
        self._seen.pop(place.folder, None)
        begun = time.time_ns()
        own = self._stamps(place)[:_OWN]  # before anything is read: what changes from now on is seen next time
        try:
            _check(place.folder)  # what stands in somebody else's is neither given to anybody nor carried home
            with _alone(place.folder):
                own_folders = {str(Path(os.path.realpath(one)).parent) for one in place.watched[:_OWN]}
                for folder in {str(self._folder), str(place.folder), *own_folders}:
                    private_files.sweep(folder)
                found = _Found(text_of(place.overlay), text_of(place.empty))
                if found.overlay != self._base(place, found):
                    found = _Found(settled(place.overlay), found.keys)
                while True:
                    self._carry_home(place, found)
                    late = self._write(place, found)
                    if late == found:
                        break
                    found = late  # somebody wrote at the last moment
                _date(place, begun)
                stamps = self._stamps(place)
                last = _Found(text_of(place.overlay), text_of(place.empty))
                if last.overlay == self._base(place, last) and not last.keys:
                    self._seen[place.folder] = (*own, *stamps[_OWN:])
        except OSError as error:
            raise _unwritable(place.folder, error) from None

    def _stamps(self, place: OverlayPlace) -> tuple[Stamp, ...]:
        return (*map(plain_file.stamp_of, place.watched), (hash(tuple(self._means.groups())),))

    def _write(self, place: OverlayPlace, found: "_Found") -> "_Found":
        """Write the overlay as the user's files want it now. What the files that went said in the end is returned."""
        means = self._means
        servers = {place.server: "default", **{place.server_of(name): name for name in self._servers_in(place)}}
        bare: Callable[[str], str]
        try:
            catalogue = means.files.load(Surroundings(str(place.config), str(place.shared)))
            both = parsed(place.config), parsed(place.shared)
        except TrayexecError:
            if found.overlay is None:
                raise
            before = parse(found.overlay, file=str(place.overlay))
            text = refusing(before, origin=str(place.config), command=means.command)
            bare = partial(refusing, before, origin=str(place.config), command=means.command)
            words = text_of(place.words) or ""
        else:
            text = overlay(*both, catalogue, origin=str(place.config), command=means.command)
            bare = partial(for_server, both, catalogue, origin=str(place.config), command=means.command)
            words = "".join(f"{word}\n" for word in (*served(catalogue), *means.groups()) if word.isprintable())
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
        text = f"# {digest}\n{text}"
        own = {"config": str(place.config), "shared": str(place.shared), "session": dict(means.session)}
        own |= {"command": list(means.command)}
        put(place.words, words)
        put(place.origin, protocol.document(own))
        put(place.base(digest), text)
        os.utime(place.base(digest))  # one that is in use again is not the oldest
        for path, name in servers.items():
            # Nothing carries home what would be written here, so that is refused: nobody may write.
            put(path, bare(name), mode=_READ_ONLY)
        late = _Found(swap(place.overlay, text, found.overlay), swap(place.empty, "", found.keys))
        _forget(place.folder.glob("base-*"), place.base(digest))
        return late

    def _base(self, place: OverlayPlace, found: "_Found") -> str | None:
        """What this overlay was when we wrote it; None when that is not known."""
        digest = (found.overlay or "")[_MARK]
        return text_of(place.base(digest)) if digest.isalnum() else None

    def _carry_home(self, place: OverlayPlace, found: "_Found") -> None:
        """Bring what others wrote here to the user's own files. Nothing of it is lost, whatever it is."""
        base = self._base(place, found)
        keys = found.keys
        while keys:  # first, and gone at once: nothing that is wrong with the config may keep them here
            self._carry_keys(place, keys)
            late = swap(place.empty, "", keys)
            keys = late if late != keys else None
        if found.overlay is not None and found.overlay != base:
            self._carry(place, _Edit(base, found.overlay))

    def _carry_keys(self, place: OverlayPlace, text: str) -> None:
        """Keys go home or are refused: a copy of them in our folder would be one that nobody knows of."""
        new = _new(place.empty, _Edit("", text))
        if new == {}:
            return
        home = str(place.shared)
        try:
            refused = _REASON_KEYS if new is None else _sent_home(place.shared, new)
        except TrayexecError as error:
            refused = error.trouble.title
        if refused is not None:
            self._means.tell(
                Text(
                    "{why} The access keys that were written under --live are not kept anywhere: put them into "
                    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run `trayexec keys add PROFILE --env`.",
                    why=refused,
                )
            )
            return
        self._means.tell(
            Text(
                "Access keys were written in plain text to {file}. Put them into AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, run `trayexec keys add PROFILE --env`, and remove them from the file.",
                file=home,
            )
        )

    def _carry(self, place: OverlayPlace, edit: "_Edit") -> None:
        """The same for settings. Raises TrayexecError when the user's file is broken: then they wait where they are."""
        home = str(place.config)
        new = _new(place.overlay, edit)
        if new is None:
            refused: Text | None = Text("What was written to the AWS config under --live cannot be read as one.")
        else:
            refused = _sent_home(place.config, new, backup=place.config.with_name(f"{place.config.name}.trayexec~"))
        if refused is not None:
            self._put_aside(edit.after, refused)
            return
        gone = _gone(place.overlay, edit)
        if gone:
            self._means.tell(
                Text(
                    "What is removed under --live stays in {file}: {names}. Remove it there, if you mean it.",
                    file=home,
                    names=", ".join(gone),
                )
            )

    def _put_aside(self, text: str, why: Text) -> None:
        # Not deeper, and only digits: else the log takes some of it for a secret, and does not say where it is.
        aside = self._folder / f"config.{time.time_ns()}"
        put(aside, without_secrets(text))
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


def _gone(there: Path, edit: _Edit) -> tuple[str, ...]:
    """What the edit took away."""
    return removals(parse(edit.before or "", file=str(there)), parse(edit.after, file=str(there)))


def _with(own: str, new: Mapping[str, Mapping[str, Value]], *, file: str) -> str:
    """The text of a file of the user's with these settings. Raises TrayexecError if it was, or became, broken."""
    parse(own, file=file)
    for section, settings in new.items():
        own = written(own, section, settings)
    parse(own, file=file)
    return own


def _sent_home(home: Path, new: Mapping[str, Mapping[str, Value]], *, backup: Path | None = None) -> Text | None:
    """Write these settings into a file of the user's. Why not, if it cannot be written.

    Raises TrayexecError if it cannot be read.
    """
    try:
        if new:
            write_home(home, lambda own: _with(own, new, file=str(home)), backup=backup)
    except OSError as error:
        return Text("{file} cannot be written: {why}.", file=str(home), why=error.strerror or type(error).__name__)
    return None


def write_home(home: Path, change: Callable[[str], str], *, backup: Path | None = None) -> None:
    """Change a file of the user's, whole or not at all: through links, with its mode and line ends.

    The old content goes to `backup`. Somebody may save the file at the same moment: then that is what is changed.
    Raises OSError, and TrayexecError when the file cannot be read.
    """
    target = Path(os.path.realpath(home))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no file")  # /dev/null is a way to say that there is no config
    target.parent.mkdir(mode=_OURS, parents=True, exist_ok=True)
    if not target.exists():
        time.sleep(SETTLED)  # some editors remove a file and write it anew, over whatever is there by then
    old = bytes_of(target)
    for _ in range(_TRIES):
        mode = stat.S_IMODE(target.stat().st_mode) if old is not None else private_files.PRIVATE
        if not mode & stat.S_IWUSR:
            raise OSError(errno.EACCES, "it is read-only")  # a rename would not mind, but its owner would
        text = change(_own_text(target))
        data = (text.replace("\n", "\r\n") if b"\r\n" in (old or b"") else text).encode()
        if backup is not None and old is not None:
            private_files.put(str(backup), old, mode=mode)
        late = replace(target, Version(data, mode), old)
        if late == old:
            return
        if late is not None and bytes_of(target) == data:
            replace(target, Version(late, mode), data)  # theirs first, whole
        old = bytes_of(target)
    raise OSError(errno.EBUSY, "it changes all the time")


def parsed(path: Path) -> Parsed:
    """The sections of one of the user's files; none where there is no file. Raises TrayexecError."""
    return parse(_own_text(path), file=str(path))


def _own_text(path: Path) -> str:
    """The text of one of the user's files, nothing where there is none. Raises TrayexecError."""
    content = plain_file.read(str(path), limit=LONGEST_FILE)
    return content.text if content else ""


def _date(place: OverlayPlace, at: int) -> None:
    """Let `origin` say when the user's files were last looked at (nanoseconds), if they are younger than it says."""
    own = [path.stat().st_mtime_ns for path in (place.config, place.shared) if path.exists()]
    if max(own, default=0) >= place.origin.stat().st_mtime_ns:
        os.utime(place.origin, ns=(at - _TICK, at - _TICK))


def _forget(bases: Iterable[Path], current: Path) -> None:
    """Keep a few old ones: a command may have read an older overlay, and be about to write it back with a change."""
    old = sorted((base for base in bases if base != current), key=lambda base: base.stat().st_mtime_ns)
    for base in old[:-_KEPT]:
        base.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # Beside the folder: what is closed after writing in it calls for a look.
    descriptor = private_files.keep(str(folder.with_name(f"{folder.name}.lock")))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _check(folder: Path) -> None:
    """The folder of an overlay, and the two of ours that it is in: made if need be. Raises OSError.

    Raises TrayexecError (`overlay_folder`) where somebody else could put an overlay in place of ours.
    """
    try:
        for one in (folder.parent.parent, folder.parent):
            private_files.own_folder(str(one))
        folder.mkdir(mode=_OURS, exist_ok=True)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        raise _unwritable(folder, error, UNTRUSTED) from None
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.geteuid():
        raise _unwritable(folder, PermissionError(errno.EPERM, "it is not a folder of yours"), UNTRUSTED)
    if stat.S_IMODE(seen.st_mode) & 0o077:
        folder.chmod(_OURS)


def _unwritable(folder: Path, error: OSError, code: str = UNWRITABLE) -> TrayexecError:
    return TrayexecError(
        trouble(
            code,
            "The AWS config for --live cannot be written in {folder}: {why}.",
            "Check who owns the folder and that the disk is not full.",
            folder=str(folder),
            why=error.strerror or type(error).__name__,
        )
    )

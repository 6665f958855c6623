"""Overlays on disk: written and kept up to date for `--live`, after what others wrote into them is carried home.

Commands that change the AWS config (`aws configure`, `aws configure sso`) find it by AWS_CONFIG_FILE, so under `--live`
they change the overlay. Each overlay therefore stands beside a copy of what we wrote: what differs was written by
somebody else, and goes to the user's own file before the overlay is written anew. The same holds for the empty
credentials file. Blocking; one process at a time, decided by a lock.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trayexec.adapters import plain_file
from trayexec.adapters.atomic_replace import (
    put,
    settled,
    swap,
    text_of,
)
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.aws_parser import parse
from trayexec.adapters.plain_file import Stamp
from trayexec.core.config.profiles import Catalogue
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.light import private_files, protocol
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live import overlay_files
from trayexec.live.carry_home import Carrier, OverlayEdit, parsed
from trayexec.live.layout import for_server, overlay, refusing, served
from trayexec.live.places import OverlayPlace, OverlayPlaces

UNWRITABLE = "overlay"  # the code of a folder that takes no files
UNTRUSTED = "overlay_folder"  # the code of a folder in which somebody else could put files
_READ_ONLY, _OURS = 0o400, 0o700
_KEPT = 8
_OWN = 3  # how many of the stamps are of what overlays are made of: the user's own files, and which keys are stored


@dataclass(frozen=True, slots=True)
class OverlayInputs:
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


class Overlays:
    """All overlays under one folder, which is made when the first one is wanted."""

    def __init__(self, folder: Path, inputs: OverlayInputs, *, later: Callable[[], None] = lambda: None) -> None:
        """Keep where and with what; `later` sees to it that overlays are kept soon."""
        self._folder = folder
        self._inputs = inputs
        self._later = later
        self._seen: dict[Path, tuple[Stamp, ...]] = {}
        self.places = OverlayPlaces(folder, inputs.files)
        self._carrier = Carrier(folder, inputs.tell)
        self._servers: dict[Path, set[str]] = {}  # for which profiles of a folder there is one for `--server`

    def load(self, where: Surroundings = USUAL) -> Catalogue:
        """The `Catalogues` port: what somebody wrote into the overlay carried home; then the files as ever.

        In this order: what was written a moment ago is in the answer. Where only the user's own files are newer nobody
        waits until the overlay is written anew: with thousands of profiles that takes a second.
        """
        # It stays as it was; the next look tries again. A name that is none at all is refused by the next line.
        with contextlib.suppress(TrayexecError, ValueError):
            place = self.places.place(where)
            seen, now = self._seen.get(place.folder), self._stamps(place)
            if seen is not None and seen != now and seen[_OWN:] == now[_OWN:]:
                self._later()
            elif seen is not None or place.folder.is_dir():
                self._refresh(place)
        return self._inputs.files.load(where)

    def look(self) -> list[Path]:
        """Bring every overlay there is up to date; the folders they are in."""
        there = self.places.there()
        for place in there:
            self.keep(Surroundings(str(place.config), str(place.shared)))
        return [place.folder for place in there]

    def keep(self, where: Surroundings) -> None:
        """Bring the overlay of these files up to date, if that can be done now."""
        with contextlib.suppress(TrayexecError, OSError, ValueError):
            self._refresh(self.places.place(where))

    def want(self, where: Surroundings = USUAL) -> OverlayPlace:
        """The overlay of these files, made if need be. Raises TrayexecError when there is none and none can be made."""
        place = self.places.place(where)
        try:
            _check(place.folder)
            self._refresh(place)
        except OSError as error:
            if not place.overlay.exists():
                raise _unwritable(place.folder, error) from None
        except TrayexecError as error:
            if error.trouble.code != UNWRITABLE or not place.overlay.exists():
                raise
        self._inputs.files.load(where)  # what AWS's tools refuse outside is refused inside
        return place

    def want_server(self, where: Surroundings, profile: str) -> Path:
        """What AWS_CONFIG_FILE names under `--server` of a profile with settings of its own. Raises as `want` does."""
        path = self.places.place(where).server_of(profile)
        names = self._servers.setdefault(path.parent, set())
        if profile not in names or not path.exists():
            names.add(profile)
            self._seen.pop(path.parent, None)
        self.want(where)
        return path

    def _servers_in(self, place: OverlayPlace) -> set[str]:
        """The profiles that have one, an earlier agent's too: its commands may still run."""
        names = self._servers.setdefault(place.folder, set())
        for path in place.folder.glob(f"{overlay_files.SERVER_OF}*"):
            with contextlib.suppress(ValueError):
                name = bytes.fromhex(path.name.removeprefix(overlay_files.SERVER_OF)).decode("utf-8", "surrogateescape")
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
                overlay_files.date(str(place.folder), (str(place.config), str(place.shared)), begun)
                stamps = self._stamps(place)
                last = _Found(text_of(place.overlay), text_of(place.empty))
                if last.overlay == self._base(place, last) and not last.keys:
                    self._seen[place.folder] = (*own, *stamps[_OWN:])
        except OSError as error:
            raise _unwritable(place.folder, error) from None

    def _stamps(self, place: OverlayPlace) -> tuple[Stamp, ...]:
        return (*map(plain_file.stamp_of, place.watched), (hash(tuple(self._inputs.groups())),))

    def _write(self, place: OverlayPlace, found: "_Found") -> "_Found":
        """Write the overlay as the user's files want it now. What the files that went said in the end is returned."""
        inputs = self._inputs
        servers = {place.server: "default", **{place.server_of(name): name for name in self._servers_in(place)}}
        bare: Callable[[str], str]
        try:
            catalogue = inputs.files.load(Surroundings(str(place.config), str(place.shared)))
            both = parsed(place.config), parsed(place.shared)
        except TrayexecError:
            if found.overlay is None:
                raise
            before = parse(found.overlay, file=str(place.overlay))
            text = refusing(before, origin=str(place.config), command=inputs.command)
            bare = partial(refusing, before, origin=str(place.config), command=inputs.command)
            words = text_of(place.words) or ""
        else:
            text = overlay(*both, catalogue, origin=str(place.config), command=inputs.command)
            bare = partial(for_server, both, catalogue, origin=str(place.config), command=inputs.command)
            words = "".join(f"{word}\n" for word in (*served(catalogue), *inputs.groups()) if word.isprintable())
        text, name = overlay_files.marked(text)
        base = place.folder / name
        own = {"config": str(place.config), "shared": str(place.shared), "session": dict(inputs.session)}
        own |= {"command": list(inputs.command)}
        put(place.words, words)
        put(place.origin, protocol.document(own))
        put(base, text)
        os.utime(base)  # one that is in use again is not the oldest
        for path, profile in servers.items():
            # Nothing carries home what would be written here, so that is refused: nobody may write.
            put(path, bare(profile), mode=_READ_ONLY)
        late = _Found(swap(place.overlay, text, found.overlay), swap(place.empty, "", found.keys))
        _forget(place.folder.glob(f"{overlay_files.BASE}*"), base)
        return late

    def _base(self, place: OverlayPlace, found: "_Found") -> str | None:
        """What this overlay was when we wrote it; None when that is not known."""
        base = place.base_of(found.overlay or "")
        return None if base is None else text_of(base)

    def _carry_home(self, place: OverlayPlace, found: "_Found") -> None:
        """Bring what others wrote here to the user's own files. Nothing of it is lost, whatever it is."""
        base = self._base(place, found)
        keys = found.keys
        while keys:  # first, and gone at once: nothing that is wrong with the config may keep them here
            self._carrier.keys(place, keys)
            late = swap(place.empty, "", keys)
            keys = late if late != keys else None
        if found.overlay is not None and found.overlay != base:
            self._carrier.settings(place, OverlayEdit(base, found.overlay))


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

"""Where overlays are: the place of each pair of the user's files, and which there are. Nothing is written here."""

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trayexec.adapters import plain_file
from trayexec.adapters.aws_files import AwsFiles
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.light import protocol
from trayexec.light.errors import TrayexecError
from trayexec.live import overlay_files

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import OverlayAnswer

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
        return self.folder / overlay_files.CONFIG

    @property
    def server(self) -> Path:
        """What AWS_CONFIG_FILE names under `--server`: the overlay without credentials for `[default]`."""
        return self.folder / overlay_files.SERVER

    def server_of(self, profile: str) -> Path:
        """The same for a run of this profile, whose settings are its own: there it has no credentials either."""
        name = profile.encode("utf-8", "surrogateescape")
        written = name.hex() if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()
        return self.folder / f"{overlay_files.SERVER_OF}{written}"

    @property
    def empty(self) -> Path:
        """What AWS_SHARED_CREDENTIALS_FILE names."""
        return self.folder / overlay_files.CREDENTIALS

    def base_of(self, overlay: str) -> Path | None:
        """The copy of an overlay as we wrote it; None when its first line does not say which that is."""
        name = overlay_files.base_of(overlay)
        return None if name is None else self.folder / name

    @property
    def origin(self) -> Path:
        """Whose overlay it is."""
        return self.folder / overlay_files.ORIGIN

    @property
    def words(self) -> Path:
        """What a shell may complete a run with."""
        return self.folder / overlay_files.WORDS

    def document(self) -> "OverlayAnswer":
        """The answer to the request `overlay`."""
        return overlay_files.document(str(self.folder), str(self.config), str(self.shared))


class OverlayPlaces:
    """All places under one folder, which need not be there yet."""

    def __init__(self, folder: Path, files: AwsFiles) -> None:
        """Keep where, and which files are meant."""
        self.folder = folder
        self._files = files
        self._places: dict[Surroundings, OverlayPlace] = {}
        self._there: list[OverlayPlace] = []
        self._listed: plain_file.Stamp | None = None  # the version of the folder in which they were found

    def place(self, where: Surroundings = USUAL) -> OverlayPlace:
        """Where the overlay of these files is, or will be. Raises TrayexecError for a path that is not absolute."""
        known = self._places.get(where.files)
        if known is not None:
            return known
        paths = self._files.paths(where.config, where.shared, where.home)
        folder = self.folder / overlay_files.folder_name(*paths)
        names = (overlay_files.CONFIG, overlay_files.SERVER, overlay_files.CREDENTIALS, overlay_files.ORIGIN)
        ours = (self._files.stored, self._files.settings, *(str(folder / name) for name in names))
        place = OverlayPlace(folder, Path(paths[0]), Path(paths[1]), (*paths, *ours))
        if len(self._places) == _MOST_PLACES:
            self._places.clear()
        self._places[where.files] = place
        return place

    def there(self) -> list[OverlayPlace]:
        """Every overlay there is. The user's own files are not touched."""
        stamp = plain_file.stamp_of(str(self.folder))
        if stamp != self._listed:
            folders = [one for one in self.folder.glob("*") if one.is_dir()]
            self._there = [place for one in folders if (place := self._in(one)) is not None]
            self._listed = stamp if len(self._there) == len(folders) else None  # one may be in the making
        return self._there

    def _in(self, folder: Path) -> OverlayPlace | None:
        """The overlay in this folder, if it says whose it is."""
        with contextlib.suppress(TrayexecError, OSError, ValueError, KeyError):
            said = protocol.decode((folder / overlay_files.ORIGIN).read_bytes())
            place = self.place(Surroundings(str(said["config"]), str(said["shared"])))
            return place if place.folder == folder else None
        return None

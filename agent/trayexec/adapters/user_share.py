"""What this installation has that people, shells and desktops find by its name, and where they look for it.

A distribution's package has it under /usr/share, which all of them search. An environment of its own, as pipx and uv
make one, has a `share` that nobody searches: pipx links the manual from there, uv nothing. So links in the user's own
data folder (XDG Base Directory specification) lead to it; what an upgrade writes there anew is found by the same link.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trayexec.light import own_command, paths, private_files

USUAL = "/usr/local/share:/usr/share"
# By which path below `share` each is found: by man(1), bash-completion, fish, menus, icon themes (two sizes will do).
NAMES = (
    "man/man1/trayexec.1",
    "bash-completion/completions/trayexec",
    "fish/vendor_completions.d/trayexec.fish",
    "applications/trayexec.desktop",
    *(f"icons/hicolor/{size}x{size}/apps/trayexec.png" for size in (48, 256)),
)


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A place where one of our files is looked for, and the file of this installation to which it would lead."""

    place: str
    file: str


def links(environ: Mapping[str, str], prefix: str = own_command.prefix()) -> tuple[ShareLink, ...]:
    """The links that lead to what this installation has: to nothing where it is a bare folder, say."""
    home, ours = paths.data_home(environ), f"{prefix}/share"
    return tuple(ShareLink(f"{home}/{name}", f"{ours}/{name}") for name in NAMES if Path(ours, name).is_file())


def missing(environ: Mapping[str, str], prefix: str = own_command.prefix()) -> tuple[ShareLink, ...]:
    """Those of them that are not there yet, unless its `share` is searched; what others have put there stays."""
    searched = [paths.data_home(environ), *(environ.get("XDG_DATA_DIRS") or USUAL).split(":")]
    if os.path.realpath(f"{prefix}/share") in {os.path.realpath(one) for one in searched}:
        return ()
    return tuple(one for one in links(environ, prefix) if not Path(one.place).exists())


def make(link: ShareLink) -> None:
    """Let the place lead to the file. Raises OSError."""
    place = Path(link.place)
    private_files.make_folder(str(place.parent))
    if place.is_symlink():
        place.unlink()  # of an installation that is gone
    place.symlink_to(link.file)

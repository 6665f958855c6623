"""A clean Debian with a person in it, who has this machine's desktop: where artefacts are installed and used."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import ClassVar

from devtools.installed import CACHE
from devtools.rooms import PATH, TESTER, Debian, Reach, Room, apt_install, room
from support.desktop import Desktop, desktop_of
from support.rig import Rig, rig_on

GIVEN = "/opt/given"  # where the artefacts are
UV = "/opt/tools/uv"  # which Debian does not have
LONG = 600.0  # seconds: packages have to come from far
SCREENS = Path("/tmp/.X11-unix")


class Home(Desktop):
    """A desktop that is the tester's; its home is the one in the room, too."""

    USER: ClassVar[int | None] = TESTER

    def __post_init__(self) -> None:
        super().__post_init__()
        self.env["PATH"] = f"{self.home('home')}/.local/bin:{PATH}"
        del self.env["XDG_DATA_DIRS"]
        give(self.folder)


def give(folder: Path) -> None:
    """Let all of this be the tester's."""
    for one in (folder, *folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # what a Python has just compiled gets its name in a second step
            os.chown(one, TESTER, TESTER, follow_symlinks=False)


@dataclass(slots=True)
class Place(Rig):
    """The room, the desktop, and the AWS double: `run` is the installed trayexec's."""

    _: KW_ONLY
    inside: Room

    def start(
        self, *words: str, env: Mapping[str, str | None] | None = None, cwd: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Likewise; what a test has written is the tester's first."""
        give(self.desk.folder)
        return super(Place, self).start(*words, env=env, cwd=cwd)

    def do(self, argv: Sequence[str], *, user: int = TESTER, env: Mapping[str, str] | None = None) -> str:
        """Run another program in the room to its end, which must be a good one. Returns what it said."""
        done = subprocess.run(
            self.inside.command(argv, user=user, folder=self.env["HOME"]),
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONG,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stdout[-3000:]}"
        return done.stdout

    def apt(self, *packages: str) -> None:
        """Install Debian packages, or files of such, with nothing that they only recommend."""
        self.do(apt_install(*packages), user=0)

    def files(self) -> frozenset[str]:
        """All files in the room, but those that Debian itself writes when anything is installed, and the person's."""
        said = self.do(["find", "/", "-xdev", "-not", "-type", "d", "-print"], user=0)
        return frozenset(line for line in said.splitlines() if not line.startswith(CHANGING))


CHANGING = ("/var/lib/apt/", "/var/lib/dpkg/", "/var/lib/rpm/", "/var/cache/", "/var/log/", "/root/", "/tmp/")


def _tools() -> Path:
    """A folder with uv in it."""
    folder = CACHE / "tools"
    folder.mkdir(exist_ok=True)
    shutil.copy2(Path(sys.executable).with_name("uv"), folder)
    return folder


@contextlib.contextmanager
def place_in(debian: Debian, *, packages: Sequence[str], given: Path) -> Iterator[Place]:
    """A clean Debian with these packages and the files in `given`, and a person with a desktop and keys."""
    archives = CACHE / f"archives-{debian.release}"
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        desk = stack.enter_context(desktop_of(Home))
        desk.start_keyring().start_panel()
        lent = [
            (desk.folder, str(desk.folder)),
            (SCREENS, str(SCREENS)),
            (given, GIVEN),
            (_tools(), str(Path(UV).parent)),
        ]
        inside = stack.enter_context(
            room(debian.folder, lent=[*lent, (archives, "/var/cache/apt/archives")], reach=Reach.MACHINE)
        )
        rig = stack.enter_context(rig_on(desk))
        command = inside.command(["trayexec"], user=TESTER, folder=desk.env["HOME"])
        place = Place(desk, rig.sim, tuple(command), inside=inside)
        stack.callback(place.end)
        if packages:
            place.apt(*packages)
        yield place

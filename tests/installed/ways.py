"""The ways in which people install trayexec: what each makes of an artefact in a Debian, and how it goes again."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from devtools.rooms import CERTIFICATES
from installed.place import UV, Place


class Way(ABC):
    """One way."""

    name: ClassVar[str]
    artefact: ClassVar[str]  # what `packaging/dev build` makes for it
    packages: ClassVar[tuple[str, ...]] = ()  # what a person has on the machine for it

    @abstractmethod
    def install(self, place: Place, files: Sequence[str]) -> None:
        """Install these files, or upgrade to them: the artefact, in the room."""

    @abstractmethod
    def remove(self, place: Place) -> None:
        """Take it away."""


class Pipx(Way):
    """`pipx install`, as the user."""

    name = "pipx"
    artefact = "wheel"
    packages = ("pipx", "python3-tk")

    def install(self, place: Place, files: Sequence[str]) -> None:
        """`--force` upgrades to a file."""
        place.do(["pipx", "install", "--force", *_wheel(files)])

    def remove(self, place: Place) -> None:
        """It takes its links away, too."""
        place.do(["pipx", "uninstall", "trayexec"])


class Deb(Way):
    """`apt install ./trayexec_VERSION_all.deb`, as root, with nothing that it only recommends but a dialog."""

    name = "deb"
    artefact = "deb"
    packages = ("python3-gi", "gir1.2-gtk-3.0")

    def install(self, place: Place, files: Sequence[str]) -> None:
        """With what Debian has of what it needs, compiled for this Debian's Python."""
        place.apt(*files)
        place.do(["test", "-d", "/usr/lib/trayexec/trayexec/__pycache__"])

    def remove(self, place: Place) -> None:
        """`purge`, and what came with it goes too, also where something else only suggests it."""
        little = ["-o", "APT::AutoRemove::SuggestsImportant=false", "-o", "APT::AutoRemove::RecommendsImportant=false"]
        # These come along with Pillow in Debian 12, and its apt leaves them there when that goes.
        with_pillow = "?or(?exact-name(mailcap),?exact-name(mime-support))"
        place.do(["apt-get", "-qy", *little, "purge", "--auto-remove", "trayexec", with_pillow], user=0)


class Uv(Way):
    """`uv tool install`, as the user, of a uv that is this project's."""

    name = "uv"
    artefact = "wheel"
    packages = ("python3", "python3-tk")

    def install(self, place: Place, files: Sequence[str]) -> None:
        """`--force` upgrades to a file."""
        place.do([UV, "tool", "install", "--force", *_wheel(files)], env={"SSL_CERT_FILE": CERTIFICATES})

    def remove(self, place: Place) -> None:
        """It takes its links away, too."""
        place.do([UV, "tool", "uninstall", "trayexec"])


class Rpm(Way):
    """`rpm`, as root, in a Debian that has what the RPM depends on by its own packages: names are not compared."""

    name = "rpm"
    artefact = "rpm"
    packages = (
        *("rpm", "zstd", "python3-cryptography", "python3-dateutil", "python3-importlib-metadata", "python3-jmespath"),
        *("python3-more-itertools", "python3-pil", "python3-secretstorage", "python3-six", "python3-tk"),
        *("python3-wcwidth", "python3-xlib"),
    )

    def install(self, place: Place, files: Sequence[str]) -> None:
        """Install or upgrade."""
        place.do(["rpm", "--upgrade", "--nodeps", *files], user=0)

    def remove(self, place: Place) -> None:
        """Nothing is left of it."""
        place.do(["rpm", "--erase", "trayexec"], user=0)


def _wheel(files: Sequence[str]) -> list[str]:
    return [one for one in files if one.endswith(".whl")]


class Folder(Way):
    """The folder without Python, as the user, on a machine that has none; what a desktop always has is fonts."""

    name = "folder"
    artefact = "folder"
    packages = ("fonts-dejavu-core",)

    def install(self, place: Place, files: Sequence[str]) -> None:
        """Unpacked somewhere, and its script run from there."""
        (archive,) = files
        place.do(["sh", "-ec", f"! command -v python3; {UNPACKED}; tar -xzf {archive}; */install.sh"])

    def remove(self, place: Place) -> None:
        """By the script that was installed with it."""
        place.do(["sh", "-ec", "~/.local/lib/trayexec/current/install.sh --uninstall; rm -r ~/unpacked"])


UNPACKED = "mkdir -p ~/unpacked; cd ~/unpacked; rm -rf trayexec-*"
WAYS = {way.name: way for way in (Deb, Folder, Pipx, Rpm, Uv)}

"""What an artefact has inside besides trayexec, by looking: each Python package, and what came from Debian."""

import io
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.lock import LOGIN, SHIPS
from devtools.machine import NotReadyError

INSTALLED = re.compile(r"(?:^|/)(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/METADATA$")
# Of a program that PyInstaller has made. Its packages are in an archive of its own: all that is locked for its Python.
FROZEN = re.compile(r"/libpython(?P<version>\d+\.\d+)\.so")
LICENSED = re.compile(r"^[^/]+/licenses/(?P<name>[^/]+)/")
OURS = frozenset({"trayexec", "pyinstaller"})  # the second is how it is started, and by its licence nobody's affair


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Something that is inside, by name and address (https://github.com/package-url). Not every version is known."""

    name: str
    version: str | None
    purl: str


def parts(artefact: Path) -> tuple[Part, ...]:
    """All that is inside, sorted. Raises NotReadyError for a file that cannot be looked into."""
    names = tuple(_names(artefact))
    frozen = next((one["version"] for name in names if (one := FROZEN.search(name))), None)
    there = _installed(names) if frozen is None else _frozen(names, frozen)
    return tuple(sorted({one for one in there if one.name not in OURS}))


def of_python(name: str, version: str) -> Part:
    """A package of PyPI."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    return Part(plain, version, f"pkg:pypi/{plain}@{version}")


def _installed(names: Iterable[str]) -> Iterator[Part]:
    for name in names:
        found = INSTALLED.search(name)
        if found:
            yield of_python(found["name"], found["version"])


def _frozen(names: Iterable[str], python: str) -> Iterator[Part]:
    """What is locked for this Python, and what else has its licence there: Python and libraries."""
    pins = (*SHIPS.pins(), *LOGIN.pins())
    locked = [of_python(pin.name, pin.version) for pin in pins if pin.is_for("linux", python)]
    yield from locked
    known = {one.name for one in locked}
    for name in names:
        found = LICENSED.match(name)
        if found and found["name"] not in known:
            yield Part(found["name"], None, f"pkg:deb/debian/{found['name']}")


def _names(artefact: Path) -> Iterable[str]:
    match artefact.suffixes[-1:]:
        case [".whl"]:
            return zipfile.ZipFile(artefact).namelist()
        case [".gz"]:
            return _in_tar(artefact.read_bytes())
        case [".deb"]:
            return _in_tar(_said(["dpkg-deb", "--fsys-tarfile", str(artefact)]))
        case [".rpm"]:
            return _said(["rpm", "--query", "--list", "--package", str(artefact)]).decode().splitlines()
        case _:
            raise NotReadyError(f"nobody has said how {artefact.name} is looked into: {__name__}")


def _in_tar(archive: bytes) -> Sequence[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return tar.getnames()


def _said(argv: Sequence[str]) -> bytes:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise NotReadyError(f"{' '.join(argv)} failed: {done.stderr.decode().strip()}")
    return done.stdout

"""One folder that runs without Python, made by PyInstaller from Debian's own Python, with a script that installs it.

Debian's Python, and not the project's: it gets security updates, and everybody who builds this has the same.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from devtools import archive
from devtools.artefacts import source
from devtools.lock import BUILDS, LOGIN, SHIPS
from devtools.machine import TOP, NotReadyError, need

INPUTS = TOP / "packaging/folder"
PYTHON = "/usr/bin/python3"
MACHINE = "linux-x86_64"
OURS = {"trayexec", "pyinstaller"}  # whose loader it is
LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
GLIBC = re.compile(r"\bGLIBC_(\d+)\.(\d+)")


def build(out: Path) -> tuple[Path, ...]:
    """Make the archive in this folder. Raises NotReadyError where this machine cannot."""
    if platform.machine() != "x86_64" or not Path(PYTHON).exists():
        raise NotReadyError(f"the folder is made on Debian, on x86_64, of {PYTHON}")
    python = Path(os.path.realpath(PYTHON)).name  # as python3.11
    need(("binutils", f"lib{python}", "python3-tk", "python3-venv"))
    with tempfile.TemporaryDirectory() as made:
        top = Path(made)
        programs = _environment(top / "venv")
        folder = top / f"trayexec-{source.version()}-{MACHINE}"
        _freeze(programs, top, folder)
        _share(folder / "share")
        _licences(top / "venv/lib" / python / "site-packages", folder)
        (folder / "trayexec-agent").symlink_to("trayexec")
        shutil.copy2(INPUTS / "install.sh", folder)
        said = (INPUTS / "README").read_text().replace("@VERSION@", source.version())
        (folder / "README").write_text(said.replace("@GLIBC@", _glibc(folder)))
        return source.keep(out, [archive.pack(folder, top / f"{folder.name}.tar.gz", epoch=source.epoch())])


def _environment(folder: Path) -> Path:
    """A fresh environment with what ships, us, and PyInstaller; its folder of programs."""
    source.run([PYTHON, "-m", "venv", str(folder)])
    pip = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    locked = [word for lock in (SHIPS, LOGIN, BUILDS) for word in ("--requirement", str(lock.path))]
    source.run([*pip, "--no-deps", "--only-binary=:all:", "--require-hashes", *locked])
    source.run([*pip, "--no-deps", "--no-build-isolation", str(TOP)])
    return folder / "bin"


def _freeze(programs: Path, top: Path, folder: Path) -> None:
    places = ["--distpath", str(top / "dist"), "--workpath", str(top / "work")]
    spec = str(INPUTS / "trayexec.spec")
    # The order in which Python walks a set shows in what it compiles.
    source.run(["env", "PYTHONHASHSEED=0", str(programs / "pyinstaller"), "--noconfirm", "--clean", *places, spec])
    (top / "dist/trayexec").rename(folder)


def _share(share: Path) -> None:
    """What the wheel has under `share`, for man(1), shells and desktops."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    for origin, place in shared.items():
        target = share.parent / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if (TOP / origin).is_dir():
            shutil.copytree(TOP / origin, target)
        else:
            shutil.copy2(TOP / origin, target)


def _licences(packages: Path, folder: Path) -> None:
    """The terms of all that is in the folder: ours, those of the packages, of Debian's libraries, and of Python."""
    licences = folder / "licenses"
    licences.mkdir()
    shipped = OURS | {_plain(pin.name) for lock in (SHIPS, LOGIN) for pin in lock.pins()}
    for info in packages.glob("*.dist-info"):
        name = _plain(info.name.partition("-")[0])
        for file in info.rglob("*"):
            if name in shipped and file.is_file() and LICENCE.match(file.name):
                (licences / name).mkdir(exist_ok=True)
                shutil.copy2(file, licences / name)
    for package in {*_debian_packages(folder / "_internal"), Path(os.path.realpath(PYTHON)).name}:
        (licences / package).mkdir(exist_ok=True)
        shutil.copy2(Path("/usr/share/doc", package, "copyright"), licences / package)


def _plain(name: str) -> str:
    """The name of a package as all of its spellings are compared (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _debian_packages(internal: Path) -> Iterator[str]:
    """Whose the libraries are that came from the system."""
    for library in internal.glob("lib*.so*"):
        asked = ["dpkg-query", "--search", f"*/{library.name}"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if said:
            yield said.partition(":")[0]


def _glibc(folder: Path) -> str:
    """The oldest glibc that has all that these programs and libraries ask of it."""
    asked = [str(path) for path in sorted(folder.rglob("*")) if _is_program(path)]
    done = subprocess.run(["objdump", "-T", *asked], capture_output=True, text=True, check=True)
    major, minor = max((int(found[1]), int(found[2])) for found in GLIBC.finditer(done.stdout))
    return f"{major}.{minor}"


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"

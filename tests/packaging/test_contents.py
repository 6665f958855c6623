"""What is found inside an artefact, in each kind of file that we make."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from devtools import archive, contents, lock
from devtools.contents import Part, of_python
from devtools.machine import NotReadyError

BROUGHT = ("usr/lib/trayexec/jaraco.context-6.1.2.dist-info/METADATA", "usr/lib/trayexec/h11-0.16.0.dist-info/METADATA")
FOUND = (of_python("h11", "0.16.0"), of_python("jaraco-context", "6.1.2"))


def tree(folder: Path, *names: str) -> Path:
    """A folder with these empty files."""
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return folder


def test_a_wheel_has_nothing_but_us(tmp_path: Path) -> None:
    """Its own description is not something else."""
    wheel = tmp_path / "trayexec-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("trayexec-1.2.3.dist-info/METADATA", "")
    assert contents.parts(wheel) == ()


def test_an_archive_has_what_is_installed_in_it(tmp_path: Path) -> None:
    """By the names that are compared, whatever they are written like."""
    made = archive.pack(tree(tmp_path / "one", *BROUGHT), tmp_path / "one.tar.gz", epoch=0)
    assert contents.parts(made) == FOUND


def test_a_debian_package_is_looked_into(tmp_path: Path) -> None:
    """By dpkg's own reader."""
    root = tree(tmp_path / "root", *BROUGHT)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN").chmod(0o755)
    about = (
        "Package: trayexec\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.com>\nDescription: it\n"
    )
    (root / "DEBIAN/control").write_text(about)
    made = tmp_path / "trayexec.deb"
    subprocess.run(["dpkg-deb", "--build", str(root), str(made)], capture_output=True, check=True)
    assert contents.parts(made) == FOUND


def test_a_frozen_program_has_what_is_locked_for_its_python(tmp_path: Path) -> None:
    """What PyInstaller has packed cannot be seen from outside; the system's libraries have their licences there."""
    names = ("_internal/libpython3.11.so.1.0", "licenses/libssl3/copyright", "licenses/h11/LICENSE.txt")
    made = archive.pack(tree(tmp_path / "one", *names), tmp_path / "one.tar.gz", epoch=0)
    parts = contents.parts(made)
    pins = (*lock.SHIPS.pins(), *lock.LOGIN.pins())
    locked = {of_python(pin.name, pin.version) for pin in pins if pin.is_for("linux", "3.11")}
    assert set(parts) == {*locked, Part("libssl3", None, "pkg:deb/debian/libssl3")}
    assert {"awscrt", "boto3", "importlib-metadata"} <= {part.name for part in parts}
    assert not any(part.name.startswith("pyobjc") for part in parts)


def test_what_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    """A document would say that it has nothing inside."""
    with pytest.raises(NotReadyError, match=r"trayexec\.exe"):
        contents.parts(tmp_path / "trayexec.exe")

"""Packages of the lock, unpacked to lie beside ours: the ones that are Python alone, and so go with any machine."""

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from devtools.lock import SHIPS, Pin
from devtools.machine import NotReadyError, environment

# The services that are asked: by us, or by botocore when it looks for credentials. It brings 400.
SERVICES = frozenset({"iam", "signin", "sso", "sso-oidc", "sts"})
DATA = "botocore/data"
LICENCE = re.compile(r"(?P<package>[^/]+)-[^/-]+\.dist-info/(licenses/.+|(LICEN[CS]E|COPYING|NOTICE)[^/]*)")
OLDEST = "3.11"  # it needs backports, and later ones nothing of their own


def unpack(names: Iterable[str], folder: Path, *, licences: Path | None = None) -> tuple[Pin, ...]:
    """Put these packages there, as the lock has them; botocore without what nobody asks. Returns which they are.

    Their licences go into a folder each below `licences`, if they are wanted. Raises NotReadyError.
    """
    pins = {pin.name: pin for pin in SHIPS.pins()}
    absent = sorted(set(names) - pins.keys())
    if absent:
        raise NotReadyError(f"{SHIPS.path} does not have {', '.join(absent)}")
    chosen = tuple(pins[name] for name in sorted(names))
    with tempfile.TemporaryDirectory() as downloads:
        _download(chosen, Path(downloads))
        for wheel in sorted(Path(downloads).glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
                if licences is not None:
                    _keep_licences(archive, licences)
    _prune(folder)
    return chosen


def on_linux() -> frozenset[str]:
    """The names of what ships there, whatever the Python: a package is made for all of them."""
    return frozenset(pin.name for pin in SHIPS.pins() if pin.is_for("linux", OLDEST))


def _download(pins: Iterable[Pin], downloads: Path) -> None:
    wanted = downloads / "wanted.txt"
    wanted.write_text(
        "".join(f"{pin.name}=={pin.version} {' '.join(f'--hash=sha256:{one}' for one in pin.hashes)}\n" for pin in pins)
    )
    pure = ["--platform", "any", "--implementation", "py", "--abi", "none", "--only-binary", ":all:"]
    done = subprocess.run(
        [
            *(str(environment() / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "download"),
            *("--no-deps", "--require-hashes", *pure, "--dest", str(downloads), "--requirement", str(wanted)),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"the packages of {SHIPS.path} could not be had:\n{done.stderr[-3000:]}")


def _keep_licences(wheel: zipfile.ZipFile, folder: Path) -> None:
    """In a folder of the package's name."""
    for name in wheel.namelist():
        found = LICENCE.fullmatch(name)
        if found:
            place = folder / found["package"] / Path(name).name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(wheel.read(name))


def _prune(folder: Path) -> None:
    """Leave what runs, what says which version it is, and what licences want to be said with it."""
    needless = [one for one in (folder / DATA).glob("*/") if one.name not in SERVICES]
    unused = ("*.data", "*.dist-info/licenses", "boto3/data", "boto3/examples")
    for one in (*needless, *(found for pattern in unused for found in folder.glob(pattern))):
        shutil.rmtree(one)
    for one in folder.glob("*.dist-info/*"):
        if not one.name.startswith(("METADATA", "NOTICE")):
            one.unlink()

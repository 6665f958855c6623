"""What every artefact is made from: the files of this tree, its version and its date."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from devtools.machine import TOP, NotReadyError

VERSION = "agent/trayexec/__init__.py"
_SAID = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def version() -> str:
    """The version of this tree. Raises NotReadyError."""
    found = _SAID.search((TOP / VERSION).read_text())
    if found is None:
        raise NotReadyError(f"{VERSION} says no version")
    return found[1]


def epoch() -> int:
    """The date that artefacts bear, in seconds since 1970 UTC: SOURCE_DATE_EPOCH, or that of the last commit."""
    said = os.environ.get("SOURCE_DATE_EPOCH")
    return int(said or git("log", "-1", "--format=%ct"))


def files() -> tuple[str, ...]:
    """The files of the tree, sorted, without what git is told to ignore."""
    return tuple(
        sorted(name for name in git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0") if name)
    )


def copy(folder: Path, *, called: str) -> None:
    """Make this folder a clone of the tree, as it is now, that says to be another version. Raises NotReadyError."""
    kept = set(folder.glob(".venv*"))
    for former in set(folder.iterdir()) - kept:
        former.unlink() if former.is_file() else shutil.rmtree(former)
    for name in files():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, place)
    place = folder / VERSION
    place.write_text(place.read_text().replace(f'"{version()}"', f'"{called}"'))
    who = ("-c", "user.name=trayexec", "-c", "user.email=")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", f"Version {called}")):
        git(*words, folder=folder)


def run(argv: Sequence[str], *, folder: Path = TOP) -> None:
    """Run a builder here, with the date. Raises NotReadyError with what it said."""
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch()), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    done = subprocess.run(
        argv,
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"{' '.join(argv)} failed:\n{done.stdout[-3000:]}")


def keep(out: Path, made: Iterable[Path]) -> tuple[Path, ...]:
    """Put what was made where it is wanted, in the place of what was there."""
    out.mkdir(parents=True, exist_ok=True)
    return tuple(Path(shutil.copy2(one, out / one.name)) for one in made)


def git(*words: str, folder: Path = TOP) -> str:
    """What git says of this tree or another one. Raises NotReadyError."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReadyError(f"this is made from a clone, and git says: {done.stderr.strip()}")
    return done.stdout

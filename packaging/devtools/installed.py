"""`test --installed`: each artefact in a clean Debian: installed, at work, upgraded with an open session, removed."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from devtools.artefacts import source
from devtools.machine import TESTS, TOP, environment, need, tell
from devtools.rooms import TESTER, Debian

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trayexec-installed"
PICTURES = CACHE / "pictures"
FLOWS = ("tests/installed/flows.py", "tests/installed/recipes.py")
FORMER = "0.0.9"
# Nothing but what a Debian is, and a person in it: neither Python nor a desktop, which is this machine's.
DEBIANS = tuple(
    Debian(
        CACHE / release,
        release,
        ("ca-certificates",),
        (("useradd", "--uid", str(TESTER), "--create-home", "tester"),),
    )
    for release in ("bookworm", "trixie")
)


def test(arguments: Sequence[str]) -> int:
    """Each artefact, or those that these arguments of pytest choose (`-k deb`). The exit status."""
    for one in DEBIANS:
        one.make()
    need(TESTS)
    PICTURES.mkdir(parents=True, exist_ok=True)
    tell(f"pictures go to {PICTURES}")
    chosen = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", *FLOWS, *arguments]
    argv = [str(environment() / "python"), "-m", "pytest", *chosen]
    return subprocess.run(argv, cwd=TOP, stdin=subprocess.DEVNULL, check=False).returncode


def former() -> Path:
    """A clone of this tree that says to be the version before, to build from. Raises NotReadyError."""
    folder = CACHE / "former"
    folder.mkdir(parents=True, exist_ok=True)
    source.copy(folder, called=FORMER)
    return folder

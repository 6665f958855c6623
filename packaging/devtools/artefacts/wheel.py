"""The wheel, and the sdist that it is made from."""

import tempfile
from pathlib import Path

from devtools.artefacts import source
from devtools.lock import BUILDS
from devtools.machine import TOP, environment

# By the very builder whose hash we know: another one may write other bytes.
LOCKED = ("--build-constraints", str(BUILDS.path), "--require-hashes")


def build(out: Path) -> tuple[Path, ...]:
    """Make both in this folder. Raises NotReadyError."""
    with tempfile.TemporaryDirectory() as made:
        source.run([str(environment() / "uv"), "build", "--quiet", *LOCKED, "--out-dir", made, str(TOP)])
        return source.keep(out, sorted(Path(made).glob("trayexec-*")))

"""The RPM package, for distributions with Python 3.12 or newer. packaging/rpm/README.md says what was tried."""

import os
import re
import tempfile
import time
from pathlib import Path

from devtools.artefacts import layout, source
from devtools.lock import Pin
from devtools.machine import TOP, need
from devtools.recipes import HOMEPAGE, NOWHERE

TOOLS = ("rpm",)
INPUTS = TOP / "packaging/rpm"
SPEC = INPUTS / "trayexec.spec"
ZSH = "usr/share/zsh/site-functions/_trayexec"
# The same bytes from any machine: no name of it, no date but the source's, one way to compress.
REPRODUCIBLE = {
    "_buildhost": "trayexec",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "_binary_payload": "w19.zstdio",
    "__os_install_post": "%{nil}",
    "_build_name_fmt": "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
}


def build(out: Path) -> tuple[Path, ...]:
    """Make the package in this folder. Raises NotReadyError."""
    need(TOOLS)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        bundled = fill(folder / "staged")
        recipe = folder / "trayexec.spec"
        recipe.write_text(spec(folder / "staged", bundled))
        defines = {"_topdir": made, "_rpmdir": str(folder / "made"), **REPRODUCIBLE}
        words = [word for name, value in defines.items() for word in ("--define", f"{name} {value}")]
        source.run(["rpmbuild", "-bb", "--quiet", "--target", "noarch", *words, str(recipe)])
        return source.keep(out, (folder / "made").glob("*.rpm"))


def fill(root: Path) -> tuple[Pin, ...]:
    """Lay out what the package puts on a machine. Returns what is not ours of it. Raises NotReadyError."""
    licences = root / "usr/share/licenses/trayexec"
    bundled = layout.fill(root, zsh=ZSH, start=(INPUTS / "start").read_text(), licences=licences)
    layout.put(licences / "LICENSE", (TOP / "LICENSE").read_bytes())
    layout.put(root / "usr/share/doc/trayexec/CHANGELOG.md", (TOP / ".github/CHANGELOG.md").read_bytes())
    for one in (root, *root.rglob("*")):
        os.utime(one, (source.epoch(), source.epoch()), follow_symlinks=False)
    return bundled


def spec(staged: Path, bundled: tuple[Pin, ...]) -> str:
    """The spec file for what is laid out there."""
    values = {
        "STAGED": str(staged),
        "VERSION": source.version(),
        "HOMEPAGE": os.environ.get(HOMEPAGE, NOWHERE),
        "DATE": time.strftime("%a %b %d %Y", time.gmtime(source.epoch())),
        "BUNDLED": "\n".join(f"Provides:       bundled(python3dist({one.name})) = {one.version}" for one in bundled),
    }
    return re.sub("@([A-Z]+)@", lambda found: values[found[1]], SPEC.read_text())

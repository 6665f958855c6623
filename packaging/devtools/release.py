"""`release`: everything that a release has, from a tag: artefacts, what is in them, their sums, and what is new.

It is made in a clone of the tag, in a folder of its own: what lies about here has no part in it.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from devtools import archive, contents, recipes, sbom
from devtools.artefacts import source
from devtools.machine import TOP, NotReadyError, tell

CHANGES = ".github/CHANGELOG.md"
SUMS = "SHA256SUMS"
NOTES = "NOTES.md"
SBOM = ".cdx.json"
CHECKING = """
### Is it what was built?

```
sha256sum --check --ignore-missing SHA256SUMS
gh attestation verify FILE --repo OWNER/trayexec
```

The first says that a file came whole, the second that this project's own workflow has built it. `FILE.cdx.json` names
what a file has inside besides trayexec.
"""


def make(tag: str | None, names: Sequence[str], out: Path) -> int:
    """Make the release of this tag, or of the one that HEAD has, into this folder. Returns the exit status.

    Only the artefacts of these names, where any is named. Raises NotReadyError with the fix where tag, tree, version
    and CHANGELOG disagree.
    """
    for one in _made(checked(tag), names, out):
        print(one, flush=True)
    return 0


def compare(tag: str | None, names: Sequence[str], out: Path) -> int:
    """Make it twice, in two places, and say what differs. Returns the exit status: 1 where anything does."""
    tag = checked(tag)
    again = out.with_name(f"{out.name}-again")
    for folder in (out, again):
        _made(tag, names, folder)
    return judge(out, again)


def judge(out: Path, again: Path) -> int:
    """Say whether both folders have the same; only if not, the second one is kept. Returns the exit status."""
    differing = differences(out, again)
    if differing:
        tell(f"made twice, and not the same. {again} has the others:\n  " + "\n  ".join(differing))
        return 1
    shutil.rmtree(again)
    tell(f"made twice, byte by byte the same: {len(list(out.iterdir()))} files in {out}")
    return 0


def checked(tag: str | None) -> str:
    """The tag, if a release can be made of it. Raises NotReadyError with what to do."""
    if source.git("status", "--porcelain"):
        raise NotReadyError(
            "there are changes that no tag has. Commit them, or put them away:\n  git stash --include-untracked"
        )
    wanted = tag or f"v{source.version()}"
    tags = source.git("tag", "--points-at", "HEAD").split()
    if wanted not in tags:
        known = source.git("tag", "--list", wanted)
        fix = f"git checkout {wanted}" if known else f"git tag --sign {wanted}"
        raise NotReadyError(f"the tree is not at {wanted}:\n  {fix}")
    if wanted != f"v{source.version()}":
        raise NotReadyError(
            f"{wanted} is of a tree whose version is {source.version()}. Write the version into {source.VERSION}, "
            f"commit, and tag that:\n  git tag --delete {wanted}"
        )
    notes((TOP / CHANGES).read_text(), source.version())
    return wanted


def notes(changes: str, version: str) -> str:
    """What the CHANGELOG says of this version, and how a download is checked. Raises NotReadyError."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", changes, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise NotReadyError(f"{CHANGES} has nothing under `## [{version}] - DATE`: move there what is Unreleased")
    return f"{found[1].strip()}\n{CHECKING}"


def differences(one: Path, other: Path) -> list[str]:
    """The names of the files that only one of these folders has, or that are not the same."""
    first, second = _sums(one), _sums(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def describe(out: Path, *, version: str, epoch: int, changes: str) -> None:
    """Put beside the artefacts in this folder what they have inside, what is new, and the sums of it all.

    The date is in seconds since 1970. Raises NotReadyError.
    """
    for artefact in sorted(out.iterdir()):
        document = sbom.written(artefact, contents.parts(artefact), version=version, epoch=epoch)
        (out / f"{artefact.name}{SBOM}").write_text(document)
    (out / NOTES).write_text(notes(changes, version))
    lines = [f"{digest}  {name}\n" for name, digest in sorted(_sums(out).items())]
    (out / SUMS).write_text("".join(lines))


def _made(tag: str, names: Sequence[str], out: Path) -> tuple[Path, ...]:
    if out.exists() and any(out.iterdir()):
        raise NotReadyError(f"{out} has something in it already:\n  rm -r {out}")
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "trayexec"
        tell(f"{tag}, in {tree}")
        source.git("clone", "--quiet", "--branch", tag, "--config", "advice.detachedHead=false", str(TOP), str(tree))
        build = [sys.executable, str(tree / "packaging/dev"), "build", *names, "--out", str(out.absolute())]
        if subprocess.run(build, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode:
            raise NotReadyError(f"{tag} could not be built")
    _fill_recipes(out)
    describe(out, version=source.version(), epoch=source.epoch(), changes=(TOP / CHANGES).read_text())
    return tuple(sorted(out.iterdir()))


def _fill_recipes(out: Path) -> None:
    """Put the recipes for the artefacts in this folder beside them."""
    name = f"trayexec-{source.version()}-recipes"
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / name
        recipes.fill(source.version(), {one.name: one for one in out.iterdir()}, filled)
        archive.pack(filled, out / f"{name}.tar.gz", epoch=source.epoch())


def _sums(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir()}

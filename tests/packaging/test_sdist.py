"""The sdist: all that a tester or a packager needs, and the same wheel as the tree's."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from trayexec import __version__

TOP = Path(__file__).parents[2]
NAME = f"trayexec-{__version__}"
FOLDERS = (".ci", ".github", "agent", "assets", "packaging", "tests")
TOP_FILES = (".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml")
KEPT = {".md", ".png", ".py", ".txt", ".yml"}
# Builders are fetched when they are not at hand.
pytestmark = pytest.mark.timeout(300)


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build this kind of distribution from a tree, with one date for all that is in it."""
    uv = Path(sys.executable).with_name("uv")
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    argv = [str(uv), "build", "--quiet", f"--{kind}", "--out-dir", str(folder), str(source)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob(f"{NAME}*")
    return built


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree that is in the sdist."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", TOP, folder / "built")) as archive:
        archive.extractall(folder, filter="data")
    return folder / NAME


def test_it_has_all_of_the_source(unpacked: Path) -> None:
    """Code, tests, and what CONTRIBUTING and the workflows say; nothing that Python or a test has left there."""
    ours = {path.relative_to(TOP) for name in FOLDERS for path in (TOP / name).rglob("*") if path.suffix in KEPT}
    theirs = {path.relative_to(unpacked) for path in unpacked.rglob("*") if path.is_file()}
    assert ours <= theirs
    assert Path(".ci/run") in theirs
    assert {path.parts[0] for path in theirs} <= {*FOLDERS, *TOP_FILES}
    assert not [path for path in theirs if "__pycache__" in path.parts]


def test_it_builds_the_same_wheel(unpacked: Path, tmp_path: Path) -> None:
    """Byte by byte: who builds from PyPI's sdist gets what we have tested."""
    ours, theirs = build("wheel", TOP, tmp_path / "tree"), build("wheel", unpacked, tmp_path / "sdist")
    assert ours.name == theirs.name
    assert ours.read_bytes() == theirs.read_bytes()

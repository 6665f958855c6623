"""The wheel as a user gets it: what is in it, and that it runs where nothing of this project is."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from support.desktop import private_desktop
from trayexec import __version__

TOP = Path(__file__).parents[2]

# Building and installing go through pip, which may have to download.
pytestmark = pytest.mark.timeout(300)


def run(argv: Sequence[str], environ: Mapping[str, str] | None = None, *, where: Path = TOP) -> str:
    """What a command says on stdout; it must succeed."""
    done = subprocess.run(argv, env=environ, cwd=where, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source, built as `pip install` would."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    run([*pip, "--wheel-dir", str(folder), str(TOP)])
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment that has the wheel, what it depends on, and nothing of the `dev` group."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder / "bin/python")]
    run([*pip, "install", "--quiet", "--root-user-action=ignore", str(wheel)])
    return folder / "bin"


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    """The names of all files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def test_the_wheel_has_all_of_the_package(names: frozenset[str]) -> None:
    """Every module is in it, the shells' hooks, and the marker that says it has types."""
    source = TOP / "agent"
    modules = {str(path.relative_to(source)) for path in source.rglob("*.py")}
    hooks = {str(path.relative_to(source)) for path in source.glob("trayexec/live/hooks/*")}
    assert hooks
    assert modules | hooks | {"trayexec/py.typed"} == {name for name in names if name.startswith("trayexec/")}


def test_the_wheel_has_programs_and_licence(names: frozenset[str]) -> None:
    """Beside the package: our own start scripts, the licence, and what the format asks for."""
    info, data = f"trayexec-{__version__}.dist-info", f"trayexec-{__version__}.data"
    assert {name for name in names if not name.startswith("trayexec/")} == {
        f"{data}/scripts/trayexec",
        f"{data}/scripts/trayexec-agent",
        f"{info}/METADATA",
        f"{info}/RECORD",
        f"{info}/WHEEL",
        f"{info}/licenses/LICENSE",
    }


@pytest.mark.parametrize("line", ["version", "help"])
def test_it_runs_without_its_source(programs: Path, tmp_path: Path, line: str) -> None:
    """The start script finds its Python, and that finds the package."""
    said = run([str(programs / "trayexec"), line], {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, where=tmp_path)
    assert said.startswith(f"trayexec {__version__}" if line == "version" else "usage: trayexec ")


def test_the_agent_runs_on_what_the_wheel_depends_on(programs: Path) -> None:
    """Nothing that only developers have is needed: the whole agent starts, says how it is, and stops."""
    with private_desktop() as desk:
        desk.start_bus()
        ours = {**desk.env, "PATH": f"{programs}{os.pathsep}{desk.env['PATH']}"}
        home = desk.home("home")
        run(["trayexec", "agent", "start"], ours, where=home)
        assert run(["trayexec", "list", "--json"], ours, where=home).strip() == "[]"
        run(["trayexec", "agent", "stop"], ours, where=home)
        log = desk.home("home/.local/state/trayexec/agent.log").read_text()
        assert "listens" in log
        assert "mishap" not in log

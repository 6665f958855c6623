"""The wheel as a user gets it: what is in it, and that it runs where nothing of this project is."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from support.desktop import private_desktop
from trayexec import __version__
from trayexec.adapters import glyph, user_share
from trayexec.core.view import IconState

TOP = Path(__file__).parents[2]

# What people, shells and desktops find by its name.
SHARED = (
    *user_share.NAMES,
    *(f"icons/hicolor/{size}x{size}/apps/trayexec.png" for size in (16, 22, 24, 32, 64, 128)),
    "zsh/site-functions/_trayexec",
    "metainfo/io.github.trayexec.metainfo.xml",
)

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
    """Every module is in it, the shells' hooks, what starts it at login, and the marker that says it has types."""
    source = TOP / "agent"
    modules = {str(path.relative_to(source)) for path in source.rglob("*.py")}
    texts = ("trayexec/live/hooks/*", "trayexec/adapters/autostart/trayexec.*")
    hooks, entries = ({str(path.relative_to(source)) for path in source.glob(pattern)} for pattern in texts)
    assert hooks
    assert entries
    assert modules | hooks | entries | {"trayexec/py.typed"} == {name for name in names if name.startswith("trayexec/")}


def test_the_wheel_has_programs_and_licence(names: frozenset[str]) -> None:
    """Beside the package: our own start scripts, the licence, and what the format asks for."""
    info, data = f"trayexec-{__version__}.dist-info", f"trayexec-{__version__}.data"
    assert {name for name in names if not name.startswith("trayexec/")} == {
        *(f"{data}/data/share/{name}" for name in SHARED),
        f"{data}/scripts/trayexec",
        f"{data}/scripts/trayexec-agent",
        f"{info}/METADATA",
        f"{info}/RECORD",
        f"{info}/WHEEL",
        f"{info}/licenses/LICENSE",
    }


LINKING = """
import os
from trayexec.adapters import user_share
for one in user_share.missing(os.environ):
    user_share.make(one)
"""


@pytest.mark.parametrize("tool", ["pipx", "uv"])
def test_a_tool_of_the_persons_choice_installs_it(tool: str, wheel: Path, tmp_path: Path) -> None:
    """With our fast start script; pipx links the manual, and where that is not done `setup` offers to."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTEST", "MAN"))}
    caches = {f"{one.upper()}_CACHE_DIR": f"{Path.home()}/.cache/{one}" for one in ("pip", "uv")}
    env = {**caches, **kept, "HOME": str(home), "PATH": f"{home}/.local/bin:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    words = ["install"] if tool == "pipx" else ["tool", "install"]
    installed = Path(sys.executable).with_name(tool)
    run([str(installed), *words, "--python", sys.executable, str(wheel)], env, where=tmp_path)
    script = home / ".local/bin/trayexec"
    assert run([str(script), "version"], env, where=tmp_path).startswith(f"trayexec {__version__}")
    first, *rest = script.read_text().splitlines()
    assert rest == (TOP / "packaging/bin/trayexec").read_text().splitlines()[1:]
    python = first.removeprefix("#!")
    if tool == "uv":
        run([python, "-I", "-c", LINKING], env, where=tmp_path)
    found = run(["man", "-w", "trayexec"], env, where=tmp_path).strip()
    assert Path(found).samefile(Path(python).parents[1] / "share/man/man1/trayexec.1")


COMPLETED = {
    "bash": ". {share}/bash-completion/completions/trayexec; COMP_WORDS=(trayexec sta) COMP_CWORD=1; "
    "_trayexec trayexec sta; printf '%s\\n' ${{COMPREPLY[@]}}",
    "fish": "set -p fish_complete_path {share}/fish/vendor_completions.d; complete -C 'trayexec sta'",
    "zsh": "fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D; print $_comps[trayexec]; "
    "_describe() {{ print -l $found }}; words=(trayexec sta); CURRENT=2 PREFIX=sta; $_comps[trayexec]",
}


@pytest.mark.parametrize("shell", COMPLETED)
def test_completion_is_found_by_name(shell: str, programs: Path, tmp_path: Path) -> None:
    """By the file that the shell loads with the first Tab; the words come from the trayexec on the person's PATH."""
    env = {"HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    share = programs.parent / "share"
    said = run([shell, "-c", COMPLETED[shell].format(share=share)], env, where=tmp_path)
    assert "status" in said.replace(":", " ").split(), said


def test_the_menu_has_an_entry(programs: Path) -> None:
    """One that desktops take, with a picture that is the icon of an open session, at every size."""
    share = programs.parent / "share"
    run(["desktop-file-validate", str(share / "applications/trayexec.desktop")])
    for size in (16, 22, 24, 32, 48, 64, 128, 256):
        with Image.open(share / f"icons/hicolor/{size}x{size}/apps/trayexec.png") as picture:
            difference = ImageChops.difference(picture, glyph.draw(IconState.OPEN, 1.0, size))
            assert max(difference.tobytes()) <= 8


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

"""The recipes, read and carried out by the tools that they are for, as far as those run on a Debian."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from devtools import recipes
from devtools.artefacts import rpm, wheel
from devtools.machine import TOP, need

FOLDER = TOP / "packaging"
pytestmark = pytest.mark.timeout(600)
NOBODY = pwd.getpwnam("nobody")
SYSTEMS = ("x86_64-linux", "aarch64-darwin")
# In the place of nixpkgs: each package is its name, and a derivation says what it was asked for.
NIXPKGS = """{
  outputs = { self }: {
    lib.genAttrs = names: make: builtins.listToAttrs (map (name: { inherit name; value = make name; }) names);
    legacyPackages = self.lib.genAttrs [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ] (system: {
      inherit system;
      lib = { optionals = wanted: these: if wanted then these else [ ]; licenses.mit = "mit"; };
      stdenv.hostPlatform = {
        isLinux = builtins.match ".*linux" system != null;
        isDarwin = builtins.match ".*darwin" system != null;
      };
      python3Packages = self.lib.genAttrs [ @NAMES@ ] (name: name) // { buildPythonApplication = asked: asked; };
    });
  };
}"""
NAMES = (
    *(
        "boto3",
        "botocore",
        "h11",
        "hatchling",
        "jeepney",
        "keyring",
        "pillow",
        "plyer",
        "prompt-toolkit",
        "pyobjc-core",
    ),
    *("pystray", "secretstorage", "urllib3", "xlib"),
)


@pytest.fixture(scope="session", autouse=True)
def _tools() -> None:
    need(recipes.TOOLS)


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree."""
    (made,) = (one for one in wheel.build(tmp_path_factory.mktemp("dist")) if one.name.endswith(".tar.gz"))
    return made


@pytest.fixture(scope="session")
def filled(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recipes, with the true resources of the formula."""
    out = tmp_path_factory.mktemp("recipes")
    recipes.fill(version_of(sdist), {"sdist": sdist}, out)
    return out


def version_of(sdist: Path) -> str:
    """What a release would be called by."""
    return sdist.name.removeprefix("trayexec-").removesuffix(".tar.gz")


def run(argv: Sequence[str | Path], *, folder: Path, env: Mapping[str, str] | None = None, user: int = 0) -> str:
    """What it says; it must succeed."""
    done = subprocess.run(
        argv,
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "LC_ALL": "C.UTF-8", "HOME": str(folder), **(env or {})},
        user=user or None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def test_the_formula_is_ruby_as_homebrew_wants_it_laid_out(filled: Path) -> None:
    """With all its resources."""
    run(["ruby", "-c", "trayexec.rb"], folder=filled / "homebrew")
    run(["rubocop", "--only", "Layout,Lint", "--cache", "false", "trayexec.rb"], folder=filled / "homebrew")


@pytest.fixture
def place() -> Path:
    """A folder that nobody can write to, and others can read."""
    folder = Path("/var/tmp/trayexec-recipes")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    return folder


def test_arch_builds_installs_and_removes_it(filled: Path, sdist: Path, place: Path) -> None:
    """By Debian's makepkg and pacman, whose Python puts packages where Debian wants them."""
    build, root = place / "build", place / "root"
    shutil.copytree(filled / "arch", build)
    shutil.copy(sdist, build)
    run(["/usr/bin/python3", "-m", "venv", place / "tools"], folder=place)
    run([place / "tools/bin/pip", "install", "--quiet", "build", "installer", "hatchling"], folder=place, env=proxied())
    (packages,) = place.glob("tools/lib/*/site-packages")
    (place / "path").mkdir()
    (place / "path/python").symlink_to("/usr/bin/python3")
    for one in (build, *build.rglob("*")):
        os.chown(one, NOBODY.pw_uid, NOBODY.pw_gid)
    env = {"PATH": f"{place}/path:/usr/bin:/bin", "PYTHONPATH": str(packages), "DEB_PYTHON_INSTALL_LAYOUT": "deb"}
    assert run(["makepkg", "--printsrcinfo"], folder=build, user=NOBODY.pw_uid) == (build / ".SRCINFO").read_text()
    run(["makepkg", "--nodeps"], folder=build, env=env, user=NOBODY.pw_uid)
    (package,) = build.glob("trayexec-*-any.pkg.tar.*")

    (root / "var/lib/pacman").mkdir(parents=True)
    pacman: list[str | Path] = ["pacman", "--root", root, "--config", "/dev/null", "--noconfirm"]
    run([*pacman, "-U", "--nodeps", "--nodeps", package], folder=place)
    script, ours = root / "usr/bin/trayexec", root / "usr/lib/python3/dist-packages"
    said = run(["/usr/bin/python3", script, "version"], folder=place, env={"PYTHONPATH": str(ours)})
    assert said.startswith(f"trayexec {version_of(sdist)}")
    assert (root / "usr/share/man/man1/trayexec.1.gz").exists()
    run([*pacman, "-R", "trayexec"], folder=place)
    assert [
        one for one in root.rglob("*") if not one.is_dir() and not one.is_relative_to(root / "var/lib/pacman")
    ] == []
    shutil.rmtree(place)


def proxied() -> dict[str, str]:
    """How this machine reaches an index, for pip."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http"))}


@pytest.mark.parametrize("system", SYSTEMS)
def test_nix_evaluates_the_flake(system: str, tmp_path: Path) -> None:
    """Package and app, with a stand-in for nixpkgs; nothing is built."""
    stand_in, tree = tmp_path / "nixpkgs", tmp_path / "tree"
    stand_in.mkdir()
    (stand_in / "flake.nix").write_text(NIXPKGS.replace("@NAMES@", " ".join(f'"{one}"' for one in NAMES)))
    for name in ("packaging/nix/flake.nix", "agent/trayexec/__init__.py"):
        (tree / name).parent.mkdir(parents=True)
        shutil.copy(TOP / name, tree / name)
    for words in (["init", "-q"], ["add", "."]):
        run(["git", *words], folder=tree)
    env = {
        **{f"NIX_{name}_DIR": str(tmp_path / "nix" / name) for name in ("STORE", "STATE", "LOG")},
        "NIX_CONFIG": "experimental-features = nix-command flakes\nbuild-users-group =\n",
    }
    asked = ["nix", "eval", "--offline", "--no-write-lock-file", "--override-input", "nixpkgs", f"path:{stand_in}"]
    flake = f"git+file://{tree}?dir=packaging/nix"
    said = run([*asked, "--json", f"{flake}#packages.{system}.default.dependencies"], folder=tree, env=env)
    assert ("jeepney" in said) == system.endswith("linux")
    assert ("pyobjc-core" in said) == system.endswith("darwin")


def test_the_installer_for_windows_can_be_made(tmp_path: Path) -> None:
    """Around a stand-in for a build of the program, which there is none of."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program/trayexec.exe").write_bytes(b"MZ")
    made = tmp_path / "trayexec-1.2.3.exe"
    words = ["-DVERSION=1.2.3", f"-DFOLDER={tmp_path}/program", f"-DOUT={made}"]
    run(["makensis", "-V2", "-WX", *words, FOLDER / "windows/trayexec.nsi"], folder=tmp_path)
    assert made.read_bytes()[:2] == b"MZ"


def test_the_script_for_macos_is_a_good_shell_script(tmp_path: Path) -> None:
    """And refuses elsewhere, before it does anything."""
    script = FOLDER / "macos/build.sh"
    run(["shellcheck", script], folder=tmp_path)
    done = subprocess.run([script, tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "on a Mac only" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_rpm_is_clean_and_the_same_each_time(tmp_path: Path) -> None:
    """Rpmlint has nothing to say but what its file gives a reason for."""
    (first,), (second,) = rpm.build(tmp_path / "1"), rpm.build(tmp_path / "2")
    assert first.read_bytes() == second.read_bytes()
    said = run(["rpmlint", "--config", FOLDER / "rpm/rpmlint.toml", first], folder=tmp_path)
    assert "0 errors, 0 warnings" in said


def test_the_metainfo_is_what_software_centres_take() -> None:
    """By AppStream's own tool."""
    need(("appstream",))
    run(["appstreamcli", "validate", "--no-net", "io.github.trayexec.metainfo.xml"], folder=FOLDER / "linux")

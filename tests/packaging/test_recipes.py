"""The recipes of other package managers: filled in whole, and true of this tree."""

import hashlib
import json
import os
import plistlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from devtools import recipes
from devtools.lock import SHIPS, Pin
from devtools.machine import NotReadyError

TOP = Path(__file__).parents[2]
FOLDER = TOP / "packaging"
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
MARK = re.compile(r"@[A-Z]\w+@|@RESOURCES@")


def told(pins: list[Pin]) -> str:
    """What an index would say of these."""
    place = f"https://mirror.example/packages/aa/bb/{'c' * 60}"
    return "".join(
        f'[[packages]]\nname = "{one.name}"\n'
        f'sdist = {{ url = "{place}/{one.name}-{one.version}.tar.gz", hashes = {{ sha256 = "{one.hashes[0]}" }} }}\n'
        for one in pins
    )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index says what the lock does."""
    monkeypatch.setattr(recipes, "_index", lambda pins: told(list(pins)))


@pytest.fixture
def sdist(tmp_path: Path) -> Path:
    """What a release has."""
    path = tmp_path / "trayexec-1.2.3.tar.gz"
    path.write_bytes(b"a release")
    return path


@pytest.mark.usefixtures("offline")
def test_a_recipe_is_filled_in_whole(sdist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mark stays, and each has the version, the hash and the address that the release gave."""
    monkeypatch.setenv(recipes.RELEASES, "https://releases.example/v1.2.3/")
    monkeypatch.setenv(recipes.HOMEPAGE, "https://home.example")
    files = recipes.fill("1.2.3", {"sdist": sdist}, tmp_path / "out")
    assert [str(one.relative_to(tmp_path / "out")) for one in files] == [
        *("homebrew/trayexec.rb", "arch/PKGBUILD", "arch/.SRCINFO")
    ]
    for one in files:
        text = one.read_text()
        assert MARK.findall(text) == []
        assert "https://home.example" in text
        assert "https://releases.example/v1.2.3/trayexec-1.2.3.tar.gz" in text
        assert hashlib.sha256(b"a release").hexdigest() in text


@pytest.mark.usefixtures("offline")
def test_addresses_that_nobody_said_are_nobodys(sdist: Path, tmp_path: Path) -> None:
    """A recipe that was filled in for a trial leads nowhere, rather than to a stranger."""
    (formula, *_) = recipes.fill("1.2.3", {"sdist": sdist}, tmp_path / "out")
    assert 'url "https://trayexec.invalid/releases/trayexec-1.2.3.tar.gz"' in formula.read_text()


def test_there_is_no_recipe_without_an_sdist(tmp_path: Path) -> None:
    """It is refused before anything is written."""
    with pytest.raises(NotReadyError, match=r"no trayexec-1\.2\.3\.tar\.gz"):
        recipes.fill("1.2.3", {"sdist": tmp_path / "trayexec-1.2.2.tar.gz"}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("offline")
def test_a_manifest_for_windows_needs_a_build_for_it(sdist: Path, tmp_path: Path) -> None:
    """With one, it has its hash; and it says what whoever installs it gets."""
    build = tmp_path / "trayexec-1.2.3-windows-x86_64.zip"
    build.write_bytes(b"a build")
    files = recipes.fill("1.2.3", {"sdist": sdist, "windows": build}, tmp_path / "out")
    manifest = json.loads(files[-1].read_text())
    assert manifest["version"] == "1.2.3"
    assert manifest["architecture"]["64bit"]["hash"] == hashlib.sha256(b"a build").hexdigest()
    assert manifest["notes"][0].startswith("trayexec does not run on Windows yet")
    assert MARK.findall(files[-1].read_text()) == []


@pytest.mark.usefixtures("offline")
def test_the_formula_has_what_ships() -> None:
    """Every locked package is a resource, a formula of Homebrew's own, or not for its systems and Python."""
    had = {one.name: one for one in recipes.resources()}
    for pin in SHIPS.pins():
        elsewhere = "python_full_version" in pin.marker or "win32" in pin.marker
        assert (pin.name in had) != (pin.name in recipes.HOMEBREWS or elsewhere), pin.name
    assert had["pyobjc-core"].system == "on_macos"
    assert had["jeepney"].system == "on_linux"
    assert had["keyring"].system == ""
    text = recipes.blocks(had.values())
    assert text.count("resource ") == len(had)
    assert (
        text.index('"urllib3"')
        < text.index("  on_macos do\n    resource ")
        < text.index("  on_linux do\n    resource ")
    )


def test_a_file_that_the_lock_does_not_know_is_refused() -> None:
    """What an index has exchanged goes into no formula; nor does what comes from nowhere in particular."""
    pin = Pin("h11", "0.16.0", "", ("a" * 64,))
    (resource,) = recipes.named([pin], told([pin]))
    assert resource.url == f"https://files.pythonhosted.org/packages/aa/bb/{'c' * 60}/h11-0.16.0.tar.gz"
    for index in (told([pin]).replace("a" * 64, "b" * 64), told([pin]).replace("/packages/", "/elsewhere/")):
        with pytest.raises(NotReadyError, match="another h11"):
            list(recipes.named([pin], index))
    with pytest.raises(NotReadyError, match="whether a formula needs it"):
        list(recipes.named([Pin("h11", "0.16.0", "sys_platform == 'plan9'", ("a" * 64,))], told([pin])))


def test_what_has_no_source_comes_as_a_wheel_for_every_system() -> None:
    """Homebrew installs such a wheel, and no other."""
    place = f"https://mirror.example/packages/aa/bb/{'c' * 60}"
    files = ", ".join(
        f'{{ url = "{place}/p-1-{tag}.whl", hashes = {{ sha256 = "{letter * 64}" }} }}'
        for tag, letter in (("cp313-cp313-linux_x86_64", "d"), ("py2.py3-none-any", "e"))
    )
    index = f'[[packages]]\nname = "p"\nwheels = [{files}]\n'
    (resource,) = recipes.named([Pin("p", "1", "", ("d" * 64, "e" * 64))], index)
    assert resource.url.endswith("/p-1-py2.py3-none-any.whl")
    assert resource.sha256 == "e" * 64


def dependencies() -> set[str]:
    """What pyproject.toml wants on Linux."""
    return {
        re.match(r"[\w-]+", line)[0]  # type: ignore[index]
        for line in PROJECT["dependencies"]
        if "darwin" not in line
    }


def test_arch_and_nix_want_what_the_project_wants() -> None:
    """By the names that they have there."""
    package, source = (FOLDER / "arch/PKGBUILD").read_text(), (FOLDER / "arch/.SRCINFO").read_text()
    flake = (FOLDER / "nix/flake.nix").read_text()
    depends = set(re.findall(r"^  '(python-[\w-]+)'$", package, re.MULTILINE))
    assert depends == {f"python-{one.removeprefix('python-')}".replace("prompt-", "prompt_") for one in dependencies()}
    assert depends == set(re.findall(r"^\tdepends = (python-[\w-]+)$", source, re.MULTILINE))
    for one in dependencies():
        assert re.search(rf"[\[ ]{one.removeprefix('python-')}[ \]]", flake), one
    assert f"'python{PROJECT['requires-python']}'" in package


@pytest.mark.parametrize(
    "name", ["homebrew/trayexec.rb", "arch/PKGBUILD", "arch/.SRCINFO", "nix/flake.nix", "scoop/trayexec.json"]
)
def test_a_recipe_says_what_the_project_says(name: str) -> None:
    """What it is, in the same words, and its licence."""
    text = (FOLDER / name).read_text()
    assert PROJECT["description"].rstrip(".") in text
    assert PROJECT["license"].lower() in text.lower()


@pytest.mark.parametrize("name", ["homebrew/trayexec.rb", "arch/PKGBUILD", "nix/flake.nix", "macos/build.sh"])
def test_what_a_recipe_takes_from_the_tree_is_there(name: str) -> None:
    """Files by their path from the top; the flake's by its path from its own folder."""
    text = "\n".join(line for line in (FOLDER / name).read_text().splitlines() if not line.startswith("#"))
    named = re.findall(r"(?<![\w.])(?:\$top/)?((?:packaging|agent)/[\w./-]+|LICENSE)", text)
    own = re.findall(r"\$here/([\w.]+)", text) + re.findall(r" (\.\./\.\./[\w./]+)", text)
    named += [os.path.normpath(f"packaging/{name}/../{each}") for each in own]
    assert named, name
    assert [each for each in named if not (TOP / each).exists()] == []


@pytest.mark.parametrize(
    "name",
    [
        "homebrew/trayexec.rb",
        "arch/PKGBUILD",
        "nix/flake.nix",
        "scoop/trayexec.json",
        "macos/build.sh",
        "windows/trayexec.nsi",
    ],
)
def test_a_recipe_says_what_was_run_of_it(name: str) -> None:
    """And what was not: near its top."""
    head = " ".join((FOLDER / name).read_text().splitlines()[:8])
    assert "Run: " in head
    assert "Not run: " in head


def test_the_app_has_no_icon_in_the_dock() -> None:
    """It is an agent, and lets nobody attach to it."""
    assert plistlib.loads((FOLDER / "macos/Info.plist").read_bytes())["LSUIElement"] is True
    rights = plistlib.loads((FOLDER / "macos/entitlements.plist").read_bytes())
    assert rights["com.apple.security.get-task-allow"] is False


def test_the_apps_icon_is_drawn_in_every_size(tmp_path: Path) -> None:
    """From 16 pixels to 512 doubled."""
    out = tmp_path / "trayexec.icns"
    env = {"PYTHONPATH": str(TOP / "agent"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, FOLDER / "macos/icon.py", out], env=env, check=True, stdin=subprocess.DEVNULL)
    with Image.open(out) as icon:
        assert {(size, scale) for size, _, scale in icon.info["sizes"]} >= {
            *((128, 1), (256, 1), (512, 1)),
            *((16, 2), (32, 2), (128, 2), (256, 2), (512, 2)),
        }


def test_the_installer_for_windows_starts_nothing_and_says_what_one_gets() -> None:
    """The Run key is `trayexec autostart`'s; the first page says that it does not run there yet."""
    text = (FOLDER / "windows/trayexec.nsi").read_text()
    assert r"CurrentVersion\Run" not in text
    assert "RequestExecutionLevel user" in text
    assert "trayexec does not run on Windows yet" in text.partition("Section")[0]

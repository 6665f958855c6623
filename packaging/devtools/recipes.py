"""The recipes of other package managers, filled in for a release: its version, addresses and hashes.

Their templates stand below `packaging/`, in a folder for each manager.
"""

import hashlib
import os
import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.lock import SHIPS, Pin
from devtools.machine import TOP, NotReadyError, environment

# What reads them on a Debian: tests/installed/recipes.py.
TOOLS = ("makepkg", "nix-bin", "nsis", "pacman-package-manager", "rpmlint", "rubocop", "shellcheck")
# Where a release's files lie, and what the project's own page is: said by whoever releases. Until then nothing answers
# there: `.invalid` is nobody's for ever (RFC 6761).
RELEASES, HOMEPAGE = "TRAYEXEC_RELEASES", "TRAYEXEC_HOMEPAGE"
NOWHERE = "https://trayexec.invalid"
# Where a lock was made may be a mirror; what everybody has is at PyPI, by the same path.
FILES = "https://files.pythonhosted.org"
_PLACE = re.compile(r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/?#]+$")

# Homebrew's own formulas, which have what these are built with.
HOMEBREWS = frozenset({"cffi", "cryptography", "pillow", "pycparser"})
_SYSTEMS = {"": "", "sys_platform == 'darwin'": "on_macos", "sys_platform == 'linux'": "on_linux"}
# Not for the formula: its Python is newer, and it knows no Windows.
_ELSEWHERE = frozenset({"python_full_version < '3.12'", "sys_platform == 'win32'"})


@dataclass(frozen=True, slots=True)
class Resource:
    """What a formula downloads for a dependency, and on which of Homebrew's systems ("" is both)."""

    name: str
    url: str
    sha256: str
    system: str


def fill(version: str, artefacts: Mapping[str, Path], out: Path) -> tuple[Path, ...]:
    """Write the recipes for these artefacts into folders of `out`. Returns the files.

    What there is no artefact for gets no recipe: a manifest for Windows without a build for it would install nothing.
    Raises NotReadyError.
    """
    files = {path.name: path for path in artefacts.values()}
    sdist, windows = f"trayexec-{version}.tar.gz", f"trayexec-{version}-windows-x86_64.zip"
    if sdist not in files:
        raise NotReadyError(f"recipes are for an sdist, and there is no {sdist}")
    values = {"VERSION": version, "HOMEPAGE": os.environ.get(HOMEPAGE, NOWHERE), **_said("SDIST", files[sdist])}
    values["  # @RESOURCES@"] = blocks(resources())
    wanted = ["homebrew/trayexec.rb", "arch/PKGBUILD", "arch/.SRCINFO"]
    if windows in files:
        values |= _said("WINDOWS", files[windows])
        wanted.append("scoop/trayexec.json")
    return tuple(_filled(name, values, out) for name in wanted)


def _said(name: str, file: Path) -> dict[str, str]:
    base = os.environ.get(RELEASES, f"{NOWHERE}/releases").rstrip("/")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {f"{name}_URL": f"{base}/{file.name}", f"{name}_SHA256": digest}


def _filled(name: str, values: Mapping[str, str], out: Path) -> Path:
    text = (TOP / "packaging" / name).read_text()
    for mark, value in values.items():
        text = text.replace(mark if "@" in mark else f"@{mark}@", value)
    written = out / name
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(text)
    return written


def resources() -> tuple[Resource, ...]:
    """The formula's, from the lock of what ships. Raises NotReadyError."""
    pins = tuple(one for one in SHIPS.pins() if one.name not in HOMEBREWS and one.marker not in _ELSEWHERE)
    return tuple(named(pins, _index(pins)))


def named(pins: Iterable[Pin], index: str) -> Iterator[Resource]:
    """Each pin with the address of its source, as an index tells of it (PEP 751), if the lock has that file's hash.

    Raises NotReadyError for one that is not locked, or only for a system that Homebrew does not know.
    """
    told = {one["name"]: one for one in tomllib.loads(index)["packages"]}
    for pin in pins:
        if pin.marker not in _SYSTEMS:
            raise NotReadyError(f"{pin.name} is for {pin.marker}: say in recipes.py whether a formula needs it")
        file = told[pin.name].get("sdist") or _wheel_for_all(told[pin.name]["wheels"])
        place = _PLACE.search(file["url"])
        if file["hashes"]["sha256"] not in pin.hashes or place is None:
            raise NotReadyError(f"the index has another {pin.name} than packaging/lock: {file['url']}")
        yield Resource(pin.name, FILES + place[0], file["hashes"]["sha256"], _SYSTEMS[pin.marker])


def _wheel_for_all(wheels: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Homebrew installs a wheel that is for every system where there is no source."""
    return next(one for one in wheels if one["url"].endswith("-none-any.whl"))


def _index(pins: Iterable[Pin]) -> str:
    """What the index says of these versions."""
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "asked.txt"), Path(folder, "pylock.toml")
        asked.write_text("".join(f"{one.name}=={one.version}\n" for one in pins))
        words = ["--universal", "--no-deps", "--no-header", "--quiet", "--format", "pylock.toml"]
        uv = [str(environment() / "uv"), "pip", "compile", *words, "--output-file", str(told), str(asked)]
        done = subprocess.run(uv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotReadyError(f"the index did not answer: {done.stderr.strip()}")
        return told.read_text()


def blocks(resources: Iterable[Resource]) -> str:
    """The formula's lines about them, in Homebrew's order: for both systems, then by system."""
    kept = sorted(resources, key=lambda one: (one.system, one.name))
    parts = ["\n\n".join(_block(one) for one in kept if not one.system)]
    for system in ("on_macos", "on_linux"):
        inner = "\n\n".join(_block(one) for one in kept if one.system == system)
        if inner:
            deeper = re.sub(r"^(?=.)", "  ", inner, flags=re.MULTILINE)
            parts.append(f"  {system} do\n{deeper}\n  end")
    return "\n\n".join(part for part in parts if part)


def _block(one: Resource) -> str:
    return f'  resource "{one.name}" do\n    url "{one.url}"\n    sha256 "{one.sha256}"\n  end'

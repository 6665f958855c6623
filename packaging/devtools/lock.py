"""`lock`: what ships, and what builds it, by exact version and hash, for every system and Python.

The files are pip's: `pip install --require-hashes -r packaging/lock/runtime.txt` needs no other tool.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devtools.machine import TOP, NotReadyError, environment, project, tell

FOLDER = TOP / "packaging/lock"
# A release that somebody else has made in a project's name is mostly found out, and taken back, within days.
RESTED = "7 days"
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?= \\?$)", re.MULTILINE)
COMPARISON = re.compile(r"(\w+) (==|!=|<) '([^']+)'")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked package: where it is wanted (a marker of pip's, or nothing) and the SHA-256 of each of its files."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def is_for(self, system: str, python: str) -> bool:
        """Whether CPython of this version, as `3.11`, installs it on this system, as `sys.platform` calls it."""
        here = {
            "sys_platform": system,
            "python_full_version": python,
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        return all(_holds(part, here) for part in self.marker.split(" and ") if part)


@dataclass(frozen=True, slots=True)
class Lock:
    """A file of pins, and what it is made of."""

    path: Path
    source: Path

    def made_for(self) -> str:
        """The first line that it has to have: it changes with every requirement, and with the oldest Python."""
        wanted = "\n".join([_oldest_python(), *self.requirements()])
        return f"# Made by `packaging/dev lock` for {hashlib.sha256(wanted.encode()).hexdigest()[:16]}"

    def requirements(self) -> tuple[str, ...]:
        """What is asked for, as pip reads it."""
        if self.source.suffix == ".toml":
            return tuple(project()["dependencies"])
        return tuple(self.source.read_text().splitlines())

    def pins(self) -> Iterator[Pin]:
        """Every package, by name."""
        for entry in re.split(r"\n(?=\S)", self.path.read_text().partition("\n")[2]):
            found = PIN.match(entry)
            if found is None:
                raise NotReadyError(f"{self.path} has a line that is no pin: {entry!r}")
            yield Pin(found["name"], found["version"], found["marker"] or "", tuple(HASH.findall(entry)))


SHIPS = Lock(FOLDER / "runtime.txt", TOP / "pyproject.toml")
LOGIN = Lock(FOLDER / "login.txt", FOLDER / "login.in")  # the extra of this name, where nobody can add it later
BUILDS = Lock(FOLDER / "build.txt", FOLDER / "build.in")


def renew() -> int:
    """Take the newest that goes, of all there is. Returns the exit status."""
    uv = str(environment() / "uv")
    for lock in (SHIPS, LOGIN, BUILDS):
        tell(f"{lock.path.relative_to(TOP)}, from {lock.source.relative_to(TOP)}")
        lock.path.write_text(f"{lock.made_for()}\n{_resolved(uv, lock.source)}")
    return 0


def _holds(part: str, here: Mapping[str, str]) -> bool:
    """Whether one comparison of a marker is true here. Raises NotReadyError for one that is of another kind."""
    found = COMPARISON.fullmatch(part)
    if found is None or found[1] not in here:
        raise NotReadyError(f"a marker of packaging/lock is of an unknown kind: {part}")
    ours, theirs = here[found[1]], found[3]
    match found[2]:
        case "==":
            return ours == theirs
        case "!=":
            return ours != theirs
        case _:
            return _numbers(ours) < _numbers(theirs)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _resolved(uv: str, source: Path) -> str:
    chosen = ["--universal", "--python-version", _oldest_python(), "--exclude-newer", RESTED]
    plain = ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-config", "--quiet"]
    done = subprocess.run(
        [uv, "pip", "compile", *chosen, *plain, str(source)],
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotReadyError(f"uv found no versions for {source}")
    return done.stdout


def _oldest_python() -> str:
    return str(project()["requires-python"]).removeprefix(">=")

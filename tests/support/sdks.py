"""The SDKs of compiled languages for tests: for each a small program in `tests/sdks/`, built once by its own tool.

Go is installed with the packages that tests need. Java and Rust are used where their tools are: `left_out` says why one
is not. What is built is kept in the checkout's own cache folder, and no tool and no network is needed again until a
source, a pinned version or a tool changes.
"""

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.desktop import DesktopError, program

SOURCES = Path(__file__).parents[1] / "sdks"
CACHE = Path(__file__).parents[2] / ".cache" / "sdks"
GET, BUILD = 300, 400  # seconds: a slow line, a busy machine


@dataclass(frozen=True, slots=True)
class Step:
    """A call of a tool; one that gets what is pinned needs the network, and others must not."""

    what: str
    argv: Sequence[str]
    seconds: int
    env: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sdk:
    """A language's SDK: how its programs are made from the sources, in a folder, and how `who` is then run."""

    name: str
    tools: Sequence[str]
    version: Sequence[str]
    steps: Callable[[Path, Path], Sequence[Step]]
    who: Callable[[Path], list[str]]
    settings: Callable[[Path], list[str]] | None = None  # says what it resolves, if there is one


def built(name: str) -> Path:
    """The folder with an SDK's programs. Raises DesktopError in words: no tool, no network, or what a tool said."""
    sdk = SDKS[name]
    for tool in sdk.tools:
        program(tool)
    sources, folder = SOURCES / name, CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        wanted, done = _fingerprint(sdk, sources), folder / "built"
        if not done.exists() or done.read_text() != wanted:
            done.unlink(missing_ok=True)
            for step in sdk.steps(sources, folder):
                _take(sdk, step, sources)
            done.write_text(wanted)
    return folder


def who(name: str) -> list[str]:
    """The program that says who it is, built: give it profiles, and a line on its standard input for each asking."""
    return SDKS[name].who(built(name))


def who1(name: str) -> list[str]:
    """The program that asks the STS of its argument which account it is, by the SDK's version 1, built."""
    folder = built(name)
    return {"go": [f"{folder}/who1"], "java": _java_program(folder, "Who1")}[name]


def settings_of(name: str) -> list[str]:
    """The program that says what an SDK resolves in each environment that is given to it, built."""
    settings = SDKS[name].settings
    if settings is None:
        raise DesktopError(f"there is no program in {SOURCES / name} that asks for settings")
    return settings(built(name))


@functools.cache
def left_out() -> Mapping[str, str]:
    """The SDKs that are not run on this machine, and why. Go is never among them: a package of ours brings it."""
    found = {}
    for sdk in SDKS.values():
        missing = [tool for tool in sdk.tools if shutil.which(tool) is None]
        if missing and sdk.name != "go":
            found[sdk.name] = f"no {' and no '.join(missing)} here"
    wanted = tomllib.loads((SOURCES / "rust" / "Cargo.toml").read_text())["package"]["rust-version"]
    if "rust" not in found and _rust() < tuple(map(int, wanted.split("."))):
        found["rust"] = f"cargo is older than {wanted}"
    return found


def used() -> tuple[str, ...]:
    """The SDKs that are run on this machine."""
    return tuple(name for name in SDKS if name not in left_out())


def header() -> str:
    """What a test report says about them."""
    others = "".join(f"; not {name}: {why}" for name, why in left_out().items())
    return f"compiled SDKs: {', '.join(used())}{others}"


def _rust() -> tuple[int, ...]:
    said = subprocess.run(["cargo", "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    version = re.match(r"cargo (\d+)\.(\d+)", said)
    return tuple(map(int, version.groups())) if version else (0, 0)


def _fingerprint(sdk: Sdk, sources: Path) -> str:
    tool = subprocess.run(sdk.version, capture_output=True, timeout=60, check=True)
    files = sorted(path for path in sources.rglob("*") if path.is_file())
    parts = [tool.stdout + tool.stderr, *(path.read_bytes() for path in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _take(sdk: Sdk, step: Step, sources: Path) -> None:
    try:
        done = subprocess.run(
            step.argv,
            cwd=sources,
            env={**os.environ, **step.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=step.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise DesktopError(
            f"{sdk.name} SDK: {step.what}: no end within {step.seconds} s\n{late.output or b''!r}"
        ) from late
    if done.returncode:
        raise DesktopError(f"{sdk.name} SDK: {step.what}: `{' '.join(step.argv)}` said\n{done.stdout[-3000:]}")


def _go(_: Path, folder: Path) -> Sequence[Step]:
    # Nothing of a person's own settings: another proxy may be needed, another version of a module never.
    env = {"GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    return (
        Step("getting the modules from the network (GOPROXY) failed", ["go", "list", "-deps", "./..."], GET, env),
        Step(
            "building failed",
            ["go", "build", "-buildvcs=false", "-o", f"{folder}/", "./..."],
            BUILD,
            {**env, "GOPROXY": "off"},
        ),
    )


def _java(sources: Path, folder: Path) -> Sequence[Step]:
    libraries = ["-DincludeScope=runtime", f"-DoutputDirectory={folder}/jars"]
    copying = "org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"
    return (
        Step(
            "getting the libraries from the network (Maven Central) failed",
            ["mvn", "-q", "-B", "-f", f"{sources}/pom.xml", copying, *libraries],
            GET,
            {},
        ),
        Step(
            "building failed",
            ["javac", "-cp", f"{folder}/jars/*", "-d", f"{folder}/classes", *map(str, sorted(sources.glob("*.java")))],
            BUILD,
            {},
        ),
    )


def _rust_steps(_: Path, folder: Path) -> Sequence[Step]:
    return (
        Step("getting the crates from the network (crates.io) failed", ["cargo", "fetch", "--locked"], GET, {}),
        Step(
            "building failed",
            ["cargo", "build", "--locked", "--offline", "--quiet"],
            BUILD,
            {"CARGO_TARGET_DIR": f"{folder}/target"},
        ),
    )


def _java_program(folder: Path, name: str) -> list[str]:
    return [
        # Names that are not ASCII come through in no other locale.
        *("env", "LC_ALL=C.UTF-8", "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"),
        # The environment is changed from within by the program that asks for settings.
        *("--add-opens", "java.base/java.util=ALL-UNNAMED", "-cp", f"{folder}/classes:{folder}/jars/*", name),
    ]


SDKS = {
    "go": Sdk(
        "go",
        ("go",),
        ("go", "version"),
        _go,
        lambda folder: [f"{folder}/who"],
        lambda folder: [f"{folder}/settings"],
    ),
    "java": Sdk(
        "java",
        ("mvn", "javac", "java"),
        ("javac", "-version"),
        _java,
        lambda folder: _java_program(folder, "Who"),
        lambda folder: _java_program(folder, "Settings"),
    ),
    "rust": Sdk("rust", ("cargo",), ("cargo", "--version"), _rust_steps, lambda folder: [f"{folder}/target/debug/who"]),
}

"""`test --fast`, `--pythons` and `--oldest`: the part of the tests that needs neither root nor Debian packages."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from devtools.machine import TOP, Environment, NotReadyError, environment, project, tell

# The rules, the protocol, reading AWS's and our own files, and what is said of the source. No agent is started.
FAST = (
    "tests/core",
    "tests/light/test_protocol.py",
    "tests/light/test_durations.py",
    "tests/live/test_layout.py",
    "tests/live/test_setting_names.py",
    "tests/adapters/test_aws_files.py",
    "tests/adapters/test_aws_files_like_botocore.py",
    "tests/adapters/test_redact.py",
    "tests/adapters/test_settings_file.py",
    "tests/adapters/test_sts.py",
    "tests/test_architecture.py",
    "tests/test_japanese.py",
)
CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
BOUND = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)([^;]*)(;.*)?")


def fast(arguments: Sequence[str]) -> int:
    """Lint, then the fast part, with `.venv`. Returns the exit status."""
    programs = environment()
    for argv in (["ruff", "check"], ["ruff", "format", "--check"]):
        status = _call([str(programs / argv[0]), *argv[1:]])
        if status:
            return status
    return _part(programs, arguments)


def pythons(arguments: Sequence[str]) -> int:
    """The fast part with each Python of the classifiers that is at hand. Returns the worst exit status."""
    worst, missing = 0, []
    for version in _versions():
        python = _python(version)
        if python is None:
            missing.append(version)
            continue
        tell(f"Python {version}: {python}")
        wanted = Environment(TOP / f".venv-{version}", python, "fast")
        worst = max(worst, _part(environment(wanted), arguments))
    for version in missing:
        tell(f"Python {version} was not tried: there is no python{version} on PATH or among pyenv's")
    return worst


def oldest(arguments: Sequence[str]) -> int:
    """The fast part with the oldest dependencies that pyproject.toml allows. Returns the exit status."""
    bounds = tuple(_oldest(project()["dependencies"]))
    version = _versions()[0]
    python = _python(version)
    if python is None:
        raise NotReadyError(f"the oldest dependencies go with the oldest Python, and there is no python{version}")
    tell(f"Python {version} with {', '.join(bounds)}")
    wanted = Environment(TOP / ".venv-oldest", python, "fast", bounds)
    return _part(environment(wanted), arguments)


def _part(programs: Path, arguments: Sequence[str]) -> int:
    begun = time.monotonic()
    chosen = [str(programs / "python"), "-m", "pytest", "-q", "-m", "not rig", "-n", "2", *FAST, *arguments]
    status = _call(chosen)
    tell(f"{time.monotonic() - begun:.0f} s")
    return status


def _call(argv: Sequence[str]) -> int:
    print(f"$ {' '.join([Path(argv[0]).name, *argv[1:]])}", flush=True)
    return subprocess.run(argv, cwd=TOP, stdin=subprocess.DEVNULL, check=False).returncode


def _versions() -> list[str]:
    """The Pythons that the classifiers name, oldest first."""
    return [found[1] for one in project()["classifiers"] if (found := CLASSIFIER.fullmatch(one))]


def _python(version: str) -> str | None:
    """An interpreter of this version, if there is one: a name on PATH may be pyenv's for one that is not there."""
    for path in _candidates(version):
        asked = [path, "-c", "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if said.strip() == version:
            return path
    return None


def _candidates(version: str) -> Iterator[str]:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield sys.executable
    found = shutil.which(f"python{version}")
    if found:
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))


def _oldest(dependencies: Sequence[str]) -> Iterator[str]:
    """`boto3==1.40` for `boto3>=1.40`, with whatever says on which system."""
    for one in dependencies:
        found = BOUND.fullmatch(one)
        if found is None:
            raise NotReadyError(f"{one} has no lower bound")
        yield f"{found[1]}=={found[2]}{found[4] or ''}"

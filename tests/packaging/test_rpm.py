"""The RPM package, as far as it can be seen without making it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from devtools.artefacts import layout, rpm, source
from devtools.lock import SHIPS
from devtools.machine import TOP

# Laying it out goes through pip, which may have to download.
pytestmark = pytest.mark.timeout(300)
SPEC = rpm.SPEC.read_text()
SCRIPTS = ("pre", "posttrans", "triggerin -- python3", "preun")


def part(name: str) -> str:
    """A part of the spec file, without the line that begins it."""
    return re.split(r"\n%(?:preun|files|posttrans|pre|triggerin|changelog)\b", SPEC.partition(f"\n%{name}\n")[2])[0]


def test_it_names_all_that_is_laid_out(tmp_path: Path) -> None:
    """The package, what it brings with a licence for each, and what desktops and shells find by its name."""
    root = tmp_path / "root"
    bundled = rpm.fill(root)
    assert (root / "usr/lib/trayexec/trayexec/cli.py").exists()
    assert (root / "usr/lib/trayexec/botocore/data/sts").exists()
    assert not (root / "usr/lib/trayexec/botocore/data/ec2").exists()
    licences = root / "usr/share/licenses/trayexec"
    told = {re.sub("[._]", "-", one.name) for one in licences.iterdir() if one.is_dir() and any(one.iterdir())}
    assert told == {one.name for one in bundled}
    named = [line.rpartition(" ")[2].lstrip("/") for line in part("files").splitlines() if "/" in line]
    owned = {path for name in named for one in root.glob(name) for path in (one, *one.rglob("*"))}
    assert [one for one in root.rglob("*") if not one.is_dir() and one not in owned] == []
    assert [name for name in named if not list(root.glob(name))] == []

    spec = rpm.spec(root, bundled)
    assert re.findall("@[A-Z]+@", spec) == []
    assert f"\nVersion:        {source.version()}\n" in spec
    for one in bundled:
        assert f"\nProvides:       bundled(python3dist({one.name})) = {one.version}\n" in spec


def test_what_is_not_brought_is_required() -> None:
    """Each locked package that Linux needs with a Python that the RPM wants comes with it, or is named."""
    needed = {one.name for one in SHIPS.pins() if not re.search(r"darwin|win32|python_full_version", one.marker)}
    required = set(re.findall(r"^Requires:\s+python3dist\((.+)\)$", SPEC, re.MULTILINE))
    behind = {"cffi", "pycparser"}  # cryptography's own affair
    assert needed - set(layout.BROUGHT) - behind == required


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_of_it_ends_an_agent(name: str) -> None:
    """They are shell scripts, and do nothing but to compile Python or to take that away."""
    text = part(name)
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    for word in text.split():
        assert word not in {"kill", "pkill", "killall", "systemctl", "trayexec", "trayexec-agent"}
    assert "/usr/lib/trayexec" in text


def test_nothing_from_outside_bends_what_is_started(tmp_path: Path) -> None:
    """Neither the environment nor the current folder: the start script is isolated."""
    start = (
        (rpm.INPUTS / "start").read_text().replace("@MAIN@", "main").replace("/usr/lib/trayexec", str(TOP / "agent"))
    )
    script = tmp_path / "trayexec"
    script.write_text(start)
    (tmp_path / "trayexec.py").write_text("raise SystemExit('bent')")
    python, *flags = start.splitlines()[0].removeprefix("#!").split()
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.check_output([python, *flags, script, "version"], env=env, cwd=tmp_path, text=True)
    assert said.startswith(f"trayexec {source.version()}")

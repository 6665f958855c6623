"""The developer's command, as far as it can be tested from inside itself."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devtools import checks, coverage, desktops, machine, tiers

TOP = Path(__file__).parents[2]
DEV = TOP / "packaging/dev"
SOURCES = sorted([DEV, *(TOP / "packaging/devtools").rglob("*.py")])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_is_plain_standard_library(path: Path) -> None:
    """It runs on a Python that has nothing installed, so it imports nothing that would have to be."""
    tree = ast.parse(path.read_text())
    named = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    foreign = {name.partition(".")[0] for name in named} - sys.stdlib_module_names
    assert foreign <= {"devtools"}


def test_it_can_be_executed() -> None:
    """It is a program, and names every sub-command."""
    assert os.access(DEV, os.X_OK)
    done = subprocess.run([DEV, "--help"], capture_output=True, text=True, check=True, timeout=60)
    assert all(
        command in done.stdout
        for command in ("test", "demo", "bench", "lint", "screenshots", "lock", "build", "release")
    )


def test_the_environment_that_runs_the_tests_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What builds an artefact in a test asks for it, while all other tests run in it."""
    renewed: list[object] = []
    monkeypatch.setattr(machine, "_run", renewed.append)
    monkeypatch.setattr(machine, "_fingerprint", lambda _: "another Python")
    wanted = machine.Environment(Path(sys.prefix))
    assert machine.environment(wanted) == Path(sys.executable).parent
    assert not renewed


def test_an_unknown_option_is_a_usage_error() -> None:
    """Only `test` passes on what it does not know."""
    done = subprocess.run([DEV, "demo", "--loud"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "--loud" in done.stderr


SKIPPING = """
import pytest

if {whole}:
    pytest.skip("no such thing here", allow_module_level=True)

def test_a() -> None:
    pytest.skip("no such thing here")

@pytest.mark.xfail(strict=True)
def test_b() -> None:
    assert False
"""


@pytest.mark.parametrize("whole", [True, False], ids=["file", "test"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "partial"])
def test_a_full_run_skips_nothing(tmp_path: Path, *, whole: bool, full: bool) -> None:
    """With CI=true what is skipped has failed; a developer's own run lets it be. A known failure stays one."""
    (tmp_path / "conftest.py").write_text((TOP / "tests/support/strict.py").read_text())
    (tmp_path / "test_it.py").write_text(SKIPPING.format(whole=whole))
    environ = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(tmp_path)],
        env={**environ, "CI": "true"} if full else environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ("skips nothing. Skipped: no such thing here" in done.stdout) is full, done.stdout
    # 2: stopped while collecting; 5: nothing was left to run
    assert done.returncode == {(True, True): 2, (True, False): 1, (False, True): 5, (False, False): 0}[full, whole]


UNSTEADY = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range({number}))
def test_a(number: int) -> None:
    seen = Path(__file__).with_name(f"seen-{{number}}")
    late = not seen.exists()
    seen.touch()
    assert not late or number >= {late}
    assert not {wrong}

def test_b() -> None:
    assert not Path(__file__).with_name("twice").exists()
    Path(__file__).with_name("twice").touch()
"""


@pytest.mark.parametrize(
    ("late", "wrong", "status"),
    [(1, False, 0), (checks.FEW, False, 0), (checks.FEW + 1, False, 1), (1, True, 1)],
    ids=str,
)
def test_a_few_that_failed_are_run_once_more(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    late: int,
    wrong: bool,  # noqa: FBT001 — a row of the table
    status: int,
) -> None:
    """Who was late passes and is named; what is wrong fails again; many are no accident; the others rest."""
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_it.py").write_text(UNSTEADY.format(number=1 if wrong else checks.FEW + 3, late=late, wrong=wrong))
    monkeypatch.setattr(checks, "TOP", tmp_path)
    monkeypatch.setattr(checks, "environment", lambda: Path(sys.executable).parent)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    assert checks._pytest(("-q", "--cache-clear"), environ) == 1
    capfd.readouterr()
    assert checks._once_more(environ) == status
    said = capfd.readouterr().err
    assert said.count("test_it.py::test_a") == (late if status == 0 else 0)


def test_the_fast_part_is_there_and_comes_first() -> None:
    """Every path of it exists, it asks for no rig, and CONTRIBUTING begins with it."""
    assert [one for one in tiers.FAST if not (TOP / one).exists()] == []
    lines = (TOP / ".github/CONTRIBUTING.md").read_text().splitlines()
    assert next(line for line in lines if "packaging/dev" in line).startswith("packaging/dev test --fast ")


def test_the_flows_on_other_desktops_are_a_tier_of_their_own() -> None:
    """A plain run of pytest leaves them; each desktop has a class that starts it, and its last run in CONTRIBUTING."""
    assert (TOP / desktops.FLOWS).exists()
    assert not list((TOP / desktops.FLOWS).parent.glob("test_*.py"))
    named = set(re.findall(r'^    name = "(\w+)"$', (TOP / "tests/desktops/others.py").read_text(), re.MULTILINE))
    assert named == set(desktops.DESKTOPS)
    told = (TOP / ".github/CONTRIBUTING.md").read_text()
    assert [one for one in named if not re.search(rf"^\| {one} \| 20\d\d-\d\d-\d\d \|", told, re.MULTILINE)] == []


def test_the_oldest_dependencies_are_those_of_the_project() -> None:
    """Each has a lower bound, and a system's stays that system's."""
    given = ["boto3>=1.40", "pystray>=0.19.5,<0.20", "jeepney>=0.9; sys_platform == 'linux'"]
    assert list(tiers._oldest(given)) == ["boto3==1.40", "pystray==0.19.5", "jeepney==0.9; sys_platform == 'linux'"]
    named = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["dependencies"]
    assert len(list(tiers._oldest(named))) == len(named)


def test_lines_that_no_test_runs_are_named_in_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    """A file below the floor with its lines, each folder with its part, and the whole judged."""
    summary = {"covered_lines": 6, "num_statements": 10, "percent_covered": 60.0}
    whole = {"covered_lines": 10, "num_statements": 10, "percent_covered": 100.0}
    files = {
        "agent/trayexec/a.py": {"summary": summary, "missing_lines": [3, 4, 5, 9]},
        "agent/trayexec/core/b.py": {"summary": whole, "missing_lines": []},
    }
    assert not coverage.judge({"files": files, "totals": {"percent_covered": 80.0}}, 90)
    shown = capsys.readouterr().out
    assert " 60.0 %  agent/trayexec/a.py: 3-5, 9\n" in shown
    assert "b.py" not in shown
    assert " 60.0 %  agent/trayexec/ (10 lines)\n100.0 %  agent/trayexec/core/ (10 lines)\n" in shown
    assert coverage.judge({"files": {}, "totals": {"percent_covered": 90.0}}, 90)


def test_ci_does_what_a_developer_does() -> None:
    """The workflow and `.ci/run` have nothing of their own that could go stale."""
    script = (TOP / ".ci/run").read_text()
    assert "packaging/dev test" in script
    assert "packaging/dev demo --auto" in script
    assert os.access(TOP / ".ci/run", os.X_OK)
    assert "run: .ci/run" in (TOP / ".github/workflows/ci.yml").read_text()

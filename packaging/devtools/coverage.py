"""`test --coverage`: which lines the whole suite runs, those of every process that it starts included."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devtools.checks import PARALLEL
from devtools.machine import TESTS, TOP, Environment, environment, need, need_tk

DATA = TOP / ".cache/coverage"
# Every Python of the environment runs this at its start: an agent's environment and a command's are their own, so no
# variable would reach them. What becomes another program saves first.
STARTED = """\
import atexit, contextlib, os
from coverage import Coverage

def save():
    with contextlib.suppress(Exception):  # it may be another user's, or have no descriptors left
        measured = Coverage.current()
        measured.stop()
        measured.save()
        return measured

def saving(become):
    def wrapped(*args):
        measured = save()
        try:
            become(*args)
        finally:
            measured and measured.start()
    return wrapped

Coverage(data_file={data!r}, config_file={config!r}).start()
atexit.register(save)
os.execv, os.execve = saving(os.execv), saving(os.execve)
"""


def test(arguments: Sequence[str]) -> int:
    """The tests, measured. Returns 0 when as much is covered as pyproject.toml wants, whatever a test says.

    Some tests look at what a process loads or needs, and fail when it is measured: they are judged by a plain run.
    """
    need(TESTS)
    need_tk()
    wanted = Environment(TOP / ".venv-coverage", sys.executable, "coverage")
    programs = environment(wanted)
    shutil.rmtree(DATA, ignore_errors=True)
    DATA.mkdir(parents=True)
    (packages,) = wanted.folder.glob("lib/python*/site-packages")
    started = packages / "measured.py"
    started.write_text(STARTED.format(data=str(DATA / "data"), config=str(TOP / "pyproject.toml")))
    begin = packages / "measured.pth"
    begin.write_text("import measured\n")
    argv = [str(programs / "python"), "-m", "pytest", *(arguments or PARALLEL)]
    print(f"$ {' '.join(argv[1:])}", flush=True)
    try:
        subprocess.run(argv, cwd=TOP, env={**os.environ, "CI": "true"}, stdin=subprocess.DEVNULL, check=False)
    finally:
        begin.unlink()
    floor = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["coverage"]["report"]["fail_under"]
    return 0 if judge(_report(programs), floor) else 1


def _report(programs: Path) -> Mapping[str, Any]:
    """What coverage makes of the data of all processes."""
    path = DATA / "report.json"
    for words in (["combine", "-q"], ["json", "-q", "--fail-under=0", "-o", str(path)]):
        subprocess.run([programs / "coverage", *words, f"--data-file={DATA / 'data'}"], cwd=TOP, check=True)
    report: Mapping[str, Any] = json.loads(path.read_text())
    return report


def judge(report: Mapping[str, Any], floor: float) -> bool:
    """Say how much of each folder is covered, and which files are below the floor. Returns whether it is met."""
    folders: dict[str, list[int]] = {}
    for name, file in sorted(report["files"].items()):
        summary = file["summary"]
        sums = folders.setdefault(str(Path(name).parent), [0, 0])
        sums[0] += summary["covered_lines"]
        sums[1] += summary["num_statements"]
        if summary["percent_covered"] < floor:
            print(f"{summary['percent_covered']:5.1f} %  {name}: {_ranges(file['missing_lines'])}")
    print()
    for folder, (covered, lines) in sorted(folders.items()):
        print(f"{covered / max(lines, 1) * 100:5.1f} %  {folder}/ ({lines} lines)")
    total: float = report["totals"]["percent_covered"]
    print(f"{total:5.1f} %  of all; the floor is {floor} %")
    return total >= floor


def _ranges(lines: Sequence[int]) -> str:
    """`3-5, 9` for 3, 4, 5 and 9."""
    found: list[list[int]] = []
    for line in lines:
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)

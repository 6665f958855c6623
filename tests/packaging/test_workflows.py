"""The workflows of GitHub: what runs in them is named by its hash, may do little, and is our own command."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

FOLDER = Path(__file__).parents[2] / ".github/workflows"
WORKFLOWS = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.name)
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
OWN = re.compile(r"uses: \./\.github/workflows/\w+\.yml")
# What a job may do beyond reading, and why.
MAY = {
    "attest": {"attestations": "write", "id-token": "write"},  # says whose workflow it is, and keeps what it signed
    "draft": {"contents": "write"},  # a release is a thing of the repository
    "pypi": {"id-token": "write"},  # PyPI knows the workflow by it
}


def jobs(path: Path) -> dict[str, Any]:
    """The jobs of a workflow, by name."""
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


@WORKFLOWS
def test_actions_are_named_by_hash_and_version(path: Path) -> None:
    """A tag can be moved by whoever takes the action's repository over; a hash cannot."""
    used = [line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not (PINNED.fullmatch(line) or OWN.fullmatch(line))] == []


@WORKFLOWS
def test_jobs_may_do_little(path: Path) -> None:
    """Nothing at first, and each job what it needs: reading, or what the list above says."""
    assert yaml.safe_load(path.read_text())["permissions"] == {}
    for name, job in jobs(path).items():
        assert job["permissions"] == MAY.get(name, {"contents": "read"}), name


@WORKFLOWS
def test_there_is_no_secret(path: Path) -> None:
    """What publishes is known by what it is; and a clone keeps no token for what is built in it."""
    text = path.read_text()
    assert "secrets." not in text
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


@WORKFLOWS
def test_what_others_named_is_no_part_of_a_script(path: Path) -> None:
    """A branch or a tag may be called like a command: scripts get names by variables."""
    for job in jobs(path).values():
        assert [step["run"] for step in job.get("steps", ()) if "${{" in step.get("run", "")] == []


def test_one_action_has_one_version() -> None:
    """In all workflows."""
    used = {line for path in FOLDER.glob("*.yml") for line in re.findall(r"uses: ([\w./-]+@.*)", path.read_text())}
    assert len({line.partition("@")[0] for line in used}) == len(used)


def test_a_release_is_tested_and_made_by_our_own_commands() -> None:
    """Nothing is published that was not tested; nothing is built that a person could not build so."""
    release = jobs(FOLDER / "release.yml")
    assert release["test"]["uses"] == "./.github/workflows/ci.yml"
    assert set(release["attest"]["needs"]) == {"test", "build"}
    assert {release[name]["needs"] for name in ("draft", "pypi")} == {"attest"}
    assert 'packaging/dev release --compare "$GITHUB_REF_NAME"' in [
        step.get("run") for step in release["build"]["steps"]
    ]

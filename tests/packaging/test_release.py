"""What a release is made of, and what it refuses, each in a clone with a version of its own."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from devtools import archive, contents, release, sbom
from devtools.artefacts import source
from devtools.machine import NotReadyError

EPOCH = 1_700_000_000  # 2023-11-14T22:13:20Z
CHANGES = "# Changelog\n\n## [Unreleased]\n\n- later\n\n## [1.2.3] - 2026-11-28\n\n- a thing\n\n## [1.2.2]\n\n- old\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of this tree with nothing to commit, whose version is 1.2.3, and whose CHANGELOG knows it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    source.copy(folder, called="1.2.3")
    (folder / release.CHANGES).write_text(CHANGES)
    commit(folder)
    return folder


def commit(clone: Path) -> None:
    """Commit everything."""
    who = ("-c", "user.name=trayexec", "-c", "user.email=")
    git(clone, "add", "--all")
    git(clone, *who, "commit", "--quiet", "--message", "A change")


def git(clone: Path, *words: str) -> None:
    """Have git do this there."""
    subprocess.run(["git", *words], cwd=clone, check=True)


def refusal(clone: Path, *words: str) -> str:
    """What `packaging/dev release` says there; it must fail before it makes anything."""
    argv = [sys.executable, str(clone / "packaging/dev"), "release", *words]
    done = subprocess.run(argv, cwd=clone, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (clone / "dist").exists()
    return done.stderr


def test_a_tree_without_its_tag_is_refused(clone: Path) -> None:
    """With the command that makes the tag, or goes to it."""
    assert "git tag --sign v1.2.3" in refusal(clone)
    git(clone, "tag", "v1.2.3")
    (clone / "README.md").write_text("changed")
    assert "git stash" in refusal(clone)
    commit(clone)
    assert "git checkout v1.2.3" in refusal(clone)


def test_a_tag_of_another_version_is_refused(clone: Path) -> None:
    """The version stands in one place, and the tag has to agree."""
    git(clone, "tag", "v9")
    said = refusal(clone, "v9")
    assert "1.2.3" in said
    assert source.VERSION in said


def test_a_version_that_the_changelog_does_not_know_is_refused(clone: Path) -> None:
    """Nobody would know what is new."""
    (clone / release.CHANGES).write_text(CHANGES.replace("1.2.3", "1.2.1"))
    commit(clone)
    git(clone, "tag", "v1.2.3")
    assert "`## [1.2.3] - DATE`" in refusal(clone)


def test_the_notes_are_the_changelogs() -> None:
    """Of this version and no other, and how to check a download."""
    said = release.notes(CHANGES, "1.2.3")
    assert said.startswith("- a thing\n")
    assert "later" not in said
    assert "old" not in said
    assert "gh attestation verify" in said
    with pytest.raises(NotReadyError):
        release.notes(CHANGES, "1.2")


def test_a_download_can_be_checked(tmp_path: Path) -> None:
    """By coreutils; and every artefact has a document about it."""
    wheel = tmp_path / "trayexec-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("trayexec-1.2.3.dist-info/METADATA", "")
    release.describe(tmp_path, version="1.2.3", epoch=EPOCH, changes=CHANGES)
    described = {"NOTES.md", "SHA256SUMS", wheel.name, f"{wheel.name}.cdx.json"}
    assert {one.name for one in tmp_path.iterdir()} == described
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    wheel.write_text("another")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_the_document_names_all_that_is_inside(tmp_path: Path) -> None:
    """As CycloneDX 1.6 has it: each component once, each reference to something that is there; the same every time."""
    artefact = tmp_path / "trayexec-1.2.3-linux-x86_64.tar.gz"
    artefact.write_text("archive")
    parts = [contents.of_python("boto3", "1.44"), contents.Part("libssl3", None, "pkg:deb/debian/libssl3")]
    text = sbom.written(artefact, parts, version="1.2.3", epoch=EPOCH)
    assert text == sbom.written(artefact, parts, version="1.2.3", epoch=EPOCH)
    document = json.loads(text)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    about = document["metadata"]
    assert about["timestamp"] == "2023-11-14T22:13:20Z"
    assert about["component"]["hashes"][0]["content"] == hashlib.sha256(b"archive").hexdigest()
    assert [(one["purl"], one.get("version")) for one in document["components"]] == [
        ("pkg:pypi/boto3@1.44", "1.44"),
        ("pkg:deb/debian/libssl3", None),
    ]
    there = {about["component"]["bom-ref"], *(one["bom-ref"] for one in document["components"])}
    assert {one["ref"] for one in document["dependencies"]} == there
    assert {ref for one in document["dependencies"] for ref in one.get("dependsOn", ())} <= there


def test_what_differs_between_two_places_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that only one has, and one that is not the same. Both stay, to be looked at."""
    one, other = tmp_path / "dist", tmp_path / "dist-again"
    for folder in (one, other):
        folder.mkdir()
        (folder / "same").write_text("same")
        (folder / "changed").write_text(folder.name)
    (other / "more").touch()
    assert release.judge(one, other) == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["  changed", "  more"]
    assert other.exists()


def test_what_is_the_same_is_kept_once(tmp_path: Path) -> None:
    """The second was only to compare with."""
    for name in ("dist", "dist-again"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same").write_text("same")
    assert release.judge(tmp_path / "dist", tmp_path / "dist-again") == 0
    assert [one.name for one in tmp_path.iterdir()] == ["dist"]


def test_an_archive_is_the_same_whoever_makes_it(tmp_path: Path) -> None:
    """Dates, owners, and what a umask took away do not show."""
    made = []
    for mask, when in ((0o022, 1), (0o077, 2)):
        former = os.umask(mask)
        try:
            folder = tmp_path / str(when) / "recipes"
            folder.mkdir(parents=True)
            (folder / "one").write_text("one")
            os.utime(folder / "one", (when, when))
            made.append(archive.pack(folder, tmp_path / f"{when}.tar.gz", epoch=EPOCH).read_bytes())
        finally:
            os.umask(former)
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "1.tar.gz") as tar:
        assert {(one.name, one.uid, one.mtime) for one in tar} == {("recipes", 0, EPOCH), ("recipes/one", 0, EPOCH)}

"""The Debian package, as far as it can be seen without making it: `test --installed` installs the one that is made."""

import re
import shutil
import subprocess
from pathlib import Path

import botocore
import pytest

from devtools.artefacts import deb, layout, source, wheels
from devtools.machine import TOP

ASKED = re.compile(r"(?:create_client|client_creator|\.client)\(\s*['\"]([a-z0-9-]+)['\"]")


def test_each_service_that_is_asked_is_brought() -> None:
    """By us, and by the parts of botocore that get credentials."""
    ours = sorted((TOP / "agent").rglob("*.py"))
    theirs = [Path(botocore.__file__).parent / f"{name}.py" for name in ("credentials", "tokens", "utils")]
    asked = {name for one in (*ours, *theirs) for name in ASKED.findall(one.read_text())}

    assert {"sts", "sso", "signin"} <= asked <= wheels.SERVICES


def test_each_dependency_comes_from_somewhere() -> None:
    """And from one place only."""
    places = [*layout.BROUGHT, *deb.OF_DEBIAN, *deb.BEHIND_THEM]

    assert sorted(places) == sorted(wheels.on_linux())


def test_all_that_is_brought_has_its_licence_told() -> None:
    """Each licence that is named has its text, too."""
    said = (deb.INPUTS / "copyright").read_text()

    assert {line.removeprefix("# ") for line in said.splitlines() if line.startswith("# ")} == set(layout.BROUGHT)
    named = re.findall(r"^License: (\S+)$", said, re.MULTILINE)
    texts = re.findall(r"^License: (\S+)\n ", said, re.MULTILINE)
    assert set(named) == set(texts)


def test_the_changelog_is_debians() -> None:
    """A stanza for each version, the newest first; what is not released goes by this version."""
    said = deb.changelog(
        "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- One\n  thing.\n\n## [0.0.9] - 2026-01-02\n\n- Old.\n"
    )

    assert re.findall(r"^trayexec \((.*)\) unstable; urgency=medium$", said, re.MULTILINE) == [
        source.version(),
        "0.0.9",
    ]
    assert "\n  [ Added ]\n\n  * One thing.\n" in said
    assert re.search(r"^ -- The trayexec authors <\S+>  Fri, 02 Jan 2026 00:00:00 \+0000$", said, re.MULTILINE)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg is Debian's")
def test_dpkg_reads_what_we_write(tmp_path: Path) -> None:
    """Root's, programs executable, links kept; and the same when written again from another folder."""
    archives = []
    for name in ("one", "another"):
        root, control = tmp_path / name / "root", tmp_path / name / "control"
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin/trayexec").write_text("#!/bin/sh\n")
        (root / "usr/bin/trayexec").chmod(0o700)
        (root / "usr/bin/link").symlink_to("trayexec")
        control.mkdir()
        (control / "control").write_text(
            "Package: trayexec\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.org>\nDescription: x\n"
        )
        archives.append(deb.archive(control, root))
    made = tmp_path / "made.deb"
    made.write_bytes(archives[0])

    listed = subprocess.check_output(["dpkg-deb", "--contents", made], text=True)
    assert re.search(r"^-rwxr-xr-x root/root .* \./usr/bin/trayexec$", listed, re.MULTILINE)
    assert re.search(r"^lrwxr-xr-x root/root .* \./usr/bin/link -> trayexec$", listed, re.MULTILINE)
    assert subprocess.check_output(["dpkg-deb", "--field", made, "Package"], text=True) == "trayexec\n"
    assert archives[0] == archives[1]

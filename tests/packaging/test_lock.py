"""The locked versions: they are those that pyproject.toml allows, each with the hashes of its files."""

import re
import tomllib
from pathlib import Path

import pytest

# `packaging` is this folder here.
from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

from devtools import lock

LOCKS = pytest.mark.parametrize("locked", [lock.SHIPS, lock.LOGIN, lock.BUILDS], ids=lambda one: one.path.name)
SYSTEMS = (("linux", "posix"), ("darwin", "posix"), ("win32", "nt"))
PYTHONS = ("3.11", "3.12", "3.13")


@LOCKS
def test_it_is_of_what_is_required_now(locked: lock.Lock) -> None:
    """A requirement that was added, changed or dropped since wants new locks."""
    assert locked.path.read_text().startswith(f"{locked.made_for()}\n"), "renew it: packaging/dev lock"


def test_a_changed_requirement_is_noticed(tmp_path: Path) -> None:
    """By the first line."""
    source = tmp_path / "build.in"
    source.write_text("hatchling>=1.27\n")
    before = lock.Lock(lock.BUILDS.path, source).made_for()
    source.write_text("hatchling>=1.28\n")
    assert lock.Lock(lock.BUILDS.path, source).made_for() != before


@LOCKS
def test_each_requirement_has_its_pin(locked: lock.Lock) -> None:
    """On each system and Python, and a version that the bounds allow."""
    pins = {pin.name: pin for pin in locked.pins()}
    for requirement in map(Requirement, locked.requirements()):
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin.version)
        for system, name in SYSTEMS:
            for python in PYTHONS:
                place = {
                    "sys_platform": system,
                    "os_name": name,
                    "python_version": python,
                    "python_full_version": f"{python}.0",
                }
                wanted = requirement.marker is None or requirement.marker.evaluate(place)
                assert not wanted or not pin.marker or Marker(pin.marker).evaluate(place), (pin, place)


@LOCKS
def test_each_pin_has_hashes_and_names_no_registry(locked: lock.Lock) -> None:
    """Whoever installs takes these very files, from wherever they have them."""
    text = locked.path.read_text()
    assert all(pin.hashes for pin in locked.pins())
    assert sum(len(pin.hashes) for pin in locked.pins()) == text.count("--hash=")
    assert not re.search(r"://|index-url", text)


def test_the_extra_for_sign_ins_is_locked() -> None:
    """As pyproject.toml has it."""
    project = tomllib.loads(lock.SHIPS.source.read_text())["project"]
    assert tuple(project["optional-dependencies"]["login"]) == lock.LOGIN.requirements()


def test_what_builds_the_wheel_is_locked() -> None:
    """The build backend of pyproject.toml is among the tools."""
    backend = tomllib.loads(lock.SHIPS.source.read_text())["build-system"]["requires"]
    assert set(backend) <= set(lock.BUILDS.requirements())


@LOCKS
def test_where_a_pin_is_for_is_read_as_pip_reads_it(locked: lock.Lock) -> None:
    """For each system and Python that we name."""
    for pin in locked.pins():
        for system, _ in SYSTEMS:
            for python in PYTHONS:
                place = {"sys_platform": system, "python_full_version": f"{python}.0"}
                assert pin.is_for(system, python) == (not pin.marker or Marker(pin.marker).evaluate(place)), pin

"""What all tests share: rigs without a display (one keyring, all else a test's own), and how hypothesis searches."""

import compileall
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

import trayexec
from awssim import Sim
from support.desktop import private_desktop
from support.guard import pytest_configure
from support.rig import Keyring, Rig, rig_on, world_with
from support.sdks import header
from support.strict import pytest_make_collect_report, pytest_runtest_makereport

# pytest finds its hooks by name.
__all__ = ["pytest_configure", "pytest_make_collect_report", "pytest_runtest_makereport"]

# A busy machine is no failure, and a found example is told by its steps, not by a database on somebody's disk.
settings.register_profile(
    "modest", deadline=None, max_examples=60, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("modest"), max_examples=2000)
settings.load_profile("modest")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the package: what runs on a test's desktop writes no bytecode, and would compile it each time."""
    if not hasattr(session.config, "workerinput"):
        compileall.compile_dir(Path(trayexec.__file__).parent, quiet=2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a rig, so that `packaging/dev test --fast` can leave it out; give hypothesis its time.

    It looks for the simplest example for five minutes, and takes a time-out meanwhile for one more failure.
    """
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.timeout(600))
        if {"keyring", "bare", "bus", "desk"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("rig")


def pytest_report_header() -> str:
    """Which of the SDKs that need a tool of their language are run here, and why not the others."""
    return header()


@pytest.fixture(scope="session")
def keyring() -> Iterator[Keyring]:
    """A real gnome-keyring, filled by `trayexec keys add`."""
    with private_desktop() as desk, rig_on(desk) as rig:
        rig.store_keys()
        yield Keyring(desk, rig.sim.world.user_key())


@pytest.fixture
def bare() -> Iterator[Rig]:
    """A rig on a machine with no D-Bus, and so without a keyring."""
    with private_desktop() as desk, rig_on(desk) as rig:
        yield rig


@pytest.fixture
def rig(keyring: Keyring) -> Iterator[Rig]:
    """A rig whose keys are stored, and whose agent does not run yet."""
    with private_desktop() as desk, Sim(world_with(keyring.key)) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as own:
            yield own


@pytest.fixture(scope="module")
def open_rig(keyring: Keyring) -> Iterator[Rig]:
    """A rig shared by the tests of a file, its session open: leave it open."""
    with private_desktop() as desk, Sim(world_with(keyring.key)) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as own:
            yield own.unlock()

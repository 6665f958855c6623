"""Rigs without a display. The keyring is shared by all tests of this folder; everything else is a test's own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from awssim import Sim
from awssim.world import Key
from support.desktop import Desktop, private_desktop
from support.rig import Rig, rig_on, world_with


@dataclass(frozen=True, slots=True)
class Keyring:
    """A keyring in which alice's long-term keys are stored for the profile `default`."""

    desk: Desktop
    key: Key


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

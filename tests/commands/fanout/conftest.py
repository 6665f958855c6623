"""A rig with a dozen roles, its session open."""

from collections.abc import Iterator

import pytest

from awssim import Sim
from awssim.world import Trust, World
from support.desktop import private_desktop
from support.rig import Keyring, Rig, rig_on, world_with

ROLES = 12
TRUST = Trust(("arn:aws:iam::111111111111:root",), mfa=True)


def add_roles(world: World) -> None:
    """`role-000` and so on, each in an account of its own."""
    for number in range(ROLES):
        world.add_role(f"4{number:011d}", "Deploy", TRUST, profile=f"role-{number:03d}")


def rig_with_roles(keyring: Keyring) -> Iterator[Rig]:
    """A rig whose keys are stored, locked."""
    world = world_with(keyring.key)
    add_roles(world)
    with private_desktop() as desk, Sim(world) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as own:
            yield own


@pytest.fixture(scope="module")
def fan(keyring: Keyring) -> Iterator[Rig]:
    """Shared by the tests of a file, its session open: leave it open."""
    for rig in rig_with_roles(keyring):
        yield rig.unlock()


@pytest.fixture
def own(keyring: Keyring) -> Iterator[Rig]:
    """A test's own, locked."""
    yield from rig_with_roles(keyring)

"""A rig with two identities: alice, whose keys are those of `default`, and bob of another account, with a device."""

import contextlib
from collections.abc import Iterator

from support.desktop import Desktop
from support.rig import Rig, rig_on

ACCOUNT = "222222222222"


@contextlib.contextmanager
def two_identities(desk: Desktop) -> Iterator[Rig]:
    """Keys stored for both, nothing unlocked; the profile `bob` is bob himself."""
    with rig_on(desk) as rig:
        world = rig.sim.world
        bob = world.add_user(ACCOUNT, "bob")
        key = world.add_key(bob)
        world.add_device(bob)
        rig.config(
            f"{world.config_text(rig.sim.url)}\n[profile bob]\nendpoint_url = {rig.sim.url}\nregion = eu-central-1\n"
            f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/bob\n"
        )
        rig.store_keys()
        env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
        stored = rig.run("keys", "add", "bob", "--env", env=env)
        assert stored.status == 0, stored.err
        yield rig

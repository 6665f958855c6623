"""`keys add --memory`: on a machine without a keychain the agent holds the keys until it ends, and nobody else does."""

import os
import signal
from pathlib import Path

from awssim.world import Key
from support.desktop import eventually
from support.processes import alive
from support.rig import Done, Rig


def add(rig: Rig, key: Key | None = None) -> Done:
    """`keys add default --memory`, by a script."""
    key = key or rig.sim.world.user_key()
    env = {"AWS_ACCESS_KEY_ID": key.id, "AWS_SECRET_ACCESS_KEY": key.secret}
    return rig.run("keys", "add", "default", "--env", "--memory", env=env)


def origin(rig: Rig) -> str:
    """Where the keys of `default` come from, as the status says."""
    return next(str(one["keys_from"]) for one in rig.status()["identities"] if one["name"] == "default")


def test_they_open_a_session_and_are_stored_nowhere(bare: Rig) -> None:
    """An agent is started for them; what holds them is named by all that speak of keys."""
    done = add(bare)
    assert done.status == 0, done.err
    assert "until it ends" in done.err
    bare.unlock()
    assert bare.run("account-a", "--", "true").status == 0
    assert origin(bare) == "memory"
    said = "in the agent's memory alone"
    assert said in bare.run("status").out
    assert said in bare.run("keys", "list").out
    assert said in bare.run("why", "account-a").out
    assert said in bare.run("doctor").out
    (row,) = bare.run("keys", "list", "--json").json
    assert (row["from"], row["stored"]) == ("memory", False)
    secret = bare.sim.world.user_key("alice").secret.encode()
    assert not [one for one in bare.desk.home("home").rglob("*") if one.is_file() and secret in one.read_bytes()]
    for process in (bare.agent_pid,):
        assert secret not in Path(f"/proc/{process}/cmdline").read_bytes()


def test_a_lock_leaves_them_and_the_agents_end_does_not(bare: Rig) -> None:
    """As a lock leaves a keychain; another agent knows nothing of them, and says what to do."""
    add(bare)
    bare.unlock()
    bare.run("lock")
    assert bare.auth().status == 0
    before = bare.agent_pid
    os.kill(before, signal.SIGKILL)
    eventually("the agent to end", lambda: not alive(before))
    refused = bare.auth()
    assert refused.status == 125
    assert "`trayexec keys add default --memory`" in refused.err


def test_they_can_be_taken_out_again(bare: Rig) -> None:
    """With the session that was made of them; where there were none, it is said as before."""
    add(bare)
    bare.unlock()
    done = bare.run("keys", "remove", "default")
    assert done.status == 0, done.err
    assert bare.phase() == "locked"
    assert origin(bare) == "keychain"
    assert bare.auth().status == 125
    assert bare.run("keys", "remove", "default").status == 125


def test_they_come_before_stored_ones_and_are_looked_at_as_those(rig: Rig) -> None:
    """A person has just given them. Keys of another account are refused, and nothing changes."""
    bob = rig.sim.world.add_user("222222222222", "bob")
    refused = add(rig, rig.sim.world.add_key(bob))
    assert refused.status == 125
    assert "222222222222" in refused.err
    new = rig.sim.world.add_key(rig.sim.world.users["arn:aws:iam::111111111111:user/alice"])
    assert add(rig, new).status == 0
    rig.unlock()
    opened = rig.sim.calls[-1]
    assert (opened.action, opened.access_key_id) == ("GetSessionToken", new.id)


def test_a_pair_that_is_none_is_not_held(bare: Rig) -> None:
    """The agent looks, too: whatever another program sends it."""
    bare.start_agent()
    done = bare.run("keys", "add", "default", "--env", "--memory", env={"AWS_ACCESS_KEY_ID": "x"})
    assert done.status == 125
    assert origin(bare) == "keychain"

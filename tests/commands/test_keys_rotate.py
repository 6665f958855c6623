"""`keys rotate`: a new key in place of the old one, whatever goes wrong on the way, and whenever it is killed."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awssim import Kind
from awssim.world import Key
from support.desktop import eventually, private_desktop
from support.killing import Killer
from support.memory_keychain import MemoryKeychain
from support.rig import Rig, rig_on
from trayexec.commands.keys_rotate.rotation import KeyOwner, Rotation, RotationPorts
from trayexec.core.config.profiles import StsEndpoint
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import Refusal, StsError
from trayexec.core.rotation import AccessKey, Begun, LastUse, beside
from trayexec.light.errors import TrayexecError, trouble

ALICE = "111111111111"
ARN = f"arn:aws:iam::{ALICE}:user/alice"
NOW = 1_800_000_000.0
LEAST_STEPS = 15  # that a rotation takes, seen from outside


class Killed(BaseException):
    """What a kill -9 is to the code that it meets: nothing runs any more."""


class Aws:
    """AWS, as far as a rotation goes: alice's keys, and how many looks a new one takes to be known."""

    def __init__(self) -> None:
        self.keys = {"old": AccessKey("old", active=True, created=NOW - 9e6)}
        self.made = 0
        self.unknown = 2

    def check(self, endpoint: StsEndpoint, keys: LongTermKeys, name: str) -> str:
        """Whose they are, once they are known."""
        del endpoint, name
        known = self.keys.get(keys.access_key_id)
        if known is None or not known.active or self.unknown:
            self.unknown = max(0, self.unknown - 1)
            raise StsError(trouble("keys_refused", "", ""), Refusal.KEYS)
        return ARN


class Machine:
    """All that a rotation works with, which dies at the operations of these numbers: before they are done, or after."""

    def __init__(self, deaths: list[tuple[int, bool]]) -> None:
        self.aws = Aws()
        self.keychain = MemoryKeychain()
        self.keychain.store("default", LongTermKeys("old", Secret("s"), ARN))
        self.written: dict[str, Begun] = {}
        self.deaths = dict(deaths)
        self.done = 0

    def rotate(self) -> None:
        """Once, as far as it comes."""
        ports = RotationPorts(_Ring(self), _Iam(self), self.aws, _Notes(self), lambda _: None, lambda: NOW)
        rotation = Rotation(KeyOwner("default", ARN, StsEndpoint("us-east-1")), ports, lambda _: None)
        seen = rotation.look()
        rotation.check(seen)
        rotation.go_on(seen)

    def act(self, effect: Callable[[], None]) -> None:
        """Something that is seen from outside."""
        number, self.done = self.done, self.done + 1
        if self.deaths.get(number) is False:
            raise Killed
        effect()
        self.check()
        if self.deaths.get(number) is True:
            raise Killed

    def check(self) -> None:
        """The key in the keychain works at any moment."""
        assert self.aws.keys[self.keychain.items["default"].access_key_id].active


class _Ring(MemoryKeychain):
    def __init__(self, machine: Machine) -> None:
        self.items = machine.keychain.items
        self.trouble = None
        self.machine = machine

    def store(self, name: str, keys: LongTermKeys) -> None:
        self.machine.act(lambda: self.items.__setitem__(name, keys))

    def remove(self, name: str) -> None:
        self.read(name)
        self.machine.act(lambda: self.items.__delitem__(name))


class _Iam:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.aws = machine.aws

    def keys(self) -> tuple[AccessKey, ...]:
        return tuple(self.aws.keys.values())

    def last_use(self, access_key_id: str) -> LastUse | None:
        return LastUse(NOW, "sts") if access_key_id == "old" else None

    def make(self) -> LongTermKeys:
        assert len(self.aws.keys) < 2
        self.aws.made += 1
        name = f"new{self.aws.made}"
        self.machine.act(lambda: self.aws.keys.__setitem__(name, AccessKey(name, active=True, created=NOW)))
        return LongTermKeys(name, Secret("s"), ARN)

    def take(self, keys: LongTermKeys) -> None:
        assert self.machine.keychain.items["default"] == keys

    def switch_off(self, access_key_id: str) -> None:
        off = replace(self.aws.keys[access_key_id], active=False)
        self.machine.act(lambda: self.aws.keys.__setitem__(access_key_id, off))

    def delete(self, access_key_id: str) -> None:
        self.machine.act(lambda: self.aws.keys.__delitem__(access_key_id))


class _Notes:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def read(self, name: str) -> Begun | None:
        return self.machine.written.get(name)

    def write(self, name: str, begun: Begun) -> None:
        self.machine.act(lambda: self.machine.written.__setitem__(name, begun))

    def forget(self, name: str) -> None:
        self.machine.act(lambda: self.machine.written.__delitem__(name))


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=4))
@settings(deadline=None)
def test_killed_between_any_two_steps_a_working_key_is_stored(deaths: list[tuple[int, bool]]) -> None:
    """And the next one goes on from there, to the one new key, with nothing left over."""
    machine = Machine(deaths)
    for _ in range(len(deaths) + 1):
        try:
            machine.rotate()
        except Killed:
            machine.check()
        else:
            break
    (key,) = machine.aws.keys.values()
    assert machine.keychain.items.keys() == {"default"}
    assert machine.keychain.items["default"].access_key_id == key.id != "old"
    assert not machine.written


def test_every_step_can_be_the_last() -> None:
    """One after the other: no step is left out by chance."""
    whole = Machine([])
    whole.rotate()
    for number in range(whole.done):
        for after in (False, True):
            machine = Machine([(number, after)])
            with pytest.raises(Killed):
                machine.rotate()
            machine.rotate()
            assert len(machine.aws.keys) == 1
            assert not machine.written


def test_a_key_that_cannot_be_stored_is_taken_back() -> None:
    """The keychain is locked just then: AWS has no key whose secret nobody knows."""
    machine = Machine([])
    real = _Ring.store

    def locked(ring: _Ring, name: str, keys: LongTermKeys) -> None:
        if name == beside("default"):
            raise TrayexecError(trouble("keychain_locked", "", ""))
        real(ring, name, keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Ring, "store", locked)
        with pytest.raises(TrayexecError):
            machine.rotate()
    assert machine.aws.keys.keys() == {"old"}
    machine.rotate()
    assert len(machine.aws.keys) == 1


# With a real agent, keychain and AWS


@pytest.fixture
def own() -> Iterator[Rig]:
    """A rig with a keyring of its own, in which the keys of alice are stored, and her session open."""
    with private_desktop() as desk, rig_on(desk) as rig:
        rig.store_keys()
        rig.unlock()
        yield rig


def item(rig: Rig, name: str = "default") -> str:
    """The id of the key that the keychain has under this name."""
    said = rig.desk.run(["secret-tool", "lookup", "service", "trayexec", "username", name])
    return str(json.loads(said)["access_key_id"])


def rotated(rig: Rig, before: Key) -> Key:
    """The one key that alice has now, which is the stored one and not that of before."""
    (key,) = rig.sim.world.keys_of()
    assert key.id != before.id
    assert key.active
    assert item(rig) == key.id
    return key


def test_a_new_key_takes_the_place_of_the_old_one(own: Rig) -> None:
    """The session goes on, the next code is sent with the new key, and no secret is shown."""
    own.sim.world.restrict("alice", wants_mfa=True)
    old = own.sim.world.user_key()
    done = own.run("keys", "rotate", "--yes", "--json")
    assert done.status == 0, done.err
    new = rotated(own, old)
    assert (done.json["former"], done.json["key"]) == (f"…{old.id[-4:]}", f"…{new.id[-4:]}")
    assert new.secret not in done.out + done.err
    assert own.run("--no-wait", "account-a", "--", "true").status == 0
    assert own.sim.count("GetSessionToken") == 1
    assert own.auth(None, "--force").status == 0
    assert own.sim.calls[-1].access_key_id == new.id
    assert [one["name"] for one in own.run("keys", "list", "--json").json] == ["default"]


def test_aws_takes_its_time_to_hear_of_a_new_key(own: Rig) -> None:
    """It is waited for until AWS takes the key every time; once is not enough."""
    own.sim.world.lag = 2
    old = own.sim.world.user_key()
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 0, done.err
    assert "waiting until AWS takes the new key" in done.err
    new = rotated(own, old)
    assert [call.outcome for call in own.sim.calls if call.access_key_id == new.id][:7] == [
        *["InvalidClientTokenId"] * 2,
        "OK",
        "InvalidClientTokenId",
        *["OK"] * 3,
    ]


def test_a_dry_run_says_what_would_go_and_changes_nothing(own: Rig) -> None:
    """AWS is only asked which keys there are."""
    own.write("home/.aws/credentials", f"[old]\naws_access_key_id = {own.sim.world.user_key().id}\n").chmod(0o600)
    before = own.sim.world.keys_of()
    done = own.run("keys", "rotate", "default", "--dry-run", "--json")
    assert done.status == 0, done.err
    assert done.json["rotated"] is False
    assert "[old]" in done.err
    assert own.sim.world.keys_of() == before
    assert not own.desk.home("home/.local/state/trayexec/rotations.json").exists()


@pytest.mark.parametrize("answer", ["n", "y"])
def test_a_person_decides(own: Rig, answer: str) -> None:
    """Nothing is changed before they have agreed, and nothing if they do not; a script has to say --yes."""
    old = own.sim.world.user_key()
    assert "--yes" in own.run("keys", "rotate").err
    terminal = own.terminal("keys", "rotate")
    terminal.wait_for(r"Rotate it\? \[y/N\]")
    assert own.sim.world.keys_of() == (old,)
    terminal.type(f"{answer}\n")
    status, _ = terminal.ended()
    if answer == "y":
        assert status == 0
        rotated(own, old)
    else:
        assert status == 125
        assert item(own) == old.id
        assert own.sim.world.keys_of() == (old,)


def test_without_rights_the_policy_is_named_and_the_old_key_stays(own: Rig) -> None:
    """At each step: nothing is lost, and once the rights are there the next one goes on."""
    old = own.sim.world.user_key()
    for permits in ((), ("iam:List*",), ("iam:[LC]*",), ("iam:[LCU]*",)):
        own.sim.world.restrict("alice", permits=permits)
        done = own.run("keys", "rotate", "--yes")
        assert done.status == 125
        assert "iam:CreateAccessKey" in done.err
        assert ARN in done.err
        assert next(one for one in own.sim.world.keys_of() if one.id == item(own)).active
    own.sim.world.restrict("alice")
    assert own.run("keys", "rotate", "--yes").status == 0
    rotated(own, old)


def test_another_key_of_the_users_is_left_to_the_user(own: Rig) -> None:
    """AWS allows two, and nobody but a person knows whether the other one is in use."""
    other = own.sim.world.add_key(own.sim.world.users[ARN])
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 125
    assert other.id in done.err
    assert "never used" in done.err
    assert len(own.sim.world.keys_of()) == 2


@pytest.mark.parametrize("first", [1, 2])
def test_killed_at_any_step_the_next_one_goes_on(own: Rig, first: int) -> None:
    """Whatever it does to a file, the keychain or AWS: a key that works is stored, and in the end there is one."""
    killer = Killer(own)
    for number in count(first, 2):
        before = own.sim.world.keys_of()
        status = killer.run(number, "keys", "rotate", "--yes")
        assert next(one for one in own.sim.world.keys_of() if one.id == item(own)).active, number
        if status == 0:
            break
        assert status == -signal.SIGKILL
        if own.sim.world.keys_of() == before and item(own) == before[0].id and not _noted(own):
            continue  # nothing had begun
        assert killer.run(0, "keys", "rotate", "--yes") == 0
        assert [one.id for one in own.sim.world.keys_of()] == [item(own)], number
        assert not _noted(own)
    assert number > LEAST_STEPS
    assert [one["name"] for one in own.run("keys", "list", "--json").json] == ["default"]
    assert own.run("agent", "stop").status == 0
    own.start_agent()
    assert not [*own.desk.home("home").rglob(".trayexec-*")]


def _noted(rig: Rig) -> bool:
    """Whether a rotation is written down that was begun."""
    path = rig.desk.home("home/.local/state/trayexec/rotations.json")
    return path.exists() and bool(json.loads(path.read_text())["rotations"])


@pytest.mark.parametrize("action", ["CreateAccessKey", "GetCallerIdentity", "UpdateAccessKey", "DeleteAccessKey"])
def test_killed_while_aws_answers_the_next_one_goes_on(own: Rig, action: str) -> None:
    """AWS has done it, and nobody heard of it any more: what is stored works, and in the end there is one key."""
    old, before = own.sim.world.user_key(), own.sim.count(action)
    own.sim.fault(Kind.LATE, action, seconds=60)
    process = own.start("keys", "rotate", "--yes")
    eventually(f"AWS to do {action}", lambda: own.sim.count(action) > before)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert next(one for one in own.sim.world.keys_of() if one.id == item(own)).active
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 0, done.err
    rotated(own, old)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Kind.HTML, "did not come from AWS"),
        (Kind.ERROR_503, "answers nothing of use"),
        (Kind.DROP_AFTER, "no answer"),
        (Kind.EXPIRED_TOKEN, "takes neither the session nor the keys"),
    ],
)
def test_a_lost_answer_loses_no_key(own: Rig, kind: Kind, says: str) -> None:
    """Whatever comes in place of the new key, the old one goes on, and one that was made all the same goes."""
    old = own.sim.world.user_key()
    own.sim.fault(kind, "CreateAccessKey")
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 125
    assert says in done.err
    assert item(own) == old.id
    assert own.run("account-a", "--", "true").status == 0
    assert own.run("keys", "rotate", "--yes").status == 0
    rotated(own, old)


def test_keys_without_a_profile_of_their_own_sign_for_themselves(own: Rig) -> None:
    """Where only roles lead to the keys, no session can be had for IAM: then the keys themselves ask."""
    role = own.sim.world.profiles["account-a"]
    device = own.sim.world.device().serial
    own.config(
        f"[profile a]\nrole_arn = {role}\nsource_profile = default\nmfa_serial = {device}\nregion = eu-central-1\n"
        f"endpoint_url = {own.sim.url}\n[default]\nendpoint_url = {own.sim.url}\nregion = eu-central-1\n"
    )
    old = own.sim.world.user_key()
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 0, done.err
    rotated(own, old)


def test_no_two_rotate_at_once(own: Rig) -> None:
    """The second one is told, and changes nothing."""
    own.sim.fault(Kind.LATE, "ListAccessKeys", seconds=60)
    first = own.start("keys", "rotate", "--yes")
    eventually("the first to ask", lambda: own.sim.count("ListAccessKeys"))
    done = own.run("keys", "rotate", "--yes")
    assert done.status == 125
    assert "Another rotation" in done.err
    first.kill()
    first.communicate()

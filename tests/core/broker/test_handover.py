"""What one agent leaves to the next: sessions find their own identity and no other, and a lock reaches them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.stage import ALICE, BASE, HOUR, ROBOT, VAULT, Stage, identity, role
from trayexec.core.broker import handover
from trayexec.core.broker.events import IdleSeen, Renewal, Screen
from trayexec.core.broker.handover import Handover, mark
from trayexec.core.broker.state import Open
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.settings import OnLock

OTHERS = [
    identity("bob"),
    replace(ALICE, keys="other"),
    replace(ALICE, mfa_serial="arn:aws:iam::111111111111:mfa/other"),
    replace(ALICE, endpoint_url="https://sts.example"),
    replace(ALICE, trust="/ca.pem"),
    replace(ALICE, way="http://proxy"),
    replace(ALICE, role=role("long", ALICE)),
    replace(ALICE, role=replace(role("long", ALICE), seconds=7200)),
    replace(ALICE, program=VAULT),
    replace(ALICE, program=replace(VAULT, settings=(("credential_process", "another"),))),
]


def opened() -> Stage:
    """An agent with one session."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock()
    return stage


def heir(former: Stage) -> Stage:
    """The next agent, whose clock counts from elsewhere."""
    document = handover.written(handover.taken(former.broker, {}), former.now)
    stage = Stage(now=Instant(77.0, former.now.wall + 0.3), _issued=former._issued)
    stage.broker = handover.inherit(stage.broker, handover.read(document, stage.now))
    return stage


def test_marks_are_those_of_equal_identities() -> None:
    """Whatever makes two identities two, gives them two marks; what is only said of one, does not."""
    assert len({mark(one) for one in (ALICE, *OTHERS)}) == len({ALICE, *OTHERS}) == len(OTHERS) + 1
    assert mark(replace(ALICE, name="by another name", owner="111111111111", user="alice")) == mark(ALICE)


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
def test_no_other_identity_gets_the_session(other: Identity) -> None:
    """Not one that differs in anything; it waits for its own."""
    stage = heir(opened())
    stage.configure(other)
    assert not stage.is_open(other)
    stage.configure(other, ALICE)
    assert stage.is_open()
    assert not stage.is_open(other)


def test_it_is_met_by_the_files_or_by_who_asks() -> None:
    """One of another folder's files is known only once somebody asks there."""
    stage = heir(opened())
    assert stage.served(stage.ask(BASE, wait=0))
    stage = heir(opened())
    assert stage.served(stage.auth(wait=0))
    stage = heir(opened())
    stage.configure(ALICE)
    assert stage.served(stage.ask(BASE, wait=0))
    assert not stage.broker.inherited


def test_an_agent_that_follows_an_heir_gets_what_that_never_met() -> None:
    """Two upgrades in a row lose nothing."""
    stage = heir(heir(opened()))
    assert stage.served(stage.ask(BASE, wait=0))


def test_it_goes_on_where_it_was() -> None:
    """As long as it had, less a few seconds; what was warned of is not warned of again; it is in use or not."""
    former = opened()
    former.ask()
    former.give()
    former.wait(12 * HOUR - 600)
    stage = heir(former)
    stage.configure(ALICE)
    before, after = former.broker.phase(ALICE), stage.broker.phase(ALICE)
    assert isinstance(before, Open)
    assert isinstance(after, Open)
    left = after.session.expiry.left(stage.now)
    assert before.session.expiry.left(former.now) - 5.1 < left < before.session.expiry.left(former.now) - 4.9
    assert (
        (after.warned, after.used, after.length)
        == (before.warned, before.used, before.length)
        == (frozenset({900}), True, 43200.0)
    )
    assert after.since.until(stage.now) == pytest.approx(before.since.until(former.now))
    assert after.session.expiry.utc == before.session.expiry.utc
    assert not stage.titles()
    stage.wait(301)
    assert len(stage.titles()) == 1


def test_codes_that_were_sent_are_remembered() -> None:
    """The next agent does not send one again."""
    stage = heir(opened())
    caller = stage.auth(code="123456", renewal=Renewal.ALWAYS)
    assert stage.got(caller) == "spent_code"


@pytest.mark.parametrize("how", ["lock", "lock by name", "lock another", "wiped", "idle", "ended"])
def test_a_lock_reaches_what_nobody_has_met(how: str) -> None:
    """And so does all else that forgets sessions."""
    stage = heir(opened())
    match how:
        case "lock":
            stage.lock()
        case "lock by name":
            stage.lock(ALICE.keys)
        case "lock another":
            stage.lock("another")
        case "wiped":
            stage.configure(ROBOT, on_lock=OnLock.WIPE)
            stage.screen(Screen.LOCKED)
            stage.screen(Screen.UNLOCKED)
        case "idle":
            stage.configure(ROBOT, idle_lock=1800)
            stage.do(IdleSeen(1800))
        case _:
            stage.wait(12 * HOUR)
            assert not stage.broker.inherited
    assert stage.served(stage.ask(BASE, wait=0)) is (how == "lock another")


def test_what_is_held_in_memory_goes_along() -> None:
    """Keys of a machine without a keychain."""
    keys = {"default": LongTermKeys("AKIA", Secret("s"), "arn:aws:iam::111111111111:user/alice")}
    now = Instant(1.0, 2.0)
    (name, one), *_ = handover.read(handover.written(Handover((), {}, keys), now), now).held.items()
    assert (name, one.access_key_id, one.secret_access_key.reveal(), one.arn) == (
        *("default", "AKIA", "s"),
        "arn:aws:iam::111111111111:user/alice",
    )


FIELDS = st.sampled_from(["version", "sessions", "devices", "held"])
JSON = st.recursive(st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(FIELDS, one))


@given(st.binary() | JSON.map(lambda said: json.dumps(said).encode()))
def test_a_document_that_is_none_hands_nothing_over(document: bytes) -> None:
    """Another version may write another."""
    found = handover.read(document, Instant(1.0, 2.0))
    assert not found.sessions
    assert not found.held

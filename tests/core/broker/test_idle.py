"""When nobody is at the machine everything is locked, if the settings say so."""

from collections.abc import Iterator

import pytest

from support.stage import ALICE, GIVEN, HOUR, Stage
from trayexec.core.broker.events import IdleSeen, LookIdle
from trayexec.core.broker.state import IdleWatch, Opening

MINUTE = 60


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent that locks after half an hour; in the end nobody may be left waiting."""
    stage = Stage()
    stage.configure(ALICE, idle_lock=30 * MINUTE)
    yield stage
    stage.drain()


def pass_time(stage: Stage, seconds: float) -> int:
    """Time in which the machine is awake; how often somebody was looked for."""
    before = stage.count(LookIdle)
    for _ in range(round(seconds / 15)):
        stage.wait(15)
    return stage.count(LookIdle) - before


def test_it_is_looked_when_the_time_may_be_over(stage: Stage) -> None:
    """Not before, and then when it may be over by what was seen: nobody is looked for every few seconds."""
    stage.unlock()
    assert pass_time(stage, 29 * MINUTE) == 0
    assert pass_time(stage, 1.5 * MINUTE) == 1
    stage.do(IdleSeen(10 * MINUTE))
    assert pass_time(stage, 19 * MINUTE) == 0
    assert pass_time(stage, 1.5 * MINUTE) == 1
    stage.do(IdleSeen(29 * MINUTE))
    assert pass_time(stage, 1.5 * MINUTE) == 1
    assert stage.is_open()


def test_nobody_there_locks_everything_and_says_why(stage: Stage) -> None:
    """Sessions, roles and what providers gave; the next command asks for a code."""
    stage.unlock()
    stage.ask()
    stage.give()
    stage.ask(GIVEN)
    stage.load()
    pass_time(stage, 31 * MINUTE)
    stage.do(IdleSeen(30 * MINUTE))
    assert not stage.is_open()
    assert not [one for one in stage.broker.roles.values() if one.credentials is not None]
    assert stage.titles()[-1] == "Locked: nobody was here for 30 min"
    assert stage.got(stage.ask(wait=0)) == "locked"


@pytest.mark.parametrize("used", [True, False])
def test_where_nothing_can_tell_the_last_hand_out_counts(stage: Stage, *, used: bool) -> None:
    """Or the code that somebody gave."""
    stage.unlock()
    pass_time(stage, 20 * MINUTE)
    if used:
        stage.ask()
        stage.give()
    pass_time(stage, 11 * MINUTE)
    stage.do(IdleSeen(None))
    assert stage.is_open() is used
    pass_time(stage, 20 * MINUTE)
    stage.do(IdleSeen(None))
    assert not stage.is_open()


def test_a_machine_that_slept_so_long_had_nobody(stage: Stage) -> None:
    """Whoever wakes it uses a key: so what counts is that time passed which nobody counted."""
    stage.unlock()
    stage.wait(15)
    stage.sleep(29 * MINUTE)
    assert stage.is_open()
    stage.sleep(31 * MINUTE)
    assert not stage.is_open()


def test_nothing_is_looked_for_while_nothing_is_open(stage: Stage) -> None:
    """Time begins to count when something is there to lock."""
    pass_time(stage, 2 * HOUR)
    assert stage.count(LookIdle) == 0
    assert stage.broker.idle == IdleWatch()
    stage.unlock()
    assert pass_time(stage, 29 * MINUTE) == 0


def test_without_the_setting_nothing_is_locked() -> None:
    """As it is unless somebody wants it."""
    stage = Stage()
    stage.unlock()
    assert pass_time(stage, HOUR) == 0
    stage.do(IdleSeen(5 * HOUR))
    stage.sleep(5 * HOUR)
    assert stage.is_open()


def test_what_is_under_way_goes_on(stage: Stage) -> None:
    """A person who types a code is there, whatever a desktop says."""
    stage.ask(GIVEN)
    stage.load()
    waiting = stage.ask()
    stage.enter("333333")
    assert isinstance(stage.broker.phase(ALICE), Opening)
    stage.do(IdleSeen(HOUR))
    stage.grant()
    stage.give()
    assert stage.served(waiting)

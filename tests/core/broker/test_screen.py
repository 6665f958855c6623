"""What a locked screen means: nothing is handed out and nobody asked, and who asks waits for the unlock."""

from collections.abc import Iterator

import pytest

from support.stage import ALICE, BASE, BUILD, GIVEN, HOUR, B, Stage
from trayexec.core.broker.events import AskAt, Prompt, Renewal, Screen, Tick
from trayexec.core.broker.state import Locked, Opening
from trayexec.core.settings import OnLock


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent that knows one identity; in the end nobody may be left waiting."""
    stage = Stage()
    stage.configure(ALICE)
    yield stage
    stage.drain()


def test_who_asks_waits_for_the_unlock_and_then_goes_on(stage: Stage) -> None:
    """From what is in memory at once, also for what nobody had asked for before; nobody is asked for a code."""
    stage.unlock()
    stage.ask()
    stage.give()
    stage.screen(Screen.LOCKED)
    callers = [stage.ask(), stage.ask(B), stage.ask(BASE), stage.auth()]
    assert [stage.got(one) for one in callers] == [None] * 4
    assert [stage.said(one) for one in callers] == [["The screen is locked: this goes on once it is unlocked"]] * 4
    stage.screen(Screen.UNLOCKED)
    assert [stage.served(one) for one in callers] == [True, False, True, True]
    stage.give()
    assert stage.served(callers[1])
    assert stage.count(Prompt) == 0


def test_who_wants_nobody_to_be_waited_for_is_refused_at_once(stage: Stage) -> None:
    """And who brings a code: it would be old by the unlock."""
    stage.unlock()
    stage.screen(Screen.LOCKED)
    callers = [stage.ask(wait=0), stage.auth(wait=0), stage.auth(code="222222", renewal=Renewal.ALWAYS)]
    assert [stage.got(one) for one in callers] == ["screen_locked"] * 3


def test_who_has_waited_long_enough_is_refused(stage: Stage) -> None:
    """As long as it gives a person, and not even with what is left of a role."""
    stage.unlock()
    stage.ask()
    stage.give()
    stage.screen(Screen.LOCKED)
    short, long = stage.ask(wait=30), stage.ask(wait=300)
    stage.wait(60)
    assert (stage.got(short), stage.got(long)) == ("screen_locked", None)
    stage.wait(300)
    assert stage.got(long) == "screen_locked"


def test_it_takes_every_dialog_away_and_asks_anew_after_the_unlock(stage: Stage) -> None:
    """One question at a time then, as ever; whoever waits has a person's whole time again."""
    stage.configure(ALICE)
    callers = [stage.ask(), stage.ask(wait=40), stage.auth()]
    assert len(stage.dialogs) == 1
    stage.wait(30)
    stage.screen(Screen.LOCKED)
    assert not stage.dialogs
    stage.do(Tick())
    assert not stage.dialogs
    stage.screen(Screen.UNLOCKED)
    assert len(stage.dialogs) == 1
    stage.wait(30)
    stage.enter("123456")
    stage.grant()
    stage.give()
    assert all(stage.served(one) for one in callers)


def test_a_question_at_a_terminal_is_taken_back_and_asked_again(stage: Stage) -> None:
    """Also one over ssh: the agent cannot know who sits there."""
    caller = stage.ask(ask_at=AskAt.TERMINAL)
    stage.screen(Screen.LOCKED)
    stage.screen(Screen.UNLOCKED)
    assert stage.notes(caller) == ["code", "screen", "code"]
    stage.auth(code="123456")
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_who_waits_for_aws_is_held_as_well(stage: Stage) -> None:
    """What comes meanwhile is kept, and handed out after the unlock."""
    stage.unlock()
    callers = [stage.ask(), stage.ask(GIVEN)]
    stage.screen(Screen.LOCKED)
    stage.give()
    stage.load()
    assert [stage.got(one) for one in callers] == [None, None]
    stage.screen(Screen.UNLOCKED)
    assert all(stage.served(one) for one in callers)


def test_what_is_left_of_a_role_stays_here(stage: Stage) -> None:
    """A caller that waits for the code would do with what is left: not on a locked screen."""
    stage.unlock(HOUR)
    stage.wait(HOUR / 2)
    stage.ask()
    stage.give()
    stage.wait(HOUR - 5 * 60)
    assert stage.served(stage.ask(wait=0))
    waiting = stage.ask()
    stage.screen(Screen.LOCKED)
    assert stage.got(waiting) is None
    stage.wait(130)
    assert stage.got(waiting) == "screen_locked"


def test_a_code_under_way_survives(stage: Stage) -> None:
    """The code is spent already: its session is kept for when the person is back, and for who waits."""
    first = stage.ask()
    stage.enter("123456")
    stage.screen(Screen.LOCKED)
    assert isinstance(stage.broker.phase(ALICE), Opening)
    stage.grant()
    waiting = stage.ask(BASE)
    assert stage.got(first) is stage.got(waiting) is None
    stage.screen(Screen.UNLOCKED)
    stage.give()
    assert stage.served(first)
    assert stage.served(waiting)


def test_a_code_that_fails_meanwhile_asks_nobody(stage: Stage) -> None:
    """Until the screen is unlocked: then the next question comes, with the reason gone that nobody saw."""
    waiting = stage.ask()
    stage.enter("123456")
    stage.screen(Screen.LOCKED)
    stage.refuse()
    assert not stage.dialogs
    assert isinstance(stage.broker.phase(ALICE), Locked)
    stage.screen(Screen.UNLOCKED)
    assert len(stage.dialogs) == 1
    stage.enter("222222")
    stage.grant()
    stage.give()
    assert stage.served(waiting)


def test_who_hangs_up_meanwhile_is_asked_for_by_nobody(stage: Stage) -> None:
    """No dialog for nobody."""
    waiting = stage.ask()
    stage.screen(Screen.LOCKED)
    stage.hang_up(waiting)
    stage.screen(Screen.UNLOCKED)
    assert not stage.dialogs


@pytest.mark.parametrize("name", [None, ALICE.keys, "vault"])
def test_lock_reaches_those_who_wait_behind_it(stage: Stage, name: str | None) -> None:
    """All of them, or those of one identity or provider."""
    stage.screen(Screen.LOCKED)
    callers = [stage.ask(), stage.ask(BASE), stage.auth(), stage.ask(GIVEN)]
    stage.lock(name)
    whose = [ALICE.keys, ALICE.keys, ALICE.keys, "vault"]
    assert [stage.got(one) for one in callers] == ["locked" if name in {None, one} else None for one in whose]


@pytest.mark.parametrize("on_lock", [OnLock.KEEP, OnLock.WIPE])
def test_what_it_means_is_a_setting(stage: Stage, on_lock: OnLock) -> None:
    """Keep goes on as if nothing was; wipe forgets everything, and a code is asked for after the unlock."""
    stage.configure(ALICE, on_lock=on_lock)
    stage.unlock()
    stage.screen(Screen.LOCKED)
    assert stage.is_open() == (on_lock is OnLock.KEEP)
    waiting = stage.ask(BASE)
    assert stage.served(waiting) == (on_lock is OnLock.KEEP)
    stage.screen(Screen.UNLOCKED)
    assert len(stage.dialogs) == (on_lock is OnLock.WIPE)


def test_a_setting_that_changes_meanwhile_counts_at_once(stage: Stage) -> None:
    """From keep to refuse the dialog goes away that was allowed; back to keep it comes again."""
    stage.configure(ALICE, on_lock=OnLock.KEEP)
    stage.screen(Screen.LOCKED)
    waiting = stage.ask()
    stage.configure(ALICE, on_lock=OnLock.REFUSE)
    assert not stage.dialogs
    assert stage.got(waiting) is None
    stage.configure(ALICE, on_lock=OnLock.KEEP)
    stage.enter("123456")
    stage.grant()
    stage.give()
    assert stage.served(waiting)


def test_an_identity_that_needs_no_code_opens_after_the_unlock(stage: Stage) -> None:
    """Nobody has to be there for it, and yet nothing is handed out."""
    stage.screen(Screen.LOCKED)
    waiting = stage.ask(BUILD)
    assert not stage.opening
    stage.screen(Screen.UNLOCKED)
    stage.grant()
    stage.give()
    assert stage.served(waiting)

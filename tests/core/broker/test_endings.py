"""What a person is told of ends: one notification for all, nothing while nobody is there, later who wants it."""

from support.stage import ALICE, HOUR, A, Stage, identity
from trayexec.core.broker.endings import NEWS, SNOOZE, Ending, How
from trayexec.core.broker.events import Hide, PutOff, Screen, ScreenChanged, Show
from trayexec.core.broker.notifications import ENDINGS, endings
from trayexec.core.clock import Expiry
from trayexec.core.ports import Notice, Urgency
from trayexec.core.settings import OnLock
from trayexec.core.stamps import local

BOB = identity("bob")
MINUTE = 60


def told(stage: Stage) -> list[Notice]:
    """All that a person was told of ends."""
    return [one.notice for one in stage.told if isinstance(one, Show) and one.notice.key == ENDINGS]


def offers(notice: Notice) -> list[str]:
    """The labels of its buttons."""
    return [str(label) for _, label in notice.actions]


def at(stage: Stage, seconds: float) -> str:
    """The time of day so many seconds from now."""
    return local(int(stage.now.wall + seconds), stage.now.wall)


def two_open() -> Stage:
    """Two sessions, of which bob's ends two minutes after alice's."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    stage.unlock(HOUR)
    stage.unlock(HOUR + 2 * MINUTE, BOB)
    return stage


def test_several_stand_in_one_notification() -> None:
    """The one that ends first is in the title, each with its time in the body; one that is renewed leaves it."""
    stage = two_open()
    end, later = at(stage, HOUR), at(stage, HOUR + 2 * MINUTE)
    stage.wait(47.5 * MINUTE)
    first, both = told(stage)
    assert str(first.title) == f"Expires at {end}: default in 111111111111"
    assert str(both.title) == f"Expires at {end}: default in 111111111111, and 1 more"
    assert str(both.body).split("\n") == [
        f"Expires at {end}: default in 111111111111",
        f"Expires at {later}: bob in 111111111111",
    ]
    assert offers(both) == ["Re-authenticate", "Remind me later"]

    stage.unlock(12 * HOUR, code="333333")
    assert str(told(stage)[-1].title) == f"Expires at {later}: bob in 111111111111"
    stage.unlock(12 * HOUR, BOB, code="444444")
    assert [one.key for one in stage.told if isinstance(one, Hide)] == [ENDINGS]


def test_the_last_warning_insists_and_cannot_be_put_off() -> None:
    """The next thing after it is the end."""
    stage = Stage()
    stage.unlock(HOUR)
    stage.wait(56 * MINUTE)
    assert [(one.urgency, offers(one)) for one in told(stage)] == [
        (Urgency.NORMAL, ["Re-authenticate", "Remind me later"]),
        (Urgency.LAST, ["Re-authenticate"]),
    ]


def test_who_puts_it_off_hears_of_it_again() -> None:
    """After five minutes; before that if there is more to say, and not at all of what was renewed meanwhile."""
    stage = Stage()
    stage.unlock(HOUR)
    stage.wait(45 * MINUTE)
    assert stage.do(PutOff()) == (Hide(ENDINGS),)
    stage.wait(SNOOZE - 20)
    assert len(told(stage)) == 1
    stage.wait(40)
    assert told(stage)[1] == told(stage)[0]
    stage.do(PutOff())
    stage.wait(SNOOZE)
    assert told(stage)[2].urgency is Urgency.LAST
    assert len(told(stage)) == 3
    stage.unlock(HOUR, code="222222")
    stage.wait(45 * MINUTE)
    stage.do(PutOff())
    stage.unlock(12 * HOUR, code="333333")
    stage.wait(HOUR)
    assert len(told(stage)) == 4


def test_nothing_is_said_while_the_screen_is_locked() -> None:
    """Then all that came about is said once, as it stands by then."""
    stage = two_open()
    stage.configure(on_lock=OnLock.KEEP)
    stage.do(ScreenChanged(Screen.LOCKED))
    stage.wait(61 * MINUTE)
    assert told(stage) == []
    end = at(stage, MINUTE)
    stage.do(ScreenChanged(Screen.UNLOCKED))
    (notice,) = told(stage)
    assert str(notice.title) == f"Expires at {end}: bob in 111111111111, and 1 more"
    assert "Expired: default in 111111111111" in str(notice.body)
    stage.do(ScreenChanged(Screen.LOCKED))
    stage.do(ScreenChanged(Screen.UNLOCKED))
    assert len(told(stage)) == 1


def test_a_screen_that_locks_everything_has_nothing_to_tell_afterwards() -> None:
    """What was locked does not end."""
    stage = two_open()
    stage.configure(on_lock=OnLock.WIPE)
    stage.do(ScreenChanged(Screen.LOCKED))
    stage.wait(2 * HOUR)
    stage.do(ScreenChanged(Screen.UNLOCKED))
    assert told(stage) == []


def test_what_goes_on_after_a_session_is_named() -> None:
    """Until when the last credentials work that came of it, and which commands have some; or what comes next."""
    stage = Stage()
    stage.unlock(HOUR)
    stage.wait(30 * MINUTE)
    stage.ask(A)
    stage.give()
    last = at(stage, HOUR)
    stage.wait(31 * MINUTE)
    over = told(stage)[-1]
    assert str(over.title) == "Expired: default in 111111111111"
    assert str(over.body) == f"The session is over. Credentials that are out already work until {last}."
    stage.wait(HOUR)
    stage.unlock(MINUTE, code="222222")
    stage.wait(2 * MINUTE)
    assert str(told(stage)[-1].body) == "The session is over. The next command that needs it asks for a code."

    programs = ("aws", "terraform", "kubectl", "a", "b")
    ends = Expiry(stage.now, int(stage.now.wall))
    notice = endings((Ending(ALICE, How.OVER, ends, programs=programs),), stage.now)
    assert str(notice.body) == (
        f"The session is over. aws, terraform, kubectl and 2 more: what these commands have works until {at(stage, 0)}."
    )


def test_what_is_over_is_not_said_for_ever() -> None:
    """The next day's warnings are about that day."""
    stage = two_open()
    stage.wait(HOUR + 3 * MINUTE)
    assert len(stage.broker.endings.found) == 2
    stage.wait(NEWS)
    stage.unlock(HOUR, BOB, code="555555")
    stage.wait(46 * MINUTE)
    assert [one.who for one in stage.broker.endings.found] == [BOB]

"""What a person is told of ends: one notification for all, nothing while nobody is there, later who wants it."""

from unicodedata import east_asian_width

import pytest

from support.stage import ALICE, HOUR, A, Stage, identity, profile
from trayexec.core.broker.endings import NEWS, SNOOZE, Ending, How
from trayexec.core.broker.events import (
    Ask,
    Caller,
    Hide,
    Process,
    PutOff,
    ReplyAddress,
    Screen,
    ScreenChanged,
    Show,
)
from trayexec.core.broker.expiry_watch import Run, Watch
from trayexec.core.broker.notifications import ENDINGS, endings
from trayexec.core.clock import Expiry
from trayexec.core.config.profiles import Identity
from trayexec.core.ports import Notice, Urgency
from trayexec.core.settings import OnLock
from trayexec.core.stamps import local
from trayexec.light.translate import speaker_of

BOB = identity("bob")
MINUTE = 60
TITLE = 31  # columns that xfce4-notifyd shows of a title


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
    assert str(first.title) == f"Expires at {end}: default"
    assert str(first.body).startswith("The session of default in 111111111111 ends. ")
    assert str(both.title) == f"Expires at {end}: default, +1"
    assert str(both.body).split("\n") == [
        f"Expires at {end}: default in 111111111111",
        f"Expires at {later}: bob in 111111111111",
    ]
    assert offers(both) == ["Re-authenticate", "Remind me later"]

    stage.unlock(12 * HOUR, code="333333")
    assert str(told(stage)[-1].title) == f"Expires at {later}: bob"
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
    assert str(notice.title) == f"Expires at {end}: bob, +1"
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
    assert str(over.title) == "Expired: default"
    whose = "The session of default in 111111111111 is over."
    assert str(over.body) == f"{whose} Credentials that are out already work until {last}."
    stage.wait(HOUR)
    stage.unlock(MINUTE, code="222222")
    stage.wait(2 * MINUTE)
    assert str(told(stage)[-1].body) == f"{whose} The next command that needs it asks for a code."

    ends = Expiry(stage.now.after(60), int(stage.now.wall + 60))
    names = ("aws", "terraform", "kubectl", "a", "b")
    runs = [Run(Process(pid, 1), name, "mine", ends, stage.now, identity=ALICE) for pid, name in enumerate(names)]
    notice = endings((Ending(ALICE, How.OVER, ends),), Watch(tuple(runs)), stage.now)
    assert str(notice.body) == (f"{whose} From {at(stage, 60)} on without AWS: aws, terraform, kubectl and 2 more.")


def runs(stage: Stage, program: str, pid: int, who: Identity = ALICE, *, renews: bool = False) -> Process:
    """A command starts, with a session's credentials."""
    process = Process(pid, 1)
    caller = Caller(ReplyAddress(1000 + len(stage.asked)), program, pid, process=process, renews=renews)
    stage.asked[caller.reply_to] = asked = Ask(caller, profile("mine", who), need=0)
    stage.do(asked)
    return process


def test_a_warning_names_the_commands_that_it_hits() -> None:
    """Those that run with what came of this session, until the end; and until when what they have works."""
    stage = Stage()
    stage.unlock(HOUR)
    stage.unlock(HOUR, BOB, code="222222")
    runs(stage, "terraform", 101)
    stage.exited.add(runs(stage, "aws", 102))
    runs(stage, "kubectl", 103, BOB)
    end = at(stage, HOUR)
    stage.wait(46 * MINUTE)
    assert str(told(stage)[-1].body).split("\n") == [
        f"Expires at {end}: default in 111111111111 (until {end}: terraform)",
        f"Expires at {end}: bob in 111111111111 (until {end}: kubectl)",
    ]
    stage.unlock(12 * HOUR, BOB, code="333333")
    stage.wait(10 * MINUTE)
    assert str(told(stage)[-1].body) == (
        f"The session of default in 111111111111 ends. From {end} on without AWS: terraform. "
        "Re-authenticate now, and nothing else is interrupted."
    )
    stage.wait(5 * MINUTE)
    assert str(told(stage)[-1].body).endswith("The next command that needs it asks for a code.")


def test_a_warning_names_those_that_wait_for_a_new_session() -> None:
    """What renews its credentials by itself goes on with a new code, and is named so; nobody is told of it alone."""
    stage = Stage()
    stage.unlock(HOUR)
    runs(stage, "terraform", 101, renews=True)
    watch = stage.broker.watch
    runs(stage, "terraform", 101, renews=True)
    assert stage.broker.watch is watch, "the same again costs nothing"
    end = at(stage, HOUR)
    waits = f"A new code is needed by {end}, else these wait for it: terraform."
    stage.wait(46 * MINUTE)
    assert str(told(stage)[-1].body) == (
        f"The session of default in 111111111111 ends. Re-authenticate now, and nothing is interrupted. {waits}"
    )
    runs(stage, "aws", 102)
    stage.wait(10 * MINUTE)
    body = str(told(stage)[-1].body)
    assert f"From {end} on without AWS: aws." in body
    assert body.endswith(waits)
    assert not [one for one in stage.told if isinstance(one, Show) and "terraform" in str(one.notice.title)]

    stage = two_open()
    runs(stage, "terraform", 101, renews=True)
    stage.wait(48 * MINUTE)
    assert str(told(stage)[-1].body).split("\n")[0].endswith(f"(new code by {end}: terraform)")


@pytest.mark.parametrize("away", [False, True])
def test_what_ended_a_moment_ago_is_not_named(away: bool) -> None:  # noqa: FBT001 — a parameter
    """It is looked who runs when the notification is made, also when that is as the person comes back."""
    stage = Stage()
    stage.configure(on_lock=OnLock.KEEP)
    stage.unlock(HOUR)
    ended = [runs(stage, "terraform", 101), runs(stage, "terraform", 102, renews=True)]
    stage.wait(45 * MINUTE - 1)
    if away:
        stage.do(ScreenChanged(Screen.LOCKED))
        stage.wait(7 * MINUTE)
    stage.exited.update(ended)
    if away:
        stage.do(ScreenChanged(Screen.UNLOCKED))
    stage.wait(2)
    assert told(stage)
    assert not [one for one in stage.told if isinstance(one, Show) and "terraform" in str(one.notice.body)]


def test_titles_have_room_on_every_desktop() -> None:
    """With a name of ordinary length each is shorter than what xfce4-notifyd cuts off, also with the most to say."""
    stage = two_open()
    ends = Expiry(stage.now, int(stage.now.wall))
    for how in How:
        (title,) = {endings((Ending(ALICE, how, ends), Ending(BOB, how, ends)), Watch(), stage.now).title}
        for speak in (str, speaker_of("ja_JP.UTF-8")):
            assert sum(2 if east_asian_width(letter) in "WF" else 1 for letter in speak(title)) <= TITLE, speak(title)


def test_what_is_over_is_not_said_for_ever() -> None:
    """The next day's warnings are about that day."""
    stage = two_open()
    stage.wait(HOUR + 3 * MINUTE)
    assert len(stage.broker.endings.found) == 2
    stage.wait(NEWS)
    stage.unlock(HOUR, BOB, code="555555")
    stage.wait(46 * MINUTE)
    assert [one.who for one in stage.broker.endings.found] == [BOB]

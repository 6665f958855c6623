"""The person's side of the agent: what a click leads to."""

from collections.abc import Callable

import pytest

from support.stage import ALICE, EVERY_REFUSAL, A, identity
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.tray.headless import HeadlessTray
from trayexec.core.broker.endings import Ending, Endings, How
from trayexec.core.broker.events import (
    Answered,
    AskSignIn,
    Authenticate,
    CheckKeys,
    Configured,
    Event,
    Hush,
    KeysFound,
    Lock,
    Prompt,
    PutOff,
    Refuse,
    Show,
    Tell,
)
from trayexec.core.broker.notifications import ENDINGS, FIRST_USE, HUSH, LOCK, REAUTHENTICATE, SNOOZE, idle_locked
from trayexec.core.broker.state import Broker
from trayexec.core.broker.step import step
from trayexec.core.clock import Expiry
from trayexec.core.config.profiles import Catalogue, Identity, SignIn
from trayexec.core.ports import Answer, Cancelled, NoDialog, Refusal
from trayexec.core.settings import Settings
from trayexec.core.view import SHOW, View
from trayexec.daemon.replies import Replies
from trayexec.daemon.tray_controller import LoopCalls, TrayController


def outside(verb: str, value: str) -> None:
    """What the desktop would do."""
    raise AssertionError(f"{verb} {value}: nobody has asked for it")


def click(answer: Answer) -> list[str]:
    """The notifications after a click on the icon whose dialog ended like this."""
    clock, broker, shown, replies = SystemClock(), Broker(), list[Show](), Replies()

    def post(event: Event) -> None:
        nonlocal broker
        broker, effects = step(broker, event, clock.now())
        controller.changed(broker)
        for effect in effects:
            if isinstance(effect, Refuse | Tell):
                replies.send(effect)
            elif isinstance(effect, CheckKeys):
                post(KeysFound(effect.identity, effect.epoch))
            elif isinstance(effect, Prompt):
                post(Answered(effect.identity, effect.epoch, answer))

    calls = LoopCalls(post, shown.append, lambda _seconds, draw: draw(), outside)
    controller = TrayController(HeadlessTray(), clock, calls, replies)
    post(Configured((ALICE,), Settings()))
    controller.clicked("auth:default")
    return [str(show.notice.title) for show in shown]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (NoDialog(EVERY_REFUSAL[Refusal.OTHER]), ["No dialog for the MFA code"]),
        (Cancelled(), []),
    ],
)
def test_a_click_that_can_open_no_dialog_says_so(answer: Answer, shown: list[str]) -> None:
    """A click never just does nothing; who has said no needs no telling."""
    assert click(answer) == shown


def test_a_burst_of_changes_is_drawn_once() -> None:
    """A thousand changes before the eye can follow make one drawing, of the last; the next change makes another."""
    clock, drawn, due = SystemClock(), list[View](), list[Callable[[], None]]()

    class Canvas(HeadlessTray):
        def show(self, view: View) -> None:
            drawn.append(view)

    calls = LoopCalls(lambda _event: None, lambda _show: None, lambda _seconds, draw: due.append(draw), outside)
    controller = TrayController(Canvas(), clock, calls, Replies())
    for _ in range(1000):
        controller.changed(Broker())
    controller.changed(Broker(identities=(ALICE,)))
    due.pop()()

    assert not due
    assert [any("locked" in str(getattr(one, "label", "")) for one in view.menu) for view in drawn] == [True]

    controller.changed(Broker())
    due.pop()()

    assert len(drawn) == 2


def controller_of(
    broker: Broker, posted: list[Event], shown: list[Show], done: list[tuple[str, str]]
) -> TrayController:
    """One that has drawn this."""
    calls = LoopCalls(
        posted.append, shown.append, lambda _seconds, draw: draw(), lambda verb, value: done.append((verb, value))
    )
    controller = TrayController(HeadlessTray(), SystemClock(), calls, Replies())
    controller.changed(broker)
    return controller


def test_a_click_on_the_icon_shows_and_its_button_does() -> None:
    """How it stands is told, and nobody is asked; the notification has a button for what is needed."""
    posted, shown = list[Event](), list[Show]()
    controller = controller_of(Broker(identities=(ALICE,)), posted, shown, [])
    controller.clicked(SHOW)
    (said,) = shown
    assert not posted
    assert (str(said.notice.title), [str(label) for _, label in said.notice.actions]) == ("Locked", ["Unlock"])
    assert str(ALICE.whose) in str(said.notice.body)

    controller.pressed(said.notice.key, said.notice.actions[0][0])
    assert [type(one) for one in posted] == [Authenticate]


def test_who_was_locked_out_for_being_idle_has_the_way_back_in_the_notification() -> None:
    """Its button begins a session."""
    posted = list[Event]()
    notice = idle_locked(1800)
    controller_of(Broker(identities=(ALICE,)), posted, [], []).pressed(notice.key, notice.actions[0][0])
    assert [type(one) for one in posted] == [Authenticate]


def test_a_warning_renews_all_that_it_names_or_comes_again() -> None:
    """One question after the other, by its button or by a click on it; later where that is wanted.

    A page opens for one sign-in alone, when it is the first to end, and with no dialog beside it: the next notification
    offers the next.
    """
    posted = list[Event]()
    bob, now = identity("bob"), SystemClock().now()
    corp, firm = (SignIn(name, f"https://{name}", "eu-west-1", (), "dev", ("c", "s")) for name in ("corp", "firm"))

    def press(*in_order: Identity | SignIn) -> list[Identity | SignIn]:
        posted.clear()
        ends = [Expiry(now.after(600 + later), int(now.wall) + 600 + later) for later in range(len(in_order))]
        found = tuple(Ending(one, How.ENDS, at) for one, at in zip(in_order, ends, strict=True))
        broker = Broker(identities=(ALICE, bob), endings=Endings(tuple(reversed(found))))
        controller = controller_of(broker, posted, [], [])
        controller.pressed(ENDINGS, REAUTHENTICATE)
        return [one.sign_in if isinstance(one, AskSignIn) else one.identity for one in asked(posted)]

    assert press(ALICE, corp, bob) == [bob, ALICE]
    assert press(corp, ALICE, firm) == [corp]
    assert press(firm) == [firm]
    posted.clear()
    controller = controller_of(Broker(endings=Endings((Ending(ALICE, How.OVER),))), posted, [], [])
    controller.pressed(ENDINGS, SNOOZE)
    assert posted == [PutOff()]
    controller.pressed("another", REAUTHENTICATE)
    assert len(posted) == 1


def asked(posted: list[Event]) -> list[AskSignIn | Authenticate]:
    """What a person is asked for."""
    return [one for one in posted if isinstance(one, AskSignIn | Authenticate)]


def test_who_is_told_of_a_first_use_can_lock_or_hear_no_more_of_it() -> None:
    """By the buttons of the notification; another one's do neither."""
    posted = list[Event]()
    controller = controller_of(Broker(identities=(ALICE,)), posted, [], [])
    controller.pressed(FIRST_USE, LOCK)
    controller.pressed(FIRST_USE, f"{HUSH}:7")
    assert posted == [Lock(), Hush(7)]
    controller.pressed("another", LOCK)
    controller.pressed(FIRST_USE, "default")
    assert len(posted) == 2


def test_profiles_are_in_the_menu_as_the_files_have_them() -> None:
    """Drawn once for each reading that says something else, and gone while they cannot be read."""
    drawn = list[View]()

    class Canvas(HeadlessTray):
        def show(self, view: View) -> None:
            drawn.append(view)

    calls = LoopCalls(lambda _event: None, lambda _show: None, lambda _seconds, draw: draw(), outside)
    controller = TrayController(Canvas(), SystemClock(), calls, Replies())
    for catalogue in (files := Catalogue({"account-a": A}), files, None):
        controller.read(catalogue)
    controller.starts_at_login(True)  # noqa: FBT003 — a state, as it is drawn
    controller.starts_at_login(True)  # noqa: FBT003 — likewise
    assert ["login" in [getattr(one, "action", None) for one in view.menu] for view in drawn] == [False, False, True]
    drawn.pop()
    assert ["Profiles" in [str(getattr(one, "label", "")) for one in view.menu] for view in drawn] == [True, False]


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("console:a:b", ("console", "a:b")),
        ("terminal:a", ("terminal", "a")),
        ("settings", ("settings", "")),
        ("log", ("log", "")),
        ("copy:trayexec why a:b", ("copy", "trayexec why a:b")),
    ],
)
def test_the_menu_leads_outside(action: str, what: tuple[str, str]) -> None:
    """To the settings, the log and the clipboard."""
    done = list[tuple[str, str]]()
    controller_of(Broker(), [], [], done).clicked(action)
    assert done == [what]

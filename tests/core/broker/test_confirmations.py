"""A person is asked before a guarded profile is used: who is covered by an answer, for how long, and who is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.stage import ALICE, A, B, Stage
from trayexec.core.broker.events import (
    Ask,
    Caller,
    CallingProgram,
    Decide,
    Process,
    Provenance,
    Raise,
    Renewal,
    ReplyAddress,
    Screen,
    Shell,
)
from trayexec.core.broker.permissions import MOST, Permissions
from trayexec.core.broker.tray_view import view
from trayexec.core.clock import Instant
from trayexec.core.ports import Cancelled, NoDialog, Refusal, TimedOut, Verdict
from trayexec.core.settings import UNTIL_LOCKED, Command, DialogMethod, OnLock, UseGuard
from trayexec.core.view import Item, Submenu
from trayexec.light.errors import trouble

ALWAYS, TEN, SESSION = UseGuard(0), UseGuard(600), UseGuard(UNTIL_LOCKED)
XTERM = Process(10, 1)
HERE = Shell("100", 2)
NO_DIALOG = NoDialog(trouble("no_dialog", "There is no display.", ""))


def of(pid: int, name: str = "aws", app: Process = XTERM, *parents: Process, spreads: bool = False) -> Provenance:
    """A process of a program in a terminal."""
    program = CallingProgram((f"/usr/bin/{name}", "/bin/bash"), ("bash", "xterm"), app, name)
    return Provenance(program, Process(pid, pid), (*parents, app), spreads=spreads)


@pytest.fixture
def stage() -> Stage:
    """A broker with an open session and the role of account-a in memory."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock()
    stage.ask()
    stage.give()
    return stage


def test_nothing_is_handed_out_before_somebody_has_allowed_it(stage: Stage) -> None:
    """The question names who asks and for what, and the answer goes to the log."""
    request = stage.ask(guard=replace(TEN, colour="red"), provenance=of(1))
    assert stage.got(request) is None
    (asked,) = stage.permits.values()
    assert (asked.question.program, asked.question.profile, asked.question.colour) == ("aws", "account-a", "red")

    stage.permit(Verdict.ONCE)
    assert stage.served(request)
    assert [verdict for _, verdict in stage.verdicts] == [Verdict.ONCE]


def test_the_menu_shows_what_was_answered(stage: Stage) -> None:
    """Each use with the last answer that allowed it; a no, and that nobody was there, too; not with what needs none."""

    def shown() -> list[str]:
        (menu,) = [one for one in view(stage.broker, stage.now).menu if str(getattr(one, "label", "")) == "Recent use"]
        assert isinstance(menu, Submenu)
        return [str(one.label).split("  ", 1)[1] for one in menu.entries if isinstance(one, Item)]

    assert shown() == ["account-a  aws"]
    answers = [(Verdict.DENY, "denied"), (Verdict.ONCE, "allowed once"), (Verdict.FOR_A_TIME, "allowed for 10 min")]
    for pid, (verdict, said) in enumerate(answers, 1):
        stage.wait(60)
        stage.ask(guard=TEN, provenance=of(pid, verdict.name), program="terraform")
        stage.permit(verdict)
        assert shown() == [f"account-a  terraform: {said}", "account-a  aws"]
    stage.wait(60)
    stage.ask(guard=TEN, provenance=of(9, "FOR_A_TIME"), program="terraform")
    assert shown()[0] == "account-a  terraform: allowed for 10 min"
    stage.ask(guard=TEN, provenance=of(10, "other"), program="terraform")
    stage.permit(TimedOut())
    assert shown()[0] == "account-a  terraform: nobody answered"
    stage.ask(guard=TEN, provenance=of(11, "FOR_A_TIME"), program="terraform")
    assert shown()[0] == "account-a  terraform"


def test_without_a_guard_nobody_is_asked(stage: Stage) -> None:
    """What nobody has set asks for nothing."""
    assert stage.served(stage.ask())
    assert not stage.permits


@pytest.mark.parametrize(
    ("guard", "choices"),
    [
        (ALWAYS, [Verdict.ONCE]),
        (TEN, [Verdict.ONCE, Verdict.FOR_A_TIME]),
        (SESSION, [Verdict.ONCE, Verdict.FOR_A_TIME, Verdict.UNTIL_LOCKED]),
    ],
)
def test_no_answer_can_hold_longer_than_the_settings_say(stage: Stage, guard: UseGuard, choices: list[Verdict]) -> None:
    """What cannot be chosen is not offered, and what is not offered is a no."""
    stage.ask(guard=guard, provenance=of(1))
    (asked,) = stage.permits.values()
    assert list(asked.question.choices) == choices
    assert asked.question.holds in {0, 600}

    other = next((one for one in Verdict if one not in {*choices, Verdict.DENY}), Verdict.DENY)
    request = next(iter(stage.broker.waiting))
    stage.permit(other)
    assert stage.got(request) == "denied"


def test_waiting_callers_of_one_program_share_one_question(stage: Stage) -> None:
    """However many there are; another program has its own, after it."""
    aws = [stage.ask(guard=ALWAYS, provenance=of(pid)) for pid in range(1, 4)]
    other = stage.ask(guard=ALWAYS, provenance=of(9, "terraform"), program="terraform")
    assert len(stage.permits) == 1

    stage.permit(Verdict.ONCE)
    assert all(map(stage.served, aws))
    (asked,) = stage.permits.values()
    assert (asked.question.program, asked.question.number, asked.question.of) == ("terraform", 2, 2)
    stage.permit(Verdict.DENY)
    assert stage.got(other) == "denied"


@pytest.mark.parametrize(
    "other",
    [
        of(2, "terraform"),
        of(2, app=Process(11, 1)),
        of(2, app=Process(10, 2)),
        Provenance(CallingProgram((), ("bash", "xterm"), XTERM, "aws")),
    ],
    ids=["program", "terminal", "a-used-id", "unknown"],
)
def test_an_answer_covers_no_other_program(stage: Stage, other: Provenance) -> None:
    """Nor the same one in another terminal, nor a process that has the id of an old one."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    assert stage.served(stage.ask(guard=SESSION, provenance=of(2)))
    assert not stage.served(stage.ask(guard=SESSION, provenance=other))
    assert len(stage.permits) == 1


def test_what_a_caller_says_of_itself_makes_it_nobody_else(stage: Stage) -> None:
    """With the name of a program that is allowed, and another executable."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    liar = replace(of(2).program, executables=("/tmp/liar", "/bin/bash"))
    assert not stage.served(stage.ask(guard=SESSION, provenance=replace(of(2), program=liar)))


def test_an_answer_covers_no_other_profile(stage: Stage) -> None:
    """Nor the same name once it leads elsewhere."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    assert not stage.served(stage.ask(B, guard=SESSION, provenance=of(1)))
    edited = replace(A, target=B.target)
    assert not stage.served(stage.ask(edited, guard=SESSION, provenance=of(1)))


def test_once_is_for_the_processes_that_waited(stage: Stage) -> None:
    """Which may renew what they got as long as they live; the next command is asked for."""
    stage.ask(guard=ALWAYS, provenance=of(1))
    stage.permit(Verdict.ONCE)
    assert stage.served(stage.ask(guard=ALWAYS, provenance=of(1)))
    assert not stage.served(stage.ask(guard=ALWAYS, provenance=of(2)))


def test_what_runs_with_a_profile_covers_what_it_starts(stage: Stage) -> None:
    """As --live does; a program that fetched credentials for itself covers itself alone."""
    stage.ask(guard=ALWAYS, provenance=of(1, "sh", spreads=True))
    stage.permit(Verdict.ONCE)
    assert stage.served(stage.ask(guard=ALWAYS, provenance=of(2, "aws", XTERM, Process(1, 1))))

    stage.ask(guard=ALWAYS, provenance=of(3, "node"))
    stage.permit(Verdict.ONCE)
    assert not stage.served(stage.ask(guard=ALWAYS, provenance=of(4, "aws", XTERM, Process(3, 3))))


def test_an_answer_for_a_time_ends_with_it(stage: Stage) -> None:
    """And not before."""
    stage.ask(guard=TEN, provenance=of(1))
    stage.permit(Verdict.FOR_A_TIME)
    stage.wait(590)
    assert stage.served(stage.ask(guard=TEN, provenance=of(2)))
    stage.wait(11)
    assert not stage.served(stage.ask(guard=TEN, provenance=of(3)))


def test_a_stricter_setting_holds_at_once(stage: Stage) -> None:
    """What was allowed until locked is asked for again when the settings want that."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    stage.wait(700)
    assert not stage.served(stage.ask(guard=TEN, provenance=of(2)))
    stage.permit(Verdict.DENY)
    assert not stage.served(stage.ask(guard=ALWAYS, provenance=of(3)))


@pytest.mark.parametrize("keys", [None, ALICE.keys, "another"])
def test_a_lock_forgets_every_answer(stage: Stage, keys: str | None) -> None:
    """Whatever is locked, and those of processes too."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    stage.lock(keys)
    if keys != "another":
        stage.unlock(code="654321")
    assert not stage.served(stage.ask(guard=SESSION, provenance=of(1)))
    if keys == "another":
        assert stage.permits


@pytest.mark.parametrize("on_lock", OnLock)
def test_a_locked_screen_forgets_them_unless_it_is_to_keep(stage: Stage, on_lock: OnLock) -> None:
    """Whoever comes back to the desk may be another person."""
    stage.configure(on_lock=on_lock)
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    stage.ask(B, guard=SESSION, provenance=of(1))
    stage.screen(Screen.LOCKED)
    assert bool(stage.permits) == (on_lock is OnLock.KEEP)
    stage.screen(Screen.UNLOCKED)
    if on_lock is not OnLock.WIPE:
        assert stage.served(stage.ask(guard=SESSION, provenance=of(1))) == (on_lock is OnLock.KEEP)


def test_a_lock_ends_the_question(stage: Stage) -> None:
    """Those who wait hear why."""
    request = stage.ask(guard=ALWAYS, provenance=of(1))
    stage.lock()
    assert stage.got(request) == "locked"
    assert not stage.permits


def test_the_end_of_the_session_is_the_end_of_its_answers(stage: Stage) -> None:
    """The next session begins with none."""
    stage.ask(guard=SESSION, provenance=of(1))
    stage.permit(Verdict.UNTIL_LOCKED)
    stage.sleep(13 * 3600)
    stage.unlock(code="654321")
    assert not stage.broker.permissions.programs


def test_a_no_is_told_to_all_who_wait_and_stands_for_a_moment(stage: Stage) -> None:
    """A loop that asks on opens no second question; a moment later it may, and the pause doubles."""
    requests = [stage.ask(guard=ALWAYS, provenance=of(pid)) for pid in (1, 2)]
    stage.permit(Verdict.DENY)
    assert [stage.got(one) for one in requests] == ["denied", "denied"]
    assert stage.got(stage.ask(guard=ALWAYS, provenance=of(3))) == "denied"
    assert not stage.permits

    stage.wait(5)
    stage.ask(guard=ALWAYS, provenance=of(3))
    stage.permit(Verdict.DENY)
    stage.wait(6)
    assert stage.got(stage.ask(guard=ALWAYS, provenance=of(3))) == "denied"
    stage.wait(5)
    assert stage.got(stage.ask(guard=ALWAYS, provenance=of(3))) is None


def test_nobody_in_time_is_a_no(stage: Stage) -> None:
    """When the dialog goes, when a caller's own time is over, and at once where nobody is to be asked."""
    request = stage.ask(guard=ALWAYS, provenance=of(1))
    stage.permit(TimedOut())
    assert stage.got(request) == "unconfirmed"
    assert stage.verdicts[-1][1] is None

    request = stage.ask(guard=ALWAYS, provenance=of(1), wait=5)
    stage.wait(6)
    assert stage.got(request) == "unconfirmed"
    assert not stage.permits, "a dialog whose answer nobody waits for"
    assert stage.got(stage.ask(guard=ALWAYS, provenance=of(1), wait=0)) == "unconfirmed"


def test_a_question_that_is_not_asked_yet_costs_no_time(stage: Stage) -> None:
    """Who waits for its turn has its whole time once it is asked."""
    stage.ask(guard=ALWAYS, provenance=of(1), wait=300)
    request = stage.ask(guard=ALWAYS, provenance=of(2, "terraform"), wait=20)
    stage.wait(60)
    assert stage.got(request) is None
    stage.permit(Verdict.ONCE)
    stage.wait(15)
    assert stage.got(request) is None
    stage.wait(10)
    assert stage.got(request) == "unconfirmed"


def test_a_question_goes_with_its_last_caller(stage: Stage) -> None:
    """Nobody is asked for somebody who is gone."""
    first, second = (stage.ask(guard=ALWAYS, provenance=of(pid)) for pid in (1, 2))
    stage.hang_up(first)
    assert stage.permits
    stage.hang_up(second)
    assert not stage.permits
    assert not stage.broker.permissions.questions


def test_without_a_dialog_it_is_asked_at_the_terminal(stage: Stage) -> None:
    """Of each who waits in the foreground of one; others are refused, with the fix."""
    here = stage.ask(guard=TEN, provenance=of(1), shell=HERE)
    cron = stage.ask(guard=TEN, provenance=of(2))
    stage.permit(NO_DIALOG)
    assert stage.got(cron) == "no_confirmation"
    assert stage.terminals[here].choices == (Verdict.ONCE, Verdict.FOR_A_TIME)

    late = stage.ask(guard=TEN, provenance=of(3), shell=Shell("200", 3))
    assert late in stage.terminals
    stage.decide(here, Verdict.FOR_A_TIME)
    assert stage.served(here)
    assert stage.served(late)


def test_a_terminal_answers_only_what_is_asked_there(stage: Stage) -> None:
    """Not the dialog's question, and not that of another terminal."""
    request = stage.ask(guard=TEN, provenance=of(1), shell=HERE)
    (asked,) = stage.permits.values()
    stage.do(Decide(asked.epoch, Verdict.ONCE, HERE.terminal))
    assert stage.got(request) is None
    stage.permit(NO_DIALOG)
    for terminal in ("", "200"):
        stage.do(Decide(asked.epoch, Verdict.ONCE, terminal))
        assert stage.got(request) is None
    stage.do(Decide(asked.epoch, Verdict.ONCE, HERE.terminal))
    assert stage.served(request)


def test_at_a_terminal_too_a_wait_ends(stage: Stage) -> None:
    """The question there has no time-out of its own."""
    request = stage.ask(guard=TEN, provenance=of(1), shell=HERE, wait=30)
    stage.permit(NO_DIALOG)
    stage.wait(31)
    assert stage.got(request) == "unconfirmed"


# Codes


def test_a_code_for_who_is_named_in_its_dialog_is_a_yes() -> None:
    """One question, not two; the other programs that wait are asked for."""
    stage = Stage()
    stage.configure(ALICE)
    named = stage.ask(guard=SESSION, provenance=of(1))
    other = stage.ask(guard=SESSION, provenance=of(2, "terraform"), program="terraform")
    assert "aws" in stage.dialogs[ALICE].question.asker
    assert str(stage.dialogs[ALICE].question.allows) != ""
    assert not stage.permits

    stage.enter("123456")
    stage.grant()
    stage.give()
    assert stage.served(named)
    assert [verdict for _, verdict in stage.verdicts] == [Verdict.UNTIL_LOCKED]
    (asked,) = stage.permits.values()
    assert asked.question.program == "terraform"
    stage.permit(Verdict.DENY)
    assert stage.got(other) == "denied"


def test_a_code_from_elsewhere_allows_nothing() -> None:
    """`trayexec auth`, a command that prints it, and a terminal's question name nobody."""
    for prompt in (DialogMethod.AUTO, Command(("oathtool",))):
        stage = Stage()
        stage.configure(ALICE, prompt=prompt)
        request = stage.ask(guard=SESSION, provenance=of(1))
        if isinstance(prompt, Command):
            stage.enter("123456")
        else:
            stage.auth(code="123456")
        stage.grant()
        assert stage.got(request) is None
        assert stage.permits


def test_a_cancelled_code_is_no_answer_to_the_question() -> None:
    """Both are refused, as before."""
    stage = Stage()
    stage.configure(ALICE)
    request = stage.ask(guard=SESSION, provenance=of(1))
    stage.answer(Cancelled())
    assert stage.got(request) == "cancelled"


def test_what_is_left_is_not_handed_out_unasked(stage: Stage) -> None:
    """A session that cannot be renewed serves others from memory, and nobody who has to be allowed."""
    stage.sleep(13 * 3600)
    stage.unlock(code="654321")
    stage.ask()
    stage.give()
    stage.ask(guard=ALWAYS, provenance=of(1), need=1200)
    request = next(iter(stage.broker.waiting))
    stage.permit(Verdict.ONCE)
    assert stage.served(request)
    stage.wait(3600 - 900)
    while stage.assuming:
        stage.deny(Refusal.OTHER)
    unguarded = stage.ask()
    while stage.assuming:
        stage.deny(Refusal.OTHER)
    assert stage.served(unguarded)
    guarded = stage.ask(guard=ALWAYS, provenance=of(2))
    while stage.assuming:
        stage.deny(Refusal.OTHER)
    assert not stage.served(guarded)


# A question among those for codes


def test_a_code_and_a_permission_are_asked_for_one_after_the_other(stage: Stage) -> None:
    """In either order: a person answers one thing at a time."""
    stage.ask(guard=ALWAYS, provenance=of(1))
    stage.auth(ALICE, renewal=Renewal.ALWAYS)
    assert stage.permits
    assert not stage.dialogs
    stage.permit(Verdict.ONCE)
    assert stage.dialogs
    stage.ask(guard=ALWAYS, provenance=of(2))
    assert not stage.permits
    stage.enter("999999")
    stage.grant()
    assert stage.permits


@given(st.lists(st.integers(1, 400), min_size=1, max_size=400))
def test_not_more_processes_are_remembered_than_fit(pids: list[int]) -> None:
    """A machine that runs for weeks must not remember every command."""
    known = Permissions()
    for pid in pids:
        known = known.allow(Ask(Caller(ReplyAddress(1), provenance=of(pid)), A, guard=ALWAYS), Instant(1.0, 1.0))
    assert len(known.processes) == min(MOST, len(set(pids)))


def test_a_question_comes_to_the_front(stage: Stage) -> None:
    """As the same one, in another window; what the old window says then counts for nothing."""
    request = stage.ask(guard=TEN, provenance=of(1))
    (old,) = stage.permits
    stage.do(Raise())
    ((new, asked),) = stage.permits.items()
    assert new != old
    assert asked.question.program == "aws"
    stage.permit(Verdict.ONCE)
    assert stage.served(request)

"""A person is told which program uses which profile for the first time: once, together, and not what they know of."""

from dataclasses import replace

import pytest

from support.stage import ALICE, A, B, Stage, identity, profile, role
from trayexec.core.broker.events import CallingProgram, Hush, Process, Provenance, Screen, Show
from trayexec.core.broker.first_uses import MOST, NEWS, TOGETHER, FirstUses, mark, noted
from trayexec.core.broker.notifications import FIRST_USE, HUSH, LOCK
from trayexec.core.ports import Notice, Urgency, Verdict
from trayexec.core.settings import OnLock, UseGuard

BOB = identity("bob")
OTHER = profile("other", role("other", BOB))


def of(name: str = "aws", *, window: int = 10, above: str = "/bin/bash") -> Provenance:
    """A program of this name, run by what is above it in a window."""
    program = CallingProgram((f"/usr/bin/{name}", above, "/usr/bin/xterm"), ("sh", "xterm"), Process(window, 1), name)
    return Provenance(program, Process(99, 1))


@pytest.fixture
def stage() -> Stage:
    """A broker with an open session, and the roles of both accounts in memory; nobody was told of anything."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock()
    for one in (A, B):
        stage.ask(one)
        stage.give()
    return stage


def notices(stage: Stage) -> list[Notice]:
    """What was shown of first uses, in order."""
    return [one.notice for one in stage.told if isinstance(one, Show) and one.notice.key == FIRST_USE]


def said(stage: Stage) -> list[str]:
    """Their titles, without the account."""
    return [str(one.title).partition(",")[0] for one in notices(stage)]


def use(stage: Stage, *uses: tuple[str, Provenance]) -> None:
    """Programs use account-a, and a moment goes by."""
    for program, provenance in uses:
        assert stage.served(stage.ask(program=program, provenance=provenance))
    stage.wait(TOGETHER)


def test_the_first_time_is_told_and_no_other(stage: Stage) -> None:
    """Quietly, with the two buttons; another program, and another profile, are told as well."""
    use(stage, ("aws", of()), ("aws", of()))
    (notice,) = notices(stage)
    assert (str(notice.title), notice.urgency) == ("aws uses account-a, account 222222222222", Urgency.LOW)
    assert [(name, str(label)) for name, label in notice.actions] == [
        (LOCK, "Lock now"),
        (f"{HUSH}:1", "Not again for this program"),
    ]
    use(stage, ("aws", of(window=11)))  # another window makes no other program
    assert len(notices(stage)) == 1

    stage.wait(NEWS)
    stage.ask(B, provenance=of())
    stage.wait(TOGETHER)
    use(stage, ("terraform", of("terraform")))
    assert said(stage)[1] == "aws uses account-b"
    assert said(stage)[2] == "2 programs use 2 profiles"  # what was said a moment ago is said again with it


def test_what_comes_in_a_moment_is_one_notification(stage: Stage) -> None:
    """However many accounts a run goes over."""
    for number in range(60):
        stage.ask(profile(f"account-{number}", A.target), program="terraform", provenance=of("terraform"))
    assert not notices(stage)
    stage.wait(TOGETHER)
    (notice,) = notices(stage)
    assert str(notice.title) == "terraform uses 60 profiles"
    assert str(notice.body).endswith("account-0, account-1, account-2 and 57 more")


def test_who_the_code_was_entered_for_is_not_told() -> None:
    """The dialog has named that command, with all that it asks for; what waited for the same code is told."""
    stage = Stage()
    stage.configure(ALICE)
    stage.ask(program="terraform", provenance=of("terraform"))
    stage.ask(B, program="terraform", provenance=of("terraform"))
    stage.ask(program="miner", provenance=of("miner"), pid=666)
    stage.enter("123456")
    stage.grant()
    stage.give()
    stage.give()
    stage.wait(TOGETHER)
    assert said(stage) == ["miner uses account-a"]


def test_a_code_from_a_terminal_is_for_the_command_there() -> None:
    """And `trayexec auth` is for none."""
    stage = Stage()
    stage.configure(ALICE)
    stage.ask(program="miner", provenance=of("miner"), pid=666)
    stage.auth(code="123456")
    stage.grant()
    stage.give()
    stage.wait(TOGETHER)
    assert said(stage) == ["miner uses account-a"]


def test_what_was_asked_about_is_not_told(stage: Stage) -> None:
    """The person has said yes to it by name."""
    stage.ask(provenance=of(), guard=UseGuard(600))
    stage.permit(Verdict.FOR_A_TIME)
    stage.ask(provenance=of(), guard=UseGuard(600))
    stage.wait(TOGETHER)
    assert not notices(stage)


def test_nothing_is_told_where_the_settings_say_so(stage: Stage) -> None:
    """From the next use on."""
    stage.configure(first_use=False)
    use(stage, ("aws", of()))
    assert not notices(stage)


def test_a_locked_screen_is_told_nothing_and_all_of_it_afterwards(stage: Stage) -> None:
    """In one notification."""
    stage.configure(on_lock=OnLock.KEEP)
    stage.screen(Screen.LOCKED)
    use(stage, ("aws", of()))
    stage.wait(2 * NEWS)
    use(stage, ("terraform", of("terraform")))
    assert not notices(stage)
    stage.screen(Screen.UNLOCKED)
    assert said(stage) == ["2 programs use account-a"]


def test_a_lock_begins_anew(stage: Stage) -> None:
    """So does the end of a session, for what was used of it."""
    use(stage, ("aws", of()))
    stage.lock()
    stage.unlock(code="234567")
    stage.ask(provenance=of())
    stage.give()
    stage.wait(TOGETHER)
    assert said(stage) == 2 * ["aws uses account-a"]

    known = noted(FirstUses(), stage.of(A, of()), stage.now)
    known = noted(known, stage.of(OTHER, of()), stage.now)
    assert [one.profile for one in known.without(ALICE).seen] == ["other"]


def test_not_again_is_for_that_program_alone(stage: Stage) -> None:
    """Not for one of the same name that something else has started: that is what a name alone cannot tell."""
    use(stage, ("aws", of()))
    stage.do(Hush(1))
    (kept,) = stage.quiet
    assert (kept.mark, kept.label) == (mark(replace(of().program, app=None)), "aws")

    stage.lock()
    stage.unlock(code="234567")
    stage.ask(provenance=of())
    stage.give()
    stage.wait(TOGETHER)
    assert len(notices(stage)) == 1

    use(stage, ("aws", of(above="/usr/bin/node")))
    assert said(stage)[1:] == ["aws uses account-a"]

    use(stage, ("aws", of(above="/usr/bin/make")))
    assert said(stage)[2:] == ["aws uses account-a"]


def test_a_button_of_an_older_notification_hushes_nobody(stage: Stage) -> None:
    """It did not name who came since."""
    use(stage, ("aws", of()))
    use(stage, ("miner", of("miner")))
    stage.do(Hush(1))
    assert not stage.quiet
    stage.do(Hush(2))
    assert len(stage.quiet) == 2


def test_of_a_program_that_nothing_is_known_of_nobody_can_be_quiet(stage: Stage) -> None:
    """Its name is anybody's: it is told once, without that button."""
    stranger = Provenance(CallingProgram(name="aws"))
    use(stage, ("aws", stranger), ("aws", stranger))
    (notice,) = notices(stage)
    assert [name for name, _ in notice.actions] == [LOCK]


def test_what_is_remembered_has_an_end(stage: Stage) -> None:
    """The oldest go first."""
    known = FirstUses()
    for number in range(MOST + 1):
        known = noted(known, stage.of(profile(f"p{number}", A.target), of()), stage.now)
    assert len(known.seen) == MOST
    assert "p0" not in {one.profile for one in known.seen}

"""What providers give is kept like a role: one question at a time, renewed in use, forgotten by a lock."""

from support.stage import GIVEN, HOUR, OVER, VAULT, A, Stage, printed_by, profile, provider, role
from trayexec.core.broker.events import AssumeRole, LoadProvider, OpenSession, Screen
from trayexec.core.broker.tray_view import view
from trayexec.core.ports import Refusal


def test_one_question_serves_all_who_wait_and_nobody_is_asked_for_a_code() -> None:
    """Fifty callers, and fifty more once it is there."""
    stage = Stage()
    first = [stage.ask(GIVEN) for _ in range(50)]
    stage.load()
    assert all(stage.served(one) for one in [*first, *(stage.ask(GIVEN) for _ in range(50))])
    assert (stage.count(LoadProvider), len(stage.dialogs), len(stage.checks)) == (1, 0, 0)


def test_a_role_waits_for_its_provider_and_is_assumed_with_what_that_gives() -> None:
    """A second role over it needs no second question."""
    stage = Stage()
    over, beside = stage.ask(OVER), stage.ask(GIVEN)
    assert not stage.assuming
    stage.load()
    assert stage.served(beside)
    stage.give()
    assert stage.served(over)
    other = stage.ask(profile("other", role("other", VAULT)))
    stage.give()
    assert stage.served(other)
    assert stage.count(LoadProvider) == 1


def test_another_profile_is_another_provider() -> None:
    """Nothing that one gave is handed out for the other."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load()
    other = stage.ask(profile("other", provider("other")))
    assert stage.got(other) is None
    stage.fail()
    assert stage.got(other) == "other"


def test_it_is_asked_again_before_it_ends_and_the_last_good_stays_while_that_fails() -> None:
    """While it is in use; after the end there is nothing, and no other source takes its place."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load(HOUR)
    stage.wait(HOUR - 1300)
    assert not stage.loading
    stage.wait(110)
    assert len(stage.loading) == 1
    stage.fail()
    assert stage.served(stage.ask(GIVEN))
    stage.wait(HOUR)
    while stage.loading:
        stage.fail()
    last = stage.ask(GIVEN)
    stage.fail()
    assert stage.got(last) == "other"


def test_what_ends_within_a_minute_is_not_handed_out() -> None:
    """The refusal says so."""
    stage = Stage()
    asked = stage.ask(GIVEN)
    stage.load(59)
    assert stage.got(asked) == "too_short"


def test_a_lock_forgets_it_and_its_roles_and_tells_who_waits() -> None:
    """By the profile's name, or with everything else; what comes afterwards finds nobody."""
    for word in ("vault", None):
        stage = Stage()
        stage.ask(OVER)
        stage.load()
        stage.give()
        waiting = stage.ask(profile("late", provider("vault2")))
        stage.lock(word)
        assert not any(one.root == VAULT for one in stage.broker.roles)
        assert stage.got(waiting) == (None if word else "locked")
        again = stage.ask(GIVEN)
        assert stage.got(again) is None


def test_a_lock_of_an_identity_leaves_it() -> None:
    """It is another's."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load()
    stage.lock("default")
    assert stage.served(stage.ask(GIVEN))


def test_a_locked_screen_refuses_it() -> None:
    """What it has given stays here."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load()
    stage.screen(Screen.LOCKED)
    assert stage.got(stage.ask(GIVEN, wait=0)) == "screen_locked"


def test_a_slow_provider_is_told_of_once() -> None:
    """To all who wait for it, also for a role over it, and to nobody else."""
    stage = Stage()
    here, over, other = stage.ask(GIVEN), stage.ask(OVER), stage.ask(A)
    stage.wait(0.5)
    assert stage.notes(here) == []
    stage.wait(10)
    for one in (here, over):
        assert stage.said(one) == ["Waiting for credential_process of profile vault"]
    assert "aws" not in stage.notes(other)
    stage.load()
    stage.drain()


def test_credentials_that_aws_does_not_take_are_got_anew_once() -> None:
    """A program that gives the same again is not asked for ever."""
    stage = Stage()
    asked = stage.ask(OVER)
    stage.load()
    stage.wait(100)
    stage.deny(Refusal.SESSION)
    assert len(stage.loading) == 1
    stage.load()
    stage.deny(Refusal.SESSION)
    assert stage.got(asked) == "session"
    assert (stage.count(LoadProvider), stage.count(AssumeRole)) == (2, 2)


def test_the_menu_says_how_long_it_lasts_and_what_failed() -> None:
    """Beside the identities."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load()
    other = profile("other", provider("other"))
    stage.ask(other)
    stage.fail()
    lines = [str(getattr(one, "label", "")) for one in view(stage.broker, stage.now).menu]
    assert any(line.startswith("vault (credential_process): open until ") for line in lines)
    assert any(line.startswith("other (credential_process): AWS said no") for line in lines)


def test_a_program_that_prints_long_term_keys_makes_its_profile_an_identity() -> None:
    """All who wait, also for a role over it, go on to one question, one session and its roles."""
    stage = Stage()
    keys = printed_by(VAULT)
    here, over, beside = stage.ask(GIVEN), stage.ask(OVER), stage.ask(GIVEN)
    stage.print_keys()
    assert list(stage.dialogs) == [keys]
    stage.enter("123456", keys)
    stage.grant()
    stage.give()
    assert all(stage.served(one) for one in (here, over, beside, stage.ask(GIVEN), stage.ask(OVER)))
    assert (stage.count(LoadProvider), stage.count(OpenSession), stage.count(AssumeRole)) == (1, 1, 1)


def test_what_it_gave_before_is_forgotten_then() -> None:
    """A role that is just assumed with it as well: who waits for that asks anew."""
    stage = Stage()
    stage.ask(GIVEN)
    stage.load(HOUR)
    stage.wait(HOUR - 1150)
    stage.ask(OVER)
    assert (len(stage.loading), len(stage.assuming)) == (1, 1)
    stage.print_keys()
    assert not any(one.root == VAULT for one in stage.broker.roles)
    stage.give()
    assert list(stage.dialogs) == [printed_by(VAULT)]
    stage.drain()


def test_a_lock_meanwhile_is_the_answer() -> None:
    """What comes afterwards finds nobody."""
    stage = Stage()
    asked = stage.ask(GIVEN)
    stage.lock()
    assert stage.got(asked) == "locked"
    stage.print_keys()
    assert not stage.dialogs

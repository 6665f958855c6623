"""Roles: assumed when asked for, one call at a time, renewed while in use, and the last good kept when AWS fails."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, AUDIT, BASE, DEEP, EVERY_REFUSAL, HOUR, TOP, B, Stage, profile, role
from trayexec.core.broker.events import AssumeRole, Prompt, Renewal
from trayexec.core.broker.state import Locked
from trayexec.core.ports import Refusal

MINUTE = 60


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent with an open session of twelve hours; in the end nobody may be left waiting."""
    stage = Stage()
    stage.configure(ALICE)
    stage.unlock()
    stage.wait(2 * MINUTE)  # no longer brand new
    yield stage
    stage.drain()


def calls(stage: Stage) -> int:
    """How often AssumeRole has been called."""
    return stage.count(AssumeRole)


# On demand


def test_nothing_is_assumed_before_somebody_asks(stage: Stage) -> None:
    """An open session alone calls for no role, however long it is open."""
    stage.wait(2 * HOUR)
    assert calls(stage) == 0


def test_two_profiles_with_the_same_role_share_it(stage: Stage) -> None:
    """One call, whatever the profiles are named."""
    mine, theirs = stage.ask(), stage.ask(profile("other-name", ADMIN))
    stage.give()
    assert stage.got(mine) is stage.got(theirs)
    assert stage.served(stage.ask())
    assert calls(stage) == 1


def test_roles_fly_side_by_side(stage: Stage) -> None:
    """Each role has its own call, and each caller its own role, in whatever order they come back."""
    admin, audit = stage.ask(), stage.ask(B)
    stage.give(which=1)
    assert stage.served(audit)
    assert stage.got(admin) is None
    stage.give()
    assert stage.served(admin)


def test_a_hundred_callers_of_one_role_make_one_call(stage: Stage) -> None:
    """And all of them resume at once."""
    callers = [stage.ask() for _ in range(100)]
    stage.give()
    assert all(stage.served(one) for one in callers)
    assert calls(stage) == 1


# Role on role


def test_a_role_on_a_role_is_assumed_with_it(stage: Stage) -> None:
    """The lower role first, then the upper one with its credentials; both are kept."""
    caller = stage.ask(DEEP)
    assert [call.role for call in stage.assuming] == [ADMIN]
    stage.give()
    assert [call.role for call in stage.assuming] == [TOP]
    stage.give()
    assert stage.served(caller)
    assert stage.served(stage.ask())
    assert calls(stage) == 2


def test_a_refused_lower_role_refuses_the_upper_one(stage: Stage) -> None:
    """Whoever waits for the upper one is told what AWS said of the lower one."""
    caller = stage.ask(DEEP)
    stage.deny()
    assert stage.got(caller) == "denied"
    assert stage.got(stage.ask(DEEP)) == "denied"
    assert calls(stage) == 1


def test_the_session_may_end_while_the_lower_role_is_on_its_way() -> None:
    """The upper role needs the lower one only: the caller is served all the same."""
    stage = Stage()
    stage.unlock(10)
    caller = stage.ask(DEEP)
    stage.wait(11)
    assert not stage.is_open()
    stage.give()
    stage.give()
    assert stage.served(caller)
    stage.drain()


def test_a_lower_role_with_next_to_no_life_is_an_error(stage: Stage) -> None:
    """AWS, or the clock, makes it end within a minute: that is told, and not tried in circles."""
    caller = stage.ask(DEEP)
    stage.give(30)
    assert stage.got(caller) == "too_short"
    assert calls(stage) == 1


def test_a_lower_role_in_its_last_minute_is_assumed_anew(stage: Stage) -> None:
    """What is over before the next call arrives is no good to call with."""
    stage.ask()
    stage.give()
    stage.sleep(HOUR - 30)
    stage.deny(Refusal.OTHER)
    caller = stage.ask(DEEP)
    assert [call.role for call in stage.assuming] == [ADMIN]
    stage.give()
    stage.give()
    assert stage.served(caller)


def test_a_lower_role_that_aws_no_longer_takes_is_assumed_anew(stage: Stage) -> None:
    """The session is good, so nobody is asked; callers wait a call longer."""
    stage.ask()
    stage.give()
    stage.wait(10 * MINUTE)
    caller = stage.ask(DEEP)
    stage.deny(Refusal.SESSION)
    assert [call.role for call in stage.assuming] == [ADMIN]
    stage.give()
    stage.give()
    assert stage.served(caller)
    assert stage.count(Prompt) == 0


def test_a_brand_new_lower_role_that_is_refused_is_not_assumed_in_circles(stage: Stage) -> None:
    """Then a newer one would not help."""
    caller = stage.ask(DEEP)
    stage.give()
    stage.deny(Refusal.SESSION)
    assert stage.got(caller) == "session"
    assert not stage.assuming


# Life


def test_a_role_in_use_is_renewed_ahead(stage: Stage) -> None:
    """Under 20 minutes it is renewed silently, so that what is served always has 20 minutes left."""
    stage.ask()
    stage.give()
    for _ in range(100):
        stage.wait(5 * MINUTE)
        while stage.assuming:
            stage.give()
        credentials = stage.got(stage.ask())
        assert not isinstance(credentials, str | None)
        assert credentials.expiry.left(stage.now) >= 20 * MINUTE
    assert 12 <= calls(stage) <= 14


def test_a_role_that_nobody_uses_is_let_go(stage: Stage) -> None:
    """An hour after its last use it is renewed no more, and forgotten when it ends."""
    stage.ask()
    stage.give()
    for _ in range(12):
        stage.wait(15 * MINUTE)
        while stage.assuming:
            stage.give()
    assert calls(stage) == 2
    assert not stage.broker.roles


@pytest.mark.parametrize("need", [1200, 3000])
def test_roles_of_fifteen_minutes_are_not_assumed_for_every_request(stage: Stage, need: int) -> None:
    """Where AWS gives little, half of it will do; who insists gets the freshest there is, not a call each."""
    callers = []
    stage.ask(need=need)
    stage.give(15 * MINUTE)
    for _ in range(10):
        callers.append(stage.ask(need=need))
        stage.wait(5)
    assert all(stage.served(one) for one in callers)
    assert calls(stage) == 1


def test_need_gets_a_fresh_role(stage: Stage) -> None:
    """Fifty minutes are asked for and half an hour is left: the role is assumed again first."""
    stage.ask()
    stage.give()
    stage.wait(30 * MINUTE)
    caller = stage.ask(need=50 * MINUTE)
    assert stage.got(caller) is None
    stage.give()
    assert stage.served(caller)


def test_a_role_outlives_its_session(stage: Stage) -> None:
    """After the session's end the role is served, and no dialog opens, while it has 20 minutes."""
    stage.sleep(11.5 * HOUR)
    stage.ask()
    stage.give()
    stage.wait(35 * MINUTE)
    assert not stage.is_open()
    assert stage.served(stage.ask())
    assert stage.count(Prompt) == 0


@pytest.mark.parametrize("how", ["no wait", "cancelled", "timed out"])
def test_what_is_left_of_a_role_is_better_than_nothing(stage: Stage, how: str) -> None:
    """Under 20 minutes a person is asked; if that leads nowhere, what is left is served, to its last minute."""
    stage.sleep(11.5 * HOUR)
    stage.ask()
    stage.give()
    stage.wait(50 * MINUTE)
    caller = stage.ask(wait=0 if how == "no wait" else 120)
    if how == "cancelled":
        stage.cancel()
    elif how == "timed out":
        stage.wait(121)
    assert stage.served(caller)
    insisting = stage.ask(need=1201, wait=0)
    assert stage.got(insisting) == "locked"
    stage.wait(9 * MINUTE + 1)
    assert stage.got(stage.ask(wait=0)) == "locked"


# AWS says no


def test_a_denied_role_is_not_asked_for_again_for_half_a_minute(stage: Stage) -> None:
    """A loop of commands does not become a loop of calls; others are not affected."""
    first = stage.ask()
    stage.deny()
    assert stage.got(first) == stage.got(stage.ask()) == "denied"
    other = stage.ask(B)
    stage.give()
    assert stage.served(other)
    assert calls(stage) == 2
    stage.wait(30)
    again = stage.ask()
    stage.give()
    assert stage.served(again)
    assert stage.is_open()


def test_a_fresh_session_forgets_the_denials(stage: Stage) -> None:
    """A code just given may be what the role was lacking (aws:MultiFactorAuthAge)."""
    stage.ask()
    stage.deny()
    stage.unlock(code="222222")
    again = stage.ask()
    stage.give()
    assert stage.served(again)


@pytest.mark.parametrize("kind", [Refusal.OTHER, Refusal.UNSENT, Refusal.LOST])
def test_a_fault_is_tried_again_with_the_next_request(stage: Stage, kind: Refusal) -> None:
    """No network now says nothing about the next moment."""
    caller = stage.ask()
    stage.deny(kind)
    assert stage.got(caller) == EVERY_REFUSAL[kind].code
    again = stage.ask()
    stage.give()
    assert stage.served(again)


def test_the_last_good_is_kept_while_renewals_fail(stage: Stage) -> None:
    """They are tried again after 15 s, 30 s, a minute and so on; requests are served at once meanwhile."""
    stage.ask()
    stage.give()
    stage.wait(39 * MINUTE)
    pauses: list[int] = []
    start = stage.now.boot
    while len(pauses) < 6:
        stage.wait(5)
        if stage.assuming:
            pauses.append(round(stage.now.boot - start))
            start = stage.now.boot
            stage.deny(Refusal.OTHER)
            assert stage.served(stage.ask())
    assert pauses[1:] == pytest.approx([15, 30, 60, 120, 240], abs=15)


def test_the_network_comes_back_after_the_last_good_has_ended(stage: Stage) -> None:
    """However long the pause between renewals has grown: the next request is tried, and served."""
    stage.ask()
    stage.give()
    for _ in range(12):
        stage.wait(5 * MINUTE)
        while stage.assuming:
            stage.deny(Refusal.UNSENT)
    assert stage.broker.role(ADMIN).failure is not None
    caller = stage.ask()
    stage.give()
    assert stage.served(caller)


def test_who_insists_on_more_than_is_left_gets_a_try(stage: Stage) -> None:
    """What is left is no answer to --need, so the pause between renewals is not either."""
    stage.ask()
    stage.give()
    stage.wait(41 * MINUTE)
    stage.deny(Refusal.UNSENT)
    caller = stage.ask(need=30 * MINUTE)
    stage.give()
    assert stage.served(caller)


# The session is no longer taken


def test_a_revoked_session_makes_one_dialog_for_all_who_wait(stage: Stage) -> None:
    """Fifty roles are refused with it: one notice, one dialog, and then every caller is served."""
    roles = [profile(f"p{number}", role(f"r{number}", ALICE)) for number in range(10)]
    callers = [stage.ask(one) for one in roles]
    while stage.assuming:
        stage.deny(Refusal.SESSION)
    assert stage.count(Prompt) == 1
    assert stage.titles() == [f"Refused by AWS: {ALICE.who}"]
    assert not stage.is_open()
    stage.enter("222222")
    stage.grant()
    while stage.assuming:
        stage.give()
    assert all(stage.served(one) for one in callers)
    assert calls(stage) == 20


def test_a_role_that_succeeds_although_another_was_refused_is_served(stage: Stage) -> None:
    """AWS learns of a revocation place by place: what it gave is good."""
    refused, given = stage.ask(), stage.ask(B)
    stage.deny(Refusal.SESSION)
    stage.give()
    assert stage.got(refused) is None
    assert stage.served(given)


def test_a_revoked_session_under_a_role_on_a_role(stage: Stage) -> None:
    """Whoever waits for the upper one waits for the same dialog."""
    lower, upper = stage.ask(), stage.ask(DEEP)
    stage.deny(Refusal.SESSION)
    assert stage.count(Prompt) == 1
    stage.enter("222222")
    stage.grant()
    stage.give()
    stage.give()
    assert stage.served(lower)
    assert stage.served(upper)


def test_a_revoked_session_asks_nobody_when_nobody_waits(stage: Stage) -> None:
    """A renewal in the background finds it out: a notice with its button, no dialog."""
    stage.ask()
    stage.give()
    stage.wait(41 * MINUTE)
    stage.deny(Refusal.SESSION)
    assert stage.titles() == [f"Refused by AWS: {ALICE.who}"]
    assert not stage.dialogs


def test_a_brand_new_session_that_is_refused_is_locked_and_opens_no_dialog(stage: Stage) -> None:
    """Another code would not help: the callers are told, and not asked in circles; it is shown as what it is.

    A person who wants to try may do so at once, a request after a minute.
    """
    stage.unlock(code="222222")
    first, second = stage.ask(), stage.ask(B)
    stage.deny(Refusal.SESSION)
    stage.deny(Refusal.SESSION)
    assert stage.got(first) == stage.got(second) == stage.got(stage.ask()) == "session"
    assert not stage.dialogs
    assert not stage.is_open()
    assert f"Refused by AWS: {ALICE.who}" in stage.titles()
    phase = stage.broker.phase(ALICE)
    assert isinstance(phase, Locked)
    assert phase.trouble is EVERY_REFUSAL[Refusal.SESSION]
    stage.wait(MINUTE)
    stage.ask()
    assert stage.dialogs
    stage.cancel()


def test_a_call_made_with_the_old_session_is_made_again_with_the_new_one(stage: Stage) -> None:
    """The session was renewed while the call was under way: its refusal says nothing about the new one."""
    caller = stage.ask()
    old = stage.assuming[0].by
    stage.unlock(code="222222")
    stage.deny(Refusal.SESSION)
    assert stage.got(caller) is None
    assert stage.assuming[0].by is not old
    stage.give()
    assert stage.served(caller)


def test_a_session_revoked_while_it_is_renewed(stage: Stage) -> None:
    """The dialog that is up already is the one that all wait for."""
    clicker = stage.auth(renewal=Renewal.ALWAYS)
    caller = stage.ask()
    stage.deny(Refusal.SESSION)
    assert stage.got(caller) is None
    assert stage.count(Prompt) == 1
    stage.enter("222222")
    stage.grant()
    stage.give()
    assert stage.served(clicker)
    assert stage.served(caller)


def test_the_session_ends_while_a_role_is_under_way() -> None:
    """Its answer still serves; its refusal leads to the dialog."""
    for answer in ("given", "refused"):
        stage = Stage()
        stage.unlock(10)
        caller = stage.ask()
        stage.wait(11)
        if answer == "given":
            stage.give()
            assert stage.served(caller)
        else:
            stage.deny(Refusal.SESSION)
            assert stage.dialogs
        stage.drain()


@pytest.mark.parametrize("seconds", [59, 0, -100])
def test_a_role_with_next_to_no_life_is_never_handed_out(stage: Stage, seconds: int) -> None:
    """Less than a minute is an error that speaks of the clock."""
    caller = stage.ask()
    stage.give(seconds)
    assert stage.got(caller) == "too_short"


def test_less_than_a_minute_is_less_than_enough_for_anybody(stage: Stage) -> None:
    """Even a caller that needs no time at all gets a role anew in its last minute."""
    stage.ask()
    stage.give()
    stage.sleep(HOUR - 59)
    stage.deny(Refusal.OTHER)
    caller = stage.ask(need=0)
    assert stage.got(caller) is None
    stage.give()
    assert stage.served(caller)


def test_the_session_itself_is_served_to_its_last_minute(stage: Stage) -> None:
    """A profile that is the identity gets the session, and a dialog in its last minute."""
    stage.sleep(12 * HOUR - 3 * MINUTE - 1)
    assert stage.served(stage.ask(BASE))
    stage.wait(2)
    assert stage.got(stage.ask(BASE, wait=0)) == "locked"
    assert calls(stage) == 0
    assert AUDIT not in stage.broker.roles


# More than an hour


def test_a_role_that_wants_more_than_an_hour_is_told_once_that_it_gets_one(stage: Stage) -> None:
    """The first caller hears it, the next does not; a role that asks for an hour never does."""
    long = replace(ADMIN, seconds=43200)
    first, usual = stage.ask(profile("long", long)), stage.ask()
    stage.give()
    stage.give()
    stage.wait(50 * MINUTE)
    again = stage.ask(profile("long", long))
    assert stage.notes(first) == ["hour"]
    assert stage.notes(usual) == []
    assert stage.notes(again) == []
    stage.give()
    stage.give()


def test_who_cannot_wait_is_served_from_memory_and_renewed_behind(stage: Stage) -> None:
    """The container endpoint asks for a minute and waits for nobody: the old goes out, the new comes meanwhile."""
    stage.ask()
    stage.give()
    first = stage.got(stage.ask())
    stage.wait(39 * MINUTE)
    assert stage.got(stage.ask(need=MINUTE, wait=0)) is first
    stage.wait(2 * MINUTE)
    assert calls(stage) == 2
    assert stage.got(stage.ask(need=MINUTE, wait=0)) is first
    stage.deny(Refusal.OTHER)
    assert stage.got(stage.ask(need=MINUTE, wait=0)) is first
    stage.wait(MINUTE)
    stage.give()
    assert stage.served(stage.ask(need=MINUTE, wait=0))
    assert stage.got(stage.ask(need=MINUTE, wait=0)) is not first
    assert stage.count(Prompt) == 0

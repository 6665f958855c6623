"""The table of phases: `support.stage` lets no other way pass, and each way in it is gone here."""

from collections.abc import Callable

import pytest

from support.stage import ALICE, BUILD, PHASE_TABLE, ROBOT, A, B, Stage, identity, profile, role
from trayexec.core.broker import handover
from trayexec.core.broker.events import AskAt, IdleSeen, Renewal, Screen
from trayexec.core.config.profiles import Profile
from trayexec.core.ports import Refusal
from trayexec.core.settings import Command, IdentityRule, OnLock, Renew

C = profile("account-c", role("c", ALICE))
TWIN = profile("twin", role("twin", identity("twin", ALICE.mfa_serial)))  # other keys, the same device


def asked() -> Stage:
    """A dialog is up."""
    stage = Stage()
    stage.configure(ALICE)
    stage.ask()
    return stage


def sent() -> Stage:
    """A code is on its way."""
    stage = asked()
    stage.enter("123456")
    return stage


def opened() -> Stage:
    """A session is open, and no longer young."""
    stage = sent()
    stage.grant()
    stage.give()
    stage.wait(100)
    return stage


def locked(stage: Stage) -> Stage:
    """A person locks."""
    stage.lock()
    return stage


def wiped(stage: Stage) -> Stage:
    """The screen is locked, which is to wipe."""
    stage.configure(on_lock=OnLock.WIPE)
    stage.screen(Screen.LOCKED)
    return stage


def wiped_later(stage: Stage) -> Stage:
    """The settings say, while the screen is locked, that this is to wipe."""
    stage.configure(on_lock=OnLock.KEEP)
    stage.screen(Screen.LOCKED)
    stage.configure(on_lock=OnLock.WIPE)
    return stage


def renewed_unasked() -> Stage:
    """A session that is in use comes to its end, and its command gives the codes."""
    stage = Stage()
    stage.configure(ALICE, identities={ALICE.keys: IdentityRule(Command(("ykman",)), Renew.AUTO)})
    stage.ask()
    stage.enter("123456")
    stage.grant()
    stage.give()
    stage.sleep(12 * 3600 - 600)
    return stage


def cancelled() -> Stage:
    """A person says no."""
    stage = asked()
    stage.cancel()
    return stage


def nobody_came() -> Stage:
    """Nobody comes to the terminal."""
    stage = Stage()
    stage.ask(ask_at=AskAt.TERMINAL, wait=5)
    stage.wait(10)
    return stage


def nobody_waits() -> Stage:
    """The caller hangs up while its keys are looked for."""
    stage = Stage(slow_keychain=True)
    stage.hang_up(stage.ask())
    return stage


def no_keys() -> Stage:
    """There are no keys to ask a code for."""
    stage = Stage(slow_keychain=True)
    stage.ask()
    stage.no_keys()
    return stage


def by_code() -> Stage:
    """A code comes with the request, to one who is locked and to one who is being asked."""
    stage = Stage()
    stage.auth(code="123456")
    stage.refuse()
    stage.auth()
    stage.auth(code="222222")
    return stage


def refused(kind: Refusal) -> Stage:
    """AWS gives nothing for the code."""
    stage = sent()
    stage.refuse(kind)
    return stage


def session_over() -> Stage:
    """AWS gives a session that is over."""
    stage = sent()
    stage.grant(0)
    return stage


def used_up_by_another() -> Stage:
    """The fifth code for a device opens a session, and the next in the line may send none."""
    stage = asked()
    stage.ask(TWIN, wait=600)
    for digit in "1234":
        stage.enter(digit * 6)
        stage.refuse()
    stage.enter("555555")
    stage.grant()
    return stage


def expired() -> Stage:
    """The session ends."""
    stage = opened()
    stage.sleep(12 * 3600)
    return stage


def expired_while_renewed(code: str | None) -> Stage:
    """The session ends while a renewal is asked for, or on its way."""
    stage = opened()
    stage.sleep(12 * 3600 - 300)
    stage.auth(code=code, renewal=Renewal.ALWAYS, wait=600)
    stage.sleep(300)
    return stage


def revoked() -> Stage:
    """AWS takes the session back from two roles: both need a code."""
    stage = opened()
    stage.ask(B)
    stage.ask(C)
    stage.deny(Refusal.SESSION)
    stage.cancel()
    stage.wait(3)
    stage.deny(Refusal.SESSION)
    return stage


def revoked_while_renewed() -> Stage:
    """AWS takes the session back while a code is on its way."""
    stage = opened()
    stage.ask(B)
    stage.auth(code="654321", renewal=Renewal.ALWAYS)
    stage.deny(Refusal.SESSION)
    return stage


def revoked_at_once() -> Stage:
    """AWS takes back what it has just given: nobody is asked again."""
    stage = sent()
    stage.grant()
    stage.deny(Refusal.SESSION)
    return stage


def unasked() -> Stage:
    """An identity without MFA opens for whoever asks, and again when AWS takes its session back."""
    stage = Stage()
    stage.ask(BUILD)
    stage.grant()
    stage.give(1200)
    stage.wait(100)
    stage.ask(profile("other", role("other", ROBOT)))
    stage.ask(profile("another", role("another", ROBOT)))
    stage.deny(Refusal.SESSION)
    stage.refuse(Refusal.OTHER)
    stage.wait(10)
    stage.deny(Refusal.SESSION)
    return stage


def nobody_there() -> Stage:
    """Nobody has used a key for as long as the settings say."""
    stage = opened()
    stage.configure(idle_lock=1800)
    stage.do(IdleSeen(1800))
    return stage


def handed_over(meets: Callable[[Stage], object]) -> Stage:
    """A former agent had a session."""
    stage, former = Stage(), opened()
    stage._issued = former._issued
    stage.broker = handover.inherit(stage.broker, handover.taken(former.broker, {}))
    meets(stage)
    return stage


def unlocked(what: Profile) -> Stage:
    """Somebody asks while the screen is locked, which then is unlocked."""
    stage = Stage()
    stage.screen(Screen.LOCKED)
    stage.ask(what)
    stage.screen(Screen.UNLOCKED)
    return stage


def kept_later(what: Profile) -> Stage:
    """Somebody asks while the screen is locked, and the settings then say that this is nothing."""
    stage = Stage()
    stage.screen(Screen.LOCKED)
    stage.ask(what)
    stage.configure(on_lock=OnLock.KEEP)
    return stage


def test_each_way_in_the_table_is_gone() -> None:
    """No line of the table, and no event in it, is there for nothing."""
    stages = [
        *(cancelled(), nobody_came(), nobody_waits(), no_keys(), by_code()),
        *(refused(Refusal.CODE), refused(Refusal.OTHER), session_over(), used_up_by_another()),
        *(renewed_unasked(), expired(), expired_while_renewed(None), expired_while_renewed("654321")),
        *(revoked(), revoked_while_renewed(), revoked_at_once(), unasked()),
        *(handed_over(Stage.ask), handed_over(Stage.auth), handed_over(lambda stage: stage.configure(ALICE))),
        *(nobody_there(), unlocked(A), unlocked(BUILD), kept_later(A), kept_later(BUILD)),
    ]
    for begin in (asked, sent, opened):
        stages += [locked(begin()), wiped(begin()), wiped_later(begin())]

    assert set().union(*(stage.moves for stage in stages)) == PHASE_TABLE


def test_the_check_knows_no_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the table does not have, fails."""
    monkeypatch.setattr("support.stage.PHASE_TABLE", PHASE_TABLE - {("Locked", "Prompting", "Ask")})

    with pytest.raises(AssertionError, match="the table of phases"):
        asked()

"""Sessions that are renewed unasked: when, when not, and what a person hears of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, BASE, EVERY_REFUSAL, HOUR, A, Stage, profile
from trayexec.core.broker.events import CheckKeys, Occasion, OpenSession, Screen, Show
from trayexec.core.broker.status import AgentFacts, status
from trayexec.core.broker.step import TICK, next_deadline
from trayexec.core.config.profiles import Catalogue, CodeProcess
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Entered, NoDialog, Refusal, TimedOut
from trayexec.core.settings import Command, IdentityRule, OnLock, Renew

PROCESS = CodeProcess("pass otp aws", "account-a", ("c", "s"))
AUTO = {ALICE.keys: IdentityRule(Command(("ykman",)), Renew.AUTO)}


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent that renews by itself, with a session of twelve hours from which a role was used."""
    stage = Stage()
    stage.configure(ALICE, identities=AUTO)
    stage.unlock()
    use(stage)
    yield stage
    stage.drain()


def use(stage: Stage) -> None:
    """Somebody is given credentials."""
    caller = stage.ask(A, need=0)
    if stage.assuming:
        stage.give()
    assert stage.served(caller)


def notices(stage: Stage) -> list[tuple[str, str]]:
    """Every notification so far."""
    return [(str(one.notice.title), str(one.notice.body)) for one in stage.told if isinstance(one, Show)]


def until(stage: Stage, left: float) -> None:
    """Time passes until the session has so many seconds left."""
    session = stage.broker.session(ALICE, stage.now)
    assert session is not None
    stage.sleep(session.expiry.left(stage.now) - left)


def test_it_is_renewed_before_it_ends_and_nobody_hears_of_it(stage: Stage) -> None:
    """When the first warning would be due, by one code of the command; the keychain may ask nothing."""
    until(stage, 901)
    assert not stage.dialogs
    until(stage, 899)
    assert stage.dialogs[ALICE].question.command == ("ykman",)
    assert [one.occasion for one in stage.told if isinstance(one, CheckKeys)] == [Occasion.RENEWAL]
    stage.enter("222222")
    stage.grant()
    assert stage.broker.session(ALICE, stage.now).expiry.left(stage.now) == 12 * HOUR  # type: ignore[union-attr]
    assert notices(stage) == []
    use(stage)
    until(stage, 899)
    assert stage.dialogs


@pytest.mark.parametrize("answer", [NoDialog(EVERY_REFUSAL[Refusal.OTHER]), TimedOut(), Entered(Secret("no code"))])
def test_one_that_fails_is_warned_of_with_the_reason(stage: Stage, answer: Answer) -> None:
    """No person is asked for a code; at the next warning it is tried once more; the session goes on."""
    until(stage, 899)
    stage.answer(answer)
    assert not stage.dialogs
    ((title, body),) = notices(stage)
    assert title.endswith(f": {ALICE.who}")
    assert f"{ALICE.whose}: its command could not renew it: " in body
    told = status(stage.broker, Catalogue({"default": BASE}), AgentFacts(1, "1", "none", "none"), stage.now)[
        "identities"
    ]
    assert isinstance(told, list)
    assert told[0]["phase"] == "open"
    assert told[0]["trouble"]["title"] in body
    until(stage, 301)
    assert not stage.dialogs
    until(stage, 299)
    stage.answer(answer)
    assert len(notices(stage)) == 2
    assert stage.is_open()


def test_a_refused_code_is_followed_by_the_next_once(stage: Stage) -> None:
    """As for who waits; then it has failed."""
    until(stage, 899)
    stage.enter("222222")
    stage.refuse()
    assert stage.dialogs[ALICE].question.wait > 0
    stage.enter("333333")
    stage.refuse()
    assert not stage.dialogs
    assert "AWS said no" in notices(stage)[0][1]


@pytest.mark.parametrize("kind", [Refusal.KEYS, Refusal.OTHER, Refusal.BUDGET])
def test_no_further_code_is_spent_where_none_would_help(stage: Stage, kind: Refusal) -> None:
    """AWS refuses the keys, or answers nonsense: one warning."""
    until(stage, 899)
    stage.enter("222222")
    stage.refuse(kind)
    assert not stage.dialogs
    assert len(notices(stage)) == 1


def test_a_locked_keyring_is_not_asked_for(stage: Stage) -> None:
    """That is a question to a person, too."""
    stage.slow_keychain = True
    until(stage, 899)
    stage.keyring()
    assert len(notices(stage)) == 1


def test_one_that_nobody_uses_ends_without_a_word(stage: Stage) -> None:
    """Nothing was handed out since it was renewed: the next command opens one."""
    until(stage, 899)
    stage.enter("222222")
    stage.grant()
    stage.wait(60)
    stage.sleep(13 * HOUR)
    assert not stage.is_open()
    assert stage.count(OpenSession) == 2
    assert notices(stage) == []


@pytest.mark.parametrize("screen", Screen)
def test_one_that_is_not_renewed_lets_the_agent_rest(stage: Stage, screen: Screen) -> None:
    """What is past due and waits for its use, or for a person who is back, is looked at with the usual ticks."""
    if screen is Screen.UNLOCKED:
        until(stage, 899)
        stage.enter("222222")
        stage.grant()
    stage.screen(screen)
    until(stage, 899)
    assert not stage.dialogs
    assert next_deadline(stage.broker, stage.now) == TICK


def test_one_that_ended_while_the_machine_slept_is_not_opened(stage: Stage) -> None:
    """A week later nothing is asked of AWS before somebody wants something."""
    stage.sleep(7 * 24 * HOUR)
    stage.wait(60)
    assert stage.count(OpenSession) == 1
    stage.ask(A)
    assert stage.dialogs[ALICE].question.command == ("ykman",)


def test_a_machine_that_wakes_in_time_renews(stage: Stage) -> None:
    """There are ten minutes left."""
    stage.sleep(12 * HOUR - 600)
    assert stage.dialogs


def test_a_lock_ends_it(stage: Stage) -> None:
    """What a person locked stays locked."""
    until(stage, 899)
    stage.lock()
    assert not stage.dialogs
    stage.wait(60)
    stage.sleep(13 * HOUR)
    assert stage.count(OpenSession) == 1
    assert notices(stage) == []


def test_it_waits_for_a_locked_screen(stage: Stage) -> None:
    """Nothing is asked of anybody while that refuses, and what was begun is taken up when it is unlocked."""
    stage.screen(Screen.LOCKED)
    until(stage, 600)
    assert not stage.dialogs
    stage.screen(Screen.UNLOCKED)
    stage.wait(15)
    assert stage.dialogs
    stage.screen(Screen.LOCKED)
    assert not stage.dialogs
    stage.screen(Screen.UNLOCKED)
    stage.wait(15)
    assert stage.dialogs
    assert notices(stage) == []


def test_a_locked_screen_that_keeps_does_not_matter(stage: Stage) -> None:
    """Then credentials are given, too."""
    stage.configure(on_lock=OnLock.KEEP)
    stage.screen(Screen.LOCKED)
    until(stage, 899)
    assert stage.dialogs


def test_who_comes_meanwhile_waits_for_it_and_is_asked_where_it_fails(stage: Stage) -> None:
    """Then a person wants it."""
    until(stage, 899)
    caller = stage.ask(A, need=5000)
    stage.answer(TimedOut())
    assert stage.dialogs[ALICE].question.command == ()
    assert notices(stage) == []
    stage.enter("222222")
    stage.grant()
    stage.give()
    assert stage.served(caller)
    until(stage, 899)
    gone = stage.ask(A, need=5000)
    stage.hang_up(gone)
    assert stage.dialogs  # it goes on


@pytest.mark.parametrize(("warn", "at"), [((), 300), ((7 * HOUR,), 6 * HOUR)])
def test_when(stage: Stage, warn: tuple[int, ...], at: float) -> None:
    """Five minutes before the end where nobody is warned, and never in the first half of a session's life."""
    stage.configure(warn=warn)
    until(stage, at + 1)
    assert not stage.dialogs
    until(stage, at - 1)
    assert stage.dialogs


def test_a_long_role_is_not_renewed(stage: Stage) -> None:
    """What it is for has its credentials already, and cannot take others."""
    long = replace(ALICE, role=replace(ADMIN, seconds=4 * HOUR), name="default (long)")
    stage.unlock(HOUR, long, "222222")
    caller = stage.ask(profile("long", long), need=0)
    assert stage.served(caller)
    stage.sleep(HOUR - 800)
    assert not stage.dialogs
    assert notices(stage)[0][0].endswith(f": {long.who}")


def test_an_mfa_process_of_a_profile_renews_where_no_command_is_named() -> None:
    """The first that the files name, whoever asked first; without any a person is warned."""
    stage = Stage()
    rule = {ALICE.keys: IdentityRule(None, Renew.AUTO)}
    stage.configure(replace(ALICE, code=PROCESS), identities=rule)
    stage.unlock()
    use(stage)
    until(stage, 899)
    assert stage.dialogs[ALICE].question.command == PROCESS.argv
    assert stage.dialogs[ALICE].question.named_in == PROCESS.files
    stage.enter("222222")
    stage.grant()
    assert notices(stage) == []
    stage.configure(ALICE, identities=rule)
    use(stage)
    until(stage, 899)
    assert not stage.dialogs
    assert len(notices(stage)) == 1
    stage.drain()

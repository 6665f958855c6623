"""People and sessions: who is asked for the code, when, how often, and what becomes of those who wait."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, BASE, EVERY_REFUSAL, HOUR, A, B, Stage, identity, profile, role
from trayexec.core import messages
from trayexec.core.broker import codes
from trayexec.core.broker.codes import Device, Spent
from trayexec.core.broker.events import Answered, AskAt, OpenSession, Prompt, Renewal, Tell
from trayexec.core.broker.state import Locked
from trayexec.core.broker.step import next_deadline
from trayexec.core.clock import Instant
from trayexec.core.credentials import Secret
from trayexec.core.ports import NoDialog, Refusal, TimedOut
from trayexec.core.settings import Command, IdentityRule
from trayexec.core.stamps import local

NO_DISPLAY = NoDialog(EVERY_REFUSAL[Refusal.OTHER])


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent that knows one identity; in the end nobody may be left waiting."""
    stage = Stage()
    stage.configure(ALICE)
    yield stage
    stage.drain()


def question(stage: Stage) -> tuple[str | None, int]:
    """The reason and the seconds to wait that the dialog shows."""
    shown = stage.dialogs[ALICE].question
    return (None if shown.reason is None else str(shown.reason), shown.wait)


# One code


def test_fifty_callers_make_one_dialog_one_session_and_one_role(stage: Stage) -> None:
    """However many wait, one code serves them all."""
    callers = [stage.ask() for _ in range(50)]
    stage.enter("123 456")
    stage.grant()
    stage.give()
    assert stage.count(Prompt) == stage.count(OpenSession) == 1
    assert all(stage.served(one) for one in callers)


def test_a_dialog_says_who_asks_for_what(stage: Stage) -> None:
    """The person sees the identity, its device, the program and the profile, and how long the dialog stays."""
    stage.ask(program="terraform")
    shown = stage.dialogs[ALICE].question
    assert (shown.identity, shown.mfa_serial) == (ALICE.name, ALICE.mfa_serial)
    assert (shown.asker, shown.profile, shown.seconds) == ("terraform", "account-a", 90)
    assert question(stage) == (None, 0)


def test_whoever_comes_later_shares_the_dialog_and_the_code_under_way(stage: Stage) -> None:
    """A caller that comes while the dialog is up, or while AWS is asked, waits for the same code."""
    first = stage.ask()
    second = stage.ask(B)
    stage.enter("123456")
    third = stage.ask(BASE)
    stage.grant()
    assert stage.served(third)
    stage.give()
    stage.give()
    assert stage.served(first)
    assert stage.served(second)
    assert stage.count(Prompt) == 1


def test_each_identity_has_a_dialog_of_its_own(stage: Stage) -> None:
    """Two employers are two sessions; locking one leaves the other."""
    bob = identity("bob")
    mine, his = stage.ask(BASE), stage.ask(profile("bob", bob))
    stage.enter("123456")
    stage.grant()
    stage.enter("654321", bob)
    stage.grant()
    assert stage.served(mine)
    assert stage.served(his)
    stage.lock("bob")
    assert stage.is_open()
    assert not stage.is_open(bob)


# No


def test_a_cancel_fails_all_at_once_and_is_believed_for_a_moment(stage: Stage) -> None:
    """Nobody who said no is asked again by the next caller of a loop; a click asks at once."""
    callers = [stage.ask(), stage.ask(B), stage.auth()]
    stage.cancel()
    assert [stage.got(one) for one in callers] == ["cancelled"] * 3
    assert stage.got(stage.ask()) == "cancelled"
    assert not stage.dialogs
    stage.auth()
    assert stage.dialogs


def test_cancels_in_a_row_are_believed_longer(stage: Stage) -> None:
    """Two seconds, four, eight, and a minute at most."""
    pauses = []
    for _ in range(8):
        stage.auth()
        stage.cancel()
        start = stage.now.boot
        while stage.got(stage.ask(wait=1)) == "cancelled":
            stage.wait(1)
        pauses.append(round(stage.now.boot - start))
        stage.answer(TimedOut())  # at once, as no dialog does: nobody is asked in circles
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_cancel_of_long_ago_is_forgotten(stage: Stage) -> None:
    """The count begins anew after a while, and with the next session."""
    for _ in range(4):
        stage.auth()
        stage.cancel()
    stage.wait(400)
    stage.auth()
    stage.cancel()
    stage.wait(2)
    stage.ask()
    assert stage.dialogs


def test_a_session_ends_the_quiet(stage: Stage) -> None:
    """Whoever gave a code has changed their mind: the next request that needs one asks."""
    for _ in range(4):
        stage.auth()
        stage.cancel()
    stage.unlock()
    stage.lock()
    stage.ask()
    assert stage.dialogs


def test_a_cancelled_renewal_is_believed_too(stage: Stage) -> None:
    """A loop that wants more than the session has does not open one dialog after the other."""
    stage.unlock(2 * HOUR)
    first = stage.ask(BASE, need=3 * HOUR)
    stage.cancel()
    assert stage.got(first) == "cancelled"
    assert stage.got(stage.ask(BASE, need=3 * HOUR)) == "cancelled"
    assert stage.is_open()


def test_nobody_there(stage: Stage) -> None:
    """A dialog that times out fails its waiters, and the next request asks again."""
    caller = stage.ask()
    stage.wait(90)
    stage.answer(TimedOut())
    assert stage.got(caller) == "timed_out"
    stage.ask()
    assert stage.dialogs


def test_whoever_comes_just_before_the_dialog_goes_is_asked_again(stage: Stage) -> None:
    """The dialog was up for a minute and a half, but not for the one who came in its last seconds."""
    first = stage.ask()
    stage.wait(85)
    late = stage.ask()
    stage.wait(5)
    stage.answer(TimedOut())
    assert stage.got(first) == "timed_out"
    assert stage.got(late) is None
    stage.enter("123456")
    stage.grant()
    stage.give()
    assert stage.served(late)


def test_a_caller_waits_for_a_person_as_long_as_it_said(stage: Stage) -> None:
    """Then it is told; the dialog stays for who may still come."""
    patient, hasty = stage.ask(wait=60), stage.ask(wait=10)
    stage.wait(11)
    assert stage.got(hasty) == "timed_out"
    assert stage.got(patient) is None
    stage.enter("123456")
    stage.wait(120)
    assert stage.got(patient) is None  # nothing but AWS is missing now: that is waited for
    stage.grant()
    stage.give()
    assert stage.served(patient)


def test_somebody_waiting_is_looked_after_every_second(stage: Stage) -> None:
    """So that a wait ends when it was said to; otherwise the agent wakes every 15 seconds."""
    assert next_deadline(stage.broker, stage.now) == 15
    stage.ask()
    assert next_deadline(stage.broker, stage.now) == 1


def test_no_wait_never_asks(stage: Stage) -> None:
    """With --no-wait a locked identity is an error, and no dialog opens."""
    caller = stage.ask(wait=0)
    assert stage.got(caller) == "locked"
    assert stage.got(stage.auth(wait=0)) == "locked"
    assert stage.count(Prompt) == 0


def test_the_last_caller_that_hangs_up_takes_its_dialog_along(stage: Stage) -> None:
    """Ctrl-C ends the command, and what was asked for it; the next caller is asked afresh."""
    first, second = stage.ask(), stage.ask(B)
    stage.hang_up(first)
    assert stage.dialogs
    stage.hang_up(second)
    assert not stage.dialogs
    assert stage.broker.phase(ALICE) == Locked()
    assert stage.got(stage.ask()) is None
    assert stage.dialogs


def test_a_dialog_that_a_person_opened_stays(stage: Stage) -> None:
    """What was clicked in the tray does not go with a command that asked for the same."""
    stage.auth()
    stage.hang_up(stage.ask())
    assert stage.dialogs


def test_a_dialog_names_a_caller_that_is_still_there(stage: Stage) -> None:
    """Once who asked first has gone, it is shown for the next, with the time that was left."""
    first = stage.ask(program="terraform")
    stage.ask(B, program="kubectl")
    stage.wait(30)
    stage.hang_up(first)
    stage.wait(1)
    shown = stage.dialogs[ALICE].question
    assert (shown.asker, shown.profile, shown.seconds) == ("kubectl", "account-b", 59)
    stage.wait(5)
    assert stage.count(Prompt) == 2, "once is enough"


def test_a_code_under_way_is_not_given_up_with_its_caller(stage: Stage) -> None:
    """It is spent: the session opens for whoever comes next."""
    caller = stage.ask()
    stage.enter("123456")
    stage.hang_up(caller)
    stage.grant()
    assert stage.is_open()


# Codes


def test_a_wrong_code_is_asked_again_with_the_reason_and_the_seconds(stage: Stage) -> None:
    """AWS said no: the dialog comes again, and says why and when the next code appears."""
    stage.now = Instant(100.0, 1_800_000_010.0)
    caller = stage.ask()
    stage.enter("123456")
    stage.refuse(Refusal.CODE)
    assert question(stage) == (str(EVERY_REFUSAL[Refusal.CODE].title), 20)
    assert stage.got(caller) is None
    stage.enter("654321")
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_what_is_no_code_is_asked_again_but_not_for_ever(stage: Stage) -> None:
    """Five slips of the finger, none of which goes to AWS, and the callers are told."""
    caller = stage.ask()
    for _ in range(4):
        stage.enter("12345")
        assert question(stage) == ("A code has six digits, this one has 5.", 0)
    stage.enter("１２３４５６")  # noqa: RUF001 — full-width digits
    assert stage.got(caller) == "bad_code"
    assert stage.count(OpenSession) == 0


@pytest.mark.parametrize("fate", [Refusal.CODE, Refusal.LOST])
def test_a_spent_code_is_refused_here(stage: Stage, fate: Refusal) -> None:
    """A code that was sent, with or without an answer, is not sent again."""
    stage.ask()
    stage.enter("123456")
    stage.refuse(fate)
    stage.enter("123456")
    assert not stage.opening
    assert question(stage) == ("That code has been used already. Wait for the next one.", 30)


@pytest.mark.parametrize("fate", [Refusal.UNSENT, Refusal.KEYS])
def test_a_code_that_was_not_used_is_still_good(stage: Stage, fate: Refusal) -> None:
    """No network, or no keys: the same code works in the next try."""
    caller = stage.ask()
    stage.enter("123456")
    stage.refuse(fate)
    assert stage.got(caller) == EVERY_REFUSAL[fate].code
    again = stage.ask()
    stage.enter("123456")
    stage.grant()
    stage.give()
    assert stage.served(again)


def test_five_codes_in_three_minutes_and_no_more(stage: Stage) -> None:
    """AWS stops listening after nine: we stop before, tell how long, and then go on."""
    caller = stage.ask()
    for digit in "12345":
        stage.enter(digit * 6)
        stage.refuse(Refusal.CODE)
    assert stage.got(caller) == "too_many_codes"
    assert stage.got(stage.ask()) == "too_many_codes"
    assert stage.got(stage.auth(code="666666")) == "too_many_codes"
    stage.wait(180)
    assert stage.got(stage.ask()) is None
    assert stage.dialogs


def test_the_budget_is_the_devices(stage: Stage) -> None:
    """Two identities with one device share its five codes, even those typed into a dialog that was up before."""
    twin = identity("twin", ALICE.mfa_serial)
    mine = stage.ask()
    for digit in "12345":
        stage.auth(twin, digit * 6)
        stage.refuse(Refusal.CODE)
    stage.enter("666666")
    assert stage.got(mine) == "too_many_codes"


def test_aws_says_that_the_budget_is_used_up(stage: Stage) -> None:
    """After nine codes in AWS's window nothing is sent before the next three-minute boundary."""
    stage.now = Instant(100.0, 1_800_000_000.0 + 100)
    device = Device(tuple(Spent(Secret(f"{n}" * 6), stage.now) for n in range(8)))
    caller = stage.ask()
    stage.broker = stage.broker.with_device(ALICE, replace(device, spent=device.spent[:4]))
    stage.enter("123456")
    stage.broker = stage.broker.with_device(ALICE, codes.sent(device, Secret("123456"), stage.now))
    stage.refuse(Refusal.BUDGET)
    assert stage.got(caller) == "budget"
    assert stage.got(stage.ask()) == "too_many_codes"
    stage.broker = stage.broker.with_device(ALICE, replace(stage.broker.device(ALICE), spent=()))
    stage.wait(81)
    stage.ask()
    assert stage.dialogs


def test_where_few_codes_were_sent_the_serial_is_the_likelier_cause(stage: Stage) -> None:
    """AWS has one answer for both: the words name the device first, and who has corrected it need not wait."""
    stage.now = Instant(100.0, 1_800_000_000.0 + 100)
    caller = stage.ask()
    stage.enter("123456")
    stage.refuse(Refusal.BUDGET)
    assert stage.got(caller) == "serial_refused"
    said = messages.doubtful_device(ALICE, ALICE.mfa_serial)
    assert ALICE.mfa_serial in str(said.title)
    assert str(said.hint).index("mfa_serial") < str(said.hint).index("three minutes")
    assert stage.got(stage.ask()) is None
    assert stage.dialogs


PHONE, TOKEN = "arn:aws:iam::111111111111:mfa/phone", "GAHT12345678"
SEVERAL = {"default": IdentityRule(devices=(PHONE, TOKEN, "arn:aws:iam::999999999999:mfa/foreign"))}


def test_the_code_may_be_from_any_of_several_devices(stage: Stage) -> None:
    """The dialog offers those of this account; what it goes with is what was chosen, and that is asked of next time."""
    stage.configure(ALICE, identities=SEVERAL)
    stage.ask()
    shown = stage.dialogs[ALICE].question
    assert (shown.mfa_serial, shown.serials) == (ALICE.mfa_serial, (ALICE.mfa_serial, PHONE, TOKEN))
    stage.enter("123456", serial=TOKEN)
    assert stage.opening[0].serial == TOKEN
    stage.grant(HOUR)
    stage.lock()
    stage.ask()
    assert stage.dialogs[ALICE].question.mfa_serial == TOKEN
    stage.configure(ALICE, identities={})
    stage.enter("222222")
    assert stage.opening[0].serial == ALICE.mfa_serial


def test_a_refused_code_says_which_device_it_was_of(stage: Stage) -> None:
    """The next dialog does, and a code that one device has spent is good of another."""
    stage.configure(ALICE, identities=SEVERAL)
    stage.ask()
    stage.enter("123456", serial=PHONE)
    stage.refuse()
    again = stage.dialogs[ALICE].question
    assert f"code of the device {PHONE}." in str(again.reason)
    assert again.mfa_serial == PHONE
    stage.enter("123456", serial=PHONE)
    assert not stage.opening
    stage.enter("123456", serial=ALICE.mfa_serial)
    assert stage.opening[0].serial == ALICE.mfa_serial


def test_a_code_from_a_terminal_says_its_device(stage: Stage) -> None:
    """The note there names all; one that another dialog chose meanwhile does not take its place."""
    stage.configure(ALICE, identities=SEVERAL)
    waits = stage.ask(ask_at=AskAt.TERMINAL)
    (note,) = [one for one in stage.told if isinstance(one, Tell) and one.caller.reply_to == waits]
    assert (note.serial, note.serials) == (ALICE.mfa_serial, (ALICE.mfa_serial, PHONE, TOKEN))
    stage.auth(code="123456", serial=PHONE)
    assert stage.opening[0].serial == PHONE
    stage.grant()
    assert stage.broker.serial(ALICE) == PHONE


def test_while_one_device_takes_no_codes_another_is_asked_for(stage: Stage) -> None:
    """The dialog comes all the same, says why, and begins with one that does; nobody's choice is changed by that."""
    stage.configure(ALICE, identities=SEVERAL)
    stage.ask()
    for number in range(codes.TRIES):
        stage.enter(f"11111{number}", serial=ALICE.mfa_serial)
        stage.refuse()
    shown = stage.dialogs[ALICE].question
    assert shown.mfa_serial == PHONE
    assert f"codes of the device {ALICE.mfa_serial} were sent" in str(shown.reason)
    stage.enter("222222", serial=ALICE.mfa_serial)
    assert not stage.opening
    stage.cancel()
    stage.wait(5)

    caller = stage.ask()
    assert stage.dialogs[ALICE].question.mfa_serial == PHONE
    assert stage.broker.serial(ALICE) == ALICE.mfa_serial
    stage.enter("222222")  # by a tool that lets nobody choose
    assert stage.opening[0].serial == PHONE
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_when_no_device_takes_codes_nobody_is_asked(stage: Stage) -> None:
    """It takes as long as the first of them is closed."""
    stage.configure(ALICE, identities={"default": IdentityRule(devices=(PHONE,))})
    caller = stage.ask()
    for serial in (ALICE.mfa_serial, PHONE):
        for number in range(codes.TRIES):
            stage.enter(f"11111{number}", serial=serial)
            stage.refuse()
    assert not stage.dialogs
    assert stage.got(caller) == "too_many_codes"


def test_a_device_whose_budget_is_used_up_at_aws_leaves_the_others(stage: Stage) -> None:
    """Whoever waits for the code is asked for one of another device, with the reason."""
    stage.now = Instant(100.0, 1_800_000_000.0 + 100)
    stage.configure(ALICE, identities=SEVERAL)
    stage.ask(ask_at=AskAt.TERMINAL)
    stage.auth(code="123456", serial=ALICE.mfa_serial)
    used = Device(tuple(Spent(Secret(f"{n}" * 6), stage.now) for n in range(9)))
    stage.broker = stage.broker.with_device(ALICE, used)
    stage.refuse(Refusal.BUDGET)
    note = [one for one in stage.told if isinstance(one, Tell)][-1]
    assert note.serial == PHONE
    assert "Another one will do." in str(note.text)


def test_a_device_that_nobody_offered_is_none(stage: Stage) -> None:
    """Whatever an answer says; and where a command gives the codes there is nothing to choose."""
    stage.configure(ALICE, identities=SEVERAL)
    stage.ask()
    stage.enter("123456", serial="arn:aws:iam::999999999999:mfa/foreign")
    assert stage.opening[0].serial == ALICE.mfa_serial
    stage.refuse()
    stage.cancel()
    stage.configure(ALICE, identities={"default": replace(SEVERAL["default"], code=Command(("oathtool",)))})
    assert stage.broker.serials(ALICE) == (ALICE.mfa_serial,)


def test_missing_keys_are_told_before_a_person_is_asked(stage: Stage) -> None:
    """An identity without keys opens no dialog; its trouble stays visible until it is solved."""
    stage.slow_keychain = True
    caller = stage.ask()
    stage.no_keys()
    assert stage.got(caller) == "keys"
    assert stage.broker.phase(ALICE) == Locked(EVERY_REFUSAL[Refusal.KEYS])


# A code by `trayexec auth`


def test_a_code_handed_in_takes_the_dialog_away_and_serves_all(stage: Stage) -> None:
    """Whoever waits for the dialog is served by the code from the command line."""
    caller = stage.ask()
    giver = stage.auth(code="123456")
    assert not stage.dialogs
    stage.grant()
    stage.give()
    assert stage.served(giver)
    assert stage.served(caller)


def test_a_wrong_code_handed_in_is_the_givers_affair(stage: Stage) -> None:
    """It is told; who waited for the dialog gets the dialog back."""
    caller = stage.ask()
    giver = stage.auth(code="123456")
    stage.refuse(Refusal.CODE)
    assert stage.got(giver) == "code"
    assert stage.got(caller) is None
    assert stage.dialogs


@pytest.mark.parametrize(("code", "refusal"), [("12345", "bad_code"), ("111111", "spent_code")])
def test_what_cannot_be_sent_leaves_the_dialog_alone(stage: Stage, code: str, refusal: str) -> None:
    """A slip on the command line does not even make the dialog blink."""
    stage.auth(code="111111")
    stage.refuse(Refusal.CODE)
    caller = stage.ask()
    giver = stage.auth(code=code)
    assert stage.got(giver) == refusal
    assert stage.dialogs
    assert stage.got(caller) is None


def test_whoever_came_while_a_wrong_code_was_under_way_is_asked(stage: Stage) -> None:
    """Nobody fails because somebody else mistyped."""
    giver = stage.auth(code="123456")
    caller = stage.ask()
    stage.refuse(Refusal.CODE)
    assert stage.got(giver) == "code"
    assert stage.got(caller) is None
    assert stage.dialogs


def test_a_second_code_is_tried_when_the_first_was_wrong(stage: Stage) -> None:
    """Two people, or two terminals, hand in a code at once: the second is sent if the first was no good."""
    wrong, right = stage.auth(code="111111"), stage.auth(code="222222")
    stage.refuse(Refusal.CODE)
    assert stage.got(wrong) == "code"
    stage.grant()
    assert stage.served(right)
    assert stage.count(Prompt) == 0


def test_a_second_code_goes_before_the_dialog(stage: Stage) -> None:
    """Who waited for the dialog is not asked again while there is a code left to try."""
    caller = stage.ask()
    stage.auth(code="111111")
    right = stage.auth(code="222222")
    stage.refuse(Refusal.CODE)
    assert stage.count(Prompt) == 1
    stage.grant()
    stage.give()
    assert stage.served(right)
    assert stage.served(caller)


def test_the_same_code_twice_is_sent_once(stage: Stage) -> None:
    """The second giver of the same wrong code is told that it is spent."""
    first, second = stage.auth(code="111111"), stage.auth(code="111111")
    stage.refuse(Refusal.CODE)
    assert (stage.got(first), stage.got(second)) == ("code", "spent_code")
    assert not stage.opening


def test_nobody_is_asked_for_callers_that_have_waited_enough(stage: Stage) -> None:
    """A wrong code comes back after the caller's wait was over: it is told, and no dialog opens for it."""
    caller = stage.ask(wait=10)
    stage.enter("123456")
    stage.wait(20)
    stage.refuse(Refusal.CODE)
    assert stage.got(caller) == "timed_out"
    assert not stage.dialogs


# Terminals


def test_a_caller_at_a_terminal_is_asked_there(stage: Stage) -> None:
    """No dialog opens on a desktop that nobody sits at."""
    caller = stage.ask(ask_at=AskAt.TERMINAL)
    assert stage.notes(caller) == ["code"]
    assert not stage.dialogs
    stage.auth(code="123456", ask_at=AskAt.TERMINAL)
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_a_caller_with_a_desktop_brings_the_dialog(stage: Stage) -> None:
    """Somebody at the desktop asks too: the dialog opens, and its code serves both."""
    far = stage.ask(ask_at=AskAt.TERMINAL)
    near = stage.ask()
    assert stage.dialogs
    assert (stage.notes(far), stage.notes(near)) == (["code"], ["mfa"])


def test_a_wrong_code_is_asked_again_at_the_terminal(stage: Stage) -> None:
    """With the reason, and without a dialog."""
    caller = stage.ask(ask_at=AskAt.TERMINAL)
    stage.auth(code="123456", ask_at=AskAt.TERMINAL)
    stage.refuse(Refusal.CODE)
    assert stage.notes(caller) == ["code", "aws", "again"]
    assert not stage.dialogs


def test_no_dialog_leaves_the_callers_waiting_for_a_code(stage: Stage) -> None:
    """Without a display they are told what lets them go on."""
    caller = stage.ask()
    stage.answer(NO_DISPLAY)
    assert stage.notes(caller) == ["mfa", "code"]
    stage.auth(code="123456")
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_a_dialog_that_answers_twice_is_heard_once(stage: Stage) -> None:
    """After it could not be shown it has nothing more to say."""
    caller = stage.ask()
    epoch = stage.dialogs[ALICE].epoch
    stage.answer(NO_DISPLAY)
    assert stage.do(Answered(ALICE, epoch, TimedOut())) == ()
    assert stage.got(caller) is None


def test_no_dialog_and_nobody_waiting_is_a_trouble(stage: Stage) -> None:
    """Then there is nobody to tell but the icon."""
    stage.ask(wait=5)
    stage.wait(6)
    stage.answer(NO_DISPLAY)
    assert stage.broker.phase(ALICE) == Locked(NO_DISPLAY.trouble)


@pytest.mark.parametrize("how", ["hangs up", "has waited enough"])
@pytest.mark.parametrize("already", ["locked", "open"])
def test_asking_at_terminals_ends_with_the_last_of_them(stage: Stage, already: str, how: str) -> None:
    """Neither a first code nor a renewal is asked for ever after everybody has gone."""
    if already == "open":
        stage.unlock()
    caller = stage.auth(renewal=Renewal.ALWAYS, ask_at=AskAt.TERMINAL)
    if how == "hangs up":
        stage.hang_up(caller)
    else:
        stage.wait(121)
    assert stage.broker.prompting(ALICE) is None
    assert stage.is_open() == (already == "open")


def test_a_command_that_prints_codes_needs_no_terminal(stage: Stage) -> None:
    """A caller without a desktop does not have to type what a program of the person's choice knows."""
    stage.configure(ALICE, prompt=Command(("oathtool",)))
    stage.ask(ask_at=AskAt.TERMINAL)
    assert stage.dialogs


# Renewal and the end


def test_a_renewal_leaves_no_gap(stage: Stage) -> None:
    """The session serves while the dialog is up and while AWS is asked, and then the new one does."""
    stage.unlock(HOUR)
    old = stage.broker.session(ALICE, stage.now)
    clicker = stage.auth(renewal=Renewal.ALWAYS)
    assert stage.served(stage.ask(BASE))
    stage.enter("654321")
    assert stage.got(stage.ask(BASE)) is old
    stage.grant()
    assert stage.got(stage.ask(BASE)) is not old
    assert stage.served(clicker)


@pytest.mark.parametrize("end", ["cancel", "time-out", "wrong keys"])
def test_a_renewal_that_comes_to_nothing_leaves_the_session(stage: Stage, end: str) -> None:
    """The clicker is told; everybody else goes on as before."""
    stage.unlock(HOUR)
    clicker = stage.auth(renewal=Renewal.ALWAYS)
    if end == "cancel":
        stage.cancel()
    elif end == "time-out":
        stage.answer(TimedOut())
    else:
        stage.enter("654321")
        stage.refuse(Refusal.KEYS)
    assert isinstance(stage.got(clicker), str)
    assert stage.served(stage.ask(BASE))


def test_a_session_may_end_while_it_is_renewed(stage: Stage) -> None:
    """The dialog stays up, and what comes of it opens the identity again."""
    stage.unlock(60)
    clicker = stage.auth(renewal=Renewal.ALWAYS)
    stage.wait(61)
    assert not stage.is_open()
    assert stage.dialogs
    stage.enter("654321")
    stage.grant()
    assert stage.served(clicker)


def test_an_open_session_is_good_enough_for_auth(stage: Stage) -> None:
    """`auth` without --force asks for nothing when the identity is open."""
    stage.unlock()
    assert stage.served(stage.auth())
    assert stage.count(Prompt) == 0


def test_a_code_that_is_given_renews_an_open_session(stage: Stage) -> None:
    """Whoever takes the trouble of giving a code wants a new session."""
    stage.unlock(HOUR)
    old = stage.broker.session(ALICE, stage.now)
    giver = stage.auth(code="222222")
    stage.grant()
    assert stage.got(giver) is not old


def test_need_renews_first(stage: Stage) -> None:
    """--need 2h with an hour left asks for a code; the usual need never does that."""
    stage.unlock(HOUR)
    caller = stage.ask(need=2 * HOUR)
    assert stage.dialogs
    stage.enter("654321")
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_need_that_no_session_has_is_told(stage: Stage) -> None:
    """Not even a new session is long enough: an error, not a second dialog."""
    caller = stage.ask(need=20 * HOUR)
    stage.enter("123456")
    stage.grant(12 * HOUR)
    assert stage.got(caller) == "too_little_time"
    assert stage.count(Prompt) == 1


def test_need_without_a_person(stage: Stage) -> None:
    """--need with --no-wait says what is missing, and lets the session be."""
    stage.unlock(HOUR)
    assert stage.got(stage.ask(need=2 * HOUR, wait=0)) == "locked"
    assert stage.got(stage.auth(renewal=Renewal.ALWAYS, wait=0)) == "timed_out"
    assert stage.is_open()


def test_warnings_come_once_each(stage: Stage) -> None:
    """15 and 5 minutes before the end, then the end; a new session has warnings of its own."""
    stage.unlock(HOUR)
    end = local(int(stage.now.wall + HOUR), stage.now.wall + HOUR)
    stage.wait(HOUR + 60)
    assert stage.titles() == [
        f"Expires at {end}: {ALICE.who}",
        f"Expires at {end}: {ALICE.who}",
        f"Expired: {ALICE.who}",
    ]
    assert stage.broker.phase(ALICE) == Locked()
    stage.unlock(600, code="222222")
    assert stage.titles()[3].endswith(f": {ALICE.who}")


def test_a_role_that_may_not_last_so_long_is_asked_for_less(stage: Stage) -> None:
    """By one code after the other, in words, down to the hour that every role may last; and after a lock anew."""
    long = replace(ALICE, role=replace(ADMIN, seconds=5 * HOUR), name="default (long)")
    caller = stage.ask(profile("long", long))
    for code, then in (("111111", 4), ("222222", 2), ("333333", 1)):
        stage.enter(code, long)
        stage.refuse(Refusal.TOO_LONG)
        assert f"the next code asks for {then}h." in str(stage.dialogs[long].question.reason)
    stage.enter("444444", long)
    assert stage.opening[0].seconds == HOUR
    stage.grant(HOUR)
    assert stage.served(caller)
    assert "long gets 1h in place of 5h" in stage.said(caller)[-1]
    stage.lock()
    stage.sleep(200)
    stage.ask(profile("long", long))
    stage.enter("555555", long)
    assert stage.opening[0].seconds == 5 * HOUR


def test_an_hour_that_is_refused_is_the_end(stage: Stage) -> None:
    """There is no less, and a session's own duration is not stepped down."""
    long = replace(ALICE, role=replace(ADMIN, seconds=HOUR), name="default (long)")
    callers = [stage.ask(profile("long", long)), stage.ask(BASE)]
    for who in (long, ALICE):
        stage.enter("111111" if who == long else "222222", who)
        stage.refuse(Refusal.TOO_LONG)
    assert [stage.got(one) for one in callers] == ["too_long"] * 2
    assert not stage.dialogs


def test_a_long_session_is_warned_of_apart(stage: Stage) -> None:
    """It ends at a time of its own: neither warning takes the other's place, and each renews what it speaks of."""
    long = replace(ALICE, role=replace(ADMIN, seconds=4 * HOUR), name="default (long)")
    stage.unlock(HOUR)
    stage.unlock(HOUR, long, "222222")
    stage.wait(HOUR - 800)
    assert [one.who for one in stage.broker.endings.found] == [ALICE, long]


def test_a_very_short_session_works_and_warns_at_once(stage: Stage) -> None:
    """Eight seconds are enough for a role; both warnings are one."""
    caller = stage.ask()
    stage.enter("123456")
    stage.grant(8)
    stage.give()
    assert stage.served(caller)
    assert len(stage.titles()) == 1
    stage.wait(8)
    assert stage.titles()[1:] == [f"Expired: {ALICE.who}"]


@pytest.mark.parametrize("left", [0, -700])
def test_a_session_that_has_ended_when_it_comes_is_an_error(stage: Stage, left: float) -> None:
    """The clock is wrong: that is said, and nobody is asked in circles."""
    caller = stage.ask()
    stage.enter("123456")
    stage.grant(left)
    assert stage.got(caller) == "too_short"
    assert stage.count(Prompt) == 1
    assert not stage.is_open()


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_clock_that_jumps_an_hour(stage: Stage, jump: int) -> None:
    """Forward or back, the session lives as long as it did: no longer, and no shorter."""
    stage.unlock(HOUR)
    stage.turn_wall_clock(jump)
    assert stage.is_open()
    stage.wait(HOUR)
    assert not stage.is_open()


def test_eight_hours_of_sleep(stage: Stage) -> None:
    """After a resume an ended session is not served, whoever asks first."""
    stage.unlock(4 * HOUR)
    stage.now = stage.now.after(8 * HOUR)
    assert stage.got(stage.ask(BASE, wait=0)) == "locked"
    stage.sleep(0)
    assert stage.titles() == [f"Expired: {ALICE.who}"]


# Locking


def test_lock_forgets_and_tells(stage: Stage) -> None:
    """Session, roles and dialog go; who waited is told."""
    stage.unlock()
    stage.ask()
    stage.give()
    waiting = stage.ask(need=20 * HOUR)
    assert stage.dialogs
    stage.lock()
    assert stage.got(waiting) == "locked"
    assert not stage.dialogs
    assert not stage.broker.roles
    assert stage.broker.phase(ALICE) == Locked()


def test_answers_after_a_lock_are_dropped(stage: Stage) -> None:
    """A session or a role that was under way opens nothing."""
    stage.auth(code="123456")
    stage.lock()
    assert stage.grant() == ()
    assert not stage.is_open()
    stage.unlock(code="222222")
    stage.ask()
    stage.lock()
    assert stage.give() == ()
    assert not stage.broker.roles


def test_an_answer_of_before_the_lock_is_not_taken_for_the_one_after_it(stage: Stage) -> None:
    """The same role is under way again: only its own answer counts."""
    stage.unlock()
    stage.ask()
    stage.lock()
    stage.unlock(code="222222")
    caller = stage.ask()
    assert stage.give(which=0) == ()
    assert stage.got(caller) is None
    stage.give()
    assert stage.served(caller)


# Files


def test_an_identity_that_left_the_files_is_shown_while_it_is_open(stage: Stage) -> None:
    """Its session is still there to be locked; after that it is forgotten."""
    bob = identity("bob")
    stage.unlock()
    stage.configure(bob)
    assert ALICE in stage.broker.identities
    stage.lock()
    stage.configure(bob)
    assert stage.broker.identities == (bob,)
    assert ALICE not in stage.broker.phases


def test_an_edited_role_is_another_role(stage: Stage) -> None:
    """Credentials are kept by what a profile leads to, not by its name."""
    stage.unlock()
    stage.ask()
    stage.give()
    edited = stage.ask(profile(A.name, role("other", ALICE)))
    assert stage.got(edited) is None
    assert [call.role.arn for call in stage.assuming] != [ADMIN.arn]

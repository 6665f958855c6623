"""Questions: one at a time to a person, what is said while somebody waits, and who gets a dialog after a cancel."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.stage import ADMIN, ALICE, BASE, EVERY_REFUSAL, A, Stage, identity, profile, role
from trayexec.core.broker.events import AskAt, CheckKeys, OpenSession, Prompt, Raise, ReplyAddress, Shell, Tell
from trayexec.core.broker.state import Locked
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import CodeProcess, Identity
from trayexec.core.credentials import Secret
from trayexec.core.ports import Answer, Entered, NoDialog, Refusal, TimedOut
from trayexec.core.settings import Command, IdentityRule

BOB = identity("bob")
HIS = profile("his", role("his", BOB))
TERMINAL = Shell("100", 7)
NO_DISPLAY = NoDialog(EVERY_REFUSAL[Refusal.OTHER])


@pytest.fixture
def stage() -> Iterator[Stage]:
    """An agent that knows two identities; in the end nobody may be left waiting."""
    stage = Stage()
    stage.configure(ALICE, BOB)
    yield stage
    stage.drain()


# What is waited for


def test_nothing_is_said_before_it_is_known(stage: Stage) -> None:
    """First the keys are looked for; what is then waited for is told with the time left."""
    stage.slow_keychain = True
    caller = stage.ask()
    assert stage.said(caller) == []
    assert not stage.dialogs
    stage.find()
    assert stage.said(caller) == ["Waiting for the MFA code of identity default in the dialog (90 s left)"]


def test_a_terminal_is_asked_only_when_there_are_keys(stage: Stage) -> None:
    """Nobody fetches a code for keys that are not there."""
    stage.slow_keychain = True
    caller = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    assert stage.notes(caller) == []
    stage.no_keys()
    assert stage.got(caller) == "keys"
    other = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    stage.find()
    assert stage.notes(other) == ["code"]


def test_looking_for_the_keys_is_not_the_persons_time(stage: Stage) -> None:
    """A keychain that is slow leaves a caller all of its `wait` for the person."""
    stage.slow_keychain = True
    caller = stage.ask(wait=2)
    stage.wait(5)
    stage.find()
    stage.wait(1)
    assert stage.got(caller) is None
    stage.wait(2)
    assert stage.got(caller) == "timed_out"


def test_the_keyrings_own_prompt_is_named(stage: Stage) -> None:
    """It is no MFA code that is waited for while the keyring asks for its password; whoever joins hears the same."""
    stage.slow_keychain = True
    caller = stage.ask()
    stage.keyring(seconds=20)
    joined = stage.ask(BASE)
    words = "Waiting for the password prompt of your keyring, which holds the keys of identity default (20 s left)"
    assert stage.said(caller) == stage.said(joined) == [words]
    stage.wait(5)
    stage.find()
    assert stage.said(caller)[1:] == ["Waiting for the MFA code of identity default in the dialog (90 s left)"]


def test_a_command_that_prints_the_keys_is_named(stage: Stage) -> None:
    """It may ask a person itself, who must know for what."""
    stage.configure(identities={ALICE.keys: IdentityRule(keys=Command(("op", "item")))})
    stage.slow_keychain = True
    caller = stage.ask()
    stage.keyring(seconds=90)
    assert stage.said(caller) == ["Waiting for the command that prints the keys of identity default (90 s left)"]


def test_the_time_left_is_the_shorter_one(stage: Stage) -> None:
    """The dialog's, or the caller's own."""
    stage.ask()
    stage.wait(30)
    assert stage.said(stage.ask())[0].endswith("in the dialog (60 s left)")
    assert stage.said(stage.ask(wait=10))[0].endswith("in the dialog (10 s left)")


def test_a_command_of_the_settings_is_named(stage: Stage) -> None:
    """Who looks for a dialog would look in vain."""
    stage.configure(prompt=Command(("oathtool",)))
    words = "Waiting for the MFA code of identity default from the command in config.toml (90 s left)"
    assert stage.said(stage.ask()) == [words]


# Of the identity's own command


def by_command(stage: Stage, who: Identity = ALICE) -> tuple[str, ...]:
    """The program that is to give the code now; none for a dialog."""
    return stage.dialogs[who].question.command


def test_an_identitys_command_gives_its_code_alone(stage: Stage) -> None:
    """Nobody is asked, also where the caller has no desktop; who waits is told; the other identity has its dialog."""
    stage.configure(identities={ALICE.keys: IdentityRule(Command(("ykman", "code")))})
    caller = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    other = stage.ask(HIS)
    words = "Waiting for the MFA code of identity default from the command in config.toml (90 s left)"
    assert stage.said(caller) == [words]
    assert by_command(stage) == ("ykman", "code")
    assert by_command(stage, BOB) == ()
    assert stage.said(other) == ["Waiting for the MFA code of identity bob in the dialog (90 s left)"]
    stage.enter("123456")
    stage.grant()
    stage.give()
    assert stage.served(caller)


def test_a_profiles_mfa_process_gives_the_code(stage: Stage) -> None:
    """It is named as what it is, and one that the settings name comes first."""
    process = CodeProcess("ykman | head -1", "account-a", ("/c", "/s"))
    caller = stage.ask(replace(A, target=replace(ADMIN, source=replace(ALICE, code=process))))
    assert by_command(stage) == ("/bin/sh", "-c", "ykman | head -1")
    assert stage.dialogs[ALICE].question.named_in == ("/c", "/s")
    words = "Waiting for the MFA code of identity default from mfa_process of profile account-a (90 s left)"
    assert stage.said(caller) == [words]
    stage.hang_up(caller)
    stage.configure(identities={ALICE.keys: IdentityRule(Command(("ykman",)))})
    stage.auth(replace(ALICE, code=process))
    assert by_command(stage) == ("ykman",)
    assert stage.dialogs[ALICE].question.named_in == ()


def test_a_command_is_not_started_for_a_code_that_was_used(stage: Stage) -> None:
    """It would print it again: it is started when the device shows the next one, and who waits is told."""
    stage.configure(identities={"twin": IdentityRule(Command(("ykman",)))})
    twin = identity("twin", ALICE.mfa_serial)
    stage.now = Instant(stage.now.boot, 1_800_000_010.0)
    stage.auth(ALICE, "123456")
    stage.now = stage.now.after(5)
    caller = stage.auth(twin)
    assert stage.dialogs[twin].question.wait == 15
    assert "the next one comes in 15 s. Waiting" in stage.said(caller)[-1]
    stage.enter("234567", twin)
    stage.lock()
    stage.now = stage.now.after(16)
    stage.auth(twin)
    assert stage.dialogs[twin].question.wait == 0


def test_a_wrong_code_of_a_command_is_followed_by_its_next_once(stage: Stage) -> None:
    """A program gives another one only when the device does; then a person is asked, and told why."""
    stage.configure(identities={ALICE.keys: IdentityRule(Command(("ykman",)))})
    stage.ask()
    stage.enter("123456")
    stage.refuse()
    assert by_command(stage)
    assert stage.dialogs[ALICE].question.wait > 0
    stage.enter("234567")
    stage.refuse()
    question = stage.dialogs[ALICE].question
    assert question.command == ()
    assert question.reason is not None


@pytest.mark.parametrize("answer", [NO_DISPLAY, TimedOut(), Entered(Secret("no code"))])
def test_a_command_that_gives_no_code_is_followed_by_a_person(stage: Stage, answer: Answer) -> None:
    """In the dialog where somebody has one, else on the terminal; each time with the reason."""
    stage.configure(identities={ALICE.keys: IdentityRule(Command(("ykman",)))})
    caller = stage.ask()
    stage.answer(answer)
    question = stage.dialogs[ALICE].question
    assert question.command == ()
    assert question.reason is not None
    assert stage.said(caller)[-1].endswith("in the dialog (90 s left)")
    stage.cancel()
    stage.wait(61)
    alone = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    stage.answer(answer)
    assert not stage.dialogs
    assert stage.notes(alone) == ["mfa", "again"]


def test_who_is_asked_at_a_terminal_still_is_when_the_dialog_has_gone(stage: Stage) -> None:
    """The command that failed before is not run behind that question, and nothing else is asked on that terminal."""
    commands = {name: IdentityRule(Command(("ykman", "code"))) for name in ("default", "bob")}
    stage.configure(ALICE, BOB, identities=commands)
    stage.ask(A)
    asked = stage.ask(A, ask_at=AskAt.TERMINAL, shell=TERMINAL, wait=300)
    his = stage.ask(HIS, ask_at=AskAt.TERMINAL, shell=TERMINAL, wait=300)
    for who in (ALICE, BOB):
        stage.answer(TimedOut(), who)  # both commands
    notes = stage.notes(asked)
    assert notes[-1] == "again"
    assert stage.said(his)[-1].endswith("identity default is asked for first (2 of 2)")
    stage.wait(60)
    stage.answer(TimedOut())  # the dialog
    assert not stage.dialogs
    assert stage.notes(asked) == notes
    assert "again" not in stage.notes(his)
    stage.auth(ALICE, "111111", shell=TERMINAL, ask_at=AskAt.TERMINAL)
    stage.grant()
    assert stage.notes(his)[-1] == "again"


def test_a_question_that_a_code_took_back_can_be_asked_anew(stage: Stage) -> None:
    """The session that came for a code is taken back before the role is there: the same request asks once more."""
    asked = stage.ask(A, ask_at=AskAt.TERMINAL, shell=TERMINAL, wait=300)
    stage.auth(ALICE, "111111", shell=TERMINAL, ask_at=AskAt.TERMINAL)
    stage.grant()
    stage.wait(70)
    stage.deny(Refusal.SESSION)
    assert stage.notes(asked).count("code") == 2


def test_a_command_is_ended_when_nobody_waits_for_it(stage: Stage) -> None:
    """It is no dialog that a person may be typing into."""
    stage.configure(identities={ALICE.keys: IdentityRule(Command(("ykman",)))})
    stage.hang_up(stage.ask())
    assert not stage.dialogs


def test_a_retry_says_why(stage: Stage) -> None:
    """Those who wait for the dialog hear what was wrong with the last code."""
    caller = stage.ask()
    stage.enter("12345")
    assert stage.said(caller)[1:] == [
        "A code has six digits, this one has 5. Waiting for the MFA code of identity default in the dialog (90 s left)"
    ]


def test_aws_is_waited_for_once_a_code_is_there(stage: Stage) -> None:
    """All who wait are told as soon as the code is taken, and whoever comes meanwhile."""
    callers = [stage.ask(), stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)]
    stage.enter("123456")
    callers.append(stage.ask(BASE))
    assert {stage.said(one)[-1] for one in callers} == {"Waiting for AWS to answer for identity default"}


def test_a_code_is_taken_back_from_terminals_before_its_giver_is_answered(stage: Stage) -> None:
    """So that no other command on the terminal asks for a code that is there already."""
    first, second = (stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL) for _ in range(2))
    assert stage.notes(first) == stage.notes(second) == ["code"]
    giver = stage.auth(code="123456", ask_at=AskAt.TERMINAL)
    assert stage.notes(first) == stage.notes(second) == ["code", "aws"]
    assert stage.got(giver) is None
    stage.grant()
    assert stage.notes(first) == stage.notes(second) == ["code", "aws"]


def test_a_desktop_that_joins_does_not_ask_a_terminal_twice(stage: Stage) -> None:
    """The question there is still the same one."""
    far = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    stage.ask()
    assert stage.dialogs
    assert stage.notes(far) == ["code"]
    stage.enter("12345")
    assert stage.notes(far) == ["code", "again"]


# One at a time


def test_two_identities_are_asked_one_after_the_other(stage: Stage) -> None:
    """In the order announced, "1 of 2" and "2 of 2", each with the whole of its time."""
    stage.slow_keychain = True
    mine, his = stage.ask(), stage.ask(HIS)
    assert stage.said(his) == ["Waiting for the MFA code of identity bob: identity default is asked for first (2 of 2)"]
    stage.find()
    shown = stage.dialogs[ALICE].question
    assert (shown.number, shown.of, list(stage.dialogs)) == (1, 2, [ALICE])
    stage.wait(85)
    stage.enter("123456")
    assert not stage.dialogs, "it may be asked again"
    stage.grant()
    stage.find(BOB)
    shown = stage.dialogs[BOB].question
    assert (shown.number, shown.of, shown.seconds) == (2, 2, 90)
    stage.wait(85)
    assert stage.got(his) is None
    stage.enter("654321", BOB)
    stage.grant()
    stage.give(which=-1)
    assert stage.served(his)
    stage.give()
    assert stage.served(mine)


def test_a_wrong_code_is_asked_again_before_the_next_identity(stage: Stage) -> None:
    """One matter is finished before the next begins."""
    stage.ask()
    stage.ask(HIS)
    stage.enter("123456")
    stage.refuse(Refusal.CODE)
    assert list(stage.dialogs) == [ALICE]


@pytest.mark.parametrize("end", ["cancel", "time-out", "no dialog", "gone", "locked", "code from elsewhere"])
def test_the_next_is_asked_however_the_first_ends(stage: Stage, end: str) -> None:
    """Nothing that becomes of one identity leaves the other unasked."""
    mine = stage.ask()
    his = stage.ask(HIS)
    match end:
        case "cancel":
            stage.cancel()
        case "time-out":
            stage.wait(60)
            stage.answer(TimedOut())
        case "no dialog":
            stage.answer(NO_DISPLAY)
        case "gone":
            stage.hang_up(mine)
        case "locked":
            stage.lock("default")
        case _:
            stage.auth(code="123456")
            stage.grant()
    assert BOB in stage.dialogs
    assert stage.got(his) is None


def test_whoever_waits_in_line_hears_that_it_goes_on(stage: Stage) -> None:
    """However long the first one takes, the second neither loses its time nor hears nothing."""
    stage.configure(prompt_seconds=600)
    stage.ask(wait=600)
    his = stage.ask(HIS, wait=20)
    stage.wait(300)
    assert stage.got(his) is None
    assert 8 <= len(stage.said(his)) <= 12
    stage.cancel()
    assert stage.said(his)[-1] == "Waiting for the MFA code of identity bob in the dialog (20 s left)"


def test_a_dialog_for_nobody_is_not_shown_when_its_turn_comes(stage: Stage) -> None:
    """Who waited in line has gone."""
    stage.ask()
    stage.hang_up(stage.ask(HIS))
    stage.cancel()
    assert not stage.dialogs
    assert stage.broker.phase(BOB) == Locked()
    assert stage.count(CheckKeys) == 1


def test_a_terminal_is_asked_for_one_identity_at_a_time(stage: Stage) -> None:
    """Two commands, or one over two identities: the second question follows the first, with all of its time."""
    stage.slow_keychain = True
    mine, his = (stage.ask(one, ask_at=AskAt.TERMINAL, shell=TERMINAL) for one in (A, HIS))
    stage.find(BOB)
    stage.find()
    assert (stage.notes(mine), stage.notes(his)) == (["code"], ["mfa"])
    first = [one for one in stage.told if isinstance(one, Tell) and one.caller.reply_to == mine][-1]
    assert (first.number, first.of, first.left) == (1, 2, 120)
    stage.wait(100)
    stage.auth(code="123456", ask_at=AskAt.TERMINAL)
    stage.grant()
    assert stage.notes(his)[-1] == "code"
    note = [one for one in stage.told if isinstance(one, Tell) and one.caller.reply_to == his][-1]
    assert (note.number, note.of, note.left) == (2, 2, 120)
    stage.wait(100)
    assert stage.got(his) is None


def test_two_terminals_are_two_persons(stage: Stage) -> None:
    """A question on one that nobody sits at does not keep the other from being asked."""
    mine = stage.ask(ask_at=AskAt.TERMINAL, shell=Shell("100", 7))
    his = stage.ask(HIS, ask_at=AskAt.TERMINAL, shell=Shell("200", 8))
    assert stage.notes(mine) == stage.notes(his) == ["code"]


def test_a_terminal_that_is_left_is_free_for_the_next(stage: Stage) -> None:
    """The first command there was ended; its identity is still asked for on another terminal."""
    first = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL)
    stage.ask(ask_at=AskAt.TERMINAL, shell=Shell("200", 8))
    his = stage.ask(HIS, ask_at=AskAt.TERMINAL, shell=TERMINAL)
    stage.hang_up(first)
    assert stage.notes(his)[-1] == "code"


def test_a_dialog_that_times_out_leaves_the_terminals_their_time(stage: Stage) -> None:
    """Nobody is at the desktop; somebody may be at the terminal."""
    far = stage.ask(ask_at=AskAt.TERMINAL, shell=TERMINAL, wait=300)
    near = stage.ask()
    stage.wait(90)
    stage.answer(TimedOut())
    assert stage.got(near) == "timed_out"
    assert stage.got(far) is None
    assert stage.notes(far) == ["code"]
    stage.auth(code="123456")
    stage.grant()
    stage.give()
    assert stage.served(far)


def test_a_dialog_comes_to_the_front(stage: Stage) -> None:
    """Anew, for the same, as long as it had and for the code that it waits for; without one nothing comes."""
    stage.do(Raise())
    assert not stage.dialogs
    caller = stage.ask(program="terraform")
    stage.enter("123456")
    stage.refuse(Refusal.CODE)
    before = stage.dialogs[ALICE]
    stage.wait(10)
    stage.do(Raise())
    after = stage.dialogs[ALICE]
    assert after.epoch != before.epoch
    assert (after.question.asker, after.question.reason) == ("terraform", before.question.reason)
    assert (before.question.seconds - after.question.seconds, before.question.wait - after.question.wait) == (10, 10)
    stage.enter("222222")
    stage.grant()
    stage.give()
    assert stage.served(caller)


# After a cancel


def refusal(stage: Stage, request: ReplyAddress) -> str:
    """What a caller was told, title and hint."""
    answer = stage.answers[request]
    why = getattr(answer, "trouble")  # noqa: B009 — a refusal is what is asked for
    return f"{why.title} {why.hint}"


def test_a_cancel_says_how_long_it_is_believed(stage: Stage) -> None:
    """Those who waited, and those who come too early, hear the seconds."""
    first = stage.ask()
    stage.cancel()
    assert "Run the command again in 2 s" in refusal(stage, first)
    stage.wait(1)
    assert "for 1 s no command brings it back" in refusal(stage, stage.ask())


def test_a_person_who_runs_it_again_gets_the_dialog_at_once(stage: Stage) -> None:
    """A new process in the foreground of a terminal, begun after the cancel by somebody who was not there before."""
    stage.ask(shell=Shell("", 9))
    stage.cancel()
    stage.ask(shell=TERMINAL, began=stage.now.boot + 0.1)
    assert stage.dialogs


@pytest.mark.parametrize(
    ("shell", "age"),
    [(Shell("", 7), 0.1), (TERMINAL, -0.5), (TERMINAL, 0.1)],
    ids=["in the background", "from before the cancel", "at once, by the same shell"],
)
def test_a_loop_does_not(stage: Stage, shell: Shell, age: float) -> None:
    """What comes by itself is told the pause."""
    stage.ask(shell=shell)
    stage.cancel()
    assert stage.got(stage.ask(shell=shell, began=stage.now.boot + age)) == "cancelled"
    assert not stage.dialogs


def test_a_loop_that_goes_on_waits_for_the_whole_pause(stage: Stage) -> None:
    """`while true` in a shell: asking all the time does not make a person of it."""
    for _ in range(3):
        stage.auth()
        stage.cancel()
    stage.ask(shell=TERMINAL)
    begun = stage.now.boot
    while not stage.dialogs:
        stage.wait(0.5)
        stage.ask(shell=TERMINAL, began=stage.now.boot - 0.1)
    assert round(stage.now.boot - begun) == 8


def test_the_same_shell_is_a_person_again_after_a_moment(stage: Stage) -> None:
    """Up-arrow and Return take longer than a shell takes for its next round."""
    stage.configure(prompt_seconds=90)
    stage.ask(shell=TERMINAL)
    stage.cancel()
    stage.ask(shell=Shell("200", 9), began=stage.now.boot + 0.1)
    stage.cancel()
    stage.wait(2)
    assert stage.got(stage.ask(shell=TERMINAL, began=stage.now.boot - 0.1)) == "cancelled", "the second cancel in a row"
    stage.wait(2)
    stage.ask(shell=TERMINAL, began=stage.now.boot - 0.1)
    assert stage.dialogs


def test_a_fan_out_that_was_cancelled_is_not_asked_for_its_rest(stage: Stage) -> None:
    """The connections that it opens next come from the process that the cancel was for."""
    began = stage.now.boot
    stage.ask(shell=TERMINAL, began=began)
    stage.wait(3)
    stage.cancel()
    stage.wait(1)
    assert stage.got(stage.ask(shell=TERMINAL, began=began)) == "cancelled"


def test_one_code_for_a_crowd_of_identities(stage: Stage) -> None:
    """Five identities, five questions, no two at once (`support.stage` looks), and each is asked."""
    crowd = [identity(f"i{number}") for number in range(5)]
    callers = [stage.ask(profile(one.name, one)) for one in crowd]
    for number, one in enumerate(crowd):
        shown = stage.dialogs[one].question
        assert shown.number == number + 1
        stage.enter("123456", one)
        stage.grant()
    assert all(stage.served(one) for one in callers)
    assert stage.count(Prompt) == stage.count(OpenSession) == 5


def test_a_question_says_whose_session_it_is_and_for_which_account(stage: Stage) -> None:
    """And which process asks, so that the dialog can name its folder."""
    stage.ask(HIS)
    question = stage.dialogs[BOB].question
    assert question.whose == BOB.whose
    assert question.account == HIS.account
    assert question.pid == stage.broker.waiting[next(iter(stage.broker.waiting))].asked.caller.pid

"""The real dialogs on a real display, typed into with xdotool."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PIL import ImageChops
from PIL.Image import Image

from support import desktop
from support.desktop import Desktop, eventually, private_desktop
from support.processes import alive
from trayexec.adapters import clipboard
from trayexec.adapters.dialogs.choose import Dialogs
from trayexec.adapters.dialogs.own.code_field import GRACE
from trayexec.core.ports import (
    Answer,
    Cancelled,
    Decided,
    Entered,
    NoDialog,
    PermissionAnswer,
    PermissionQuestion,
    Question,
    TimedOut,
    Verdict,
)
from trayexec.light.errors import Text

TITLE = "trayexec - MFA code"
OWN = ["gtk3", "gtk4", "tk"]
TOOLS = [*OWN, "pinentry-gtk-2", "pinentry-qt", "zenity", "kdialog"]


@pytest.fixture(scope="module")
def screen() -> Iterator[Desktop]:
    """A display for all the dialogs of this module; each test leaves it empty."""
    with private_desktop() as own:
        yield own.start_bus().start_display()


def question(*, seconds: int = 60, reason: Text | None = None, wait: int = 0, name: str = "default") -> Question:
    """A question with everything in it."""
    serial = f"arn:aws:iam::111122223333:mfa/{name}"
    return Question(name, serial, asker="aws (pid 4711)", profile=name, reason=reason, wait=wait, seconds=seconds)


def while_asked(
    screen: Desktop, tool: str, asked: Question, person: Callable[[], Awaitable[None]]
) -> tuple[Answer, list[int]]:
    """What the dialog answers to what `person` does once it is there, and the processes left afterwards."""
    if tool not in OWN:
        desktop.program(tool)  # a missing one is named

    async def both() -> Answer:
        dialogs = Dialogs(tool, screen.env)
        assert dialogs.name == tool
        answer = asyncio.create_task(dialogs.ask(asked))
        await asyncio.to_thread(screen.wait_dialog, TITLE)
        await person()
        return await asyncio.wait_for(answer, desktop.PATIENCE)

    before = _processes(screen)
    answer = asyncio.run(both())
    screen.wait_no_window(TITLE)
    return answer, sorted(_processes(screen) - before)


def _processes(screen: Desktop) -> set[int]:
    """Every live process of this desktop that is not a service the bus started for a dialog."""
    live = {pid for pid in desktop._marked(str(screen.folder)) if alive(pid)}
    return {pid for pid in live if "dbus" not in _command(pid)}


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except OSError:
        return "dbus: gone"


def _reds(screen: Desktop) -> int:
    """How many pixels of the screen are clearly red: the colour of a reason."""
    raw = screen.pixels().convert("RGB").tobytes()
    return sum(
        red > 150 and green < 90 and blue < 90 for red, green, blue in zip(raw[::3], raw[1::3], raw[2::3], strict=True)
    )


async def _do(*steps: Callable[[], object]) -> None:
    for step in steps:
        await asyncio.to_thread(step)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_typed_code_comes_back(screen: Desktop, tool: str) -> None:
    """Type six digits and Return: the code is the answer, and nothing of the dialog is left."""
    answer, left = while_asked(
        screen, tool, question(), lambda: _do(lambda: screen.type("123456"), lambda: screen.key("Return"))
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"
    assert left == []


@pytest.mark.parametrize("tool", TOOLS)
def test_escape_cancels(screen: Desktop, tool: str) -> None:
    """Escape is a cancel, also after some digits."""
    answer, left = while_asked(
        screen, tool, question(), lambda: _do(lambda: screen.type("12"), lambda: screen.key("Escape"))
    )

    assert isinstance(answer, Cancelled)
    assert left == []


@pytest.mark.parametrize("tool", TOOLS)
def test_what_was_typed_but_not_sent_is_no_answer(screen: Desktop, tool: str) -> None:
    """When the time is up the dialog goes away, even with digits in it (zenity prints them: they do not count)."""
    digits = "12345" if tool in OWN else "123456"  # the sixth one sends ours
    answer, left = while_asked(screen, tool, question(seconds=4), lambda: _do(lambda: screen.type(digits)))

    assert isinstance(answer, TimedOut)
    assert left == []


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cancelled_task_takes_its_dialog_along(screen: Desktop, tool: str) -> None:
    """Cancelling the ask closes the window and leaves no process."""

    async def give_up() -> None:
        task = asyncio.create_task(Dialogs(tool, screen.env).ask(question()))
        await asyncio.to_thread(screen.wait_window, TITLE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = _processes(screen)
    asyncio.run(give_up())

    screen.wait_no_window(TITLE)
    assert _processes(screen) - before == set()


@pytest.mark.parametrize("tool", TOOLS)
def test_the_reason_is_on_the_screen(screen: Desktop, tool: str) -> None:
    """Asked again, the dialog says why, in red where the tool has colours, and otherwise on lines of its own."""
    reason = Text("AWS did not accept that code.")
    seen: list[tuple[int, int]] = []

    async def look() -> None:
        def measure() -> None:
            window = screen.windows(TITLE)[0]
            geometry = screen.run(["xdotool", "getwindowgeometry", "--shell", window])
            height = int(geometry.partition("HEIGHT=")[2].split()[0])
            seen.append((_reds(screen), height))

        await asyncio.sleep(0.5)
        await _do(measure, lambda: screen.key("Escape"))

    while_asked(screen, tool, question(), look)
    while_asked(screen, tool, question(reason=reason, wait=17), look)

    (reds_before, height_before), (reds, height) = seen
    assert height > height_before
    assert reds > reds_before + 100 or tool == "zenity"


LOWEST = 720  # pixels: a laptop's screen


@pytest.mark.parametrize("tool", TOOLS)
def test_every_name_fits_on_the_screen(screen: Desktop, tool: str) -> None:
    """Three hundred letters of everything, and the longest serial: the field and both buttons are there."""
    name = 298 * "n" + "%&"
    serial = "arn:aws:iam::111122223333:mfa/" + 226 * "s"
    asked = Question(name, serial, name, name, Text("{name}.", name=name), wait=9, seconds=60, endpoint=name)
    seen: list[int] = []

    def measure() -> None:
        geometry = screen.run(["xdotool", "getwindowgeometry", "--shell", screen.windows(TITLE)[0]])
        values = dict(line.split("=") for line in geometry.split())
        seen.extend(int(values[one]) for one in ("WIDTH", "HEIGHT"))

    answer, _ = while_asked(
        screen,
        tool,
        asked,
        lambda: _do(measure, lambda: screen.type("123456"), lambda: screen.key("Return")),
    )

    width, height = seen
    assert width <= desktop.WIDTH
    assert height <= LOWEST
    assert isinstance(answer, Entered)


@pytest.mark.parametrize("tool", OWN)
@pytest.mark.parametrize(
    "typed",
    ["123456", "12 34-56", "a1b2c3d4e5f6", "１２３４５６"],  # noqa: RUF001
)
def test_the_sixth_digit_sends(screen: Desktop, tool: str, typed: str) -> None:
    """Nobody has to click into ours first, or press a key at the end; blanks, letters, wide digits are put right."""
    answer, left = while_asked(screen, tool, question(), lambda: _do(lambda: screen.type(typed)))

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"
    assert left == []


@pytest.mark.parametrize("tool", OWN)
def test_the_device_can_be_chosen_by_keyboard(screen: Desktop, tool: str) -> None:
    """The code is of the one that is chosen, and what was typed before for the first one is gone."""
    phone = "arn:aws:iam::111122223333:mfa/phone"
    asked = question()
    several = replace(asked, serials=(asked.mfa_serial, phone))
    screen.pixels()  # what takes pictures stays: it is none of the dialog

    def open_list() -> None:
        before = screen.pixels()
        screen.key("space")
        eventually("the list", lambda: _differ(before, screen.pixels()) > MENU)

    in_tk = [open_list, lambda: screen.key("Down"), lambda: screen.key("Return")]
    choose = in_tk if tool == "tk" else [lambda: screen.key("Down")]
    keys = (lambda: screen.type("12345"), lambda: screen.key("shift+Tab"), *choose, lambda: screen.type("654321"))
    answer, left = while_asked(screen, tool, several, lambda: _do(*keys))

    assert isinstance(answer, Entered)
    assert (answer.text.reveal(), answer.serial) == ("654321", phone)
    assert left == []


MENU = 1000  # pixels: a list that opens changes more, a cursor that blinks less


def _differ(one: Image, other: Image) -> int:
    return sum(ImageChops.difference(one.convert("L"), other.convert("L")).histogram()[1:])


@pytest.mark.parametrize("tool", OWN)
@pytest.mark.parametrize("pasted", ["123456", " 123 456\n", "123-456"])
def test_a_code_can_be_pasted(screen: Desktop, tool: str, pasted: str) -> None:
    """As a password manager gives it."""
    answer, _ = while_asked(
        screen, tool, question(), lambda: _do(lambda: clipboard.copy(pasted, screen.env), lambda: screen.key("ctrl+v"))
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"


@pytest.mark.parametrize("tool", OWN)
def test_what_is_no_code_is_not_taken_from_the_clipboard(screen: Desktop, tool: str) -> None:
    """More than six digits at once are something else: nothing of them is kept, and the field is as it was."""
    answer, _ = while_asked(
        screen,
        tool,
        question(),
        lambda: _do(
            lambda: screen.type("12"),
            lambda: clipboard.copy("9876543210", screen.env),
            lambda: screen.key("ctrl+v"),
            lambda: screen.type("3456"),
        ),
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"


@pytest.mark.parametrize("tool", OWN)
def test_all_can_be_selected_and_typed_anew(screen: Desktop, tool: str) -> None:
    """Ctrl+A takes what was typed, and the next digit is in its place: never the old code again."""
    answer, _ = while_asked(
        screen,
        tool,
        question(),
        lambda: _do(lambda: screen.type("99999"), lambda: screen.key("ctrl+a"), lambda: screen.type("123456")),
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"


@pytest.mark.parametrize("tool", OWN)
def test_five_digits_are_not_sent(screen: Desktop, tool: str) -> None:
    """Return does nothing until there are six digits."""
    answer, _ = while_asked(
        screen,
        tool,
        question(),
        lambda: _do(lambda: screen.type("12345"), lambda: screen.key("Return"), lambda: screen.type("6")),
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"


@pytest.mark.parametrize("tool", OWN)
def test_a_code_waits_for_the_next_one_to_appear(screen: Desktop, tool: str) -> None:
    """What is typed while the used code is still shown is sent when the next one is there."""
    answers: list[float] = []

    async def early() -> None:
        await _do(lambda: screen.type("123456"))
        answers.append(time.monotonic())

    answer, _ = while_asked(screen, tool, question(reason=Text("Used."), wait=6), early)

    assert isinstance(answer, Entered)
    assert time.monotonic() - answers[0] > 1


@pytest.mark.parametrize("tool", OWN)
def test_keys_that_were_meant_for_another_window_do_nothing(screen: Desktop, tool: str) -> None:
    """Who types on while it appears neither answers nor cancels it."""

    async def blindly() -> Answer:
        answer = asyncio.create_task(Dialogs(tool, screen.env).ask(question()))
        while not await asyncio.to_thread(screen.windows, TITLE):
            await asyncio.to_thread(screen.key, "Escape")
        await _do(lambda: screen.key("Escape"), lambda: screen.wait_dialog(TITLE), lambda: screen.type("123456"))
        return await asyncio.wait_for(answer, desktop.PATIENCE)

    answer = asyncio.run(blindly())

    assert isinstance(answer, Entered)


@pytest.mark.parametrize("tool", OWN)
def test_a_panel_sees_whose_it_is(screen: Desktop, tool: str) -> None:
    """By the class of the window it finds our entry among the programs; else it names a file of Python."""
    classes: list[str] = []

    def look() -> None:
        classes.append(screen.run(["xprop", "-id", screen.windows(TITLE)[0], "WM_CLASS"]))

    while_asked(screen, tool, question(), lambda: _do(look, lambda: screen.key("Escape")))

    assert classes[0].lower() == 'wm_class(string) = "trayexec", "trayexec"\n'


@pytest.mark.parametrize("tool", OWN)
def test_ours_goes_when_its_parent_is_killed(screen: Desktop, tool: str) -> None:
    """An agent that is killed with -9 leaves no window standing."""
    code = (
        "import asyncio, os; from trayexec.adapters.dialogs.choose import Dialogs; from trayexec.core.ports import *;"
        f"asyncio.run(Dialogs({tool!r}, dict(os.environ)).ask(Question('d', 's', '', '', None, 0, 60)))"
    )
    agent = screen.spawn([sys.executable, "-c", code])
    screen.wait_window(TITLE)

    os.kill(agent.pid, signal.SIGKILL)

    screen.wait_no_window(TITLE)


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_but_names_is_in_argv(screen: Desktop, tool: str) -> None:
    """While the code is typed, neither argv nor the environment of any process of this desktop holds it."""
    code = "907315"
    found: list[str] = []

    def search() -> None:
        for pid in desktop._marked(str(screen.folder)):
            for name in ("cmdline", "environ"):
                text = Path(f"/proc/{pid}/{name}").read_bytes()
                if code[:5].encode() in text:
                    found.append(f"{_command(pid)} {name}")

    answer, _ = while_asked(
        screen,
        tool,
        question(),
        lambda: _do(  # the sixth one sends ours
            lambda: screen.type(code[:5]), search, lambda: screen.type(code[5:]), lambda: screen.key("Return")
        ),
    )

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == code
    assert found == []


HARDENED = """
import asyncio, os, sys, threading
from trayexec.adapters.harden import harden
from trayexec.adapters.dialogs.choose import Dialogs
from trayexec.core.ports import Question
harden()
def loop():
    question = Question("work", "arn:aws:iam::1:mfa/me", "", "", None, 0, 60)
    print("answer", asyncio.run(Dialogs(sys.argv[1], dict(os.environ)).ask(question)).text.reveal(), flush=True)
thread = threading.Thread(target=loop)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("tool", ["gtk3", "gtk4", "tk", "pinentry-gtk-2", "kdialog"])
def test_a_hardened_agent_can_ask_from_its_loops_thread(screen: Desktop, tool: str) -> None:
    """No core dumps, not dumpable, no new privileges, umask 077, and a loop that is not in the main thread."""
    agent = screen.spawn([sys.executable, "-c", HARDENED, tool])
    screen.wait_dialog(TITLE)
    screen.type("246810")
    screen.key("Return")

    assert agent.wait(desktop.PATIENCE) == 0, screen.said(agent)
    assert "answer 246810" in screen.said(agent)


def test_no_display_is_known_at_once(screen: Desktop) -> None:
    """Without a display nothing is started; the answer names the terminal."""
    blind = {name: value for name, value in screen.env.items() if name != "DISPLAY"}
    dialogs = Dialogs("auto", blind)

    answer = asyncio.run(dialogs.ask(question()))

    assert dialogs.name == "terminal"
    assert isinstance(answer, NoDialog)
    assert "no display" in str(answer.trouble.title)
    assert "trayexec auth" in str(answer.trouble.hint)


def test_a_display_that_is_gone_is_no_cancel(screen: Desktop) -> None:
    """Every tool that cannot reach the display falls through, and the last one's words are the answer."""
    gone = screen.env | {"DISPLAY": ":4711"}
    dialogs = Dialogs("auto", gone)
    first = dialogs.name

    answer = asyncio.run(dialogs.ask(question()))

    assert first != "terminal"
    assert isinstance(answer, NoDialog)
    assert dialogs.name == "terminal"


def test_a_broken_tool_is_passed_over(screen: Desktop, tmp_path: Path) -> None:
    """A pinentry that dies at once is not asked again while another tool works."""
    broken = tmp_path / "pinentry-qt"
    broken.write_text(f"#!/bin/sh\necho started >>{tmp_path}/starts\nexit 3\n")
    broken.chmod(0o755)
    only = _tools_only(tmp_path, "pinentry-gtk-2")
    dialogs = Dialogs("pinentry", screen.env | {"PATH": str(only)})

    async def twice() -> list[Answer]:
        answers = []
        for _ in range(2):
            task = asyncio.create_task(dialogs.ask(question()))
            await asyncio.to_thread(screen.wait_window, TITLE)
            await _do(lambda: screen.type("111111"), lambda: screen.key("Return"))
            answers.append(await task)
        return answers

    assert dialogs.name == "pinentry-qt"
    answers = asyncio.run(twice())

    assert all(isinstance(answer, Entered) for answer in answers)
    assert dialogs.name == "pinentry-gtk-2"
    assert (tmp_path / "starts").read_text().splitlines() == ["started"]


def _tools_only(folder: Path, *names: str) -> Path:
    """A folder for PATH with only these real programs in it, besides what a test put there."""
    for name in names:
        (folder / name).symlink_to(desktop.program(name))
    return folder


def test_a_child_that_will_not_die_quietly_is_killed(screen: Desktop, tmp_path: Path) -> None:
    """A tool that ignores TERM, and the process it started, are gone after the time-out."""
    stubborn = tmp_path / "zenity"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\nsleep 600 &\nwait\nsleep 600\n")
    stubborn.chmod(0o755)
    path = f"{tmp_path}:{screen.env['PATH']}"
    before = _processes(screen)
    started = time.monotonic()

    answer = asyncio.run(Dialogs("zenity", screen.env | {"PATH": path}).ask(question(seconds=1)))

    assert isinstance(answer, TimedOut)
    assert time.monotonic() - started < desktop.PATIENCE
    eventually("the children to be gone", lambda: _processes(screen) <= before)


# Permissions

PERMISSION = "trayexec - permission"
CHOICES = (Verdict.ONCE, Verdict.FOR_A_TIME, Verdict.UNTIL_LOCKED)


def permission(
    screen: Desktop, tool: str, *steps: Callable[[], object], seconds: int = 60
) -> tuple[PermissionAnswer, list[int]]:
    """What the question answers to what a person does once it is there, and the processes left afterwards."""
    asked = PermissionQuestion(
        "prod-1", "222222222222", "terraform", "xterm", "", "red", CHOICES, 600, seconds, os.getpid(), 1, 2
    )

    async def both() -> PermissionAnswer:
        answer = asyncio.create_task(Dialogs(tool, screen.env).ask_permission(asked))
        await asyncio.to_thread(screen.wait_dialog, PERMISSION)
        await _do(*steps)
        return await asyncio.wait_for(answer, desktop.PATIENCE)

    before = _processes(screen)
    answer = asyncio.run(both())
    screen.wait_no_window(PERMISSION)
    return answer, sorted(_processes(screen) - before)


def _until_gone(screen: Desktop, key: str) -> None:
    """Press a key until the window goes: it counts only when the window has had the keyboard for a moment."""
    while screen.windows(PERMISSION):
        screen.key(key)
        time.sleep(2 * GRACE)


@pytest.mark.parametrize("tool", TOOLS)
def test_return_alone_allows_nothing(screen: Desktop, tool: str) -> None:
    """Whatever was typed for another window: it is a no, or nothing at all."""
    keys = [lambda: screen.type("git push"), lambda: screen.key("Return"), lambda: screen.key("Return")]
    answer, left = permission(screen, tool, *keys, partial(_until_gone, screen, "Escape"))
    assert answer == Decided(Verdict.DENY)
    assert left == []


@pytest.mark.parametrize("tool", TOOLS)
def test_escape_is_a_no(screen: Desktop, tool: str) -> None:
    """As is to close it."""
    answer, left = permission(screen, tool, partial(_until_gone, screen, "Escape"))
    assert answer == Decided(Verdict.DENY)
    assert left == []


@pytest.mark.parametrize("tool", OWN)
def test_a_person_goes_to_a_button_and_presses_it(screen: Desktop, tool: str) -> None:
    """With the keyboard alone, in their own time: from the no to another one, and a moment later the space bar."""

    def person() -> None:
        while screen.windows(PERMISSION):
            screen.key("shift+Tab")
            time.sleep(2 * GRACE)
            screen.key("space")

    answer, left = permission(screen, tool, person)
    assert isinstance(answer, Decided)
    assert answer.verdict in CHOICES
    assert left == []


@pytest.mark.parametrize("tool", ["pinentry-gtk-2", "pinentry-qt"])
def test_a_pinentry_wants_a_word(screen: Desktop, tool: str) -> None:
    """It has no button that Return would not press."""
    answer, left = permission(screen, tool, lambda: screen.type("yes"), lambda: screen.key("Return"))
    assert answer == Decided(Verdict.ONCE)
    assert left == []


@pytest.mark.parametrize("tool", ["zenity", "kdialog"])
def test_a_row_is_chosen(screen: Desktop, tool: str) -> None:
    """The first one is the no."""
    answer, left = permission(screen, tool, lambda: screen.key("Down"), lambda: screen.key("Return"))
    assert answer == Decided(Verdict.ONCE)
    assert left == []


@pytest.mark.parametrize("tool", TOOLS)
def test_a_permission_that_nobody_answers_goes_away(screen: Desktop, tool: str) -> None:
    """When its time is up."""
    answer, left = permission(screen, tool, seconds=2)
    assert isinstance(answer, TimedOut)
    assert left == []

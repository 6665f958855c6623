"""What each dialog's tool is told, and what is made of its answer: stand-ins on PATH, no display."""

import asyncio
import html
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.dialogs import kdialog, pinentry, zenity
from trayexec.adapters.dialogs.choose import Dialogs
from trayexec.adapters.dialogs.own import tool
from trayexec.adapters.dialogs.sheet import write
from trayexec.adapters.processes import folder_of
from trayexec.adapters.wording import fold
from trayexec.core.ports import Answer, Cancelled, Entered, NoDialog, Question, TimedOut
from trayexec.light.errors import Text

UGLY = 'a_b<b>&c%41\\n"x" {y}'

STAND_IN = """#!{python}
import json, os, sys
folder = {folder!r}
with open(folder + "/calls", "a") as calls:
    about = {{name: value for name, value in os.environ.items() if name.startswith(("TRAYEXEC", "AWS"))}}
    calls.write(json.dumps([sys.argv[1:], about]) + "\\n")
sys.stderr.write({err!r})
sys.stdout.write({out!r})
sys.stdout.flush()
sys.exit({status})
"""


def stand_in(folder: Path, name: str, *, out: str = "", err: str = "", status: int = 0) -> None:
    """Put a program on PATH that writes down how it was called and answers this."""
    path = folder / name
    path.write_text(STAND_IN.format(python=sys.executable, folder=str(folder), out=out, err=err, status=status))
    path.chmod(0o755)


def calls(folder: Path) -> list[tuple[list[str], dict[str, str]]]:
    """How the stand-in was called: argv and what we put into its environment."""
    return [(argv, about) for argv, about in map(json.loads, (folder / "calls").read_text().splitlines())]


def ask(method: str, folder: Path, *, wait: int = 0, seconds: int = 20, **environ: str) -> Answer:
    """Ask with only the stand-ins of `folder` on PATH."""
    question = Question("work", "arn:aws:iam::1:mfa/me", "aws (pid 1)", "prod", None, wait, seconds)
    return asyncio.run(Dialogs(method, {"PATH": str(folder), "DISPLAY": ":1", **environ}).ask(question))


def test_one_idea_a_line() -> None:
    """The words: identity, who asks for what, the full serial; the reason and the seconds when it is asked again."""
    serial = "arn:aws:iam::111122223333:mfa/alice"
    question = Question("work", serial, "aws (pid 1)", "prod", Text("AWS refused {it}.", it="that"), 12, 90)

    sheet = write(question, str)

    assert sheet.lines == (
        "Unlock work",
        "For profile prod",
        "Asked by aws (pid 1)",
        f"Device: {serial}",
    )
    assert sheet.news == ("AWS refused that.", "A new code appears in 12 s: use that one.")


def test_devices_are_told_apart_by_their_names() -> None:
    """In IAM, or by the whole serial where two have one; with one alone there is nothing to choose."""
    alone = Question("work", "GAHT12345678", "aws", "", None, 0, 90)
    assert write(alone, str).devices == ()
    serials = ("arn:aws:iam::111122223333:mfa/alice", "GAHT12345678")
    assert write(replace(alone, serials=serials), str).devices == ("alice", "GAHT12345678")
    paths = (serials[0], "arn:aws:iam::111122223333:mfa/team/alice")
    assert write(replace(alone, serials=paths), str).devices == paths


def test_a_host_that_is_not_awss_stands_before_who_asks() -> None:
    """A project's variables may lead the code elsewhere: the person sees where, before it is typed."""
    sheet = write(Question("work", "123456", "aws", "", None, 0, 90, "127.0.0.1:4566"), str)
    assert sheet.lines[1] == "The code goes to 127.0.0.1:4566, which is not AWS"


@pytest.mark.parametrize(
    ("asker", "profile", "line"),
    [("the tray", "", "Asked by the tray"), ("", "prod", "For profile prod"), ("", "", None)],
)
def test_nothing_is_said_of_what_is_not_known(asker: str, profile: str, line: str | None) -> None:
    """Without asker or profile the line is shorter or not there."""
    lines = write(Question("work", "123456", asker, profile, None, 0, 90), str).lines

    assert lines[1:-1] == ((line,) if line else ())


def test_a_programs_name_cannot_write_our_lines() -> None:
    """Line breaks, direction marks and NULs in a name are written out, and its blanks push nothing away."""
    name = "x\nDevice: safe\u202e\0" + 200 * " " + "(pid 1)"
    sheet = write(Question("work", "123456", name, "prod", None, 0, 90), str)

    assert sheet.lines[1:3] == ("For profile prod", r"Asked by x\nDevice: safe\u202e\x00 (pid 1)")


@given(st.text(st.characters(exclude_categories=["C"])))
def test_zenity_shows_what_we_meant(words: str) -> None:
    """Undone as zenity does it (C escapes, then `__` for `_`), the label is what we meant."""
    told = zenity._escape(words)
    letters = iter(told)
    escapes = {"n": "\n", "\\": "\\"}
    label = "".join(escapes[next(letters)] if letter == "\\" else letter for letter in letters)

    assert label.count("_") == 2 * words.count("_")
    assert label.replace("__", "_") == words


@given(st.text(st.characters(exclude_categories=["C"])))
def test_kdialog_shows_what_we_meant(words: str) -> None:
    """Read as rich text with mnemonics, the label is what we meant, and no backslash is left for kdialog to undo."""
    told = kdialog._escape(words)

    assert "\\" not in told
    assert "<" not in told
    assert html.unescape(told).replace("&&", "&") == words


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_pinentry_line_stays_one_line(words: str) -> None:
    """Whatever is in a name, it cannot become a command of its own."""
    told = pinentry._escape(words)

    assert not {"\n", "\r"} & set(told)
    assert told.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == words


PINENTRY = """#!{python}
import sys
def say(line): sys.stdout.write(line + "\\n"); sys.stdout.flush()
say("OK Pleased to meet you")
for line in sys.stdin:
    open({log!r}, "a").write(line)
    if line.startswith("GETINFO flavor"): say("D {flavour}"); say("OK")
    elif line.startswith("GETPIN"): [say(answer) for answer in {answers!r}]
    else: say("OK")
"""


@pytest.mark.parametrize(
    ("flavour", "answers", "expected"),
    [
        ("gtk2", ["S BUTTON_INFO", "D 12%2534%0A56", "OK"], "12%34\n56"),
        ("gtk2", ["D 123", "D 456", "OK"], "123456"),
        ("gtk2", ["OK"], ""),
        ("gtk2", ["INQUIRE QUALITY 1", "D 123456", "OK"], "123456"),
        ("gtk2", ["ERR 83886179 Operation cancelled <Pinentry>"], Cancelled),
        ("gtk2", ["ERR 83886278 Fully cancelled <Pinentry>"], Cancelled),
        ("gtk2", ["ERR 83886142 Timeout <Pinentry>"], TimedOut),
        ("gtk2", ["ERR 83886331 No Gcr prompter <Pinentry>"], NoDialog),
        ("gtk2:curses", ["D 123456", "OK"], NoDialog),
        ("tty", ["D 123456", "OK"], NoDialog),
        ("gtk2", ["D " + 5000 * "1", "OK"], NoDialog),
    ],
)
def test_what_a_pinentry_says(tmp_path: Path, flavour: str, answers: list[str], expected: str | type[Answer]) -> None:
    """`D` lines are decoded and joined; 99 and 198 cancel, 62 is the time-out, a terminal flavour is refused."""
    log = str(tmp_path / "log")
    program = tmp_path / "pinentry-gtk-2"
    program.write_text(PINENTRY.format(python=sys.executable, log=log, flavour=flavour, answers=answers))
    program.chmod(0o755)

    answer = ask("pinentry-gtk-2", tmp_path)

    if isinstance(expected, str):
        assert isinstance(answer, Entered)
        assert answer.text.reveal() == expected
        assert "SETTITLE trayexec - MFA code\n" in Path(log).read_text()
        assert "SETTIMEOUT 20\n" in Path(log).read_text()
    else:
        assert isinstance(answer, expected)


@pytest.mark.parametrize(
    ("tool", "out", "err", "status", "expected"),
    [
        ("zenity", "123456\n", "", 0, "123456"),
        ("zenity", " 12 34\n", "Gtk-WARNING: theme", 0, " 12 34"),
        ("zenity", "123456\n", "", 5, TimedOut),
        ("zenity", "", "", 1, Cancelled),
        ("zenity", "", "(zenity:1): Gtk-WARNING **: cannot open display: :1", 1, NoDialog),
        ("zenity", "", "unknown option --entry", 255, NoDialog),
        ("kdialog", "123456\n", "QStandardPaths: runtime dir", 0, "123456"),
        ("kdialog", "", "", 1, Cancelled),
        ("kdialog", "", "could not connect to display", 134, NoDialog),
        ("osascript", "typed 123456\n", "", 0, "123456"),
        ("osascript", "typed gave up\n", "", 0, "gave up"),
        ("osascript", "gave up\n", "", 0, TimedOut),
        ("osascript", "", "execution error: User canceled. (-128)\n", 1, Cancelled),
        ("osascript", "", "execution error: No user interaction allowed. (-1713)\n", 1, NoDialog),
    ],
)
def test_what_a_tool_answers(
    tmp_path: Path, tool: str, out: str, err: str, status: int, expected: str | type[Answer]
) -> None:
    """Exit statuses and outputs, and the difference between a cancel and a dialog that never was."""
    stand_in(tmp_path, tool, out=out, err=err, status=status)

    answer = ask(tool, tmp_path)

    if isinstance(expected, str):
        assert isinstance(answer, Entered)
        assert answer.text.reveal() == expected
    else:
        assert isinstance(answer, expected)


def test_osascript_gets_values_as_arguments(tmp_path: Path) -> None:
    """Nothing a person or a file wrote is in the script itself."""
    stand_in(tmp_path, "osascript", out="typed 123456\n")
    question = Question(UGLY, "arn:aws:iam::1:mfa/me", "aws", "prod", None, 0, 90)

    asyncio.run(Dialogs("osascript", {"PATH": str(tmp_path)}).ask(question))

    ((argv, _),) = calls(tmp_path)
    assert argv[0] == "-e"
    assert UGLY not in argv[1]
    assert argv[2] == "trayexec - MFA code"
    assert argv[3].startswith(f"Unlock {UGLY}\n")
    assert argv[4:] == ["Cancel", "Unlock", "90"]


def test_a_command_prints_the_code(tmp_path: Path) -> None:
    """A command line of the user's: no shell, told which device; it needs no display."""
    stand_in(tmp_path, "my-codes", out="123456\n")
    environ = {"PATH": str(tmp_path), "AWS_SECRET_ACCESS_KEY": "not for you"}
    question = Question("work", "arn:aws:iam::1:mfa/me", "", "", None, 0, 90)
    dialogs = Dialogs(f"{tmp_path}/my-codes --for 'a b' $HOME", environ)

    answer = asyncio.run(dialogs.ask(question))

    assert dialogs.name == "command"
    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"
    about = {"TRAYEXEC_IDENTITY": "work", "TRAYEXEC_MFA_SERIAL": "arn:aws:iam::1:mfa/me", "TRAYEXEC_CHAIN": "*"}
    assert calls(tmp_path) == [(["--for", "a b", "$HOME"], about)]


def test_a_command_of_a_file_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    """Whoever could write that file could run programs as its owner."""
    stand_in(tmp_path, "my-codes", out="123456\n")
    file = tmp_path / "config"
    file.touch()
    command = (f"{tmp_path}/my-codes",)
    question = Question("work", "arn:aws:iam::1:mfa/me", "", "", None, 0, 90, command=command, named_in=(str(file),))
    dialogs = Dialogs("terminal", {"PATH": str(tmp_path)})

    assert isinstance(asyncio.run(dialogs.ask(question)), Entered)
    file.chmod(0o666)
    answer = asyncio.run(dialogs.ask(question))

    assert isinstance(answer, NoDialog)
    assert "others may write to it" in str(answer.trouble.title)
    assert len(calls(tmp_path)) == 1


def test_a_command_waits_for_a_new_code(tmp_path: Path) -> None:
    """A machine would print the spent code again: it is run once the next one is there, or not at all."""
    stand_in(tmp_path, "my-codes", out="123456\n")

    assert isinstance(ask(f"{tmp_path}/my-codes", tmp_path, wait=30, seconds=1), TimedOut)
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize("line", ["{folder}/my-codes", "/nowhere/at-all", "unbalanced ' quote"])
def test_a_command_that_fails_says_so(tmp_path: Path, line: str) -> None:
    """With what to do about it; what it says on stderr may hold a secret, and is not repeated."""
    stand_in(tmp_path, "my-codes", out="123456\n", err="no such token: hunter2\n", status=4)

    answer = ask(line.format(folder=tmp_path), tmp_path)

    assert isinstance(answer, NoDialog)
    assert answer.trouble.code == "prompt_command_failed"
    assert "in a terminal" in str(answer.trouble.hint)
    assert "hunter2" not in f"{answer.trouble.title} {answer.trouble.hint}"
    assert line != "{folder}/my-codes" or "exit status 4" in str(answer.trouble.title)


def test_a_flood_is_cut(tmp_path: Path) -> None:
    """Megabytes on stdout and stderr are read away, and only 4 KiB kept."""
    flood = tmp_path / "zenity"
    flood.write_text("#!/bin/sh\n/usr/bin/head -c 3000000 /dev/zero\n/usr/bin/head -c 3000000 /dev/zero >&2\n")
    flood.chmod(0o755)

    answer = ask("zenity", tmp_path)

    assert isinstance(answer, Entered)
    assert len(answer.text.reveal()) == 4096


def test_a_helper_that_holds_the_pipe_does_not_hold_the_answer(tmp_path: Path) -> None:
    """A tool may leave a helper behind that inherited its stdout: the answer is there all the same."""
    leaving = tmp_path / "zenity"
    leaving.write_text("#!/bin/sh\n/bin/sleep 5 &\necho 123456\n")
    leaving.chmod(0o755)

    answer = ask("zenity", tmp_path)

    assert isinstance(answer, Entered)
    assert answer.text.reveal() == "123456"


@pytest.mark.parametrize(
    ("desktop", "expected"),
    [
        ("GNOME", ["zenity", "kdialog"]),
        ("KDE", ["kdialog", "zenity"]),
        ("ubuntu:GNOME", ["zenity", "kdialog"]),
        ("", ["zenity", "kdialog"]),
    ],
)
def test_the_desktop_decides_who_asks_first(tmp_path: Path, desktop: str, expected: list[str]) -> None:
    """Every failed tool makes way for the next, in the order that fits the desktop; each is tried again at the end."""
    expected = [*expected, "pinentry-qt", "pinentry-gtk-2", "pinentry-gnome3"]
    for name in expected:
        stand_in(tmp_path, name, err="broken\n", status=99)
    expected = ["gtk3", "gtk4", *expected]  # ours, which find no such display
    environ = {"PATH": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0", "XDG_CURRENT_DESKTOP": desktop}
    dialogs = Dialogs("auto", environ)
    order = [tool.name for tool in dialogs._tools()]

    assert order == expected
    assert dialogs.name == expected[0]
    assert isinstance(asyncio.run(dialogs.ask(Question("w", "1", "", "", None, 0, 9))), NoDialog)
    assert dialogs.name == "terminal"

    stand_in(tmp_path, "zenity", out="123456\n")
    assert isinstance(asyncio.run(dialogs.ask(Question("w", "1", "", "", None, 0, 9))), Entered)
    assert dialogs.name == "zenity"


@pytest.mark.parametrize(
    ("method", "words"),
    [("auto", "No program that can show a dialog"), ("kdialog", "kdialog, is not installed"), ("terminal", "terminal")],
)
def test_no_dialog_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, words: str) -> None:
    """With nothing to ask with, the answer says why, and that the terminal always works."""
    monkeypatch.setattr(tool, "SYSTEM_PYTHON", tmp_path / "python3")
    environ = {"PATH": str(tmp_path), "WAYLAND_DISPLAY": "wayland-0"}  # Tk needs X
    dialogs = Dialogs(method, environ)

    answer = asyncio.run(dialogs.ask(Question("work", "1", "", "", None, 0, 9)))

    assert dialogs.name == "terminal"
    assert isinstance(answer, NoDialog)
    assert words in str(answer.trouble.title)
    assert "trayexec auth" in str(answer.trouble.hint)


def test_the_language_is_the_callers() -> None:
    """Every line goes through `speak`, also the one that counts down."""
    question = Question("work", "1", "aws", "prod", Text("Why."), 7, 9, number=1, of=2)

    sheet = write(question, lambda text: f"«{text.template}»")

    said = [sheet.heading, *sheet.about, sheet.reason, sheet.hurry, sheet.position]
    said += [sheet.counting, sheet.held, sheet.counted]
    assert all(line.startswith("«") for line in [*said, sheet.prompt, sheet.digits, sheet.accept, sheet.cancel])


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("Six digits, please", ["Six digits,", "please"]),
        ("AWS が断りました。", ["AWS が断りまし", "た。"]),
        ("新しいコードは 27 秒後", ["新しいコードは", "27 秒後"]),
        ("あいうえおかき。く", ["あいうえおか", "き。く"]),
        ("arn:aws:iam::111111111111:mfa/alice", ["arn:aws:iam::11", "1111111111:mfa/", "alice"]),
        ("", [""]),
    ],
)
def test_a_dialogs_lines_fit(words: str, lines: list[str]) -> None:
    """Words stay whole where they can, Japanese breaks between letters, and no line begins with a full stop."""
    assert fold(words, 15, lambda text: sum(1 + (not letter.isascii()) for letter in text)) == "\n".join(lines)


def test_the_folder_of_who_asks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person writes it; and nothing is said of a process that has gone, or is none."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "src" / "infra"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert folder_of(os.getpid()) == "~/src/infra"
    monkeypatch.setenv("HOME", "/nowhere")
    assert folder_of(os.getpid()) == str(folder)
    assert folder_of(0) == folder_of(2**22 + 1) == ""

    question = Question("work", "123456", "aws", "prod", None, 0, 9, account="222222222222")
    assert write(question, str, "~/src").about[:3] == (
        "For account 222222222222, profile prod",
        "Asked by aws",
        "In folder ~/src",
    )

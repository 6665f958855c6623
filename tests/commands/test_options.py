"""The table of options: all that tells of options tells what the table says, and no words make it stumble."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trayexec
from support.rig import Rig
from trayexec.commands import help as helping
from trayexec.commands import help_texts, run_options
from trayexec.commands.completion import Names, candidates
from trayexec.commands.options import (
    BY_THEMSELVES,
    CREDENTIAL_PROCESS,
    HELP,
    HOOK,
    LITERAL,
    RUN,
    TOP,
    WAIT,
    Option,
    Verb,
)
from trayexec.commands.parse import read, verbs
from trayexec.light import credential_process, run
from trayexec.light.columns import wide
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import speaker_of
from trayexec.live import hook, overlay_files

if TYPE_CHECKING:
    from trayexec.commands.reading import Options

MAN = Path(trayexec.__file__).parents[2] / "packaging/linux/trayexec.1"
ENVIRON = {"HOME": "/nonexistent"}


def every(at: Verb = TOP, path: tuple[Verb, ...] = ()) -> Iterator[tuple[Verb, ...]]:
    """Each verb, with those above it."""
    for one in (*at.verbs, *(BY_THEMSELVES if at is TOP else ())):
        yield (*path, one)
        yield from every(one, (*path, one))


EVERY = [*every()]
OPTIONS: set[Option] = {option for verb in (TOP, RUN, *(path[-1] for path in EVERY)) for option in verb.options} | {
    LITERAL
}
NAMES = {name for option in OPTIONS if not option.hidden for name in option.names}
WHOLE = "".join(f"{line}\n" for line in helping.Page(str, 80).everything())
# Options of other programs that the manual names.
OF_OTHERS = {"--env-file", "--no-session"}


def words(path: tuple[Verb, ...]) -> list[str]:
    """The verb as it is typed."""
    return [one.name for one in path]


def read_example(line: str) -> None:
    """It can be read, as a run or as a verb."""
    before, run_of, command = line.partition(" -- ")
    before = re.sub(r"\)?\"?$| \|.*$", "", before)
    if run_of:
        assert run_options.read(shlex.split(before)).act == ""
        assert command
    else:
        assert read(shlex.split(before), ENVIRON).act or before.startswith(("hook", "credential-process"))


def test_the_run_path_knows_the_options_of_a_plain_run() -> None:
    """It reads those with a value by itself, but for what only a run over several takes."""
    plain = {name for one in (*RUN.options, LITERAL) if one.value is not None and not one.of_many for name in one.names}
    assert plain == run.PLAIN


def test_credential_process_knows_its_options() -> None:
    """It reads them by itself, too."""
    hidden = {name for one in CREDENTIAL_PROCESS.options if one.hidden for name in one.names}
    assert hidden == {overlay_files.FROM_FILES, overlay_files.OR_FROM_FILES}
    waits = [one for one in CREDENTIAL_PROCESS.options if one.field == WAIT.field]
    assert [one.unsaid for one in waits] == [credential_process.WAIT] * 2
    for option in (*waits, LITERAL):
        value = [] if option.value is None else ["5"]
        assert credential_process._read([*option.names, *value, *(() if option is LITERAL else ("p",))])


def test_the_shells_complete_every_verb() -> None:
    """And the shells that the hook knows are the table's, but for what direnv's function asks for."""
    offered = [word for word, _ in candidates([""], Names)]
    assert [one for one in offered if one != "--"] == [*verbs()]
    assert HOOK.word is not None
    assert {*HOOK.word.choices, "sh"} == set(hook.SHELLS)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(words(path)))
def test_the_whole_help_and_the_manual_have_every_verb(path: tuple[Verb, ...]) -> None:
    """With a page of its own, and a line on the page above; where verbs stand below it, each of these has one."""
    above = "".join(helping.Page(str, 80).verb(path[:-1]) if path[1:] else helping.Page(str, 80).first())
    assert f"  {' '.join(words(path))} " in above
    assert f"── trayexec {' '.join(words(path))} ─" in WHOLE
    manual = MAN.read_text().replace("\\-", "-")
    entries = [line.replace('"', "") for line in manual.partition(".SH VERBS")[2].splitlines() if line.startswith(".B")]
    assert [one for one in entries if re.search(rf"[ ,]{' '.join(words(path))}\b", one)]


def test_the_whole_help_and_the_manual_name_every_option() -> None:
    """None is missing but those of our own processes, and none is named that is not in the table."""
    manual = MAN.read_text().replace("\\-", "-")
    long = {name for name in NAMES if name.startswith("--")}
    for whole in (WHOLE, manual):
        named = {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", whole)}
        assert named - OF_OTHERS <= long
        assert long - named <= {"--help", "--version"}


def test_every_example_of_the_manual_can_be_read() -> None:
    """Each line below EXAMPLES is one that trayexec takes."""
    section = MAN.read_text().replace("\\-", "-").partition(".SH EXAMPLES")[2].partition(".SH ")[0]
    lines = [line.removeprefix("trayexec ") for line in section.splitlines() if line.startswith("trayexec ")]
    assert len(lines) > 10
    for line in lines:
        read_example(line)


@pytest.mark.parametrize("lang", ["C", "ja_JP.UTF-8"])
@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(words(path)))
def test_each_verb_has_its_help(path: tuple[Verb, ...], lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How it is written, with all its options; what it does, in the person's language; examples that can be read."""
    options = read([*words(path), "--help"], ENVIRON)
    assert helping.of_verb(options, {"LANG": lang}) == 0
    said = capsys.readouterr().out
    assert helping.usage(read(["help", *words(path)], ENVIRON), {"LANG": lang}) == 0
    assert capsys.readouterr().out == said
    speak, verb = speaker_of(lang), path[-1]
    assert said.startswith(speak(Text("usage: ")))
    assert max(map(wide, said.splitlines())) <= 80
    shown = {*re.findall(r"(?<![\w-])--?[a-z][a-z-]*", said.partition("\n\n")[0])}
    explained = {*re.findall(r"^  (--?[a-z][a-z-]*)", said, re.MULTILINE)}
    for option in verb.options:
        assert shown.isdisjoint(option.names) == (option.hidden or option == HELP)
        assert verb.verbs or explained.isdisjoint(option.names) == (option.hidden or option == HELP)
    assert speak(help_texts.SHORT[" ".join(words(path))])[1:20].split()[0] in said
    examples = re.findall(r"^  \$ trayexec (.*)$", said, re.MULTILINE)
    assert len(examples) > 1  # of what has no options, one is what goes with it
    for line in examples:
        read_example(line)


def test_the_words_of_the_help_are_those_of_the_table() -> None:
    """Nothing is explained that there is not."""
    every_one = {" ".join(words(path)) for path in EVERY} | {"run"}
    assert help_texts.SHORT.keys() == every_one
    assert help_texts.MORE.keys() <= every_one
    metavars = {path[-1].word.metavar for path in EVERY if path[-1].word is not None} | {"PROFILE"}
    for key in help_texts.OPTIONS:
        verb, _, what = key.rpartition(" ")
        assert what in NAMES | metavars, key
        assert not verb or verb in every_one, key


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("lang", ["C", "ja_JP.UTF-8"])
def test_no_line_of_the_help_is_wider_than_the_terminal(lang: str, columns: int) -> None:
    """But words that nothing can part: an option with all its choices."""
    speak = speaker_of(lang)
    for line in helping.Page(speak, columns).everything():
        assert wide(line) <= columns or " " not in line.strip() or line.startswith(("  $", "  --", " " * 8)), line


def test_all_of_the_help_goes_through_the_pager_of_the_person(bare: Rig) -> None:
    """On a terminal; elsewhere it is printed, and so where there is no such pager."""
    printed = bare.run("help", "all")
    assert "── trayexec keys rotate ─" in printed.out
    bare.env["TERM"] = "xterm"
    for pager, said in (("sed 's/^/| /'", "| usage: trayexec"), ("no-such-pager -x", "usage: trayexec")):
        status, screen = bare.terminal("help", "all", env={"PAGER": pager}).ended()
        assert status == 0
        assert screen.startswith(said)
        assert "no-such-pager" not in screen


def test_the_first_page_is_short(bare: Rig) -> None:
    """It fits on a screen, and leads to all else."""
    for words_ in ((), ("help",), ("--help",)):
        done = bare.run(*words_)
        page = done.out or done.err
        assert len(page.splitlines()) <= 48
        for more in ("trayexec VERB --help", "trayexec help run", "trayexec help all"):
            assert more in page
    assert "--except" in bare.run("help", "run").out
    assert "Did you mean status?" in bare.run("help", "statsu").err


def test_help_is_there_for_who_asks_behind_a_verb(bare: Rig) -> None:
    """On standard output, as a success, whatever else is on the line before it; no verb does anything then."""
    for line in (("env", "--help"), ("keys", "add", "-h"), ("hook", "--help"), ("credential-process", "-h")):
        done = bare.run(*line)
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith(f"usage: trayexec {' '.join(line[:-1])}")
    assert bare.run("lock", "default", "--help").out == bare.run("lock", "-h").out
    assert not bare.agent_pid


ALPHABET = sorted(
    {name for path in EVERY for name in words(path)}
    | {name for option in OPTIONS for name in option.names}
    | {f"{name}=5" for name in NAMES}
    | {choice for option in OPTIONS for choice in option.choices}
    | {
        "",
        "-",
        "-5",
        "5",
        "99h",
        "2h",
        "-fn5",
        "-n5",
        "-fx",
        "--n",
        "--wai",
        "a b",
        "-x y",
        "\n",
        "*",
        "@",
        "9" * 5000,
        "é",
    }
)


@given(st.lists(st.sampled_from(ALPHABET) | st.text(max_size=4), max_size=7))
def test_any_words_are_read_or_refused_with_a_sentence(line: list[str]) -> None:
    """Never a traceback: what cannot be read is a trouble of ours."""
    readings: tuple[Callable[[], Options], ...] = (lambda: read(line, ENVIRON), lambda: run_options.read(line))
    for reading in readings:
        try:
            assert isinstance(reading().act, str)
        except TrayexecError as error:
            refused = error.trouble
            assert (refused.code, bool(str(refused.title))) == ("usage", True)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("log -fn5", "n", 5),
        ("log -n=5", "n", 5),
        ("log -n 5 --fol", "follow", True),
        ("why -5", "profile", "-5"),
        ("why --profile -x", "profile", "-x"),
        ("auth --wait 5 --no-wait", "wait", 0),
        ("auth --no-wait --wait 5", "wait", 5),
        ("auth --wai=1m default", "identity", "default"),
        ("keys add --force p", "yes", True),
        ("env p --form json", "format", "json"),
    ],
)
def test_words_are_read_as_people_write_them(line: str, field: str, value: object) -> None:
    """Shortened, joined, before and behind the profile; the last one counts."""
    assert getattr(read(line.split(), ENVIRON), field) == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("env p --n 5", "Unknown option: --n."),
        ("env p --long 8", "8 is too short: at least 15m."),
        ("list --json=x", "Unknown option: --json=x."),
        ("auth --wait --force", "--wait lacks its value."),
        ("keys", "This is missing: add|import|list|rotate|remove."),
        ("why a b --jsn", "Too much on this line: b --jsn."),
        ("agent start stop", "Too much on this line: stop."),
        ("list --profile p", "Too much on this line: --profile p."),
        ("why --profile", "--profile lacks its value."),
        ("agent --ready-fd x", "--ready-fd cannot be x."),
    ],
)
def test_words_that_cannot_be_meant_are_named(line: str, said: str) -> None:
    """As they stand."""
    with pytest.raises(TrayexecError) as refused:
        read(line.split(), ENVIRON)
    assert str(refused.value.trouble.title) == said


def test_a_run_takes_no_shortened_option_and_any_value() -> None:
    """A slip must not change what runs; and a name that begins with a dash can be left out."""
    assert run_options.read(["--except", "-x", "p", "--jobs", "2"]).leave_out == ["-x"]
    with pytest.raises(TrayexecError):
        run_options.read(["--dry", "p"])

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
from trayexec.commands import run_options
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
from trayexec.japanese import HELP as JAPANESE
from trayexec.light import credential_process, run
from trayexec.light.errors import TrayexecError
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
# Options of other programs that the manual names.
OF_OTHERS = {"--env-file", "--no-session"}


def words(path: tuple[Verb, ...]) -> list[str]:
    """The verb as it is typed."""
    return [one.name for one in path]


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
    """The hook's list is the table's; so are the shells that it knows, but for what direnv's function asks for."""
    assert set(hook.VERBS) == set(verbs())
    assert len(hook.VERBS) == len(verbs())
    assert HOOK.word is not None
    assert {*HOOK.word.choices, "sh"} == set(hook.SHELLS)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(words(path)))
def test_the_whole_help_and_the_manual_have_every_verb(path: tuple[Verb, ...]) -> None:
    """With an entry of its own; where verbs stand below it, each of these has one."""
    for whole in (helping.HELP, JAPANESE):
        assert [*helping._entries(whole, words(path))]
    manual = MAN.read_text().replace("\\-", "-")
    entries = [line.replace('"', "") for line in manual.partition(".SH VERBS")[2].splitlines() if line.startswith(".B")]
    assert [one for one in entries if re.search(rf"[ ,]{' '.join(words(path))}\b", one)]


def test_the_whole_help_and_the_manual_name_every_option() -> None:
    """None is missing but those of our own processes, and none is named that is not in the table."""
    manual = MAN.read_text().replace("\\-", "-")
    long = {name for name in NAMES if name.startswith("--")}
    for whole in (helping.HELP, JAPANESE, manual):
        named = {*re.findall(r"(?<![\w-])--[a-z][a-z-]*", whole)}
        assert named - OF_OTHERS <= long
        assert long - named <= {"--help", "--version"}


@pytest.mark.parametrize("lang", ["C", "ja_JP.UTF-8"])
@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(words(path)))
def test_each_verb_has_its_help(path: tuple[Verb, ...], lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How it is written, with all its options; what it does, in the person's language; examples that can be read."""
    options = read([*words(path), "--help"], ENVIRON)
    assert helping.of_verb(options, {"LANG": lang}) == 0
    said = capsys.readouterr().out
    whole = JAPANESE if lang != "C" else helping.HELP
    verb = path[-1]
    assert said.startswith(whole.split(maxsplit=1)[0])
    shown = {*re.findall(r"(?<![\w-])--?[a-z][a-z-]*", said)}
    for option in verb.options:
        assert shown.isdisjoint(option.names) == (option.hidden or option == HELP)
    for entry in helping._entries(whole, words(path)):
        assert entry in said
    for line in re.findall(r"^  \$ trayexec (.*)$", said, re.MULTILINE):
        assert read(shlex.split(line), ENVIRON).act


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
        ("env p --n 5", "These words do not belong here: --n."),
        ("env p --long 8", "8 is too short: at least 15m."),
        ("list --json=x", "These words do not belong here: --json=x."),
        ("auth --wait --force", "--wait lacks its value."),
        ("keys", "This is missing: add|import|list|rotate|remove."),
        ("why a b --jsn", "These words do not belong here: b --jsn."),
        ("agent start stop", "These words do not belong here: stop."),
        ("list --profile p", "These words do not belong here: --profile p."),
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

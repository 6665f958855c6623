"""Japanese: nothing is left untranslated, nothing is translated in vain, and whoever wants it gets it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from unicodedata import east_asian_width

import pytest

import trayexec
from support.rig import Rig
from trayexec.commands.help import Page
from trayexec.japanese import SENTENCES
from trayexec.light.errors import Text
from trayexec.light.translate import speaker, speaker_of

SOURCE = Path(trayexec.__file__).parent
# Which arguments of a call are templates; inside these functions themselves they are passed on.
CARRIERS = {"Text": (0,), "trouble": (1, 2), "misread": (0,)}
KANA_OR_KANJI = "[\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]"
OTHER = r"[A-Za-z0-9{}`\[\]/~\"=]"
JAPANESE = re.compile(KANA_OR_KANJI)
TOGETHER = re.compile(rf"{KANA_OR_KANJI}(?:{OTHER}|\()|(?:{OTHER}|\)){KANA_OR_KANJI}")
NAME = re.compile(r"--[a-z][a-z-]+|[A-Z_]{6,}")  # an option or a variable
ENTRY = re.compile(r"^  (\S.*?)(?:  |$)", re.MULTILINE)
HELP = "".join(f"{line}\n" for line in Page(speaker_of("ja"), 80).everything())


def templates(node: ast.AST, where: str, passed_on: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Each template that is said below `node`, and where: `cli.py:71`. `passed_on`: the arguments of a carrier."""
    if isinstance(node, ast.FunctionDef) and node.name in CARRIERS:
        passed_on = frozenset(one.arg for one in (*node.args.posonlyargs, *node.args.args))
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        for index in CARRIERS.get(name, ()):
            yield from literals(node.args[index], f"{where}:{node.lineno}", passed_on)
    for child in ast.iter_child_nodes(node):
        yield from templates(child, where, passed_on)


def literals(node: ast.expr, place: str, passed_on: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The strings that an expression can be."""
    match node:
        case ast.Constant(value=str(template)):
            yield template, place
        case ast.IfExp(body=one, orelse=other):
            yield from literals(one, place, passed_on)
            yield from literals(other, place, passed_on)
        case ast.Name(id=name) if name in passed_on:
            pass
        case _:
            pytest.fail(f"{place}: `{ast.unparse(node)}` is no literal, so nobody can translate it")


def is_sentence(template: str) -> bool:
    """Whether there are words in it, and not values alone."""
    return any(text and re.search("[A-Za-z]", text) for text, *_ in Formatter().parse(template))


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    """Every template of the source with words in it, and one place that says it."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(SOURCE).as_posix()
        for template, place in templates(ast.parse(path.read_text("utf-8")), where):
            if is_sentence(template):
                found.setdefault(template, place)
    return found


def values(template: str) -> list[tuple[str, str | None, str | None]]:
    """The placeholders with their format, in alphabetic order."""
    return sorted((name, form, kind) for _, name, form, kind in Formatter().parse(template) if name is not None)


def test_every_sentence_is_translated(said: dict[str, str]) -> None:
    """What is missing is listed as it goes into the dictionary, with the place that says it."""
    missing = [f"    {template!r}: ,  # {place}" for template, place in said.items() if template not in SENTENCES]
    assert not missing, "agent/trayexec/japanese.py lacks:\n" + "\n".join(missing)


def test_nothing_is_translated_that_nobody_says(said: dict[str, str]) -> None:
    """A sentence that was reworded or removed leaves no translation behind."""
    dead = [f"    {template!r}" for template in SENTENCES if template not in said]
    assert not dead, "agent/trayexec/japanese.py translates what nobody says:\n" + "\n".join(dead)


def test_translations_have_the_same_values() -> None:
    """No placeholder is lost, made up or formatted in another way."""
    other = [f"    {english!r}" for english, japanese in SENTENCES.items() if values(english) != values(japanese)]
    assert not other, "other placeholders in the translations of:\n" + "\n".join(other)


def test_translations_are_japanese() -> None:
    """Each has kana or kanji, and the same line breaks and spaces at its ends."""
    for english, japanese in SENTENCES.items():
        assert JAPANESE.search(japanese), english
        assert len(english) - len(english.rstrip()) == len(japanese) - len(japanese.rstrip()), english
        assert ("\n" in english) == ("\n" in japanese), english


def test_a_space_parts_japanese_from_other_letters() -> None:
    """One rule for all sentences; punctuation needs none."""
    assert not [(found, text) for text in SENTENCES.values() for found in TOGETHER.findall(text)]


def test_commands_stay_as_they_are_typed() -> None:
    """What stands in backquotes is to be typed, and so the same in both languages."""
    for english, japanese in SENTENCES.items():
        assert sorted(re.findall("`.*?`", english)) == sorted(re.findall("`.*?`", japanese)), english


def test_the_help_names_the_same_verbs_and_options() -> None:
    """The Japanese help has the entries of the English one, in its order, and no line is wider than a terminal."""
    english = "".join(f"{line}\n" for line in Page(str, 80).everything())
    for one in (HELP, english):
        assert [entry for entry in ENTRY.findall(one) if entry.startswith("--")]
        assert max(map(width, one.splitlines())) <= 80
    assert {*ENTRY.findall(HELP)} >= {one for one in ENTRY.findall(english) if one.startswith(("--", "keys ", "$ "))}
    assert set(NAME.findall(HELP)) == set(NAME.findall(english))


def width(line: str) -> int:
    """Columns on a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)


@pytest.mark.parametrize(
    ("environ", "spoken"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ロック中"),
        ({"LANG": "ja"}, "ロック中"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ロック中"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "", "LC_ALL": "ja_JP.UTF-8"}, "ロック中"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "locked"),
        ({"LANG": "jam_JM.UTF-8"}, "locked"),
        ({"LANG": "de_DE.UTF-8"}, "locked"),
        ({}, "locked"),
    ],
)
def test_the_language_is_chosen_as_posix_says(environ: dict[str, str], spoken: str) -> None:
    """LC_ALL, then LC_MESSAGES, then LANG; an empty one does not count, and what is not Japanese is English."""
    assert speaker(environ)(Text("locked")) == spoken


def test_a_text_in_a_text_is_translated_too() -> None:
    """A reason is in the language of the sentence around it."""
    text = Text("The request's {key} is not {wanted}.", key="x", wanted=Text("a short text"))
    assert str(text) == "The request's x is not a short text."
    assert speaker({"LANG": "ja_JP.UTF-8"})(text) == "リクエストの x が正しくありません。必要なもの: 短いテキスト。"


@pytest.mark.parametrize(
    ("env", "answer"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "アイデンティティ default はロックされています。"),
        ({"LANG": "de_DE.UTF-8"}, "Identity default is locked."),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "Identity default is locked."),
    ],
)
def test_a_run_is_answered_in_the_callers_language(bare: Rig, env: dict[str, str], answer: str) -> None:
    """Whatever the agent's own language is: it was started in English here."""
    bare.start_agent()

    done = bare.run("--no-wait", "account-a", "--", "true", env=env)

    assert (done.status, done.out) == (125, "")
    assert done.err.splitlines()[0] == f"trayexec: {answer}"


def test_commands_speak_japanese(bare: Rig) -> None:
    """Tables, problems, slips, what a shell would say, and the help; the columns stay straight."""
    bare.env["LANG"] = "ja_JP.UTF-8"
    bare.config(bare.sim.world.config_text(bare.sim.url) + "\n[profile lost]\nrole_arn = nonsense\n")

    status = bare.run("status").out.splitlines()
    assert status[0].split() == ["アイデンティティ", "アカウント", "MFA", "デバイス", "状態"]
    assert "ロック中" in status[1]
    assert width(status[0].partition("状態")[0]) == width(status[1].partition("ロック中")[0])

    lost = next(line for line in bare.run("list").out.splitlines() if line.startswith("lost"))
    assert "プロファイル lost" in lost
    assert "Profile" not in lost

    assert bare.run("account-a", "--", "no-such-command").err == "trayexec: no-such-command: コマンドが見つかりません\n"
    assert "サブコマンドはありません" in bare.run("account-a", "aws", "s3").err
    assert "時間として正しくありません" in bare.run("--need", "soon", "account-a", "--", "true").err
    assert "時間として正しくありません" in bare.run("auth", "--wait", "soon").err
    assert bare.run("help", "all").out == HELP
    assert "コマンドを実行する:" in bare.run("help").out
    assert bare.run("agent", "stop").err == "trayexec: エージェントが停止し、すべて消去しました\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("account-a", "aws", "s3", "ls"), "There is no verb account-a."),
        (("status", "now"), "Too much on this line: now."),
        (("keys", "add"), "This is missing: profile."),
        (("auth", "--wait"), "--wait lacks its value."),
        (("log", "-n", "x"), "x is not a number of lines."),
        (("--jobs", "x", "account-a", "--", "true"), "--jobs cannot be x."),
        (("--live", "--server", "account-a", "--", "true"), "--server does not go with --live."),
    ],
)
def test_what_cannot_be_read_is_told_with_the_fix(bare: Rig, words: tuple[str, ...], said: str) -> None:
    """A forgotten `--` is the likeliest reason for a verb that does not exist."""
    done = bare.run(*words)

    assert done.status == 2
    assert done.err.splitlines()[0] == f"trayexec: {said}"
    assert re.search(r"`trayexec (help|\w+( add)? --help|help run)`", done.err)


def test_a_word_that_is_no_choice_is_told_with_the_choices(bare: Rig) -> None:
    """What could stand there is listed, so nobody has to look it up."""
    done = bare.run("env", "account-a", "--format", "xml")

    assert done.status == 2
    assert done.err.splitlines() == [
        "trayexec: Unknown word: xml.",
        "  Write one of: sh, fish, pwsh, dotenv, json, ini",
    ]


# Each thing has one word; what stands here is another one for the same.
OTHER_WORDS = (
    *("端末", "お試し", "AWS 設定", "AWS の設定", "資格情報", "鍵", "役割", "ソースプロファイル", "パスフレーズ"),
    *(
        "ワンタイム",
        "アンロック",
        "ブラウザで",
        "コンテナか",
        "フォルダに",
        "サーバに",
        "ユーザが",
        "下さい",
        "全て",
        "既に",
    ),
)


def test_each_thing_has_one_word() -> None:
    """The same in a dialog, a table, a hint and the help."""
    for said in SENTENCES.values():
        assert not [word for word in OTHER_WORDS if word in said], said


def test_no_sentence_begins_in_its_middle() -> None:
    """`doctor` says what it looked at, a colon, and how that stands: a particle after a colon is no Japanese."""
    for english, said in SENTENCES.items():
        assert not said.startswith(("は", "には", "が", "を", "へ", "と ")), (english, said)

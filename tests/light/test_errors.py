"""The border to the terminal: no word of others moves its cursor, turns its direction or hides itself."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rig import Rig
from trayexec.commands import as_json
from trayexec.core.config.sections import shown
from trayexec.japanese import SENTENCES
from trayexec.light.errors import Text, TrayexecError, lines, trouble, visible
from trayexec.light.translate import speaker_of

# What a hostile value holds: CSI, OSC and its end, C1, a turn of direction, marks, nothing to be seen, tags.
EVIL = "\x1b[31m\x1b]0;title\x07\x9b2J\u202e\u2066\u200e\u200f\u200b\u200d\u2060\ufeff\u00ad\u034f\u3164\U000e0041"
HIDDEN = frozenset(EVIL) - frozenset("[31m]0;title2J")
CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_every_code_point_is_harmless() -> None:
    """All 1,114,112 of them, one by one: what is not to be seen is written out in plain letters."""
    for number in range(sys.maxunicode + 1):
        said = visible(chr(number))
        if said != chr(number):
            assert said.isascii()
            assert said.isprintable()
            assert said.startswith("\\")
        else:
            assert unicodedata.category(said) not in CONTROL, hex(number)


@given(st.text())
def test_what_was_made_harmless_stays_as_it_is(text: str) -> None:
    """Words pass the border more than once: in the agent, and in the command that tells them."""
    assert visible(visible(text)) == visible(text)
    assert shown(shown(text)) == shown(text) or len(shown(text)) > 200
    assert lines(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", "\u3000", " \u00a0 "])
def test_what_is_blank_is_seen_all_the_same(blank: str) -> None:
    """A sentence does not end in nothing."""
    assert shown(blank).strip()


@pytest.mark.parametrize("text", ["account-a", "アカウント　本番", "Größe 東京", "\U0001f600", "❤\ufe0f", "한국어"])
def test_what_people_write_stays_readable(text: str) -> None:
    """Letters of any script, wide spaces, emoji."""
    assert visible(text) == text
    assert shown(text) == text


def test_our_own_sentences_are_as_they_were() -> None:
    """In both languages."""
    for english, japanese in SENTENCES.items():
        assert lines(english) == english
        assert lines(japanese) == japanese


def test_a_value_is_harmless_in_every_sentence() -> None:
    """Also where one text stands in another, in both languages."""
    for locale in ("C", "ja_JP.UTF-8"):
        said = speaker_of(locale)(Text("{a} {b}", a=f"x\n{EVIL}", b=Text("profile {profile}", profile=EVIL)))
        assert HIDDEN.isdisjoint(said)
        assert "\n" not in said


HOSTILE = f"""\
[default]
region = {EVIL}
mfa_serial = arn:aws:iam::111111111111:mfa/{EVIL}

[profile account-{EVIL}]
role_arn = arn:aws:iam::222222222222:role/{EVIL}
source_profile = default
region = {EVIL}

[profile lost-{EVIL}]
role_arn = arn:aws:iam::222222222222:role/x
source_profile = {EVIL}

[profile sso-{EVIL}]
sso_session = {EVIL}

[profile process-{EVIL}]
credential_process = {EVIL}

[profile odd {EVIL}]
output = {EVIL}
"""
VERBS = (
    *(("list",), ("status",), ("doctor",), ("log",), ("why", f"account-{EVIL}"), ("why", f"lost-{EVIL}")),
    *(("why", EVIL), ("lock", EVIL), ("auth", EVIL, "--no-wait"), ("keys", "remove", EVIL), ("keys", "list")),
    *(("env", EVIL), ("env", f"lost-{EVIL}"), ("console", EVIL, "--print"), ("credential-process", EVIL)),
    *((EVIL, "--", "true"), (f"lost-{EVIL}", "--", "true"), ("--live", EVIL, "--", "true"), ("default", "--", EVIL)),
    *(("--server", EVIL, "--", "true"), (f"account-{EVIL}", "default", "--no-wait", "--", "true")),
    *((f"account-{EVIL}", "default", "--dry-run", "--", "echo", EVIL), (EVIL, "default", "--", "true")),
    *(("--output", f"dir=/{EVIL}", "default", f"account-{EVIL}", "--no-wait", "--", "true"), (EVIL,), ("hook", EVIL)),
    *(("agent", EVIL), ("list", f"--{EVIL}"), ("default", "--need", EVIL, "--", "true"), ("log", "-n", EVIL)),
)


@pytest.mark.parametrize("words", ["a\u0301", "नमस्ते", "ก็", "שָׁלוֹם", "❤\ufe0f"])
def test_marks_on_letters_stay(words: str) -> None:
    """As in the languages that have them."""
    assert visible(words) == words


@pytest.mark.parametrize("words", ["x" + 12 * "\u0335", "\u20dd", " \u0338", "x\u200b\u0338"])
def test_marks_do_not_cover_other_words(words: str) -> None:
    """A heap of them, or one without a letter of its own below, is written out."""
    said = Text("a{b}", b=words).filled("a{b}", str)
    marks = [one for one in said if unicodedata.category(one) in {"Mn", "Me"}]
    assert len(marks) <= 4
    assert said[1] not in marks
    assert all(said[place - 1] not in " b" for place, one in enumerate(said) if one in marks)


DOCUMENTS = (("list",), ("status",), ("doctor",), ("log",), ("why", f"account-{EVIL}"), ("keys", "list"))


@pytest.mark.parametrize("words", DOCUMENTS, ids=lambda words: words[0])
def test_json_says_names_truly_and_harmlessly(hostile: Rig, words: tuple[str, ...]) -> None:
    """What would act on a terminal stands as an escape of JSON's, and reads back as what it is."""
    done = hostile.run(*words, "--json", env={"TRAYEXEC_NO_AUTOSTART": "1"})
    assert HIDDEN.isdisjoint(done.out), ascii(done.out)
    said = [json.loads(line) for line in done.out.splitlines()] if words == ("log",) else done.json
    if words == ("list",):
        assert f"account-{EVIL}" in {one["name"] for one in said}


def test_any_json_reads_back() -> None:
    """Every code point, bytes that are no UTF-8 among them."""
    every = [chr(number) for number in range(sys.maxunicode + 1)]
    text = as_json.text(every)
    assert json.loads(text) == every
    assert all(visible(one) == one for one in text)


@pytest.fixture(scope="module")
def hostile(open_rig: Rig) -> Rig:
    """A machine whose config was written by somebody who means ill."""
    open_rig.config(HOSTILE)
    return open_rig


@pytest.mark.parametrize("lang", ["C.UTF-8", "ja_JP.UTF-8"])
def test_no_verb_lets_them_through(hostile: Rig, lang: str) -> None:
    """Whatever is said, on either stream, in both languages."""
    for words in VERBS:
        done = hostile.run(*words, env={"LC_ALL": lang, "TRAYEXEC_NO_AUTOSTART": "1"})
        said = done.out + done.err
        found = HIDDEN.intersection(said)
        assert not found, (words, sorted(map(ascii, found)), ascii(said))


@pytest.mark.parametrize(
    ("title", "hint", "said"),
    [
        ("It is wrong.", "Mend it.", "It is wrong. Mend it."),
        ("It lacks {name}", "Mend it.", "It lacks a-b. Mend it."),
        ("It lacks {name}", "", "It lacks a-b"),
    ],
)
def test_what_is_wrong_and_its_fix_are_two_sentences(title: str, hint: str, said: str) -> None:
    """In one line, too; a title may end with a name, without a stop, so that it can be copied."""
    why = trouble("x", title, hint, name="a-b")
    assert str(why.in_one_line) == str(TrayexecError(why)) == said

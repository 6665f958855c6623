"""Names in commands that a person is told to type: whatever they hold, a shell reads them as the name again."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.config.inifile import profile_of
from trayexec.core.config.sections import header
from trayexec.core.shell_words import argument, profile, word
from trayexec.light.errors import visible

PLAIN = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")) | st.just(" "), min_size=1
)


@given(PLAIN.filter(str.isprintable))
def test_a_word_is_one_word(name: str) -> None:
    """What POSIX's rules make of it is the name."""
    assert shlex.split(word(name)) == [name]


@pytest.mark.parametrize("name", ["a'b\nc", "tab\there", "\x1b[31m", "ü\x01", "a b'c\"d$(e)`f`\\g\x7f"])
def test_what_no_keyboard_has_is_one_word_too(name: str) -> None:
    """Bash reads it as the name, and the terminal gets no control character."""
    assert word(name).isprintable()
    done = subprocess.run(["bash", "-c", f"printf %s {word(name)}"], capture_output=True, check=True)
    assert done.stdout.decode() == name


def test_names_that_look_like_something_else_are_said_to_be_none() -> None:
    """An option for a verb; a group or a glob before `--` as well."""
    assert argument("-x") == "--profile -x"
    assert argument("@home") == "@home"
    assert argument("default (old-phone)") == "'default (old-phone)'"
    assert [profile(name) for name in ("-x", "@home", "a*", "a b")] == [
        "--profile -x",
        "--profile @home",
        "--profile 'a*'",
        "'a b'",
    ]


@given(PLAIN.filter(lambda name: visible(name) == name and len(name) < 150 and name != "default" and "]" not in name))
def test_a_section_that_is_proposed_is_read_as_that_profile(name: str) -> None:
    """By the rule that botocore has for it."""
    assert profile_of(header(name)[1:-1]) == name

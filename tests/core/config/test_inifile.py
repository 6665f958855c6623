"""Editing the user's AWS files: botocore reads the new value, and every other byte is as it was."""

import configparser
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.adapters.aws_parser import parse
from trayexec.core.config.inifile import changes, profile_of, removals, section_for, without, written

FILE = """\
# the first line
[default]
region = eu-central-1
; a comment
output=json

[profile "a b"]
s3 =
    # inside
    max_concurrent_requests = 20
    addressing_style = path
retry_mode: standard
  continued
# the last line
"""


def test_one_value_changes_and_nothing_else() -> None:
    """A value that is there is replaced on its line; comments, blank lines and the other lines stay."""
    assert written(FILE, "default", {"output": "text"}) == FILE.replace("output=json", "output = text")


def test_only_a_line_end_ends_a_line() -> None:
    """A form feed, a vertical tab and Unicode's line separators within a comment stay where they are."""
    strange = "# a\x0cpage\x0b and \u2028 more \x85 of it \x1c\n[default]\nregion = x\n"
    assert written(strange, "default", {"region": "y"}) == strange.replace("= x", "= y")


def test_of_two_sections_for_a_profile_the_one_that_counts_is_changed() -> None:
    """Botocore takes the last: a value in the other would be written for nothing."""
    twice = "[default]\nregion = x\n\n[profile default]\nregion = y\n"
    assert written(twice, "default", {"region": "z"}) == twice.replace("= y", "= z")


def test_what_was_removed_is_named() -> None:
    """Whole sections, and settings with their section."""
    before = {"default": {"region": "x", "output": "text"}, "profile a": {"region": "x"}}
    assert removals(before, {"default": {"region": "y", "new": "z"}}) == ("default: output", "profile a")
    assert removals(before, before) == ()


def test_a_new_value_stands_at_the_end_of_its_section() -> None:
    """After the last setting of the section, before the blank line that ends it."""
    assert written(FILE, "default", {"ca_bundle": "/x"}) == FILE.replace("json\n", "json\nca_bundle = /x\n")


@pytest.mark.parametrize("section", ["profile 'a b'", 'profile "a b"'])
def test_a_section_is_found_however_it_is_quoted(section: str) -> None:
    """The same profile in other quotes is the same section; of a block only the line that changed changes."""
    result = written(FILE, section, {"s3": {"addressing_style": "virtual", "new": "1"}})
    assert result == FILE.replace("style = path\n", "style = virtual\n    new = 1\n")


def test_a_value_of_several_lines_goes_as_a_whole() -> None:
    """What continued on the next line belongs to the old value."""
    result = written(FILE, "profile 'a b'", {"retry_mode": "adaptive"})
    assert result == FILE.replace("retry_mode: standard\n  continued\n", "retry_mode = adaptive\n")


def test_a_new_section_comes_last() -> None:
    """A blank line, the header, the setting; also in an empty file."""
    assert written(FILE, "profile new", {"region": "r"}) == FILE + "\n[profile new]\nregion = r\n"
    assert written("", "profile new", {"s3": {"a": "b"}}) == "[profile new]\ns3 =\n    a = b\n"


def test_windows_line_ends_stay() -> None:
    """A file with CRLF keeps it, in new lines too."""
    text = FILE.replace("\n", "\r\n")
    assert written(text, "default", {"x": "y"}) == FILE.replace("json\n", "json\nx = y\n").replace("\n", "\r\n")


def test_only_what_is_new_or_different_is_a_change() -> None:
    """Removed lines are none: a command that empties a file does not mean to empty another."""
    before = parse(FILE, file="f")
    after = parse(FILE.replace("path", "virtual").replace("output=json\n", "") + "[profile c]\n", file="f")
    assert changes(before, after) == {'profile "a b"': {"s3": {"addressing_style": "virtual"}}, "profile c": {}}
    assert changes(before, before) == {}


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), min_size=1).filter(
    lambda name: name == name.strip()
)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)


@given(NAMES)
def test_any_name_is_found_again_in_its_section(name: str) -> None:
    """What we call a profile's section is what botocore reads as that profile."""
    header = section_for(name)
    parser = configparser.RawConfigParser()
    parser.read_string(f"[{header}]\nx = y\n")
    assert profile_of(parser.sections()[0]) == name


@given(st.dictionaries(KEYS, VALUES, max_size=4), KEYS, VALUES)
def test_what_was_written_is_read_and_the_rest_too(own: dict[str, str], key: str, value: str) -> None:
    """For any section: the new value is there, every other one is as before, and writing it again changes nothing."""
    text = "# c\n[profile x]\n" + "".join(f"{name} = {one}\n" for name, one in own.items()) + "\n[profile y]\nz = 1\n"
    result = written(text, "profile x", {key: value})
    assert parse(result, file="f") == {"profile x": {**own, key: value}, "profile y": {"z": "1"}}
    assert written(result, "profile x", {key: value}) == result


@given(
    st.one_of(
        st.from_regex(r"profiles?[ \t]{0,2}[a-z0-9_.@/+=:,'\"\\# \t-]{0,8}", fullmatch=True),
        st.text(max_size=8).map("profile ".__add__),
    )
)
def test_a_section_is_read_as_a_shell_reads_words(section: str) -> None:
    """As botocore does it, by `shlex.split`; the usual ones, which are not given to that, are no exception."""
    try:
        words = shlex.split(section)
    except ValueError:
        words = []
    assert profile_of(section) == (words[1] if len(words) == 2 else None)


def test_a_header_may_be_indented_as_the_settings_are() -> None:
    """What stands below it is not the section above, and what is put above it does not swallow it."""
    text = "[a]\n  [b]\n  x = 1\n  [c]\n  x = 2\n"
    assert written(text, "a", {"y": "3"}) == "[a]\n  y = 3\n  [b]\n  x = 1\n  [c]\n  x = 2\n"
    assert written(text, "b", {"y": "3", "x": "4"}) == "[a]\n  [b]\n  x = 4\n  y = 3\n  [c]\n  x = 2\n"
    assert without(text, "a", {"x": "1"}) == text
    assert without(text, "c", {"x": "2"}) == "[a]\n  [b]\n  x = 1\n  [c]\n"


def test_what_only_looks_like_a_header_is_a_value() -> None:
    """A line that is indented more than the setting above it goes on with it."""
    text = "[a]\nx = 1\n  [b]\n  y = 2\n"
    assert without(text, "b", {"y": "2"}) == text
    assert written(text, "b", {"y": "3"}) == f"{text}\n[b]\ny = 3\n"

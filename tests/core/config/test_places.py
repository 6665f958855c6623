"""On which line of the AWS files something stands."""

import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.core.config.inifile import line_numbers
from trayexec.core.config.places import Place, Places

CONFIG = """\
# comment
[default]
region = eu-central-1

[profile 'a b']
role_arn: x
s3 =
    role_arn = inner
    [not a header]
Source_Profile = default
[profile a]
region = one
[profile "a"]
region = two
[services a]
region = no
"""
SHARED = "[a]\nregion = three\n[default]\n  aws_access_key_id = x\n"
PLACES = Places(("config", CONFIG), ("shared", SHARED))


@pytest.mark.parametrize(
    ("profile", "key", "place"),
    [
        ("default", "region", Place("config", 3)),
        ("default", "aws_access_key_id", Place("shared", 4)),
        ("a b", "role_arn", Place("config", 6)),
        ("a b", "source_profile", Place("config", 10)),
        ("a b", "SOURCE_PROFILE", Place("config", 10)),
        ("a", "region", Place("shared", 2)),
        ("a b", "region", None),
        ("services a", "region", None),
    ],
)
def test_a_setting_has_its_line(profile: str, key: str, place: Place | None) -> None:
    """The line where botocore reads it: the credentials file wins, and of two sections for a profile the last."""
    assert PLACES.setting(profile, key) == place


def test_a_file_alone_can_be_asked() -> None:
    """For what differs between the two."""
    assert PLACES.in_config("a", "region") == Place("config", 14)
    assert PLACES.in_credentials("default", "region") is None
    assert PLACES.sections("a") == (Place("config", 13), Place("shared", 1))
    assert PLACES.sections("b") == ()


LINES = st.lists(
    st.sampled_from(
        ["[a]", "[b]", " [c]", "k = v", "K: v", "  k2 = v", "s3 =", "    x = y", "# c", "; c", "", "  # c", "l = [d]"]
    ),
    max_size=14,
)


@given(LINES)
def test_lines_are_those_of_configparser(lines: list[str]) -> None:
    """Whatever it reads has a line, which names it; nothing else has."""
    text = "\n".join(lines)
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    found = line_numbers(text)
    assert {name: set(parser.options(name)) for name in parser.sections()} == {
        name: set(settings) - {""} for name, settings in found.items()
    }
    for name, settings in found.items():
        assert f"[{name}]" in lines[settings[""] - 1]
        for key, number in settings.items():
            assert key in lines[number - 1].lower()

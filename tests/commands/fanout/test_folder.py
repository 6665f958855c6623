"""File names out of profile names."""

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trayexec.commands.fanout.folder import file_names


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("account-a", "account-a"),
        ("a b", "a%20b"),
        ("../x", "%2E.%2Fx"),
        ("..", "%2E."),
        ("-x", "%2Dx"),
        ("日本", "日本"),
        ("a'b", "a%27b"),
        ("100%", "100%25"),
        ("a\0b\nc", "a%00b%0Ac"),
        ("", "%"),
    ],
)
def test_names_are_safe_and_can_be_read(profile: str, expected: str) -> None:
    """What is harmless stays as it is."""
    assert file_names([profile]) == {profile: expected}


def test_names_that_a_disk_may_not_tell_apart_are_told_apart() -> None:
    """Case and the way accents are written count as the same."""
    found = file_names(["Prod", "prod", "PROD", "é", "e\u0301"])
    assert found["prod"] == "prod~2"
    assert len({normalize("NFC", name).casefold() for name in found.values()}) == 5


@settings(deadline=None)
@given(st.lists(st.text(max_size=300), unique=True, max_size=8))
def test_no_name_leaves_the_folder_or_meets_another(profiles: list[str]) -> None:
    """Whatever the profiles are called, each has a file of its own, below 255 bytes with an ending."""
    found = file_names(profiles)
    assert list(found) == profiles
    assert len({normalize("NFC", name).casefold() for name in found.values()}) == len(profiles)
    for name in found.values():
        assert name
        assert not set(name) & set("/\0\n\\")
        assert name[0] not in ".-"
        assert len(name.encode("utf-8")) <= 220

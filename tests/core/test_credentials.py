"""A secret stays one, whatever is done with the object around it."""

import copy
import dataclasses
import json
import logging
import pickle
from collections.abc import Callable

import pytest

from trayexec.core.clock import Expiry, Instant
from trayexec.core.credentials import Credentials, LongTermKeys, Secret

HIDDEN = "wJalrXUtnFEMI"
SECRET = Secret(HIDDEN)
HOLDERS = [
    SECRET,
    LongTermKeys("AKIA1", SECRET),
    Credentials("ASIA1", SECRET, SECRET, Expiry(Instant(1.0, 2.0), 3)),
    [SECRET],
    {"key": SECRET},
]


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__, lambda one: f"{one!r}", lambda one: f"{one!a}"])
def test_no_way_of_showing_shows_it(holder: object, show: Callable[[object], str]) -> None:
    """Repr, str, format, % and f-strings of whatever holds a secret do not contain it."""
    assert HIDDEN not in show((holder,))
    assert HIDDEN not in show([holder])


def test_a_format_specification_does_not_open_it() -> None:
    """Padding and cutting are the usual ways to format a string: they see the cover only."""
    assert f"{SECRET:>40}" == f"{SECRET:.5}" == "Secret(...)"


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
@pytest.mark.parametrize("holder", HOLDERS[3:] + HOLDERS[:1])
def test_it_is_written_nowhere(write: Callable[[object], object], holder: object) -> None:
    """Pickle, deep copies and JSON of a secret are errors that do not tell it."""
    if write is copy.copy and holder is not SECRET:
        assert write(holder) == holder  # the same secret in another list
        return
    with pytest.raises(TypeError) as caught:
        write(holder)
    assert HIDDEN not in str(caught.value)


def test_a_dictionary_of_credentials_cannot_be_made() -> None:
    """`asdict` is how credentials usually end in a log: it fails."""
    with pytest.raises(TypeError):
        dataclasses.asdict(HOLDERS[2])  # type: ignore[call-overload]


def test_a_log_line_covers_it(caplog: pytest.LogCaptureFixture) -> None:
    """Logging a secret, or the credentials around it, logs the cover."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").error("%s %r %s", SECRET, SECRET, HOLDERS[2])
    assert "Secret(...)" in caplog.text
    assert HIDDEN not in caplog.text


def test_two_secrets_are_never_equal_by_content() -> None:
    """Comparing is for `reveal()` and who knows what it compares: no set or dictionary finds a secret by its value."""
    twin = Secret(HIDDEN)
    assert twin != SECRET
    assert twin not in {SECRET: "found"}


def test_only_reveal_gives_it_out() -> None:
    """And it gives out the very string."""
    assert SECRET.reveal() == HIDDEN
    assert not hasattr(SECRET, "__dict__")


def test_an_expiry_ends_by_the_clock_that_nobody_can_set() -> None:
    """The wall clock says what it likes."""
    expiry = Expiry(Instant(100.0, 1000.0), 1000)
    assert expiry.left(Instant(40.0, 990.0)) == 60
    assert expiry.left(Instant(90.0, 10.0)) == 10
    assert expiry.left(Instant(101.0, 10.0)) == -1

"""Moments as text: whatever others say, there is one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trayexec.core.stamps import LAST, earlier, unix, utc


def test_a_moment_is_written_and_read() -> None:
    """To the second, in UTC."""
    assert utc(1) == "1970-01-01T00:00:01Z"
    assert unix("1970-01-01T00:00:01Z") == 1
    assert earlier("1970-01-01T00:01:01Z", 60) == "1970-01-01T00:00:01Z"


@example(0)
@example(LAST)
@given(st.integers(0, LAST))
def test_a_moment_is_written_as_c_writes_it(seconds: int) -> None:
    """And read as that moment, whenever that is."""
    assert utc(seconds) == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    assert unix(utc(seconds)) == seconds


@pytest.mark.parametrize("seconds", [-1, -(10**12), 10**12, 253402300799, LAST])
def test_what_lies_outside_of_all_calendars_is_the_first_or_the_last_moment(seconds: int) -> None:
    """A program may say that what it gives ends in the year 9999, wherever that is."""
    assert unix(utc(seconds)) == (0 if seconds < 0 else LAST)


@pytest.mark.parametrize("stamp", ["", "1970-01-01", "1970-01-01T00:00:01+00:00", "1970-01-01T00:00:01.5Z"])
def test_any_other_form_is_refused(stamp: str) -> None:
    """It would be read differently by somebody else."""
    with pytest.raises(ValueError):  # noqa: PT011 — whatever is wrong with it
        unix(stamp)


@pytest.mark.rig
@pytest.mark.parametrize(
    ("locale", "said"),
    [
        *(("C.UTF-8", "14:19"), ("de_DE.UTF-8", "14:19"), ("en_GB.UTF-8", "14:19"), ("ja_JP.UTF-8", "14:19")),
        *(("en_US.UTF-8", "2:19 PM"), ("zh_HK.UTF-8", "下午 02:19"), ("fa_IR.UTF-8", "14:19")),
        ("xx_XX.UTF-8", "14:19"),
    ],
)
def test_people_read_a_time_as_their_locale_writes_it(tmp_path: Path, locale: str, said: str) -> None:
    """With a real locale of that name, in a program of its own: it is the process that has one."""
    if locale not in {"C.UTF-8", "xx_XX.UTF-8"}:
        made = ["localedef", "-i", locale.partition(".")[0], "-f", "UTF-8", str(tmp_path / locale)]
        subprocess.run(made, check=True, capture_output=True, timeout=60)
    code = (
        "from trayexec.core.stamps import local; from trayexec.light.translate import take_times; take_times(); "
        "print(local(1700000340, 1700000000))"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "LC_ALL": locale, "LOCPATH": str(tmp_path), "TZ": "XXX8", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == said

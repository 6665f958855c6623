"""The wire: what goes in comes out, and nothing else comes in. Once with the C parts of `json`, once without."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayexec.light import protocol


def without_c_parts() -> ModuleType:
    """The module as an interpreter without `_json` sees it."""
    spec = importlib.util.find_spec("trayexec.light.protocol")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    kept = sys.modules["_json"]
    sys.modules["_json"] = None  # type: ignore[assignment]  # the import system's way to say: not there
    try:
        spec.loader.exec_module(module)
    finally:
        sys.modules["_json"] = kept
    return module


PLAIN = without_c_parts()
BOTH = [pytest.param(protocol, id="C parts"), pytest.param(PLAIN, id="plain json")]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
messages = st.dictionaries(st.text(), scalars | st.lists(scalars, max_size=4), max_size=6)


def result(module: ModuleType, line: bytes) -> Any:
    """What decoding gives: an object, or the fact that it was refused."""
    try:
        return module.decode(line)
    except module.ProtocolError:
        return "refused"


def test_the_two_are_two() -> None:
    """The comparison below compares something."""
    assert hasattr(protocol, "_scan")
    assert not hasattr(PLAIN, "_scan")


@pytest.mark.parametrize("module", BOTH)
@given(message=messages)
def test_what_goes_in_comes_out(module: ModuleType, message: dict[str, Any]) -> None:
    """One line of ASCII, with the version; decoded it is the message again, also by any JSON reader."""
    line = module.encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert module.decode(line) == json.loads(line) == {"v": 1, **message}
    assert line == (PLAIN if module is protocol else protocol).encode(message)


@given(line=st.binary(max_size=300))
def test_any_bytes_are_an_object_or_refused(line: bytes) -> None:
    """Nothing but ProtocolError comes out of noise, and both readers agree."""
    assert result(protocol, line) == result(PLAIN, line)


LIKE_JSON = st.text(st.sampled_from('{}[]:,"\\ \t\r\n0123456789.eE+-truefalsnNaIity\ufeff\0/bud8'))


@given(text=LIKE_JSON)
def test_what_looks_like_json_is_read_alike(text: str) -> None:
    """Both readers take and refuse the same."""
    assert result(protocol, text.encode()) == result(PLAIN, text.encode())


@given(value=values, blank=st.text(" \t\r\n", max_size=3))
def test_json_of_any_shape_is_read_alike(value: Any, blank: str) -> None:
    """Objects up to the depth come through both; lists and scalars through neither."""
    line = (blank + json.dumps(value) + blank).encode()
    ours = result(protocol, line)
    assert ours == result(PLAIN, line)
    if not isinstance(value, dict):
        assert ours == "refused"


REFUSED = {
    "nothing": b"",
    "blanks": b"  \r\n",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "null": b"null",
    "no UTF-8": b'{"a":"\xff"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "overlong UTF-8": b'{"a":"\xc0\x80"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "NUL": b'{"a":1}\0',
    "NUL in a text": b'{"a":"\0"}',
    "a newline in a text": b'{"a":"\n"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice, deeper": b'{"b":[{"a":1,"a":2}]}',
    "a key twice, escaped": b'{"a":1,"\\u0061":1}',
    "two objects": b'{"a":1}{"b":2}',
    "an object and more": b'{"a":1} x',
    "a comma too many": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a comment": b'{"a":1}//',
    "a huge number": b'{"a":' + b"9" * 5000 + b"}",
    "a leading zero": b'{"a":01}',
    "hexadecimal": b'{"a":0x1}',
    "half": b'{"a":',
    "a half escape": b'{"a":"\\u12"}',
    "endless lists": b'{"a":' + b"[" * 60000,
    "endless objects": b'{"a":' * 10000,
}


@pytest.mark.parametrize("module", BOTH)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(module: ModuleType, name: str) -> None:
    """What JSON or this protocol does not allow."""
    assert result(module, REFUSED[name]) == "refused"


@pytest.mark.parametrize("module", BOTH)
def test_the_limits_are_exact(module: ModuleType) -> None:
    """64 KiB a line and eight levels come through; one more does not."""
    fits = b'{"a":"' + b"x" * (64 * 1024 - 8) + b'"}'
    assert len(fits) == 64 * 1024
    assert result(module, fits) != "refused"
    assert result(module, fits + b" ") == "refused"
    assert module.decode(fits + b" ", 100_000)["a"].startswith("x")

    def deep(levels: int, inner: bytes) -> bytes:
        return b'{"a":' + b"[" * (levels - 1) + inner + b"]" * (levels - 1) + b"}"

    assert result(module, deep(8, b"1")) != "refused"
    assert result(module, deep(9, b"1")) == "refused"


@pytest.mark.parametrize("module", BOTH)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_no_number_goes_out_that_could_not_come_in(module: ModuleType, number: float) -> None:
    """NaN and infinities are no JSON: a mistake of ours, found where it is made."""
    with pytest.raises(ValueError, match=r"not JSON compliant"):
        module.encode({"a": number})


@pytest.fixture(scope="module", autouse=True)
def _json_is_back() -> Iterator[None]:
    """The trick above leaves the interpreter as it was."""
    yield
    assert sys.modules["_json"] is not None

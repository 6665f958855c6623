"""Marks before lines."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from trayexec.commands.fanout.prefixed import LinePrefixer

TEXT = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\xff", b"\r", b"[p] "]), max_size=60).map(b"".join)
CUTS = st.lists(st.integers(0, 60), max_size=12)


def portions(text: bytes, cuts: list[int]) -> list[bytes]:
    """The text, cut at these places."""
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in pairwise(places)]


def written(marker: LinePrefixer, pieces: list[bytes]) -> list[bytes]:
    """What each portion leads to, and the end."""
    return [b"".join(marker.feed(piece)) for piece in pieces] + [b"".join(marker.end())]


@settings(deadline=None)
@given(TEXT, CUTS)
def test_any_cutting_gives_the_same_whole_lines(text: bytes, cuts: list[int]) -> None:
    """Every line behind its mark, the last one ended; each write is of whole lines."""
    writes = written(LinePrefixer(b"[p] ", b"[p]+"), portions(text, cuts))
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    assert b"".join(writes) == b"".join(b"[p] " + line + b"\n" for line in lines)
    assert all(write.endswith(b"\n") for write in writes if write)


@settings(deadline=None)
@given(TEXT.filter(lambda text: b"[p]" not in text), CUTS, st.integers(1, 20))
def test_a_long_line_comes_in_pieces_that_can_be_joined(text: bytes, cuts: list[int], longest: int) -> None:
    """No more is kept than `longest` and one portion; what is behind the mark of a continuation belongs to the line."""
    marker = LinePrefixer(b"[p] ", b"[p]+", longest=longest)
    kept = []
    joined = b""
    for piece in portions(text, cuts):
        joined += b"".join(marker.feed(piece))
        kept.append(len(marker._rest))
    joined += b"".join(marker.end())
    assert all(size < longest for size in kept)
    whole = joined.replace(b"\n[p]+", b"").removeprefix(b"[p] ").replace(b"\n[p] ", b"\n")
    assert whole == (text if text.endswith(b"\n") or not text else text + b"\n")

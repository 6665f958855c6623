"""The JSON that verbs answer with is that of the standard package."""

import json

from hypothesis import given
from hypothesis import strategies as st

from trayexec.commands import as_json

TEXTS = st.text(st.characters(max_codepoint=0x7E) | st.sampled_from("äあ🦊"))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(TEXTS, parts, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_it_is_written_as_the_standard_package_writes_it(document: object) -> None:
    """On one line, and with each part on a line of its own: byte for byte, whatever is in it."""
    assert as_json.text(document) == json.dumps(document, ensure_ascii=False)
    assert as_json.text(document, margin="\n") == json.dumps(document, ensure_ascii=False, indent=2)

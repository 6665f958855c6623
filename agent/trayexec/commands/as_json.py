"""What verbs answer with `--json`, as `json.dumps` would write it: to load that package takes longer than the rest."""

import sys

from trayexec.light.errors import visible

try:
    from _json import encode_basestring, encode_basestring_ascii
except ImportError:  # an interpreter without the C parts
    from json.encoder import encode_basestring, encode_basestring_ascii

CONSTANTS = {None: "null", True: "true", False: "false"}


def show(document: object) -> None:
    """The document, for a script."""
    sys.stdout.write(text(document, margin="\n") + "\n")


def show_line(document: object) -> None:
    """The document on one line, for a script that reads line by line."""
    sys.stdout.write(text(document) + "\n")


def text(document: object, *, margin: str = "") -> str:
    """The document as JSON that says every name truly, and in which nothing acts on the terminal that it may reach.

    What `visible` would write out stands as JSON's own escape, as do bytes that are no UTF-8 (`surrogateescape`).
    With a `margin`, a newline and blanks, each part stands on a line of its own, two blanks further in.
    """
    if isinstance(document, str):
        return quoted(document)
    if hasattr(document, "items"):
        return _block(
            "{}", [f"{quoted(key)}: {text(one, margin=_in(margin))}" for key, one in document.items()], margin
        )
    if isinstance(document, list | tuple):
        return _block("[]", [text(one, margin=_in(margin)) for one in document], margin)
    if isinstance(document, int | float) and not isinstance(document, bool):
        return repr(document)
    return CONSTANTS[document]  # type: ignore[index]  # nothing else is JSON


def quoted(value: str) -> str:
    """A text between its quotes."""
    said = encode_basestring(value)
    if said.isascii() and "\x7f" not in said:
        return said
    return "".join([one if visible(one) == one else _escaped(one) for one in said])


def _escaped(one: str) -> str:
    return "\\u007f" if one == "\x7f" else encode_basestring_ascii(one)[1:-1]


def _in(margin: str) -> str:
    return f"{margin}  " if margin else ""


def _block(brackets: str, parts: list[str], margin: str) -> str:
    if not parts:
        return brackets
    inner = _in(margin)
    return brackets[0] + inner + (f",{inner or ' '}").join(parts) + margin + brackets[1]

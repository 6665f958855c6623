"""What went wrong, for a person: a stable code, a title, and a hint with the fix.

This module is imported by every other one and imports nothing, so it stays light enough for the run path.
Texts are templates with their values apart, so that the edge can translate them (see `light/translate.py`).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


# What shows nothing though Unicode does not count it among the control or format characters (Default_Ignorable), and
# the spaces of East Asia and of typography, which are as good as any other.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SPACES = frozenset("\u00a0\u3000")


_FIRST_MARK = "\u0300"
# Letters of no language bear more (https://www.unicode.org/reports/tr39/, 5.4); a heap covers the lines around it.
_MOST_MARKS = 4
_LONGEST_SHOWN = 200


def visible(text: str) -> str:
    """`text` as it may reach a person: what moves a cursor, turns the direction or hides itself is written out.

    So are marks without a letter of their own under them, for they are drawn over other words.
    """
    if text.isascii() and text.isprintable():
        return text
    if max(text) >= _FIRST_MARK:
        text = _unheaped(text)
    return "".join([one if _is_seen(one) else ascii(one)[1:-1] for one in text])


def shown(value: str) -> str:
    """A name or value as a person may see it: no control characters, not endless, never nothing."""
    cut = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
    return visible(cut) or '""'


def _unheaped(text: str) -> str:
    from unicodedata import category  # noqa: PLC0415 — only for who has names in such letters

    said, marks = [], _MOST_MARKS  # at the beginning there is nothing of its own to stand on
    for one in text:
        if category(one) not in {"Mn", "Me"}:
            # Nor is there on a blank, or on what is written out.
            marks = _MOST_MARKS if one.isspace() or not _is_seen(one) else 0
        elif marks < _MOST_MARKS:
            marks += 1
        else:
            one = ascii(one)[1:-1]  # noqa: PLW2901 — written out in its place
        said.append(one)
    return "".join(said)


def _is_seen(one: str) -> bool:
    # Variation selectors, but for the one that makes an emoji of a character.
    selects = "\ufe00" <= one < "\ufe0f" or "\U000e0100" <= one <= "\U000e01ef"
    return one in _SPACES or (one.isprintable() and one not in _HIDDEN and not selects)


def lines(text: str) -> str:
    """The same for what may have several lines."""
    return "\n".join([visible(line) for line in text.split("\n")])


class Text:
    """A sentence for a person: an English template and the values that go into it, texts themselves or plain."""

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: "str | int | Text") -> None:
        """Keep `template` (a `str.format` pattern) and its `values`; nothing is formatted yet."""
        self.template = template
        self.values: Mapping[str, str | int | Text] = values

    def __str__(self) -> str:
        return self.filled(self.template, str)

    def filled(self, template: str, speak: "Callable[[Text], str]") -> str:
        """`template` with our values: names and other people's words as they may be seen, our own texts spoken."""
        values = {
            name: visible(value) if isinstance(value, str) else speak(value) if isinstance(value, Text) else value
            for name, value in self.values.items()
        }
        return template.format(**values)

    def with_values(self, values: "Mapping[str, str | int | Text]") -> "Text":
        """The same sentence with these values in place of ours."""
        return type(self)(self.template, **values)

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash(str(self))


class Trouble:
    """One thing that went wrong: a value, so it can be stored, compared and sent.

    `code` is a stable word for scripts, `title` a sentence a person understands, `hint` what to do about it.
    """

    __slots__ = ("code", "hint", "title")

    def __init__(self, code: str, title: Text, hint: Text) -> None:
        """Keep the three parts."""
        self.code = code
        self.title = title
        self.hint = hint

    def __repr__(self) -> str:
        return f"Trouble({self.code!r}, {str(self.title)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trouble) and (self.code, self.title, self.hint) == (
            other.code,
            other.title,
            other.hint,
        )

    def __hash__(self) -> int:
        return hash((self.code, self.title))


def trouble(code: str, title: str, hint: str, /, **values: str | int | Text) -> Trouble:
    """A `Trouble` whose title and hint share the same values."""
    return Trouble(code, Text(title, **values), Text(hint, **values))


class TrayexecError(Exception):
    """A `Trouble` on its way up. Adapters raise it at the border; nothing else is raised on purpose."""

    def __init__(self, what: Trouble) -> None:
        """Carry `what`."""
        super().__init__(what.code)
        self.trouble = what

    def __str__(self) -> str:
        return f"{self.trouble.title} {self.trouble.hint}".strip()

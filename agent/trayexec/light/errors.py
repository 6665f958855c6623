"""What went wrong, for a person: a stable code, a title, and a hint with the fix.

This module is imported by every other one and imports nothing until it must, so it stays light enough for the run path.
Texts are templates with their values apart, so that the edge can translate them (see `light/translate.py`).
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_LONGEST_SHOWN = 200


def visible(text: str) -> str:
    """`text` as it may reach a person: what moves a cursor, turns the direction or hides itself is written out.

    So are marks without a letter of their own under them, for they are drawn over other words.
    """
    if text.isascii() and text.isprintable():
        return text
    from trayexec.light.hidden_characters import written_out  # noqa: PLC0415 — only for names in such letters

    return written_out(text)


def shown(value: str) -> str:
    """A name or value as a person may see it: no control characters, not endless, never nothing."""
    cut = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
    said = visible(cut)
    return said if said.strip() else f'"{said}"'


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

    @property
    def in_one_line(self) -> Text:
        """Title and hint one after the other: a title that ends with a name, to be copied, gets a stop."""
        if not str(self.hint):
            return self.title
        is_ended = str(self.title).endswith((".", "?", "!", ":", "…", "`", ")"))
        return Text("{title} {hint}" if is_ended else "{title}. {hint}", title=self.title, hint=self.hint)

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
        return str(self.trouble.in_one_line)

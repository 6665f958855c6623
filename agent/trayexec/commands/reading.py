"""Reads the words of a command line by the table of options, or says what is wrong with them.

Of a verb an option may be shortened as far as it stays the only one; a run knows whole ones alone, so that no slip
changes what runs, and there the word behind an option is its value even if it begins with a dash.
"""

from types import SimpleNamespace

from trayexec.commands import usage_errors
from trayexec.commands.options import HELP, RUN, Option, Verb
from trayexec.light import durations
from trayexec.light.errors import TrayexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Options(SimpleNamespace):
    """What a command line asks for: a field for each word and option of its verb, given or not."""


class Line:
    """A line as far as it is read."""

    __slots__ = ("asks_help", "given", "named", "options", "path", "unknown", "verb")

    def __init__(self, verb: Verb) -> None:
        """Nothing is read yet."""
        self.verb = verb
        self.path: tuple[Verb, ...] = ()  # the verb and those above it, without the table's top
        self.options = Options()
        self.given: list[str] = []  # options, by their usual names
        self.named = 0  # words that stand for the verb's own
        self.unknown: list[str] = []  # words that do not belong here
        self.asks_help = False  # of the verb

    @property
    def name(self) -> str:
        """The verb as it is typed; nothing for a run."""
        return " ".join(one.name for one in self.path)


def read(words: "Sequence[str]", verb: Verb) -> Line:
    """The line that begins at `verb`. Raises TrayexecError (`usage`) for values that cannot be, and what is missing."""
    line = Line(verb)
    _begin(line, verb)
    left = list(words)
    while left and not line.asks_help:
        word = left.pop(0)
        meant = _meant(word, line.verb)
        if len(meant) > 1:
            raise TrayexecError(usage_errors.several(line.name, word, [name for name, _, _ in meant]))
        if meant:
            _option(line, word, meant[0], left)
        elif _is_dashed(word):
            line.unknown.append(word)
        elif line.verb.verbs:
            _descend(line, word)
        else:
            _word(line, word)
    if line.verb.verbs and not line.verb.act and not line.asks_help:
        raise TrayexecError(usage_errors.missing(line.name, "|".join(one.name for one in line.verb.verbs)))
    return line


def options_of(verb: Verb) -> tuple[str, ...]:
    """Every way to write the options of a verb that are for people."""
    return tuple(name for option in verb.options if not option.hidden for name in option.names)


def _begin(line: Line, verb: Verb) -> None:
    """The fields of a verb, as they are where nothing is said."""
    line.verb = verb
    line.options.act = verb.act
    if verb.word is not None:
        setattr(line.options, verb.word.field, [] if verb.word.repeats else None)
    for option in verb.options:
        setattr(line.options, option.field, [] if option.repeats else option.unsaid)


def _descend(line: Line, word: str) -> None:
    below = {one.name: one for one in line.verb.verbs}
    if word not in below:
        raise TrayexecError(usage_errors.no_choice(word, tuple(below)))
    line.path += (below[word],)
    _begin(line, below[word])


def _word(line: Line, word: str) -> None:
    own = line.verb.word
    if own is None or (line.named and not own.repeats):
        line.unknown.append(word)
        return
    if own.choices and word not in own.choices:
        raise TrayexecError(usage_errors.no_choice(word, own.choices))
    line.named += 1
    if own.repeats:
        getattr(line.options, own.field).append(word)
    else:
        setattr(line.options, own.field, word)


def _option(line: Line, word: str, meant: tuple[str, Option, str | None], left: list[str]) -> None:
    name, option, value = meant
    if option.value is None and value is not None:
        short = {one for each in line.verb.options for one in each.names}
        if word.startswith("--") or f"-{value[:1]}" not in short:
            line.unknown.append(word)
            return
        left.insert(0, f"-{value}")  # `-fn5` is `-f -n5`
    for other in option.excludes:
        if other in line.given:
            raise TrayexecError(usage_errors.excluded(line.name, name, other))
    line.given.append(option.names[0])
    if option is HELP and line.path:
        line.asks_help = True
    elif option.value is None:
        _set(line, option, option.sets)
    else:
        if value is None:
            if not left or (line.verb is not RUN and (_meant(left[0], line.verb) or _is_dashed(left[0]))):
                raise TrayexecError(usage_errors.without_value(line.name, option.names[0]))
            value = left.pop(0)
        _set(line, option, value if option.repeats else _value(line.name, option, value))


def _set(line: Line, option: Option, value: object) -> None:
    if option.repeats:
        getattr(line.options, option.field).append(value)
    else:
        setattr(line.options, option.field, value)


def _meant(word: str, verb: Verb) -> list[tuple[str, Option, str | None]]:
    """The options of a verb that this word may be, each with the value that is in the same word."""
    named = {name: option for option in verb.options for name in option.names}
    name, equals, value = word.partition("=")
    if name in named:
        return [(name, named[name], value if equals else None)]
    if word[:2] != "--":
        short = word[:2]
        return [(short, named[short], word[2:])] if short in named else []
    if verb is RUN or name == "--":
        return []
    return [(one, option, value if equals else None) for one, option in named.items() if one.startswith(name)]


def _is_dashed(word: str) -> bool:
    """Whether it looks like an option: `-`, a negative number and what has a blank in it do not."""
    number = word[1:].replace(".", "", 1)
    return word.startswith("-") and word != "-" and " " not in word and not (number.isascii() and number.isdigit())


def _value(verb: str, option: Option, text: str) -> object:
    """Raises TrayexecError (`usage`)."""
    if option.choices and text not in option.choices:
        raise TrayexecError(usage_errors.no_choice(text, option.choices))
    return READERS[option.value](verb, option, text) if option.value in READERS else text


def _number(verb: str, option: Option, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise TrayexecError(usage_errors.not_that_value(verb, option.names[0], text)) from None


def _lines(verb: str, _option: Option, text: str) -> int:
    try:
        return int(text if text.isascii() and text.isdigit() else "")
    except ValueError:
        raise TrayexecError(usage_errors.no_lines(verb, text)) from None


def _up_to(most: int, *, least: int = 0) -> "Callable[[str, Option, str], int]":
    """The reader of durations of at most, and at least, so many seconds."""

    def seconds(verb: str, _option: Option, text: str) -> int:
        try:
            return durations.parse_up_to(text, most, least=least)
        except ValueError as error:
            raise TrayexecError(usage_errors.no_duration(verb, error.args[0])) from None

    return seconds


READERS: "Mapping[str | None, Callable[[str, Option, str], int]]" = {
    "number": _number,
    "lines": _lines,
    "wait": _up_to(durations.LONGEST_WAIT),
    "need": _up_to(durations.LONGEST_NEED),
    "long": _up_to(durations.LONGEST_LONG, least=durations.SHORTEST_LONG),
    "console": _up_to(3600),  # AWS ends the sessions of a role assumed with a session after an hour
}

"""Reads the line of a verb: what it is to do, and for which profile."""

from trayexec.commands import reading, usage_errors
from trayexec.commands.options import BY_THEMSELVES, LITERAL, TOP
from trayexec.light import context, misuse
from trayexec.light.errors import TrayexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALONE = {one.name: one for one in BY_THEMSELVES}


def read(words: "Sequence[str]", environ: "Mapping[str, str]") -> reading.Options:
    """What a verb is asked to do. Raises TrayexecError (`usage`) for what it cannot read."""
    if words and words[0] not in verbs():
        from trayexec.commands import unknown_verb  # noqa: PLC0415 — only for a slip: it looks for what was meant

        slip = unknown_verb.explained(words, verbs(), environ)
        if slip is not None:
            raise TrayexecError(slip)
    if words and words[0] in ALONE:  # which come here for their help alone
        return reading.Options(act="help.of_verb", path=(ALONE[words[0]],))
    names, rest = literal(words)
    line = reading.read(rest, TOP)
    if line.asks_help:
        return reading.Options(act="help.of_verb", path=line.path)
    if line.unknown:
        raise TrayexecError(usage_errors.unknown_words(line.name, line.unknown, reading.options_of(line.verb)))
    _name(line, names, environ)
    return line.options


def _name(line: reading.Line, names: "Sequence[str]", environ: "Mapping[str, str]") -> None:
    """Put what `--profile` names, or the environment, in the place of the verb's word. Raises TrayexecError."""
    word = line.verb.word
    if names and (word is None or word.choices or line.named or len(names) > 1):
        raise TrayexecError(usage_errors.unknown_words(line.name, [*LITERAL.names, names[-1]], ()))
    if word is None or line.named:
        return
    name = names[0] if names else context.chosen(environ) if word.absent == "callers" else None
    if name is None and word.absent == "callers":
        name = _chosen(line, environ)
    if name is None and word.absent == "missing":
        raise TrayexecError(usage_errors.missing(line.name, word.field))
    setattr(line.options, word.field, name)


def _chosen(line: reading.Line, environ: "Mapping[str, str]") -> str:
    """Whom a person chooses, where one can be asked. Raises KeyboardInterrupt for Esc, TrayexecError (`usage`) else."""
    from trayexec.commands import profile_choice  # noqa: PLC0415 — only where nobody is named

    name = None
    if profile_choice.can_ask(line.options.wait, environ):
        name = profile_choice.one(("trayexec", line.verb.name), environ)
    if name is None:
        raise misuse.nobody(verb=line.verb.name)
    return name


def verbs() -> tuple[str, ...]:
    """Every verb there is."""
    return (*(one.name for one in TOP.verbs), *ALONE)


def literal(words: "Sequence[str]") -> tuple[list[str], list[str]]:
    """The names given with `--profile`, and all other words. `-x` would be an option, `--` none.

    Raises TrayexecError (`usage`) for a last word `--profile`.
    """
    names: list[str] = []
    rest: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        option, equals, value = word.partition("=")
        if option not in LITERAL.names:
            rest.append(word)
        elif equals or left:
            names.append(value if equals else left.pop(0))
        else:
            raise TrayexecError(usage_errors.without_value("", "--profile"))
    return names, rest

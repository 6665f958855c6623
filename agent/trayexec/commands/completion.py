"""`completion`: shell code that completes our words, and the words themselves, which that code asks for.

A shell says the words before the cursor, one a line (`--line`); it is told those that may stand there, each with what
it is behind a tab, and picks those that begin as the last one does. A line without a word asks for names of files.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trayexec.commands import help_texts
from trayexec.commands.help import explained
from trayexec.commands.options import BY_THEMSELVES, LITERAL, RUN, TOP, Option, Verb
from trayexec.commands.options import HELP as ASKED
from trayexec.commands.reading import Options
from trayexec.light import agent_connection, context, exits, own_command, protocol, shell_quotes
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import speaker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from trayexec.commands.names_in_files import NamesInFiles

PATIENCE = 2  # seconds: an agent that hangs must not hold a Tab
FILES = Text("")  # in place of words: names of files
Words = Iterator[tuple[str, str | Text]]
Described = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What there is to be named: each with what it is, in a few words."""

    profiles: Described = ()
    unusable: Described = ()
    identities: Described = ()
    sign_ins: Described = ()
    groups: Described = ()
    regions: tuple[str, ...] = ()


def completion(options: Options, environ: Mapping[str, str]) -> int:
    """The code for a shell; with `--line` the words that may stand at its end."""
    if options.line is None:
        sys.stdout.write(code(options.shell))
        return exits.OK
    speak = speaker(environ)
    words = options.line.split("\n")
    for word, what in candidates(words[1:], lambda: names(environ)):
        said = speak(what) if isinstance(what, Text) else what
        if what is FILES:
            sys.stdout.write("\tfiles\n")
        elif word.isprintable():
            sys.stdout.write(f"{word}\t{said}\n")
    return exits.OK


def code(shell: str) -> str:
    """The functions by which this shell completes."""
    quoted = shell_quotes.fish if shell == "fish" else shell_quotes.posix
    us = " ".join(quoted(word) for word in own_command.command())
    return own_command.data(f"live/hooks/completion.{shell}").replace("@TRAYEXEC@", us)


# Which words


def candidates(words: Sequence[str], names: Callable[[], "Names | NamesInFiles"]) -> Words:
    """What may stand in place of the last one of `words`, which is what is typed of it; there is no `--` before it."""
    *before, typed = words
    verb, given = _verb(before)
    if verb is None:
        yield from _of_run(before, typed, names)
        return
    name = " ".join(before[: len(before) - len(given)])
    option, typed_value = _valued(verb.options, given, typed)
    if option is not None:
        yield from _values(option, typed, typed_value, names())
        return
    if not typed.startswith("-"):
        for one in verb.verbs:
            yield one.name, help_texts.SHORT[f"{name} {one.name}"]
        named = sum(1 for _ in _plain(given, verb.options))
        if verb.word is not None and (verb.word.repeats or not named):
            yield from _words_of(verb, [*_plain(given, verb.options)], names)
            return
    if typed.startswith("-") or not verb.verbs:
        yield from _options(name, _with_literal(verb), given)


def _of_run(before: Sequence[str], typed: str, names: Callable[[], "Names | NamesInFiles"]) -> Words:
    """A verb, or a run: its profiles, its options, and `--`, which the command follows."""
    options = (*RUN.options, LITERAL)
    option, value = _valued(options, before, typed)
    if option is not None:
        yield from _values(option, typed, value, names())
        return
    ends = ("--", Text("the command follows"))
    if typed.startswith("-"):
        yield ends
        yield from _options("run", options, before)
        if not before:
            yield from _options("", TOP.options, before)
        return
    if not before:
        for verb in (*TOP.verbs, *BY_THEMSELVES):
            yield verb.name, help_texts.SHORT[verb.name]
    elif not typed:
        yield ends  # by far the likeliest, so it stands there with one Tab; a letter more, and it is a name
        if [*_plain(before, options)]:
            return
    found = names()
    yield from found.profiles
    yield from found.groups


def _verb(before: Sequence[str]) -> tuple[Verb | None, Sequence[str]]:
    """The verb that these words begin with, or the one below it, and the words behind; no verb for a run."""
    below: tuple[Verb, ...] = (*TOP.verbs, *BY_THEMSELVES)
    verb, rest = None, before
    while rest:
        found = next((one for one in below if one.name == rest[0]), None)
        if found is None:
            break
        verb, below, rest = found, found.verbs, rest[1:]
    return verb, rest


def _valued(options: Iterable[Option], before: Sequence[str], typed: str) -> tuple[Option | None, str]:
    """The option whose value is being typed, and what is typed before the value in the same word."""
    name, equals, _ = typed.partition("=")
    for option in options:
        if option.value is not None:
            if before and before[-1] in option.names:
                return option, ""
            if equals and name in option.names:
                return option, f"{name}="
    for option in (LITERAL,):
        if before and before[-1] in option.names:
            return option, ""
    return None, ""


def _values(option: Option, typed: str, before: str, names: "Names | NamesInFiles") -> Words:
    """What may be the value of an option."""
    found: list[tuple[str, str | Text]] = []
    if option.field in {"profile", "source"}:
        found += names.profiles
    elif option.field == "leave_out":
        found += (*names.profiles, *names.groups)
    elif option.field == "region":
        found += [(one, "") for one in names.regions]
    elif option.field in {"policies", "shared"} or typed.removeprefix(before).startswith("dir="):
        yield "", FILES
    else:
        choices = option.choices or tuple(one.removesuffix("PATH") for one in option.metavar.split("|"))
        found += [(one, "") for one in choices if not one.isupper() and not one[:1].isdigit()]
    yield from ((f"{before}{one}", what) for one, what in found)


def _words_of(verb: Verb, given: Sequence[str], names: Callable[[], "Names | NamesInFiles"]) -> Words:
    """What may be the word behind a verb."""
    word = verb.word
    if word is None:
        return
    if word.choices:
        yield from ((one, "") for one in word.choices)
    elif word.field == "topics":
        of, unknown = _verb(given)
        if unknown:
            return
        below = (*TOP.verbs, *BY_THEMSELVES) if of is None else of.verbs
        path = " ".join(given)
        for one in below:
            yield one.name, help_texts.SHORT[f"{path} {one.name}".strip()]
        if not given:
            yield "run", help_texts.SHORT["run"]
            yield "all", Text("everything")
    elif word.field == "identity":
        found = names()
        yield from found.identities
        if verb.name != "keys rotate":
            yield from found.sign_ins
    else:
        found = names()
        yield from (one for one in found.profiles if one[0] not in given)
        if verb.name == "why":
            yield from found.unusable


def _options(name: str, options: Iterable[Option], given: Sequence[str]) -> Words:
    """Those that are not on the line yet."""
    for option in options:
        if not option.hidden and (option.repeats or not {*option.names} & {*given}):
            for one in option.names:
                if one.startswith("--"):
                    yield one, explained(name, option)


def _with_literal(verb: Verb) -> tuple[Option, ...]:
    named = verb.word is not None and verb.word.field == "profile"
    return (*(one for one in verb.options if one is not ASKED), *((LITERAL,) if named else ()), ASKED)


def _plain(given: Sequence[str], options: Iterable[Option]) -> Iterator[str]:
    """The words that are neither options nor values of options."""
    valued = {name for option in (*options, LITERAL) if option.value is not None for name in option.names}
    before = ""
    for word in given:
        if not word.startswith("-") and before not in valued:
            yield word
        before = word


# Which names


def names(environ: Mapping[str, str]) -> "Names | NamesInFiles":
    """What an agent that runs knows, else what the files say. What cannot be read has no names."""
    from trayexec.commands import names_in_files  # noqa: PLC0415 — not where only verbs and options may stand

    try:
        connection = agent_connection.connect(environ)
    except TrayexecError:
        return names_in_files.NamesInFiles(environ)
    groups = names_in_files.groups(environ)
    try:
        return _asked(connection, environ, groups)
    except TrayexecError:
        return Names(groups=groups)
    finally:
        connection.close()


def _asked(connection: "socket", environ: Mapping[str, str], groups: Described) -> Names:
    final: Mapping[str, object] = {}
    request = protocol.status(context.surroundings(environ))
    for line in agent_connection.ask(connection, request, patience=PATIENCE):
        final = line
    document = protocol.read_status(agent_connection.outcome(final))
    every = [(one["name"], one["account"] or "", one["problem"]) for one in document["profiles"]]
    return Names(
        tuple((name, account) for name, account, problem in every if problem is None),
        tuple((name, str(problem).split("\n")[0]) for name, _, problem in every if problem is not None),
        tuple((one["name"], one["account"] or "") for one in document["identities"]),
        tuple((one["name"], "IAM Identity Center") for one in document.get("sign_ins", [])),
        groups,
        tuple(dict.fromkeys(one["region"] for one in document["profiles"] if one["region"])),
    )

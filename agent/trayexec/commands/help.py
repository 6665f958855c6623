"""Lays out the help by the table of options: the first page, a page of each verb and of a run, all; and the version."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from trayexec import __version__
from trayexec.commands import help_texts, usage_errors
from trayexec.commands.options import BY_THEMSELVES, LITERAL, RUN, TOP, Option, Verb
from trayexec.commands.options import HELP as ASKED
from trayexec.commands.reading import Options
from trayexec.light import paths, signs, stderr
from trayexec.light.columns import wide, wrapped
from trayexec.light.errors import Text, TrayexecError
from trayexec.light.translate import speaker

USUAL, LEAST = 80, 40  # columns
LABEL = 30  # columns that a word may take with what is explained beside it
LEAST_TEXT = 24  # columns of what is explained
NARROW = 60  # columns below which lines are not indented below a word

SYNOPSIS = (
    "[OPTION…] PROFILE -- CMD…",
    "[OPTION…] ROLE_ARN|ACCOUNT:ROLE -- CMD…",
    "[OPTION…] PROFILE|GLOB|@GROUP… -- CMD…",
    "--live [PROFILE] -- CMD…",
    "--server PROFILE -- CMD…",
)
RUNS = (
    ("PROFILE -- CMD…", Text("credentials of this profile for one command")),
    ("'prod-*' @team -- CMD…", Text("for each of several, side by side")),
    ("--live [PROFILE] -- CMD…", Text("credentials that renew while it runs")),
    ("--server PROFILE -- CMD…", Text("the same over HTTP on 127.0.0.1")),
)
GROUPS = (
    (Text("every day:"), ("auth", "lock", "status", "list", "shell", "console", "env")),
    (
        Text("set up:"),
        ("setup", "keys", "config", "autostart", "agent", "hook", "completion", "credential-process"),
    ),
    (Text("find out:"), ("why", "doctor", "log", "version", "help")),
)


class Page:
    """Lines for a person, in their language, none wider than `columns`."""

    def __init__(self, speak: Callable[[Text], str], columns: int, letters: Callable[[str], str] = str) -> None:
        """`letters` writes words in those that the locale has."""
        self.speak: Callable[[Text], str] = lambda text: letters(speak(text))
        self.columns = columns
        self._letters = letters
        self._label = min(LABEL, columns - LEAST_TEXT)

    def first(self) -> Iterator[str]:
        """What trayexec is for, and the verbs."""
        yield from self._usages([["trayexec", "PROFILE", "--", "CMD…"], ["trayexec", "VERB", "…"]])
        yield ""
        yield from self._paragraph(Text("One MFA code in the morning, every AWS account all day, and no key on disk."))
        yield from self._section(Text("run a command:"), RUNS)
        for heading, names in GROUPS:
            yield from self._section(heading, [(name, help_texts.SHORT[name]) for name in names])
        more = (
            ("trayexec VERB --help", Text("what one verb takes, with examples")),
            ("trayexec help run", Text("every option of a run")),
            ("trayexec help all", Text("everything")),
        )
        yield from self._section(Text("more:"), more)

    def run(self) -> Iterator[str]:
        """A run, with all its options."""
        yield from self._usages([["trayexec", *line.split()] for line in SYNOPSIS])
        yield ""
        yield from self._paragraph(help_texts.MORE["run"])
        own = (*(one for one in RUN.options if not one.of_many), LITERAL)
        yield from self._section(Text("options:"), [*self._argument("run", RUN), *_entries("run", own)])
        many = [one for one in RUN.options if one.of_many]
        yield from self._section(Text("options of a run over several:"), _entries("run", many))
        yield from self._examples(RUN)
        for heading, text in (
            (Text("exit status:"), help_texts.EXITS),
            (Text("environment:"), help_texts.ENVIRONMENT),
            (Text("settings:"), help_texts.SETTINGS),
        ):
            yield from ("", self.speak(heading))
            yield from self._paragraph(text, indent=2)

    def verb(self, path: Sequence[Verb]) -> Iterator[str]:
        """What a verb is for, how it is written, its options, examples."""
        verb, name = path[-1], " ".join(one.name for one in path)
        yield from self._usages([["trayexec", *words] for words in written(name.split(), verb)])
        yield ""
        yield from self._paragraph(help_texts.SHORT[name])
        if name in help_texts.MORE:
            yield from self._paragraph(help_texts.MORE[name])
        below = [(f"{name} {one.name}", help_texts.SHORT[f"{name} {one.name}"]) for one in verb.verbs]
        if below:
            yield from self._section(Text("verbs:"), below)
        entries = [*self._argument(name, verb), *_entries(name, _options_of(verb))]
        if entries and not below:
            yield from self._section(Text("options:"), entries)
        yield from self._examples(verb)

    def everything(self) -> Iterator[str]:
        """All pages, one after the other."""
        yield from self.first()
        for heading, page in (("trayexec run", self.run()), *self._pages()):
            line = self._letters(f"── {heading} " + "─" * max(self.columns - wide(heading) - 4, 0))
            yield from ("", "", line, "")
            yield from page

    def _pages(self, at: Verb = TOP, above: tuple[Verb, ...] = ()) -> Iterator[tuple[str, Iterator[str]]]:
        for one in (*at.verbs, *(BY_THEMSELVES if at is TOP else ())):
            path = (*above, one)
            yield "trayexec " + " ".join(each.name for each in path), self.verb(path)
            yield from self._pages(one, path)

    def _usages(self, lines: Iterable[Sequence[str]]) -> Iterator[str]:
        """How it is written; what does not fit goes on below the word behind the command's name."""
        before = self.speak(Text("usage: "))
        for pieces in lines:
            first, *rest = map(self._letters, pieces)
            line, start = f"{before}{first}", wide(before) + (2 if self.columns < NARROW else len(first) + 1)
            rest = [part for piece in rest for part in self._parts(piece, self.columns - start)]
            for piece in rest:
                if wide(line) + 1 + wide(piece) > self.columns and wide(line) >= start:
                    yield line
                    line = " " * (start - 1)
                line += f" {piece}"
            yield line
            before = " " * wide(before)

    @staticmethod
    def _parts(piece: str, room: int) -> list[str]:
        """An option and its value are parted only where there is no room for both."""
        return [piece] if wide(piece) <= room else piece.split()

    def _paragraph(self, text: Text, *, indent: int = 0) -> Iterator[str]:
        for line in wrapped(_sentence(self.speak(text)), self.columns - indent, whole=True):
            yield " " * indent + line

    def _section(self, heading: Text, entries: Iterable[tuple[str, Text]]) -> Iterator[str]:
        """A heading and what stands below it, each with its explanation beside it, or below where it is too long."""
        rows = [(self._letters(label), text) for label, text in entries]
        yield from ("", self.speak(heading))
        start = max((wide(label) + 4 for label, _ in rows if wide(label) + 4 <= self._label), default=self._label)
        for label, text in rows:
            lines = wrapped(self.speak(text), self.columns - start, whole=True)
            if wide(label) + 4 > start:
                yield f"  {label}"
            else:
                yield f"  {label}{' ' * (start - 2 - wide(label))}{lines.pop(0)}"
            yield from (" " * start + line for line in lines)

    def _argument(self, name: str, verb: Verb) -> Iterator[tuple[str, Text]]:
        if verb.word is not None:
            yield verb.word.metavar, _found(name, verb.word.metavar)

    def _examples(self, verb: Verb) -> Iterator[str]:
        examples = [one for each in (verb, *verb.verbs) for one in each.examples[: 3 if each is verb else 1]]
        if examples:
            yield from ("", self.speak(Text("examples:")))
            yield from (self._letters(f"  $ trayexec {one}") for one in examples)


def nothing(options: Options, environ: Mapping[str, str]) -> int:
    """No verb at all: what the two options ask for, else the first page, as an error."""
    if options.wants_version:
        return version(options, environ)
    if options.wants_help:
        return usage(options, environ)
    sys.stderr.write(_text(page(environ, sys.stderr).first()))
    if _is_nothing_usable(environ):
        stderr.say(speaker(environ)(Text("no profile can be used yet: `trayexec setup` leads you through it")))
    return 2


def usage(options: Options, environ: Mapping[str, str]) -> int:
    """`help`, of a verb (`help keys add`), of a run, or of all. Raises TrayexecError (`usage`) for anything else."""
    topics = getattr(options, "topics", [])
    if topics == ["all"]:
        _paged(_text(page(environ, sys.stdout).everything()), environ)
        return 0
    found = page(environ, sys.stdout)
    if not topics:
        lines = found.first()
    elif topics == ["run"]:
        lines = found.run()
    else:
        lines = found.verb(_path(topics))
    sys.stdout.write(_text(lines))
    return 0


def of_verb(options: Options, environ: Mapping[str, str]) -> int:
    """`VERB --help`."""
    sys.stdout.write(_text(page(environ, sys.stdout).verb(options.path)))
    return 0


def version(_options: Options, _environ: Mapping[str, str]) -> int:
    """`version`."""
    sys.stdout.write(f"trayexec {__version__}\n")
    return 0


def page(environ: Mapping[str, str], stream: TextIO) -> Page:
    """In the person's language, as wide as their terminal, and no wider than one reads well."""
    columns = USUAL
    if stream.isatty():
        columns = min(os.get_terminal_size(stream.fileno()).columns or USUAL, USUAL)
    return Page(speaker(environ), max(columns, LEAST), lambda words: signs.plain(words, environ))


def written(words: Sequence[str], verb: Verb) -> Iterator[list[str]]:
    """How a verb is written; with verbs of its own below it, how each of these is."""
    for one in verb.verbs:
        yield from written([*words, one.name], one)
    if not verb.verbs:
        yield [*words, *_word(verb), *_options(verb.options)]


def _word(verb: Verb) -> Iterator[str]:
    if verb.word is not None:
        more = "…" if verb.word.repeats else ""
        yield f"{verb.word.metavar}{more}" if verb.word.absent == "missing" else f"[{verb.word.metavar}{more}]"


def _options(options: Sequence[Option]) -> Iterator[str]:
    """Each as it is written; those that set one field are alternatives."""
    fields: dict[str, list[str]] = {}
    for option in options:
        if option is not ASKED and not option.hidden:
            name = next((one for one in option.names if one.startswith("--")), option.names[0])
            fields.setdefault(option.field, []).append(f"{name} {_value(option)}".rstrip())
    for written_so in fields.values():
        yield f"[{' | '.join(written_so)}]"


def _value(option: Option) -> str:
    return option.metavar or "|".join(option.choices)


def _options_of(verb: Verb) -> Iterator[Option]:
    """Those for people, and what names a profile."""
    yield from (one for one in verb.options if one is not ASKED and not one.hidden)
    if verb.word is not None and verb.word.field == "profile":
        yield LITERAL


def _entries(name: str, options: Iterable[Option]) -> Iterator[tuple[str, Text]]:
    """Each option as it is typed, and what it does."""
    for option in options:
        label = ", ".join(option.names)
        yield f"{label} {_value(option)}".rstrip(), explained(name, option)


def explained(name: str, option: Option) -> Text:
    """What an option of the verb of this name does."""
    return _found(name, next((one for one in option.names if one.startswith("--")), option.names[0]))


def _found(name: str, what: str) -> Text:
    return help_texts.OPTIONS.get(f"{name} {what}") or help_texts.OPTIONS[what]


def _path(topics: Sequence[str]) -> tuple[Verb, ...]:
    """The verb that these words name, with those above it. Raises TrayexecError (`usage`)."""
    path: tuple[Verb, ...] = ()
    below = (*TOP.verbs, *BY_THEMSELVES)
    for word in topics:
        found = next((one for one in below if one.name == word), None)
        if found is None:
            choices = [one.name for one in below] + ([] if path else ["run", "all"])
            raise TrayexecError(usage_errors.no_choice(word, choices))
        path, below = (*path, found), found.verbs
    return path


def _sentence(text: str) -> str:
    """With a capital and a full stop, where it stands alone."""
    if text[-1:] in {".", "。"}:
        return text
    return f"{text[:1].upper()}{text[1:]}" + ("." if text.isascii() else "。")


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _paged(text: str, environ: Mapping[str, str]) -> None:
    """Through the person's pager, on a terminal."""
    if not sys.stdout.isatty() or environ.get("TERM", "dumb") == "dumb":
        sys.stdout.write(text)
        return
    from trayexec.commands import pager  # noqa: PLC0415 — only for a long page on a terminal

    pager.show(text, environ)


def _is_nothing_usable(environ: Mapping[str, str]) -> bool:
    """Whether no profile can be used, or no keys are stored that those which can be would need."""
    from trayexec.adapters import stored_keys  # noqa: PLC0415 — only for who types no verb
    from trayexec.adapters.aws_files import files_of_this_user  # noqa: PLC0415 — likewise

    try:
        found = files_of_this_user(environ).load()
    except TrayexecError:
        return False  # somebody has written something
    stored = stored_keys.read(paths.stored_path(environ))
    elsewhere = found.providers or os.path.lexists(paths.settings_path(environ))  # where keys may come from, too
    return (not found.providers and not found.identities) or not (stored or elsewhere)

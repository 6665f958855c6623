"""Which profiles a run over several means: names, globs and @groups, less what is left out. Pure."""

from trayexec.commands.role_words import account_of, is_role
from trayexec.core.few import who
from trayexec.light.errors import Text, TrayexecError, Trouble, shown, trouble
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trayexec.commands.reading import Options
    from trayexec.light.protocol_fields import ProfileStatus

PATTERN = frozenset("*?[")


class Candidate(Frozen):
    """A profile that could be meant; `problem` is why it cannot be served, in a person's words."""

    name: "str"
    account: "str | None" = None
    problem: "str | None" = None


class Wanted(Frozen):
    """What was said: `words` are names, globs and @groups, `literal` names and nothing else, `leave_out` as `words`."""

    words: "tuple[str, ...]" = ()
    literal: "tuple[str, ...]" = ()
    leave_out: "tuple[str, ...]" = ()


class Selection(Frozen):
    """Who runs, in the order of the file; who only a pattern meant and cannot be served; which names are no more."""

    chosen: "tuple[Candidate, ...]"
    unserved: "tuple[Candidate, ...]" = ()
    gone: "tuple[str, ...]" = ()


class _Meant:
    """The names that words mean: said as they are, or only matched by a pattern."""

    def __init__(self) -> None:
        self.named: set[str] = set()
        self.matched: set[str] = set()

    @property
    def all(self) -> set[str]:
        return self.named | self.matched


def choose(wanted: Wanted, candidates: "Sequence[Candidate]", groups: "Mapping[str, Sequence[str]]") -> Selection:
    """The profiles that `wanted` means.

    Each profile counts once, in the order of `candidates`. Raises TrayexecError for a name, a glob or a group that
    means nothing, also in `leave_out`: a slip there would run a command where it must not.
    """
    names = {one.name: one.account for one in candidates}
    meant = _meaning(wanted.words, names, groups)
    for name in wanted.literal:
        meant.named.add(_known(name, names))
    out = _meaning(wanted.leave_out, names, groups).all
    kept = [one for one in candidates if one.name in meant.all and one.name not in out]
    for one in kept:
        if one.problem is not None and one.name in meant.named:
            raise TrayexecError(Trouble("unserved", Text("{problem}", problem=one.problem), Text("")))
    chosen = tuple(one for one in kept if one.problem is None)
    unserved = tuple(one for one in kept if one.problem is not None)
    if not chosen:
        raise TrayexecError(_nobody(unserved) if meant.all else _empty())
    return Selection(chosen, unserved)


def expand(words: "Iterable[str]", groups: "Mapping[str, Sequence[str]]") -> "Iterator[str]":
    """The words with every @group replaced by its members, groups in groups too; one in itself counts once.

    Raises TrayexecError for a group that there is not.
    """
    seen: set[str] = set()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("@"):
            yield word
        elif word not in seen:
            seen.add(word)
            rest[:0] = _members(word, groups)


def _meaning(
    words: "Iterable[str]", names: "Mapping[str, str | None]", groups: "Mapping[str, Sequence[str]]"
) -> _Meant:
    meant = _Meant()
    for word in expand(words, groups):
        if PATTERN.isdisjoint(word):
            meant.named.add(_known(word, names))
            continue
        from fnmatch import fnmatchcase  # noqa: PLC0415 — only with a pattern

        found = [name for name in names if fnmatchcase(name, word)]
        if not found:
            raise TrayexecError(
                trouble(
                    "no_match",
                    "No profile matches {pattern}.",
                    "`trayexec list` shows the profiles there are. A name with * ? [ in it is given with --profile.",
                    pattern=shown(word),
                )
            )
        meant.matched.update(found)
    return meant


def _members(word: str, groups: "Mapping[str, Sequence[str]]") -> "Sequence[str]":
    name = word[1:]
    if name in groups:
        return groups[name]
    from trayexec.core.suggest import near  # noqa: PLC0415 — only for a slip

    meant = near(name, groups)
    if meant:
        raise TrayexecError(
            trouble(
                "unknown_group",
                "There is no group {group} in config.toml.",
                "Did you mean {near}?",
                group=shown(word),
                near=", ".join(f"@{one}" for one in meant),
            )
        )
    raise TrayexecError(
        trouble(
            "unknown_group",
            "There is no group {group} in config.toml.",
            'Write it below [groups], like prod = ["prod-*", "account-a"]. A profile of that name is given with '
            "--profile.",
            group=shown(word),
        )
    )


def _known(name: str, names: "Mapping[str, str | None]") -> str:
    if name in names:
        return name
    from trayexec.core import messages  # noqa: PLC0415 — only for a slip

    raise TrayexecError(messages.no_such_profile(name, names))


def _empty() -> Trouble:
    return trouble("nobody", "The groups that are meant have no members.", "Add some below [groups] in config.toml.")


def _nobody(unserved: "Sequence[Candidate]") -> Trouble:
    if unserved:
        return trouble(
            "nobody",
            "None of the profiles that are meant can be used.",
            "`trayexec list` says what is wrong with each.",
        )
    return trouble("nobody", "Nothing is left to run: --except leaves out every profile.", "Name fewer to leave out.")


def select(
    options: "Options",
    profiles: "Iterable[ProfileStatus]",
    groups: "Mapping[str, Sequence[str]]",
    again: "Sequence[str] | None",
) -> Selection:
    """Who is meant by the words, among what the agent lists, and among what is to be tried `again`.

    Raises TrayexecError. What failed and has since been taken out of the AWS config is `gone`: it can be meant no more.
    """
    candidates = [Candidate(one["name"], one["account"], one["problem"]) for one in profiles]
    wanted = Wanted(tuple(options.profiles), tuple(options.literal), tuple(options.leave_out))
    known = {one.name for one in candidates}
    said = (*expand(wanted.words, groups), *wanted.literal, *(again or ()))
    candidates += [Candidate(one, account_of(one)) for one in dict.fromkeys(said) if is_role(one, known)]
    if again is None:
        return choose(wanted, candidates, groups)
    names = {one.name for one in candidates}
    gone = tuple(name for name in again if name not in names)
    failed = tuple(name for name in again if name in names)
    if not failed:
        raise TrayexecError(
            trouble(
                "nobody",
                "What failed in the last run is no longer in the AWS config: {names}.",
                "Name the profiles: trayexec 'prod-*' -- CMD…",
                names=who(gone),
            )
        )
    if not (wanted.words or wanted.literal):
        left = choose(Wanted(literal=failed, leave_out=wanted.leave_out), candidates, groups)
        return Selection(left.chosen, left.unserved, gone)
    left = choose(Wanted(literal=failed), candidates, groups)
    meant = choose(wanted, candidates, groups)
    chosen = tuple(one for one in meant.chosen if one in left.chosen)
    if not chosen:
        raise TrayexecError(
            trouble(
                "nobody",
                "None of these profiles failed in the last run.",
                "Those that did: {names}",
                names=who(failed),
            )
        )
    return Selection(chosen, gone=gone)

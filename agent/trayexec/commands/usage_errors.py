"""What is wrong with words that cannot be read, made sentences with the fix."""

from trayexec.light.errors import Text, Trouble, shown, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def _see(verb: str) -> Text:
    """Where it stands what a verb takes, or a run."""
    if verb:
        return Text("`trayexec {verb} --help` shows what it takes.", verb=verb)
    return Text("`trayexec help run` shows every option.")


def unknown_words(verb: str, words: "Sequence[str]", options: "Iterable[str]") -> Trouble:
    """Words that do not belong on the line of a verb, or of a run, on which `options` could have stood."""
    from trayexec.core.suggest import near  # noqa: PLC0415 — not before there is a slip

    known = [one for one in options if one.startswith("--")]
    meant = dict.fromkeys(
        one for word in words if word.startswith("-") for one in near(word.partition("=")[0].lstrip("-"), known)
    )
    which = shown(" ".join(words))
    said = (
        Text("Unknown option: {words}.", words=which)
        if all(one.startswith("-") for one in words)
        else Text("Too much on this line: {words}.", words=which)
    )
    if meant:
        return Trouble("usage", said, Text("Did you mean {options}? {see}", options=", ".join(meant), see=_see(verb)))
    return Trouble("usage", said, _see(verb))


def several(verb: str, word: str, meant: "Sequence[str]") -> Trouble:
    """An option that is shortened too far."""
    return trouble(
        "usage",
        "Unknown option: {words}.",
        "Did you mean {options}? {see}",
        words=shown(word),
        options=", ".join(meant),
        see=_see(verb),
    )


def missing(verb: str, words: str) -> Trouble:
    """What has to be on the line."""
    return trouble("usage", "This is missing: {words}.", "{see}", words=words, see=_see(verb))


def without_value(verb: str, option: str) -> Trouble:
    """An option with nothing behind it."""
    return trouble("usage", "{option} lacks its value.", "{see}", option=option, see=_see(verb))


def not_that_value(verb: str, option: str, value: str) -> Trouble:
    """An option whose value is none of its kind."""
    return trouble("usage", "{option} cannot be {value}.", "{see}", option=option, value=shown(value), see=_see(verb))


def no_lines(verb: str, value: str) -> Trouble:
    """A number of lines that is none."""
    return trouble("usage", "{value} is not a number of lines.", "{see}", value=shown(value), see=_see(verb))


def no_duration(verb: str, why: "str | Text") -> Trouble:
    """A duration that is none, or too long or short."""
    return trouble("usage", "{why}.", "{see}", why=why, see=_see(verb))


def excluded(verb: str, option: str, other: str) -> Trouble:
    """An option behind one that it contradicts."""
    return trouble("usage", "{option} does not go with {other}.", "{see}", option=option, other=other, see=_see(verb))


def no_choice(word: str, choices: "Sequence[str]") -> Trouble:
    """A word in whose place only some can stand."""
    from trayexec.core.suggest import near  # noqa: PLC0415 — not before there is a slip

    meant = near(word, choices)
    if meant:
        return trouble(
            "usage",
            "Unknown word: {words}.",
            "Did you mean {near}? Write one of: {choices}",
            words=shown(word),
            near=", ".join(meant),
            choices=", ".join(choices),
        )
    return trouble(
        "usage",
        "Unknown word: {words}.",
        "Write one of: {choices}",
        words=shown(word),
        choices=", ".join(choices),
    )

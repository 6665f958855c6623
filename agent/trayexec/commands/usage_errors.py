"""What is wrong with words that cannot be read, made sentences with the fix."""

from trayexec.light.errors import Trouble, shown, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def unknown_words(words: "Sequence[str]", options: "Iterable[str]") -> Trouble:
    """Words that do not belong on the line, on which `options` could have stood."""
    from trayexec.core.suggest import near  # noqa: PLC0415 — not before there is a slip

    known = [one for one in options if one.startswith("--")]
    meant = dict.fromkeys(
        one for word in words if word.startswith("-") for one in near(word.partition("=")[0].lstrip("-"), known)
    )
    if meant:
        return trouble(
            "usage",
            "These words do not belong here: {words}.",
            "Did you mean {options}? `trayexec help` shows what belongs here.",
            words=shown(" ".join(words)),
            options=", ".join(meant),
        )
    return trouble(
        "usage",
        "These words do not belong here: {words}.",
        "`trayexec help` shows what does.",
        words=shown(" ".join(words)),
    )


def several(word: str, meant: "Sequence[str]") -> Trouble:
    """An option that is shortened too far."""
    return trouble(
        "usage",
        "These words do not belong here: {words}.",
        "Did you mean {options}? `trayexec help` shows what belongs here.",
        words=shown(word),
        options=", ".join(meant),
    )


def missing(words: str) -> Trouble:
    """What has to be on the line."""
    return trouble("usage", "This is missing: {words}.", "`trayexec help` shows where it goes.", words=words)


def without_value(option: str) -> Trouble:
    """An option with nothing behind it."""
    return trouble("usage", "{option} lacks its value.", "`trayexec help` shows every option.", option=option)


def not_that_value(option: str, value: str) -> Trouble:
    """An option whose value is none of its kind."""
    return trouble(
        "usage",
        "{option} cannot be {value}.",
        "`trayexec help` shows every option.",
        option=option,
        value=shown(value),
    )


def excluded(option: str, other: str) -> Trouble:
    """An option behind one that it contradicts."""
    return trouble(
        "usage",
        "{option} does not go with {other}.",
        "`trayexec help` shows every option.",
        option=option,
        other=other,
    )


def no_choice(word: str, choices: "Sequence[str]") -> Trouble:
    """A word in whose place only some can stand."""
    from trayexec.core.suggest import near  # noqa: PLC0415 — not before there is a slip

    meant = near(word, choices)
    if meant:
        return trouble(
            "usage",
            "These words do not belong here: {words}.",
            "Did you mean {near}? Write one of: {choices}",
            words=shown(word),
            near=", ".join(meant),
            choices=", ".join(choices),
        )
    return trouble(
        "usage",
        "These words do not belong here: {words}.",
        "Write one of: {choices}",
        words=shown(word),
        choices=", ".join(choices),
    )

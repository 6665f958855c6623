"""What a person may have meant by a line that begins with no verb, made a sentence with the fix."""

import shlex
from collections.abc import Iterable, Mapping, Sequence

from trayexec.commands.options import LITERAL, RUN
from trayexec.core.messages import account_of
from trayexec.core.other_words import ours
from trayexec.core.shell_words import profile
from trayexec.core.suggest import near, told
from trayexec.light.errors import TrayexecError, Trouble, shown, trouble
from trayexec.live import overlay_origin

# A run's options, as they may stand before or behind the profile: with a value, and all.
VALUED = {name for option in (*RUN.options, LITERAL) if option.value is not None for name in option.names}
EVERY = VALUED | {name for option in RUN.options for name in option.names}


def explained(words: Sequence[str], verbs: Iterable[str], environ: Mapping[str, str]) -> Trouble | None:
    """The trouble with a line without `--` whose first word is no verb; None when it is one, or there is none."""
    options, rest = _options(words)
    known = tuple(verbs)
    if not rest or rest[0] in known or rest[0].startswith("-"):
        return None
    word, accounts = rest[0], _accounts(environ)
    if word in accounts:
        return trouble(
            "usage",
            "There is no verb {word}.",
            "{profile} is a profile: to run a command with it, type `{command}`. `trayexec help` shows the verbs.",
            word=shown(word),
            profile=told([word], accounts),
            command=_as_a_run(word, options, rest[1:]),
        )
    if options:
        return trouble(
            "usage",
            "There is no `--` on this line, and {option} is for running a command.",
            "Put it before the command: `trayexec {options} PROFILE -- CMD…`. `trayexec help` shows the verbs.",
            option=options[0].partition("=")[0],
            options=shlex.join(options),
        )
    line = ours(word)
    if line is not None:
        return trouble(
            "usage",
            "There is no verb {word}.",
            "{line} `trayexec help` shows the verbs.",
            word=shown(word),
            line=line,
        )
    return _near_ones(word, near(word, known), near(word, accounts), accounts)


def _near_ones(word: str, verbs: Sequence[str], profiles: Sequence[str], accounts: Mapping[str, str | None]) -> Trouble:
    if verbs and profiles:
        return trouble(
            "usage",
            "There is no verb {word}.",
            "Did you mean the verb {verbs}, or `trayexec PROFILE -- CMD…` with the profile {profiles}? "
            "`trayexec help` shows the verbs.",
            word=shown(word),
            verbs=", ".join(verbs),
            profiles=told(profiles, accounts),
        )
    if verbs:
        return trouble(
            "usage",
            "There is no verb {word}.",
            "Did you mean {verbs}? `trayexec help` shows the verbs.",
            word=shown(word),
            verbs=", ".join(verbs),
        )
    if profiles:
        return trouble(
            "usage",
            "There is no verb {word}.",
            "Did you mean `trayexec PROFILE -- CMD…` with the profile {profiles}? `trayexec help` shows the verbs.",
            word=shown(word),
            profiles=told(profiles, accounts),
        )
    return trouble(
        "usage",
        "There is no verb {word}.",
        "`trayexec help` shows the verbs. To run a command with a profile, put `--` before the command: "
        "`trayexec PROFILE -- CMD…`",
        word=shown(word),
    )


def _options(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options of a run that a line begins with, their values with them, and what follows."""
    options: list[str] = []
    rest = list(words)
    while rest and rest[0].partition("=")[0] in EVERY:
        option, equals, _ = rest[0].partition("=")
        count = 2 if option in VALUED and not equals else 1
        options += rest[:count]
        del rest[:count]
    return options, rest


def _as_a_run(name: str, options: Sequence[str], rest: Sequence[str]) -> str:
    """The line that was meant, with `--` where it belongs."""
    more, command = _options(rest)
    said = [*options, *more]
    before = " ".join(("trayexec", *([shlex.join(said)] if said else []), profile(name), "--"))
    return f"{before} {shlex.join(map(shown, command))}" if command else f"{before} CMD…"


def _accounts(environ: Mapping[str, str]) -> Mapping[str, str | None]:
    """The profiles that there are, with their accounts; none where the files cannot be read."""
    # Not before there is a slip: botocore's parser costs more than all else that a verb needs.
    from trayexec.adapters.aws_files import files_of_this_user  # noqa: PLC0415

    try:
        catalogue = files_of_this_user(overlay_origin.outside(environ)).load()
    except TrayexecError:
        return {}
    return {name: account_of(found) for name, found in catalogue.profiles.items()}

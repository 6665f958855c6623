"""What a person may have meant by words that argparse cannot read: its messages, made sentences with the fix."""

import re

from trayexec.errors import Trouble, trouble


def explain(message: str) -> Trouble:
    """The trouble behind one of argparse's messages; what is not known here keeps argparse's own words."""
    if found := re.match(r"argument VERB: invalid choice: ['\"](.*)['\"] \(", message):
        return trouble(
            "usage",
            "There is no verb {word}.",
            "`trayexec help` shows the verbs. To run a command with a profile, put `--` before the command: "
            "trayexec PROFILE -- CMD…",
            word=found[1],
        )
    if found := re.fullmatch(r"unrecognized arguments: (.*)", message):
        return trouble(
            "usage",
            "These words do not belong here: {words}.",
            "`trayexec help` shows what does.",
            words=found[1],
        )
    if found := re.fullmatch(r"the following arguments are required: (.*)", message):
        return trouble("usage", "This is missing: {words}.", "`trayexec help` shows where it goes.", words=found[1])
    return _of_one(message) or trouble(
        "usage", "{message}.", "`trayexec help` shows every verb.", message=message.rstrip(".")
    )


def _of_one(message: str) -> Trouble | None:
    """What is wrong with one option or its value."""
    if found := re.fullmatch(r"argument (\S+): expected one argument", message):
        return trouble("usage", "{option} lacks its value.", "`trayexec help` shows every option.", option=found[1])
    if found := re.fullmatch(r"argument .+?: invalid choice: ['\"](.*)['\"] \(choose from (.*)\)", message):
        choices = found[2].replace("'", "")
        return trouble(
            "usage",
            "These words do not belong here: {words}.",
            "Write one of: {choices}",
            words=found[1],
            choices=choices,
        )
    if found := re.fullmatch(r"argument (\S+): invalid int value: ['\"](.*)['\"]", message):
        return trouble(
            "usage",
            "{option} cannot be {value}.",
            "`trayexec help` shows every option.",
            option=found[1],
            value=found[2],
        )
    if found := re.fullmatch(r"argument (\S+): not allowed with argument (\S+)", message):
        return trouble(
            "usage",
            "{option} does not go with {other}.",
            "`trayexec help` shows every option.",
            option=found[1],
            other=found[2],
        )
    return None

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
    return trouble("usage", "{message}.", "`trayexec help` shows every verb.", message=message.rstrip("."))

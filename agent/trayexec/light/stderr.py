"""What is said to the person, on stderr: stdout belongs to the command."""

import os
import sys

from trayexec.light.errors import Text, TrayexecError, lines

TYPE_CHECKING = False


def complain(error: TrayexecError) -> None:
    """Say an error and its fix to the person: never a traceback."""
    from trayexec.light.translate import speaker  # noqa: PLC0415 — see _say

    speak = speaker(os.environ)
    hint = speak(error.trouble.hint)
    say(f"{speak(error.trouble.title)}\n  {hint}" if hint else speak(error.trouble.title))


def say(sentence: str) -> None:
    """One line for the person, on stderr: stdout belongs to the command."""
    try:
        sys.stderr.write(f"trayexec: {lines(sentence)}\n")
        sys.stderr.flush()
    except OSError:
        pass  # a full disk or a closed pipe: who does not listen is not told, and the command runs all the same


def tell(text: Text) -> None:
    """The same in the language of this process's environment."""
    from trayexec.light.translate import speaker  # noqa: PLC0415 — only when there is something to say

    say(speaker(os.environ)(text))

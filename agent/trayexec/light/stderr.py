"""What is said to the person, on stderr: stdout belongs to the command."""

import os
import sys

from trayexec.light.errors import Text, TrayexecError, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def complain(error: TrayexecError) -> None:
    """Say an error and its fix to the person: never a traceback."""
    from trayexec.light.translate import speaker  # noqa: PLC0415 — see _say

    speak = speaker(os.environ)
    hint = speak(error.trouble.hint)
    say(f"{speak(error.trouble.title)}\n  {hint}" if hint else speak(error.trouble.title))


def say(sentence: str) -> None:
    """One line for the person, on stderr: stdout belongs to the command."""
    try:
        sys.stderr.write(readable(f"trayexec: {lines(sentence)}\n", 2, os.environ))
        sys.stderr.flush()
    except OSError:
        pass  # a full disk or a closed pipe: who does not listen is not told, and the command runs all the same


def tell(text: Text) -> None:
    """The same in the language of this process's environment."""
    from trayexec.light.translate import speaker  # noqa: PLC0415 — only when there is something to say

    say(speaker(os.environ)(text))


def write(descriptor: int, said: str, environ: "Mapping[str, str]") -> None:
    """Say it on a terminal that was opened for the purpose. Raises OSError."""
    os.write(descriptor, readable(said, descriptor, environ).encode())


def readable(text: str, descriptor: int, environ: "Mapping[str, str]") -> str:
    """Sentences as they stand there: in letters of the locale, and on a terminal broken between words.

    Elsewhere a sentence stays on its line, as it does on a terminal that does not know its width.
    """
    if not text.isascii():
        from trayexec.light import signs  # noqa: PLC0415 — see `tell`

        text = signs.plain(text, environ)
    columns = os.get_terminal_size(descriptor).columns if os.isatty(descriptor) else 0
    if columns <= 0 or (text.isascii() and len(text) <= columns):
        return text
    from trayexec.light.columns import folded  # noqa: PLC0415 — see `tell`

    return folded(text, columns)

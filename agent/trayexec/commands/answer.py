"""What a verb answers in words, for a person, on standard output."""

import os
import sys

from trayexec.light import stderr


def say(sentence: str) -> None:
    """Lines of the answer; on a terminal they are broken between words where it is narrower."""
    sys.stdout.write(stderr.readable(f"{sentence}\n", sys.stdout.fileno(), os.environ))

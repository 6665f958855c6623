"""Asks the person on the terminal a question that is answered by yes or no."""

import os
import sys

from trayexec.light import stderr

YES = frozenset({"y", "yes"})


def agreed(question: str, *, yes: frozenset[str] = YES) -> bool:
    """Whether the answer is among `yes`, in which an empty word stands for Return. No answer at all is no."""
    sys.stderr.write(stderr.readable(question, sys.stderr.fileno(), os.environ))
    sys.stderr.flush()
    said = sys.stdin.readline()
    return bool(said) and said.strip().casefold() in yes

"""Asks the person on the terminal a question that is answered by yes or no."""

import sys

YES = frozenset({"y", "yes"})


def agreed(question: str, *, yes: frozenset[str] = YES) -> bool:
    """Whether the answer is among `yes`, in which an empty word stands for Return. No answer at all is no."""
    sys.stderr.write(question)
    sys.stderr.flush()
    said = sys.stdin.readline()
    return bool(said) and said.strip().casefold() in yes

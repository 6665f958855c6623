"""What a check says: one thing that was looked at, how bad it is, and what to do about it."""

from dataclasses import dataclass
from enum import Enum

from trayexec.light.errors import Text, Trouble


class Grade(Enum):
    """How bad it is."""

    GOOD = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `code` is a stable word for scripts, `hint` what to do about it."""

    code: str
    grade: Grade
    about: Text
    text: Text
    hint: Text | None = None


def good(code: str, about: Text, text: Text) -> Finding:
    """Something is as it should be."""
    return Finding(code, Grade.GOOD, about, text)


def note(code: str, about: Text, text: Text, hint: Text | None = None) -> Finding:
    """Nothing that is used is broken by it, but a person should know."""
    return Finding(code, Grade.NOTE, about, text, hint)


def problem(code: str, about: Text, text: Text, hint: Text) -> Finding:
    """Something that is used does not work, or not as a person would think."""
    return Finding(code, Grade.PROBLEM, about, text, hint)


def wrong(about: Text, what: Trouble) -> Finding:
    """A trouble that somebody else has put into words."""
    return Finding(what.code, Grade.PROBLEM, about, what.title, what.hint)

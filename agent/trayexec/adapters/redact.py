"""What the log must not say: secrets by their known shapes. Numbers, names, folders and places stay readable.

Nothing secret is passed to the log at all, as secrets are `Secret`s, which have no text. This is the second line of
defence, for what might come in the words of others.
"""

import re
from types import TracebackType

GONE = "[redacted]"
DEEPEST = 12  # places of a mishap, the innermost ones

_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{8,}\b")
_RUN = re.compile(r"[A-Za-z0-9/+=_-]{32,}")  # whatever base64 is made of: secret access keys have 40, tokens hundreds
_BETWEEN = re.compile(r"[/+=_-]")
# A part of a folder's or a program's name: digits and letters of one case, or words. Random ones mix them.
_PLAIN = re.compile(r"[a-z0-9]{0,32}|[A-Z0-9]{0,15}|[A-Z]*[a-z]+(?:[A-Z][a-z]+)*[0-9]*")
_ODD = 12  # characters of other parts that a path may have: names of temporary files are random
# Six digits are a code where something calls them so; a process, a port or a part of a date is none.
_CODE = re.compile(
    r"(?i)((?:code|token|otp|pin|mfa)[\"']?(?:\s*(?:[=:]|is|was))?\s*[\"']?)[0-9]{3}[ -]?[0-9]{3}(?![0-9])"
)
_SIX = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")


def redacted(text: str) -> str:
    """`text` without access key ids, secret access keys, tokens, signatures, and codes that are called so."""
    text = _RUN.sub(_unless_plain, _KEY_ID.sub(GONE, text))
    return _CODE.sub(rf"\1{GONE}", text)


def redacted_word(text: str) -> str:
    """What a person typed where a name was due: it may be a code, too."""
    return _SIX.sub(GONE, redacted(text))


def place_of(error: BaseException) -> str:
    """The kind of an error and where it came from, innermost first; never its words, which may hold anything."""
    kind = type(error).__name__
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    said = f"{kind} at {_places(error.__traceback__)}"
    return said if cause is None else f"{said}, after {type(cause).__name__} at {_places(cause.__traceback__)}"


def _places(traceback: TracebackType | None) -> str:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno} ({code.co_name})")
        traceback = traceback.tb_next
    return " < ".join(reversed(places[-DEEPEST:])) or "?"


def _unless_plain(run: re.Match[str]) -> str:
    """A run of such characters as it is, if it reads as a path or as words with dashes."""
    parts = _BETWEEN.split(run[0])
    odd = sum(len(part) for part in parts if not _PLAIN.fullmatch(part))
    return run[0] if len(parts) > 1 and odd <= (_ODD if run[0].startswith("/") else 0) else GONE

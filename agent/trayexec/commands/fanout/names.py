"""File names for profiles: whatever one is called, its output stays inside the folder and apart from others. Pure."""

from collections.abc import Iterable, Mapping
from unicodedata import normalize

SAFE = frozenset("-_.+=,@")
LONGEST = 200  # bytes: file systems allow 255, and something is appended


def file_names(profiles: Iterable[str]) -> Mapping[str, str]:
    """A file name for each profile, without its ending; no two alike, also where a disk ignores case.

    Letters and digits of any script stay as they are, so do - _ . + = , @ except where they begin a hidden file or an
    option; everything else becomes %XX. So `prod/eu` is `prod%2Feu`.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for profile in profiles:
        base = name = _safe(profile)
        number = 1
        while _folded(name) in taken:
            number += 1
            name = f"{base}~{number}"  # a ~ of its own would be %7E
        taken.add(_folded(name))
        found[profile] = name
    return found


def _folded(name: str) -> str:
    """What is the same file on a disk that ignores case and how accents are written."""
    return normalize("NFC", normalize("NFC", name).casefold())


def _safe(profile: str) -> str:
    parts = [_character(one, first=place == 0) for place, one in enumerate(profile)]
    name = "".join(parts) or "%"
    if len(name.encode()) <= LONGEST:
        return name
    import hashlib  # noqa: PLC0415 — a name is seldom so long

    digest = hashlib.sha256(profile.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return name.encode()[: LONGEST - 17].decode("utf-8", "ignore") + "~" + digest


def _character(one: str, *, first: bool) -> str:
    if one.isalnum() or (one in SAFE and not (first and one in "-.")):
        return one
    return "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogatepass"))

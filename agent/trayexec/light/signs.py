"""Signs that not every terminal has, and what stands for each where the locale has no letters but ASCII's."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ASCII = {
    "✓": "+",
    "✗": "!",
    "·": "-",
    "…": "...",
    "←": "<-",
    "→": "->",
    "─": "-",
    "●": "*",
    "▌": "|",
}


def has_them(environ: "Mapping[str, str]") -> bool:
    """Whether a terminal of this locale has more letters than ASCII's."""
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf8" in locale.lower().replace("-", "")


def plain(text: str, environ: "Mapping[str, str]") -> str:
    """The text as this locale has it: what stands for our signs is read as well as they are."""
    if text.isascii() or has_them(environ):
        return text
    for sign, instead in ASCII.items():
        text = text.replace(sign, instead)
    return text

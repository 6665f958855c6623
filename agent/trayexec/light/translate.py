"""Languages: English as it stands in the source, Japanese from `japanese.py`."""

from trayexec.light.context import language
from trayexec.light.errors import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def is_japanese(locale: str) -> bool:
    """Whether `locale` (`ja_JP.UTF-8`) asks for Japanese; `jam`, say, is another language."""
    return locale[:2] == "ja" and not locale[2:3].isalpha()


def take_times() -> None:
    """Let this process write times of day as the person's locale does (LC_TIME; locale(7)), where it is installed."""
    import _locale  # noqa: PLC0415 — only for who is told a time

    try:  # noqa: SIM105 — contextlib is slow to import
        _locale.setlocale(_locale.LC_TIME, "")
    except _locale.Error:  # type: ignore[attr-defined] # the type stubs do not know it
        pass


def speaker(environ: "Mapping[str, str]") -> "Callable[[Text], str]":
    """What turns a text into a sentence in the language that `environ` asks for."""
    return speaker_of(language(environ))


def speaker_of(locale: str) -> "Callable[[Text], str]":
    """What turns a text into a sentence in the language of `locale` (`ja_JP.UTF-8`)."""
    if not is_japanese(locale):
        return str
    from trayexec.japanese import SENTENCES  # noqa: PLC0415 — only for who reads it

    def speak(text: Text) -> str:
        return text.filled(SENTENCES.get(text.template, text.template), speak)

    return speak

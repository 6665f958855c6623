"""The conversation of `setup`: what is said to the person, and what they answer. All of it is on stderr and stdin."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from trayexec.commands.style import has_colours
from trayexec.commands.yes_or_no import YES
from trayexec.light import paths, signs
from trayexec.light.columns import wrapped
from trayexec.light.errors import Text, Trouble, lines
from trayexec.light.translate import speaker

INDENT = "     "
WIDEST = 100  # columns that are read with ease
SKIP = "s"
BOLD, FAINT, GOOD, BAD, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m"


class SkippedError(Exception):
    """The person wants to go on with the next step."""


@dataclass(frozen=True, slots=True)
class Interview:
    """Speaks and asks in one language, as wide as the terminal; with `colours` where it has them.

    What is in the folder `home` is named as a shell has it, from `~` on.
    """

    translated: Callable[[Text], str]
    columns: int
    colours: bool
    home: str

    @classmethod
    def here(cls, environ: Mapping[str, str]) -> "Interview":
        """With the person at this terminal, if there is one."""
        terminal = sys.stderr.isatty()
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="replace")  # a slip on the keyboard is a wrong answer, and nothing worse
        columns = os.get_terminal_size(sys.stderr.fileno()).columns if terminal else 0
        colours = terminal and has_colours(environ)
        return cls(speaker(environ), min(columns or WIDEST, WIDEST), colours, paths.home(environ))

    # What is said

    def title(self, text: Text) -> None:
        """What all this is."""
        for line in wrapped(self.speak(text), self.columns):
            self._write(self._in(BOLD, line))

    def step(self, number: int, of: int, title: Text) -> None:
        """A step begins."""
        self._write(f"\n{self._in(BOLD, f'{number}/{of}  {self.speak(title)}')}")

    def say(self, text: Text) -> None:
        """A sentence of the step."""
        self._sentence(self.speak(text))

    def good(self, text: Text) -> None:
        """What is done."""
        self._sentence(self.speak(text), mark=self._in(GOOD, "✓"))

    def note(self, text: Text) -> None:
        """What is there, and not enough."""
        self._sentence(self.speak(text), mark="·")

    def undo(self, text: Text) -> None:
        """How to take back what was done; on one line, so that its command can be copied."""
        self._write(f"{INDENT}{self._in(FAINT, self.speak(text))}")

    def failed(self, why: Trouble) -> None:
        """What went wrong, and the fix."""
        self._sentence(self.speak(why.title), mark=self._in(BAD, "✗"))
        if str(why.hint):
            self._sentence(self.speak(why.hint))

    def lines(self, text: Iterable[str]) -> None:
        """Lines to be read or typed as they are."""
        for line in text:
            code = {"+": GOOD, "-": BAD}.get(line[:1], "") if line[:3] not in {"+++", "---"} else FAINT
            self._write(f"{INDENT}{self._in(code, self._from_home(lines(line)))}")

    def command(self, command: str) -> None:
        """A command to be typed."""
        self._write(f"\n{INDENT}{self._in(BOLD, lines(command))}\n")

    def gap(self) -> None:
        """An empty line."""
        self._write("")

    # What is asked

    def ask(self, question: Text, usual: str = "") -> str:
        """What the person answers, or the usual answer for Return alone.

        Raises SkippedError, and KeyboardInterrupt where the input ends.
        """
        return self._answer(f"{self.speak(question)} [{usual}]" if usual else self.speak(question)) or usual

    def agree(self, question: Text) -> None:
        """Go on if the person says yes; Return is one. Raises SkippedError for a no, and as `ask` does."""
        while (answer := self._answer(f"{self.speak(question)} [Y/n]").casefold()) not in {"", *YES}:
            if answer in {"n", "no"}:
                raise SkippedError

    def wants(self, question: Text) -> bool:
        """Whether the person says yes; Return is a no. Raises as `ask` does."""
        return self._answer(f"{self.speak(question)} [y/N]").casefold() in YES

    def choose(self, question: Text, choices: Sequence[Text]) -> int:
        """Which of the numbered choices the person takes, from 0. Raises as `ask` does."""
        for number, choice in enumerate(choices, 1):
            self._sentence(self.speak(choice), mark=str(number))
        while True:
            answer = self.ask(question, "1")
            if answer.isascii() and answer.isdigit() and 0 < int(answer[:4]) <= len(choices):
                return int(answer) - 1

    def until(self, question: Text, check: Callable[[str], Text | None], usual: str = "") -> str:
        """The first answer that `check` finds nothing wrong with. Raises as `ask` does."""
        while True:
            answer = self.ask(question, usual)
            wrong = check(answer)
            if wrong is None:
                return answer
            self._sentence(self.speak(wrong), mark=self._in(BAD, "✗"))

    def _answer(self, question: str) -> str:
        sys.stderr.write(signs.plain(f"{INDENT}{question} ", os.environ))
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            raise KeyboardInterrupt
        answer = line.strip()
        if answer.casefold() == SKIP:
            raise SkippedError
        return answer

    def _sentence(self, said: str, mark: str = "", code: str = "") -> None:
        begin = f"  {mark}  " if mark else INDENT
        for line in wrapped(lines(said), self.columns - len(INDENT), whole=True):
            self._write(f"{begin}{self._in(code, line)}")
            begin = INDENT

    def speak(self, text: Text) -> str:
        """A sentence in the person's language."""
        return self._from_home(self.translated(text))

    def _from_home(self, said: str) -> str:
        return re.sub(rf"(?<![^\s`]){re.escape(self.home)}/", "~/", said)

    def _in(self, code: str, said: str) -> str:
        return f"{code}{said}{PLAIN}" if self.colours and code else said

    @staticmethod
    def _write(line: str) -> None:
        sys.stderr.write(signs.plain(f"{line}\n", os.environ))
        sys.stderr.flush()

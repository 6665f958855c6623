"""`log`: who asked for which profile, when, and what was answered. It reads the ledger itself: no agent is needed."""

import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from trayexec.adapters.ledger import Reader
from trayexec.commands import as_json, table, times
from trayexec.commands.reading import Options
from trayexec.commands.style import Style, width_of
from trayexec.core.ports import Entry
from trayexec.light import exits, paths, signs, stderr
from trayexec.light.errors import Text, shown
from trayexec.light.translate import speaker

LOOK_AGAIN = 0.3  # seconds between looks for news
RECENT = 10  # entries that `--follow` begins with, as `tail -f` does


def log(options: Options, environ: Mapping[str, str]) -> int:
    """Print the ledger, all of it or its end, and with `--follow` what is added, until interrupted.

    Raises TrayexecError (`file`) for a ledger that cannot be read.
    """
    most = RECENT if options.n is None and options.follow else options.n
    with Reader(Path(paths.ledger_path(environ))) as reader:
        found = deque(reader.entries(), most)
        if not found and not options.follow:
            stderr.say(speaker(environ)(Text("nothing has been asked of an agent yet")))
        show = _Json() if options.json else _Columns(environ, whole=not options.follow)
        show.show(found)
        while options.follow:
            time.sleep(LOOK_AGAIN)
            show.show(list(reader.entries()))
    return exits.OK


class _Json:
    """One object a line."""

    def show(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            as_json.show_line(asdict(entry))
        sys.stdout.flush()


class _Columns:
    """Aligned, with local time. Columns only grow, as entries come in; what is whole fits on a terminal."""

    def __init__(self, environ: Mapping[str, str], *, whole: bool) -> None:
        self._terminal = width_of(sys.stdout.fileno()) if whole else 0
        self._environ = environ
        speak = speaker(environ)
        heads = (Text("WHEN"), Text("REQUEST"), Text("PROFILE"), Text("ANSWER"), Text("PID"), Text("ASKED BY"))
        self._head: list[list[str]] = [[speak(head) for head in heads]]
        self._widths = [0] * len(heads)

    def show(self, entries: Iterable[Entry]) -> None:
        rows = [_row(entry) for entry in entries]
        if rows:
            rows = [*self._head, *rows]
            self._head = []
            for line in self._lines(rows):
                sys.stdout.write(signs.plain(f"{line}\n", self._environ))
            sys.stdout.flush()

    def _lines(self, rows: list[list[str]]) -> Iterable[str]:
        if self._terminal:
            return table.drawn(rows, self._terminal, Style(self._environ))
        self._widths = table.widths(rows, self._widths)
        return table.aligned(rows, self._widths)


def _row(entry: Entry) -> list[str]:
    chain = " ← ".join(shown(name) for name in (entry.program or "?", *entry.parents))
    profile = shown(entry.profile) if entry.profile else ""
    return [times.moment(entry.at), entry.op, profile, entry.answer, str(entry.pid), chain]

"""The four ways in which the commands' output reaches the person: prefix, grouped, json, dir=PATH.

Each is an `Output`: it gives every command a `Sink`, which takes what the command says and is told its end.
A sink raises OSError when it cannot keep what it is given, and LostError when our own streams are gone.
"""

import codecs
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trayexec.commands.fanout.lines import LinePrefixer
from trayexec.commands.fanout.names import file_names
from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.screen import Stream, Streams
from trayexec.commands.fanout.spool import MemoryBudget, Spool
from trayexec.commands.table import json_text, wide
from trayexec.core.config.sections import shown
from trayexec.light import private_files
from trayexec.light.errors import Text

PALETTE = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)  # of a terminal; red is for what a person coloured so
COLOURS = {"red": 31, "orange": 33, "yellow": 93, "green": 32, "blue": 34, "purple": 35, "grey": 90}
Speak = Callable[[Text], str]


class Sink(Protocol):
    """Where one command's output goes."""

    def take(self, stream: Stream, data: bytes) -> None:
        """More of it."""

    def end(self, result: Result) -> None:
        """That was all, and how the command ended."""

    def close(self) -> None:
        """Let go of what it holds; after `end`, or where a command did not begin."""


class Output(Protocol):
    """A way of output."""

    @property
    def table(self) -> bool:
        """Whether people are shown one at the end."""

    def sink(self, profile: str) -> Sink:
        """A place for one command. Raises OSError when there is none."""

    def absent(self, result: Result) -> None:
        """A profile whose command never ran."""


# prefix


@dataclass(frozen=True, slots=True)
class Prefixed:
    """`[account-a] line`, at once; names in columns and in colour on a terminal."""

    screen: Streams
    marks: Mapping[tuple[str, Stream], tuple[bytes, bytes]]
    table: bool = True

    def sink(self, profile: str) -> Sink:
        """A pair of markers."""
        return _PrefixedSink(self.screen, {one: LinePrefixer(*self.marks[profile, one]) for one in Stream})

    def absent(self, result: Result) -> None:
        """Nothing to be seen but in the table."""


@dataclass(frozen=True, slots=True)
class _PrefixedSink:
    screen: Streams
    markers: Mapping[Stream, LinePrefixer]

    def take(self, stream: Stream, data: bytes) -> None:
        self.screen.write(stream, *self.markers[stream].feed(data))

    def end(self, _result: Result) -> None:
        for stream, marker in self.markers.items():
            self.screen.write(stream, *marker.end())

    def close(self) -> None:
        pass


def marks(
    profiles: Sequence[str], screen: Streams, *, plain: bool, colour: Callable[[str], str | None]
) -> Mapping[tuple[str, Stream], tuple[bytes, bytes]]:
    """What stands before a profile's lines, and before further pieces of one: in a pipe `[name] ` and `[name]+`.

    On a terminal the names are padded to one width and coloured, unless `plain`.
    """
    width = max((wide(shown(one)) for one in profiles), default=0)
    found: dict[tuple[str, Stream], tuple[bytes, bytes]] = {}
    for number, profile in enumerate(profiles):
        name = f"[{shown(profile)}]"
        code = _colour(colour(profile), number)
        for stream in Stream:
            padding, said = b"", name.encode("utf-8", "backslashreplace")
            if stream in screen.terminals:
                padding = b" " * (width - wide(shown(profile)))
                if not plain:
                    said = b"\x1b[0;%bm%b\x1b[0m" % (code.encode(), said)
            found[profile, stream] = (said + b" " + padding, said + b"+" + padding)
    return found


def _colour(named: str | None, number: int) -> str:
    if named is None:
        return str(PALETTE[number % len(PALETTE)])
    if named.startswith("#"):
        red, green, blue = (int(named[at : at + 2], 16) for at in (1, 3, 5))
        return f"38;2;{red};{green};{blue}"
    return str(COLOURS.get(named, 0))


# grouped


@dataclass(frozen=True, slots=True)
class Grouped:
    """Each profile's output whole, when it ends, below a line `==> account-a <==`."""

    screen: Streams
    room: MemoryBudget
    table: bool = True

    def sink(self, profile: str) -> Sink:
        """A pair of spools."""
        return _GroupedSink(
            self.screen, f"==> {shown(profile)} <==\n".encode("utf-8", "backslashreplace"), _spools(self.room)
        )

    def absent(self, result: Result) -> None:
        """Nothing to be seen but in the table."""


@dataclass(frozen=True, slots=True)
class _GroupedSink:
    screen: Streams
    head: bytes
    spools: Mapping[Stream, Spool]

    def take(self, stream: Stream, data: bytes) -> None:
        self.spools[stream].add(data)

    def end(self, _result: Result) -> None:
        for stream, spool in self.spools.items():
            if spool.size:
                head = self.head
                for portion in spool.portions():
                    self.screen.write(stream, head, portion)
                    head = b""
                if spool.last != b"\n":
                    self.screen.write(stream, b"\n")

    def close(self) -> None:
        _close(self.spools)


# json


@dataclass(frozen=True, slots=True)
class JsonLines:
    """One JSON object a profile, a line each, as the commands end."""

    screen: Streams
    speak: Speak
    room: MemoryBudget
    table: bool = False

    def sink(self, profile: str) -> Sink:
        """A pair of spools."""
        del profile
        return _ObjectSink(self.screen, self.speak, _spools(self.room))

    def absent(self, result: Result) -> None:
        """An object without output."""
        sink = self.sink(result.profile)
        sink.end(result)
        sink.close()


@dataclass(frozen=True, slots=True)
class _ObjectSink:
    screen: Streams
    speak: Speak
    spools: Mapping[Stream, Spool]

    def take(self, stream: Stream, data: bytes) -> None:
        self.spools[stream].add(data)

    def end(self, result: Result) -> None:
        """Written in portions, so that a gigabyte needs no gigabyte of text. `replaced` says what was not UTF-8."""
        head = {
            "profile": result.profile,
            "account": result.account,
            "status": result.status,
            "seconds": round(result.seconds, 3),
        }
        self._say(json_text(head)[:-1])
        replaced = []
        for stream, key in ((Stream.OUT, "stdout"), (Stream.ERR, "stderr")):
            self._say(f', "{key}": "')
            text = _Decoder()
            for portion in self.spools[stream].portions():
                self._say(json.dumps(text.more(portion), ensure_ascii=False)[1:-1])
            self._say(json.dumps(text.end(), ensure_ascii=False)[1:-1] + '"')
            if text.replaced:
                replaced.append(key)
        why = result.trouble
        error = why and {"code": why.code, "title": self.speak(why.title), "hint": self.speak(why.hint)}
        tail = {"replaced": replaced, "error": error}
        self._say(", " + json_text(tail)[1:] + "\n")

    def close(self) -> None:
        _close(self.spools)

    def _say(self, text: str) -> None:
        self.screen.write(Stream.OUT, text.encode("utf-8", "backslashreplace"))


class _Decoder:
    """UTF-8 in portions; from the first wrong byte on, wrong ones are replaced, and that is remembered."""

    def __init__(self) -> None:
        self.replaced = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")

    def more(self, data: bytes, *, last: bool = False) -> str:
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(data, last)
        except UnicodeDecodeError:
            self.replaced = True
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._decoder.setstate(before)
            return self._decoder.decode(data, last)

    def end(self) -> str:
        return self.more(b"", last=True)


def _spools(room: MemoryBudget) -> Mapping[Stream, Spool]:
    return {one: Spool(room) for one in Stream}


def _close(spools: Mapping[Stream, Spool]) -> None:
    for spool in spools.values():
        spool.close()


# A folder


@dataclass(frozen=True, slots=True)
class Folder:
    """`PATH/account-a.out` and `.err`, written as it comes; `path` is open, so that it stays the folder it was."""

    path: int
    files: Mapping[str, str]
    table: bool = True

    def sink(self, profile: str) -> Sink:
        """Both files, empty."""
        name = self.files[profile]
        opened: dict[Stream, int] = {}
        try:
            for stream in Stream:
                opened[stream] = private_files.begin(f"{name}.{stream.value}", self.path)
        except OSError:
            for descriptor in opened.values():
                os.close(descriptor)
            raise
        return _FolderSink(opened)

    def absent(self, result: Result) -> None:
        """No file."""


@dataclass(frozen=True, slots=True)
class _FolderSink:
    files: dict[Stream, int]

    def take(self, stream: Stream, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.files[stream], view) :]

    def end(self, _result: Result) -> None:
        """Close: some file systems only now say that the disk is full."""
        while self.files:
            os.close(self.files.popitem()[1])

    def close(self) -> None:
        with suppress(OSError):
            while self.files:
                os.close(self.files.popitem()[1])


def folder(path: Path, profiles: Sequence[str]) -> Folder:
    """The folder, made if need be, and none in which another user could exchange a file. Raises OSError."""
    path.mkdir(mode=private_files.OWN_FOLDER, parents=True, exist_ok=True)
    opened = private_files.trusted_folder(str(path))
    private_files.sweep(str(path))
    return Folder(opened, file_names(profiles))

"""`--output grouped` and `json`: what a command says is kept until it ends, a little in our memory, much outside."""

import codecs
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from trayexec.commands import as_json
from trayexec.commands.fanout.result import Result
from trayexec.commands.fanout.screen import ERR, OUT, STREAMS, Streams
from trayexec.light.errors import Text, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trayexec.commands.fanout.output import Sink
    from trayexec.commands.fanout.screen import Stream

Speak = Callable[[Text], str]
IN_MEMORY = 1 << 20  # bytes
PORTION = 1 << 18
UNSAID = 1 << 30  # bytes, where the system does not say how much memory there is
SHARE = 4  # one part in so many of the machine's memory may be filled: more, and everything stands still


# What is kept


class MemoryBudget:
    """What all commands of a run may have kept at a time, in bytes."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, size: int) -> None:
        """Use up some. Raises OSError when there is not so much."""
        if size > self._left:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        self._left -= size

    def give(self, size: int) -> None:
        """Have it back."""
        self._left += size


def memory_budget() -> MemoryBudget:
    """What this machine can spare."""
    try:
        return MemoryBudget(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // SHARE)
    except (ValueError, OSError):  # no name of POSIX
        return MemoryBudget(UNSAID)


class Spool:
    """Bytes to be read back once, in order."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._buffer = bytearray()
        self._file: io.BufferedRandom | io.BytesIO | None = None
        self.size = 0
        self.last = b""

    def add(self, data: bytes) -> None:
        """Keep `data`. Raises OSError when there is no room for it."""
        self._budget.take(len(data))
        self.size += len(data)
        if self._file is None and len(self._buffer) + len(data) > IN_MEMORY:
            self._file = _nameless()
            self._file.write(self._buffer)
            self._buffer = bytearray()
        if self._file is None:
            self._buffer += data
        else:
            self._file.write(data)
        self.last = data[-1:] or self.last

    def portions(self) -> Iterator[bytes]:
        """All of it, from the beginning."""
        if self._file is None:
            yield bytes(self._buffer)
            return
        self._file.seek(0)
        while portion := self._file.read(PORTION):
            yield portion

    def close(self) -> None:
        """Forget it."""
        self._budget.give(self.size)
        self.size = 0
        self._buffer = bytearray()
        if self._file is not None:
            self._file.close()


def _nameless() -> io.BufferedRandom | io.BytesIO:
    """Memory outside of ours, which may be swapped out, where there is such a thing: never a file on a disk."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("trayexec-output", os.MFD_CLOEXEC), "w+b")
    else:  # noqa: RET505 — so that a type checker knows what is reached where
        return io.BytesIO()


# grouped


@dataclass(frozen=True, slots=True)
class Grouped:
    """Each profile's output whole, when it ends, below a line `==> account-a <==`."""

    screen: Streams
    budget: MemoryBudget
    table: bool = True

    def sink(self, profile: str) -> "Sink":
        """A pair of spools."""
        return _GroupedSink(
            self.screen, f"==> {shown(profile)} <==\n".encode("utf-8", "backslashreplace"), _spools(self.budget)
        )

    def absent(self, result: Result) -> None:
        """Nothing to be seen but in the table."""


@dataclass(frozen=True, slots=True)
class _GroupedSink:
    screen: Streams
    head: bytes
    spools: "Mapping[Stream, Spool]"

    def take(self, stream: "Stream", data: bytes) -> None:
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
    budget: MemoryBudget
    table: bool = False

    def sink(self, profile: str) -> "Sink":
        """A pair of spools."""
        del profile
        return _ObjectSink(self.screen, self.speak, _spools(self.budget))

    def absent(self, result: Result) -> None:
        """An object without output."""
        sink = self.sink(result.profile)
        sink.end(result)
        sink.close()


@dataclass(frozen=True, slots=True)
class _ObjectSink:
    screen: Streams
    speak: Speak
    spools: "Mapping[Stream, Spool]"

    def take(self, stream: "Stream", data: bytes) -> None:
        self.spools[stream].add(data)

    def end(self, result: Result) -> None:
        """Written in portions, so that a gigabyte needs no gigabyte of text. `replaced` says what was not UTF-8."""
        head = {
            "profile": result.profile,
            "account": result.account,
            "status": result.status,
            "seconds": round(result.seconds, 3),
        }
        self._say(as_json.text(head)[:-1])
        replaced = []
        for stream, key in ((OUT, "stdout"), (ERR, "stderr")):
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
        self._say(", " + as_json.text(tail)[1:] + "\n")

    def close(self) -> None:
        _close(self.spools)

    def _say(self, text: str) -> None:
        self.screen.write(OUT, text.encode("utf-8", "backslashreplace"))


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


def _spools(budget: MemoryBudget) -> "Mapping[Stream, Spool]":
    return {one: Spool(budget) for one in STREAMS}


def _close(spools: "Mapping[Stream, Spool]") -> None:
    for spool in spools.values():
        spool.close()

"""`--output prefix`: `[account-a] line`, at once. Lines with a mark in front, out of bytes that come in any portions.

This is the hot path of a run, so it copies as little as it can: what comes out are buffers to be written one after the
other.

A line is never torn while it is shorter than `longest`; a longer one comes in pieces, each on a line of its own, all
but the first behind the mark of a continuation, so that they can be joined again.
"""

from trayexec.commands.fanout.screen import STREAMS
from trayexec.light.columns import wide
from trayexec.light.errors import shown
from trayexec.light.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from trayexec.commands.fanout.output import Sink
    from trayexec.commands.fanout.result import Result
    from trayexec.commands.fanout.screen import Stream, Streams

PALETTE = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)  # of a terminal; red is for what a person coloured so
COLOURS = {"red": 31, "orange": 33, "yellow": 93, "green": 32, "blue": 34, "purple": 35, "grey": 90}
LONGEST = 1 << 20  # bytes of one line that are kept until its end comes


class LinePrefixer:
    """One stream of one command. What `feed` and `end` return are, together, whole lines, to be written at once."""

    __slots__ = ("_begin", "_between", "_continue", "_longest", "_mark", "_rest")

    def __init__(self, begin: bytes, carry_on: bytes, *, longest: int = LONGEST) -> None:
        """`begin` goes before a line, `carry_on` before a further piece of one."""
        self._begin = begin
        self._between = b"\n" + begin
        self._continue = carry_on
        self._longest = longest
        self._mark = begin
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes | bytearray | memoryview]:
        """All lines that `data` completes."""
        cut = data.rfind(b"\n")
        if cut < 0:
            self._rest += data
            return self._piece() if len(self._rest) >= self._longest else []
        # Marks what follows the last newline as well, which is then left out: cheaper than to cut it off before.
        marked = data.replace(b"\n", self._between)
        end = len(marked) - (len(data) - cut - 1) - len(self._begin)
        said: list[bytes | bytearray | memoryview] = [self._mark, self._rest, memoryview(marked)[:end]]
        self._mark = self._begin
        self._rest = bytearray(data[cut + 1 :])
        return said + self._piece() if len(self._rest) >= self._longest else said

    def end(self) -> list[bytes | bytearray | memoryview]:
        """The last line, ended if it was not."""
        return self._piece() if self._rest else []

    def _piece(self) -> list[bytes | bytearray | memoryview]:
        said: list[bytes | bytearray | memoryview] = [self._mark, self._rest, b"\n"]
        self._mark = self._continue
        self._rest = bytearray()
        return said


class Prefixed(Frozen):
    """`[account-a] line`, at once; names in columns and in colour on a terminal."""

    screen: "Streams"
    marks: "Mapping[tuple[str, Stream], tuple[bytes, bytes]]"
    table: "bool" = True

    def sink(self, profile: str) -> "Sink":
        """A pair of markers."""
        return _PrefixedSink(self.screen, {one: LinePrefixer(*self.marks[profile, one]) for one in STREAMS})

    def absent(self, result: "Result") -> None:
        """Nothing to be seen but in the table."""


class _PrefixedSink(Frozen):
    screen: "Streams"
    markers: "Mapping[Stream, LinePrefixer]"

    def take(self, stream: "Stream", data: bytes) -> None:
        self.screen.write(stream, *self.markers[stream].feed(data))

    def end(self, _result: "Result") -> None:
        for stream, marker in self.markers.items():
            self.screen.write(stream, *marker.end())

    def close(self) -> None:
        pass


def marks(
    profiles: "Sequence[str]", screen: "Streams", *, plain: bool, colour: "Callable[[str], str | None]"
) -> "Mapping[tuple[str, Stream], tuple[bytes, bytes]]":
    """What stands before a profile's lines, and before further pieces of one: in a pipe `[name] ` and `[name]+`.

    On a terminal the names are padded to one width and coloured, unless `plain`.
    """
    width = max((wide(shown(one)) for one in profiles), default=0)
    found: dict[tuple[str, Stream], tuple[bytes, bytes]] = {}
    for number, profile in enumerate(profiles):
        name = f"[{shown(profile)}]"
        code = colour_code(colour(profile)) or str(PALETTE[number % len(PALETTE)])
        for stream in STREAMS:
            padding, said = b"", name.encode("utf-8", "backslashreplace")
            if stream in screen.terminals:
                padding = b" " * (width - wide(shown(profile)))
                if not plain:
                    said = b"\x1b[0;%bm%b\x1b[0m" % (code.encode(), said)
            found[profile, stream] = (said + b" " + padding, said + b"+" + padding)
    return found


def colour_code(named: str | None) -> str:
    """What sets a colour of config.toml on a terminal; nothing for none."""
    if named is None:
        return ""
    if named.startswith("#"):
        red, green, blue = (int(named[at : at + 2], 16) for at in (1, 3, 5))
        return f"38;2;{red};{green};{blue}"
    return str(COLOURS.get(named, 0))

"""Lines with a mark in front, out of bytes that come in any portions. Pure, and the hot path of `--output prefix`.

So it copies as little as it can: what comes out are buffers to be written one after the other.

A line is never torn while it is shorter than `longest`; a longer one comes in pieces, each on a line of its own, all
but the first behind the mark of a continuation, so that they can be joined again.
"""

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

"""Whether something can be read or written now. The one place that waits for descriptors, whatever their numbers.

Not by select(2), which knows no descriptor above 1,023: a process that was given many files, or serves a thousand
callers, has such. Not by epoll or kqueue, which need one more descriptor when there may be none left.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Protocol

    class Watched(Protocol):
        """Something with a descriptor."""

        def fileno(self) -> int:
            """Its file descriptor."""


def readable(*sources: "Watched | int", seconds: float | None = None) -> "list[Watched | int]":
    """Those of the sources that can be read, after at most so many seconds; None waits without end."""
    import selectors  # noqa: PLC0415 — a fan-out has this module for the day that somebody makes it wait

    return _ready(sources, selectors.EVENT_READ, seconds)


def writable(source: "Watched | int", *, seconds: float | None = None) -> bool:
    """Whether this can be written to, after at most so many seconds."""
    import selectors  # noqa: PLC0415 — as above

    return bool(_ready((source,), selectors.EVENT_WRITE, seconds))


def _ready(sources: "tuple[Watched | int, ...]", event: int, seconds: float | None) -> "list[Watched | int]":
    import selectors  # noqa: PLC0415 — as above

    with getattr(selectors, "PollSelector", selectors.SelectSelector)() as selector:
        for one in sources:
            selector.register(one, event)
        ready = {key.fd for key, _ in selector.select(seconds)}
    return [one for one in sources if (one if isinstance(one, int) else one.fileno()) in ready]

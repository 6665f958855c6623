"""Leads what the broker says about a request to the part of the agent that the request came by. It must not know parts.

The socket, the icon and the container endpoint each open an address for a request; all in the loop.
"""

from collections.abc import Callable
from itertools import count

from trayexec.core.broker.events import AskAnew, Deliver, Refuse, ReplyAddress, SessionOpen, SignInDone, Tell

Reply = Deliver | SessionOpen | SignInDone | Refuse | AskAnew | Tell


class Replies:
    """All addresses that are open."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._takers: dict[ReplyAddress, Callable[[Reply], None]] = {}

    def open(self, take: Callable[[Reply], None]) -> ReplyAddress:
        """A new address: `take` is given the notes and the answer, until it is closed."""
        address = ReplyAddress(next(self._numbers))
        self._takers[address] = take
        return address

    def close(self, address: ReplyAddress) -> None:
        """Drop what still comes for it: its request has been answered, or whoever made it has gone."""
        self._takers.pop(address, None)

    def send(self, reply: Reply) -> None:
        """Give a reply to whoever opened its address."""
        take = self._takers.get(reply.caller.reply_to)
        if take is not None:
            take(reply)

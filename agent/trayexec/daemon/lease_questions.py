"""Has a person allowed again what a command under `--server` was allowed before a lock, while its requests come and go.

An SDK waits a second for an answer and then comes again, and the next one may come in an hour: so the question is no
request's own. There is one for each lease, which waits for a person as long as the command said when it began.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from trayexec.core import messages
from trayexec.core.broker.events import Ask, AskAnew, Deliver, Event, Gone, Refuse, ReplyAddress, Shell
from trayexec.core.container_credentials import Lease
from trayexec.daemon.replies import Replies, Reply
from trayexec.light.errors import Trouble

NO_TERMINAL = Shell("", 0)  # the command has it: nobody could answer there


@dataclass(frozen=True, slots=True)
class _LeaseQuestion:
    """The question about one lease, and the requests that wait for its answer."""

    address: ReplyAddress
    requests: list[ReplyAddress]


class LeaseQuestions:
    """All questions about leases. Everything here runs in the loop."""

    def __init__(
        self,
        post: Callable[[Event], None],
        replies: Replies,
        finish: Callable[[ReplyAddress, Deliver | Refuse | AskAnew], None],
    ) -> None:
        """Keep the ways to the broker and back; `finish` gives the answer to a request that waits for it."""
        self._post = post
        self._replies = replies
        self._finish = finish
        self._questions: dict[ReplyAddress, _LeaseQuestion] = {}  # by who holds the lease
        self._denied: set[ReplyAddress] = set()

    def join(self, lease: Lease, asked: Ask, why: Trouble) -> bool:
        """Let a request that was refused for this reason wait for the person's answer; False where nobody is asked.

        That is where another reason stands in the way, where the command did not want to wait for a person, and after
        a no: a program that asks every minute must not ask a person every minute.
        """
        holder = lease.caller.reply_to
        if why.code != messages.UNCONFIRMED or not lease.wait or holder in self._denied:
            return False
        request = asked.caller.reply_to
        if holder in self._questions:
            self._questions[holder].requests.append(request)
            return True
        address = self._replies.open(lambda reply: self._answered(holder, reply))
        self._questions[holder] = _LeaseQuestion(address, [request])
        caller = replace(asked.caller, reply_to=address, shell=NO_TERMINAL)
        self._post(replace(asked, caller=caller, wait=lease.wait))
        return True

    def is_asked(self, lease: Lease) -> bool:
        """Whether a person is being asked about this lease."""
        return lease.caller.reply_to in self._questions

    def end(self, holder: ReplyAddress) -> None:
        """The lease has ended: nobody is asked about it any more."""
        self._denied.discard(holder)
        question = self._questions.pop(holder, None)
        if question is not None:
            self._replies.close(question.address)
            self._post(Gone(question.address))

    def _answered(self, holder: ReplyAddress, reply: Reply) -> None:
        if not isinstance(reply, Deliver | Refuse | AskAnew):
            return
        question = self._questions.pop(holder)
        self._replies.close(question.address)
        if isinstance(reply, Refuse) and reply.trouble.code == messages.DENIED:
            self._denied.add(holder)
        for request in question.requests:
            self._finish(request, reply)

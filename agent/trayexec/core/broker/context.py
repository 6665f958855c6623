"""Carries one step: the state so far, the effects so far, and who waits for what. It must not know why."""

from dataclasses import dataclass, field, replace

from trayexec.core.broker import endings
from trayexec.core.broker.endings import Ending
from trayexec.core.broker.events import Ask, Effect, ReplyAddress, Screen
from trayexec.core.broker.state import Awaited, Broker, Opening, Prompting, Waiting
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Provider, Role, SignIn


@dataclass(slots=True)
class StepContext:
    """What the rules work on; it lives for one call of `step`."""

    broker: Broker
    now: Instant
    effects: list[Effect] = field(default_factory=list)

    def known(self) -> tuple[Identity, ...]:
        """Every identity: those of the files, and those that callers brought along."""
        return tuple(dict.fromkeys((*self.broker.identities, *self.broker.phases)))

    def providers(self) -> tuple[Provider, ...]:
        """Every provider that was asked for something."""
        return tuple(dict.fromkeys(root for one in self.broker.roles if isinstance(root := one.root, Provider)))

    def current(self, identity: Identity, epoch: int) -> Prompting | Opening | None:
        """The attempt that an answer stamped `epoch` belongs to, unless it is out of date."""
        attempt = self.broker.prompting(identity)
        return attempt if attempt is not None and attempt.epoch == epoch else None

    def is_pending(self, role: Provider | Role, epoch: int) -> bool:
        """Whether an answer stamped `epoch` belongs to the call under way for `role`."""
        pending = self.broker.role(role).pending
        return pending is not None and pending.epoch == epoch

    def next_epoch(self) -> int:
        """A number that no dialog or call has been stamped with."""
        self.broker = replace(self.broker, epoch=self.broker.epoch + 1)
        return self.broker.epoch

    def later(self, moment: Instant | None) -> bool:
        """Whether `moment` is still to come."""
        return moment is not None and self.now.until(moment) > 0

    def tell_ending(self, ending: Ending) -> None:
        """Have a person told of an end, when this step is done and somebody is there."""
        self.broker = replace(self.broker, endings=endings.with_ending(self.broker.endings, ending, self.now))

    def forget_ending(self, who: Identity | SignIn) -> None:
        """Have nobody told any more that this ends."""
        self.broker = replace(self.broker, endings=endings.without(self.broker.endings, who))

    def forget_first_uses(self, root: Identity | Provider | None = None) -> None:
        """Have a person told anew of what uses `root`, or anything: it is over, or was locked."""
        known = self.broker.first_uses
        known = known.forgotten() if root is None else known.without(root)
        self.broker = replace(self.broker, first_uses=known)

    def note_waiting(self, request: ReplyAddress, waiting: Waiting) -> None:
        """Remember a request until it is answered."""
        self.broker = replace(self.broker, waiting={**self.broker.waiting, request: waiting})

    def queue(self, key: Awaited, request: ReplyAddress) -> None:
        """Let a request wait for `key`."""
        queues = self.broker.queues
        self.broker = replace(self.broker, queues={**queues, key: (*queues.get(key, ()), request)})

    def take_queue(self, key: Awaited) -> tuple[ReplyAddress, ...]:
        """Those who wait for `key`, who from now on do not."""
        queues = dict(self.broker.queues)
        taken = queues.pop(key, ())
        self.broker = replace(self.broker, queues=queues)
        return taken

    def settled(self, request: ReplyAddress) -> Waiting | None:
        """Forget a request, because it has been answered or its caller has gone."""
        if request not in self.broker.waiting:
            return None
        waiting = dict(self.broker.waiting)
        settled = waiting.pop(request)
        target = settled.asked.profile.target if isinstance(settled.asked, Ask) else None
        queues = dict(self.broker.queues)
        for key in {target, settled.identity, settled.sign_in, settled.use, Screen.LOCKED}:
            if key is None:
                continue
            rest = tuple(one for one in queues.get(key, ()) if one != request)
            if rest:
                queues[key] = rest
            else:
                queues.pop(key, None)
        self.broker = replace(self.broker, waiting=waiting, queues=queues)
        return settled

    def settle_all(self, key: Awaited) -> list[Waiting]:
        """Forget all that wait for `key` in one go: a thousand callers must not cost a thousand copies."""
        taken = self.take_queue(key)
        waiting = dict(self.broker.waiting)
        settled = [waiting.pop(request) for request in taken if request in waiting]
        self.broker = replace(self.broker, waiting=waiting)
        return settled

"""One step under way: the state so far, the effects so far, and who waits for what. It must not know why."""

from collections.abc import Iterable
from dataclasses import replace

from trayexec.core.broker.events import SOFT_NEED, Ask, Deliver, Effect, Refuse
from trayexec.core.broker.expiry_watch import begun, with_run
from trayexec.core.broker.state import Broker, Opening, Prompting, Use, Waiting
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Role
from trayexec.core.credentials import Credentials
from trayexec.light.errors import Trouble

LEAST = 60  # never hand out what has less life (seconds)
ROLE_LIFE = 3600  # what AWS gives a role from a session at most (seconds)
FRESH_FOR = 120  # how long a role counts as brand new (seconds)
FRESH_ROLE = ROLE_LIFE - FRESH_FOR  # the most that can be asked of a role (seconds)
USES = 5


class StepContext:
    """What the layers above work on; it lives for one call of `step`."""

    def __init__(self, broker: Broker, now: Instant) -> None:
        """Begin with `broker` and nothing to be done."""
        self.broker = broker
        self.now = now
        self.effects: list[Effect] = []

    def serve(self, request: int) -> None:
        """Give a waiting request what it wants, or see to it that it comes. The topmost layer knows how."""
        raise NotImplementedError

    def known(self) -> tuple[Identity, ...]:
        """Every identity: those of the files, and those that callers brought along."""
        return tuple(dict.fromkeys((*self.broker.identities, *self.broker.phases)))

    def current(self, identity: Identity, epoch: int) -> Prompting | Opening | None:
        """The attempt that an answer stamped `epoch` belongs to, unless it is out of date."""
        attempt = self.broker.prompting(identity)
        return attempt if attempt is not None and attempt.epoch == epoch else None

    def in_flight(self, role: Role, epoch: int) -> bool:
        """Whether an answer stamped `epoch` belongs to the AssumeRole under way for `role`."""
        flight = self.broker.held(role).flight
        return flight is not None and flight.epoch == epoch

    def next_epoch(self) -> int:
        """A number that no dialog or call has been stamped with."""
        self.broker = replace(self.broker, epoch=self.broker.epoch + 1)
        return self.broker.epoch

    def later(self, moment: Instant | None) -> bool:
        """Whether `moment` is still to come."""
        return moment is not None and self.now.until(moment) > 0

    def note_waiting(self, request: int, waiting: Waiting) -> None:
        """Remember a request until it is answered."""
        self.broker = replace(self.broker, waiting={**self.broker.waiting, request: waiting})

    def queue(self, key: Identity | Role, request: int) -> None:
        """Let a request wait for an identity's session, or for a role."""
        queues = self.broker.queues
        self.broker = replace(self.broker, queues={**queues, key: (*queues.get(key, ()), request)})

    def take_queue(self, key: Identity | Role) -> tuple[int, ...]:
        """Those who wait for `key`, who from now on do not."""
        queues = dict(self.broker.queues)
        taken = queues.pop(key, ())
        self.broker = replace(self.broker, queues=queues)
        return taken

    def settled(self, request: int) -> Waiting | None:
        """Forget a request, because it has been answered or its caller has gone."""
        if request not in self.broker.waiting:
            return None
        waiting = dict(self.broker.waiting)
        settled = waiting.pop(request)
        target = settled.asked.profile.target if isinstance(settled.asked, Ask) else settled.asked.identity
        queues = dict(self.broker.queues)
        for key in {settled.identity, target}:
            rest = tuple(one for one in queues.get(key, ()) if one != request)
            if rest:
                queues[key] = rest
            else:
                queues.pop(key, None)
        self.broker = replace(self.broker, waiting=waiting, queues=queues)
        return settled

    def settle_all(self, key: Identity | Role) -> list[Waiting]:
        """Forget all that wait for `key` in one go: a thousand callers must not cost a thousand copies."""
        taken = self.take_queue(key)
        waiting = dict(self.broker.waiting)
        settled = [waiting.pop(request) for request in taken if request in waiting]
        self.broker = replace(self.broker, waiting=waiting)
        return settled

    def refuse_all(self, key: Identity | Role, why: Trouble) -> None:
        """Tell all who wait for `key` why it does not come."""
        self.effects += [Refuse(one.asked.caller, why) for one in self.settle_all(key)]

    def deliver(self, asks: Iterable[Ask], credentials: Credentials) -> None:
        """Hand the same credentials to all who asked for them."""
        for asked in asks:
            self.effects.append(Deliver(asked.caller, asked.profile, credentials))
            use = Use(asked.profile.name, asked.caller.program, self.now)
            older = tuple(one for one in self.broker.uses if (one.profile, one.program) != (use.profile, use.program))
            self.broker = replace(self.broker, uses=(use, *older)[:USES])
            self._watch(asked, credentials)

    def _watch(self, asked: Ask, credentials: Credentials) -> None:
        """Remember a command that cannot renew what it got, to tell before it ends."""
        caller, profile = asked.caller, asked.profile.name
        if caller.process is not None:
            run = begun(caller.process, caller.program, profile=profile, ends=credentials.expiry, now=self.now)
            self.broker = replace(self.broker, watch=with_run(self.broker.watch, run, now=self.now))

    def enough(self, credentials: Credentials, need: float) -> bool:
        """Whether credentials have `need` seconds left, and a minute in any case."""
        return credentials.expiry.left(self.now) >= max(need, LEAST)

    def session_serves(self, asked: Ask, session: Credentials) -> bool:
        """Whether a session has the life that a request needs of it.

        A role needs it only to be there, as AWS does not tie a role's life to the session's, unless more was asked
        for than a role can have. The usual need is a wish where it is the session itself that is handed out.
        """
        if isinstance(asked.profile.target, Role):
            return asked.need <= FRESH_ROLE or self.enough(session, asked.need)
        return self.enough(session, asked.need if asked.need > SOFT_NEED else LEAST)

    def answer(self, asked: Ask, credentials: Credentials) -> None:
        """Hand credentials to one who waits."""
        self.settled(asked.caller.request)
        self.deliver([asked], credentials)

    def fall_back(self, asked: Ask, why: Trouble) -> None:
        """Serve what is left of what we hold, rather than nothing; if there is nothing, say why."""
        self.settled(asked.caller.request)
        left = self.what_is_left(asked)
        if left is None:
            self.effects.append(Refuse(asked.caller, why))
        else:
            self.deliver([asked], left)

    def what_is_left(self, asked: Ask) -> Credentials | None:
        """What we hold already and may serve in need: only where nobody insists on more, and never under a minute."""
        if asked.need > SOFT_NEED:
            return None
        target = asked.profile.target
        held = (
            self.broker.held(target).credentials if isinstance(target, Role) else self.broker.session(target, self.now)
        )
        return held if held is not None and self.enough(held, LEAST) else None

    def give_up(self, request: int, why: Trouble) -> None:
        """Answer a request without what it waited for: with what is left, or with the reason."""
        waiting = self.broker.waiting.get(request)
        if waiting is None:
            return
        if isinstance(waiting.asked, Ask):
            self.fall_back(waiting.asked, why)
        else:
            self.settled(request)
            self.effects.append(Refuse(waiting.asked.caller, why))

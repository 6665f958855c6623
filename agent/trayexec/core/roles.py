"""The rules about roles: one AssumeRole at a time for each, renewed while in use, the last good kept when AWS fails."""

from dataclasses import replace

from trayexec.core import notices, refusals
from trayexec.core.credentials import Credentials
from trayexec.core.events import SOFT_NEED, Ask, AssumeRole, Show
from trayexec.core.ports import Refusal
from trayexec.core.profiles import Role
from trayexec.core.sessions import Sessions
from trayexec.core.state import Flight, Held, Locked, Open
from trayexec.core.turn import FRESH_ROLE, LEAST
from trayexec.errors import Trouble

IN_USE = 3600  # a role asked for within this time is renewed ahead (seconds)
DENIED_FOR = 30  # how long a refusal of a role is believed (seconds)
RETRY_FIRST, RETRY_MOST = 15, 300  # pauses between renewals that fail (seconds)
YOUNG = 60  # a session this young that AWS refuses is not a reason to ask again (seconds)


class Roles(Sessions):
    """Assumes, renews and forgets roles."""

    def fly(self, role: Role) -> None:
        """Start AssumeRole unless it is under way; a role on top of a role waits for its source first."""
        held = self.broker.held(role)
        session = self.broker.session(role.identity, self.now)
        if held.flight is not None or session is None:
            return
        epoch = self.next_epoch()
        by: Credentials | None = session
        if isinstance(role.source, Role):
            by = self.broker.held(role.source).credentials
            if by is None or not self.enough(by, LEAST):
                self.fly(role.source)
                by = None
        flight = Flight(epoch, waits=by is None)
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), flight=flight))
        if by is not None:
            self.effects.append(AssumeRole(role, epoch, by))

    def _on_top_of(self, role: Role) -> list[Role]:
        return [
            one
            for one, held in self.broker.roles.items()
            if one.source == role and held.flight is not None and held.flight.waits
        ]

    def assumed(self, role: Role, credentials: Credentials) -> None:
        """AWS gave the role: serve all who wait for it, and the roles on top of it."""
        held = self.broker.held(role)
        self.broker = self.broker.with_held(role, Held(credentials, credentials.expiry.left(self.now), used=held.used))
        for upper in self._on_top_of(role):
            self.broker = self.broker.with_held(upper, replace(self.broker.held(upper), flight=None))
            self.fly(upper)
        if self.enough(credentials, LEAST):
            settled = self.settle_all(role)
            self.deliver((one.asked for one in settled if isinstance(one.asked, Ask)), credentials)
        else:
            self.refuse_all(role, refusals.too_short(role))

    def denied(self, role: Role, why: Trouble, refusal: Refusal) -> None:
        """AWS refused: keep what is good, believe a clear no for a while, and tell all who wait."""
        held = replace(self.broker.held(role), flight=None)
        self.broker = self.broker.with_held(role, held)
        if refusal is Refusal.SESSION and self._ask_again(role):
            return
        for upper in self._on_top_of(role):
            self.denied(upper, why, refusal)
        if refusal in {Refusal.DENIED, Refusal.SESSION}:
            pause = DENIED_FOR
        elif held.credentials is not None:
            pause = min(RETRY_MOST, RETRY_FIRST * 2**held.failures)
        else:
            pause = 0
        held = replace(held, refused=why, not_before=self.now.after(pause), failures=held.failures + 1)
        self.broker = self.broker.with_held(role, held)
        for one in self.settle_all(role):
            if isinstance(one.asked, Ask):
                self.fall_back(one.asked, why)

    def _ask_again(self, role: Role) -> bool:
        """AWS no longer takes what the role was assumed with: drop that, and ask once for all who wait.

        Not when the session is brand new: then a further code would not help either.
        """
        identity = role.identity
        if isinstance(role.source, Role):
            self.broker = self.broker.with_held(role.source, replace(self.broker.held(role.source), credentials=None))
            return False
        phase = self.broker.phase(identity)
        if isinstance(phase, Open):
            if phase.since.until(self.now) < YOUNG:
                return False
            self.broker = self.broker.with_phase(identity, phase.renewal or Locked())
            self.effects.append(Show(notices.revoked(identity)))
        waiting: list[int] = []
        for one, held in self.broker.roles.items():
            if one.identity == identity and (held.flight is not None or one == role):
                waiting += self.take_queue(one)
                self.broker = self.broker.with_held(one, replace(held, flight=None))
        for request in waiting:
            self.serve(request)
        return True

    def touch(self, role: Role) -> None:
        """Remember that the role is in use."""
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), used=self.now))

    def renew(self, role: Role, held: Held) -> None:
        """Renew a role in use before it gets short; forget one that is over and that nobody waits for."""
        if held.flight is not None or self.later(held.not_before):
            return
        left = held.credentials.expiry.left(self.now) if held.credentials is not None else 0.0
        in_use = held.used is not None and held.used.until(self.now) < IN_USE
        if left <= 0 and role not in self.broker.queues:
            roles = dict(self.broker.roles)
            del roles[role]
            self.broker = replace(self.broker, roles=roles)
        elif in_use and left < role_need(SOFT_NEED, held):
            self.fly(role)


def role_need(need: int, held: Held) -> float:
    """What a role must have left; where AWS gives it less than 40 minutes, the usual need is half of that."""
    return min(need, held.life / 2) if need <= SOFT_NEED else min(need, FRESH_ROLE)

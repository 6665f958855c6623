"""The rules about roles: one AssumeRole at a time for each, renewed while in use, the last good kept when AWS fails."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import notifications
from trayexec.core.broker.context import FRESH_FOR, LEAST
from trayexec.core.broker.events import SOFT_NEED, Ask, AssumeRole, Show
from trayexec.core.broker.sessions import Sessions
from trayexec.core.broker.state import Locked, Open, PendingRole, RoleFailure, RoleState
from trayexec.core.config.profiles import Identity, Role
from trayexec.core.credentials import Credentials
from trayexec.core.ports import Refusal
from trayexec.light.errors import Trouble

IN_USE = 3600  # a role asked for within this time is renewed ahead (seconds)
DENIED_FOR = 30  # how long a refusal of a role is believed (seconds)
RETRY_FIRST, RETRY_MOST = 15, 300  # pauses between renewals that fail (seconds)
TOLD = 3600  # how long the list says that a role was refused (seconds)
YOUNG = 60  # a session this young that AWS refuses is not a reason to ask again (seconds)


class Roles(Sessions):
    """Assumes, renews and forgets roles."""

    def fly(self, role: Role) -> bool:
        """Start AssumeRole unless it is under way; a role on top of a role waits for its source first.

        False when there is nothing to assume it with: no session, and no source role that is still good.
        """
        if self.broker.held(role).flight is not None:
            return True
        by = self._good(role.source)
        if by is None and not (isinstance(role.source, Role) and self.fly(role.source)):
            return False
        flight = PendingRole(self.next_epoch(), by)
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), flight=flight))
        if by is not None:
            self.effects.append(AssumeRole(role, flight.epoch, by))
        return True

    def _good(self, source: Identity | Role) -> Credentials | None:
        """What a role on top of `source` can be assumed with now."""
        if isinstance(source, Identity):
            return self.broker.session(source, self.now)
        held = self.broker.held(source).credentials
        return held if held is not None and self.enough(held, LEAST) else None

    def _on_top_of(self, role: Role) -> list[Role]:
        return [
            one
            for one, held in self.broker.roles.items()
            if one.source == role and held.flight is not None and held.flight.by is None
        ]

    def assumed(self, role: Role, credentials: Credentials) -> None:
        """AWS gave the role: serve all who wait for it, and the roles on top of it."""
        if not self.enough(credentials, LEAST):
            self.denied(role, messages.too_short(role), Refusal.OTHER)
            return
        held = self.broker.held(role)
        self.broker = self.broker.with_held(
            role, RoleState(credentials, credentials.expiry.left(self.now), used=held.used)
        )
        for upper in self._on_top_of(role):
            self.broker = self.broker.with_held(upper, replace(self.broker.held(upper), flight=None))
            self.fly(upper)
        self.deliver((one.asked for one in self.settle_all(role) if isinstance(one.asked, Ask)), credentials)

    def denied(self, role: Role, why: Trouble, refusal: Refusal) -> None:
        """AWS refused: keep what is good, believe a clear no for a while, and tell all who wait."""
        held = self.broker.held(role)
        by = held.flight.by if held.flight is not None else None
        if refusal is Refusal.SESSION and by is not None and self._get_better(role, by, why):
            return
        clear = refusal in {Refusal.DENIED, Refusal.SESSION}
        failures = held.setback.failures if held.setback is not None else 0
        setback = RoleFailure(
            why,
            self.now,
            clear,
            failures + 1,
            retry_at=self.now.after(min(RETRY_MOST, (DENIED_FOR if clear else RETRY_FIRST) * 2**failures)),
            believed_until=self.now.after(DENIED_FOR if clear else 0),
        )
        self.broker = self.broker.with_held(role, replace(held, flight=None, setback=setback))
        for upper in self._on_top_of(role):
            self.denied(upper, why, refusal)
        for one in self.settle_all(role):
            if isinstance(one.asked, Ask):
                self.fall_back(one.asked, why)

    def _get_better(self, role: Role, by: Credentials, why: Trouble) -> bool:
        """AWS no longer takes what the role was assumed with: drop that, and get a newer one for all who wait.

        When it is brand new a newer one would not help either: then it is dropped with the reason, which is the answer
        to all who wait, and to all who ask within a moment. Else a person would be asked for code after code.
        """
        source = role.source
        if by is self._good(source):
            if self._is_young(source):
                self._drop(source, Locked(why, self.now.after(YOUNG)))
                return False
            self._drop(source, Locked())
        for request in self._abandon(role):
            self.serve(request)
        return True

    def _abandon(self, role: Role) -> list[int]:
        """Give up the call for `role`, and what waits for it on top: the requests that now wait for nothing."""
        uppers = self._on_top_of(role)
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), flight=None))
        return [*self.take_queue(role), *(request for upper in uppers for request in self._abandon(upper))]

    def _is_young(self, source: Identity | Role) -> bool:
        if isinstance(source, Role):
            held = self.broker.held(source)
            return held.credentials is not None and held.life - held.credentials.expiry.left(self.now) < YOUNG
        phase = self.broker.phase(source)
        return isinstance(phase, Open) and self.later(phase.since.after(YOUNG))

    def _drop(self, source: Identity | Role, then: Locked) -> None:
        if isinstance(source, Role):
            self.broker = self.broker.with_held(source, replace(self.broker.held(source), credentials=None))
            return
        phase = self.broker.phase(source)
        if isinstance(phase, Open):
            self.broker = self.broker.with_phase(source, phase.renewal or then)
            self.effects.append(Show(notifications.revoked(source)))

    def touch(self, role: Role) -> None:
        """Remember that the role is in use."""
        self.broker = self.broker.with_held(role, replace(self.broker.held(role), used=self.now))

    def renew(self, role: Role) -> None:
        """Renew a role in use before it gets short; forget one that is over and that nobody waits for."""
        held = self.broker.held(role)
        if held.flight is not None or (held.setback is not None and self.later(held.setback.retry_at)):
            return
        left = held.credentials.expiry.left(self.now) if held.credentials is not None else 0.0
        in_use = held.used is not None and self.later(held.used.after(IN_USE))
        if left <= 0 and held.setback is not None and self.later(held.setback.at.after(TOLD)):
            self.broker = self.broker.with_held(role, replace(held, credentials=None))
        elif left <= 0:
            roles = dict(self.broker.roles)
            del roles[role]
            self.broker = replace(self.broker, roles=roles)
        elif in_use and left < role_need(SOFT_NEED, held):
            self.fly(role)


def role_need(need: int, held: RoleState) -> float:
    """What a role must have left: as much as was asked for, but no more than it has when it is fresh.

    The usual need is a wish only, so where AWS gives a role less than 40 minutes, half of its life will do.
    """
    return min(need, held.life / 2 if need <= SOFT_NEED else held.life - FRESH_FOR)

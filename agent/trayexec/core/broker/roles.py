"""The rules about roles: one AssumeRole at a time for each, renewed while in use, the last good kept when AWS fails."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import notifications
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import LEAST, deliver, enough, fall_back
from trayexec.core.broker.events import SOFT_NEED, Ask, Show
from trayexec.core.broker.serving import assume, good, role_need, serve
from trayexec.core.broker.state import Locked, Open, RoleFailure, RoleState
from trayexec.core.config.profiles import Identity, Role
from trayexec.core.credentials import Credentials
from trayexec.core.ports import Refusal
from trayexec.light.errors import Trouble

IN_USE = 3600  # a role asked for within this time is renewed ahead (seconds)
DENIED_FOR = 30  # how long a refusal of a role is believed (seconds)
RETRY_FIRST, RETRY_MOST = 15, 300  # pauses between renewals that fail (seconds)
TOLD = 3600  # how long the list says that a role was refused (seconds)
YOUNG = 60  # a session this young that AWS refuses is not a reason to ask again (seconds)


def _on_top_of(step: StepContext, role: Role) -> list[Role]:
    return [
        one
        for one, held in step.broker.roles.items()
        if one.source == role and held.flight is not None and held.flight.by is None
    ]


def assumed(step: StepContext, role: Role, credentials: Credentials) -> None:
    """AWS gave the role: serve all who wait for it, and the roles on top of it."""
    if not enough(step, credentials, LEAST):
        denied(step, role, messages.too_short(role), Refusal.OTHER)
        return
    held = step.broker.held(role)
    step.broker = step.broker.with_held(role, RoleState(credentials, credentials.expiry.left(step.now), used=held.used))
    for upper in _on_top_of(step, role):
        step.broker = step.broker.with_held(upper, replace(step.broker.held(upper), flight=None))
        assume(step, upper)
    deliver(step, (one.asked for one in step.settle_all(role) if isinstance(one.asked, Ask)), credentials)


def denied(step: StepContext, role: Role, why: Trouble, refusal: Refusal) -> None:
    """AWS refused: keep what is good, believe a clear no for a while, and tell all who wait."""
    held = step.broker.held(role)
    by = held.flight.by if held.flight is not None else None
    if refusal is Refusal.SESSION and by is not None and _get_newer(step, role, by, why):
        return
    clear = refusal in {Refusal.DENIED, Refusal.SESSION}
    failures = held.setback.failures if held.setback is not None else 0
    setback = RoleFailure(
        why,
        step.now,
        clear,
        failures + 1,
        retry_at=step.now.after(min(RETRY_MOST, (DENIED_FOR if clear else RETRY_FIRST) * 2**failures)),
        believed_until=step.now.after(DENIED_FOR if clear else 0),
    )
    step.broker = step.broker.with_held(role, replace(held, flight=None, setback=setback))
    for upper in _on_top_of(step, role):
        denied(step, upper, why, refusal)
    for one in step.settle_all(role):
        if isinstance(one.asked, Ask):
            fall_back(step, one.asked, why)


def _get_newer(step: StepContext, role: Role, by: Credentials, why: Trouble) -> bool:
    """AWS no longer takes what the role was assumed with: drop that, and get a newer one for all who wait.

    When it is brand new a newer one would not help either: then it is dropped with the reason, which is the answer
    to all who wait, and to all who ask within a moment. Else a person would be asked for code after code.
    """
    source = role.source
    if by is good(step, source):
        if _is_young(step, source):
            _drop(step, source, Locked(why, step.now.after(YOUNG)))
            return False
        _drop(step, source, Locked())
    for request in _abandon(step, role):
        serve(step, request)
    return True


def _abandon(step: StepContext, role: Role) -> list[int]:
    """Give up the call for `role`, and what waits for it on top: the requests that now wait for nothing."""
    uppers = _on_top_of(step, role)
    step.broker = step.broker.with_held(role, replace(step.broker.held(role), flight=None))
    return [*step.take_queue(role), *(request for upper in uppers for request in _abandon(step, upper))]


def _is_young(step: StepContext, source: Identity | Role) -> bool:
    if isinstance(source, Role):
        held = step.broker.held(source)
        return held.credentials is not None and held.life - held.credentials.expiry.left(step.now) < YOUNG
    phase = step.broker.phase(source)
    return isinstance(phase, Open) and step.later(phase.since.after(YOUNG))


def _drop(step: StepContext, source: Identity | Role, then: Locked) -> None:
    if isinstance(source, Role):
        step.broker = step.broker.with_held(source, replace(step.broker.held(source), credentials=None))
        return
    phase = step.broker.phase(source)
    if isinstance(phase, Open):
        step.broker = step.broker.with_phase(source, phase.renewal or then)
        step.effects.append(Show(notifications.revoked(source)))


def renew(step: StepContext, role: Role) -> None:
    """Renew a role in use before it gets short; forget one that is over and that nobody waits for."""
    held = step.broker.held(role)
    if held.flight is not None or (held.setback is not None and step.later(held.setback.retry_at)):
        return
    left = held.credentials.expiry.left(step.now) if held.credentials is not None else 0.0
    in_use = held.used is not None and step.later(held.used.after(IN_USE))
    if left <= 0 and held.setback is not None and step.later(held.setback.at.after(TOLD)):
        step.broker = step.broker.with_held(role, replace(held, credentials=None))
    elif left <= 0:
        step.broker = step.broker.without_held(role)
    elif in_use and left < role_need(SOFT_NEED, held):
        assume(step, role)

"""Keeps roles, and what providers gave: one call at a time for each, renewed while in use, the last good kept."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import confirmations
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import LEAST, deliver, enough, fall_back
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import SOFT_NEED, Ask, ReplyAddress
from trayexec.core.broker.serving import assume, good, role_need, serve
from trayexec.core.broker.state import Locked, Open, RoleFailure, RoleState
from trayexec.core.config.profiles import Identity, Provider, Role
from trayexec.core.credentials import Credentials
from trayexec.core.ports import Refusal
from trayexec.light.errors import Trouble

IN_USE = 3600  # a role asked for within this time is renewed ahead (seconds)
DENIED_FOR = 30  # how long a refusal of a role is believed (seconds)
RETRY_FIRST, RETRY_MOST = 15, 300  # pauses between renewals that fail (seconds)
TOLD = 3600  # how long the list says that a role was refused (seconds)
YOUNG = 60  # a session this young that AWS refuses is not a reason to ask again (seconds)


def _on_top_of(step: StepContext, role: Provider | Role) -> list[Role]:
    return [
        one
        for one, state in step.broker.roles.items()
        if isinstance(one, Role) and one.source == role and state.pending is not None and state.pending.by is None
    ]


def assumed(step: StepContext, role: Provider | Role, credentials: Credentials) -> None:
    """Keep what AWS or a provider gave, and serve all who wait for it or for a role on top of it."""
    if not enough(step, credentials, LEAST):
        why = messages.too_short(role) if isinstance(role, Role) else messages.provided_too_short(role)
        denied(step, role, why, Refusal.OTHER)
        return
    state = step.broker.role(role)
    step.broker = step.broker.with_role(
        role, RoleState(credentials, credentials.expiry.left(step.now), used=state.used)
    )
    for upper in _on_top_of(step, role):
        step.broker = step.broker.with_role(upper, replace(step.broker.role(upper), pending=None))
        assume(step, upper)
    deliver(step, (one.asked for one in step.settle_all(role) if isinstance(one.asked, Ask)), credentials)


def denied(step: StepContext, role: Provider | Role, why: Trouble, refusal: Refusal) -> None:
    """Note that nothing came: what is good stays, a clear no is believed for a while, and all who wait are told."""
    state = step.broker.role(role)
    by = state.pending.by if state.pending is not None else None
    if isinstance(role, Role) and refusal is Refusal.SESSION and by is not None and _get_newer(step, role, by, why):
        return
    clear = refusal in {Refusal.DENIED, Refusal.SESSION}
    failures = state.failure.failures if state.failure is not None else 0
    failure = RoleFailure(
        why,
        step.now,
        clear,
        failures + 1,
        retry_at=step.now.after(min(RETRY_MOST, (DENIED_FOR if clear else RETRY_FIRST) * 2**failures)),
        believed_until=step.now.after(DENIED_FOR if clear else 0),
        refusal=refusal,
    )
    step.broker = step.broker.with_role(role, replace(state, pending=None, failure=failure))
    for upper in _on_top_of(step, role):
        denied(step, upper, why, refusal)
    for one in step.settle_all(role):
        if isinstance(one.asked, Ask):
            fall_back(step, one.asked, why)


def _get_newer(step: StepContext, role: Role, by: Credentials, why: Trouble) -> bool:
    """Drop what AWS no longer takes to assume the role with, and get a newer one for all who wait.

    When it is brand new a newer one would not help either: then it is dropped with the reason, which is the answer
    to all who wait, and to all who ask within a moment. Else a person would be asked for code after code.
    """
    source = role.source
    if by is good(step, source):
        if _is_young(step, source):
            _drop(step, source, Locked(why, step.now.after(YOUNG)))
            return False
        _drop(step, source, Locked())
    for request in abandon(step, role):
        serve(step, request)
    return True


def abandon(step: StepContext, role: Provider | Role) -> list[ReplyAddress]:
    """Give up the call for `role`, and what waits for it on top: the requests that now wait for nothing."""
    uppers = _on_top_of(step, role)
    step.broker = step.broker.with_role(role, replace(step.broker.role(role), pending=None))
    return [*step.take_queue(role), *(request for upper in uppers for request in abandon(step, upper))]


def _is_young(step: StepContext, source: Identity | Provider | Role) -> bool:
    if not isinstance(source, Identity):
        state = step.broker.role(source)
        return state.credentials is not None and state.life - state.credentials.expiry.left(step.now) < YOUNG
    phase = step.broker.phase(source)
    return isinstance(phase, Open) and step.later(phase.since.after(YOUNG))


def _drop(step: StepContext, source: Identity | Provider | Role, then: Locked) -> None:
    if not isinstance(source, Identity):
        step.broker = step.broker.with_role(source, replace(step.broker.role(source), credentials=None))
        return
    phase = step.broker.phase(source)
    if isinstance(phase, Open):
        step.broker = step.broker.with_phase(source, phase.renewal or then)
        confirmations.session_over(step, source)
        step.forget_first_uses(source)
        if source.needs_code:
            step.tell_ending(Ending(source, How.REVOKED))


def renew(step: StepContext, role: Provider | Role) -> None:
    """Renew what is in use before it gets short; forget one that is over and that nobody waits for."""
    state = step.broker.role(role)
    if state.pending is not None or (state.failure is not None and step.later(state.failure.retry_at)):
        return
    left = state.credentials.expiry.left(step.now) if state.credentials is not None else 0.0
    in_use = state.used is not None and step.later(state.used.after(IN_USE))
    if left <= 0 and state.failure is not None and step.later(state.failure.at.after(TOLD)):
        step.broker = step.broker.with_role(role, replace(state, credentials=None))
    elif left <= 0:
        step.broker = step.broker.without_role(role)
    elif in_use and left < role_need(SOFT_NEED, state):
        assume(step, role)

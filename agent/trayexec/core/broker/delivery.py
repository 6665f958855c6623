"""Answers requests: with credentials, with what is left of them, or with why not. It must not know how they come."""

from collections.abc import Iterable
from dataclasses import replace

from trayexec.core.broker import first_uses
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.events import SOFT_NEED, Ask, Deliver, Refuse, ReplyAddress
from trayexec.core.broker.expiry_watch import begun, knows, with_run
from trayexec.core.broker.permissions import GivenAnswer, is_allowed
from trayexec.core.broker.state import Awaited, Open, Use
from trayexec.core.config.profiles import Identity, Role
from trayexec.core.credentials import Credentials
from trayexec.light.errors import Trouble

LEAST = 60  # never hand out what has less life (seconds)
ROLE_LIFE = 3600  # what AWS gives a role from a session at most (seconds)
FRESH_FOR = 120  # how long a role counts as brand new (seconds)
FRESH_ROLE = ROLE_LIFE - FRESH_FOR  # the most that can be asked of a role (seconds)
USES = 5
MOMENT = 1  # how long it is the same use of the same thing (seconds)


def refuse_all(step: StepContext, key: Awaited, why: Trouble) -> None:
    """Tell all who wait for `key` why it does not come."""
    step.effects += [Refuse(one.asked.caller, why) for one in step.settle_all(key)]


def deliver(step: StepContext, asks: Iterable[Ask], credentials: Credentials) -> None:
    """Give the same credentials to all who asked for them."""
    for asked in asks:
        _use(step, asked)
        step.effects.append(Deliver(asked.caller, asked.profile, credentials))
        note_use(step, asked)
        _watch(step, asked, credentials)
        _note_first_use(step, asked)


def _note_first_use(step: StepContext, asked: Ask) -> None:
    """Have a person told of it, where they were not asked."""
    if step.broker.settings.first_use and asked.guard is None:
        known = step.broker.first_uses
        noted = first_uses.noted(known, asked, step.now)
        if noted is not known:
            step.broker = replace(step.broker, first_uses=noted)


def note_use(step: StepContext, asked: Ask, answer: GivenAnswer | None = None) -> None:
    """Put it before the older ones, for the menu; to the second, as a loop of commands uses the same all the time.

    What is handed out of a guarded profile was allowed by the last answer, unless there is a new one.
    """
    uses, who = step.broker.uses, (asked.profile.name, asked.caller.program)
    last = next((one.answer for one in uses if (one.profile, one.program) == who), None)
    if answer is None and asked.guard is not None and last is not None and last.allows:
        answer = last
    use = Use(*who, step.now, answer)
    is_last = bool(uses) and (uses[0].profile, uses[0].program, uses[0].answer) == (*who, use.answer)
    if is_last and 0 <= uses[0].at.until(use.at) < MOMENT:
        return
    older = tuple(one for one in uses if (one.profile, one.program) != who)
    step.broker = replace(step.broker, uses=(use, *older)[:USES])


def _use(step: StepContext, asked: Ask) -> None:
    """Note that the session is in use which serves this."""
    identity = asked.profile.identity
    phase = step.broker.phase(identity) if identity is not None else None
    if identity is not None and isinstance(phase, Open) and not phase.used:
        step.broker = step.broker.with_phase(identity, replace(phase, used=True))


def _watch(step: StepContext, asked: Ask, credentials: Credentials) -> None:
    """Remember a command that uses what it got, to tell before that ends."""
    caller, profile = asked.caller, asked.profile.name
    if caller.process is not None and not knows(step.broker.watch, caller.process, profile, credentials.expiry):
        run = begun(caller.process, caller.program, profile=profile, ends=credentials.expiry, now=step.now)
        run = replace(run, identity=asked.profile.identity, renews=caller.renews, is_told=caller.renews)
        step.broker = replace(step.broker, watch=with_run(step.broker.watch, run, now=step.now))


def enough(step: StepContext, credentials: Credentials, need: float) -> bool:
    """Whether credentials have `need` seconds left, and a minute in any case."""
    return credentials.expiry.left(step.now) >= max(need, LEAST)


def session_serves(step: StepContext, asked: Ask, session: Credentials) -> bool:
    """Whether a session has the life that a request needs of it.

    A role needs it only to be there, as AWS does not tie a role's life to the session's, unless more was asked
    for than a role can have. The usual need is only preferred where it is the session itself that is handed out.
    """
    if isinstance(asked.profile.target, Role):
        return asked.need <= FRESH_ROLE or enough(step, session, asked.need)
    return enough(step, session, asked.need if asked.need > SOFT_NEED else LEAST)


def answer(step: StepContext, asked: Ask, credentials: Credentials) -> None:
    """Give credentials to one who waits."""
    step.settled(asked.caller.reply_to)
    deliver(step, [asked], credentials)


def fall_back(step: StepContext, asked: Ask, why: Trouble) -> None:
    """Serve what is left in memory, rather than nothing; if there is nothing, say why."""
    step.settled(asked.caller.reply_to)
    left = what_is_left(step, asked)
    if left is None:
        step.effects.append(Refuse(asked.caller, why))
    else:
        deliver(step, [asked], left)


def what_is_left(step: StepContext, asked: Ask) -> Credentials | None:
    """What is in memory already and may serve in need: only where nobody insists on more, and never under a minute.

    Nor what a person has to allow first, and has not.
    """
    if asked.need > SOFT_NEED or not is_allowed(step.broker.permissions, asked, step.now):
        return None
    target = asked.profile.target
    if isinstance(target, Identity):
        left = step.broker.session(target, step.now)
    else:
        left = step.broker.role(target).credentials
    return left if left is not None and enough(step, left, LEAST) else None


def give_up(step: StepContext, request: ReplyAddress, why: Trouble) -> None:
    """Answer a request without what it waited for: with what is left, or with the reason."""
    waiting = step.broker.waiting.get(request)
    if waiting is None:
        return
    if isinstance(waiting.asked, Ask):
        fall_back(step, waiting.asked, why)
    else:
        step.settled(request)
        step.effects.append(Refuse(waiting.asked.caller, why))

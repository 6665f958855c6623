"""Applies an event to the state: one pure function, `step`. It must not know sockets, threads, clocks, files or AWS.

An event goes in, the new state and the wanted effects come out. The invariants, each of them a property test:

- at most one dialog per identity, however many callers wait, and one question to a person at a time;
- what is guarded is handed out only when a person's answer covers it, and a lock forgets all answers;
- every request is answered exactly once;
- one AssumeRole at a time per role (single flight);
- nothing is handed out with less than a minute of life, nothing after a lock;
- a warning is given once per session;
- of a command that outlives its credentials a person is told once, and of one that has ended never.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from trayexec.core import messages
from trayexec.core.broker import (
    confirmations,
    endings,
    expiry_watch,
    first_uses,
    handover,
    idle,
    notifications,
    questions,
    roles,
    screen,
    serving,
    sessions,
    sign_ins,
)
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import refuse_all
from trayexec.core.broker.events import (
    Answered,
    Ask,
    AskAnew,
    AskSignIn,
    Authenticate,
    Configured,
    Decide,
    Dismiss,
    Effect,
    Event,
    Gone,
    Hide,
    Hush,
    IdleSeen,
    KeepQuiet,
    KeysAwaited,
    KeysFound,
    Lock,
    Look,
    Looked,
    PermissionAnswered,
    Process,
    ProviderFailed,
    ProviderLoaded,
    ProviderPrintsKeys,
    PutOff,
    Raise,
    ReplyAddress,
    RoleAssumed,
    RoleRefused,
    Screen,
    ScreenChanged,
    SessionOpened,
    SessionRefused,
    Show,
    SignedIn,
    SignInFailed,
    SignInFound,
    SignInShown,
    Tick,
)
from trayexec.core.broker.state import (
    Broker,
    IdleWatch,
    Locked,
    Open,
    Opening,
    PromptChannel,
    Prompting,
    SignInState,
    Stage,
)
from trayexec.core.clock import Instant
from trayexec.core.config.profiles import Identity, Provider, SignIn
from trayexec.core.ports import Refusal
from trayexec.core.settings import OnLock
from trayexec.light.errors import Trouble

TICK = 15.0
SOON = 0.01  # what is due already (seconds)


def step(  # noqa: C901, PLR0912, PLR0915 — one flat table of all that can happen
    broker: Broker, event: Event, now: Instant
) -> tuple[Broker, tuple[Effect, ...]]:
    """The state after `event` at `now`, and what is to be done about it, in order."""
    context = StepContext(broker, now)
    match event:
        case Ask() | Authenticate() | AskSignIn():
            _met(context, event)
            screen.ask(context, event)
        case Lock(name):
            confirmations.forget(context)
            context.forget_first_uses()
            _lock(context, [one for one in context.known() if name in {None, one.keys}])
            _lock_providers(context, [one for one in context.providers() if name in {None, *one.locked_by}])
            _stop_sign_ins(context, [one for one in broker.sign_ins if name in {None, one.name}])
            screen.refuse_waiting(context, name)
            handover.forget(context, name)
        case PutOff():
            _put_off(context)
        case Hush(number):
            _hush(context, number)
        case Gone(request):
            _gone(context, request)
        case Answered():
            sessions.answered(context, event)
        case KeysFound(identity, epoch):
            questions.found(context, identity, epoch)
        case KeysAwaited(identity, epoch, seconds):
            questions.keys_awaited(context, identity, epoch, seconds)
        case SessionOpened(identity, epoch, session):
            if isinstance(context.current(identity, epoch), Opening):
                sessions.opened(context, identity, session)
        case SessionRefused():
            sessions.no_session(context, event)
        case RoleAssumed(role, epoch, credentials):
            if context.is_pending(role, epoch):
                roles.assumed(context, role, credentials)
        case RoleRefused(role, epoch, why, refusal):
            if context.is_pending(role, epoch):
                roles.denied(context, role, why, refusal)
        case ProviderLoaded(provider, epoch, credentials):
            if context.is_pending(provider, epoch):
                roles.assumed(context, provider, credentials)
        case ProviderFailed(provider, epoch, why, refusal):
            if context.is_pending(provider, epoch):
                _provider_failed(context, provider, why, refusal)
        case ProviderPrintsKeys(provider, epoch):
            if context.is_pending(provider, epoch):
                _is_an_identity(context, provider)
        case SignInFound(sign_in, token):
            sign_ins.found(context, sign_in, token)
        case SignInShown(sign_in, epoch, page):
            if sign_ins.is_under_way(context, sign_in, epoch):
                sign_ins.shown(context, sign_in, page)
        case SignedIn(sign_in, epoch, new):
            if sign_ins.is_under_way(context, sign_in, epoch):
                for request in sign_ins.signed_in(context, sign_in, new):
                    serving.serve(context, request)
        case SignInFailed(sign_in, epoch, why):
            if sign_ins.is_under_way(context, sign_in, epoch):
                sign_ins.failed(context, sign_in, why)
        case PermissionAnswered():
            for request in confirmations.answered(context, event):
                serving.serve(context, request)
        case Decide():
            for request in confirmations.decided_at_terminal(context, event):
                serving.serve(context, request)
        case Configured():
            _configured(context, event)
        case ScreenChanged(new):
            _screen_changed(context, new)
        case IdleSeen(seconds):
            if idle.is_over(context, seconds):
                _lock_idle(context)
        case Looked(checked, running):
            _looked(context, checked, running)
        case Raise():
            for identity in context.known():
                questions.bring_to_front(context, identity)
            confirmations.bring_to_front(context)
        case Tick():
            _tick(context)
        case _:
            assert_never(event)
    confirmations.advance(context)
    questions.advance_queues(context)
    confirmations.show_next(context)
    _tell(context)
    _tell_first_uses(context)
    return context.broker, tuple(context.effects)


def next_deadline(broker: Broker, now: Instant) -> float:
    """Seconds until something may be due without any event; never more than 15, so that a resume is noticed.

    While somebody waits it is a second: cheaper than to search a thousand deadlines at each event. A session that is
    renewed unasked may have to wait for its use, or for the screen: the next tick is soon enough for it.
    """
    waits = [1.0 if broker.waiting else TICK, broker.watch.next(now)]
    if broker.screen is not Screen.LOCKED:
        waits.append(broker.first_uses.next(now))
    for identity, phase in broker.phases.items():
        if isinstance(phase, Open):
            left = phase.session.expiry.left(now)
            warn = () if sessions.renews_unasked(broker, identity) else broker.settings.warn
            waits += [left, *(left - seconds for seconds in warn if seconds not in phase.warned)]
    return max(SOON, min(waits))


def _met(step: StepContext, asked: Ask | Authenticate | AskSignIn) -> None:
    """An identity that a caller brings along may have been another agent's."""
    if isinstance(asked, Authenticate):
        handover.meet(step, [asked.identity])
    elif isinstance(asked, Ask) and asked.profile.identity is not None:
        handover.meet(step, [asked.profile.identity])


def _lock(step: StepContext, identities: Iterable[Identity]) -> None:
    """Forget sessions and roles; whoever waits is told; whatever is under way will find nobody waiting for it."""
    for identity in identities:
        if step.broker.prompting(identity) is not None:
            step.effects.append(Dismiss(identity))
        step.broker = step.broker.with_phase(identity, Locked())
        shorter = {one: seconds for one, seconds in step.broker.shorter.items() if one != identity}
        step.broker = replace(step.broker, shorter=shorter)
        refuse_all(step, identity, messages.locked_meanwhile(identity))
        _forget(step, identity, messages.locked_meanwhile(identity))
        step.forget_ending(identity)


def _lock_providers(step: StepContext, providers: Iterable[Provider]) -> None:
    """Forget what these gave, and the roles that were assumed with it."""
    for provider in providers:
        _forget(step, provider, messages.forgotten_meanwhile(provider))


def _lock_idle(step: StepContext) -> None:
    """Forget everything, as nobody is there; who waits for a person goes on waiting for one."""
    seconds = step.broker.settings.idle_lock or 0
    _lock(step, [one for one in step.known() if isinstance(step.broker.phase(one), Open)])
    _lock_providers(step, step.providers())
    handover.forget(step)
    confirmations.forget(step)
    step.forget_first_uses()
    step.broker = replace(step.broker, idle=IdleWatch())
    step.effects.append(Show(notifications.idle_locked(seconds)))


def _stop_sign_ins(step: StepContext, wanted: Iterable[SignIn]) -> None:
    """End attempts to sign in. What is signed in stays: its token is the AWS CLI's as well."""
    for sign_in in wanted:
        sign_ins.stop(step, sign_in)
        refuse_all(step, sign_in, messages.sign_in_locked(sign_in))


def _provider_failed(step: StepContext, provider: Provider, why: Trouble, refusal: Refusal) -> None:
    """Note that nothing came; where a person has to sign in first, those who wait go on waiting, for that."""
    if refusal is not Refusal.SIGN_IN or provider.sign_in is None:
        roles.denied(step, provider, why, refusal)
        return
    requests = tuple(roles.abandon(step, provider))
    roles.denied(step, provider, why, refusal)
    sign_ins.refused(step, provider.sign_in, why, requests)


def _is_an_identity(step: StepContext, provider: Provider) -> None:
    """Forget a provider that is none, and what was assumed with it: all who wait ask for the identity instead."""
    for role in [one for one in step.broker.roles if one.root == provider]:
        step.effects += [AskAnew(one.asked.caller) for one in step.settle_all(role)]
        step.broker = step.broker.without_role(role)


def _forget(step: StepContext, root: Identity | Provider, why: Trouble) -> None:
    confirmations.refuse_waiting(step, root, why)
    for role in [one for one in step.broker.roles if one.root == root]:
        refuse_all(step, role, why)
        step.broker = step.broker.without_role(role)


def _gone(step: StepContext, request: ReplyAddress) -> None:
    """A caller has hung up: nothing is asked for it any more."""
    waiting = step.settled(request)
    if waiting is not None and waiting.identity is not None:
        questions.caller_gone(step, waiting.identity, request)


def _unwanted(step: StepContext, identity: Identity) -> None:
    """End a question that nobody waits for; a dialog that is up stays, as a person may be typing into it."""
    attempt = step.broker.prompting(identity)
    if not isinstance(attempt, Prompting) or (attempt.channel, attempt.stage) == (PromptChannel.DIALOG, Stage.ASKING):
        return
    if not questions.still_wanted(step, identity) and not questions.is_renewal(step, identity):
        questions.withdraw(step, identity)


def _configured(step: StepContext, event: Configured) -> None:
    """Take what the files say now; who is open or being asked stays, also when the files no longer name it."""
    identities, settings, warning = event.identities, event.settings, event.warning
    phases = {
        one: phase for one, phase in step.broker.phases.items() if one in identities or not isinstance(phase, Locked)
    }
    everybody = tuple(dict.fromkeys((*identities, *phases)))
    step.broker = replace(step.broker, identities=everybody, phases=phases, settings=settings, warning=warning)
    kept = {
        one: state
        for one, state in step.broker.sign_ins.items()
        if one in event.sign_ins or state.token is not None or state.attempt is not None
    }
    missing = {one: SignInState() for one in event.sign_ins if one not in kept}
    step.broker = replace(step.broker, sign_ins={**kept, **missing})
    handover.meet(step, identities)
    _screen_changed(step, step.broker.screen)


def _screen_changed(step: StepContext, new: Screen) -> None:
    """What a locked screen means: for all who ask, and for what is open where that is to be wiped."""
    if new is Screen.LOCKED and step.broker.settings.on_lock is OnLock.WIPE:
        _lock(step, step.known())
        _lock_providers(step, step.providers())
        _stop_sign_ins(step, tuple(step.broker.sign_ins))
        handover.forget(step)
        step.forget_first_uses()
    screen.changed(step, new)
    if step.broker.held:
        confirmations.forget(step)


def _tick(step: StepContext) -> None:
    """Whatever time alone brings about."""
    if idle.has_slept(step):
        _lock_idle(step)
    questions.remind_queued(step)
    screen.drop_overdue(step)
    confirmations.age(step)
    for identity in step.known():
        if isinstance(step.broker.prompting(identity), Prompting):  # a call that is under way is waited for
            sessions.drop_overdue(step, identity)
            _unwanted(step, identity)
            questions.rename_caller(step, identity)
        sessions.age(step, identity)
    for sign_in in list(step.broker.sign_ins):
        sign_ins.age(step, sign_in)
    for role in list(step.broker.roles):
        roles.renew(step, role)
        serving.tell_slow(step, role)
    idle.age(step)
    handover.age(step)
    watch = step.broker.watch
    if watch.is_time(step.now):
        _look(step)


def _look(step: StepContext) -> None:
    """See who still runs."""
    watch = step.broker.watch
    step.effects.append(Look(tuple(dict.fromkeys(run.process for run in (*watch.runs, *step.broker.missed)))))
    step.broker = replace(step.broker, watch=replace(watch, looked=step.now))


def _looked(step: StepContext, checked: tuple[Process, ...], running: frozenset[Process]) -> None:
    """Tell of commands that will outlive their credentials, and forget those that have ended."""
    watch, told = expiry_watch.seen(step.broker.watch, checked, running, step.now)
    ended = frozenset(checked) - running
    missed = tuple(run for run in step.broker.missed if run.process not in ended)
    step.broker = replace(step.broker, watch=watch, missed=(*missed, *told))


def _put_off(step: StepContext) -> None:
    """Say later what ends."""
    step.effects.append(Hide(notifications.ENDINGS))
    step.broker = replace(step.broker, endings=endings.put_off(step.broker.endings, step.now))


def _hush(step: StepContext, number: int) -> None:
    """Be quiet of the programs that a notification names, if that is what it names now."""
    if number == step.broker.first_uses.number:
        known, programs = first_uses.hushed(step.broker.first_uses)
        step.broker = replace(step.broker, first_uses=known)
        step.effects += [KeepQuiet(programs), Hide(notifications.FIRST_USE)]


def _tell_first_uses(step: StepContext) -> None:
    """Tell which programs have used what for the first time, once all of a moment have: and not to a locked screen."""
    known = step.broker.first_uses
    if known.due is not None and not step.later(known.due) and step.broker.screen is not Screen.LOCKED:
        known = first_uses.told(known)
        step.effects.append(Show(notifications.first_uses(known.found, known.number)))
        step.broker = replace(step.broker, first_uses=known)


def _may_name(step: StepContext) -> bool:
    """Whether a person may be told now which commands something hits: only of those that run at this moment.

    Where that is not known it is looked at first, and they are told when it is.
    """
    watch = step.broker.watch
    if step.broker.screen is Screen.LOCKED:
        return False
    if not (watch.runs or step.broker.missed) or watch.is_fresh(step.now):
        return True
    if not watch.is_looking(step.now):
        _look(step)
    return False


def _tell(step: StepContext) -> None:
    """Tell a person what ends, unless the screen is locked: then once it is not, and all of it at once."""
    before = step.broker.endings
    now = endings.woken(before, step.now)
    if not now.found and now.is_shown:
        step.effects.append(Hide(notifications.ENDINGS))
        now = endings.shown(now)
    elif now.found and not now.is_said and _may_name(step):
        step.effects.append(Show(notifications.endings(now.found, step.broker.watch, step.now)))
        now = endings.shown(now)
    if now is not before:
        step.broker = replace(step.broker, endings=now)
    if step.broker.missed and _may_name(step):
        step.effects.append(Show(notifications.outlived(step.broker.missed, step.now)))
        step.broker = replace(step.broker, missed=())

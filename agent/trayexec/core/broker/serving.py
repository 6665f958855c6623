"""Serves requests with what is in memory, or sees to it that it comes. It must not know what dialogs and AWS answer."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import codes, confirmations, sign_ins
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import (
    FRESH_FOR,
    FRESH_ROLE,
    LEAST,
    MOMENT,
    ROLE_LIFE,
    answer,
    deliver,
    enough,
    fall_back,
    give_up,
    session_serves,
    what_is_left,
)
from trayexec.core.broker.events import (
    SOFT_NEED,
    Ask,
    AskSignIn,
    AssumeRole,
    Authenticate,
    Caller,
    Dismiss,
    LoadProvider,
    NoteKind,
    OpenSession,
    Renewal,
    ReplyAddress,
    SessionOpen,
    SignInDone,
    Tell,
)
from trayexec.core.broker.permissions import is_allowed
from trayexec.core.broker.questions import ask_first, at_terminal, tell, tell_all
from trayexec.core.broker.state import (
    Locked,
    Opening,
    PendingRole,
    PromptChannel,
    Prompting,
    PromptPause,
    RoleFailure,
    RoleState,
    Waiting,
)
from trayexec.core.config.profiles import Identity, Provider, Role
from trayexec.core.credentials import Credentials, Secret
from trayexec.light.errors import Text, Trouble

SLOW = 1  # how long a provider takes before those who wait for it are told (seconds)
NEXT_COMMAND = 2  # no person begins the next command in a shell so soon after a cancel (seconds)


def ask(step: StepContext, event: Ask) -> None:
    """Serve a caller that wants credentials. Most get what is in memory, and never count among those who wait."""
    if not isinstance(event.profile.target, Identity):
        _touch(step, event.profile.target)
    held = _in_memory(step, event)
    if held is not None and is_allowed(step.broker.permissions, event, step.now):
        deliver(step, [event], held)
        return
    step.note_waiting(event.caller.reply_to, Waiting(event, step.now.after(event.wait)))
    serve(step, event.caller.reply_to)


def authenticate(step: StepContext, event: Authenticate) -> None:
    """Open a session for a caller; one that is open is the answer, unless a new one is asked for."""
    identity = event.identity
    session = step.broker.session(identity, step.now)
    if session is not None and event.renewal is Renewal.IF_LOCKED and event.code is None:
        step.effects.append(SessionOpen(event.caller, identity, session))
        return
    step.note_waiting(event.caller.reply_to, Waiting(event, step.now.after(event.wait)))
    serve(step, event.caller.reply_to)


def ask_sign_in(step: StepContext, event: AskSignIn) -> None:
    """Lead a person to sign in; who has done so is the answer, unless it is to be done again."""
    token = step.broker.sign_in(event.sign_in).token
    if token is not None and event.renewal is Renewal.IF_LOCKED:
        step.effects.append(SignInDone(event.caller, event.sign_in, token))
        return
    step.note_waiting(event.caller.reply_to, Waiting(event, step.now.after(event.wait)))
    serve(step, event.caller.reply_to)


def serve(step: StepContext, request: ReplyAddress) -> None:
    """Give a waiting request what it wants, or see to it that it comes."""
    waiting = step.broker.waiting.get(request)
    if waiting is None:
        return
    asked = waiting.asked
    if isinstance(asked, Authenticate):
        _serve_authentication(step, asked)
    elif isinstance(asked, AskSignIn):
        sign_ins.want(step, asked.sign_in, asked.caller.reply_to)
    elif isinstance(asked.profile.target, Identity):
        _serve_session(step, asked, asked.profile.target)
    else:
        _serve_role(step, asked, asked.profile.target)


def _serve_authentication(step: StepContext, asked: Authenticate) -> None:
    step.queue(asked.identity, asked.caller.reply_to)
    if asked.code is not None:
        code_from(step, asked, asked.code)
    else:
        _want_session(step, asked.identity, asked.caller)


def _in_memory(step: StepContext, asked: Ask) -> Credentials | None:
    """What is there already that has the life which a request needs."""
    target, root = asked.profile.target, asked.profile.root
    session = step.broker.session(root, step.now) if isinstance(root, Identity) else None
    long_enough = isinstance(root, Provider) or (session is not None and session_serves(step, asked, session))
    if isinstance(target, Identity):
        return session if long_enough else None
    state = step.broker.role(target)
    if (
        state.credentials is not None
        and (long_enough or asked.need <= FRESH_ROLE)
        and enough(step, state.credentials, role_need(asked.need, state))
    ):
        return state.credentials
    return None


def _serve_session(step: StepContext, asked: Ask, identity: Identity) -> None:
    session = _in_memory(step, asked)
    if session is not None:
        if not _must_be_allowed(step, asked):
            answer(step, asked, session)
    else:
        step.queue(identity, asked.caller.reply_to)
        _want_session(step, identity, asked.caller)


def _serve_role(step: StepContext, asked: Ask, role: Provider | Role) -> None:
    _touch(step, role)
    held = _in_memory(step, asked)
    state, root = step.broker.role(role), role.root
    session = step.broker.session(root, step.now) if isinstance(root, Identity) else None
    if held is not None:
        if not _must_be_allowed(step, asked):
            answer(step, asked, held)
    elif isinstance(root, Identity) and not (session is not None and session_serves(step, asked, session)):
        step.queue(root, asked.caller.reply_to)
        _want_session(step, root, asked.caller)
    elif state.failure is not None and _believes(step, state.failure, asked):
        fall_back(step, asked, state.failure.why)
    elif isinstance(root, Provider) and root.sign_in is not None and step.broker.sign_in(root.sign_in).attempt:
        sign_ins.want(step, root.sign_in, asked.caller.reply_to)
    elif not _must_be_allowed(step, asked):
        if isinstance(role, Role):
            _say_that_an_hour_is_all(step, asked, role)
        step.queue(role, asked.caller.reply_to)
        assume(step, role)


def _must_be_allowed(step: StepContext, asked: Ask) -> bool:
    """Whether a person is asked first, now that nothing else is in the way."""
    return confirmations.must_wait(step, step.broker.waiting[asked.caller.reply_to])


def _say_that_an_hour_is_all(step: StepContext, asked: Ask, role: Role) -> None:
    """Say once for each role that AWS gives it an hour at most from a session ("role chaining")."""
    if role.seconds <= ROLE_LIFE or role.arn in step.broker.cut:
        return
    text = Text(
        "{profile} asks for {wanted} s with duration_seconds; from a session AWS gives a role {most} s at most",
        profile=asked.profile.name,
        wanted=role.seconds,
        most=ROLE_LIFE,
    )
    step.effects.append(Tell(asked.caller, NoteKind.HOUR, text, asked.profile.identity))
    step.broker = replace(step.broker, cut=step.broker.cut | {role.arn})


def _believes(step: StepContext, failure: RoleFailure, asked: Ask) -> bool:
    """Whether to answer without asking AWS again: its clear no stands for a while, and so does what is left."""
    return step.later(failure.believed_until) or (
        step.later(failure.retry_at) and what_is_left(step, asked) is not None
    )


# Sessions


def _want_session(step: StepContext, identity: Identity, caller: Caller) -> None:
    """See to it that somebody is asked for the code, and tell the caller what it waits for."""
    waiting = step.broker.waiting[caller.reply_to]
    attempt = step.broker.prompting(identity)
    if not identity.needs_code:
        if attempt is None and not _just_failed(step, identity, waiting):
            open_session(step, identity, Opening(step.next_epoch(), None))
            return
    elif not isinstance(attempt, Opening):
        no = _why_not_ask(step, identity, waiting, attempt=attempt)
        if no is not None:
            give_up(step, caller.reply_to, no)
            return
        if attempt is None or (attempt.channel is PromptChannel.TERMINALS and not at_terminal(step, caller)):
            ask_first(step, identity, caller, attempt)
    tell(step, identity, waiting)


def _just_failed(step: StepContext, identity: Identity, waiting: Waiting) -> bool:
    """Whether a loop of commands would ask AWS again for what it has just refused: then that is the answer."""
    phase = step.broker.phase(identity)
    if not isinstance(waiting.asked, Ask) or not isinstance(phase, Locked) or not step.later(phase.until):
        return False
    if phase.trouble is not None:
        give_up(step, waiting.asked.caller.reply_to, phase.trouble)
    return phase.trouble is not None


def _why_not_ask(
    step: StepContext, identity: Identity, waiting: Waiting, *, attempt: Prompting | None
) -> Trouble | None:
    if not step.later(waiting.deadline):
        return _too_late(step, identity, waiting)
    if attempt is not None:
        return None
    closed = step.broker.closed_for(identity, step.now)
    if closed > 0:
        return messages.too_many(closed)
    return _pause(step, identity, waiting.asked) if isinstance(waiting.asked, Ask) else None


def _pause(step: StepContext, identity: Identity, asked: Ask) -> Trouble | None:
    """Why a request opens no dialog now: AWS has just taken the last session back, or a person has cancelled."""
    phase = step.broker.phase(identity)
    if isinstance(phase, Locked) and step.later(phase.until):
        return phase.trouble
    pause = step.broker.pauses.get(identity)
    if pause is None or not step.later(pause.until) or _by_person(step, asked.caller, pause):
        return None
    told = {**pause.told, asked.caller.shell: step.now}
    step.broker = replace(step.broker, pauses={**step.broker.pauses, identity: replace(pause, told=told)})
    return messages.paused(identity, step.now.seconds_until(pause.until))


def _by_person(step: StepContext, caller: Caller, pause: PromptPause) -> bool:
    """Whether a person, and not a loop, wants the dialog back that was cancelled once.

    A person types in the foreground of a terminal, and takes longer than a shell to begin the next command there.
    """
    last = pause.told.get(caller.shell)
    return (
        pause.cancels == 1
        and caller.terminal != ""
        and (caller.began is None or caller.began > pause.since.boot)
        and (last is None or not step.later(last.after(NEXT_COMMAND)))
    )


def _too_late(step: StepContext, identity: Identity, waiting: Waiting) -> Trouble:
    if step.broker.session(identity, step.now) is None:
        return messages.locked(identity)
    return messages.not_enough(identity) if isinstance(waiting.asked, Ask) else messages.nobody(identity)


def choose_device(step: StepContext, identity: Identity, serial: str) -> None:
    """Let codes be from this device of the identity from now on, where it is one."""
    if serial in step.broker.serials(identity):
        step.broker = replace(step.broker, chosen={**step.broker.chosen, identity: serial})


def code_from(step: StepContext, event: Authenticate, typed: Secret) -> None:
    """Send the code that came with a request, from a terminal or a script, unless it is none or may not be sent."""
    identity = event.identity
    if not identity.needs_code:
        give_up(step, event.caller.reply_to, messages.no_code_needed(identity))
        return
    attempt = step.broker.prompting(identity)
    if isinstance(attempt, Opening):
        return  # it waits like everybody else for the code that is already on its way
    if event.serial:
        choose_device(step, identity, event.serial)
        attempt = attempt and replace(attempt, serial="")
    closed = codes.seconds_closed(step.broker.device(identity), step.now)
    code = codes.parse(typed.reveal())
    if closed > 0:
        give_up(step, event.caller.reply_to, messages.too_many(closed))
    elif isinstance(code, Text):
        give_up(step, event.caller.reply_to, messages.not_a_code(code))
    elif codes.is_spent(step.broker.device(identity), code, step.now):
        give_up(step, event.caller.reply_to, messages.already_used(codes.wait_for_next(step.now)))
    else:
        if isinstance(attempt, Prompting) and attempt.channel in {PromptChannel.DIALOG, PromptChannel.COMMAND}:
            step.effects.append(Dismiss(identity))
        open_session(step, identity, Opening(step.next_epoch(), code, attempt, giver=event.caller.reply_to))


def open_session(step: StepContext, identity: Identity, opening: Opening) -> None:
    """Send a code to AWS, once; it counts against its device from now on. Or ask for a session that needs none."""
    if opening.code is not None:
        device = codes.sent(step.broker.device(identity), opening.code, step.now)
        step.broker = step.broker.with_device(identity, device)
    step.broker = step.broker.with_attempt(identity, opening)
    serial = step.broker.serial(identity)
    step.effects.append(OpenSession(identity, opening.epoch, opening.code, step.broker.seconds(identity), serial))
    tell_all(step, identity)  # before the giver has its answer: nobody else asks for a code that is there


# Roles and providers


def tell_slow(step: StepContext, role: Provider | Role) -> None:
    """Tell all who wait for a provider, once, when it takes longer than a moment: it may wait for a person itself."""
    state = step.broker.role(role)
    pending = state.pending
    if not isinstance(role, Provider) or pending is None or pending.since is None:
        return
    if step.later(pending.since.after(SLOW)):
        return
    step.broker = step.broker.with_role(role, replace(state, pending=replace(pending, since=None)))
    text = Text("Waiting for {source} of profile {profile}", source=role.by, profile=role.name)
    for waiting in step.broker.waiting.values():
        if isinstance(waiting.asked, Ask) and waiting.asked.profile.root == role:
            step.effects.append(Tell(waiting.asked.caller, NoteKind.AWS, text, None))


def assume(step: StepContext, role: Provider | Role) -> bool:
    """Start the call for it unless it is under way; a role on top of another, or of a provider, waits for that first.

    False when there is nothing to assume it with: no session, and no source role that is still good.
    """
    if step.broker.role(role).pending is not None:
        return True
    if isinstance(role, Provider):
        pending = PendingRole(step.next_epoch(), None, step.now)
        step.broker = step.broker.with_role(role, replace(step.broker.role(role), pending=pending))
        step.effects.append(LoadProvider(role, pending.epoch))
        return True
    by = good(step, role.source)
    if by is None and (isinstance(role.source, Identity) or not assume(step, role.source)):
        return False
    pending = PendingRole(step.next_epoch(), by)
    step.broker = step.broker.with_role(role, replace(step.broker.role(role), pending=pending))
    if by is not None:
        step.effects.append(AssumeRole(role, pending.epoch, by))
    return True


def good(step: StepContext, source: Identity | Provider | Role) -> Credentials | None:
    """What a role on top of `source` can be assumed with now."""
    if isinstance(source, Identity):
        return step.broker.session(source, step.now)
    credentials = step.broker.role(source).credentials
    return credentials if credentials is not None and enough(step, credentials, LEAST) else None


def _touch(step: StepContext, role: Provider | Role) -> None:
    """Remember that it is in use, to the second."""
    state = step.broker.role(role)
    if state.used is None or not 0 <= state.used.until(step.now) < MOMENT:
        step.broker = step.broker.with_role(role, replace(state, used=step.now))


def role_need(need: int, state: RoleState) -> float:
    """What a role must have left: as much as was asked for, but no more than it has when it is fresh.

    The usual need is only preferred: where AWS gives a role less than 40 minutes, half of its life will do.
    """
    return min(need, state.life / 2 if need <= SOFT_NEED else state.life - FRESH_FOR)

"""Leads people to sign in: one page for each sign-in, however many wait for it. It must not know browsers or AWS."""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.delivery import give_up
from trayexec.core.broker.endings import Ending, How
from trayexec.core.broker.events import (
    AskAt,
    AskSignIn,
    NoteKind,
    Renewal,
    ReplyAddress,
    SignInDone,
    StartSignIn,
    StopSignIn,
    Tell,
)
from trayexec.core.broker.state import SignInAttempt, SignInState, Waiting
from trayexec.core.config.profiles import Provider, SignIn
from trayexec.core.ports import SignInPage, SignInToken, SignInWay
from trayexec.light.errors import Text, Trouble

PAUSE = 60  # no request opens a page so soon after one that came to nothing; only a person does (seconds)


def want(step: StepContext, sign_in: SignIn, request: ReplyAddress) -> None:
    """Let a request wait until somebody has signed in, and see to it that there is a page for that."""
    waiting = step.broker.waiting.get(request)
    if waiting is None:
        return
    state = step.broker.sign_in(sign_in)
    why = _why_not(step, sign_in, state, waiting=waiting)
    if why is not None:
        give_up(step, request, why)
        return
    step.queue(sign_in, request)
    way = _way(waiting)
    if state.attempt is None or _begins_anew(step, state.attempt, waiting, sign_in):
        attempt = SignInAttempt(step.next_epoch(), way)
        step.broker = step.broker.with_sign_in(sign_in, replace(state, attempt=attempt, trouble=None, until=None))
        step.effects.append(StartSignIn(sign_in, attempt.epoch, way))
    else:
        _tell(step, sign_in, waiting)


def _begins_anew(step: StepContext, attempt: SignInAttempt, waiting: Waiting, sign_in: SignIn) -> bool:
    """Whether a person who asks for a sign-in gets another page than the one that is open.

    Who says --force does, and who cannot use that one: it was opened in a browser elsewhere, or shown to somebody on a
    terminal who waits for it no longer.
    """
    asked = waiting.asked
    if not isinstance(asked, AskSignIn):
        return False
    others = len(step.broker.queues.get(sign_in, ())) > 1
    return asked.renewal is Renewal.ALWAYS or (
        asked.way is not attempt.way and (asked.way is SignInWay.CODE or not others)
    )


def _why_not(step: StepContext, sign_in: SignIn, state: SignInState, *, waiting: Waiting) -> Trouble | None:
    """Why this request does not wait for a person."""
    if not step.later(waiting.deadline):
        return messages.not_signed_in(sign_in)
    if state.attempt is None and state.trouble is not None and step.later(state.until):
        return None if isinstance(waiting.asked, AskSignIn) else state.trouble
    return None


def _way(waiting: Waiting) -> SignInWay:
    if isinstance(waiting.asked, AskSignIn):
        return waiting.asked.way
    return SignInWay.BROWSER if waiting.asked.caller.ask_at is AskAt.DIALOG else SignInWay.CODE


def is_under_way(step: StepContext, sign_in: SignIn, epoch: int) -> bool:
    """Whether what is stamped `epoch` belongs to the attempt of now."""
    attempt = step.broker.sign_in(sign_in).attempt
    return attempt is not None and attempt.epoch == epoch


def shown(step: StepContext, sign_in: SignIn, page: SignInPage) -> None:
    """Tell all who wait where the page is."""
    state = step.broker.sign_in(sign_in)
    if state.attempt is None:
        return
    step.broker = step.broker.with_sign_in(sign_in, replace(state, attempt=replace(state.attempt, page=page)))
    for request in step.broker.queues.get(sign_in, ()):
        _tell(step, sign_in, step.broker.waiting[request])


def _tell(step: StepContext, sign_in: SignIn, waiting: Waiting) -> None:
    attempt = step.broker.sign_in(sign_in).attempt
    page = attempt.page if attempt is not None else None
    if page is None:
        return
    name, code, url = sign_in.name, page.code, page.url
    if code and page.opened:
        text = Text(
            "Sign in to {name} in the browser, where the code is {code}. If no page opened: {url}",
            name=name,
            code=code,
            url=url,
        )
    elif code:
        text = Text(
            "Sign in to {name}: open {url} in a browser, where the code is {code}", name=name, code=code, url=url
        )
    else:
        text = Text("Sign in to {name} in the browser. If no page opened: {url}", name=name, url=url)
    step.effects.append(Tell(waiting.asked.caller, NoteKind.SIGN_IN, text, None))


def found(step: StepContext, sign_in: SignIn, token: SignInToken | None) -> None:
    """Know what is kept; what was refused is as good as none."""
    state = step.broker.sign_in(sign_in)
    if token is not None and token.expiry.utc == state.refused:
        token = None
    same = token is not None and state.token is not None and token.expiry.utc == state.token.expiry.utc
    if not same:
        step.broker = step.broker.with_sign_in(sign_in, replace(state, token=token, warned=frozenset()))
        if token is not None:
            step.forget_ending(sign_in)


def signed_in(step: StepContext, sign_in: SignIn, token: SignInToken) -> tuple[ReplyAddress, ...]:
    """Keep that somebody has signed in, and answer who wanted no more: the others are to be served."""
    # A token may well be what was lacking.
    roles = {
        role: replace(state, failure=None) if _needs(role.root, sign_in) else state
        for role, state in step.broker.roles.items()
    }
    step.broker = replace(step.broker, roles=roles).with_sign_in(sign_in, SignInState(token))
    step.forget_ending(sign_in)
    rest = []
    for request in step.take_queue(sign_in):
        waiting = step.broker.waiting[request]
        if isinstance(waiting.asked, AskSignIn):
            step.settled(request)
            step.effects.append(SignInDone(waiting.asked.caller, sign_in, token))
        else:
            step.note_waiting(request, replace(waiting, signed_in=True))
            rest.append(request)
    return tuple(rest)


def _needs(root: object, sign_in: SignIn) -> bool:
    return isinstance(root, Provider) and root.sign_in == sign_in


def failed(step: StepContext, sign_in: SignIn, why: Trouble) -> None:
    """Tell all who wait that nobody has signed in, and open no page for a moment."""
    state = step.broker.sign_in(sign_in)
    step.broker = step.broker.with_sign_in(
        sign_in, replace(state, attempt=None, trouble=why, until=step.now.after(PAUSE))
    )
    for request in step.take_queue(sign_in):
        give_up(step, request, why)


def refused(step: StepContext, sign_in: SignIn, why: Trouble, requests: tuple[ReplyAddress, ...]) -> None:
    """Do without the token: Identity Center does not take it. A person is asked for those who wait for one."""
    state = step.broker.sign_in(sign_in)
    ended = state.token
    utc = ended.expiry.utc if ended is not None else state.refused
    step.broker = step.broker.with_sign_in(sign_in, replace(state, token=None, refused=utc))
    if not requests and ended is not None and state.attempt is None:
        step.tell_ending(Ending(sign_in, How.OVER))
    for request in requests:
        waiting = step.broker.waiting.get(request)
        if waiting is not None and waiting.signed_in:  # one more page would be of no more use
            give_up(step, request, why)
        else:
            want(step, sign_in, request)


def stop(step: StepContext, sign_in: SignIn) -> None:
    """End an attempt; who waited for it is told by whoever ends it."""
    state = step.broker.sign_in(sign_in)
    if state.attempt is not None:
        step.effects.append(StopSignIn(sign_in))
        step.broker = step.broker.with_sign_in(sign_in, replace(state, attempt=None))


def age(step: StepContext, sign_in: SignIn) -> None:
    """Answer who has waited long enough; warn before a sign-in ends that no renewal keeps, once for each warning."""
    for request in step.broker.queues.get(sign_in, ()):
        if not step.later(step.broker.waiting[request].deadline):
            give_up(step, request, messages.nobody_signed_in(sign_in))
    state = step.broker.sign_in(sign_in)
    if state.token is None or state.token.renews:
        return
    left = state.token.expiry.left(step.now)
    if left <= 0:
        step.broker = step.broker.with_sign_in(sign_in, replace(state, token=None))
        step.tell_ending(Ending(sign_in, How.OVER))
        return
    due = frozenset(seconds for seconds in step.broker.settings.warn if left <= seconds)
    if due - state.warned:
        is_last = min(due) == min(step.broker.settings.warn)
        step.tell_ending(Ending(sign_in, How.ENDS, state.token.expiry, min(due), is_last))
        step.broker = step.broker.with_sign_in(sign_in, replace(state, warned=state.warned | due))

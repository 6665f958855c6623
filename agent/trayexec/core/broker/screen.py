"""Says what the desktop's own lock means for those who ask. It must not know how a desktop tells that it is locked.

While the screen is locked and the settings do not keep on, nothing is handed out and nobody is asked. Requests wait
for the unlock, as long as their caller gives a person, and then go on where they were.
"""

from collections.abc import Iterable
from dataclasses import replace

from trayexec.core import messages
from trayexec.core.broker import serving, sign_ins
from trayexec.core.broker.context import StepContext
from trayexec.core.broker.events import (
    Ask,
    AskSignIn,
    Authenticate,
    Dismiss,
    NoteKind,
    Refuse,
    ReplyAddress,
    Screen,
    Tell,
)
from trayexec.core.broker.state import Locked, Prompting, Waiting
from trayexec.core.config.profiles import Identity
from trayexec.light.errors import Text, Trouble

Request = Ask | Authenticate | AskSignIn


def ask(step: StepContext, asked: Request) -> None:
    """Serve a request, unless the screen is locked: then let it wait for the unlock, or refuse it at once."""
    if step.broker.held:
        step.note_waiting(asked.caller.reply_to, Waiting(asked, step.now.after(asked.wait)))
        _hold(step, asked.caller.reply_to)
        return
    match asked:
        case Ask():
            serving.ask(step, asked)
        case Authenticate():
            serving.authenticate(step, asked)
        case AskSignIn():
            serving.ask_sign_in(step, asked)


def changed(step: StepContext, screen: Screen) -> None:
    """Take what the desktop says, or hold what it said against new settings.

    A code that is on its way to AWS is not wasted: its session is kept for when the person is back.
    """
    step.broker = replace(step.broker, screen=screen)
    if not step.broker.held:
        for waiting in step.settle_all(Screen.LOCKED):
            ask(step, waiting.asked)  # from the beginning, with a person's whole time
        return
    for sign_in in step.broker.sign_ins:
        sign_ins.stop(step, sign_in)
    for identity in step.known():
        if isinstance(step.broker.prompting(identity), Prompting):
            step.effects.append(Dismiss(identity))
            step.broker = step.broker.without_attempt(identity, Locked())
    for key in [key for key in step.broker.queues if key is not Screen.LOCKED]:
        _hold_all(step, step.take_queue(key))


def drop_overdue(step: StepContext) -> None:
    """Refuse those who have waited for the unlock as long as they wanted to."""
    for request in step.broker.queues.get(Screen.LOCKED, ()):
        if not step.later(step.broker.waiting[request].deadline):
            _refuse(step, request)


def refuse_waiting(step: StepContext, name: str | None) -> None:
    """Tell those who wait for the unlock that what they wait for is locked: all, or by the name of `Lock`."""
    for request in step.broker.queues.get(Screen.LOCKED, ()):
        waiting = step.broker.waiting[request]
        names, why = _forgotten(waiting)
        if name is None or name in names:
            step.settled(request)
            step.effects.append(Refuse(waiting.asked.caller, why))


def _forgotten(waiting: Waiting) -> tuple[tuple[str, ...], Trouble]:
    """By which names what a request waits for is locked, and what is said then."""
    asked = waiting.asked
    if isinstance(asked, AskSignIn):
        return (asked.sign_in.name,), messages.sign_in_locked(asked.sign_in)
    root = asked.identity if isinstance(asked, Authenticate) else asked.profile.root
    if isinstance(root, Identity):
        return (root.keys,), messages.locked_meanwhile(root)
    return root.locked_by, messages.forgotten_meanwhile(root)


def _hold_all(step: StepContext, requests: Iterable[ReplyAddress]) -> None:
    for request in requests:
        if request in step.broker.waiting:
            _hold(step, request)


def _hold(step: StepContext, request: ReplyAddress) -> None:
    """Let one wait for the unlock: not who waits for nobody, and not with a code, which would be old by then."""
    waiting = step.broker.waiting[request]
    asked = waiting.asked
    with_code = isinstance(asked, Authenticate) and asked.code is not None
    if with_code or not step.later(waiting.deadline):
        _refuse(step, request)
        return
    step.queue(Screen.LOCKED, request)
    text = Text("The screen is locked: this goes on once it is unlocked")
    left = max(0, step.now.seconds_until(waiting.deadline))
    step.effects.append(Tell(asked.caller, NoteKind.SCREEN, text, None, left))


def _refuse(step: StepContext, request: ReplyAddress) -> None:
    """Say no; not even what is left of a role is handed out."""
    waiting = step.settled(request)
    if waiting is not None:
        step.effects.append(Refuse(waiting.asked.caller, messages.screen_locked()))

"""The person's side of the agent: the icon and the notifications show what the broker knows and post what is clicked.

They have no powers of their own: a click is the same event as a command's request.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from trayexec import __version__
from trayexec.core.broker import endings
from trayexec.core.broker.events import (
    AskSignIn,
    Authenticate,
    Caller,
    Event,
    Hush,
    Lock,
    NoteKind,
    PutOff,
    Refuse,
    Renewal,
    Show,
    Tell,
)
from trayexec.core.broker.notifications import (
    ENDINGS,
    FIRST_USE,
    HUSH,
    IDLE,
    LOCK,
    REAUTHENTICATE,
    SNOOZE,
    STANDING,
    no_dialog,
    standing,
    unlock_failed,
)
from trayexec.core.broker.state import Broker, Locked
from trayexec.core.broker.status import identities_shown
from trayexec.core.broker.tray_view import Around, view
from trayexec.core.config.profiles import Catalogue, Identity, SignIn
from trayexec.core.ports import Clock, Tray
from trayexec.core.view import SHOW, View
from trayexec.daemon.replies import Replies, Reply

# What a person who has just clicked knows without being told.
KNOWN = {"cancelled", "timed_out", "locked"}
OUTSIDE = {"settings", "log", "copy", "console", "terminal", "login", "help"}  # what the desktop does for us
SOON = 0.05  # seconds
PAGE_WAIT = 600  # as long as a page of a sign-in is good (seconds)
LEAST_WAIT = 120  # a click waits so long at least, and no shorter than its dialog stays (seconds)


@dataclass(frozen=True, slots=True)
class LoopCalls:
    """Where events go, who shows a notification, who calls back after so many seconds, and who does what is outside."""

    post: Callable[[Event], None]
    perform: Callable[[Show], None]
    later: Callable[[float, Callable[[], None]], object]
    outside: Callable[[str, str], None]


class TrayController:
    """Everything here runs in the loop."""

    def __init__(self, tray: Tray, clock: Clock, loop: LoopCalls, replies: Replies) -> None:
        """Keep the tray to show things on, and the ways to the broker and back."""
        self._tray = tray
        self._clock = clock
        self._loop = loop
        self._replies = replies
        self._seen: object = None
        self._due = False
        self._drawn_at = 0.0  # seconds since boot
        self._broker = Broker()
        self._around = Around(__version__)

    def read(self, catalogue: Catalogue | None) -> None:
        """Draw what the user's own files say by now; None where they cannot be read."""
        if catalogue is not self._around.catalogue:
            self._around = replace(self._around, catalogue=catalogue)
            self.changed(self._broker)

    def starts_at_login(self, at_login: bool | None) -> None:  # noqa: FBT001 — a state, as it is drawn
        """Draw whether the agent starts at login; None where that is not known."""
        if at_login is not self._around.at_login:
            self._around = replace(self._around, at_login=at_login)
            self.changed(self._broker)

    def changed(self, broker: Broker) -> None:
        """Draw the state: soon, since a thousand requests a second change it, and no eye follows that; else at once."""
        self._broker = broker
        if not self._due:
            self._due = True
            self._loop.later(SOON if self._clock.now().boot < self._drawn_at + SOON else 0.0, self._draw)

    def _draw(self) -> None:
        """Draw the state, if there is anything new to see."""
        self._due = False
        self._drawn_at = self._clock.now().boot
        seen = self._view()
        if seen != self._seen:
            self._seen = seen
            self._tray.show(seen)

    def _view(self) -> View:
        return view(self._broker, self._clock.now(), self._around)

    def _answer(self, effect: Reply) -> None:
        """The end of what a click began: when it came to nothing, or goes on elsewhere, a notification says so."""
        if not isinstance(effect, Tell):
            self._replies.close(effect.caller.reply_to)
        if isinstance(effect, Refuse) and effect.trouble.code not in KNOWN:
            self._loop.perform(Show(unlock_failed(effect.trouble)))
        elif isinstance(effect, Tell) and effect.kind is NoteKind.CODE and effect.identity is not None:
            self._loop.perform(Show(no_dialog(effect.identity)))

    def pressed(self, key: str, action: str) -> None:
        """A button of a notification."""
        if key in {STANDING, IDLE} and action == REAUTHENTICATE:
            self.clicked(self._view().needed)
            return
        if key == FIRST_USE:
            self._pressed_on_first_use(action)
        if key != ENDINGS:
            return
        if action == SNOOZE:
            self._loop.post(PutOff())
        elif action in {REAUTHENTICATE, "default"}:
            self._renew()

    def _pressed_on_first_use(self, action: str) -> None:
        """A button of the notification that tells who uses what."""
        verb, _, number = action.partition(":")
        if verb == LOCK:
            self._loop.post(Lock())
        elif verb == HUSH:
            self._loop.post(Hush(int(number)))

    def clicked(self, action: str) -> None:
        """A choice in the icon's menu."""
        verb, _, name = action.partition(":")
        if verb == "quit":
            self._tray.stop()
        elif verb == SHOW:
            self._loop.perform(Show(standing(self._view())))
        elif verb in OUTSIDE:
            self._loop.outside(verb, name)
        elif verb == "lock":
            self._loop.post(Lock())
        elif verb == "sign-in":
            for one in self._broker.sign_ins:
                if one.name == name:
                    self._sign_in(one)
                    break
        elif verb == "auth":
            known = identities_shown(self._broker)
            # Who names none means those of the files, not what a caller's variables made of the same keys.
            firsts = {(one.keys, one.mfa_serial): one for one in reversed(known)}.values()
            named = [one for one in known if one.name == name or (not name and one in firsts)]
            locked = [one for one in named if isinstance(self._broker.phase(one), Locked)]
            if named:
                self._authenticate((locked or named)[0])

    def _renew(self) -> None:
        """What the notification's button says: the sign-in of its title, or all codes, one question after the other.

        One page opens, and never beside a dialog: what is left stands in the next notification.
        """
        found = self._broker.endings.found
        if not found:
            return
        soonest = endings.first(found, self._clock.now()).who
        if isinstance(soonest, SignIn):
            self._sign_in(soonest)
            return
        for one in found:
            if isinstance(one.who, Identity):
                self._authenticate(one.who)

    def _sign_in(self, sign_in: SignIn) -> None:
        """A person wants to sign in now, done already or not."""
        caller = Caller(self._replies.open(self._answer))
        self._loop.post(AskSignIn(caller, sign_in, Renewal.ALWAYS, wait=PAGE_WAIT))

    def _authenticate(self, identity: Identity) -> None:
        """A person wants it now, whether or not the session is open."""
        wait = max(LEAST_WAIT, self._broker.settings.prompt_seconds + 1)
        self._loop.post(Authenticate(Caller(self._replies.open(self._answer)), identity, Renewal.ALWAYS, wait=wait))

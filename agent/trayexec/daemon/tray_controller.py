"""The person's side of the agent: the icon and the notifications show what the broker knows and post what is clicked.

They have no powers of their own: a click is the same event as a command's request.
"""

from collections.abc import Callable
from itertools import count

from trayexec.core.broker.events import (
    Authenticate,
    Caller,
    Deliver,
    Event,
    Lock,
    NoteKind,
    Refuse,
    Renewal,
    SessionOpen,
    Show,
    Tell,
)
from trayexec.core.broker.notifications import REAUTHENTICATE, identity_of, no_dialog, unlock_failed
from trayexec.core.broker.state import Broker, Locked
from trayexec.core.broker.status import identities_shown, view
from trayexec.core.config.profiles import Identity
from trayexec.core.ports import Clock, Tray

# What a person who has just clicked knows without being told.
KNOWN = {"cancelled", "timed_out", "locked"}
SOON = 0.05  # seconds
LEAST_WAIT = 120  # a click waits so long at least, and no shorter than its dialog stays (seconds)

Later = Callable[[float, Callable[[], None]], object]


class TrayController:
    """Everything here runs in the loop. `to` wires it, once the loop exists."""

    def __init__(self, tray: Tray, clock: Clock) -> None:
        """Keep the tray to show things on."""
        self._tray = tray
        self._clock = clock
        self._requests = count(1)
        self._seen: object = None
        self._due = False
        self._broker = Broker()
        self._post: Callable[[Event], None]
        self._perform: Callable[[Show], None]
        self._later: Later

    def to(self, post: Callable[[Event], None], perform: Callable[[Show], None], later: Later) -> None:
        """Where events go, who shows a notification, and who calls back after so many seconds."""
        self._post = post
        self._perform = perform
        self._later = later

    def changed(self, broker: Broker) -> None:
        """Draw the state soon: a thousand requests a second change it, and no eye follows that."""
        self._broker = broker
        if not self._due:
            self._due = True
            self._later(SOON, self._draw)

    def _draw(self) -> None:
        """Draw the state, if there is anything new to see."""
        self._due = False
        seen = view(self._broker, self._clock.now())
        if seen != self._seen:
            self._seen = seen
            self._tray.show(seen)

    def answer(self, effect: Deliver | SessionOpen | Refuse | Tell) -> None:
        """The end of what a click began: when it came to nothing, or goes on elsewhere, a notification says so."""
        if isinstance(effect, Refuse) and effect.trouble.code not in KNOWN:
            self._perform(Show(unlock_failed(effect.trouble)))
        elif isinstance(effect, Tell) and effect.kind is NoteKind.CODE:
            self._perform(Show(no_dialog(effect.identity)))

    def pressed(self, key: str, action: str) -> None:
        """A button of a notification."""
        identity = identity_of(key, self._broker.identities)
        if identity is not None and action in {REAUTHENTICATE, "default"}:
            self._authenticate(identity)

    def clicked(self, action: str) -> None:
        """A choice in the icon's menu."""
        verb, _, name = action.partition(":")
        if verb == "quit":
            self._tray.stop()
        elif verb == "lock":
            self._post(Lock())
        elif verb == "auth":
            known = identities_shown(self._broker)
            # Who names none means those of the files, not what a caller's variables made of the same keys.
            firsts = {(one.keys, one.mfa_serial): one for one in reversed(known)}.values()
            named = [one for one in known if one.name == name or (not name and one in firsts)]
            locked = [one for one in named if isinstance(self._broker.phase(one), Locked)]
            if named:
                self._authenticate((locked or named)[0])

    def _authenticate(self, identity: Identity) -> None:
        """A person wants it now, whether or not the session is open. Our own requests count downwards from zero."""
        wait = max(LEAST_WAIT, self._broker.settings.prompt_seconds + 1)
        self._post(Authenticate(Caller(-next(self._requests)), identity, Renewal.ALWAYS, wait=wait))

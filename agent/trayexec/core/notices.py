"""The words of every notification. This module must not know how one is shown."""

from trayexec.core.ports import Notice, Urgency
from trayexec.core.profiles import Identity
from trayexec.errors import Text, Trouble

REAUTHENTICATE = "reauthenticate"


def expiry_key(identity: Identity) -> str:
    """The one notification about a session's end: a later warning replaces an earlier one."""
    return f"expiry:{identity.keys}:{identity.mfa_serial}"


def identity_of(key: str, identities: tuple[Identity, ...]) -> Identity | None:
    """The identity that a notification's key speaks of."""
    return next((one for one in identities if expiry_key(one) == key), None)


def expiring(identity: Identity, left: float, *, last: bool) -> Notice:
    """The session ends in `left` seconds."""
    minutes = round(left / 60)
    title = (
        Text("AWS session of {identity} expires in {minutes} min", identity=identity.name, minutes=minutes)
        if minutes > 0
        else Text("AWS session of {identity} expires in less than a minute", identity=identity.name)
    )
    return Notice(
        expiry_key(identity),
        title,
        Text("Re-authenticate now and nothing is interrupted."),
        ((REAUTHENTICATE, Text("Re-authenticate")),),
        Urgency.LAST if last else Urgency.NORMAL,
    )


def expired(identity: Identity) -> Notice:
    """The session is over."""
    return Notice(
        expiry_key(identity),
        Text("AWS session of {identity} has expired", identity=identity.name),
        Text("Roles already handed out work until they end, at most an hour. The next request asks for a code."),
        ((REAUTHENTICATE, Text("Re-authenticate")),),
        Urgency.LAST,
    )


def revoked(identity: Identity) -> Notice:
    """AWS refused the session before its time."""
    return Notice(
        expiry_key(identity),
        Text("AWS no longer accepts the session of {identity}", identity=identity.name),
        Text("It was revoked, or its keys were changed. A new code opens a new session."),
        ((REAUTHENTICATE, Text("Re-authenticate")),),
        Urgency.LAST,
    )


def unlock_failed(why: Trouble) -> Notice:
    """A click on the icon led nowhere: say why, with the fix."""
    return Notice("unlock", why.title, why.hint)

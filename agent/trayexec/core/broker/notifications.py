"""Words every notification of the rules. It must not know how one is shown."""

from collections.abc import Iterable
from dataclasses import replace

from trayexec.core.broker.expiry_watch import Run
from trayexec.core.config.profiles import Identity, SignIn
from trayexec.core.config.sections import shown
from trayexec.core.ports import Notice, Urgency
from trayexec.core.shell_words import argument, profile
from trayexec.light.errors import Text, Trouble

REAUTHENTICATE = "reauthenticate"
_OFFER = ((REAUTHENTICATE, Text("Re-authenticate")),)
_SIGN_IN = ((REAUTHENTICATE, Text("Sign in")),)


def expiry_key(identity: Identity) -> str:
    """The one notification about a session's end: a later warning replaces an earlier one.

    The same keys and device have several, where the place differs, or a code opens a role: each is another session.
    """
    return f"expiry:{identity.keys}:{hash(identity)}"


def identity_of(key: str, identities: tuple[Identity, ...]) -> Identity | None:
    """The identity that a notification's key speaks of."""
    return next((one for one in identities if expiry_key(one) == key), None)


def expiring(identity: Identity, left: float, *, last: bool) -> Notice:
    """The session ends in `left` seconds."""
    minutes = round(left / 60)
    title = (
        Text("AWS session expires in {minutes} min", minutes=minutes)
        if minutes > 0
        else Text("AWS session expires in less than a minute")
    )
    body = Text("Re-authenticate {identity} now, and nothing is interrupted.", identity=identity.name)
    return Notice(expiry_key(identity), title, body, _OFFER, Urgency.LAST if last else Urgency.NORMAL)


def not_renewed(identity: Identity, left: float, why: Text, *, last: bool) -> Notice:
    """The session ends in `left` seconds, and was to be renewed without anybody being asked."""
    warning = expiring(identity, left, last=last)
    body = Text("{identity} could not be renewed by its command: {why}", identity=identity.name, why=why)
    return replace(warning, body=body)


def expired(identity: Identity) -> Notice:
    """The session is over."""
    return Notice(
        expiry_key(identity),
        Text("AWS session has expired"),
        Text(
            "{identity} is locked. Credentials already handed out work until they expire, at most an hour.",
            identity=identity.name,
        ),
        _OFFER,
        Urgency.LAST,
    )


def revoked(identity: Identity) -> Notice:
    """AWS refused the session before its time."""
    return Notice(
        expiry_key(identity),
        Text("AWS no longer accepts the session"),
        Text("The session of {identity} was revoked, or its keys were changed.", identity=identity.name),
        _OFFER,
        Urgency.LAST,
    )


def sign_in_key(sign_in: SignIn) -> str:
    """The one notification about a sign-in's end."""
    return f"sign-in:{sign_in.session}:{sign_in.start_url}"


def sign_in_of(key: str, sign_ins: Iterable[SignIn]) -> SignIn | None:
    """The sign-in that a notification's key speaks of."""
    return next((one for one in sign_ins if sign_in_key(one) == key), None)


def sign_in_ends(sign_in: SignIn, left: float, *, last: bool) -> Notice:
    """The sign-in ends in `left` seconds."""
    minutes = max(1, round(left / 60))
    return Notice(
        sign_in_key(sign_in),
        Text("{minutes} min left of the sign-in {name}", name=sign_in.name, minutes=minutes),
        Text("Sign in to {name} again now, and nothing is interrupted.", name=sign_in.name),
        _SIGN_IN,
        Urgency.LAST if last else Urgency.NORMAL,
    )


def sign_in_over(sign_in: SignIn) -> Notice:
    """The sign-in is over: its time, or somebody, has ended it."""
    return Notice(
        sign_in_key(sign_in),
        Text("The sign-in {name} has ended", name=sign_in.name),
        Text("Credentials already handed out work until they expire. The next command that needs it opens a page."),
        _SIGN_IN,
        Urgency.LAST,
    )


def outlived(run: Run, left: float) -> Notice:
    """A command still runs, and in `left` seconds its credentials end."""
    minutes = round(left / 60)
    title = (
        Text("{program}: AWS credentials end in {minutes} min", program=run.program, minutes=minutes)
        if minutes > 0
        else Text("{program}: AWS credentials end now", program=run.program)
    )
    body = Text(
        "Process {pid} has those of {profile} and cannot renew them. What runs this long renews by itself under "
        "`trayexec --live {word} -- …`; --need starts it with more time.",
        pid=run.process.pid,
        profile=shown(run.profile),
        word=profile(run.profile),
    )
    return Notice(f"run:{run.process.pid}:{run.process.started}:{run.profile}", title, body)


def unlock_failed(why: Trouble) -> Notice:
    """A click on the icon led nowhere: say why, with the fix."""
    return Notice("unlock", why.title, why.hint)


def no_dialog(identity: Identity) -> Notice:
    """A click on the icon cannot open a dialog here: say where the code can be entered instead."""
    return Notice(
        "unlock",
        Text("No dialog can be shown for the MFA code"),
        Text("Enter it on a terminal with `trayexec auth {word}`.", word=argument(identity.name)),
    )

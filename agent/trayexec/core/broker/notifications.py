"""Words every notification of the rules. It must not know how one is shown."""

from collections.abc import Iterable
from dataclasses import replace

from trayexec.core.broker.expiry_watch import Run
from trayexec.core.config.profiles import Identity, SignIn
from trayexec.core.config.sections import shown
from trayexec.core.ports import Notice, Urgency
from trayexec.core.shell_words import argument, profile
from trayexec.core.view import IconState, View
from trayexec.light.durations import format_duration
from trayexec.light.errors import Text, Trouble

REAUTHENTICATE = "reauthenticate"
STANDING = "standing"  # the notification that answers a click on the icon
IDLE = "idle"  # the one that tells why all is locked
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


def expiring(identity: Identity, at: str, *, last: bool) -> Notice:
    """The session ends at that time of day: what is said so stays true for as long as it is shown."""
    return Notice(
        expiry_key(identity),
        Text("Expires at {time}: {whose}", whose=identity.whose, time=at),
        Text("The session ends. Re-authenticate now, and nothing is interrupted."),
        _OFFER,
        Urgency.LAST if last else Urgency.NORMAL,
        IconState.EXPIRING,
    )


def not_renewed(identity: Identity, at: str, why: Text, *, last: bool) -> Notice:
    """The session ends at that time of day, and was to be renewed without anybody being asked."""
    warning = expiring(identity, at, last=last)
    body = Text("Its command could not renew it: {why}", why=why)
    return replace(warning, body=body)


def expired(identity: Identity) -> Notice:
    """The session is over, as it is every day."""
    return Notice(
        expiry_key(identity),
        Text("Expired: {whose}", whose=identity.whose),
        Text("The session is over. What has credentials already keeps them until they end, within the hour."),
        _OFFER,
        picture=IconState.LOCKED,
    )


def revoked(identity: Identity) -> Notice:
    """AWS refused the session before its time."""
    return Notice(
        expiry_key(identity),
        Text("No longer accepted by AWS: {whose}", whose=identity.whose),
        Text("The session was revoked, or the keys were changed."),
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
        IconState.EXPIRING,
    )


def sign_in_over(sign_in: SignIn) -> Notice:
    """The sign-in is over: its time, or somebody, has ended it."""
    return Notice(
        sign_in_key(sign_in),
        Text("The sign-in {name} has ended", name=sign_in.name),
        Text("Credentials already handed out work until they expire. The next command that needs it opens a page."),
        _SIGN_IN,
        picture=IconState.LOCKED,
    )


def idle_locked(seconds: int) -> Notice:
    """Nobody was at the machine, and so everything is locked."""
    return Notice(
        IDLE,
        Text("Locked: nobody was here for {duration}", duration=format_duration(seconds)),
        Text("Your sessions are forgotten, as idle_lock in config.toml says. The next command asks for a code again."),
        _OFFER,
        picture=IconState.LOCKED,
    )


def outlived(run: Run, at: str) -> Notice:
    """A command still runs, and its credentials end at that time of day."""
    return Notice(
        f"run:{run.process.pid}:{run.process.started}:{run.profile}",
        Text("{program}: its AWS credentials end at {time}", program=run.program, time=at),
        Text(
            "It runs as {profile} (process {pid}) and cannot take new ones. What runs this long renews by itself under "
            "`trayexec --live {word} -- …`; --need starts it with more time.",
            pid=run.process.pid,
            profile=shown(run.profile),
            word=profile(run.profile),
        ),
        picture=IconState.EXPIRING,
    )


def standing(view: View) -> Notice:
    """How it stands, for who has clicked on the icon: with a button for what is needed, where something is."""
    asks = view.needed.partition(":")[0]
    offer = {"auth": Text("Unlock"), "sign-in": Text("Sign in")}.get(asks)
    buttons = ((REAUTHENTICATE, offer),) if offer is not None else ()
    return Notice(STANDING, view.headline, view.tooltip, buttons, picture=view.icon_state)


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

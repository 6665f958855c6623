"""The words of every refusal that the rules decide on. This module must not know when one is due."""

from collections.abc import Sequence

from trayexec.core.profiles import Identity, Role
from trayexec.core.sections import header, shown
from trayexec.errors import Text, Trouble, trouble


def spent() -> Text:
    """A dialog's reason: AWS takes each code once."""
    return Text("That code has been used already. Wait for the next one.")


def no_confirmation(profile: str) -> Trouble:
    """The settings ask for a confirmation, and nobody can be asked for one yet: no is the safe answer."""
    return trouble(
        "no_confirmation",
        "config.toml wants each use of {profile} confirmed, which this version cannot ask for yet.",
        'Set confirm = "never" for it in config.toml, or use another profile.',
        profile=profile,
    )


def locked(identity: Identity) -> Trouble:
    """Nobody is to be asked, and there is no session."""
    return trouble(
        "locked",
        "Identity {identity} is locked.",
        "Unlock it with `trayexec auth {identity}` or Authenticate MFA in the tray.",
        identity=identity.name,
    )


def not_enough(identity: Identity) -> Trouble:
    """Nobody is to be asked, and the session is too short."""
    return trouble(
        "locked",
        "The session of identity {identity} has less time left than was asked for with --need.",
        "Renew it with `trayexec auth {identity} --force`.",
        identity=identity.name,
    )


def locked_by_hand(identity: Identity) -> Trouble:
    """Locked while the request waited."""
    return trouble(
        "locked",
        "Identity {identity} was locked while this waited.",
        "Unlock it with `trayexec auth {identity}` or Authenticate MFA in the tray.",
        identity=identity.name,
    )


def cancelled(identity: Identity) -> Trouble:
    """A person said no."""
    return trouble(
        "cancelled",
        "The MFA dialog of identity {identity} was cancelled.",
        "Run the command again, or unlock with `trayexec auth {identity}`.",
        identity=identity.name,
    )


def nobody(identity: Identity) -> Trouble:
    """A person said nothing."""
    return trouble(
        "timed_out",
        "Nobody entered the MFA code of identity {identity} in time.",
        "Run the command again, or unlock with `trayexec auth {identity}`.",
        identity=identity.name,
    )


def not_a_code(reason: Text) -> Trouble:
    """What came is no code, too often."""
    return Trouble("bad_code", reason, Text("Enter the six digits that your MFA device shows now."))


def already_used(seconds: int) -> Trouble:
    """This very code was sent before."""
    return trouble(
        "spent_code",
        "That code has been used already.",
        "AWS takes each code once: the next one appears in {seconds} seconds.",
        seconds=seconds,
    )


def screen_locked() -> Trouble:
    """Nobody is looking."""
    return trouble(
        "screen_locked",
        "The screen is locked, so no credentials are handed out.",
        'Unlock the screen, or set on_lock = "keep" under [screen] in config.toml.',
    )


def too_little(left: float) -> Trouble:
    """Not even a new session has what was asked for."""
    return trouble(
        "too_little_time",
        "The new session ends in {minutes} minutes, and more was asked for.",
        "Ask for less with --need, or raise duration under [session] in config.toml (36h at most).",
        minutes=int(left // 60),
    )


def stillborn(identity: Identity) -> Trouble:
    """A new session that is over already."""
    return trouble(
        "too_short",
        "AWS gave a session for identity {identity} that has already ended by the clock of this machine.",
        "Check the clock of this machine; if it is right, try again.",
        identity=identity.name,
    )


def too_short(role: Role) -> Trouble:
    """AWS gave a role next to no time."""
    return trouble(
        "too_short",
        "AWS gave credentials for {role} that end within a minute.",
        "Check the clock of this machine; if it is right, try again.",
        role=role.arn,
    )


def unknown_profile(name: str, near: Sequence[str] = ()) -> Trouble:
    """Nothing in the files is called so; `near` are names that are like it."""
    if not name:
        return trouble(
            "unknown_profile",
            "The name of the profile is empty.",
            "Look at the variable that is to hold it; `trayexec list` shows the profiles there are.",
        )
    if near:
        return trouble(
            "unknown_profile",
            "There is no profile {profile} in the AWS config.",
            "Did you mean {near}? `trayexec list` shows all of them.",
            profile=shown(name),
            near=", ".join(map(shown, near)),
        )
    return trouble(
        "unknown_profile",
        "There is no profile {profile} in the AWS config.",
        "`trayexec list` shows the profiles there are; add {section} to ~/.aws/config.",
        profile=shown(name),
        section=header(name),
    )

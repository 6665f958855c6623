"""Says why keys are not rotated."""

from trayexec.commands import keychain_entry, times
from trayexec.core.config.ownership import account_in
from trayexec.core.config.sections import shown
from trayexec.core.rotation import AccessKey
from trayexec.core.shell_words import argument
from trayexec.core.stamps import utc
from trayexec.light.errors import Text, Trouble, trouble


def printed(name: str, program: str) -> Trouble:
    """Their place is not ours to write to."""
    return trouble(
        "rotate_printed",
        "The keys of {name} are printed by the command {program}, as config.toml says: a new key cannot be put there.",
        "Make one in the AWS console (IAM, Users, your user, Security credentials), put it where that command finds "
        "it, and delete the old one once `trayexec auth {word} --force` has worked.",
        name=shown(name),
        program=shown(program),
        word=argument(name),
    )


def of_program(profile: str) -> Trouble:
    """Likewise, where the AWS config names the program: it may print a session, too."""
    return trouble(
        "rotate_printed",
        "The credentials of {profile} are printed by its credential_process: a new key cannot be put there.",
        "If it prints long-term keys, make one in the AWS console (IAM, Users, your user, Security credentials), put "
        "it where that program finds it, and delete the old one once `trayexec auth {word} --force` has worked.",
        profile=shown(profile),
        word=argument(profile),
    )


def two_keys(name: str, arn: str, stored: str, other: AccessKey) -> Trouble:
    """AWS has another key of the user's, that somebody may be using."""
    values = {
        "user": shown(arn.rpartition("/")[2]),
        "account": account_in(arn),
        "key": keychain_entry.end(stored),
        "other": shown(other.id),
        "time": times.clock(utc(int(other.created))),
    }
    if other.unused:
        title = Text(
            "{user} in {account} has two access keys, and AWS allows no third: besides {key} there is {other}, made "
            "{time} and never used.",
            **values,
        )
    else:
        title = Text(
            "{user} in {account} has two access keys, and AWS allows no third: besides {key} there is {other}, made "
            "{time}.",
            **values,
        )
    hint = Text(
        "If nothing uses it any more, delete it in the AWS console (IAM, Users, {user}, Security credentials), and "
        "rotate the keys of {name} again.",
        user=values["user"],
        name=shown(name),
    )
    return Trouble("rotate_full", title, hint)


def of_another(name: str, arn: str, other: str) -> Trouble:
    """The key that is stored as the new one is not this user's."""
    return trouble(
        "keys_user",
        "The key that is stored as the new one of {name} is of {other}, not of {arn}.",
        "It is not used. Take it out of the keychain: its name there ends in (new key).",
        name=shown(name),
        other=other,
        arn=arn,
    )


def not_taken_yet(name: str, new: str) -> Trouble:
    """IAM is eventually consistent, and takes very long this time."""
    return trouble(
        "rotate_lag",
        "AWS does not take the new key {key} yet.",
        "Nothing is lost. Rotate the keys of {name} again in some minutes: it goes on from here.",
        key=keychain_entry.end(new),
        name=shown(name),
    )


def not_of_user(name: str, arn: str, key: str) -> Trouble:
    """IAM does not list the key in use, so it lists somebody else's."""
    return trouble(
        "rotate_unlisted",
        "AWS does not list the key {key} of {name} among those of {arn}.",
        "It may have been deleted: make a new one in the AWS console, then run `trayexec keys add {word}`",
        key=keychain_entry.end(key),
        name=shown(name),
        arn=arn,
        word=argument(name),
    )


def of_root(name: str) -> Trouble:
    """A root user's keys are not to be rotated, but to go."""
    return trouble(
        "rotate_root",
        "The keys of {name} are those of the account's root user.",
        "Make an IAM user with keys of its own, and delete the root user's: AWS advises against having any.",
        name=shown(name),
    )


def no_answer(name: str) -> Trouble:
    """Nobody agreed."""
    return trouble(
        "rotate_unagreed",
        "Nothing was changed.",
        "If you mean it, run `trayexec keys rotate {word} --yes`",
        word=argument(name),
    )

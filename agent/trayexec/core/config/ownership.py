"""Whose keys may be used with which MFA device. This module must not know the keychain or AWS.

A device belongs to one user of one account, so keys of another account can never use it: AWS would refuse each code,
and count it. A serial that keys merely inherit from [default] is the commonest way to somebody else's device.
"""

from trayexec.core.config import serials
from trayexec.core.config.profiles import Identity
from trayexec.core.config.sections import header, shown
from trayexec.core.shell_words import argument
from trayexec.light.errors import Trouble, trouble

CODE = "keys_account"
_PARTS = 5  # of an ARN, at least, before the account has come


def account_in(arn: str) -> str:
    """The account in the ARN of a user, or nothing."""
    parts = arn.split(":")
    return parts[4] if len(parts) > _PARTS and parts[4].isdigit() else ""


def told_by_serial(identity: Identity) -> bool:
    """Whether the device's serial says of which account it is."""
    return bool(serials.account_of(identity.mfa_serial))


def fault(identity: Identity, account: str, *, default: str = "") -> Trouble | None:
    """Why keys of `account` must not be used with the identity's device; None when they may, or nobody can tell.

    `default` is the account of the keys of [default]: whose a hardware token is, its number does not tell.
    """
    device = serials.account_of(identity.mfa_serial) or (default if identity.inherited else "")
    if not account or not device or account == device:
        return None
    if identity.inherited:
        return trouble(
            CODE,
            "The keys of {profile} are of account {account}, but the only mfa_serial for them is that of [default], "
            "whose account is {other}.",
            "Write their own under {section}: mfa_serial = arn:aws:iam::{account}:mfa/<device>",
            profile=shown(identity.keys),
            account=account,
            other=device,
            section=header(identity.keys),
        )
    return trouble(
        CODE,
        "The keys of {profile} are of account {account}, but the MFA device {serial} is of {other}: AWS would refuse "
        "each code.",
        "Store keys of {other} with `trayexec keys add {word}`, or correct mfa_serial under {section}.",
        profile=shown(identity.keys),
        account=account,
        serial=identity.mfa_serial,
        other=device,
        word=argument(identity.keys),
        section=header(identity.keys),
    )

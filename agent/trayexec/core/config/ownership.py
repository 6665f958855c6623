"""Decides whose keys may be used with which MFA device. It must not know the keychain or AWS.

A device belongs to one user of one account, so keys of another account can never use it: AWS would refuse each code,
and count it. A serial that keys merely inherit from [default] is the commonest way to somebody else's device.
"""

from trayexec.core.config import problems, serials
from trayexec.core.config.profiles import Identity
from trayexec.light.errors import Trouble

_PARTS = 5  # of an ARN, at least, before the account has come


def account_in(arn: str) -> str:
    """The account in the ARN of a user, or nothing."""
    parts = arn.split(":")
    return parts[4] if len(parts) > _PARTS and parts[4].isdigit() else ""


def user_in(arn: str) -> str:
    """The user's name in its ARN, without the path to it; nothing where it is of no user."""
    kind, _, path = arn.rpartition(":")[2].partition("/")
    return path.rpartition("/")[2] if kind == "user" else ""


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
        return problems.device_of_default(identity.keys, account, other=device)
    return problems.device_of_another(identity.keys, account, serial=identity.mfa_serial, other=device)

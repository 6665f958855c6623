"""Tells what can be the serial of an MFA device that AWS takes through its API. It must not know files or AWS.

A virtual device has an ARN, `arn:aws:iam::111111111111:mfa/name`; a hardware token has the number printed on it
(https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html, SerialNumber). Everything else is refused
when it is read: sent to AWS, it would only get "verify your MFA serial number" for each code, and use the codes up.
"""

import re

from trayexec.core.config import problems
from trayexec.light.errors import Trouble

_ALLOWED = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_TOKEN = re.compile(r"(?=.*[0-9])[\w+=,.@-]{9,256}", re.ASCII)  # a token's number has digits, no slash and no colon
_DEVICE = re.compile(r"arn:(aws[a-z-]*):iam::([0-9]{12}):mfa/[\w+=,.@/-]+", re.ASCII)
_PARTS = 6  # of an ARN: arn:partition:service:region:account:resource
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def account_of(serial: str) -> str:
    """The account number in a device's ARN, or nothing for a hardware token's number."""
    match = _DEVICE.fullmatch(serial)
    return match[2] if match else ""


def is_foreign(serial: str, account: str) -> bool:
    """Whether a device is of another account than this; empty is one that is not known, of which no ARN may be."""
    return account_of(serial) not in {"", account}


def partition_of(serial: str) -> str | None:
    """The AWS partition in a device's ARN: aws, aws-cn, aws-us-gov and so on; None for a hardware token's number."""
    match = _DEVICE.fullmatch(serial)
    return match[1] if match else None


def fault(serial: str, profile: str) -> Trouble | None:
    """Why the `mfa_serial` that stands in the section of `profile` cannot be a device; None when it can."""
    if ":u2f/" in serial:
        return problems.serial_of_passkey(profile)
    if ":sms-mfa/" in serial:
        return problems.serial_of_telephone(profile)
    if _DEVICE.fullmatch(serial) and _ALLOWED.fullmatch(serial):
        return None
    if _TOKEN.fullmatch(serial):
        return None
    return _no_device(serial, profile)


def _no_device(serial: str, profile: str) -> Trouble:
    parts = serial.split(":", _PARTS - 1)
    whole = len(parts) == _PARTS and parts[0] == "arn"
    kind, slash, name = parts[-1].partition("/") if whole else ("", "", "")
    if whole and kind in problems.KINDS and slash:
        return problems.serial_of_another_kind(profile, serial, kind=kind, name=name)
    if whole and kind == "mfa" and not _ACCOUNT.fullmatch(parts[4]):
        return problems.serial_of_no_account(profile, serial)
    return problems.no_device(profile, serial)

"""Checks what an IAM user's access key looks like. Pure: nothing is asked, so a slip is told before more is typed.

The prefixes: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (Unique identifiers).
"""

import re

from trayexec.core.config.sections import shown
from trayexec.light.errors import Trouble, trouble

_ID = re.compile(r"AKIA[A-Z0-9]{16}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9/+]{40}", re.ASCII)
_LENGTH = 20
_OTHERS = re.compile(r"A(?:BIA|CCA|GPA|IDA|IPA|NPA|NVA|PKA|ROA|SCA)[A-Z0-9]{16,17}", re.ASCII)


def wrong_id(key_id: str) -> Trouble | None:
    """Why this cannot be the id of a long-term access key; None when it can."""
    if _ID.fullmatch(key_id):
        return None
    if not key_id:
        return missing()
    if key_id.startswith("ASIA"):
        return trouble(
            "not_long_term",
            "That access key id belongs to temporary credentials.",
            "Use an IAM user's own access key: its id begins with AKIA.",
        )
    if _SECRET.fullmatch(key_id):  # what it is must not be shown
        return trouble(
            "key_shape",
            "That looks like a secret access key, not like the id of one.",
            "The id comes first: 20 capital letters and digits that begin with AKIA.",
        )
    if _OTHERS.fullmatch(key_id):
        return trouble(
            "key_shape",
            "{id} is the id of a user, a role or something else, but not of an access key.",
            "An access key's id begins with AKIA: the AWS console shows it under IAM, Users, your user, Security "
            "credentials.",
            id=key_id,
        )
    return trouble(
        "key_shape",
        "That is no access key id: it is the one character {beginning}."
        if len(key_id) == 1
        else "That is no access key id: it has {count} characters and begins with {beginning}.",
        "The id of an IAM user's access key is {length} capital letters and digits, and begins with AKIA.",
        count=len(key_id),
        beginning=shown(key_id[:4]),
        length=_LENGTH,
    )


def wrong_secret(secret: str) -> Trouble | None:
    """Why this cannot be a secret access key; None when it can. It is never shown."""
    if _SECRET.fullmatch(secret):
        return None
    if not secret:
        return missing()
    return trouble(
        "key_shape",
        "That is no secret access key: it has {count} character."
        if len(secret) == 1
        else "That is no secret access key: it has {count} characters, or one that none has.",
        "A secret access key is 40 letters, digits, + and /: copy it whole, with nothing around it.",
        count=len(secret),
    )


def missing() -> Trouble:
    """Half of the pair is not there."""
    return trouble(
        "keys_incomplete",
        "The access key id or the secret access key is missing.",
        "Both are needed; --env takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )

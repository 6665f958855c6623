"""Defines secrets and the credentials made of them. It must not know where they come from or go to."""

from dataclasses import dataclass
from typing import NoReturn

from trayexec.core.clock import Expiry


class Secret:
    """A string that cannot be shown, logged, pickled or compared by accident: only `reveal()` gives it out.

    Python cannot promise that memory is wiped, so neither do we: a secret is dropped, and collected when the last
    reference goes.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Hide `value`."""
        self._value = value

    def reveal(self) -> str:
        """The string itself: call this only where it leaves for AWS, for the keychain, or for the caller."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a Secret is not written anywhere")


@dataclass(frozen=True, slots=True)
class LongTermKeys:
    """An IAM user's access key: what the OS keychain holds. `arn` is whose it is, as AWS said; empty if never asked."""

    access_key_id: str
    secret_access_key: Secret
    arn: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials: a session's, a role's, or a provider's. `account` is theirs, where a provider says it."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret
    expiry: Expiry
    account: str = ""

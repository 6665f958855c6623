"""Tells words that name a role from those that name a profile, without what takes long to load."""

from collections.abc import Container


def is_role(word: str, profiles: Container[str] = ()) -> bool:
    """Whether a word means a role by its ARN, or by account and name, since no profile is called so."""
    return word not in profiles and account_of(word) is not None


def account_of(word: str) -> str | None:
    """The account of a role so named; None for any other word."""
    if ":" not in word:
        return None
    from trayexec.core.config import adhoc  # noqa: PLC0415 — only for a word that can be one

    return adhoc.account_of(word) if adhoc.is_role(word) else None

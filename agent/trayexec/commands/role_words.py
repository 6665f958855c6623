"""What a line says of roles: which words name one, and what narrows it. Without what takes long to load."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from trayexec.commands.reading import Options
    from trayexec.light.protocol_fields import PolicyFields


def is_role(word: str, profiles: "Container[str]" = ()) -> bool:
    """Whether a word means a role by its ARN, or by account and name, since no profile is called so."""
    return word not in profiles and account_of(word) is not None


def account_of(word: str) -> str | None:
    """The account of a role so named; None for any other word."""
    if ":" not in word:
        return None
    from trayexec.core.config import adhoc  # noqa: PLC0415 — only for a word that can be one

    return adhoc.account_of(word) if adhoc.is_role(word) else None


def policy_of(options: "Options") -> "PolicyFields | None":
    """What narrows the role; None where nothing does. Raises TrayexecError (`policy`, `usage`)."""
    words = getattr(options, "policies", ())
    if not words:
        return None
    from trayexec.commands import narrowing  # noqa: PLC0415 — only with such an option

    return narrowing.fields(words)

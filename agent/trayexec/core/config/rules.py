"""Tells which rules of config.toml hold for a profile, or for a role that its ARN names. It must not know files."""

from collections.abc import Sequence

from trayexec.core import messages
from trayexec.core.config import adhoc
from trayexec.core.config.profiles import Catalogue, Profile
from trayexec.core.config.session_policy import SessionPolicy
from trayexec.core.settings import ConfirmRule, ProfileRule, Settings, UseGuard
from trayexec.light.errors import TrayexecError


def rules_of(profile: Profile, settings: Settings, catalogue: Catalogue) -> Sequence[ProfileRule]:
    """The profile's own first. A role that is named by its ARN is guarded as each profile that has the same one."""
    return [settings.rule(name) for name in (profile.name, *adhoc.namesakes(profile, catalogue))]


def policy_of(profile: Profile, rules: Sequence[ProfileRule]) -> SessionPolicy | None:
    """The session policy that these rules want. Raises TrayexecError where they want different ones."""
    policies = list(dict.fromkeys(rule.policy for rule in rules if rule.policy is not None))
    if len(policies) > 1:
        raise TrayexecError(messages.narrowed_differently(profile.name))
    return policies[0] if policies else None


def guard_of(rules: Sequence[ProfileRule]) -> UseGuard | None:
    """Whether a person is asked first, by the strictest of these rules; None where nobody is."""
    strictest = min((rule.confirm or ConfirmRule(None) for rule in rules), key=lambda rule: rule.strictness)
    return None if strictest.every is None else UseGuard(strictest.every, rules[0].colour or "")

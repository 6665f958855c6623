"""Makes of a role one that a code of its own opens, for longer than an hour. It must not know files or AWS.

With a session AWS gives a role 3600 seconds at most, whatever the role allows; with an access key and a code it gives
what the role's maximum allows, up to twelve hours (API_AssumeRole, DurationSeconds). So such a role costs a code of its
own, is kept apart from the session of its identity, and lasts whatever becomes of that.
"""

from dataclasses import replace

from trayexec.core import messages
from trayexec.core.config.profiles import Identity, Profile, Role
from trayexec.core.config.sections import shown
from trayexec.core.settings import Delivery, ProfileRule
from trayexec.light.durations import format_duration
from trayexec.light.errors import TrayexecError

HOUR = 3600


def lengthened(profile: Profile, rule: ProfileRule, call: int | None = None) -> Profile:
    """The profile with its role opened by a code of its own, as the settings say, or a caller who names the seconds.

    What the settings say holds for roles that ask for more than an hour and can have it. Raises TrayexecError (`long`)
    for a caller's that cannot.
    """
    target = profile.target
    if isinstance(target, Role) and isinstance(target.source, Identity):
        if call is not None:
            return _opened_by_code(profile, target, target.source, seconds=call)
        if rule.delivery is Delivery.LONG and target.seconds > HOUR:
            return _opened_by_code(profile, target, target.source, seconds=target.seconds)
    elif call is not None:
        chained = isinstance(target, Role) and isinstance(target.source, Role)
        raise TrayexecError(messages.chained_for_long(profile.name) if chained else messages.no_role_for_long(profile))
    return profile


def _opened_by_code(profile: Profile, role: Role, source: Identity, *, seconds: int) -> Profile:
    name = f"{source.name} ({shown(profile.name)}, {format_duration(seconds)})"
    return replace(profile, target=replace(source, role=replace(role, seconds=seconds), name=name))

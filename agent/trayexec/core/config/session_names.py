"""Names the sessions of roles, by which AWS's own logs tell who did something. It must not know who that is.

`role_session_name` may have `{user}`, `{host}` and `{program}` in it: who runs the agent, on which machine, and which
program asks. What is no name to STS (API_AssumeRole, RoleSessionName) is told when the config is read.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from trayexec.core.config.profiles import Profile, Role

PROGRAM = "program"  # is known with the request

_ALLOWED = re.compile(r"[\w+=,.@-]*", re.ASCII)
_FORBIDDEN = re.compile(r"[^\w+=,.@-]", re.ASCII)
_HOLE = re.compile(r"\{(user|host|program)\}")
_LENGTHS = range(2, 65)


def usual(user: str) -> str:
    """The session name of a person whose login name is `user`: what STS allows of `trayexec-<user>`."""
    return clean(f"trayexec-{user}")


def clean(name: str) -> str:
    """What STS allows of a name, with a dash for the rest."""
    return _FORBIDDEN.sub("-", name)[: _LENGTHS.stop - 1]


def is_name(template: str) -> bool:
    """Whether something that can be a session's name comes of it."""
    rest = _HOLE.sub("", template)
    if rest == template:
        return len(template) in _LENGTHS and bool(_ALLOWED.fullmatch(template))
    return len(rest) < _LENGTHS.stop - 1 and bool(_ALLOWED.fullmatch(rest))


def filled(template: str, values: Mapping[str, str]) -> str:
    """The name, as far as the values are known; the whole of it is cut to what STS takes once they all are."""
    name = _HOLE.sub(lambda hole: clean(values[hole[1]]) if hole[1] in values else hole[0], template)
    if _HOLE.search(name):
        return name
    return name[: _LENGTHS.stop - 1] if len(name) >= _LENGTHS.start else f"trayexec-{name}"


def asked_by(profile: Profile, program: str) -> Profile:
    """The profile with its roles called after the program that asks, where they are to be."""
    target = profile.target
    if not isinstance(target, Role) or not _has_hole(target):
        return profile
    return replace(profile, target=_named(target, program))


def _has_hole(role: Role) -> bool:
    return "{" in role.session_name or (isinstance(role.source, Role) and _has_hole(role.source))


def _named(role: Role, program: str) -> Role:
    source = _named(role.source, program) if isinstance(role.source, Role) else role.source
    return replace(role, source=source, session_name=filled(role.session_name, {PROGRAM: program or "unknown"}))

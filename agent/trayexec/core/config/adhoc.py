"""Makes a profile of a role that is named by its ARN, or by account and name, over a source. It must not know files.

Everything but the role is as the source's profile has it: the identity, the partition, the region, the way to STS.
"""

import re
from collections.abc import Iterator

from trayexec.core import messages
from trayexec.core.config import problems
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, Role, StsEndpoint
from trayexec.light.errors import TrayexecError

SECONDS = 3600  # what AWS gives a role from a session at most

# A role's path may hold any printable ASCII character (API_AssumeRole, RoleArn); the short form is for usual names.
_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/[!-~]+")
_SHORT = re.compile(r"(?P<account>[0-9]{12}):(?:role/)?(?P<name>[\w+=,.@/-]+)", re.ASCII)
_LONGEST = 2048  # characters of an ARN


def is_role(word: str) -> bool:
    """Whether a word names a role, and not by a profile: an ARN, or `123456789012:Name`."""
    return len(word) <= _LONGEST and bool(_ARN.fullmatch(word) or _SHORT.fullmatch(word))


def account_of(word: str) -> str | None:
    """The account of a role so named; None for any other word."""
    match = _ARN.fullmatch(word) or _SHORT.fullmatch(word)
    return match["account"] if match else None


def find(catalogue: Catalogue, name: str, source: str | None = None) -> Profile:
    """The profile of this name, or the role that it names, assumed from `source`: a profile, or an identity.

    A profile that is called like a role is meant by its name unless a source is told. Without a source it is the only
    identity there is. Raises TrayexecError for what cannot be served.
    """
    found = catalogue.profiles.get(name)
    if is_role(name) and (found is None or source is not None):
        return _over(catalogue, name, source)
    if source is not None:
        raise TrayexecError(messages.source_of_a_profile(name))
    if isinstance(found, Profile):
        return found
    if found is not None:
        raise TrayexecError(found.problem)
    if name.startswith("arn:"):
        raise TrayexecError(messages.no_role_arn(name))
    raise TrayexecError(messages.unknown_profile(name, catalogue))


def namesakes(profile: Profile, catalogue: Catalogue) -> Iterator[str]:
    """The profiles that have the role of one that is none of the catalogue's: what guards them guards it, too.

    Those that are not served count as well. An account has no two roles whose names differ in capitals alone (IAM user
    guide, "IAM and AWS STS quotas"), so these are no way around a guard.
    """
    if profile.name not in catalogue.profiles and profile.role_arn is not None:
        for one in catalogue.profiles.values():
            if one.role_arn is not None and one.role_arn.casefold() == profile.role_arn.casefold():
                yield one.name


def _over(catalogue: Catalogue, word: str, source: str | None) -> Profile:
    base = _source(catalogue, source)
    short = _SHORT.fullmatch(word)
    partition = base.root.partition
    match = _ARN.fullmatch(word)
    if match is not None and match["partition"] != partition:
        raise TrayexecError(problems.role_in_other_partition(word, role=match["partition"], keys=partition))
    arn = f"arn:{partition}:iam::{short['account']}:role/{short['name']}" if short else word
    return Profile(
        arn,
        base.region,
        Role(arn, base.target, catalogue.session_name, None, SECONDS, _endpoint(base.target)),
        inherits_serial=base.inherits_serial,
        inherits_region=base.inherits_region or base.name == "default",
        settings_of=base.name,
    )


def _endpoint(target: Identity | Provider | Role) -> StsEndpoint:
    return target.endpoint


def _source(catalogue: Catalogue, name: str | None) -> Profile:
    """The profile whose credentials assume the role. Raises TrayexecError."""
    if name is None:
        identities = catalogue.identities
        if len(identities) > 1:
            raise TrayexecError(messages.several_sources(one.name for one in identities))
        if not identities and any(isinstance(one, Profile) for one in catalogue.profiles.values()):
            raise TrayexecError(messages.no_source())
        if not identities:
            raise TrayexecError(messages.no_identity(catalogue))
        return _of_identity(catalogue, identities[0])
    found = catalogue.profiles.get(name)
    if isinstance(found, Profile):
        return found
    named = [one for one in catalogue.identities if name in {one.name, one.keys}]
    if len(named) == 1:
        return _of_identity(catalogue, named[0])
    if len(named) > 1:
        raise TrayexecError(messages.several_sources(one.name for one in named))
    if found is not None:
        raise TrayexecError(found.problem)
    raise TrayexecError(messages.unknown_profile(name, catalogue))


def _of_identity(catalogue: Catalogue, identity: Identity) -> Profile:
    """The profile that is this identity; where the files have none, the keys are in the keychain only."""
    found = catalogue.profiles.get(identity.keys)
    if isinstance(found, Profile) and found.target == identity:
        return found
    return Profile(identity.keys, None, identity)

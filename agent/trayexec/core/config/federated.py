"""Makes of an identity the federated user that AWS signs in to its console: GetFederationToken. It must not know AWS.

The sign-in takes the credentials of a role or of a federated user, and no session of GetSessionToken. A federated user
may do what its user and a policy both allow, and has no MFA, whatever code was given
(https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html).
"""

from dataclasses import replace

from trayexec.core.config.profiles import Identity, Profile, Role

SECONDS = 3600  # as a role's, so that a sign-in lasts no longer than one
LONGEST_NAME = 32  # characters
_RESOURCE = "federated-user/"


def signing_in(profile: Profile, name: str) -> Profile:
    """The profile as it signs in to the console: a role as it is, an identity as its federated user of that name."""
    identity = profile.target
    if not isinstance(identity, Identity):
        return profile
    name = name[:LONGEST_NAME]
    arn = f"arn:{identity.partition}:sts::{identity.account}:{_RESOURCE}{name}"
    return replace(profile, target=Role(arn, identity, name, None, SECONDS, identity.endpoint))


def is_federated(role: Role) -> bool:
    """Whether it is a federated user: then it comes from the keys, and not from the session."""
    return role.arn.split(":", 5)[-1].startswith(_RESOURCE)

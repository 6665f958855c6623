"""The credentials in a caller's environment: which variables they are, and how they get to an agent that needs them.

No request has them of itself. Where a profile's `credential_source` means them, the agent refuses with the code
`agent_client.WANTED`, and only then they are sent, in the same request made anew; never to what forwards the socket.
"""

import os

from trayexec.light.errors import Trouble, shown, trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayexec.light.protocol_fields import RequestFields

TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 — a variable's name
# As botocore reads them (credentials.py: EnvProvider, ContainerProvider).
ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
)
CONTAINER = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    TOKEN_FILE,
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
NAMES = (*ENVIRONMENT, *CONTAINER)


def added(request: "RequestFields", environ: "Mapping[str, str]") -> "RequestFields | None":
    """The same request with them; None where it has them already, or the environment has none."""
    given = {name: environ[name] for name in NAMES if environ.get(name)}
    if not given or "given" in request:
        return None
    if TOKEN_FILE in given:
        given[TOKEN_FILE] = os.path.abspath(given[TOKEN_FILE])  # noqa: PTH100 — the agent has another working folder
    return {**request, "given": given}


def not_from_afar(profile: str) -> Trouble:
    """Whoever forwards the socket would have them."""
    return trouble(
        "caller_elsewhere",
        "Profile {profile}: its credentials are those in the environment of whoever asks, and they are not sent over a "
        "forwarded socket.",
        "Run the command where the agent is, or use the profile without trayexec.",
        profile=shown(profile),
    )

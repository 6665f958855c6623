"""The environment of a command that is run with credentials (DESIGN 3.2)."""

from trayexec.light import caller_variables
from trayexec.light.errors import Text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayexec.light.protocol_messages import CredentialsAnswer, EndpointAnswer, OverlayAnswer, RegionAnswer


REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def environment(
    served: "CredentialsAnswer", profile: str, region: str | None, environ: "Mapping[str, str]"
) -> "dict[str, str]":
    """The command's environment: DESIGN 3.2."""
    env = caller_variables.without(environ)
    env["AWS_ACCESS_KEY_ID"] = served["AccessKeyId"]
    env["AWS_SECRET_ACCESS_KEY"] = served["SecretAccessKey"]
    env["AWS_SESSION_TOKEN"] = served["SessionToken"]
    env["AWS_CREDENTIAL_EXPIRATION"] = served["Expiration"]
    env |= whose(profile, served)
    if "Overlay" in served:  # its settings are not those of [default], which is what SDKs read beside keys
        env |= _settings(served["Overlay"], profile)
    return in_region(region_of(region, served, environ), env)


def whose(profile: str, told: "CredentialsAnswer | EndpointAnswer") -> "dict[str, str]":
    """The variables that tell a command which profile it runs with, and in which account if that is known."""
    account = told.get("AccountId")
    return {"TRAYEXEC_PROFILE": profile, "AWS_ACCOUNT_ID": account} if account else {"TRAYEXEC_PROFILE": profile}


def _settings(overlay: "OverlayAnswer", profile: str) -> "dict[str, str]":
    """The variables by which the profile has its own settings; none where the agent's files are not to be seen here."""
    from trayexec.light import same_machine  # noqa: PLC0415 — only for such a profile
    from trayexec.live import overlay_origin  # noqa: PLC0415 — only for such a profile

    if same_machine.sees(overlay):
        return {**overlay_origin.leading_to(overlay), "AWS_PROFILE": profile}
    from trayexec.light import stderr  # noqa: PLC0415 — only then

    stderr.tell(
        Text(
            "{profile} has settings of its own (endpoints, FIPS and the like) where the agent runs, and they are not "
            "on this machine: the command runs without them",
            profile=profile,
        )
    )
    return {}


def region_of(named: str | None, served: "RegionAnswer", environ: "Mapping[str, str]") -> str | None:
    """The region of a command (DESIGN 3.2): named, the profile's or its source's, the caller's, that of [default]."""
    return named or callers_region(served, environ) or served.get("Region")


def callers_region(served: "RegionAnswer", environ: "Mapping[str, str]") -> str | None:
    """The caller's own region where it is better than the one that was served; not one that an outer run has left."""
    own = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not own or (served.get("Region") and served.get("RegionOf") != "default"):
        return None
    if "TRAYEXEC_PROFILE" in environ:
        from trayexec.live import overlay_origin  # noqa: PLC0415 — only for a run within a run

        return None if overlay_origin.left_over(environ) else own
    return own


def in_region(region: str | None, env: "dict[str, str]") -> "dict[str, str]":
    """The environment `env` with this region alone; with none, SDKs look into the files."""
    for name in REGIONS:
        env.pop(name, None)
        if region:
            env[name] = region
    return env

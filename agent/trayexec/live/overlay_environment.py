"""What a command gets under `--live`: the overlay, which the agent is asked for, and the variables that lead to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from trayexec.light import agent_client, caller_variables, context, execution, protocol, same_machine
from trayexec.live import overlay_origin

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import OverlayAnswer

_DEPTH = "TRAYEXEC_LIVE"


def overlay_here(environ: Mapping[str, str], server: str | None = None, source: str | None = None) -> "OverlayAnswer":
    """The overlay, up to date, before anybody is asked; `server` is the profile of `--server`, or a role over `source`.

    Raises TrayexecError (`lent`) for one of another machine.
    """
    request = protocol.overlay(context.surroundings(environ), server=server, source=source)
    answer, connection = agent_client.hold(request, environ)
    overlay = protocol.read_overlay(answer)
    same_machine.check(overlay, connection)
    connection.close()
    return overlay


def environment(
    overlay: "OverlayAnswer", profile: str | None, region: str | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment of what runs live. An empty `region` is each profile's own; None is as the caller has it."""
    env = caller_variables.without(environ)
    if region is not None or not execution.callers_region({}, environ):
        # Another would beat the region of whichever profile is chosen inside.
        execution.in_region(region, env)
    env |= overlay_origin.leading_to(overlay)
    if profile is not None:
        # Not AWS_DEFAULT_PROFILE: boto3 and the AWS CLI v1 look at it first, so a later AWS_PROFILE=… would be in vain.
        env["AWS_PROFILE"] = env["TRAYEXEC_PROFILE"] = profile
    env[_DEPTH] = str(depth(environ) + 1)
    return env


def depth(environ: Mapping[str, str]) -> int:
    """In how many commands under `--live` this one runs."""
    said = environ.get(_DEPTH, "")
    return int(said) if said.isdecimal() and len(said) < 4 else 0  # noqa: PLR2004 — nobody is deeper than 999

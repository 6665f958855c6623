"""`--live` and `shell`: the command sees every served profile, and its credentials renew by themselves (DESIGN 3.4)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trayexec.commands.reading import Options
from trayexec.light import (
    agent_client,
    caller_variables,
    command_environment,
    context,
    execution,
    protocol_messages,
    same_machine,
)
from trayexec.light.errors import TrayexecError, trouble
from trayexec.live import overlay_origin

if TYPE_CHECKING:
    from trayexec.light.protocol_messages import OverlayAnswer

DEEPEST = 20  # one in another; more is a credential_process that calls itself by way of us
DEPTH = "TRAYEXEC_LIVE"


def run(options: Options, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` live. Errors of the profile come before the command is started."""
    program = execution.find(command[0], environ)
    if isinstance(program, int):
        return program
    named = [*options.profiles, *options.literal]
    return _run(options, named[0] if named else context.chosen(environ), (program, command), environ)


def shell(options: Options, environ: Mapping[str, str]) -> int:
    """The user's own shell, live."""
    command = [environ.get("SHELL") or "/bin/sh"]
    program = execution.find(command[0], environ)
    profile = context.chosen(environ) if options.profile is None else options.profile
    return program if isinstance(program, int) else _run(options, profile, (program, command), environ)


def _run(options: Options, profile: str | None, what: tuple[str, Sequence[str]], environ: Mapping[str, str]) -> int:
    program, command = what
    if _depth(environ) >= DEEPEST:
        raise TrayexecError(
            trouble(
                "recursion",
                "{most} commands run under --live, one within the other.",
                "A credential_process in your AWS config may call itself: `trayexec list` shows which there are.",
                most=DEEPEST,
            )
        )
    overlay = overlay_here(environ)
    region = options.region
    asker = command[0].rpartition("/")[2]
    if profile is not None:
        request = protocol_messages.credentials(
            context.surroundings(environ), profile, wait=options.wait, need=options.need, program=asker
        )
        served = protocol_messages.read_credentials(agent_client.obtain(request, environ))
        region = region or (
            None if command_environment.callers_region(served, environ) else "" if served.get("Region") else None
        )
    return execution.become(program, command, environment(overlay, profile, region, environ))


def overlay_here(environ: Mapping[str, str], server: str | None = None) -> "OverlayAnswer":
    """The overlay, up to date, before anybody is asked; `server` is the profile of a `--server`.

    Raises TrayexecError (`lent`) for one of another machine.
    """
    request = protocol_messages.overlay(context.surroundings(environ), server=server)
    answer, connection = agent_client.hold(request, environ)
    overlay = protocol_messages.read_overlay(answer)
    same_machine.check(overlay, connection)
    connection.close()
    return overlay


def environment(
    overlay: "OverlayAnswer", profile: str | None, region: str | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment of what runs live. An empty `region` is each profile's own; None is as the caller has it."""
    env = caller_variables.without(environ)
    if region is not None or not command_environment.callers_region({}, environ):
        command_environment.in_region(
            region, env
        )  # another would beat the region of whichever profile is chosen inside
    env |= overlay_origin.leading_to(overlay)
    if profile is not None:
        # Not AWS_DEFAULT_PROFILE: boto3 and the AWS CLI v1 look at it first, so a later AWS_PROFILE=… would be in vain.
        env["AWS_PROFILE"] = env["TRAYEXEC_PROFILE"] = profile
    env[DEPTH] = str(_depth(environ) + 1)
    return env


def _depth(environ: Mapping[str, str]) -> int:
    said = environ.get(DEPTH, "")
    return int(said) if said.isdecimal() and len(said) < 4 else 0  # noqa: PLR2004 — nobody is deeper than 999

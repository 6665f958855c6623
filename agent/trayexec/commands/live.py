"""`--live` and `shell`: the command sees every served profile, and its credentials renew by themselves (DESIGN 3.4)."""

import os
from collections.abc import Mapping, Sequence

from trayexec.commands.reading import Options
from trayexec.commands.role_words import is_role
from trayexec.light import agent_client, context, execution, protocol, stderr
from trayexec.light.errors import Text, TrayexecError, trouble
from trayexec.live import overlay_environment

DEEPEST = 20  # one in another; more is a credential_process that calls itself by way of us


def run(options: Options, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` live. Errors of the profile come before the command is started."""
    program = execution.find(command[0], environ)
    if isinstance(program, int):
        return program
    named = [*options.profiles, *options.literal]
    profile = named[0] if named else context.chosen(environ) or _chosen(command, options, environ)
    return _run(options, profile, (program, command), environ)


def shell(options: Options, environ: Mapping[str, str]) -> int:
    """The user's own shell, live."""
    command = [environ.get("SHELL") or "/bin/sh"]
    program = execution.find(command[0], environ)
    profile = context.chosen(environ) if options.profile is None else options.profile
    if profile is None and not isinstance(program, int):
        profile = _chosen(("trayexec", "shell"), options, environ)
    if profile is not None and is_role(profile):
        from trayexec.commands import server  # noqa: PLC0415 — only for a role without a profile

        return server.run(Options(**{**vars(options), "profiles": [profile], "literal": []}), command, environ)
    return program if isinstance(program, int) else _run(options, profile, (program, command), environ)


def _chosen(what: Sequence[str], options: Options, environ: Mapping[str, str]) -> str | None:
    """The profile that the person chooses for `what`, where they can be asked; None for none."""
    from trayexec.commands import profile_choice  # noqa: PLC0415 — only where nobody is named

    if not profile_choice.can_ask(options.wait, environ):
        return None
    nobody = Text("no profile: AWS_PROFILE=NAME chooses one inside")
    return profile_choice.one(what, environ, nobody=nobody)


def _run(options: Options, profile: str | None, what: tuple[str, Sequence[str]], environ: Mapping[str, str]) -> int:
    program, command = what
    if overlay_environment.depth(environ) >= DEEPEST:
        raise TrayexecError(
            trouble(
                "recursion",
                "{most} commands run under --live, one within the other.",
                "A credential_process in your AWS config may call itself: `trayexec list` shows which there are.",
                most=DEEPEST,
            )
        )
    overlay = overlay_environment.overlay_here(environ)
    region, account = options.region, ""
    asker = command[0].rpartition("/")[2]
    if profile is not None:
        request = protocol.credentials(
            context.surroundings(environ),
            profile,
            wait=options.wait,
            need=options.need,
            program=asker,
            source=options.source,
        )
        served = protocol.read_credentials(agent_client.obtain(request, environ))
        account = served.get("AccountId") or ""
        region = region or (None if execution.callers_region(served, environ) else "" if served.get("Region") else None)
    if options.act == "live.shell" and os.isatty(2):
        _greet(profile, account, environ)
    env = overlay_environment.environment(overlay, profile, region, environ)
    return execution.become(program, command, env)


def _greet(profile: str | None, account: str, environ: Mapping[str, str]) -> None:
    """Say where the person is from now on, and where they were."""
    if profile is None:
        stderr.tell(Text("a shell in which AWS_PROFILE names any profile; type exit to leave it"))
    elif account:
        stderr.tell(
            Text("a shell for {profile} in account {account}; type exit to leave it", profile=profile, account=account)
        )
    else:
        stderr.tell(Text("a shell for {profile}; type exit to leave it", profile=profile))
    outer = environ.get("TRAYEXEC_PROFILE")
    if overlay_environment.depth(environ) or outer:
        if outer:
            stderr.tell(Text("it runs inside one for {profile}, which exit leads back to", profile=outer))
        else:
            stderr.tell(Text("it runs inside another one of trayexec, which exit leads back to"))

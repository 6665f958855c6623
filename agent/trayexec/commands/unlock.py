"""`auth` and `lock`: open a session, forget it."""

import sys
from collections.abc import Mapping

from trayexec.commands.agent_request import ask_everyone
from trayexec.commands.reading import Options
from trayexec.commands.times import clock
from trayexec.light import agent_client, context, exits, protocol, stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker

LONGEST_CODE = 64


def auth(options: Options, environ: Mapping[str, str]) -> int:
    """Open or renew the session, with a code from the dialog, the terminal or standard input."""
    caller = context.surroundings(environ)
    request = protocol.auth(
        caller,
        wait=options.wait,
        program="trayexec auth",
        identity=options.identity,
        force=True if options.force else None,
        code=sys.stdin.readline(LONGEST_CODE).strip() if options.code_stdin else None,
        browser=False if options.no_browser else None,
    )
    opened = protocol.read_session(agent_client.obtain(request, environ))
    name, when = opened["identity"], clock(opened["expires_at"])
    if "renews" not in opened:
        said = Text("identity {identity} is open until {when}", identity=name, when=when)
    elif opened["renews"]:
        said = Text("signed in to {name}, which renews itself until your organisation ends it", name=name)
    else:
        said = Text("signed in to {name} until {when}", name=name, when=when)
    stderr.say(speaker(environ)(said))
    return exits.OK


def lock(options: Options, environ: Mapping[str, str]) -> int:
    """Forget session and role credentials."""
    speak = speaker(environ)
    request = protocol.lock(context.surroundings(environ), identity=options.identity)
    if ask_everyone(request, environ) is None:
        stderr.say(speak(Text("no agent is running, so there is nothing to forget")))
    else:
        stderr.say(speak(Text("locked: sessions and role credentials are forgotten")))
    return exits.OK

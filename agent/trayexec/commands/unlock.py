"""`auth` and `lock`: open a session, forget it."""

import argparse
import sys
from collections.abc import Mapping

from trayexec.commands.agent_request import ask_everyone
from trayexec.commands.table import clock
from trayexec.light import agent_client, context, exits, stderr
from trayexec.light.errors import Text
from trayexec.light.translate import speaker

LONGEST_CODE = 64


def auth(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Open or renew the session, with a code from the dialog, the terminal or standard input."""
    request: dict[str, object] = {"op": "auth", "wait": options.wait, "program": "trayexec auth"}
    request |= context.surroundings(environ)
    if options.identity is not None:
        request["identity"] = options.identity
    if options.force:
        request["force"] = True
    if options.code_stdin:
        request["code"] = sys.stdin.readline(LONGEST_CODE).strip()
    opened = agent_client.obtain(request, environ)
    stderr.say(
        speaker(environ)(
            Text(
                "identity {identity} is open until {when}",
                identity=str(opened["identity"]),
                when=clock(str(opened["expires_at"])),
            )
        )
    )
    return exits.OK


def lock(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Forget session and role credentials."""
    speak = speaker(environ)
    request: dict[str, object] = {"op": "lock", **context.surroundings(environ)}
    if options.identity is not None:
        request["identity"] = options.identity
    if ask_everyone(request, environ) is None:
        stderr.say(speak(Text("no agent is running, so there is nothing to forget")))
    else:
        stderr.say(speak(Text("locked: sessions and role credentials are forgotten")))
    return exits.OK

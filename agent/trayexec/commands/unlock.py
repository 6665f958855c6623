"""`auth` and `lock`: open a session, forget it."""

import argparse
import sys
from collections.abc import Mapping

from trayexec import cli
from trayexec.commands.table import clock
from trayexec.commands.talk import ask_everyone
from trayexec.errors import Text
from trayexec.words import speaker

LONGEST_CODE = 64


def auth(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Open or renew the session, with a code from the dialog, the terminal or standard input."""
    request: dict[str, object] = {"op": "auth", "wait": options.wait, "program": "trayexec auth"}
    request |= cli.surroundings(environ)
    if options.identity is not None:
        request["identity"] = options.identity
    if options.force:
        request["force"] = True
    if options.code_stdin:
        request["code"] = sys.stdin.readline(LONGEST_CODE).strip()
    opened = cli.obtain(request, environ)
    cli.say(
        speaker(environ)(
            Text(
                "identity {identity} is open until {when}",
                identity=str(opened["identity"]),
                when=clock(str(opened["expires_at"])),
            )
        )
    )
    return cli.OK


def lock(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Forget session and role credentials."""
    speak = speaker(environ)
    request: dict[str, object] = {"op": "lock", **cli.surroundings(environ)}
    if options.identity is not None:
        request["identity"] = options.identity
    if ask_everyone(request, environ) is None:
        cli.say(speak(Text("no agent is running, so there is nothing to forget")))
    else:
        cli.say(speak(Text("locked: sessions and role credentials are forgotten")))
    return cli.OK

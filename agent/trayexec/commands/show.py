"""`status` and `list`: what is open, and what there is to use."""

import argparse
from collections.abc import Mapping
from typing import Any

from trayexec import cli
from trayexec.commands import table
from trayexec.errors import Text
from trayexec.words import speaker


def status(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """The identities and the time they have left."""
    document = _document(environ)
    if options.json:
        table.show_json(document)
        return cli.OK
    speak = speaker(environ)
    states = {
        "locked": speak(Text("locked")),
        "prompting": speak(Text("waiting for the code")),
        "opening": speak(Text("asking AWS")),
    }
    rows = [
        (
            one["name"],
            one["account"] or "",
            speak(table.left(one["expires_at"])) if one["expires_at"] else states.get(one["phase"], one["phase"]),
            table.clock(one["expires_at"]) if one["expires_at"] else "",
            one["mfa_serial"],
        )
        for one in document["identities"]
    ]
    if rows:
        heads = (Text("IDENTITY"), Text("ACCOUNT"), Text("LEFT"), Text("UNTIL"), Text("MFA DEVICE"))
        table.show([speak(head) for head in heads], rows)
    else:
        cli.say(
            speak(Text("no identity yet: write mfa_serial into ~/.aws/config, then run `trayexec keys add default`"))
        )
    for one in document["identities"]:
        if one.get("endpoint"):  # a person has to see where codes and keys go
            sentence = Text(
                "{identity}: its codes go to {host}, which is not AWS", identity=one["name"], host=one["endpoint"]
            )
            print(speak(sentence))  # noqa: T201 — the answer
    return cli.OK


def profiles(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Every profile of the AWS config: where it leads, or why it cannot be served."""
    found = _document(environ)["profiles"]
    if options.json:
        table.show_json(found)
        return cli.OK
    speak = speaker(environ)
    rows = [
        (
            one["name"],
            one["account"] or "",
            _role(one["role"]),
            one["region"] or "",
            one["identity"] or "",
            one["problem"] or (speak(table.left(one["expires_at"])) if one["expires_at"] else ""),
        )
        for one in found
    ]
    if rows:
        heads = (Text("PROFILE"), Text("ACCOUNT"), Text("ROLE"), Text("REGION"), Text("IDENTITY"), Text("STATE"))
        table.show([speak(head) for head in heads], rows)
    else:
        cli.say(speak(Text("the AWS config has no profiles")))
    return cli.OK


def _document(environ: Mapping[str, str]) -> Any:
    return cli.obtain({"op": "status", "wait": 0, **cli.surroundings(environ)}, environ)


def _role(arn: str | None) -> str:
    return arn.partition("/")[2] if arn else ""

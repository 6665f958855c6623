"""`credential-process PROFILE`: AWS's document on stdout, for SDKs. As light as the run path, because SDKs wait for it.

The document: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

import os
import sys

from trayexec.light import agent_client, agent_connection, context, protocol
from trayexec.light.errors import TrayexecError, trouble
from trayexec.live import overlay_origin
from trayexec.live.overlay_files import FROM_FILES, OR_FROM_FILES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from trayexec.light.protocol_fields import CredentialsAnswer, RequestFields

WAIT = 50  # seconds for the person: the Go SDK gives up after 60
NOT_OURS = {"keys_missing", "keys_account", "source_keys"}  # refusals that say so


def run(words: "Sequence[str]", environ: "Mapping[str, str]") -> "NoReturn":
    """Print the credentials of the profile that `words` name, and end. Raises TrayexecError when there are none."""
    if FROM_FILES in words:
        profile, _ = _read([word for word in words if word != FROM_FILES])
        _end(_in_files(profile, overlay_origin.completed(environ)))
    profile, wait = _read([word for word in words if word != OR_FROM_FILES])
    if {profile, "*"}.intersection(environ.get("TRAYEXEC_CHAIN", "").splitlines()):
        from trayexec.light import recursion  # noqa: PLC0415 — only then

        raise recursion.refused(profile)
    environ = overlay_origin.completed(environ)
    caller = context.surroundings(environ)
    caller["terminal"] = context.foreground(environ)
    caller["lang"] = context.language(environ)
    request = protocol.credentials(caller, profile, wait=wait, use="passes")
    try:
        served = _served(request, environ)
    except TrayexecError as error:
        again = agent_client.given(request, environ, error)
        if again is not None:
            served = _served(again, environ)
        elif OR_FROM_FILES in words and error.trouble.code in NOT_OURS:
            served = _in_files(profile, environ)
        else:
            raise
    _end(served)


def _served(request: "RequestFields", environ: "Mapping[str, str]") -> "Mapping[str, object]":
    connection = agent_client.reach(environ)
    final: Mapping[str, Any] = {}
    for line in agent_connection.ask(connection, request):
        final = line
        if line.get("note") == "permission":
            from trayexec.commands import terminal  # noqa: PLC0415 — only where no dialog can be shown

            if terminal.answer(line, connection, environ):
                continue
        if line.get("note", agent_connection.SLOW) != agent_connection.SLOW and sys.stderr.isatty():
            from trayexec.light import stderr  # noqa: PLC0415 — only when there is something to say

            stderr.say(str(line.get("text", "")))
    return _document(protocol.read_credentials(agent_connection.outcome(final)))


def _in_files(profile: str, environ: "Mapping[str, str]") -> "Mapping[str, object]":
    """The key in the user's own files: it needs no agent, and is the user's own affair."""
    from trayexec.commands import file_keys  # noqa: PLC0415 — not for the profiles that we serve

    return file_keys.document(profile, environ)


def _end(document: "Mapping[str, object]") -> "NoReturn":
    sys.stdout.write(protocol.document(document) + "\n")
    sys.stdout.flush()
    os._exit(0)  # an interpreter's farewell costs as much as the question


def usable_until(served: "CredentialsAnswer") -> str:
    """The end that SDKs are told, as the agent says it; one of an older version leaves the margin to us."""
    said = served.get("UsableUntil")
    if said is not None:
        return said
    from trayexec.core import stamps  # noqa: PLC0415 — until that agent has ended

    return stamps.earlier(served["Expiration"], protocol.SDK_MARGIN)


def _document(served: "CredentialsAnswer") -> "Mapping[str, object]":
    return protocol.process_document(
        served["AccessKeyId"],
        served["SecretAccessKey"],
        served["SessionToken"],
        expiration=usable_until(served),
        account=served.get("AccountId") or None,
    )


def _read(words: "Sequence[str]") -> "tuple[str, int]":
    profiles: list[str] = []
    wait = WAIT
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            profiles.append(word)
        elif word == "--no-wait":
            wait = 0
        elif option in {"--wait", "--profile"} and (equals or rest):
            value = value if equals else rest.pop(0)
            if option == "--wait":
                from trayexec.light import misuse  # noqa: PLC0415 — only with the option

                wait = misuse.seconds(option, value)
            else:
                profiles.append(value)
        else:
            raise _misread()
    if len(profiles) != 1:
        raise _misread()
    return profiles[0], wait


def _misread() -> TrayexecError:
    return TrayexecError(
        trouble(
            "usage",
            "One profile follows `credential-process`.",
            "Usage: trayexec credential-process PROFILE [--wait S | --no-wait]",
        )
    )

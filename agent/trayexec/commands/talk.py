"""Requests that no person has to answer."""

from collections.abc import Mapping
from typing import Any

from trayexec import cli, client, words


def ask(request: Mapping[str, object], environ: Mapping[str, str]) -> Any:
    """The agent's answer; None when no agent runs: none is started just to be told to forget."""
    try:
        connection = client.connect(environ)
    except client.AgentAbsentError:
        return None
    try:
        return cli.converse(connection, {**request, "lang": words.language(environ)}, environ)
    finally:
        connection.close()

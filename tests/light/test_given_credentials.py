"""The caller's own credentials, which only a request that was refused for them has."""

import pytest

from trayexec.core.config import problems, providers
from trayexec.light import agent_client, given_credentials, protocol
from trayexec.light.errors import TrayexecError


def test_they_are_those_that_the_rules_know() -> None:
    """Each end has its own list, as core imports nothing of the wire."""
    assert set(given_credentials.NAMES) == providers.GIVEN
    assert {problems.none_in_environment("p").code, problems.no_container("p").code} == {agent_client.WANTED}
    assert not providers.GIVEN & {*protocol.AWS_VARIABLES, *protocol.PROXY_VARIABLES}


def test_they_are_sent_once_and_only_when_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's file by its whole path; nothing where there is nothing."""
    monkeypatch.setattr(agent_client, "is_forwarded", lambda _: False)
    request = protocol.credentials({}, "p", wait=0)
    environ = {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t/../t", "AWS_PROFILE": "x"}
    wanted = TrayexecError(problems.none_in_environment("p"))
    assert agent_client.given(request, environ, TrayexecError(problems.keys_in_environment("p"))) is None
    assert agent_client.given(request, {"AWS_PROFILE": "x"}, wanted) is None
    again = agent_client.given(request, environ, wanted)
    assert again is not None
    assert again["given"] == {"AWS_ACCESS_KEY_ID": "ASIA", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"}
    assert agent_client.given(again, environ, wanted) is None

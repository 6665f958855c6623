"""Requests that no person has to answer."""

from trayexec.light import agent_client, agent_connection, context
from trayexec.light.errors import TrayexecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayexec.light.protocol_fields import RequestFields, StatusAnswer


def ask(request: "RequestFields", environ: "Mapping[str, str]") -> "Mapping[str, object] | None":
    """The agent's answer; None when no agent runs: none is started just to be told to forget."""
    try:
        connection = agent_connection.connect(environ)
    except agent_connection.AgentAbsentError:
        return None
    try:
        return agent_client.converse(connection, {**request, "lang": context.language(environ)}, environ)
    finally:
        connection.close()


def ask_everyone(request: "RequestFields", environ: "Mapping[str, str]") -> "Mapping[str, object] | None":
    """The answer of the agent, should there be others too that of the first to agree; None when none runs.

    Raises the first one's refusal when none agrees.
    """
    answer: Mapping[str, object] | None = None
    refusal: TrayexecError | None = None
    for connection in agent_connection.everyone(environ):
        try:
            said = agent_client.converse(connection, {**request, "lang": context.language(environ)}, environ)
            answer = said if answer is None else answer
        except TrayexecError as error:
            refusal = refusal or error
        finally:
            connection.close()
    if answer is None and refusal is not None:
        raise refusal
    return answer


def check_files(document: "StatusAnswer") -> None:
    """Raises TrayexecError when this status says that the caller's AWS files cannot be read."""
    problem = document.get("problem")
    if problem is not None:
        raise agent_connection.refusal(problem)

"""`--server`: the command gets the address of the agent's endpoint instead of credentials, for as long as it runs.

trayexec stays as the parent: the connection it keeps open to the agent is the lease, so the token ends with it, even
if it is killed.
"""

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trayexec.commands import foreground_child
from trayexec.commands.reading import Options
from trayexec.commands.role_words import policy_of
from trayexec.core.shell_words import argument
from trayexec.light import (
    agent_client,
    agent_connection,
    caller_variables,
    context,
    execution,
    protocol,
    stderr,
    translate,
)
from trayexec.light.errors import Text, TrayexecError
from trayexec.live import overlay_environment, overlay_origin

if TYPE_CHECKING:
    from _socket import socket as Connection  # noqa: N812 — the class behind `socket.socket`

    from trayexec.light.protocol_fields import EndpointAnswer, OverlayAnswer, RequestFields

LOOK = 1.0  # seconds between looks for a new agent


def run(options: Options, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run `command` to its end. Returns its exit status, or ends by the signal that ended it."""
    program = execution.find(command[0], environ)
    if isinstance(program, int):
        return program
    profile = [*options.profiles, *options.literal][0]
    request = protocol.endpoint(
        {**context.surroundings(environ), **context.person(environ)},
        profile,
        wait=options.wait,
        need=options.need,
        program=command[0].rpartition("/")[2],
        source=options.source,
        long=getattr(options, "long", None),
        policy=policy_of(options),
    )
    # Before there is a lease: the endpoint is where the agent is.
    overlay = overlay_environment.overlay_here(environ, profile, options.source)
    answer, connection = agent_client.hold(request, environ)
    told = protocol.read_endpoint(answer)
    lease = Lent(request, told, environ)
    region = execution.region_of(options.region, told, environ)
    env = execution.in_region(region, environment(told, overlay, profile, environ))
    with _reserved(urlsplit(told["url"]).port or 0):
        return foreground_child.run(program, command, env, beside=lambda: lease.keep(connection))


def environment(
    told: "EndpointAnswer", overlay: "OverlayAnswer", profile: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """The command's environment, but for the region.

    SDKs ask a container endpoint last of all, so everything that comes before it has to be out of sight: variables,
    and the keys or role that `[default]` may have in the AWS files. Exactly one variable for the address and one for
    the token: SDKs differ in which of two they prefer.
    """
    env = caller_variables.without(environ)
    env |= overlay_origin.leading_to({**overlay, "config": overlay["server"]})
    if overlay.get("profile") == profile:  # it has settings of its own
        env["AWS_PROFILE"] = profile
    env["BOTO_CONFIG"] = overlay["shared"]  # an empty one: Python's SDK asks ~/.boto before any endpoint
    env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = told["url"]
    env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = told["token"]
    return env | execution.whose(profile, told)


class Lent:
    """What the agent lent, and what to do when the agent ends before the command does."""

    def __init__(self, request: "RequestFields", told: "EndpointAnswer", environ: Mapping[str, str]) -> None:
        """Remember what was asked and answered."""
        self._environ = environ
        self._speak = translate.speaker(environ)
        self._profile = request["profile"]
        port = urlsplit(told["url"]).port
        self._again = protocol.endpoint_again(request, token=told["token"], port=port)

    def keep(self, connection: "Connection") -> None:
        """Hold the lease for ever: take it again, by the same port and token, from whatever agent comes next.

        Nobody starts that agent for it: the person must enter a code in any case, and `trayexec auth` starts one.
        """
        while True:
            _gone(connection)
            said = Text(
                "the agent has ended: nothing renews the credentials of {profile} until `trayexec auth {word}` is run",
                profile=self._profile,
                word=argument(self._profile),
            )
            stderr.say(self._speak(said))
            connection = self._renewed()

    def _renewed(self) -> "Connection":
        while True:
            time.sleep(LOOK)
            try:
                connection = agent_connection.connect(self._environ)
            except TrayexecError:
                continue
            try:
                told = agent_client.converse(
                    connection, {**self._again, "lang": context.language(self._environ)}, self._environ
                )
            except TrayexecError as error:
                connection.close()
                given = agent_client.given(self._again, self._environ, error)
                if given is not None:
                    self._again = given
                if given is not None or error.trouble.code in {"agent_gone", "agent_silent"}:
                    continue
                stderr.complain(error)
                time.sleep(60 * LOOK)
                continue
            problem = told.get("problem")
            if isinstance(problem, dict) and problem:
                stderr.say(f"{problem.get('title', '')}\n  {problem.get('hint', '')}")
            else:
                stderr.say(self._speak(Text("a new agent has the credentials of {profile}", profile=self._profile)))
            return connection


@contextlib.contextmanager
def _reserved(port: int) -> Iterator[None]:
    """Reserve the port without listening, for the command's environment names it, and nobody else may answer there.

    Should the agent end, no other user can take it, and the next agent of this user can (SO_REUSEPORT, socket(7)).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", port))
        yield


def _gone(connection: "Connection") -> None:
    """Wait until the agent has hung up."""
    connection.settimeout(None)
    try:
        while connection.recv(4096):
            pass
    except OSError:
        pass
    connection.close()

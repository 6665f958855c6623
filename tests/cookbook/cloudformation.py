"""A CloudFormation on loopback, enough for `aws cloudformation deploy`: stacks by account, signatures checked.

It keeps what the API reference says of DescribeStacks, CreateChangeSet, DescribeChangeSet, ExecuteChangeSet and
GetTemplateSummary (parameters aside), and makes every stack at once.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from awssim.sigv4 import Received, fits, read_authorization
from awssim.world import World

SPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


class RefusedError(Exception):
    """What CloudFormation says no with: a code and a sentence."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What an account has under a name."""

    status: str
    template: str


@dataclass(slots=True)
class CloudFormation:
    """Which account has which stacks, and which account asked for what: (account, name) and (account, action)."""

    world: World
    url: str = ""
    stacks: dict[tuple[str, str], Stack] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    _changes: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Received) -> tuple[int, str]:
        """The HTTP status and the document for a request."""
        said = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        action = said.get("Action", "")
        try:
            with self._lock:
                account = self._account(request)
                self.asked.append((account, action))
                body = self._do(action, account, said)
        except RefusedError as refused:
            code, message = refused.args
            error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
            return 400, f'<ErrorResponse xmlns="{SPACE}">{error}</ErrorResponse>'
        result = f"<{action}Result>{body}</{action}Result>"
        return 200, f'<{action}Response xmlns="{SPACE}">{result}</{action}Response>'

    def _account(self, request: Received) -> str:
        """Whose credentials signed it: they must be known, alive, complete and for this service."""
        claim = read_authorization(request.headers)
        key = self.world.keys.get(claim.access_key_id) if claim else None
        if claim is None or key is None or claim.service != "cloudformation" or not self.world.alive(key):
            raise RefusedError("InvalidClientTokenId", "The security token included in the request is invalid.")
        if request.headers.get("x-amz-security-token") != key.token or not fits(claim, key.secret, request):
            raise RefusedError("SignatureDoesNotMatch", "The request signature we calculated does not match.")
        return key.holder.account

    def _do(self, action: str, account: str, said: dict[str, str]) -> str:
        stack = (account, said.get("StackName", ""))
        match action:
            case "DescribeStacks" if stack not in self.stacks:
                raise RefusedError("ValidationError", f"Stack with id {stack[1]} does not exist")
            case "DescribeStacks":
                made = "<CreationTime>2026-01-01T00:00:00Z</CreationTime>"
                name = f"<StackName>{stack[1]}</StackName><StackStatus>{self.stacks[stack].status}</StackStatus>"
                return f"<Stacks><member>{name}{made}</member></Stacks>"
            case "GetTemplateSummary":
                return "<Parameters/>"
            case "CreateChangeSet":
                if (said["ChangeSetType"] == "UPDATE") != (stack in self.stacks):
                    raise RefusedError("ValidationError", "The type of the change set does not fit the stack")
                change = f"arn:aws:cloudformation:{account}:changeSet/{said['ChangeSetName']}"
                self._changes[account, change] = (stack[1], said["TemplateBody"])
                return f"<Id>{change}</Id><StackId>{stack[1]}</StackId>"
            case "DescribeChangeSet":
                name, template = self._changes[account, said["ChangeSetName"]]
                made_before = self.stacks.get((account, name))
                if made_before is not None and made_before.template == template:
                    return f"<Status>FAILED</Status><StatusReason>{escape(EMPTY)}</StatusReason>"
                return "<Status>CREATE_COMPLETE</Status>"
            case "ExecuteChangeSet":
                name, template = self._changes.pop((account, said["ChangeSetName"]))
                status = "UPDATE_COMPLETE" if (account, name) in self.stacks else "CREATE_COMPLETE"
                self.stacks[account, name] = Stack(status, template)
                return ""
            case _:
                raise RefusedError("InvalidAction", f"Could not find operation {action}")


@contextlib.contextmanager
def cloudformation(world: World) -> Iterator[CloudFormation]:
    """The double, serving the accounts of this world for as long as the block."""
    service = CloudFormation(world)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", "0")))
            path, _, query = self.path.partition("?")
            status, text = service.answer(Received("POST", path, query, headers, body))
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class names it
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="cloudformation")
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()

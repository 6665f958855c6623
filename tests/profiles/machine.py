"""A machine in one process: our agent's parts as `app.py` wires them, and botocore, both led to the same double of AWS.

Nothing leaves the process but over loopback: whatever host botocore's transport is to reach, the double answers, and
the host is noted. Credentials that others give are asked for by the child's own code, in this process.
"""

import asyncio
import contextlib
import hashlib
import io
import json
import logging
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import botocore.httpsession
import botocore.session
import botocore.tokens
import pytest
import urllib3
from botocore.loaders import create_loader

from awssim.sts import Call
from daemon.test_request_handler import AtOnce, Errors, Silence
from profiles.row import Outcome, Row
from profiles.world import Population, name_of
from support.memory_keychain import MemoryKeychain
from trayexec.adapters import providers
from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.bus.buses import Buses
from trayexec.adapters.child_processes import Ended
from trayexec.adapters.clock import SystemClock
from trayexec.adapters.http import H11Exchange
from trayexec.adapters.idle import IdleTime
from trayexec.adapters.key_commands import ChildKeyCommands
from trayexec.adapters.providers import BotoProviders, child
from trayexec.adapters.providers.tokens import BotoSignIns
from trayexec.adapters.sts import BotoSts
from trayexec.core import settings
from trayexec.core.broker.events import Process
from trayexec.core.broker.status import AgentFacts
from trayexec.core.config.profiles import SignIn
from trayexec.core.credentials import LongTermKeys, Secret
from trayexec.core.ports import (
    Answer,
    Entered,
    PermissionAnswer,
    PermissionQuestion,
    Question,
    SignInError,
    SignInPage,
    SignInToken,
    SignInWay,
)
from trayexec.daemon.container_endpoint import ContainerEndpoint, Records
from trayexec.daemon.file_workers import FileWorkers
from trayexec.daemon.loop import Loop, Ports, Workers
from trayexec.daemon.replies import Replies
from trayexec.daemon.request_handler import Dependencies, RequestHandler
from trayexec.daemon.socket_server import SocketServer
from trayexec.light import agent_client, context, given_credentials, protocol
from trayexec.light.errors import trouble

LOADER = create_loader()  # reading botocore's data once is enough
SESSION_NAME = "trayexec-alice"
USUAL_NAMES = rf"{SESSION_NAME}|botocore-session-\d+"
METADATA, CONTAINER = "169.254.169.254", "169.254.170.2"
INSTANCE = "/latest/meta-data/iam/security-credentials/"
UNWORDED = (ValueError, OSError, TypeError, RuntimeError)  # how botocore fails where it has no words for it
SSO_CACHE = ".aws/sso/cache"
CORP = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Wire:
    """What leads every request of botocore's to the double. `sent` are the calls to STS, and where each was to go."""

    population: Population
    carrier: botocore.httpsession.URLLib3Session
    sent: list[tuple[str, Call]]
    portal: list[str]
    server: str = ""

    def send(self, request: Any) -> Any:
        """Stand where `URLLib3Session.send` does."""
        url = urlsplit(request.url)
        if url.hostname == METADATA:
            return self._metadata(request, url.path)
        if url.hostname == CONTAINER and url.path == "/creds" and self.server:
            assert request.headers.get("Authorization") in {None, "container-token", b"container-token"}
            return _answer(request, json.dumps(self.population.machine(self.server)))
        sim = self.population.sim
        calls, said = len(sim.calls), len(self.population.center.said)
        carried = botocore.awsrequest.AWSPreparedRequest(
            request.method,
            sim.url + request.url.partition(url.netloc)[2],
            botocore.awsrequest.HeadersDict(request.headers.items()),
            request.body,
            request.stream_output,
        )
        carried.headers["Host"] = url.netloc.removesuffix(":443" if url.scheme == "https" else ":80")
        answer = REAL_SEND(self.carrier, carried)
        answer.url = request.url
        self.sent += [(url.netloc, call) for call in sim.calls[calls:]]
        self.portal += [f"{one.operation} at {url.netloc}" for one in self.population.center.said[said:]]
        return answer

    def _metadata(self, request: Any, path: str) -> Any:
        if not self.server:
            raise botocore.exceptions.ConnectTimeoutError(endpoint_url=request.url)
        name = "Machine"
        said = {
            "/latest/api/token": "token",
            INSTANCE: name,
            INSTANCE + name: json.dumps(self.population.machine(self.server)),
        }
        return _answer(request, said[path])

    def outcome(self) -> tuple[tuple[str, ...], str | None]:
        """The calls since the last time, in words, and the place of the last that gave something."""
        sent, portal = self.sent[:], self.portal[:]
        self.sent.clear()
        self.portal.clear()
        places = [_place(host, call) for host, call in sent]
        giving = [place for place, (_, call) in zip(places, sent, strict=True) if call.action != "GetCallerIdentity"]
        usual = next(iter(reversed(giving or places)), None)
        words = [
            self._worded(call) + ("" if place == usual else f" at {place}")
            for place, (_, call) in zip(places, sent, strict=True)
        ]
        return (*portal, *words), usual

    def _worded(self, call: Call) -> str:
        """A call, as a row has it."""
        asked = dict(call.asked)
        words = [call.action]
        if call.role_arn:
            words.append(name_of(call.role_arn))
        words += [value for name, value in asked.items() if name == "DurationSeconds"]
        if "SerialNumber" in asked:
            words.append(f"code of {asked['SerialNumber'].rpartition('/')[2]}")
        if call.session_name and not re.fullmatch(USUAL_NAMES, call.session_name):
            words.append(f"as {call.session_name}")
        said = {"ExternalId": "external id", "SourceIdentity": "identity", "Policy": "under"}
        words += [f"{word} {asked[name]}" for name, word in said.items() if name in asked]
        tags = {
            name: value
            for name, value in asked.items()
            if name.startswith(("Tags.", "TransitiveTagKeys.", "PolicyArns."))
        }
        keys = sorted(name.removesuffix(".Key") for name in tags if name.endswith(".Key"))
        words += [f"{tags[key + '.Key']}={tags[key + '.Value']}" for key in keys]
        words += [f"transitive {value}" for name, value in tags.items() if name.startswith("TransitiveTagKeys.")]
        words += [f"under {value.rpartition('/')[2]}" for name, value in tags.items() if name.startswith("PolicyArns.")]
        key = self.population.sim.world.keys.get(call.access_key_id)
        if key is not None:
            words.append(f"by {name_of(key.holder.arn)}")
        return " ".join((*words, *([] if call.outcome == "OK" else [f"-> {call.outcome}"])))


REAL_SEND = botocore.httpsession.URLLib3Session.send


def _answer(request: Any, said: str) -> Any:
    body = urllib3.HTTPResponse(io.BytesIO(said.encode()), status=200, preload_content=False)
    answer = botocore.awsrequest.AWSResponse(request.url, 200, {}, body)
    assert answer.content
    return answer


def _place(host: str, call: Call) -> str:
    return (
        host
        if not call.region or f".{call.region}." in host or f".{call.region}-" in host
        else f"{host} as {call.region}"
    )


class Person:
    """Somebody at the machine who types what the device shows."""

    name = "a test"

    def __init__(self, population: Population) -> None:
        """Nobody has asked yet."""
        self._population = population
        self.asked = 0

    async def ask(self, question: Question) -> Answer:
        """Type."""
        self.asked += 1
        return Entered(Secret(self._population.code(question.mfa_serial)))

    async def ask_permission(self, question: PermissionQuestion) -> PermissionAnswer:
        """Nothing here is guarded."""
        raise AssertionError(question)


class SignIns(BotoSignIns):
    """Where the AWS CLI keeps its tokens; nobody comes to the page of a sign-in."""

    async def sign_in(self, sign_in: SignIn, way: SignInWay, shown_page: Any) -> SignInToken:
        """Show it, and give up."""
        del way
        shown_page(SignInPage(sign_in.start_url))
        raise SignInError(trouble("nobody", "Nobody signed in to {name}.", "Sign in.", name=sign_in.name))


@contextlib.contextmanager
def environment(said: Mapping[str, str]) -> Iterator[None]:
    """This process with just that environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(said)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class Machine:
    """Everything that rows share. Enter it once, and give it rows."""

    def __init__(self, population: Population) -> None:
        """Nothing is patched yet."""
        self.population = population
        carrier = botocore.httpsession.URLLib3Session()
        self.wire = Wire(population, carrier, [], [])
        self.clock = SystemClock()
        self.sts = BotoSts(self.clock)
        self.keychain = MemoryKeychain()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Botocore led to the double, until the end of the block."""
        wire = self.wire

        async def run(_: Sequence[str], environ: Mapping[str, str], *, given: bytes, **_limits: object) -> Ended:
            with environment(environ):
                return Ended(0, json.dumps(child.answers(json.loads(given))).encode(), b"")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(botocore.httpsession.URLLib3Session, "send", lambda _, request: wire.send(request))
            patch.setattr(providers, "run", run)
            patch.setattr(botocore.session, "Session", _session)
            try:
                yield
            finally:
                self.sts.close()
                wire.carrier.close()

    def ours(self, row: Row, folder: Path) -> Outcome:
        """What our agent does for the row."""
        environ = self._prepare(row, folder)
        with environment({"HOME": str(folder), "PATH": os.defpath}), _tokens_in(folder):
            outcome = asyncio.run(self._served(row, folder, environ))
        return replace(outcome, title=outcome.title.replace(str(folder), "<folder>"))

    def theirs(self, row: Row, folder: Path) -> Outcome:
        """What botocore does for the row, which has the stored keys in its files."""
        environ = self._prepare(row, folder)
        shared = folder / "credentials"
        shared.write_text(self._with_stored(row, shared.read_text()), encoding="utf-8", newline="")
        person = Person(self.population)

        def typed(prompt: str) -> str:
            person.asked += 1
            return self.population.code(prompt.partition(" for ")[2].removesuffix(": "))

        with environment({"PATH": os.defpath, **environ}), _tokens_in(folder):
            who, region, refused = self._found(row, typed)
        calls, endpoint = self.wire.outcome()
        return Outcome(who=who, region=region, endpoint=endpoint, prompts=person.asked, calls=calls, refused=refused)

    def _found(self, row: Row, typed: Any) -> tuple[str | None, str | None, str | None]:
        session = _session(profile=row.profile)
        try:
            region = session.get_config_variable("region")
            resolver = session.get_component("credential_provider")
            resolver.get_provider("assume-role")._prompter = typed
            for method in ("boto-config", "ec2-credentials-file"):
                resolver.remove(method)
            found = session.get_credentials()
            keys = None if found is None else found.get_frozen_credentials()
            if keys is None:
                return None, region, "no credentials"
            client = session.create_client(
                "sts",
                region_name=region or "us-east-1",
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
            )
            return name_of(client.get_caller_identity()["Arn"]), region, None
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, *UNWORDED) as error:
            return None, None, f"{type(error).__name__}: {error}"

    def _prepare(self, row: Row, folder: Path) -> dict[str, str]:
        """Write the row's files; the caller's environment is returned."""
        self.population.refresh()
        self.wire.outcome()
        self.wire.server = row.server
        for name, text in {"config": row.config, "credentials": row.shared, **row.files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.population.filled(text, str(folder)), encoding="utf-8", newline="")
            path.chmod(0o700)
            os.utime(path, (1, 1))  # nobody is writing it just now
        os.utime(folder, (1, 1))
        files = {"AWS_CONFIG_FILE": f"{folder}/config", "AWS_SHARED_CREDENTIALS_FILE": f"{folder}/credentials"}
        said = {name: self.population.filled(value, str(folder)) for name, value in row.env.items()}
        return {"HOME": str(folder), **files, **said}

    def _with_stored(self, row: Row, shared: str) -> str:
        """The credentials file as it was before the stored keys were taken out of it."""
        for name, user in row.stored.items():
            keys = self.population.filled(f"<keys of {user}>", "") + "\n"
            header = f"[{name}]\n"
            if header not in shared:
                shared += f"\n{header}{keys}"
            elif "aws_access_key_id" not in shared.partition(header)[2].partition("\n[")[0]:
                shared = shared.replace(header, header + keys, 1)
        return shared

    # Our agent

    async def _served(self, row: Row, folder: Path, environ: Mapping[str, str]) -> Outcome:
        person, mishaps, errors = Person(self.population), list[BaseException](), Errors()
        journal = logging.Logger("the table")  # noqa: LOG001 — one for each row
        journal.addHandler(errors)
        catalogues = AwsFiles(
            {"HOME": str(folder)},
            session_name=SESSION_NAME,
            stored=str(folder / "stored"),
            known={"user": "alice", "host": "desk"},
        )
        loop, replies = self._loop(row, catalogues, person, mishaps)
        handler = self._handler(catalogues, loop, replies, journal)
        server = SocketServer(handler.heard, handler.left)
        said = {"op": "credentials", "profile": row.profile, "wait": 60, **context.surroundings(environ), **row.request}
        answer = await _asked(server, said)
        if answer.get("error", {}).get("code") == agent_client.WANTED:  # as `agent_client` does it
            more = given_credentials.added(said, environ)  # type: ignore[arg-type]
            answer = answer if more is None else await _asked(server, more)
        await loop.drain()
        assert not mishaps
        assert not errors.lines
        return self._outcome(answer, person.asked)

    def _outcome(self, answer: Mapping[str, Any], prompts: int) -> Outcome:
        calls, endpoint = self.wire.outcome()
        if "error" in answer:
            error = answer["error"]
            return Outcome(
                who=None,
                region=None,
                endpoint=endpoint,
                prompts=prompts,
                calls=calls,
                refused=error["code"],
                title=error["title"],
            )
        given = answer["ok"]
        key = self.population.sim.world.keys[given["AccessKeyId"]]
        assert (key.secret, key.token) == (given["SecretAccessKey"], given["SessionToken"])
        assert given["AccountId"] in {None, key.holder.account}, "an account is told that is another's"
        return Outcome(
            who=name_of(key.holder.arn), region=given["Region"], endpoint=endpoint, prompts=prompts, calls=calls
        )

    def _loop(
        self, row: Row, catalogues: AwsFiles, person: Person, mishaps: list[BaseException]
    ) -> tuple[Loop, Replies]:
        sts: Future[Any] = Future()
        sts.set_result(self.sts)
        self.keychain.items = {
            name: LongTermKeys(key.id, Secret(key.secret), key.holder.arn)
            for name, user in row.stored.items()
            for key in [self.population.key(user)]
        }
        stored = {name: keys.arn for name, keys in self.keychain.items.items()}
        folder = Path(catalogues.stored).parent
        Path(catalogues.stored).write_text(json.dumps({"version": 1, "keys": stored}))
        environ, replies = {"HOME": str(folder), "PATH": os.defpath}, Replies()
        loop = Loop(
            Ports(
                clock=self.clock,
                sts=sts,
                keychain=self.keychain,
                key_commands=ChildKeyCommands(environ),
                providers=BotoProviders(environ, self.clock),
                sign_ins=SignIns(environ, self.clock),
                prompter=person,
                notifier=Silence(),
                running=lambda _: frozenset[Process](),
                idle=IdleTime({}, Buses()).seconds,
                remember=lambda *_: None,
                learn=catalogues.learn,
                unlearn=catalogues.unlearn,
                note_verdict=lambda _: None,
                keep_quiet=lambda _: None,
            ),
            Workers(roles=AtOnce(), sessions=AtOnce()),
            answer=replies.send,
            mishap=mishaps.append,
        )
        loop.broker = replace(loop.broker, settings=settings.parse(row.settings, file="config.toml"))
        return loop, replies

    def _handler(self, catalogues: AwsFiles, loop: Loop, replies: Replies, journal: logging.Logger) -> RequestHandler:

        async def sure() -> None:
            pass

        return RequestHandler(
            loop,
            replies,
            Dependencies(
                catalogues=catalogues,
                overlay=lambda *_: {},
                server_overlay=lambda *_: {},
                clock=self.clock,
                files=FileWorkers(AtOnce(), lambda where: catalogues.paths(where.config, where.shared, where.home)),
                journal=journal,
                ledger=Silence(),
                facts=lambda: AgentFacts(1, "0", "none", "none"),
                sure=sure,
                warning=lambda: None,
                endpoint=ContainerEndpoint(Records(self.clock, Silence(), journal), H11Exchange, loop.post, replies),
                place=context.place(),
                stop=lambda: None,
                restart=sure,
                sees=lambda *_: None,
            ),
        )


async def _asked(server: SocketServer, said: Mapping[str, object]) -> dict[str, Any]:
    """What the agent answers to this on a connection of its own."""
    ours, theirs = socket.socketpair()
    server.accepted(ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    writer.write(protocol.encode(said))
    answer: dict[str, Any] = {"note": ""}
    while "note" in answer:
        answer = json.loads(await asyncio.wait_for(reader.readline(), 60))
    assert await reader.read() == b""  # our end is closed
    writer.close()
    await writer.wait_closed()
    return answer


REAL_SESSION = botocore.session.Session


def _session(**said: Any) -> Any:
    """A botocore session that has the services' models already."""
    session = REAL_SESSION(**said)
    session.register_component("data_loader", LOADER)
    return session


@contextlib.contextmanager
def _tokens_in(folder: Path) -> Iterator[None]:
    """The AWS CLI's tokens in this home: botocore looks for its own when it is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        for one in (botocore.credentials.SSOProvider, botocore.tokens.SSOTokenProvider):
            patch.setattr(one, "_SSO_TOKEN_CACHE_DIR", str(folder / SSO_CACHE))
        yield

"""What the agent does for a caller: requests become events for the broker, its answers become lines for the caller."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from logging import Logger
from typing import TYPE_CHECKING, Any

from trayexec.core import messages
from trayexec.core.broker.events import (
    Ask,
    AskAnew,
    AskSignIn,
    Authenticate,
    Caller,
    Decide,
    Deliver,
    Gone,
    Lock,
    Process,
    Provenance,
    Raise,
    Refuse,
    ReplyAddress,
    SessionOpen,
    Shell,
    SignInDone,
    Tell,
)
from trayexec.core.broker.status import AgentFacts, one_identity, sign_in_named, status
from trayexec.core.config import adhoc, federated, long_roles, session_names
from trayexec.core.config.endpoints import foreign
from trayexec.core.config.profiles import Catalogue, Identity, Profile, Provider, SignIn
from trayexec.core.config.providers import lacking
from trayexec.core.config.rules import guard_of, policy_of, rules_of
from trayexec.core.config.session_policy import narrowed
from trayexec.core.config.sources import OF_THE_CALLER, Source
from trayexec.core.config.surroundings import FileMarks, Surroundings
from trayexec.core.credentials import Credentials
from trayexec.core.ports import Catalogues, Clock, Entry, Ledger, SignInToken
from trayexec.core.settings import Delivery, ProfileRule, UseGuard
from trayexec.daemon.container_endpoint import ContainerEndpoint, Terms
from trayexec.daemon.file_workers import FileWorkers
from trayexec.daemon.loop import Loop
from trayexec.daemon.provenance import KnownCallers, provenance_of
from trayexec.daemon.replies import Replies, Reply
from trayexec.daemon.requests import (
    AnswerUse,
    EndOfInput,
    Request,
    RequestContext,
    WantCredentials,
    WantDecision,
    WantEndpoint,
    WantHeldKeys,
    WantLock,
    WantOverlay,
    WantRestart,
    WantSession,
    WantShow,
    WantStatus,
    WantStop,
    parse,
)
from trayexec.daemon.socket_server import Connection
from trayexec.daemon.stamps import utc
from trayexec.light import given_credentials, processes, protocol
from trayexec.light.errors import TrayexecError, Trouble, trouble
from trayexec.light.run import SHELLS
from trayexec.light.translate import speaker_of

if TYPE_CHECKING:
    from trayexec.light.protocol_fields import ErrorAnswer

OTHERWISE = {Delivery.LIVE, Delivery.SERVER}  # than in the environment of the command
ENVIRONMENT = {AnswerUse.RUNS, AnswerUse.SETS}  # where a command gets no more than an environment can say
OPS: Mapping[type[Request], str] = {
    WantCredentials: "credentials",
    WantEndpoint: "endpoint",
    WantSession: "auth",
    WantLock: "lock",
    WantHeldKeys: "keys",
    WantStop: "stop",
    WantRestart: "restart",
    WantShow: "show",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What the request handler needs beside the loop and the replies."""

    catalogues: Catalogues
    overlay: Callable[[Surroundings], Mapping[str, object]]
    server_overlay: Callable[[str, Surroundings], Mapping[str, object]]
    clock: Clock
    files: FileWorkers
    journal: Logger
    ledger: Ledger
    facts: Callable[[], AgentFacts]
    sure: Callable[[], Awaitable[None]]  # ends once the time is known, or cannot be
    warning: Callable[[], Trouble | None]
    endpoint: ContainerEndpoint
    place: Mapping[str, object]  # where we are
    stop: Callable[[], None]
    restart: Callable[[], Awaitable[None]]  # raises TrayexecError where nothing comes of it
    sees: Callable[
        [Surroundings, FileMarks], None
    ]  # raises TrayexecError for a caller who has other files of these names


@dataclass(frozen=True, slots=True)
class _Look:
    """What the files say, to who sees the same: one look for all of these, as two of these are equal."""

    load: Callable[[Surroundings], Catalogue]
    sees: Callable[[Surroundings, FileMarks], None]
    marks: FileMarks

    def __call__(self, where: Surroundings) -> Catalogue:
        self.sees(where, self.marks)
        return self.load(where)


@dataclass(slots=True, eq=False)
class Pending:
    """One caller and its request."""

    connection: Connection
    request: Request
    caller: Caller
    overlay: Mapping[str, object] | None = None  # for the settings of a profile, where they are its own
    waited: bool = False  # meanwhile its profile may have become another
    settled: bool = False  # it has been answered, or its caller has gone
    asked: bool = False  # the broker has not answered yet
    guard: UseGuard | None = None  # what a person has to allow first


class RequestHandler:
    """Between the socket server and the loop."""

    def __init__(self, loop: Loop, replies: Replies, dependencies: Dependencies) -> None:
        """Keep the ways to the broker and back, and the dependencies; nothing runs yet."""
        self._loop = loop
        self._replies = replies
        self._dependencies = dependencies
        self._pending: dict[Connection, Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._callers = KnownCallers()
        # What was looked up in this turn of the loop: the names of processes and those above them, and our settings.
        self._names: dict[int, tuple[str, ...]] = {}
        self._warnings: list[Trouble | None] = []

    # From the socket server

    def heard(self, connection: Connection, line: bytes) -> None:
        """A caller has said its line."""
        try:
            request = parse(line, self._dependencies.place)
        except TrayexecError as error:
            connection.finish(_refusal(error.trouble, ""))
            return
        if request.common.eof is EndOfInput.GONE:
            connection.end_at_eof()
        reply_to = self._replies.open(lambda reply: self._replied(pending, reply))
        pending = Pending(connection, request, _caller(connection, request, reply_to, names_from=self._names_from))
        self._pending[connection] = pending
        self._start(pending, self._do(pending))

    def _names_from(self, pid: int) -> tuple[str, ...]:
        """As `processes.names_from`. Most who call in one turn have the same parents: they are read once."""
        if not self._names:
            asyncio.get_running_loop().call_soon(self._names.clear)
        if pid not in self._names:
            self._names[pid] = processes.names_from(pid)
        return self._names[pid]

    def _warning(self) -> Trouble | None:
        """What is wrong with our settings, which are read anew where they have changed: once for all of one turn."""
        if not self._warnings:
            asyncio.get_running_loop().call_soon(self._warnings.clear)
            self._warnings.append(self._dependencies.warning())
        return self._warnings[0]

    def _start(self, pending: Pending, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(pending, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def left(self, connection: Connection) -> None:
        """A caller has hung up, or has been answered."""
        pending = self._pending.pop(connection, None)
        if pending is not None:
            self._note(pending, "gone")
            self._dependencies.endpoint.end(pending.caller.reply_to)
            if pending.asked:
                self._loop.post(Gone(pending.caller.reply_to))

    async def _serve(self, pending: Pending, work: Coroutine[Any, Any, None]) -> None:
        language = pending.request.common.language
        try:
            await work
        except TrayexecError as error:
            self._note(pending, error.trouble.code)
            pending.connection.finish(_refusal(error.trouble, language))
        except Exception as error:  # noqa: BLE001 — the border: the caller gets an answer whatever happens
            self._dependencies.journal.error("a request failed", exc_info=error)
            why = trouble("internal", "Something went wrong inside trayexec.", "Try again; the agent's log says more.")
            self._note(pending, why.code)
            pending.connection.finish(_refusal(why, language))

    async def _do(self, pending: Pending) -> None:  # noqa: C901, PLR0912 — a flat table of all to be asked
        connection = pending.connection
        match pending.request:
            case WantCredentials(common) as request:
                catalogue = await self._catalogue(connection, common)
                profile, rule = self._guarded(pending, request, catalogue)
                if common.then is AnswerUse.RUNS and rule.delivery in OTHERWISE:
                    self._settle(pending)  # it comes again, by the way that the settings name
                    connection.finish(protocol.ok({"Delivery": rule.delivery.value}))
                    return
                self._check_given(pending, profile)
                await self._ask_for(pending, request, profile, catalogue)
            case WantEndpoint(common, need=need, wait=wait, former=former) as request:
                profile, _ = self._guarded(pending, request, await self._catalogue(connection, common))
                self._check_given(pending, profile)
                await self._loop.check_settings(profile.identity, profile.endpoints if former is None else ())
                if not connection.there:
                    return  # nobody would end its lease
                self._lend(pending.caller, profile, request)
                wait = wait if former is None else 0
                self._post(pending, Ask(pending.caller, profile, need, wait, pending.guard))
            case WantSession() as wanted:
                await self._open(pending, wanted)
            case WantLock() as wanted:
                self._loop.post(Lock(await self._locked(connection, wanted)))
                self._note(pending, "ok")
                connection.finish(protocol.ok({}))
            case WantHeldKeys() as wanted:
                self._hold_keys(pending, wanted)
            case WantDecision(common, question=question, verdict=verdict):
                self._settle(pending)
                self._loop.post(Decide(question, verdict, common.terminal))
                connection.finish(protocol.ok({}))
            case WantStatus(common):
                await self._tell_status(connection, common)
            case WantOverlay() as wanted:
                connection.finish(protocol.ok(await self._wanted_overlay(connection, wanted)))
            case WantStop():
                self._note(pending, "ok")
                connection.finish(protocol.ok({"pid": os.getpid()}))
                self._dependencies.stop()
            case WantShow():
                self._loop.post(Raise())
                self._note(pending, "ok")
                connection.finish(protocol.ok({}))
            case WantRestart():
                await self._dependencies.restart()
                self._note(pending, "ok")
                connection.keep(b"")  # no answer: that this agent is gone is one

    def _hold_keys(self, pending: Pending, wanted: WantHeldKeys) -> None:
        """Hold keys, or forget them; a session that was made with others must not live on under their name.

        Raises TrayexecError for keys that come from where the socket was lent to: who lent it would act with them.
        """
        if wanted.keys is not None and processes.stat_of(pending.connection.pid)[0] in processes.CARRIERS:
            raise TrayexecError(messages.keys_from_elsewhere())
        held = wanted.profile in self._loop.keys.held
        self._loop.keys.hold(wanted.profile, wanted.keys)
        if held or wanted.keys is not None:
            self._loop.post(Lock(wanted.profile))
        self._note(pending, "ok")
        pending.connection.finish(protocol.ok({"held": held}))

    def _long_role(self, name: str | None) -> Identity | None:
        """A role of this name that was asked for, and that a code of its own opens: the one that waits for it first."""
        broker = self._loop.broker
        found = [one for one in broker.identities if one.role is not None and one.name == name]
        return next((one for one in found if broker.prompting(one) is not None), found[0] if found else None)

    def _unseen(self, catalogue: Catalogue, name: str | None) -> Profile | None:
        """The profile whose program is to be run to see whether it prints the keys of an identity, or needs no code."""
        if name is None and not catalogue.identities and len(catalogue.providers) == 1:
            name = catalogue.providers[0].profile
        found = catalogue.profiles.get(name or "")
        programs = isinstance(found, Profile) and isinstance(found.root, Provider) and found.root.kind is Source.PROCESS
        return found if programs and isinstance(found, Profile) else None

    async def _open(self, pending: Pending, wanted: WantSession) -> None:
        """Have a person open a session by a code, or sign in. Raises TrayexecError."""
        catalogue = await self._catalogue(pending.connection, wanted.common)
        long_role = self._long_role(wanted.identity)
        sign_in = sign_in_named(catalogue, wanted.identity) if long_role is None else None
        if sign_in is None:
            unseen = self._unseen(catalogue, wanted.identity)
            if unseen is not None:
                self._post(pending, Ask(pending.caller, unseen, wait=wanted.wait))
                return
            identity = long_role or one_identity(catalogue, wanted.identity, "auth")
            await self._loop.check_settings(identity, [identity.endpoint])
            asked = Authenticate(pending.caller, identity, wanted.renewal, wanted.code, wanted.wait, wanted.serial)
            self._post(pending, asked)
            return
        if wanted.code is not None:
            raise TrayexecError(messages.no_code_there(sign_in))
        await self._loop.find_tokens([sign_in])
        self._post(pending, AskSignIn(pending.caller, sign_in, wanted.renewal, wanted.way, wanted.wait))

    async def _locked(self, connection: Connection, wanted: WantLock) -> str | None:
        """The name of the keys whose session is to be forgotten, or of a provider's profile; None for all."""
        name = wanted.identity
        if name is None:
            return wanted.keys
        try:
            catalogue = await self._catalogue(connection, wanted.common)
            profile = catalogue.profiles.get(name)
            if isinstance(profile, Profile) and isinstance(profile.root, Provider):
                return profile.root.profile
            sign_in = sign_in_named(catalogue, name)
            return sign_in.name if sign_in is not None else one_identity(catalogue, name, "lock").keys
        except TrayexecError:  # the files may be broken now, and what they said before is open
            for one in self._loop.broker.identities:
                if name in {one.name, one.keys}:
                    return one.keys
            if any(isinstance(one, Provider) and one.profile == name for one in self._loop.broker.roles):
                return name
            raise

    async def _settings_of(
        self, request: WantCredentials, profile: Profile, catalogue: Catalogue
    ) -> Mapping[str, object] | None:
        """Where a profile has its own settings: beside keys alone it would have those of [default]. None: it has none.

        Of a role that its ARN names they are its source's, and [default] has them: to some SDKs the source's name would
        be a word for the source's credentials. Raises TrayexecError.
        """
        source = profile.settings_of
        if request.common.then not in ENVIRONMENT or (source or profile.name) not in catalogue.apart:
            return None
        overlay = await self._overlay(request.common.surroundings, source or None)
        return {**overlay, "config": overlay["server"]} if source else overlay

    async def _wanted_overlay(self, connection: Connection, wanted: WantOverlay) -> Mapping[str, object]:
        """The overlay for `--live`, or for `--server`: of a role that its ARN names, with its source's settings.

        Raises TrayexecError.
        """
        catalogue, server = await self._catalogue(connection, wanted.common), wanted.server
        if server is not None and adhoc.is_role(server):
            server = adhoc.find(catalogue, server, wanted.source).settings_of or server
        return await self._overlay(wanted.common.surroundings, server if server in catalogue.apart else None)

    async def _overlay(self, where: Surroundings, server: str | None = None) -> Mapping[str, object]:
        """The overlay of a caller's files; of `--server` with that profile. Raises TrayexecError."""
        make = self._dependencies.overlay if server is None else partial(self._dependencies.server_overlay, server)
        return await self._dependencies.files.run(make, where.files)

    def _post(self, pending: Pending, event: Ask | Authenticate | AskSignIn) -> None:
        """The one way to ask something of the broker for a caller: nobody is asked for one that left meanwhile.

        Between its line and this moment other things had their turn; one that leaves from now on is told to `left`.
        """
        if pending.connection.there:
            pending.asked = True
            self._loop.post(event)
        else:
            pending.connection.leave()

    async def _tell_status(self, connection: Connection, common: RequestContext) -> None:
        catalogue: Catalogue | Trouble
        try:
            catalogue = await self._catalogue(connection, common)
        except TrayexecError as error:  # what is open is to be seen all the same
            catalogue = error.trouble
        else:
            await self._loop.find_tokens(catalogue.sign_ins)
        facts = self._dependencies.facts()
        document = status(
            self._loop.broker, catalogue, facts, self._dependencies.clock.now(), speak=speaker_of(common.language)
        )
        connection.finish(protocol.ok(document))

    def _ask(self, pending: Pending, asked: Ask) -> None:
        self._post(pending, asked)
        pending.waited = not pending.settled

    async def _deliver(self, pending: Pending, what: Deliver) -> None:
        """Hand out what somebody has waited for, if it is still what the profile means."""
        request = pending.request
        if not isinstance(request, WantCredentials):
            return
        catalogue = await self._load(request.common)
        profile, _ = self._guarded(pending, request, catalogue)
        if profile.target == what.profile.target:
            overlay = await self._settings_of(request, profile, catalogue)
            self._note(pending, "ok")
            document = _document(profile, what.credentials, request.common.then, overlay)
            pending.connection.finish(protocol.ok(document))
        else:
            self._ask(pending, Ask(pending.caller, profile, request.need, request.wait, pending.guard))

    @staticmethod
    def _check_given(pending: Pending, profile: Profile) -> None:
        """Raise TrayexecError where a profile takes the caller's own credentials, and they are not there.

        Where the socket was lent to another machine the caller is not asked for them: who lent it would have them.
        """
        root = profile.root
        if isinstance(root, Provider) and root.kind in OF_THE_CALLER:
            if processes.stat_of(pending.connection.pid)[0] in processes.CARRIERS:
                raise TrayexecError(given_credentials.not_from_afar(root.profile))
            lacks = lacking(root)
            if lacks is not None:
                raise TrayexecError(lacks)

    async def _ask_for(
        self, pending: Pending, request: WantCredentials, profile: Profile, catalogue: Catalogue
    ) -> None:
        """Ask for credentials, once it is known that STS can be asked with these settings. Raises TrayexecError."""
        pending.overlay = await self._settings_of(request, profile, catalogue)
        await self._loop.check_settings(profile.identity, profile.endpoints)
        self._ask(pending, Ask(pending.caller, profile, request.need, request.wait, pending.guard))

    async def _ask_anew(self, pending: Pending) -> None:
        """Ask for what the profile has turned out to be."""
        request = pending.request
        match request:
            case WantCredentials(common):
                catalogue = await self._load(common)
                profile, _ = self._guarded(pending, request, catalogue)
                await self._ask_for(pending, request, profile, catalogue)
            case WantEndpoint(common, need=need, wait=wait, former=former):
                profile, _ = self._guarded(pending, request, await self._load(common))
                wait = wait if former is None else 0
                self._post(pending, Ask(pending.caller, profile, need, wait, pending.guard))
            case _:
                await self._do(pending)

    def _lend(self, caller: Caller, profile: Profile, request: WantEndpoint) -> None:
        async def look() -> tuple[Profile, UseGuard | None]:
            profile, _, guard = self._meant(request, await self._load(request.common), caller)
            return profile, guard

        terms = Terms(request.common.language, request.wait, look)
        self._dependencies.endpoint.lend(caller, profile, request.former, terms)

    def _guarded(
        self, pending: Pending, request: WantCredentials | WantEndpoint, catalogue: Catalogue
    ) -> tuple[Profile, ProfileRule]:
        """As `_meant`, with what has to be allowed first kept for the question to the broker. Raises TrayexecError."""
        profile, rule, pending.guard = self._meant(request, catalogue, pending.caller)
        if pending.guard is not None:
            pending.caller = replace(pending.caller, provenance=provenance_of(pending.caller, request.common.then))
        elif self._loop.broker.settings.first_use:
            found = self._callers.provenance_of(pending.caller, request.common.then)
            if not _is_our_own(found):
                pending.caller = replace(pending.caller, provenance=found)
        return profile, rule

    def _meant(
        self, request: WantCredentials | WantEndpoint, catalogue: Catalogue, caller: Caller
    ) -> tuple[Profile, ProfileRule, UseGuard | None]:
        """The profile that is asked for, narrowed as it is to be, and what the settings say about it.

        A role that is named by its ARN is guarded as each profile that has the same one. Raises TrayexecError.
        """
        profile = adhoc.find(catalogue, request.profile, request.source)
        settings = self._loop.broker.settings
        rules = rules_of(profile, settings, catalogue)
        guard = guard_of(rules)
        profile = narrowed(profile, policy_of(profile, rules), request.policy)
        if request.common.then is AnswerUse.SIGNS_IN:
            profile = federated.signing_in(profile, catalogue.session_name)
            return session_names.asked_by(profile, caller.program), rules[0], guard
        profile = session_names.asked_by(profile, caller.program)
        return long_roles.lengthened(profile, rules[0], request.long), rules[0], guard

    async def _catalogue(self, connection: Connection, common: RequestContext) -> Catalogue:
        """What the caller's files say now. When our settings are broken, what held before, and a note of it.

        Raises TrayexecError for files that AWS's tools would refuse.
        """
        await self._dependencies.sure()
        if common.file_marks is None:
            catalogue = await self._load(common)
        else:  # only now: what it has waited for may be of a file that was saved meanwhile
            look = _Look(self._dependencies.catalogues.load, self._dependencies.sees, common.file_marks)
            catalogue = await self._dependencies.files.run(look, common.surroundings)
        warning = self._warning()
        if warning is not None:
            speak = speaker_of(common.language)
            connection.say(protocol.note("warning", speak(warning.in_one_line)))
        return catalogue

    async def _load(self, common: RequestContext) -> Catalogue:
        load, where = self._dependencies.catalogues.load, common.surroundings
        return await self._dependencies.files.run(load, where)

    # To the socket server

    def _replied(self, pending: Pending, reply: Reply) -> None:
        """Pass on what the broker says, or do as it says."""
        match reply:
            case AskAnew():
                pending.asked = False
                self._start(pending, self._ask_anew(pending))
            case Deliver(caller, profile, _) if isinstance(pending.request, WantSession):
                assert isinstance(profile.root, Provider)  # noqa: S101 — see `_open`
                self._answer(pending, Refuse(caller, messages.no_code(profile.name, profile.root)))
            case _:
                self._answer(pending, reply)

    def _answer(self, pending: Pending, reply: Deliver | SessionOpen | SignInDone | Refuse | Tell) -> None:
        """Pass on what the broker says to a caller, in the caller's language."""
        connection, request = pending.connection, pending.request
        language = request.common.language
        pending.asked = isinstance(reply, Tell)
        if isinstance(reply, Deliver) and pending.waited:
            pending.waited = False
            self._start(pending, self._deliver(pending, reply))
            return
        if not isinstance(reply, Tell):
            self._note(pending, reply.trouble.code if isinstance(reply, Refuse) else "ok")
        match reply:
            case Tell():
                connection.say(_note_of(reply, language))
            case Deliver() if isinstance(request, WantEndpoint):
                connection.keep(protocol.ok(self._dependencies.endpoint.told(pending.caller.reply_to)))
            case Refuse(_, why) if isinstance(request, WantEndpoint) and request.former is not None:
                # The command runs already: its lease holds, and gives something once the person has unlocked.
                told = self._dependencies.endpoint.told(pending.caller.reply_to) or {}
                connection.keep(protocol.ok({**told, "problem": _said(why, language)}))
            case Deliver(_, profile, credentials):
                connection.finish(protocol.ok(_document(profile, credentials, request.common.then, pending.overlay)))
            case SessionOpen(_, identity, session):
                ok = {"identity": identity.name, "expires_at": utc(session.expiry.utc)}
                connection.finish(protocol.ok(ok))
            case SignInDone(_, sign_in, token):
                connection.finish(protocol.ok(_signed_in(sign_in, token)))
            case Refuse(_, why):
                connection.finish(_refusal(why, language))

    def _settle(self, pending: Pending) -> None:
        pending.settled = True
        self._replies.close(pending.caller.reply_to)

    def _note(self, pending: Pending, answer: str) -> None:
        """Note who asked for what, and what was answered: never what was handed out. Once for each request."""
        if pending.settled:
            return
        self._settle(pending)
        request, caller = pending.request, pending.caller
        if isinstance(request, WantStatus | WantOverlay):
            return  # a status hands nothing out, and prompts of shells ask often
        about = (
            request.profile
            if isinstance(request, WantCredentials | WantEndpoint | WantHeldKeys)
            else getattr(request, "identity", None) or ""
        )
        at = utc(int(self._dependencies.clock.now().wall))
        op = OPS[type(request)]
        self._dependencies.ledger.note(Entry(at, about, op, caller.pid, caller.program, answer, caller.parents))


def _is_our_own(found: Provenance) -> bool:
    """Whether the agent has started it, as a person has clicked in its menu."""
    return bool(found.above) and found.above[0].pid == os.getpid()


def _caller(
    connection: Connection,
    request: Request,
    reply_to: ReplyAddress,
    *,
    names_from: Callable[[int], tuple[str, ...]],
) -> Caller:
    """Who asks. Its parents are looked up now: it may be gone when it is answered."""
    pid = connection.pid
    if isinstance(request, WantStatus | WantOverlay):
        return Caller(reply_to, pid=pid)
    common = request.common
    name, parent, started = processes.stat_of(pid)
    carried = name in processes.CARRIERS  # whoever asks lives elsewhere
    if common.then is AnswerUse.PASSES and parent:
        pid = parent
        name, parent, started = processes.stat_of(pid)
    renews = isinstance(request, WantEndpoint) or (common.then is AnswerUse.PASSES and name not in SHELLS)
    uses = (common.then is AnswerUse.RUNS or renews) and not carried
    return Caller(
        reply_to,
        common.program or name,
        pid,
        common.ask_at,
        names_from(parent),
        Process(pid, started) if uses and started else None,
        Shell(common.terminal, 0 if carried else parent),
        None if carried else processes.since_boot(started),
        renews=renews,
    )


def _document(
    profile: Profile, credentials: Credentials, use: AnswerUse, overlay: Mapping[str, object] | None = None
) -> dict[str, object]:
    """AWS's credential_process document, and what goes along with it: the region, and where settings are."""
    document = protocol.process_document(
        credentials.access_key_id,
        credentials.secret_access_key.reveal(),
        credentials.session_token.reveal(),
        expiration=utc(credentials.expiry.utc),
        account=None,
    )
    return {
        **document,
        **({"UsableUntil": utc(credentials.expiry.utc - protocol.SDK_MARGIN)} if use is AnswerUse.PASSES else {}),
        "Region": profile.region,
        **({"RegionOf": "default"} if profile.inherits_region else {}),
        "AccountId": profile.account or credentials.account or None,
        **({"Overlay": dict(overlay)} if overlay is not None else {}),
    }


def _note_of(told: Tell, language: str) -> bytes:
    identity = told.identity
    if told.choices:
        return protocol.note(
            told.kind.value,
            speaker_of(language)(told.text),
            left=told.left,
            epoch=told.epoch,
            choices=",".join(one.value for one in told.choices),
            holds=told.holds,
        )
    if identity is None:
        left = {"left": told.left} if told.left else {}
        return protocol.note(told.kind.value, speaker_of(language)(told.text), **left)
    host = foreign(identity.endpoint_url)
    return protocol.note(
        told.kind.value,
        speaker_of(language)(told.text),
        **({"endpoint": host} if host is not None else {}),
        identity=identity.name,
        mfa_serial=told.serial or identity.mfa_serial,
        **({"mfa_serials": " ".join(told.serials)} if told.serials else {}),
        left=told.left,
        number=told.number,
        of=told.of,
    )


def _signed_in(sign_in: SignIn, token: SignInToken) -> dict[str, object]:
    return {"identity": sign_in.name, "expires_at": utc(token.expiry.utc), "renews": token.renews}


def _refusal(why: Trouble, language: str) -> bytes:
    return protocol.error(_said(why, language))


def _said(why: Trouble, language: str) -> "ErrorAnswer":
    speak = speaker_of(language)
    return {"code": why.code, "title": speak(why.title), "hint": speak(why.hint)}

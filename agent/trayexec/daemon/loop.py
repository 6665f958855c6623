"""The loop that owns the broker: events in, `step`, effects out to the adapters. It decides nothing itself."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any, assert_never

from trayexec.core import messages
from trayexec.core.broker.events import (
    Answered,
    AskAnew,
    AskPermission,
    AssumeRole,
    CheckKeys,
    Deliver,
    Dismiss,
    DismissPermission,
    Effect,
    Event,
    Hide,
    IdleSeen,
    KeepQuiet,
    KeptQuiet,
    KeysAwaited,
    KeysFound,
    LoadProvider,
    Lock,
    Look,
    Looked,
    LookIdle,
    NoteVerdict,
    Occasion,
    OpenSession,
    PermissionAnswered,
    Process,
    Prompt,
    ProviderFailed,
    ProviderLoaded,
    ProviderPrintsKeys,
    Refuse,
    RoleAssumed,
    RoleRefused,
    ScreenChanged,
    SessionOpen,
    SessionOpened,
    SessionRefused,
    Show,
    SignedIn,
    SignInDone,
    SignInFailed,
    SignInFound,
    SignInShown,
    StartSignIn,
    StopSignIn,
    Tell,
    Tick,
)
from trayexec.core.broker.state import Broker
from trayexec.core.broker.step import TICK, next_deadline, step
from trayexec.core.config.federated import is_federated
from trayexec.core.config.profiles import Identity, Provider, SignIn, StsEndpoint
from trayexec.core.credentials import Credentials, LongTermKeys
from trayexec.core.ports import (
    PROVIDER_SECONDS,
    Clock,
    Keychain,
    KeyCommands,
    NoDialog,
    Notifier,
    Prompter,
    ProviderError,
    Providers,
    Refusal,
    SignInError,
    SignInPage,
    SignIns,
    Sts,
    StsError,
)
from trayexec.core.settings import Command
from trayexec.daemon.replies import Reply
from trayexec.daemon.stored_keys import StoredKeys
from trayexec.light.errors import TrayexecError, Trouble, trouble

HOUR = 3600
LATE = 2 * TICK  # seconds without a step that only sleep explains
AWAITED = 1.0  # seconds that a program for keys may take before those who wait are told
SEEN = 10.0  # seconds that keys are kept which a program printed when nobody knew that it prints such
RENEWED = 960  # botocore renews a token with less than 15 minutes left (`SSOTokenProvider`); and one more


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters that the loop drives. `sts` comes later than the rest: botocore takes its time to load.

    `remember` is told, in a worker, the ARN of whose keys are stored under a name, or None when there are none.
    `idle` tells how many seconds ago somebody used a key or the mouse, None where nothing here can tell.
    `learn` is told of a program that it prints long-term keys, `unlearn` that it does so no more, and `note_verdict`
    what a person has answered; `keep_quiet`, in a worker, of which programs a person wants to hear no more.
    """

    clock: Clock
    sts: "Future[Sts]"
    keychain: Keychain
    key_commands: KeyCommands
    providers: Providers
    sign_ins: SignIns
    prompter: Prompter
    notifier: Notifier
    running: Callable[[tuple[Process, ...]], frozenset[Process]]
    idle: Callable[[], Awaitable[float | None]]
    remember: Callable[[str, str | None], None]
    learn: Callable[[Provider], None]
    unlearn: Callable[[Provider], None]
    note_verdict: Callable[[NoteVerdict], None]
    keep_quiet: Callable[[tuple[KeptQuiet, ...]], None]


@dataclass(frozen=True, slots=True)
class Workers:
    """Where blocking calls run: a few AssumeRole at once; sessions and the keychain apart from them."""

    roles: Executor
    sessions: Executor


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a program has printed before a person was asked for the code that these keys are to be used with."""

    program: Command | Provider
    keys: LongTermKeys


class Loop:
    """Owns the broker. Everything here runs on one asyncio loop; other threads come in by `post_from_thread`.

    `keys` are those that sessions are opened with.
    """

    def __init__(
        self,
        ports: Ports,
        workers: Workers,
        *,
        answer: Callable[[Reply], None],
        mishap: Callable[[BaseException], None],
    ) -> None:
        """Wire it; nothing runs yet. `mishap` is told every bug."""
        self._ports = ports
        self.keys = StoredKeys(ports.keychain, ports.sts, ports.remember)
        self._workers = workers
        self._answer = answer
        self._watchers: list[Callable[[Broker], None]] = []
        self._mishap = mishap
        self._tasks: set[asyncio.Task[None]] = set()
        self._dialogs: dict[Identity, asyncio.Task[None]] = {}
        self._permissions: dict[int, asyncio.Task[None]] = {}
        self._printed: dict[Identity, _Printed] = {}
        self._seen: dict[Provider, LongTermKeys] = {}
        self._sign_ins: dict[SignIn, asyncio.Task[None]] = {}
        self._renewals: dict[SignIn, asyncio.Lock] = {}
        self._posted = 0.0  # when the last step was taken, in seconds since boot
        self._timer: asyncio.TimerHandle | None = None
        self.broker = Broker()

    def on_change(self, callback: Callable[[Broker], None]) -> None:
        """Tell `callback` every new state, and an old one when time alone may let it look different."""
        self._watchers.append(callback)

    def post(self, event: Event) -> None:
        """Take one step, and see to its effects."""
        now = self._ports.clock.now()
        late, self._posted = now.boot - self._posted > LATE, now.boot
        if late and not isinstance(event, Tick):
            self.post(Tick())  # the machine has slept: what its sleep has brought about comes first
        before = self.broker
        self.broker, effects = step(before, event, now)
        is_new = self.broker is not before
        if isinstance(event, Lock | ScreenChanged):
            self._seen.clear()
        for identity in [one for one in self._printed if self.broker.prompting(one) is None]:
            del self._printed[identity]
        for effect in effects:
            self.perform(effect)
        if not is_new and self._timer is not None and not isinstance(event, Tick):
            return  # most who ask are served from memory: nothing is due that was not, and nothing to be seen
        self._wake_after(next_deadline(self.broker, now))
        for callback in self._watchers:
            callback(self.broker)

    def _wake_after(self, pause: float) -> None:
        """Tick in `pause` seconds, or when it was due anyway: a busy hour must not put off what time brings about."""
        running = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= running.time() + pause:
                return
            self._timer.cancel()
        self._timer = running.call_later(pause, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.post(Tick())

    async def drain(self) -> None:
        """End every task that is under way."""
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def perform(self, effect: Effect) -> None:  # noqa: C901, PLR0912 — one flat table of all that can be wanted
        """See to one effect."""
        match effect:
            case Deliver() | SessionOpen() | SignInDone() | Refuse() | AskAnew() | Tell():
                self._answer(effect)
            case Prompt():
                self._dismiss(effect.identity)
                self._dialogs[effect.identity] = self._start(self._prompt(effect))
            case CheckKeys():
                self._dismiss(effect.identity)
                self._dialogs[effect.identity] = self._start(self._check(effect))
            case Dismiss(identity):
                self._dismiss(identity)
            case OpenSession():
                self._start(self._open(effect))
            case AssumeRole():
                self._start(self._assume(effect))
            case LoadProvider():
                self._start(self._load(effect))
            case StartSignIn():
                self._stop_sign_in(effect.sign_in)
                self._sign_ins[effect.sign_in] = self._start(self._sign_in(effect))
            case StopSignIn(sign_in):
                self._stop_sign_in(sign_in)
            case Show(notice):
                self._start(self._ports.notifier.show(notice))
            case Hide(key):
                self._start(self._ports.notifier.close(key))
            case AskPermission():
                self._permissions[effect.epoch] = self._start(self._ask_permission(effect))
            case DismissPermission(epoch):
                self._permissions.pop(epoch).cancel()
            case NoteVerdict():
                self._ports.note_verdict(effect)
            case KeepQuiet(programs):
                self._workers.sessions.submit(self._ports.keep_quiet, programs)
            case Look(processes):
                asyncio.get_running_loop().call_soon(self._look, processes)
            case LookIdle():
                self._start(self._look_idle())
            case _:
                assert_never(effect)

    async def _look_idle(self) -> None:
        self.post(IdleSeen(await self._ports.idle()))

    def _look(self, processes: tuple[Process, ...]) -> None:
        self.post(Looked(processes, self._ports.running(processes)))

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._mishap(error)

    def _dismiss(self, identity: Identity) -> None:
        task = self._dialogs.pop(identity, None)
        if task is not None:
            task.cancel()

    async def _prompt(self, effect: Prompt) -> None:
        """Ask a person."""
        try:
            answer = await self._ports.prompter.ask(effect.question)
        except Exception as error:  # noqa: BLE001 — the border: a broken dialog must not leave callers waiting
            self._mishap(error)
            answer = NoDialog(_internal(error))
        self.post(Answered(effect.identity, effect.epoch, answer))

    async def _ask_permission(self, effect: AskPermission) -> None:
        """Ask a person whether a program may use a profile."""
        try:
            answer = await self._ports.prompter.ask_permission(effect.question)
        except Exception as error:  # noqa: BLE001 — the border: as above
            self._mishap(error)
            answer = NoDialog(_internal(error))
        self._permissions.pop(effect.epoch, None)
        self.post(PermissionAnswered(effect.epoch, answer))

    async def _check(self, effect: CheckKeys) -> None:
        """Find out, before a person is asked, whether there is anything to open."""
        running, identity, epoch = asyncio.get_running_loop(), effect.identity, effect.epoch

        unasked = effect.occasion is Occasion.RENEWAL

        def asks(seconds: float) -> None:
            if unasked:
                raise TrayexecError(messages.keyring_unasked())
            running.call_soon_threadsafe(self.post, KeysAwaited(identity, epoch, seconds))

        try:
            printed = await self._print_keys(identity, None if unasked else asks)
            keys = await running.run_in_executor(self._workers.sessions, self.keys.usable, identity, asks, printed)
            self._keep_printed(identity, printed, keys)
        except StsError as error:
            if error.refusal is not Refusal.KEYS:
                self.post(KeysFound(identity, epoch))  # whose they are is asked again before the code is sent
                return
            why = error.trouble
        except TrayexecError as error:
            why = error.trouble
        except Exception as error:  # noqa: BLE001 — the border: whatever it was, the callers get an answer
            self._mishap(error)
            why = _internal(error)
        else:
            self.post(KeysFound(identity, epoch))
            return
        self.post(SessionRefused(identity, epoch, why, Refusal.KEYS))

    async def _print_keys(self, identity: Identity, asks: Callable[[float], None] | None = None) -> LongTermKeys | None:
        """The keys that the program of this identity prints, once for each question; None where it has none.

        `asks` is told when that takes longer than a moment: it may ask a person itself. Raises TrayexecError.
        """
        program = self._program(identity)
        if program is None:
            return None
        held = self._printed.get(identity)
        if held is not None and held.program == program:
            return held.keys
        seconds = PROVIDER_SECONDS if isinstance(program, Provider) else self.broker.settings.prompt_seconds
        telling = asyncio.get_running_loop().call_later(AWAITED, asks, seconds) if asks is not None else None
        try:
            if isinstance(program, Provider):
                return await self._keys_of(program)
            return await self._ports.key_commands.run(program.argv, identity, seconds)
        finally:
            if telling is not None:
                telling.cancel()

    def _program(self, identity: Identity) -> Command | Provider | None:
        """What prints the keys of this identity, if anything does."""
        return identity.program or self.broker.settings.keys_command(identity.keys)

    async def _keys_of(self, provider: Provider) -> LongTermKeys:
        """The keys that a credential_process prints, or has just printed. Raises TrayexecError."""
        seen = self._seen.pop(provider, None)
        if seen is not None:
            return seen
        found = await self._ports.providers.load(provider)
        if isinstance(found, LongTermKeys):
            return found
        self._ports.unlearn(provider)
        raise TrayexecError(messages.no_keys_any_more(provider))

    def _keep_printed(self, identity: Identity, printed: LongTermKeys | None, keys: LongTermKeys) -> None:
        """Keep what a program has printed until the code that is asked for is sent, and no longer: see `post`."""
        program = self._program(identity)
        if printed is not None and program is not None and self.broker.prompting(identity) is not None:
            self._printed[identity] = _Printed(program, keys)

    async def _open(self, effect: OpenSession) -> None:
        role = effect.identity.role
        of_device = replace(effect.identity, mfa_serial=effect.serial)
        session = self.broker.session(replace(effect.identity, role=None), self._ports.clock.now())

        def call(printed: LongTermKeys | None) -> Credentials:
            try:
                keys = self.keys.usable(of_device, printed=printed)
            except StsError as error:
                known = error.refusal is Refusal.KEYS
                # Only whose keys they are was asked: the code has not been sent.
                raise StsError(error.trouble, Refusal.KEYS if known else Refusal.UNSENT) from None
            sts, seconds = self._ports.sts.result(), effect.seconds
            if role is not None and session is not None and seconds > HOUR:
                seconds = sts.most_seconds(role, session, seconds) or seconds
            return sts.open_session(of_device, keys, effect.code, seconds)

        outcome = await self._attempt(self._workers.sessions, call, effect.identity)
        if isinstance(outcome, Credentials):
            self.post(SessionOpened(effect.identity, effect.epoch, outcome))
        else:
            self.post(SessionRefused(effect.identity, effect.epoch, *outcome))

    async def _assume(self, effect: AssumeRole) -> None:
        role = effect.role
        by_keys = role.source if is_federated(role) and isinstance(role.source, Identity) else None

        def call(printed: LongTermKeys | None) -> Credentials:
            sts = self._ports.sts.result()
            if by_keys is not None:
                return sts.federate(by_keys, self.keys.usable(by_keys, printed=printed), role.session_name)
            return sts.assume(role, effect.by)

        outcome = await self._attempt(self._workers.roles, call, by_keys)
        if isinstance(outcome, Credentials):
            self.post(RoleAssumed(effect.role, effect.epoch, outcome))
        else:
            self.post(RoleRefused(effect.role, effect.epoch, *outcome))

    async def check_settings(self, identity: Identity | None, endpoints: Iterable[StsEndpoint]) -> None:
        """See whether STS can be asked at these places, before a person is asked for a code. Raises TrayexecError.

        Only of a file of certificates it can be told beforehand that there is none.
        """
        if identity is None or not identity.needs_code:
            return
        if self.broker.session(identity, self._ports.clock.now()) is not None:
            return
        running = asyncio.get_running_loop()
        for one in dict.fromkeys(endpoints):
            if one.ca_bundle:
                sts = await asyncio.wrap_future(self._ports.sts)
                await running.run_in_executor(self._workers.roles, sts.usable, one, identity.name)

    async def find_tokens(self, sign_ins: Iterable[SignIn]) -> None:
        """See which tokens are kept by now: the AWS CLI writes and removes them as well."""
        running = asyncio.get_running_loop()
        for one in sign_ins:
            token = await running.run_in_executor(self._workers.roles, self._ports.sign_ins.token, one)
            self.post(SignInFound(one, token))

    def _stop_sign_in(self, sign_in: SignIn) -> None:
        task = self._sign_ins.pop(sign_in, None)
        if task is not None:
            task.cancel()

    async def _sign_in(self, effect: StartSignIn) -> None:
        """Lead a person to sign in."""
        sign_in, epoch = effect.sign_in, effect.epoch

        def shown(page: SignInPage) -> None:
            self.post(SignInShown(sign_in, epoch, page))

        event: SignedIn | SignInFailed
        try:
            event = SignedIn(sign_in, epoch, await self._ports.sign_ins.sign_in(sign_in, effect.way, shown))
        except SignInError as error:
            event = SignInFailed(sign_in, epoch, error.trouble)
        except Exception as error:  # noqa: BLE001 — the border: a broken child must not leave callers waiting
            self._mishap(error)
            event = SignInFailed(sign_in, epoch, _internal(error))
        self.post(event)

    async def _loaded(self, provider: Provider) -> Credentials | LongTermKeys:
        """What a provider gives; one at a time while that renews a token, for a refresh token is good once.

        Raises ProviderError.
        """
        sign_in = provider.sign_in
        if sign_in is None:
            return await self._ports.providers.load(provider)
        if self._ends_soon(sign_in):
            async with self._renewals.setdefault(sign_in, asyncio.Lock()):
                if self._ends_soon(sign_in):
                    return await self._load_and_look(provider, sign_in)
        return await self._load_and_look(provider, sign_in)

    async def _load_and_look(self, provider: Provider, sign_in: SignIn) -> Credentials | LongTermKeys:
        try:
            return await self._ports.providers.load(provider)
        finally:
            await self.find_tokens([sign_in])  # which may have been renewed

    def _ends_soon(self, sign_in: SignIn) -> bool:
        token = self.broker.sign_in(sign_in).token
        return token is not None and token.renews and token.expiry.left(self._ports.clock.now()) < RENEWED

    async def _load(self, effect: LoadProvider) -> None:
        provider, epoch = effect.provider, effect.epoch
        event: ProviderLoaded | ProviderPrintsKeys | ProviderFailed
        try:
            found = await self._loaded(provider)
            if isinstance(found, LongTermKeys):
                self._ports.learn(provider)
                self._seen[provider] = found  # for who asks anew: a program may want a person's hand each time
                asyncio.get_running_loop().call_later(SEEN, self._seen.pop, provider, None)
                event = ProviderPrintsKeys(provider, epoch)
            else:
                event = ProviderLoaded(provider, epoch, found)
        except ProviderError as error:
            event = ProviderFailed(provider, epoch, error.trouble, error.refusal)
        except Exception as error:  # noqa: BLE001 — the border: whatever it was, the callers get an answer
            self._mishap(error)
            event = ProviderFailed(provider, epoch, _internal(error), Refusal.OTHER)
        self.post(event)

    async def _attempt(
        self, where: Executor, call: Callable[[LongTermKeys | None], Credentials], by_keys: Identity | None
    ) -> Credentials | tuple[Trouble, Refusal]:
        """The result of a blocking call, which is given what a command prints as the keys of `by_keys`.

        A bug in it becomes an answer too, so that nobody waits for ever.
        """
        try:
            printed = None if by_keys is None else await self._print_keys(by_keys)
            return await asyncio.get_running_loop().run_in_executor(where, call, printed)
        except StsError as error:
            return error.trouble, error.refusal
        except TrayexecError as error:
            return error.trouble, Refusal.KEYS
        except Exception as error:  # noqa: BLE001 — the border: whatever it was, the callers get an answer
            self._mishap(error)
            return _internal(error), Refusal.OTHER


def _internal(error: BaseException) -> Trouble:
    return trouble(
        "internal",
        "Something went wrong inside trayexec ({kind}).",
        "Try again. If it keeps happening, please report it with the last lines of the agent's log.",
        kind=type(error).__name__,
    )

"""Credentials that others give: the port `Providers`, by botocore's own providers in child processes (`child.py`).

What a program or a service says reaches nobody but who is to have the credentials: of a failure only its kind is told.
"""

import asyncio
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trayexec.adapters.child_processes import run
from trayexec.adapters.providers import failures
from trayexec.core import key_shape, messages
from trayexec.core.clock import Expiry
from trayexec.core.config.profiles import Provider
from trayexec.core.config.sources import Source
from trayexec.core.credentials import Credentials, LongTermKeys, Secret
from trayexec.core.ports import PROVIDER_SECONDS, Clock, ProviderError, Refusal
from trayexec.light import own_command
from trayexec.light.errors import Trouble

CHILD = "trayexec.adapters.providers.child"
AT_ONCE = 8  # processes that ask at the same time: each loads botocore, and each question has its own time
TOGETHER = 50  # questions about one sign-in that a process takes along
# Processes that ask about one sign-in at the same time: that of `aws login` is renewed by a token that is good once.
SHARED = {Source.SSO: 2, Source.LOGIN: 1}
MOST = 256 * 1024  # bytes of an answer: what a program may print, as JSON
LONGEST = 129600  # seconds: AWS gives nothing for longer (GetSessionToken)
UNSAID = 900  # seconds that credentials are taken to live whose end nobody says: AWS gives none for less

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """Somebody waits for what this provider gives."""

    provider: Provider
    answer: asyncio.Future[Said]


@dataclass(slots=True)
class _Queue:
    """Questions about one sign-in, which wait for one of its processes; `asking` are the tasks that see to them."""

    turns: asyncio.Semaphore
    waiting: list[_Question] = field(default_factory=list)
    asking: int = 0


class BotoProviders:
    """Asks botocore, in a process for each question; in a few for all questions about one sign-in."""

    def __init__(self, environ: Mapping[str, str], clock: Clock, *, seconds: float = PROVIDER_SECONDS) -> None:
        """Programs get of `environ` what an agent's children get; each process ends within `seconds`."""
        self._environ = environ
        self._clock = clock
        self._seconds = seconds
        self._processes = asyncio.Semaphore(AT_ONCE)
        self._queues: dict[Hashable, _Queue] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def load(self, provider: Provider) -> Credentials | LongTermKeys:
        """What this provider gives now: of a program also long-term keys. Raises ProviderError."""
        try:
            said = await (self._shared(provider) if provider.kind in SHARED else self._alone(provider))
        except TimeoutError:
            raise _error(failures.slow(provider, round(self._seconds))) from None
        except OSError as error:
            raise _error(failures.broken(provider, error.strerror or type(error).__name__)) from None
        except ValueError as error:
            raise _error(failures.broken(provider, str(error))) from None
        if said.get("failed") == "sign-in" and provider.sign_in is not None:
            raise ProviderError(messages.not_signed_in(provider.sign_in), Refusal.SIGN_IN)
        if "failed" in said:
            raise _error(failures.why(provider, said["failed"], said["detail"]))
        return self._credentials(provider, said)

    async def _alone(self, provider: Provider) -> Said:
        (said,) = await self._ask([provider])
        return said

    async def _shared(self, provider: Provider) -> Said:
        """What one of the processes says that ask about this sign-in; it goes on for the others if we are cancelled."""
        session = dict(provider.settings).get("login_session")
        key = (provider.kind, provider.files, provider.variables, session)
        queue = self._queues.setdefault(key, _Queue(asyncio.Semaphore(SHARED[provider.kind])))
        question = _Question(provider, asyncio.get_running_loop().create_future())
        queue.waiting.append(question)
        queue.asking += 1
        task = asyncio.get_running_loop().create_task(self._ask_some(queue))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)
        task.add_done_callback(lambda _: self._leave(key, queue))
        return await question.answer

    def _leave(self, key: Hashable, queue: _Queue) -> None:
        """Drop the queue with the last that is asked in it: there is one for each combination of files."""
        queue.asking -= 1
        if not queue.asking:
            del self._queues[key]

    async def _ask_some(self, queue: _Queue) -> None:
        """Ask what waits by now, unless another process has taken it along."""
        async with queue.turns:
            taken, queue.waiting = queue.waiting[:TOGETHER], queue.waiting[TOGETHER:]
            taken = [one for one in taken if not one.answer.done()]
            if not taken:
                return
            try:
                answers: Sequence[Said] | Exception = await self._ask([one.provider for one in taken])
            except (OSError, ValueError) as error:  # of which a TimeoutError is one
                answers = error
            for number, one in enumerate(taken):
                if one.answer.done():
                    continue  # cancelled
                if isinstance(answers, Exception):
                    one.answer.set_exception(answers)
                else:
                    one.answer.set_result(answers[number])

    async def _ask(self, providers: Sequence[Provider]) -> Sequence[Said]:
        """What a process says of each; they have kind, files and variables in common. Raises OSError, ValueError."""
        first = providers[0]
        request = {
            "kind": first.kind.name.lower(),
            "files": first.files,
            "variables": dict(first.variables),
            "asked": [{"profile": one.profile, "settings": dict(one.settings)} for one in providers],
        }
        given, most = json.dumps(request).encode(), MOST * len(providers)
        async with self._processes:
            ended = await run(own_command.python(CHILD), self._environ, seconds=self._seconds, given=given, most=most)
        try:
            answers: list[Said] = json.loads(ended.out)
        except ValueError:
            raise ValueError(f"exit status {ended.status}") from None
        if len(answers) != len(providers):  # nobody may wait for an answer that does not come
            raise ValueError(f"{len(answers)} / {len(providers)}")
        return answers

    def _credentials(self, provider: Provider, said: Said) -> Credentials | LongTermKeys:
        key, secret, token, account = (said[name] for name in ("key", "secret", "token", "account"))
        if not all(isinstance(one, str) and one for one in (key, secret)):
            raise _error(failures.why(provider, "missing", "AccessKeyId"))
        account = account if isinstance(account, str) else ""
        if account and provider.account and account != provider.account:
            raise _error(failures.other_account(provider, account))
        if not token:
            if provider.kind is not Source.PROCESS or key_shape.wrong_id(key):
                raise _error(failures.why(provider, "tokenless", ""))
            return LongTermKeys(key, Secret(secret))
        now = self._clock.now()
        ends = said["ends"] if said["ends"] is not None else now.wall + UNSAID
        life = min(ends - now.wall, LONGEST)
        return Credentials(key, Secret(secret), Secret(str(token)), Expiry(now.after(life), int(ends)), account)


def _error(why: Trouble) -> ProviderError:
    return ProviderError(why, Refusal.DENIED if why.code == "source_refused" else Refusal.OTHER)

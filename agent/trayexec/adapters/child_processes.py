"""Child processes of the agent: started in a group of their own, capped, timed, and never left behind."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from trayexec.light import agent_environment

LIMIT = 4096  # bytes kept of what a child says, unless it is to say more: a code is six
GRACE = 1.0  # seconds for the last words of a child that has ended, and for a killed one to be collected

_STDIN, _STDOUT, _STDERR = range(3)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: `status` is its exit status, or minus the signal that killed it."""

    status: int
    out: bytes
    err: bytes

    @property
    def complaint(self) -> str:
        """The last line it wrote on stderr, for a person."""
        lines = self.err.decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else f"exit status {self.status}"


class Child(asyncio.SubprocessProtocol):
    """A running child: what it said so far, and what it is told. Get one from `child`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.out = bytearray()
        self.err = bytearray()
        self.status: int | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._open = {_STDOUT, _STDERR}
        self._news = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: it runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 — what subprocess_exec makes
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Asyncio: it said something. Beyond so many unread bytes nothing is kept."""
        heard = self.out if fd == _STDOUT else self.err
        heard += data[: self._most - len(heard)]
        self._news.set()

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 — asyncio's signature
        """Asyncio: it closed a stream."""
        self._open.discard(fd)
        self._news.set()

    def process_exited(self) -> None:
        """Asyncio: it ended. Others may still hold its streams open."""
        if self._transport is not None:
            self.status = self._transport.get_returncode()
        self._news.set()

    def tell(self, data: bytes) -> None:
        """Write to its stdin. Nothing happens when it no longer listens."""
        if self._transport is not None and (stdin := self._transport.get_pipe_transport(_STDIN)) is not None:
            assert isinstance(stdin, asyncio.WriteTransport)  # noqa: S101 — a pipe to write to
            if not stdin.is_closing():
                stdin.write(data)

    def told(self) -> None:
        """Close its stdin."""
        if self._transport is not None and (stdin := self._transport.get_pipe_transport(_STDIN)) is not None:
            stdin.close()

    async def line(self) -> bytes:
        """The next line of its stdout, without the newline. Raises EOFError when there is none to come."""
        while b"\n" not in self.out:
            if _STDOUT not in self._open or len(self.out) >= self._most:
                raise EOFError
            await self._change()
        end = self.out.index(b"\n")
        found = bytes(self.out[:end])
        del self.out[: end + 1]
        return found

    async def end(self) -> Ended:
        """Wait until it ended and said its last words; a helper it left behind may hold the pipes: not for long."""
        while self.status is None:
            await self._change()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                while self._open:
                    await self._change()
        return Ended(self.status, bytes(self.out), bytes(self.err))

    async def end_unless_full(self) -> Ended | None:
        """As `end`; None as soon as its stdout has said as much as is kept."""
        while self.status is None and len(self.out) < self._most:
            await self._change()
        return None if len(self.out) >= self._most else await self.end()

    async def gone(self) -> None:
        """Kill it and its group unless it has ended, collect it, close the pipes."""
        if self._transport is None:
            return
        try:
            if self.status is None:
                _kill(self._transport)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(GRACE):
                        while self.status is None:
                            await self._change()
        finally:
            self._transport.close()

    async def _change(self) -> None:
        self._news.clear()
        await self._news.wait()


def _kill(transport: asyncio.SubprocessTransport) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            transport.kill()
        else:
            os.killpg(transport.get_pid(), signal.SIGKILL)


@contextlib.asynccontextmanager
async def child(argv: Sequence[str], environ: Mapping[str, str], *, most: int = LIMIT) -> AsyncIterator[Child]:
    """Start a child with all three streams as pipes. However the block is left, the child and its group are gone.

    Of each stream `most` bytes are kept. Raises OSError when it cannot be started.
    """
    _, protocol = await asyncio.get_running_loop().subprocess_exec(
        partial(Child, most), *argv, env=agent_environment.of(environ), start_new_session=True
    )
    try:
        yield protocol
    finally:
        await protocol.gone()


async def run(
    argv: Sequence[str], environ: Mapping[str, str], *, seconds: float, given: bytes = b"", most: int = LIMIT
) -> Ended:
    """Run a child to its end.

    Raises TimeoutError after `seconds` (it is killed then), and OSError when it cannot be started.
    """
    async with asyncio.timeout(seconds), child(argv, environ, most=most) as process:
        process.tell(given)
        process.told()
        return await process.end()

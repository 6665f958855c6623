"""How the bench measures: whole processes in turns, and many connections driven by one thread."""

import json
import os
import selectors
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from devtools.machine import VENV, NotReadyError
from devtools.scratch import Scratch

T = TypeVar("T")
BARE = (str(VENV / "bin/python"), "-c", "pass")
WARM = "account-a"  # a profile whose role is held


def timed(here: Scratch, argv: Sequence[str]) -> float:
    """Seconds that a program takes, from its start to its end."""
    began = time.perf_counter()
    nothing = subprocess.DEVNULL
    status = subprocess.call(argv, env=here.env, stdin=nothing, stdout=nothing, close_fds=False)
    took = time.perf_counter() - began
    if status:
        raise NotReadyError(f"{argv[0]} ended with {status}")
    return took


def processor(here: Scratch, *argvs: Sequence[str], count: int) -> list[float]:
    """Milliseconds of CPU that each of these programs takes with all that it starts, run in turns: the medians."""
    turns = [[_processor(here, argv) for argv in argvs] for _ in range(count + 2)][2:]  # the first two fill caches
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def _processor(here: Scratch, argv: Sequence[str]) -> float:
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=here.env, stdin=nothing, stdout=nothing, stderr=nothing, close_fds=False)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise NotReadyError(f"{argv[0]} ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def beside(here: Scratch, ours: list[str], bare: list[str], count: int) -> tuple[float, float, str]:
    """Milliseconds of `ours` and of `bare`, run in turns, so that both meet the same machine; and a sentence of it."""
    for argv in (bare, ours) * 5:
        timed(here, argv)
    pairs = [(timed(here, bare), timed(here, ours)) for _ in range(count)]
    base, run = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    told = f"+{run - base:.1f} ms, {run / base:.2f} times ({run:.1f} against {base:.1f} ms; median of {count})"
    return run, base, told


def converse(here: Scratch, profiles: Sequence[str], clients: int) -> list[float]:
    """Ask for each profile, at most `clients` at once; the seconds that each took. All must be served."""
    return drive(lambda profile: ask(here, profile), profiles, clients, good=b'"ok"')


def drive(ask: Callable[[T], socket.socket], things: Iterable[T], clients: int, *, good: bytes) -> list[float]:
    """Connect, ask and read to the end for each thing; every answer must have `good` in it."""
    times = []
    rest = iter(things)
    with selectors.DefaultSelector() as poll:

        def begin() -> None:
            for thing in rest:
                began = time.perf_counter()
                connection = ask(thing)
                poll.register(connection, selectors.EVENT_READ, (connection, began, bytearray()))
                return

        for _ in range(clients):
            begin()
        while poll.get_map():
            ready = poll.select(30)
            if not ready:
                raise NotReadyError("the agent does not answer")
            for key, _ in ready:
                connection, began, heard = key.data
                more = connection.recv(1 << 16)
                heard += more
                if more:
                    continue
                times.append(time.perf_counter() - began)
                poll.unregister(connection)
                connection.close()
                if good not in heard:
                    raise NotReadyError(f"the agent said {bytes(heard)!r}")
                begin()
    return times


def ask(here: Scratch, profile: str) -> socket.socket:
    """A connection on which a profile has been asked for."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(here.socket)
    request = {"v": 1, "op": "credentials", "profile": profile, "wait": 120, "hand": "terminal"}
    connection.sendall(json.dumps(request).encode() + b"\n")
    return connection


def well(done: "subprocess.CompletedProcess[str]") -> None:
    """Raise NotReadyError for a program that failed."""
    if done.returncode:
        raise NotReadyError(f"{' '.join(done.args)} failed: {done.stderr}")

"""`bench` of one command over many accounts: how fast they all get going, and how much output goes through."""

import os
import statistics
import subprocess
import time
from collections.abc import Sequence

from devtools.figure import Figure
from devtools.machine import NotReadyError
from devtools.measuring import BARE, processor
from devtools.scratch import Scratch

BOUND = 1.3  # of what the latency alone would take
SHARE = 0.5  # of what cat brings through
LOOPED = 10  # accounts of the plain loop: it takes too long for all
CHILDREN = 8
ROUNDS = 5
LINE = b"x" * 79 + b"\n"
SIZE = 48 << 20  # bytes that each child says
PORTION = 1 << 18


def two(here: Scratch, count: int) -> Figure:
    """`true` in two accounts whose roles are held; beside it a loop of the shell. By CPU: two cores hide some of it."""
    names = ("account-a", "account-b")
    loop = "".join(f"trayexec {name} -- true; " for name in names)
    bare, ours, looped = processor(here, BARE, ["trayexec", *names, "--", "true"], ["sh", "-c", loop], count=count)
    told = f"{ours:.1f} ms, {ours / bare:.2f} times `python -c pass`; a shell loop takes {looped:.1f} ms"
    return Figure("CPU of a fan-out over two accounts", "less than a loop", told, ours < looped)


def accounts(here: Scratch, roles: int, at_once: int, latency: float) -> Figure:
    """`true` in every account, none of the roles held yet; beside it the same by a loop of the shell."""
    _forget(here)
    _slow(here, roles, latency)
    ours = _timed(here, ["trayexec", "role-*", "--", "true"])
    _forget(here)
    _slow(here, LOOPED, latency)
    names = " ".join(f"role-{number:03}" for number in range(1, LOOPED + 1))
    loop = _timed(here, ["sh", "-c", f"for role in {names}; do trayexec $role -- true; done"]) / LOOPED * roles
    least = -(-roles // at_once) * latency
    return Figure(
        f"fan-out: {roles} accounts, `true` in each, cold, {latency * 1000:.0f} ms STS latency",
        f"≤ {BOUND} times {least:.1f} s",
        f"{ours:.2f} s = {ours / least:.2f} times {least:.1f} s; a shell loop takes {loop:.0f} s",
        ours <= BOUND * least,
    )


def throughput(here: Scratch) -> Figure:
    """Eight children as fast as they can, each line marked; beside it the same children through one `cat`."""
    (here.home / "lines").write_bytes(LINE * (SIZE // len(LINE)))
    marked, relayed, looped, direct = [], [], [], []
    children = f"for child in $(seq {CHILDREN}); do cat lines & done; wait"
    loop = f'for child in $(seq {CHILDREN}); do cat lines | sed "s/^/[role-00$child] /" & done; wait'
    for _ in range(ROUNDS):
        marked.append(_rate(here, ["trayexec", f"role-00[1-{CHILDREN}]", "--", "cat", "lines"]))
        relayed.append(_rate(here, ["sh", "-c", f"({children}) | cat"]))
        looped.append(_rate(here, ["sh", "-c", loop]))
        direct.append(_rate(here, ["sh", "-c", children]))
    ours, cat, sed, bare = (statistics.median(one) for one in (marked, relayed, looped, direct))
    return Figure(
        f"`--output prefix`, {CHILDREN} children, lines of {len(LINE)} bytes",
        f"≥ {SHARE} of `cat`",
        f"{ours:,.0f} MB/s = {ours / cat:.2f} of {cat:,.0f} MB/s through one `cat`"
        f" ({bare:,.0f} with nothing between; {sed:,.0f} by a shell loop with a `sed` for each)",
        ours >= SHARE * cat,
    )


def _forget(here: Scratch) -> None:
    here.run(["trayexec", "lock"])
    here.unlock()


def _slow(here: Scratch, count: int, seconds: float) -> None:
    here.aws.ask("faults", {"kind": "delay", "action": "AssumeRole", "count": count, "seconds": seconds})


def _timed(here: Scratch, argv: Sequence[str]) -> float:
    began = time.perf_counter()
    done = here.run(argv)
    took = time.perf_counter() - began
    if done.returncode:
        raise NotReadyError(f"{argv[0]} ended with {done.returncode}: {done.stderr}")
    return took


def _rate(here: Scratch, argv: Sequence[str]) -> float:
    """MB of the children's own a second, from the first byte to the last: starting is measured elsewhere."""
    process = subprocess.Popen(
        argv, env=here.env, cwd=here.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None  # noqa: S101 — a pipe was asked for
    buffer = bytearray(PORTION)
    os.readv(process.stdout.fileno(), [buffer])
    began = time.perf_counter()
    while os.readv(process.stdout.fileno(), [buffer]):
        pass
    took = time.perf_counter() - began
    process.stdout.close()
    if process.wait():
        raise NotReadyError(f"{argv[0]} ended with {process.returncode}")
    return CHILDREN * SIZE / took / 1e6

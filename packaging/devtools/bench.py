"""`bench`: speed and memory of the real program against their goals, in one run, so that ratios mean something.

Everything is measured from outside: the program runs in a throw-away home as a user's would, against the pretended
AWS with 100 roles.
"""

import json
import os
import platform
import resource
import selectors
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from devtools import bench_fanout
from devtools.figure import Figure
from devtools.machine import BUS, VENV, NotReadyError, environment, need, tell
from devtools.scratch import Scratch, scratch

ROLES, BATCH = 100, 20
LATENCY = 0.2  # seconds that each AssumeRole takes
AT_ONCE = 4  # AssumeRole calls that the agent has in flight
CROWD = 1000
SDKS = 32
WARM = "account-a"

# The goals.
MORE_MS, TIMES = 6.0, 1.6  # of a warm run, beyond a bare start of Python and as a multiple of it
COLD = 1.3  # of what the latency alone would take
RSS = 70.0  # MiB
CPU = 0.1  # percent
PROCESS = 1.5  # times a bare start that getting credentials for an SDK may take
HOOK_MS = 10.0  # that a shell may start later for the hook
BARE = (str(VENV / "bin/python"), "-c", "pass")
BOTO3 = """
import statistics, sys, time
import botocore.session
def fetch():
    session = botocore.session.Session(profile="it")
    session.set_config_variable("config_file", sys.argv[1])
    begun = time.perf_counter()
    session.get_credentials().get_frozen_credentials()
    return time.perf_counter() - begun
fetch()
print(statistics.median(fetch() for _ in range(int(sys.argv[2]))))
"""
FETCH_MS = 10.0  # of an answer by the container endpoint, at the worst of a hundred


T = TypeVar("T")


class Pace(Enum):
    """Runs, round trips, and seconds of idling."""

    FULL = (60, 4000, 60)
    QUICK = (40, 1000, 10)


class Form(Enum):
    """How the figures are printed."""

    TABLE = "Markdown"
    JSON = "JSON"


def measure(pace: Pace, form: Form) -> int:
    """Measure everything and print it. Returns 0 when every goal is met, else 1."""
    need(BUS)
    programs = environment()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    figures: list[Figure] = []
    with scratch(programs, aws=["--roles", str(ROLES)]) as here:
        user = here.aws.user
        here.env |= {"AWS_ACCESS_KEY_ID": user["access_key_id"], "AWS_SECRET_ACCESS_KEY": user["secret_access_key"]}
        _well(here.run(["trayexec", "keys", "add", "default", "--env"]))
        del here.env["AWS_ACCESS_KEY_ID"], here.env["AWS_SECRET_ACCESS_KEY"]
        here.unlock()
        _well(here.run(["trayexec", WARM, "--", "true"]))
        runs, trips, idling = pace.value
        parts: list[Callable[[], Figure]] = [
            lambda: _runs(here, runs),
            lambda: _process(here, runs),
            lambda: _boto3(here, runs),
            lambda: _hook(here, runs),
            lambda: _round_trips(here, trips, 1),
            lambda: _round_trips(here, trips, 64),
            lambda: _endpoint(here, trips),
            lambda: _cold(here),
            lambda: bench_fanout.accounts(here, ROLES, AT_ONCE, LATENCY),
            lambda: bench_fanout.throughput(here),
            lambda: _memory(here),
            lambda: _idle(here, idling),
            lambda: _crowd(here, CROWD),
        ]
        for part in parts:
            figures.append(part())
            tell(f"{figures[-1].what}: {figures[-1].measured}")
    _print(figures, form)
    return 0 if all(one.met is not False for one in figures) else 1


# What is measured


def _beside(here: Scratch, ours: list[str], bare: list[str], count: int) -> tuple[float, float, str]:
    """Milliseconds of `ours` and of `bare`, run in turns, so that both meet the same machine; and a sentence of it."""
    for argv in (bare, ours) * 5:
        _timed(here, argv)
    pairs = [(_timed(here, bare), _timed(here, ours)) for _ in range(count)]
    base, run = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    told = f"+{run - base:.1f} ms, {run / base:.2f} times ({run:.1f} against {base:.1f} ms; median of {count})"
    return run, base, told


def _process(here: Scratch, count: int) -> Figure:
    """What an SDK starts for each set of credentials."""
    run, base, measured = _beside(here, ["trayexec", "credential-process", WARM], [*BARE], count)
    what = "`trayexec credential-process p` against `python -c pass`"
    return Figure(what, f"≤ {PROCESS} times", measured, run <= PROCESS * base)


def _boto3(here: Scratch, count: int) -> Figure:
    """The same from inside a client: a new botocore session each time, its credentials fetched by starting us."""
    config = here.home / "boto3-config"
    config.write_text(f"[profile it]\ncredential_process = {VENV / 'bin/trayexec'} credential-process {WARM}\n")
    done = here.run([BARE[0], "-c", BOTO3, str(config), str(count)])
    _well(done)
    fetched = float(done.stdout) * 1000
    base = statistics.median(_timed(here, [*BARE]) for _ in range(count)) * 1000
    measured = f"{fetched:.1f} ms, {fetched / base:.2f} times ({base:.1f} ms; median of {count})"
    what = "boto3 gets credentials through `credential_process`, against `python -c pass`"
    return Figure(what, f"≤ {PROCESS} times", measured, fetched <= PROCESS * base)


def _hook(here: Scratch, count: int) -> Figure:
    """A shell that has the hook, against one that has not."""
    _well(here.run(["trayexec", "hook", "bash"]))
    hook = here.home / ".local/state/trayexec/hook.bash"
    bash = ["bash", "--norc", "--noprofile", "-c"]
    run, base, measured = _beside(here, [*bash, f". {hook}"], [*bash, ":"], count)
    return Figure("bash with the hook against bash without", f"≤ +{HOOK_MS:.0f} ms", measured, run - base <= HOOK_MS)


def _runs(here: Scratch, count: int) -> Figure:
    """A warm run against a bare start of the same interpreter."""
    run, base, measured = _beside(here, ["trayexec", WARM, "--", "true"], [*BARE], count)
    what = "warm `trayexec p -- true` against `python -c pass`"
    met = run - base <= MORE_MS and run <= TIMES * base
    return Figure(what, f"≤ +{MORE_MS:.0f} ms, ≤ {TIMES} times", measured, met)


def _round_trips(here: Scratch, count: int, clients: int) -> Figure:
    """Connect, ask, read to the end; `clients` of them at any time, driven by one thread."""
    rates, worst = [], []
    _converse(here, [WARM] * clients, clients)
    for _ in range(3):
        began = time.perf_counter()
        times = _converse(here, [WARM] * count, clients)
        rates.append(count / (time.perf_counter() - began))
        worst.append(statistics.quantiles(times, n=100)[-1] * 1000)
    word = "client" if clients == 1 else "clients"
    measured = f"{statistics.median(rates):,.0f} a second, p99 {statistics.median(worst):.1f} ms"
    return Figure(f"round trips, {clients} {word}", "", measured)


def _endpoint(here: Scratch, count: int) -> Figure:
    """Fetches from the endpoint of `--server` as 32 SDKs at once would make them, each a connection of its own."""
    waiting = 'echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN"; cat'
    argv = ["trayexec", "--server", WARM, "--", "sh", "-c", waiting]
    worst, rates = [], []
    with subprocess.Popen(argv, env=here.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as command:
        if command.stdout is None or command.stdin is None:
            raise NotReadyError("there are no pipes")
        url, _, token = command.stdout.readline().strip().partition(" ")
        place = urlsplit(url)
        request = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: {token}\r\n\r\n".encode()

        def fetch(_number: int) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", place.port or 0))
            connection.sendall(request)
            return connection

        try:
            _drive(fetch, range(SDKS), SDKS, good=b"AccessKeyId")
            for _ in range(3):
                began = time.perf_counter()
                times = _drive(fetch, range(count), SDKS, good=b"AccessKeyId")
                rates.append(count / (time.perf_counter() - began))
                worst.append(statistics.quantiles(times, n=100)[-1] * 1000)
        finally:
            command.stdin.close()
    p99 = statistics.median(worst)
    measured = f"p99 {p99:.1f} ms, {statistics.median(rates):,.0f} a second"
    return Figure(f"container endpoint, {SDKS} clients", f"p99 ≤ {FETCH_MS:.0f} ms", measured, p99 <= FETCH_MS)


def _cold(here: Scratch) -> Figure:
    """Every role there is, a batch at a time, none of them held yet."""
    least = BATCH / AT_ONCE * LATENCY
    times = []
    for start in range(1, ROLES, BATCH):
        here.aws.ask("faults", {"kind": "delay", "action": "AssumeRole", "count": BATCH, "seconds": LATENCY})
        began = time.perf_counter()
        _converse(here, [f"role-{number:03}" for number in range(start, start + BATCH)], BATCH)
        times.append(time.perf_counter() - began)
    middle = statistics.median(times)
    at_once = here.aws.ask("calls")["most_at_once"]
    measured = (
        f"{middle:.2f} s = {middle / least:.2f} times {least:.1f} s ({at_once} in flight; median of {len(times)})"
    )
    what = f"{BATCH} profiles cold, {LATENCY * 1000:.0f} ms STS latency"
    return Figure(what, f"≤ {COLD} times", measured, middle <= COLD * least and at_once == AT_ONCE)


def _memory(here: Scratch) -> Figure:
    size = _resident(here)
    return Figure(f"memory of the agent with {ROLES} roles (RSS)", f"< {RSS:.0f} MiB", f"{size:.1f} MiB", size < RSS)


def _idle(here: Scratch, seconds: int) -> Figure:
    time.sleep(2)  # what was asked before is done with
    before = _busy(here)
    time.sleep(seconds)
    share = (_busy(here) - before) / seconds * 100
    return Figure(f"CPU of the idle agent over {seconds} s", f"< {CPU} %", f"{share:.3f} %", share < CPU)


def _crowd(here: Scratch, count: int) -> Figure:
    """So many callers wait for one code; then it comes."""
    _well(here.run(["trayexec", "lock"]))
    before = _resident(here)
    waiting = [_ask(here, WARM) for _ in range(count)]
    for one in waiting:
        one.recv(1 << 16)  # the note that a code is missing
    grown = _resident(here) - before
    began = time.perf_counter()
    here.unlock()
    answers = [b"".join(iter(lambda: one.recv(1 << 16), b"")) for one in waiting]  # noqa: B023 — used at once
    took = time.perf_counter() - began
    for one in waiting:
        one.close()
    if not all(b'"ok"' in answer for answer in answers):
        raise NotReadyError("not every waiting caller was served")
    measured = f"+{grown:.1f} MiB while they wait; all served {took:.2f} s after `trayexec auth` began"
    return Figure(f"{count:,} callers waiting for one code", "", measured)


# How it is measured


def _timed(here: Scratch, argv: Sequence[str]) -> float:
    began = time.perf_counter()
    nothing = subprocess.DEVNULL
    status = subprocess.call(argv, env=here.env, stdin=nothing, stdout=nothing, close_fds=False)
    took = time.perf_counter() - began
    if status:
        raise NotReadyError(f"{argv[0]} ended with {status}")
    return took


def _converse(here: Scratch, profiles: Sequence[str], clients: int) -> list[float]:
    """Ask for each profile, at most `clients` at once; the seconds that each took. All must be served."""
    return _drive(lambda profile: _ask(here, profile), profiles, clients, good=b'"ok"')


def _drive(ask: Callable[[T], socket.socket], things: Iterable[T], clients: int, *, good: bytes) -> list[float]:
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


def _ask(here: Scratch, profile: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(here.socket)
    request = {"v": 1, "op": "credentials", "profile": profile, "wait": 120, "hand": "terminal"}
    connection.sendall(json.dumps(request).encode() + b"\n")
    return connection


def _pid(here: Scratch) -> int:
    pid = here.agent
    if pid is None:
        raise NotReadyError(f"no agent runs any more:\n{here.log}")
    return pid


def _resident(here: Scratch) -> float:
    """MiB in RAM, shared libraries included."""
    for line in Path(f"/proc/{_pid(here)}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise NotReadyError("the system does not say how much memory a process has")


def _busy(here: Scratch) -> float:
    """Seconds of CPU so far, of all threads: to the nanosecond, where the system counts so finely."""
    tasks = Path(f"/proc/{_pid(here)}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


def _well(done: "subprocess.CompletedProcess[str]") -> None:
    if done.returncode:
        raise NotReadyError(f"{' '.join(done.args)} failed: {done.stderr}")


# How it is told


def _print(figures: Sequence[Figure], form: Form) -> None:
    machine = (
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, {time.strftime('%Y-%m-%d', time.gmtime())}"
    )
    if form is Form.JSON:
        print(
            json.dumps({"machine": machine, "figures": [asdict(one) for one in figures]}, indent=2, ensure_ascii=False)
        )
        return
    marks = {True: "✓", False: "✗", None: ""}
    print(f"`packaging/dev bench` on {machine}:\n")
    print("| what | goal | measured | |\n| --- | --- | --- | --- |")
    for one in figures:
        print(f"| {one.what} | {one.goal} | {one.measured} | {marks[one.met]} |")

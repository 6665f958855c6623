"""`bench`: speed and memory of the real program against their goals, in one run, so that ratios mean something.

Everything is measured from outside: the program runs in a throw-away home as a user's would, against the pretended
AWS with 100 roles.
"""

import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path

from devtools import bench_clients, bench_fanout, bench_files
from devtools.figure import Figure
from devtools.machine import BUS, NotReadyError, environment, need, tell
from devtools.measuring import BARE, WARM, ask, beside, converse, well
from devtools.scratch import Scratch, scratch

ROLES, BATCH = 100, 20
LATENCY = 0.2  # seconds that each AssumeRole takes
AT_ONCE = 16  # AssumeRole calls that the agent has in flight
CROWD = 1000

# The goals.
MORE_MS, TIMES = 6.0, 1.6  # of a warm run, beyond a bare start of Python and as a multiple of it
COLD = 1.3  # of what the latency alone would take
RSS = 70.0  # MiB
CPU = 0.1  # percent


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
    need((*BUS, "curl"))
    programs = environment()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    figures: list[Figure] = []
    with scratch(programs, aws=["--roles", str(ROLES)]) as here:
        user = here.aws.user
        here.env |= {"AWS_ACCESS_KEY_ID": user["access_key_id"], "AWS_SECRET_ACCESS_KEY": user["secret_access_key"]}
        well(here.run(["trayexec", "keys", "add", "default", "--env"]))
        del here.env["AWS_ACCESS_KEY_ID"], here.env["AWS_SECRET_ACCESS_KEY"]
        here.unlock()
        well(here.run(["trayexec", WARM, "--", "true"]))
        runs, trips, idling = pace.value
        parts: list[Callable[[], Figure]] = [
            lambda: _runs(here, runs),
            lambda: bench_clients.process(here, runs),
            lambda: bench_clients.status(here, runs // 2),
            lambda: bench_clients.prompt(here, runs // 2),
            lambda: bench_clients.completion(here, runs // 2),
            lambda: bench_fanout.two(here, runs // 2),
            lambda: bench_clients.boto3(here, runs),
            lambda: bench_clients.hook(here, runs),
            lambda: _round_trips(here, trips, 1),
            lambda: _round_trips(here, trips, 64),
            lambda: bench_clients.endpoint(here, trips),
            lambda: _cold(here),
            lambda: bench_fanout.accounts(here, ROLES, AT_ONCE, LATENCY),
            lambda: bench_fanout.throughput(here),
            lambda: _memory(here),  # before the agent has read files of a thousand profiles
            lambda: bench_files.read(here),
            lambda: bench_files.changed(here),
            lambda: _idle(here, idling),
            lambda: _crowd(here, CROWD),
        ]
        for part in parts:
            figures.append(part())
            tell(f"{figures[-1].what}: {figures[-1].measured}")
    _print(figures, form)
    return 0 if all(one.met is not False for one in figures) else 1


# What is measured


def _runs(here: Scratch, count: int) -> Figure:
    """A warm run against a bare start of the same interpreter."""
    run, base, measured = beside(here, ["trayexec", WARM, "--", "true"], [*BARE], count)
    what = "warm `trayexec p -- true` against `python -c pass`"
    met = run - base <= MORE_MS and run <= TIMES * base
    return Figure(what, f"≤ +{MORE_MS:.0f} ms, ≤ {TIMES} times", measured, met)


def _round_trips(here: Scratch, count: int, clients: int) -> Figure:
    """Connect, ask, read to the end; `clients` of them at any time, driven by one thread."""
    rates, worst = [], []
    converse(here, [WARM] * clients, clients)
    for _ in range(3):
        began = time.perf_counter()
        times = converse(here, [WARM] * count, clients)
        rates.append(count / (time.perf_counter() - began))
        worst.append(statistics.quantiles(times, n=100)[-1] * 1000)
    word = "client" if clients == 1 else "clients"
    measured = f"{statistics.median(rates):,.0f} a second, p99 {statistics.median(worst):.1f} ms"
    return Figure(f"round trips, {clients} {word}", "", measured)


def _cold(here: Scratch) -> Figure:
    """Every role there is, a batch at a time, none of them held yet."""
    least = -(-BATCH // AT_ONCE) * LATENCY
    times = []
    for start in range(1, ROLES, BATCH):
        here.aws.ask("faults", {"kind": "delay", "action": "AssumeRole", "count": BATCH, "seconds": LATENCY})
        began = time.perf_counter()
        converse(here, [f"role-{number:03}" for number in range(start, start + BATCH)], BATCH)
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
    well(here.run(["trayexec", "lock"]))
    before = _resident(here)
    waiting = [ask(here, WARM) for _ in range(count)]
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

"""`python -m awssim`: run the double for other processes. Prints one JSON line, then serves until its end of life.

It ends on SIGTERM or SIGINT, or when its standard input closes, if `--while-stdin` says so.
"""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from awssim import Sim, Trust
from awssim.control import describe


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="awssim", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any)")
    parser.add_argument("--session-seconds", type=float, help="how long sessions really live")
    parser.add_argument("--role-seconds", type=float, help="how long role credentials really live")
    parser.add_argument("--clock-offset", type=float, default=0.0, help="seconds by which AWS's clock is ahead of ours")
    parser.add_argument("--roles", type=int, default=0, help="this many more roles, with profiles role-001 and so on")
    parser.add_argument("--config", type=Path, help="write the fitting ~/.aws/config here")
    parser.add_argument("--while-stdin", action="store_true", help="end when standard input closes")
    options = parser.parse_args()

    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())

    offset: float = options.clock_offset
    with Sim(clock=lambda: time.time() + offset, port=options.port) as sim:
        sim.live(session=options.session_seconds, role=options.role_seconds)
        for count in range(1, options.roles + 1):
            trust = Trust(("arn:aws:iam::111111111111:root",), mfa=True)
            sim.world.add_role(f"{400_000_000_000 + count}", "Deploy", trust, profile=f"role-{count:03}")
        if options.config is not None:
            options.config.write_text(sim.world.config_text(sim.url), encoding="utf-8")
        print(json.dumps(describe(sim)), flush=True)  # noqa: T201 — its one line of output
        if options.while_stdin:
            threading.Thread(target=_wait_for_end, args=(done,), daemon=True).start()
        done.wait()


def _wait_for_end(done: threading.Event) -> None:
    sys.stdin.read()
    done.set()


if __name__ == "__main__":
    main()

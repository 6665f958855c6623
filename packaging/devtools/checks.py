"""`test` and `lint`: the formatter, the linter, the types, the tests."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from devtools.machine import TESTS, TOP, environment, need, need_tk, tell

# Three desktops at a time, though there may be two cores: a third of a run is waiting for what a test has started. They
# are private, so tests do not see each other; more would starve their time-outs.
PARALLEL = ("-n", "3", "--dist", "worksteal", "--cache-clear")
FAILED = 1  # pytest's exit status where tests failed, and nothing else went wrong
FEW = 8  # so many may have failed by one accident: a daemon that died under a file of tests fails the rest of them


# Written for Unix: sockets, locks, signals, terminals. Elsewhere they are not reached (trayexec/light/platforms.py).
UNIX = (
    *(
        "live/",
        "light/agent_environment.py",
        "light/agent_record.py",
        "light/private_files.py",
        "light/same_machine.py",
        "daemon/",
        "commands/fanout/",
        "commands/doctor/",
    ),
    *(f"commands/{name}.py" for name in ("agent", "agent_start", "foreground_child", "server", "terminal")),
    "commands/countdown.py",
    "commands/first_start.py",
    "commands/terminal_permission.py",
    "adapters/profile_picker/",
    *(
        f"adapters/{name}.py"
        for name in ("atomic_replace", "instance", "journal", "ledger", "rotation_notes", "stored_keys")
    ),
    "light/processes/linux.py",
    "adapters/providers/tokens.py",
    "adapters/bus/",
    "adapters/idle/linux.py",
    "adapters/idle/wayland.py",
    "adapters/screenlock/linux.py",
)


def types() -> list[list[str]]:
    """The calls of mypy: everything as it is on Linux, the package as it is on the other systems too."""
    # A branch for another system is not reached on this one, and a comment that is needed there is not needed here.
    elsewhere = ("--no-warn-unreachable", "--no-warn-unused-ignores")
    reached = ("--follow-imports", "silent", "--exclude", f"/trayexec/({'|'.join(map(re.escape, UNIX))})")
    return [
        ["mypy"],
        ["mypy", "packaging/dev", "packaging/devtools", "tests"],
        ["mypy", "--platform", "darwin", *elsewhere],
        ["mypy", "--platform", "win32", *elsewhere, *reached, "agent/trayexec"],
    ]


def lint() -> int:
    """Stop at the first tool that finds something; its exit status."""
    programs = environment()
    for argv in (
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        *types(),
    ):
        print(f"$ {' '.join(argv)}", flush=True)
        status = subprocess.run([programs / argv[0], *argv[1:]], cwd=TOP, check=False).returncode
        if status:
            return status
    return 0


def test(arguments: Sequence[str]) -> int:
    """Lint, then pytest with these arguments; its exit status. Without arguments nothing may be skipped."""
    need(TESTS)
    need_tk()
    status = lint()
    if status:
        return status
    environ = dict(os.environ)
    if not arguments:
        environ["CI"] = "true"  # tests/support/strict.py: a skip is a failure
    status = _pytest(arguments or PARALLEL, environ)
    return _once_more(environ) if status == FAILED and not arguments else status


def _once_more(environ: dict[str, str]) -> int:
    """Run what failed in a whole run again, alone, if it is little: what passes then was late, and is named.

    Three desktops at a time keep a slow machine's time-outs short of what they wait for. A fault fails again.
    """
    failed = _failures(TOP)
    if not 0 < len(failed) <= FEW:
        return FAILED
    tell(f"{len(failed)} of all tests failed, and are run once more, alone")
    status = _pytest(("--last-failed",), environ)
    if status == 0:
        tell("passed only when alone, and so unsteady; find out why, and mend it:\n  " + "\n  ".join(failed))
    return status


def _failures(top: Path) -> list[str]:
    """The tests that failed in the last run, as pytest keeps them."""
    with suppress(OSError, ValueError):
        return sorted(json.loads((top / ".pytest_cache/v/cache/lastfailed").read_text()))
    return []


def _pytest(arguments: Sequence[str], environ: dict[str, str]) -> int:
    argv = ["pytest", *arguments]
    print(f"$ {' '.join(argv)}", flush=True)
    pytest = [str(environment() / "python"), "-m", *argv]
    return subprocess.run(pytest, cwd=TOP, env=environ, stdin=subprocess.DEVNULL, check=False).returncode

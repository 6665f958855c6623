"""`bench` of the AWS files: what reading many profiles adds to a request, and how soon a changed file counts."""

import os
import socket
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from devtools.figure import Figure
from devtools.machine import NotReadyError
from devtools.measuring import WARM, well
from devtools.scratch import Scratch, eventually

PROFILES = 1000
ROUNDS = 15
CHANGES = 5
READ_MS = 50.0  # that a request may take longer for files of so many profiles that nobody has asked for yet
LIVE = 1.0  # seconds until a changed file counts


def read(here: Scratch) -> Figure:
    """A request that names files which were never read, against one whose files are known."""
    paths = [here.folder / f"config-{number}" for number in range(ROUNDS)]
    for path in paths:
        path.write_text(_many(here))
    time.sleep(0.5)  # nobody is writing them just now
    first = [_timed(lambda: _ask(here, WARM, path)) for path in paths]  # noqa: B023 — used at once
    again = [_timed(lambda: _ask(here, WARM, path)) for path in paths]  # noqa: B023 — likewise
    more = (statistics.median(first) - statistics.median(again)) * 1000
    for path in paths:
        path.unlink()
    what = f"files of {PROFILES:,} profiles that were not read yet, beside the request"
    return Figure(what, f"≤ {READ_MS:.0f} ms", f"+{more:.1f} ms (median of {ROUNDS})", more <= READ_MS)


def changed(here: Scratch) -> Figure:
    """A profile is added among so many: until a request gets it, and until a command that runs live sees it."""
    config = here.home / ".aws/config"
    before, text = config.read_text(), _many(here)
    _replace(config, text)
    live = here.run(["trayexec", "--live", WARM, "--", "printenv", "AWS_CONFIG_FILE"])
    well(live)
    overlay = Path(live.stdout.strip())
    asked, seen = [], []
    for number in range(CHANGES):
        name, other = f"new-{number}", f"other-{number}"
        text += _profile(here, name)
        _replace(config, text)
        asked.append(_timed(lambda: _ask(here, name, config)))  # noqa: B023 — used at once
        text += _profile(here, other)
        _replace(config, text)
        wanted = f"[profile {other}]"
        seen.append(_timed(lambda: eventually("the overlay", lambda: wanted in overlay.read_text())))  # noqa: B023 — likewise
    _replace(config, before)
    worst = max(*asked, *seen)
    measured = f"{max(asked):.2f} s for a request, {max(seen):.2f} s under `--live` (the worst of {CHANGES})"
    return Figure(f"a changed file of {PROFILES:,} profiles counts", f"≤ {LIVE:.0f} s", measured, worst <= LIVE)


def _many(here: Scratch) -> str:
    """The config as it is, and many more profiles of the same form."""
    text = str(here.aws.world["config"])
    return text + "".join(_profile(here, f"more-{number}") for number in range(PROFILES - text.count("[profile ")))


def _profile(here: Scratch, name: str) -> str:
    """One more name for the role that is held."""
    section = str(here.aws.world["config"]).partition(f"[profile {WARM}]")[2].partition("\n[")[0]
    return f"\n[profile {name}]{section}\n"


def _replace(path: Path, text: str) -> None:
    """As an editor saves a file."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    os.replace(fresh, path)  # noqa: PTH105 — a word for what it does


def _timed(what: Callable[[], None]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _ask(here: Scratch, profile: str, config: Path) -> None:
    """A request to its end. Raises NotReadyError for one that is refused."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(here.socket)
        said = f'{{"v":1,"op":"credentials","profile":"{profile}","config":"{config}","wait":0}}\n'
        connection.sendall(said.encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    if b'"ok"' not in answer:
        raise NotReadyError(f"the agent said {answer!r}")

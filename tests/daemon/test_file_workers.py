"""Files that hang: they delay the requests for them, which are told so, and nobody else's."""

import asyncio
import contextlib
import fcntl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.desktop import eventually
from support.rig import Rig
from trayexec.core.config.surroundings import USUAL, Surroundings
from trayexec.daemon.file_workers import THREADS, FileWorkers
from trayexec.light.errors import TrayexecError, trouble

HUNG = Surroundings("/mnt/gone/config")


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Whoever works on this overlay waits without end, as for a disk that does not answer: somebody has its lock."""
    with path.parent.with_name(f"{path.parent.name}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_an_overlay_that_hangs_delays_only_its_own(rig: Rig) -> None:
    """Its callers are told after a while; runs and status for other files go on; and it comes back by itself."""
    rig.unlock()
    own = rig.desk.home("home/.aws/config").read_text()
    other = rig.write("project/config", own)
    there = {"AWS_CONFIG_FILE": str(other)}
    assert rig.run("--live", "account-a", "--", "true", env=there).status == 0
    (overlay,) = rig.desk.home("home/.local/state/trayexec").glob("live/*/config")
    with held(overlay):
        overlay.write_text(f"{overlay.read_text()}\n[profile new]\nregion = eu-west-1\n")
        hung = rig.start("account-a", "--", "true", env=there)
        for _ in range(3):
            assert rig.run("account-a", "--", "true").status == 0
            assert rig.phase() == "open"
        assert hung.poll() is None
        _, said = hung.communicate(timeout=30)
        assert hung.returncode == 125
        assert "the disk does not answer" in said
    eventually("the other files", lambda: rig.run("account-a", "--", "true", env=there).status == 0, seconds=60)


def test_a_thousand_callers_cost_two_looks() -> None:
    """Who asks while nothing has begun shares the look; nobody gets one that began before it asked."""
    looks = []
    free = threading.Event()

    def look(_: Surroundings) -> int:
        looks.append(1)
        free.wait()
        return len(looks)

    async def story() -> None:
        lanes = FileWorkers(ThreadPoolExecutor(2), lambda where: where.config)
        first = asyncio.ensure_future(lanes.run(look, USUAL))
        await asyncio.to_thread(eventually, "the first look", lambda: bool(looks))
        others = [asyncio.ensure_future(lanes.run(look, USUAL)) for _ in range(1000)]
        await asyncio.sleep(0)
        free.set()
        assert await first == 1
        assert set(await asyncio.gather(*others)) == {2}

    asyncio.run(story())


def test_what_hangs_is_told_and_leaves_nothing_behind() -> None:
    """However often it is asked for: one thread is lost to it, until it comes back; each caller has its own error."""
    free = threading.Event()

    def hang(_: Surroundings) -> None:
        free.wait()

    def fail(_: Surroundings) -> None:
        raise TrayexecError(trouble("file", "No.", "Really."))

    async def story() -> None:
        lanes = FileWorkers(ThreadPoolExecutor(2), lambda where: where.config)
        for _ in range(5):
            with pytest.raises(TrayexecError) as caught:
                await lanes.run(hang, HUNG, patience=0.05)
            assert caught.value.trouble.code == "files_hang"
        assert len(asyncio.all_tasks()) <= 3
        both = await asyncio.gather(*(lanes.run(fail, USUAL) for _ in range(2)), return_exceptions=True)
        assert all(isinstance(one, TrayexecError) and one.trouble.code == "file" for one in both)
        assert both[0] is not both[1]
        free.set()
        await asyncio.to_thread(eventually, "the rest", lambda: len(asyncio.all_tasks(loop)) == 1)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(story())
    loop.close()


def test_however_many_pairs_hang_the_others_go_on() -> None:
    """A network home with a hundred projects on it that does not answer: the files elsewhere do."""
    free = threading.Event()

    def hang(_: Surroundings) -> None:
        free.wait()

    async def story() -> None:
        lanes = FileWorkers(ThreadPoolExecutor(THREADS), lambda where: where.config)
        hung = [lanes.run(hang, Surroundings(f"/mnt/gone/{number}"), patience=0.5) for number in range(100)]
        told = await asyncio.gather(*hung, return_exceptions=True)
        assert {str(one) for one in told if not isinstance(one, TrayexecError)} == set()
        try:
            assert await lanes.run(lambda _: "read", USUAL, patience=5) == "read"
        finally:
            free.set()

    asyncio.run(story())

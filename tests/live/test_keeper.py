"""The keeper of overlays hears what is written to the files they are made of, and looks by itself at what it cannot."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from trayexec.adapters import folder_watch
from trayexec.adapters.aws_files import AwsFiles
from trayexec.core.config.surroundings import Surroundings
from trayexec.live import keeper as module
from trayexec.live.keeper import OverlayKeeper
from trayexec.live.overlays import OverlayInputs

CONFIG = "[default]\nmfa_serial = arn:aws:iam::111111111111:mfa/alice\nregion = eu-central-1\n"
Story = Callable[[OverlayKeeper, Surroundings], Coroutine[Any, Any, None]]


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[Story], None]:
    """Runs a story with a keeper that has one overlay, of files in a folder of its own."""
    other = tmp_path / "project/config"
    other.parent.mkdir()
    other.write_text(CONFIG)
    where = Surroundings(str(other), str(other.with_name("credentials")))

    async def run(call: Callable[[Surroundings], bool], where: Surroundings, *, patience: float) -> bool:
        async with asyncio.timeout(patience):
            return await asyncio.to_thread(call, where)

    async def whole(story: Story) -> None:
        files = AwsFiles({"HOME": str(tmp_path)}, session_name="s")
        inputs = OverlayInputs(files, ("/bin/trayexec",), {}, list, lambda _: None)
        keeper = OverlayKeeper(tmp_path / "live", inputs, asyncio.get_running_loop(), run)
        keeper.watch((str(tmp_path / "config.toml"),))
        try:
            await asyncio.to_thread(keeper.document, where)
            await keeper.keep()
            await quiet(keeper)
            async with asyncio.timeout(20):
                await story(keeper, where)
        finally:
            keeper.close()

    return lambda story: asyncio.run(whole(story))


async def quiet(keeper: OverlayKeeper) -> None:
    """Until what the keeper itself wrote has been heard of."""
    await asyncio.sleep(0.1)
    keeper._notice()
    keeper._was_written.clear()


def test_what_an_overlay_is_made_of_is_heard_of(kept: Callable[[Story], None], tmp_path: Path) -> None:
    """A project's config, credentials that come into being, our settings; then the overlay says what they say."""

    async def story(keeper: OverlayKeeper, where: Surroundings) -> None:
        for file, text in (
            (tmp_path / "project/config", CONFIG.replace("eu-central-1", "eu-west-1")),
            (tmp_path / "project/credentials", "[other]\nregion = eu-west-2\n"),
            (tmp_path / "config.toml", "# nothing\n"),
        ):
            file.write_text(text)
            await keeper.written()
            await keeper.keep()
            await quiet(keeper)
        assert "eu-west-1" in keeper.overlays.places.place(where).overlay.read_text()

    kept(story)


def test_when_nothing_is_written_nobody_looks(kept: Callable[[Story], None]) -> None:
    """All of it is heard, so the next look is minutes away."""

    async def story(keeper: OverlayKeeper, _: Surroundings) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await keeper.written()

    kept(story)


def test_what_is_not_heard_is_looked_at(kept: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network file system another machine may write: a look every few seconds."""
    monkeypatch.setattr(folder_watch, "_LOCAL", frozenset())
    monkeypatch.setattr(module, "LOOK_AGAIN", 0.05)

    async def story(keeper: OverlayKeeper, _: Surroundings) -> None:
        await keeper.written()

    kept(story)

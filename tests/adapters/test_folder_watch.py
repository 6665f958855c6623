"""The watch on folders: it tells of what was written, whichever way, and is quiet otherwise. The real kernel."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayexec.adapters.folder_watch import FolderWatch


@pytest.fixture
def watch() -> Iterator[tuple[FolderWatch, int]]:
    """An open watch and its descriptor."""
    watch = FolderWatch()
    descriptor = watch.open()
    assert descriptor is not None
    yield watch, descriptor
    watch.close()


def told(watch: tuple[FolderWatch, int]) -> bool:
    """Whether it has told something since we asked last. The kernel tells before the writer's call returns."""
    ready = bool(select.select([watch[1]], [], [], 0)[0])
    watch[0].taken()
    return ready


def test_it_tells_of_both_ways_to_write(watch: tuple[FolderWatch, int], tmp_path: Path) -> None:
    """In place, once the writer has closed the file, and by renaming; reading is no news, nor is another folder."""
    (tmp_path / "here").mkdir()
    watch[0].add(tmp_path / "here")
    with (tmp_path / "here/file").open("w") as file:
        file.write("x")
        file.flush()
        assert not told(watch)
    assert told(watch)
    (tmp_path / "new").write_text("y")
    assert not told(watch)
    (tmp_path / "new").rename(tmp_path / "here/file")
    assert told(watch)
    assert (tmp_path / "here/file").read_text() == "y"
    assert not told(watch)


def test_a_folder_may_go_and_come_back(watch: tuple[FolderWatch, int], tmp_path: Path) -> None:
    """One that is not there is no accident; it is watched when it is added again."""
    folder = tmp_path / "later"
    watch[0].add(folder)
    for _ in range(2):
        folder.mkdir()
        watch[0].add(folder)
        watch[0].add(folder)
        (folder / "file").write_text("x")
        assert told(watch)
        (folder / "file").unlink()
        folder.rmdir()
        watch[0].taken()


def test_closed_it_is_harmless(tmp_path: Path) -> None:
    """Before it is opened and after it is closed nothing happens, from whichever thread."""
    watch = FolderWatch()
    watch.add(tmp_path)
    assert watch.open() is not None
    watch.close()
    watch.close()
    watch.add(tmp_path)

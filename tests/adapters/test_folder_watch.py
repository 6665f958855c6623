"""The watch on folders: it tells of what was written, whichever way, and is quiet otherwise. The real kernel."""

import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from trayexec.adapters import folder_watch
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


def test_a_file_is_heard_of_whoever_replaces_it(watch: tuple[FolderWatch, int], tmp_path: Path) -> None:
    """Written in place, replaced, removed, made anew; nothing is said of its neighbours."""
    file = tmp_path / "config"
    file.write_text("x")
    for change in (
        lambda: file.write_text("y"),
        lambda: (tmp_path / "new").rename(file),
        lambda: file.chmod(0o600),
        file.unlink,
        lambda: file.write_text("z"),
        file.unlink,
        lambda: (tmp_path / "new").rename(file),
    ):
        (tmp_path / "new").write_text("n")
        assert watch[0].add_file(str(file))
        watch[0].taken()
        (tmp_path / "neighbour").write_text("x")
        assert not watch[0].taken()
        change()
        assert watch[0].taken()


def test_a_link_and_what_it_leads_to_are_heard_of(watch: tuple[FolderWatch, int], tmp_path: Path) -> None:
    """A config that is kept elsewhere, as people do who have their settings in one repository."""
    (tmp_path / "home").mkdir()
    (tmp_path / "dots").mkdir()
    real, other, link = tmp_path / "dots/config", tmp_path / "dots/other", tmp_path / "home/config"
    real.write_text("x")
    other.write_text("x")
    link.symlink_to(real)
    assert watch[0].add_file(str(link))
    real.write_text("y")
    assert watch[0].taken()
    (tmp_path / "home/new").symlink_to(other)
    (tmp_path / "home/new").rename(link)
    assert watch[0].taken()
    assert watch[0].add_file(str(link))
    other.write_text("y")
    assert watch[0].taken()


def test_a_file_is_awaited_where_not_even_its_folder_is(watch: tuple[FolderWatch, int], tmp_path: Path) -> None:
    """Each folder that comes into being is heard of, and a folder that goes as a whole."""
    file = tmp_path / "a/b/config"
    for made in (file.parent.parent, file.parent):
        assert watch[0].add_file(str(file))
        made.mkdir()
        assert watch[0].taken()
    assert watch[0].add_file(str(file))
    file.write_text("x")
    assert watch[0].taken()
    assert watch[0].add_file(str(file))
    file.parent.rename(tmp_path / "a/elsewhere")
    assert watch[0].taken()


def test_what_cannot_be_heard_is_said(
    watch: tuple[FolderWatch, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that the kernel makes up, or that is on another machine; the null device never changes."""
    assert not watch[0].add_file("/proc/self/status")
    assert not watch[0].add(Path("/proc/self"))
    assert watch[0].add_file("/dev/null")
    assert not watch[0].add_file("a\0b")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert not watch[0].add_file(str(tmp_path / "link"))
    with Path("/dev/null").open("w") as null:
        null.write("x")
    assert not told(watch)
    monkeypatch.setattr(folder_watch, "_LOCAL", frozenset())
    assert not watch[0].add_file(str(Path(__file__)))


def test_without_a_watch_nothing_is_heard(tmp_path: Path) -> None:
    """Who asks is told so, and looks by itself."""
    assert not FolderWatch().add(tmp_path)
    assert not FolderWatch().add_file(str(tmp_path / "file"))

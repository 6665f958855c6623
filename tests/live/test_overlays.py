"""Overlays on disk, without an agent: what others write is carried home whole, through links, at any moment."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from trayexec.adapters.aws_files import AwsFiles
from trayexec.adapters.redact import redacted
from trayexec.core.config.profiles import Profile
from trayexec.core.config.surroundings import Surroundings
from trayexec.light.errors import Text, TrayexecError
from trayexec.live.carry_home import write_home
from trayexec.live.overlays import OverlayInputs, Overlays

CONFIG = """\
[default]
mfa_serial = arn:aws:iam::111111111111:mfa/alice
region = eu-central-1
"""


@pytest.fixture
def told() -> list[Text]:
    """What a person was told."""
    return []


@pytest.fixture
def make(tmp_path: Path, told: list[Text]) -> Callable[..., Overlays]:
    """Overlays in a folder of their own; `groups` is called in the middle of each writing."""

    def overlays(groups: Callable[[], Sequence[str]] = list) -> Overlays:
        files = AwsFiles({"HOME": str(tmp_path)}, session_name="s")
        return Overlays(tmp_path / "live", OverlayInputs(files, ("/bin/trayexec",), {}, groups, told.append))

    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    return overlays


def test_a_linked_dotfile_stays_a_link(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """The file behind the link changes, with its mode and its line ends; the old one is beside the link."""
    real, link = tmp_path / "dotfiles", tmp_path / ".aws/config"
    real.write_bytes(CONFIG.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    link.unlink()
    link.symlink_to(real)
    overlays = make()
    place = overlays.want()
    place.overlay.write_text(place.overlay.read_text().replace("eu-central-1", "eu-west-1"))
    overlays.look()
    assert link.is_symlink()
    assert real.read_bytes() == CONFIG.replace("eu-central-1", "eu-west-1").replace("\n", "\r\n").encode()
    assert real.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / ".aws/config.trayexec~").read_bytes() == CONFIG.replace("\n", "\r\n").encode()


def test_nothing_is_written_where_no_file_is(make: Callable[..., Overlays], told: list[Text]) -> None:
    """With AWS_CONFIG_FILE=/dev/null the device stays a device; what was to be written is kept, and said."""
    overlays = make()
    place = overlays.want(Surroundings(os.devnull))
    place.overlay.write_text(place.overlay.read_text() + "[profile x]\nregion = r-1\n")
    overlays.load(Surroundings(os.devnull))
    assert not Path(os.devnull).is_file()
    assert any("[profile x]" in file.read_text() for file in place.folder.parent.glob("config.*"))
    assert len(told) == 1


def test_a_write_on_top_of_one_that_came_back_is_understood(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """A config as it was eight versions ago has an overlay as young as any: what was made of it goes home."""
    config, overlays = tmp_path / ".aws/config", make()
    for region in ("eu-central-1", *(f"xx-east-{number}" for number in range(8)), "eu-central-1"):
        config.write_text(CONFIG.replace("eu-central-1", region))
        overlays.want()
    place = overlays.want()
    old = place.overlay.read_text()
    config.write_text(CONFIG.replace("eu-central-1", "us-west-1"))
    overlays.want()
    place.overlay.write_text(f"{old}output = yaml\n")
    overlays.look()
    assert config.read_text() == CONFIG.replace("eu-central-1", "us-west-1") + "output = yaml\n"


def test_a_write_at_the_last_moment_is_not_lost(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """Somebody has the overlay open and writes while we replace it: that, too, reaches the user's file."""
    place = make().want()
    before = place.overlay.read_text()
    (tmp_path / ".aws/config").write_text(CONFIG.replace("eu-central-1", "eu-west-1"))
    with place.overlay.open("r+") as handle:

        def groups() -> list[str]:
            if sys._getframe(1).f_code.co_name == "_write" and not handle.tell():
                handle.write(before.replace("[default]\n", "[default]\noutput = yaml\n"))
                handle.flush()
            return []

        make(groups).look()
        assert handle.tell()
    text = (tmp_path / ".aws/config").read_text()
    assert "output = yaml" in text
    assert "region = eu-west-1" in text
    assert "output = yaml" in place.overlay.read_text()


def test_a_broken_file_of_the_users_is_never_touched(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """While the user's file cannot be read, what was written waits in the overlay, and goes home when it can."""
    overlays = make()
    place = overlays.want()
    own = tmp_path / ".aws/config"
    own.write_text("[broken\n")
    edited = place.overlay.read_text() + "[profile x]\nregion = r-1\n"
    place.overlay.write_text(edited)
    overlays.look()
    assert own.read_text() == "[broken\n"
    assert place.overlay.read_text() == edited
    own.write_text(CONFIG)
    overlays.look()
    assert own.read_text() == CONFIG + "\n[profile x]\nregion = r-1\n"


def test_bytes_that_are_no_text_are_kept_aside(make: Callable[..., Overlays], tmp_path: Path, told: list[Text]) -> None:
    """Whatever is written there, the overlay becomes whole again, and the bytes are still to be had."""
    overlays = make()
    place = overlays.want()
    place.overlay.write_bytes(b"\xff\xfe\0[profile x]\n")
    overlays.look()
    assert "[default]" in place.overlay.read_text()
    assert b"\xff\xfe\0[profile x]\n" in {file.read_bytes() for file in place.folder.parent.glob("config.*")}
    assert (tmp_path / ".aws/config").read_text() == CONFIG
    assert len(told) == 1


def test_what_is_kept_aside_can_be_found(
    make: Callable[..., Overlays], told: list[Text], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log takes six digits for an MFA code: the name of the file has none, whatever the time is."""
    overlays = make()
    overlays.want().overlay.write_bytes(b"\xff\xfe")
    monkeypatch.setattr(time, "time_ns", lambda: 0x18EA736553A0F1BB)
    (place,) = overlays.look()
    (aside,) = place.parent.glob("config.*")
    assert str(aside) in str(told[0])
    assert redacted(f" {aside}.") == f" {aside}."


def test_a_folder_of_anothers_is_not_used(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """An overlay's folder that is a link is refused, not followed."""
    overlays = make()
    place = overlays.places.place()
    place.folder.parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    place.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrayexecError) as caught:
        overlays.want()
    assert caught.value.trouble.code == "overlay_folder"
    assert list((tmp_path / "elsewhere").iterdir()) == []


# At the same moment


def test_what_was_written_is_in_the_very_next_answer(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """A role that was written into the overlay is known to the request that comes right after it."""
    overlays = make()
    place = overlays.want()
    role = "[profile new]\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = default\n"
    with place.overlay.open("a") as file:
        file.write(role)
    assert isinstance(overlays.load().profiles["new"], Profile)
    assert (tmp_path / ".aws/config").read_text() == f"{CONFIG}\n{role}"


def late(path: Path, text: str) -> threading.Thread:
    """Somebody who has opened the file by now, and writes into it only after a while."""
    opened = threading.Event()

    def write() -> None:
        with path.open("a") as file:
            opened.set()
            time.sleep(0.3)
            file.write(text)

    thread = threading.Thread(target=write)
    thread.start()
    opened.wait()
    return thread


def test_a_slow_writer_is_waited_for(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """Who had the overlay or the credentials file open when it was replaced still gets everything to the user."""
    overlays = make()
    place = overlays.want()
    own = tmp_path / ".aws/config"
    own.write_text(CONFIG.replace("eu-central-1", "eu-west-1"))
    place.empty.write_text("[k]\naws_access_key_id = AKIAK\n")
    writers = [late(place.overlay, "[profile x]\nregion = r-1\n"), late(place.empty, "aws_secret_access_key = s\n")]
    overlays.look()
    for writer in writers:
        writer.join()
    assert own.read_text() == CONFIG.replace("eu-central-1", "eu-west-1") + "\n[profile x]\nregion = r-1\n"
    assert "aws_secret_access_key = s\n" in (tmp_path / ".aws/credentials").read_text()
    assert place.empty.read_text() == ""


def in_place(file: Path, text: str) -> None:
    """As nano saves."""
    file.write_text(text)


def by_renaming(file: Path, text: str) -> None:
    """As most editors save."""
    new = file.with_name("new")
    new.write_text(text)
    new.replace(file)


@pytest.mark.parametrize("save", [in_place, by_renaming])
def test_the_user_saves_at_the_same_moment(save: Callable[[Path, str], None], tmp_path: Path) -> None:
    """Between our reading and our writing of the user's file somebody else saves it: both changes are in it."""
    home = tmp_path / "config"
    home.write_text(CONFIG)
    saved = CONFIG + "# the user's\n"
    asked: list[str] = []

    def change(own: str) -> str:
        if not asked:
            save(home, saved)
        asked.append(own)
        return own + "# ours\n"

    write_home(home, change, backup=tmp_path / "config~")
    assert asked == [CONFIG, saved]
    assert home.read_text() == saved + "# ours\n"
    assert (tmp_path / "config~").read_text() == saved
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config", "config~"]


def test_the_user_saves_while_we_replace(tmp_path: Path) -> None:
    """An editor that had the user's file open when it was replaced: what it saves is there, and ours too."""
    home = tmp_path / "config"
    home.write_text(CONFIG)
    writers: list[threading.Thread] = []

    def change(own: str) -> str:
        if not writers:
            writers.append(late(home, "# the user's\n"))
        return own + "# ours\n"

    write_home(home, change)
    assert home.read_text() == CONFIG + "# the user's\n# ours\n"
    writers[0].join()


def test_the_user_makes_the_file_while_we_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file was there, and the user's new one appears while ours is being written to the disk: both are in it."""
    home, to_disk = tmp_path / "config", os.fsync

    def slowly(descriptor: int) -> None:
        to_disk(descriptor)
        if not home.exists():
            home.write_text(CONFIG)

    monkeypatch.setattr(os, "fsync", slowly)
    write_home(home, lambda own: own + "# ours\n")
    assert home.read_text() == CONFIG + "# ours\n"
    assert [file.name for file in tmp_path.iterdir()] == ["config"]
    home.unlink()
    monkeypatch.undo()
    write_home(home, lambda own: own + "# ours\n")
    assert home.read_text() == "# ours\n"
    assert (home.stat().st_mode & 0o777, home.stat().st_nlink) == (0o600, 1)


def test_a_file_that_is_written_anew_is_waited_for(tmp_path: Path) -> None:
    """Some programs remove a file before they write it: what comes in that moment is in the new one."""
    home = tmp_path / "config"
    asked: list[str] = []

    def change(own: str) -> str:
        asked.append(own)
        return own + "# ours\n"

    writer = threading.Timer(0.05, home.write_text, [CONFIG])
    writer.start()
    write_home(home, change)
    writer.join()
    assert asked == [CONFIG]
    assert home.read_text() == CONFIG + "# ours\n"


# What cannot go home


def test_a_read_only_file_is_not_written(make: Callable[..., Overlays], tmp_path: Path, told: list[Text]) -> None:
    """Also where a rename could do it: its owner said no. What was to be written is kept, and both files are named."""
    overlays = make()
    place = overlays.want()
    own = tmp_path / ".aws/config"
    own.chmod(0o400)
    place.overlay.write_text(place.overlay.read_text() + "[profile x]\nregion = r-1\n")
    overlays.look()
    assert own.read_text() == CONFIG
    (aside,) = (file for file in place.folder.parent.glob("config.*") if "[profile x]" in file.read_text())
    assert "[profile x]" not in place.overlay.read_text()
    assert [str(own) in str(one) and str(aside) in str(one) for one in told] == [True]


KEYS = "[k]\naws_access_key_id = AKIAK\naws_secret_access_key = verysecret\n"


def forbid(shared: Path) -> None:
    """It is read-only."""
    shared.write_text("# mine\n")
    shared.chmod(0o400)


def garble(shared: Path) -> None:
    """It cannot be read."""
    shared.write_text("[broken\n")


def occupy(shared: Path) -> None:
    """It is a folder."""
    shared.mkdir()


@pytest.mark.parametrize("spoil", [forbid, garble, occupy])
def test_keys_that_cannot_go_home_are_refused(
    make: Callable[..., Overlays], tmp_path: Path, told: list[Text], spoil: Callable[[Path], None]
) -> None:
    """Nothing of them stays with us, and it is said which file did not take them."""
    overlays = make()
    place = overlays.want()
    shared = tmp_path / ".aws/credentials"
    spoil(shared)
    before = shared.read_text() if shared.is_file() else None
    place.empty.write_text(KEYS)
    for _ in range(2):
        overlays.look()
    assert (shared.read_text() if shared.is_file() else None) == before
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and "verysecret" in file.read_text()]
    assert len(told) == 1
    assert str(shared) in str(told[0])
    assert "keys add" in str(told[0])


def test_what_is_no_credentials_file_is_refused(
    make: Callable[..., Overlays], tmp_path: Path, told: list[Text]
) -> None:
    """It might have been a key: no copy of it stays."""
    overlays = make()
    place = overlays.want()
    place.empty.write_text("aws_secret_access_key = verysecret\n")
    overlays.look()
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and "verysecret" in file.read_text()]
    assert len(told) == 1


def test_keys_go_home_while_the_config_is_broken(
    make: Callable[..., Overlays], tmp_path: Path, told: list[Text]
) -> None:
    """They do not wait with us until somebody mends another file, and it is said once."""
    overlays = make()
    place = overlays.want()
    (tmp_path / ".aws/config").write_text("[broken\n")
    place.overlay.write_text(place.overlay.read_text() + "[profile x]\nregion = r-1\n")
    place.empty.write_text(KEYS)
    for _ in range(2):
        overlays.look()
    assert (tmp_path / ".aws/credentials").read_text() == KEYS
    assert place.empty.read_text() == ""
    assert "[profile x]" in place.overlay.read_text()
    assert len(told) == 1


def test_a_request_only_looks_at_its_files(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """Where an overlay is is worked out once: a request whose files are as they were costs eight looks at files."""
    overlays = make()
    place = overlays.want()
    assert overlays.places.place() is place
    files = (str(tmp_path / ".aws/config"), str(tmp_path / ".aws/credentials"))
    assert overlays.places.place(Surroundings(*files)) == place
    ours = ("", "")  # this test's files come without what is known of stored keys, and without our settings
    assert place.watched == (*files, *ours, *map(str, (place.overlay, place.server, place.empty, place.origin)))
    for number in range(200):
        assert overlays.places.place(Surroundings(f"/{number}")).config == Path(f"/{number}")
    assert overlays.places.place() == place


def test_what_went_home_goes_once(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """While the other file is broken the overlay stays as it is: what it says is not written home again and again."""
    overlays = make()
    place = overlays.want()
    own = tmp_path / ".aws/config"
    overlays.load()
    (tmp_path / ".aws/credentials").write_text("[broken\n")
    place.overlay.write_text(place.overlay.read_text() + "[profile x]\nregion = r-1\n")
    overlays.look()
    assert own.read_text() == CONFIG + "\n[profile x]\nregion = r-1\n"
    own.write_text(CONFIG)  # the user does not want it
    overlays.look()
    assert own.read_text() == CONFIG
    assert "[profile x]" in place.overlay.read_text()


def test_a_removal_is_said(make: Callable[..., Overlays], tmp_path: Path, told: list[Text]) -> None:
    """What somebody takes out of the overlay stays in the user's file, is back, and it is said where it is."""
    overlays = make()
    place = overlays.want()
    place.overlay.write_text(place.overlay.read_text().replace("region = eu-central-1\n", "output = text\n"))
    overlays.look()
    assert (tmp_path / ".aws/config").read_text() == CONFIG + "output = text\n"
    assert "region = eu-central-1\n" in place.overlay.read_text()
    (said,) = told
    assert str(tmp_path / ".aws/config") in str(said)
    assert "default: region" in str(said)


def test_nobody_waits_for_an_overlay_that_is_written_anew(make: Callable[..., Overlays], tmp_path: Path) -> None:
    """The user's file was edited: the answer has the edit at once; the overlay follows with the next look."""
    overlays = make()
    place = overlays.want()
    before = place.overlay.read_text()
    config = tmp_path / ".aws/config"
    config.write_text(f"{CONFIG}\n[profile brand-new]\nregion = eu-west-3\n")
    assert "brand-new" in overlays.load().profiles
    assert place.overlay.read_text() == before
    overlays.look()
    assert "brand-new" in place.overlay.read_text()
    # What somebody else wrote there is carried home before the answer, as ever.
    place.overlay.write_text(f"{place.overlay.read_text()}\n[profile from-inside]\nregion = eu-west-3\n")
    assert "from-inside" in overlays.load().profiles

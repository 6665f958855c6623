"""The files that we make: one place makes them, nobody leads them astray, and a crash leaves nothing for good."""

import ast
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import trayexec
from support.desktop import eventually
from support.others import NOBODY, needs_root
from support.rig import COMMAND, Rig
from trayexec.light import private_files

SOURCE = Path(str(trayexec.__file__)).parent
# What makes a file, in whatever module; `open` with a mode that writes, and O_CREAT, are looked for by themselves.
MAKERS = {"write_text", "write_bytes", "touch", "mkstemp", "mktemp", "NamedTemporaryFile", "TemporaryFile", "mkfifo"}
MAKERS |= {"symlink_to", "symlink", "mknod", "FileHandler"}
ALLOWED = {
    "light/private_files.py": "it is the place",
    "cli.py": "standard streams: the null device, and a descriptor that is there",
    "adapters/atomic_replace.py": "a second name of the user's file: what is written to the old one is not lost",
    "adapters/autostart/linux.py": "the link that systemd wants: it is made as a whole, and never in place of anything",
    "adapters/user_share.py": "links to the manual and the like, where nothing is",
    "adapters/profile_picker/child.py": "the terminal's device, which is there",
}


def makers() -> Iterator[str]:
    """The place of everything in our source that makes a file."""
    for path in sorted(SOURCE.rglob("*.py")):
        where = path.relative_to(SOURCE).as_posix()
        if where.startswith("core/"):  # it does no I/O at all, and has a `touch` of its own
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(attr="O_CREAT" | "O_TMPFILE" | "hardlink_to" | "link"):
                    yield where
                case ast.Call(func=ast.Attribute(attr=name)) if name in MAKERS:
                    yield where
                case ast.Attribute(value=ast.Name(id="shutil"), attr=name) if name != "which":
                    yield where
                case ast.Call(func=ast.Name(id="open"), args=[_, ast.Constant(value=str(how)), *_]) if writes(how):
                    yield where
                case ast.Call(func=ast.Attribute(attr="open"), args=[ast.Constant(value=str(how)), *_]) if writes(how):
                    yield where
                case _:
                    pass


def writes(mode: str) -> bool:
    """Whether a file is opened with this mode to be written."""
    return bool(set("wax+").intersection(mode))


def test_one_place_makes_files() -> None:
    """Nothing else creates one: what is safe is safe for all of them."""
    found = set(makers())
    assert found - set(ALLOWED) == set(), "it makes a file: let `light/private_files.py` do that"
    assert "light/private_files.py" in found


@pytest.fixture(params=["nothing", "file", "link", "dangling link", "pipe", "link to a pipe"])
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A name where something may have been put, and what must stay as it is."""
    path, other = tmp_path / "folder" / "name", tmp_path / "other"
    path.parent.mkdir()
    other.write_text("somebody's")
    match request.param:
        case "file":
            path.write_text("old")
        case "link":
            path.symlink_to(other)
        case "dangling link":
            path.symlink_to(tmp_path / "new")
        case "pipe":
            os.mkfifo(path)
        case "link to a pipe":
            os.mkfifo(tmp_path / "pipe")
            path.symlink_to(tmp_path / "pipe")
        case _:
            pass
    return path, other


def unharmed(planted: tuple[Path, Path]) -> bool:
    """Whether nothing was written but to the name itself, and nothing was left beside it."""
    path, other = planted
    alone = list(path.parent.iterdir()) == [path]
    return alone and other.read_text() == "somebody's" and not (other.parent / "new").exists()


def test_a_file_is_put_where_it_belongs(planted: tuple[Path, Path]) -> None:
    """A file of ours, private, in place of whatever was there; nothing is followed, and nobody is waited for."""
    path, _ = planted
    private_files.put(str(path), b"ours")
    assert path.read_bytes() == b"ours"
    assert path.lstat().st_mode == stat.S_IFREG | 0o600
    assert unharmed(planted)
    assert private_files.says(str(path), b"ours")


def test_a_file_is_begun_where_it_belongs(planted: tuple[Path, Path]) -> None:
    """The same for one that is written as it comes."""
    path, _ = planted
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        descriptor = private_files.begin(path.name, folder)
    finally:
        os.close(folder)
    os.write(descriptor, b"ours")
    os.close(descriptor)
    assert path.lstat().st_mode == stat.S_IFREG | 0o600
    assert path.read_bytes() == b"ours"
    assert unharmed(planted)


def test_a_file_that_stays_is_a_file_or_none(planted: tuple[Path, Path], request: pytest.FixtureRequest) -> None:
    """A log or a lock is added to where it is a file of ours; anything else is refused at once."""
    path, other = planted
    kind = request.node.callspec.params["planted"]
    if kind in {"nothing", "file"}:
        os.close(private_files.keep(str(path)))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    else:
        with pytest.raises(OSError, match=r"."):
            private_files.keep(str(path))
    assert other.read_text() == "somebody's"


def test_a_folder_in_the_way_is_an_error(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    (tmp_path / "name").mkdir()
    with pytest.raises(IsADirectoryError):
        private_files.put(str(tmp_path / "name"), b"ours")
    assert [one.name for one in tmp_path.iterdir()] == ["name"]


def test_what_a_crash_leaves_goes(tmp_path: Path) -> None:
    """Killed in the middle of writing: what is left goes with the next sweep, what is in use or not ours stays."""
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]); from trayexec.light import private_files as files\n"
        "files.create(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path, SOURCE.parent], timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    in_use, descriptor = private_files.create(str(tmp_path))
    theirs = tmp_path / ".trayexec.conf"
    theirs.write_text("the user's")
    link = Path(private_files.unforeseen(str(tmp_path)))
    link.symlink_to(theirs)
    time.sleep(private_files.SETTLED)
    private_files.sweep(str(tmp_path))
    assert not left.exists()
    assert {one.name for one in tmp_path.iterdir()} == {Path(in_use).name, theirs.name, link.name}
    os.close(descriptor)
    private_files.sweep(str(tmp_path))
    assert not Path(in_use).exists()


def test_a_second_name_of_a_file_of_the_users_goes_later(tmp_path: Path) -> None:
    """While somebody may be replacing that file it stays; when it is the last name, it goes like the rest."""
    own = tmp_path / "config"
    own.write_text("x")
    second = Path(private_files.unforeseen(str(tmp_path)))
    second.hardlink_to(own)
    time.sleep(private_files.SETTLED)
    private_files.sweep(str(tmp_path))
    assert second.exists()
    own.unlink()
    time.sleep(private_files.SETTLED)
    private_files.sweep(str(tmp_path))
    assert not second.exists()


# `--output dir=`


def test_output_goes_to_no_place_that_another_chose(open_rig: Rig) -> None:
    """Links and pipes with the names of our files are replaced, and nothing waits for a reader."""
    folder = open_rig.desk.home("home/out")
    folder.mkdir(exist_ok=True)
    other = open_rig.write("home/other", "somebody's")
    (folder / "account-a.out").symlink_to(other)
    os.mkfifo(folder / "account-b.out")
    done = open_rig.run("account-a", "account-b", "--output", f"dir={folder}", "--", "echo", "x", seconds=30)
    assert done.status == 0, done.err
    assert other.read_text() == "somebody's"
    for name in ("account-a.out", "account-b.out"):
        assert (folder / name).read_text() == "x\n"
        assert (folder / name).lstat().st_mode == stat.S_IFREG | 0o600


def test_a_folder_that_others_rule_is_refused(open_rig: Rig) -> None:
    """Where another user could put a file in place of ours, nothing is run and nothing is written."""
    folder = open_rig.desk.home("planted")
    folder.mkdir()
    folder.chmod(0o777)
    done = open_rig.run("account-a", "account-b", "--output", f"dir={folder}", "--", "echo", "x")
    assert done.status == 125
    assert "others may write to it" in done.err
    assert list(folder.iterdir()) == []


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its mode is: who owns it can change that, and exchange what is in it."""
    os.close(private_files.trusted_folder(str(tmp_path)))
    if tmp_path.stat().st_uid == 0:  # root is trusted by everybody
        os.chown(tmp_path, 1234, 1234)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    for mode in (0o700, 0o755, 0o1777):
        tmp_path.chmod(mode)
        with pytest.raises(OSError, match="it belongs to another user"):
            private_files.trusted_folder(str(tmp_path))


def test_a_sticky_folder_of_the_system_is_used(open_rig: Rig) -> None:
    """In /tmp nobody can put a file in place of another's."""
    folder = open_rig.desk.home("sticky")
    folder.mkdir()
    folder.chmod(0o1777)
    done = open_rig.run("account-a", "account-b", "--output", f"dir={folder}", "--", "echo", "x")
    assert done.status == 0, done.err


# What is carried home


def test_what_an_agent_left_in_the_users_folder_goes_at_the_next_start(rig: Rig) -> None:
    """Killed while it brought keys home: no copy of them stays in `~/.aws`, and the user's own files there do."""
    rig.run("--live", "--", "true")
    aws = rig.desk.home("home/.aws")
    for name in (".credentials.old", ".credentials.1234", ".trayexec-mine.txt~"):
        (aws / name).write_text("the user's own")
    rig.run("agent", "stop")
    left, descriptor = private_files.create(str(aws))
    os.write(descriptor, b"aws_secret_access_key = x")
    os.close(descriptor)
    state, descriptor = private_files.create(str(rig.desk.home("home/.local/state/trayexec")))
    os.close(descriptor)
    time.sleep(private_files.SETTLED)
    rig.start_agent()
    eventually("the leftovers to go", lambda: not Path(left).exists() and not Path(state).exists())
    assert (aws / ".credentials.old").read_text() == "the user's own"
    assert (aws / ".credentials.1234").read_text() == "the user's own"


def test_folders_are_ours_whatever_the_umask(tmp_path: Path) -> None:
    """What is missing is made for this user only; one that was open to others is closed; a file is no folder."""
    before = os.umask(0)
    try:
        private_files.own_folder(str(tmp_path / "a/b/c"))
    finally:
        os.umask(before)
    assert {stat.S_IMODE((tmp_path / one).stat().st_mode) for one in ("a", "a/b", "a/b/c")} == {0o700}
    (tmp_path / "a").chmod(0o777)
    private_files.own_folder(str(tmp_path / "a"))
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        private_files.own_folder(str(tmp_path / "file"))


@pytest.mark.parametrize("umask", ["0", "002"])
def test_no_folder_of_ours_is_open_to_others(bare: Rig, umask: str) -> None:
    """Shells source what is in there, and SDKs start what it names: no umask lets others write it."""
    home = bare.desk.home("fresh")
    home.mkdir(mode=0o700)
    for words in (("hook", "bash"), ("status",), ("agent", "stop")):
        subprocess.run(
            ["/bin/sh", "-c", f'umask {umask}; exec "$@"', "sh", *COMMAND, *words],
            env=bare.environment({"HOME": str(home), "XDG_RUNTIME_DIR": None, "XDG_STATE_HOME": None}),
            capture_output=True,
            check=True,
            timeout=60,
        )
    made = list(home.rglob("*"))
    assert home / ".local/state/trayexec/live" in made
    assert not [path for path in made if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o022]


@needs_root
@pytest.mark.parametrize("whose", ["state", "live", "overlay"])
def test_an_overlay_that_another_user_has_put_there_is_not_used(bare: Rig, whose: str) -> None:
    """It would name a program of his: it is given to nobody, and nothing of it comes to the user's own files."""
    own = bare.desk.home("home/.aws/config")
    before = own.read_text()
    state: dict[str, str | None] = {"TRAYEXEC_NO_AUTOSTART": "1"}
    assert bare.run("hook", "bash", env=state).status == 0
    (overlay,) = (one for one in bare.desk.home("home/.local/state/trayexec/live").iterdir() if one.is_dir())
    (overlay / "config").write_text((overlay / "config").read_text() + "\n[profile x]\ncredential_process = /evil\n")
    taken = {"state": overlay.parent.parent, "live": overlay.parent, "overlay": overlay}[whose]
    for path in (taken, *taken.rglob("*")):
        os.chown(path, NOBODY, -1)
    hook = bare.run("hook", "bash", env=state)
    assert hook.status == 125
    assert "yours" in hook.err or "another user" in hook.err
    live = bare.run("--live", "account-a", "--no-wait", "--", "env", env={**state, "TRAYEXEC_NO_AUTOSTART": None})
    assert (live.status, live.out) == (125, "")
    assert own.read_text() == before

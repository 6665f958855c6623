"""The folder without Python: how it is installed, upgraded and taken away. What is in it stands in for the program."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.processes import ended

INSTALL = Path(__file__).parents[2] / "packaging/folder/install.sh"
SHARED = ("man/man1/trayexec.1", "applications/trayexec.desktop", "icons/hicolor/48x48/apps/trayexec.png")
# Waits for its input to end; the first word is no name of a program, so that only what runs it tells.
WAITING = ("trayexec", "-c", "import sys; print(flush=True); sys.stdin.read()")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a file of the person's own."""
    (tmp_path / "home/.local/share").mkdir(parents=True)
    (tmp_path / "home/.local/share/mine").write_text("mine")
    return tmp_path / "home"


def folder(top: Path, version: str, *, program: str = "") -> Path:
    """What the archive has, unpacked; `program` is a shell's way to be trayexec."""
    made = top / f"unpacked {version}"
    made.mkdir()
    (made / "trayexec").write_text(f"#!/bin/sh\n{program or f'echo trayexec {version}'}\n")
    (made / "trayexec").chmod(0o755)
    (made / "trayexec-agent").symlink_to("trayexec")
    (made / "README").write_text("Needs: glibc 2.36 or newer\n")
    for name in SHARED:
        (made / "share" / name).parent.mkdir(parents=True)
        (made / "share" / name).write_text(version)
    shutil.copy2(INSTALL, made)
    return made


def install(made: Path, home: Path, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run its script as this person; the exit status, and what it says."""
    done = subprocess.run(
        [made / "install.sh", *words],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", **(env or {})},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def versions(home: Path) -> list[str]:
    """The folders of versions, without the letters that make each unique."""
    return sorted(
        one.name.rpartition(".")[0] for one in (home / ".local/lib/trayexec").iterdir() if not one.is_symlink()
    )


def files(home: Path) -> set[str]:
    """All that is there, by its name in the home."""
    return {str(path.relative_to(home)) for path in home.rglob("*")}


def test_it_is_found_where_people_and_desktops_look(tmp_path: Path, home: Path) -> None:
    """By links that lead through `current`; and it says that nobody finds its programs without a PATH."""
    status, said = install(folder(tmp_path, "1.0"), home)
    assert status == 0, said
    assert subprocess.check_output([home / ".local/bin/trayexec"], text=True) == "trayexec 1.0\n"
    for name in SHARED:
        assert (home / ".local/share" / name).readlink() == home / ".local/lib/trayexec/current/share" / name
        assert (home / ".local/share" / name).read_text() == "1.0"
    assert f"{home}/.local/bin is not on your PATH" in said


def test_it_is_quiet_about_a_path_that_has_it(tmp_path: Path, home: Path) -> None:
    """There is nothing to do."""
    _, said = install(folder(tmp_path, "1.0"), home, env={"PATH": f"/usr/bin:/bin:{home}/.local/bin"})
    assert "PATH" not in said


def test_an_upgrade_takes_the_former_version_away(tmp_path: Path, home: Path) -> None:
    """Where nothing runs from it, and its links lead to the new one."""
    install(folder(tmp_path, "1.0"), home)
    status, said = install(folder(tmp_path, "1.1"), home)
    assert status == 0, said
    assert versions(home) == ["1.1"]
    assert (home / ".local/share" / SHARED[0]).read_text() == "1.1"


def test_what_runs_keeps_its_files(tmp_path: Path, home: Path) -> None:
    """Until it ends: the next installation takes the folder away."""
    install(folder(tmp_path, "1.0"), home)
    python = (home / ".local/lib/trayexec/current").resolve() / "trayexec"
    shutil.copy2(Path(sys.executable).resolve(), python.with_name("copy"))
    python.with_name("copy").replace(python)
    env = {"PYTHONHOME": sys.base_prefix}
    pipe = subprocess.PIPE
    with ended(subprocess.Popen(WAITING, executable=python, env=env, stdin=pipe, stdout=pipe, text=True)) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "\n"
        status, said = install(folder(tmp_path, "1.1"), home)
        assert status == 0, said
        assert versions(home) == ["1.0", "1.1"]
        status, said = install(tmp_path / "unpacked 1.1", home, "--uninstall")
        assert status == 1
        assert "still runs from" in said
        assert running.stdin is not None
        running.stdin.close()
    install(folder(tmp_path, "1.2"), home)
    assert versions(home) == ["1.2"]


def test_it_leaves_nothing_but_what_is_the_persons(tmp_path: Path, home: Path) -> None:
    """Also by the script that was installed with it."""
    before = files(home)
    install(folder(tmp_path, "1.0"), home)
    status, said = install(home / ".local/lib/trayexec/current", home, "--uninstall")
    assert status == 0, said
    assert files(home) - before <= {".local/bin", ".local/lib"}
    assert (home / ".local/share/mine").read_text() == "mine"


def test_what_is_in_its_way_stays(tmp_path: Path, home: Path) -> None:
    """Another installation's program stops it before anything is written; another's file is left, and named."""
    (home / ".local/share/man/man1").mkdir(parents=True)
    (home / ".local/share" / SHARED[0]).write_text("another one")
    status, said = install(folder(tmp_path, "1.0"), home)
    assert status == 0, said
    assert f"{SHARED[0]} is not ours" in said
    install(tmp_path / "unpacked 1.0", home, "--uninstall")
    assert (home / ".local/share" / SHARED[0]).read_text() == "another one"
    (home / ".local/bin").mkdir(exist_ok=True)
    (home / ".local/bin/trayexec").write_text("pipx has it")
    status, said = install(tmp_path / "unpacked 1.0", home)
    assert status == 1
    assert "is another installation's" in said
    assert not (home / ".local/lib/trayexec/current").exists()


def test_what_does_not_run_here_is_not_installed(tmp_path: Path, home: Path) -> None:
    """On an older system, say: the version that is there stays, and what is needed is said."""
    install(folder(tmp_path, "1.0"), home)
    status, said = install(folder(tmp_path, "1.1", program="echo no such library; exit 127"), home)
    assert status == 1
    assert "no such library. It needs Linux on x86_64, with glibc 2.36 or newer" in said
    assert versions(home) == ["1.0"]
    assert subprocess.check_output([home / ".local/bin/trayexec"], text=True) == "trayexec 1.0\n"


def test_another_prefix(tmp_path: Path, home: Path) -> None:
    """Everything is below it, and nothing is in the person's own folders."""
    before = files(home)
    made = folder(tmp_path, "1.0")
    status, said = install(made, home, "--prefix", str(tmp_path / "my apps"))
    assert status == 0, said
    assert subprocess.check_output([tmp_path / "my apps/bin/trayexec"], text=True) == "trayexec 1.0\n"
    assert (tmp_path / "my apps/share" / SHARED[0]).read_text() == "1.0"
    assert files(home) == before
    status, said = install(made, home, "--uninstall", "--prefix", str(tmp_path / "my apps"))
    assert status == 0, said
    assert not (tmp_path / "my apps/lib/trayexec").exists()
    assert not (tmp_path / "my apps/bin/trayexec").exists()


def test_the_script_is_plain_sh() -> None:
    """As every system has one."""
    subprocess.run(["dash", "-n", INSTALL], check=True)
    assert INSTALL.read_text().startswith("#!/bin/sh\n")

"""Each way to install trayexec: from there it starts its own agent, its own children and itself again.

A layout is made of this source and of the packages of this environment, by links: nothing is installed or downloaded.
Every one runs the main job, with a real agent and a real keychain, from a folder that holds a `trayexec` of its own.
"""

import os
import shlex
import shutil
import subprocess
import sys
import zipapp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import trayexec
from support.rig import Rig

SOURCE = Path(str(trayexec.__file__)).parent
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
PACKAGES = Path(sys.prefix) / SITE
PYTHON = Path(sys.executable).resolve()  # one that has nothing of ours


@dataclass(frozen=True, slots=True)
class Layout:
    """How a person starts trayexec there, and what it says of itself: the beginning of the command in an overlay."""

    argv: Sequence[str]
    command: Sequence[str]


def dependencies(folder: Path) -> Path:
    """What we depend on, in a folder, and nothing of ours."""
    folder.mkdir(parents=True)
    for path in PACKAGES.iterdir():
        if "trayexec" not in path.name and path.suffix != ".pth":
            (folder / path.name).symlink_to(path)
    return folder


def package(folder: Path) -> Path:
    """Our package, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SOURCE, folder / "trayexec", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def script(path: Path, *lines: str, python: Path = PYTHON) -> Path:
    """A start script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((f"#!{python}", *lines, "from trayexec.cli import main", "main()", "")))
    path.chmod(0o755)
    return path


def venv(folder: Path) -> Path:
    """A virtual environment with nothing in it; its site-packages are yet to be made."""
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    (folder / SITE).rmdir()
    return folder


def on_path(*folders: Path) -> str:
    """The line of a start script that finds its package."""
    return f"import sys; sys.path[:0] = {[str(folder) for folder in folders]}"


def a_virtual_environment(top: Path) -> Layout:
    """Our wheel in it, as pip and pipx do."""
    home = venv(top / "venv")
    package(dependencies(home / SITE))
    start = str(script(home / "bin/trayexec", python=home / "bin/python"))
    return Layout([start], [start])


def a_folder_that_no_script_line_can_hold(top: Path) -> Layout:
    """The same where a script cannot name its Python."""
    home = venv(top / "it's a venv")
    package(dependencies(home / SITE))
    start = script(home / "bin/trayexec", python=Path("/no/such/python"))
    python = str(home / "bin/python")
    return Layout([python, str(start)], [python, "-I", str(start)])


def an_editable_install(top: Path) -> Layout:
    """A line in a .pth file names the source."""
    home = venv(top / "venv")
    dependencies(home / SITE)
    (home / SITE / "ours.pth").write_text(f"{package(top / 'source')}\n")
    start = str(script(home / "bin/trayexec", python=home / "bin/python"))
    return Layout([start], [start])


def a_source_that_was_never_installed(top: Path) -> Layout:
    """`python -m trayexec` in the source, of a Python that has what we depend on."""
    home = venv(top / "venv")
    dependencies(home / SITE)
    source = package(top / "source")
    python = str(home / "bin/python")
    start = f"cd {shlex.quote(str(source))} && exec {shlex.quote(python)} -m trayexec"
    return Layout(["sh", "-c", f'{start} "$@"', "sh"], [python, "-I", f"{source}/trayexec/__main__.py"])


def a_private_folder(top: Path) -> Layout:
    """A distribution's package: a folder that is on no path, and a script in the prefix's `bin` that puts it there."""
    folder = package(dependencies(top / "usr/lib/trayexec"))
    start = str(script(top / "usr/bin/trayexec", on_path(folder)))
    return Layout([start], [start])


def a_private_folder_without_site(top: Path) -> Layout:
    """As our Debian package has it: isolated, and with nothing but its folder and the standard library on the path."""
    folder = package(dependencies(top / "usr/lib/trayexec"))
    start = str(script(top / "usr/bin/trayexec", on_path(folder), python=Path(f"{PYTHON} -IS")))
    return Layout([start], [start])


def a_private_folder_elsewhere(top: Path) -> Layout:
    """`pip install --target`, and a script with a name and a place of its own; the one that pip made finds nothing."""
    folder = package(dependencies(top / "opt/trayexec"))
    script(folder / "bin/trayexec")
    start = str(script(top / "my bin/mfa", on_path(folder)))
    return Layout([str(PYTHON), start], [str(PYTHON), "-I", f"{folder}/trayexec/__main__.py"])


def a_folder_for_what_we_depend_on(top: Path) -> Layout:
    """As some package managers do it: a start script names a folder for each package."""
    ours, others = package(top / "store/ours/lib/site"), dependencies(top / "store/others/site")
    start = str(script(top / "store/ours/bin/trayexec", on_path(ours, others)))
    return Layout([start], [start])


def a_zip_application(top: Path) -> Layout:
    """One file, run by a Python that has what we depend on."""
    home = venv(top / "venv")
    dependencies(home / SITE)
    archive = top / "trayexec.pyz"
    zipapp.create_archive(package(top / "source"), archive, main="trayexec.cli:main")
    python = str(home / "bin/python")
    return Layout([python, str(archive)], [python, "-I", str(archive)])


def the_users_own_site(top: Path) -> Layout:
    """`pip install --user`: `-I` would hide it."""
    home = top / "home"  # HOME of the test, whose user site is below
    package(dependencies(home / ".local" / SITE))
    start = str(script(home / ".local/bin/trayexec"))
    return Layout([start], [start])


def bundle(folder: Path) -> Path:
    """A program that is its own interpreter, and runs no `-m`: its loader is stood in for by a script."""
    inside = package(dependencies(folder / "_internal"))
    start = folder / "trayexec"
    return script(
        start, on_path(inside), f"sys.frozen, sys.executable = True, {str(start)!r}", python=Path(f"{PYTHON} -I")
    )


def a_frozen_bundle(top: Path) -> Layout:
    """Unpacked anywhere."""
    start = str(bundle(top / "bundle"))
    return Layout([start], [start])


def a_frozen_bundle_that_is_installed(top: Path) -> Layout:
    """In a folder of its version, to which a link leads: what is written into files is the link's."""
    bundle(top / "lib/1.0")
    (top / "lib/current").symlink_to("1.0")
    start = str(top / "lib/current/trayexec")
    return Layout([start], [start])


LAYOUTS = (
    a_virtual_environment,
    a_folder_that_no_script_line_can_hold,
    an_editable_install,
    a_source_that_was_never_installed,
    a_private_folder,
    a_private_folder_without_site,
    a_private_folder_elsewhere,
    a_folder_for_what_we_depend_on,
    a_zip_application,
    the_users_own_site,
    a_frozen_bundle,
    a_frozen_bundle_that_is_installed,
)


@pytest.mark.parametrize("make", LAYOUTS, ids=lambda make: make.__name__)
def test_it_starts_itself_from_each_layout(rig: Rig, make: Callable[[Path], Layout]) -> None:
    """The agent, its keychain child, and the command that an overlay names: all run, and none takes another's files."""
    layout = make(rig.desk.home("home").parent)
    foreign = rig.desk.home("foreign")
    for name in ("trayexec", "boto3"):
        rig.write(f"foreign/{name}/__init__.py", "raise SystemExit('the wrong one')")

    def run(*words: str, given: str = "") -> str:
        done = subprocess.run(
            [*layout.argv, *words],
            cwd=foreign,
            env=rig.env,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("auth", "--code-stdin", given=f"{rig.fresh_code()}\n")  # starts the agent, which asks the keychain for the keys
    assert "ASIA" in run("account-a", "--", "env")
    lines = run("hook", "sh", "account-a")
    config = next(Path(shlex.split(line)[1].partition("=")[2]) for line in lines.splitlines() if "AWS_CONFIG" in line)
    section = config.read_text().partition("[profile account-a]")[2]
    process = next(line for line in section.splitlines() if line.startswith("credential_process"))
    argv = shlex.split(process.partition("=")[2])
    assert argv[: len(layout.command)] == list(layout.command)
    served = subprocess.run(argv, cwd=foreign, env=rig.env, capture_output=True, text=True, timeout=60, check=False)
    assert "SecretAccessKey" in served.stdout, served.stderr
    assert "trayexec" in run("hook", "bash")
    run("agent", "stop")


def test_a_bundle_gives_way_to_the_one_that_the_link_leads_to(rig: Rig, tmp_path: Path) -> None:
    """The agent's command line says from which folder it runs, so that an installer knows what is in use."""
    for version in ("1.0", "2.0"):
        bundle(tmp_path / "lib" / version)
    link, start = tmp_path / "lib/current", [str(tmp_path / "lib/current/trayexec")]
    link.symlink_to("1.0")
    for version, *words in (("1.0", "agent", "start"), ("2.0", "agent", "restart")):
        link.unlink()
        link.symlink_to(version)
        subprocess.run([*start, *words], env=rig.env, check=True, capture_output=True, timeout=60)
        agent = rig.status()["agent"]["pid"]
        words_of_it = Path(f"/proc/{agent}/cmdline").read_text().split("\0")
        assert str(tmp_path / "lib" / version / "trayexec") in words_of_it
    subprocess.run([*start, "agent", "stop"], env=rig.env, check=True, capture_output=True, timeout=60)


def test_what_cannot_start_says_why(rig: Rig, tmp_path: Path) -> None:
    """Without what it depends on: the reason is in what a person reads, not that there is one."""
    start = script(tmp_path / "lib/bin/trayexec", on_path(package(tmp_path / "lib/ours")))
    done = subprocess.run(
        [start, "agent", "start"], env=rig.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 125
    assert "The agent did not start: A part that trayexec needs is missing: " in done.stderr


def test_a_keychain_child_that_cannot_start_says_why(rig: Rig, tmp_path: Path) -> None:
    """An update took away the Python of a running agent: the words name it and what to do, not the keychain."""
    home = venv(tmp_path / "venv")
    package(dependencies(home / SITE))
    start = str(script(home / "bin/trayexec", python=home / "bin/python"))
    subprocess.run([start, "agent", "start"], env=rig.env, check=True, capture_output=True, timeout=60)
    (home / "bin/python").unlink()
    answer = rig.auth()
    assert answer.status == 125
    assert "did not start" in answer.err
    assert "trayexec agent restart" in answer.err


def test_a_bundle_runs_no_module_but_ours(tmp_path: Path) -> None:
    """Its word for children is no way to run anything else in there."""
    done = subprocess.run(
        [bundle(tmp_path), "--child", "timeit"],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "no module of ours" in done.stderr

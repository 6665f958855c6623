"""Other platforms, simulated: where trayexec does not run it says so, elsewhere it uses nothing that is not there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from awssim import Sim
from support.desktop import private_desktop
from support.platforms import absent, python_of
from support.processes import ended
from support.rig import COMMAND, Done, Keyring, Rig, rig_on, world_with

ELSEWHERE = ("win32", "cygwin", "freebsd14")
EVERY_VERB = (
    ("account-a", "--", "true"),
    ("--live", "account-a", "--", "true"),
    ("--server", "account-a", "--", "true"),
    ("account-a", "account-b", "--", "true"),
    *(("shell",), ("auth",), ("lock",), ("status",), ("status", "--json"), ("list",), ("doctor",), ("log",)),
    *(("env", "account-a"), ("console", "account-a", "--print"), ("why", "account-a"), ("hook", "bash")),
    *(("credential-process", "account-a"), ("keys", "list"), ("keys", "add", "default"), ("keys", "remove", "default")),
    *(("agent",), ("agent", "start"), ("agent", "stop"), ("autostart", "status"), ("no-such-verb",)),
)
WORDS = (("help",), ("version",), ("--help",), ("--version",), ("-h",))


def run(program: Path, rig: Rig, *words: str, given: str = "") -> Done:
    """`trayexec WORDS…` by that Python."""
    argv, home = [str(program), "-I", COMMAND[1], *words], rig.desk.home("home")
    done = subprocess.run(
        argv, env=rig.env, cwd=home, input=given, capture_output=True, text=True, timeout=60, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr, 0.0)


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_where_it_does_not_run_every_verb_says_so(bare: Rig, tmp_path: Path, platform: str) -> None:
    """Not that something went wrong, and not a word about how to use a verb that is not there."""
    program = python_of(platform, tmp_path)
    for words in EVERY_VERB:
        done = run(program, bare, *words)
        assert done.status == 125, (words, done)
        assert done.out == "", words
        assert done.err.startswith("trayexec: trayexec does not run on "), (words, done.err)
        assert "yet." in done.err, words


@pytest.mark.parametrize("platform", ELSEWHERE)
def test_where_it_does_not_run_it_still_says_what_it_is(bare: Rig, tmp_path: Path, platform: str) -> None:
    """Help and version need nothing."""
    program = python_of(platform, tmp_path)
    for words in WORDS:
        done = run(program, bare, *words)
        assert done.status == 0, (words, done)
        assert "trayexec" in done.out, words


def test_the_simulation_takes_away_what_is_not_there() -> None:
    """The names by which the platforms were found wanting are among those that it knows of."""
    assert {"sigwaitinfo", "sigtimedwait"} <= set(absent("darwin")["signal"])
    assert {"memfd_create", "pipe2", "O_TMPFILE", "O_PATH"} <= set(absent("darwin")["os"])
    assert "SO_PEERCRED" in absent("darwin")["_socket"]
    assert {"epoll", "POLLRDHUP"} <= set(absent("darwin")["select"])
    assert "CLOCK_BOOTTIME" in absent("darwin")["time"]
    assert {"getuid", "geteuid", "fork", "fchmod", "O_NOFOLLOW"} <= set(absent("win32")["os"])
    assert "AF_UNIX" in absent("win32")["_socket"]


Run = Callable[..., Done]


@pytest.fixture(scope="module")
def mac(keyring: Keyring, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Rig, Path]]:
    """An open session on a simulated macOS, where the agent and all its children run as well."""
    program = python_of("darwin", tmp_path_factory.mktemp("mac"))
    with private_desktop() as desk, Sim(world_with(keyring.key)) as sim:
        desk.env["DBUS_SESSION_BUS_ADDRESS"] = keyring.desk.env["DBUS_SESSION_BUS_ADDRESS"]
        with rig_on(desk, sim) as rig:

            def on_mac(*words: str, given: str = "") -> Done:
                return run(program, rig, *words, given=given)

            opened = on_mac("auth", "--code-stdin", given=f"{rig.fresh_code()}\n")
            assert opened.status == 0, opened.err
            yield on_mac, rig, program
            on_mac("agent", "stop")


@pytest.mark.parametrize(
    "words",
    [
        ("account-a", "--", "true"),
        ("--live", "account-a", "--", "true"),
        ("--server", "account-a", "--", "true"),
        ("account-a", "account-b", "--", "echo", "x"),
        ("account-a", "account-b", "--output", "json", "--", "sh", "-c", "head -c 3000000 /dev/zero"),
        ("account-a", "account-b", "--output", "grouped", "--", "echo", "x"),
        *(("status",), ("list",), ("log",), ("env", "account-a")),
        *(("why", "account-a"), ("hook", "bash"), ("hook", "sh", "account-a"), ("credential-process", "account-a")),
        ("keys", "list"),
    ],
    ids=" ".join,
)
def test_on_macos_nothing_is_used_that_is_not_there(mac: tuple[Run, Rig, Path], words: tuple[str, ...]) -> None:
    """Every way to run and every verb that only asks."""
    on_mac, _, _ = mac
    done = on_mac(*words)
    assert done.status == 0, done.err
    assert "went wrong" not in done.err


def test_on_macos_doctor_looks_at_everything(mac: tuple[Run, Rig, Path]) -> None:
    """Whatever it finds here, it goes through."""
    done = mac[0]("doctor")
    assert done.status in {0, 1}
    assert "went wrong" not in done.err
    assert done.out


def test_on_macos_the_agent_works_in_its_folder(mac: tuple[Run, Rig, Path]) -> None:
    """`~/Library/Application Support/trayexec`, and its log tells of no mishap."""
    folder = mac[1].desk.home("home/Library/Application Support/trayexec")
    assert (folder / "agent.sock").is_socket()
    assert "mishap" not in (folder / "agent.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGWINCH])
@pytest.mark.parametrize("to", [os.kill, os.killpg], ids=["alone", "group"])
def test_on_macos_a_signal_reaches_the_command_once(
    mac: tuple[Run, Rig, Path], number: signal.Signals, to: Callable[[int, int], None]
) -> None:
    """Without sigwaitinfo(2) the signal probe alone tells what the whole group got."""
    _, rig, program = mac
    counting = (
        "import os, signal, sys\n"
        f"signal.signal({int(number)}, lambda number, _: os.write(1, b'%d\\n' % number))\n"
        "print('ready', flush=True); sys.stdin.readline()"
    )
    argv = [str(program), "-I", COMMAND[1], "--server", "account-a", "--", sys.executable, "-I", "-c", counting]
    pipe = subprocess.PIPE
    with ended(
        subprocess.Popen(argv, env=rig.env, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        to(process.pid, number)
        assert process.stdout.readline() == f"{int(number)}\n"
        time.sleep(0.1)  # a second one would come now
        out, err = process.communicate("\n", timeout=20)
    assert out == "", err
    assert process.returncode == 0

"""Whether the agent is here: the proof, and what is refused without it."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.others import needs_root
from support.rig import COMMAND, Rig
from trayexec.light import context, same_machine


def answer(folder: Path) -> dict[str, object]:
    """An answer with paths, as an agent that is here gives it."""
    folder.mkdir()
    return {"config": str(folder / "config"), context.HERE: same_machine.marks(str(folder))}


def test_the_very_folder_on_this_kernel_is_here(tmp_path: Path) -> None:
    """By whichever way it is reached."""
    said = answer(tmp_path / "live")
    assert same_machine.sees(said)
    (tmp_path / "link").symlink_to(tmp_path / "live")
    assert same_machine.sees({**said, "config": str(tmp_path / "link/config")})


@pytest.mark.parametrize("other", ["boot", "device", "inode"])
def test_another_kernel_device_or_folder_is_elsewhere(tmp_path: Path, other: str) -> None:
    """Even if there is a folder of the same name, as on two machines of one user."""
    said = answer(tmp_path / "live")
    marks = said[context.HERE]
    assert isinstance(marks, dict)
    assert not same_machine.sees({**said, context.HERE: {**marks, other: "else"}})
    assert not same_machine.sees({**said, "config": str(tmp_path / "gone/config")})


def test_a_file_is_the_same_by_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by its path: by kernel, device and inode; one that an editor has just replaced is the same still."""
    config, link = tmp_path / "config", tmp_path / "link"
    config.write_text("")
    link.symlink_to(config)
    said = context.file_marks(config=str(config), shared=str(tmp_path / "credentials"))
    assert set(said) == {"boot", "config"}  # of a file that is not there nothing is said
    assert context.file_marks(config=str(tmp_path / "gone/config")) == {}
    boot, mark = said["boot"], said["config"]
    assert same_machine.same(boot, mark, str(config))
    assert same_machine.same("", mark, str(link))
    assert not same_machine.same("another kernel", mark, str(config))
    assert not same_machine.same(boot, [mark[0], mark[1] + 1, mark[2], mark[3] + 1], str(config))
    config.unlink()
    assert same_machine.same(boot, mark, str(config))  # some editors remove a file and write it anew
    config.write_text("")
    assert same_machine.same(boot, [mark[0], mark[1] + 1, *mark[2:]], str(config))
    later = time.time() + 60
    monkeypatch.setattr(time, "time", lambda: later)
    assert not same_machine.same(boot, [mark[0], mark[1] + 1, *mark[2:]], str(config))


def passed_on(listener: socket.socket, target: str) -> None:
    """Carry each connection at `listener` to the socket at `target` and back, as sshd and socat do."""
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        with near, socket.socket(socket.AF_UNIX) as far:
            far.connect(target)
            while b"\n" not in (said := near.recv(65536)) and said:
                far.sendall(said)
            far.sendall(said)
            while said := far.recv(65536):
                near.sendall(said)


@contextmanager
def lent(rig: Rig) -> Iterator[str]:
    """The agent's socket, lent by a process that is not the agent."""
    path = rig.desk.home("run/lent.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=passed_on, args=(listener, str(rig.socket)))
        thread.start()
        try:
            yield str(path)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()
            path.unlink()


NEED_FILES = {
    "live": ["--live", "account-a", "--", "touch", "{mark}"],
    "live without a profile": ["--live", "--", "touch", "{mark}"],
    "shell": ["shell", "account-a"],
    "server": ["--server", "account-a", "--", "touch", "{mark}"],
    "hook": ["hook", "bash"],
    "hook for direnv": ["hook", "sh", "account-a"],
}


@pytest.mark.parametrize("way", NEED_FILES)
def test_what_needs_the_agents_files_is_refused_over_a_lent_socket(open_rig: Rig, way: str) -> None:
    """With words that name what works, before anything is run and before anybody is asked."""
    mark = open_rig.desk.home("ran")
    words = [word.format(mark=mark) for word in NEED_FILES[way]]
    here = open_rig.run(*words, env={"SHELL": "/bin/true"})
    assert here.status == 0, here.err
    mark.unlink(missing_ok=True)
    with lent(open_rig) as socket_path:
        there = open_rig.run(*words, env={"TRAYEXEC_SOCKET": socket_path, "SHELL": "/bin/true"})
    assert there.status == 125
    assert "lent to this machine" in there.err
    assert "plain runs" in there.err
    assert not there.out
    assert not mark.exists()


def test_plain_runs_work_over_a_lent_socket(open_rig: Rig) -> None:
    """Credentials are as good there as here."""
    with lent(open_rig) as socket_path:
        env: dict[str, str | None] = {"TRAYEXEC_SOCKET": socket_path}
        assert open_rig.run("account-a", "--", "true", env=env).status == 0
        assert open_rig.run("account-a", "account-b", "--", "true", env=env).status == 0
        assert open_rig.run("env", "account-a", env=env).status == 0
        assert open_rig.run("credential-process", "account-a", env=env).status == 0
        assert open_rig.run("status", env=env).status == 0


def test_an_overlay_that_is_not_to_be_seen_here_is_refused(open_rig: Rig) -> None:
    """As in a container into which only the socket's folder is mounted: the pid is none, the files are others."""
    assert same_machine.marks("/")["pid"] == os.getpid()
    assert not same_machine.sees({"config": "/proc/config", context.HERE: same_machine.marks("/")})
    assert open_rig.run("--live", "--", "true").status == 0


ELSEWHERE = {  # a caller whose own files are others than those that the agent finds at the same place
    "a run": ["account-a", "--", "touch", "{mark}"],
    "live": ["--live", "account-a", "--", "touch", "{mark}"],
    "live without a profile": ["--live", "--", "touch", "{mark}"],
    "shell": ["shell", "account-a"],
    "server": ["--server", "account-a", "--", "touch", "{mark}"],
    "several profiles": ["account-a", "account-b", "--", "touch", "{mark}"],
    "a role": ["arn:aws:iam::222222222222:role/Deploy", "--", "touch", "{mark}"],
    "env": ["env", "account-a"],
    "hook": ["hook", "bash"],
    "credential-process": ["credential-process", "account-a"],
    "console": ["console", "account-a", "--print"],
    "auth": ["auth", "default", "--force"],
}
# Its own mounts, and in them another ~/.aws: what a container with the agent's socket has.
APART = 'mount -t tmpfs aws "$1" && printf %s "$2" > "$1/config" && shift 2 && exec "$@"'


@needs_root
@pytest.mark.parametrize("way", ELSEWHERE)
def test_another_mount_namespace_with_files_of_its_own_is_told_so(open_rig: Rig, way: str) -> None:
    """The account is the one of the caller's files or there is none: what the agent reads at that path is another."""
    mark = open_rig.desk.home("ran")
    words = [word.format(mark=mark) for word in ELSEWHERE[way]]
    text = open_rig.desk.home("home/.aws/config").read_text().replace("role/", "role/Other")
    theirs = str(open_rig.desk.home("home/.aws")), text
    argv = ["unshare", "--mount", "sh", "-c", APART, "sh", *theirs, *COMMAND, *words]
    env = open_rig.environment({"SHELL": "/bin/true"})
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (125, ""), done.stderr
    assert f"{theirs[0]}/config is another file here" in done.stderr
    assert not mark.exists()

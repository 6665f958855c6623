"""`log`: who asked for what, from which program, and what was answered; written by agents, read without one."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.desktop import eventually
from support.processes import ended
from support.rig import COMMAND, Rig
from trayexec.adapters.ledger import FileLedger, Reader
from trayexec.core.ports import Entry
from trayexec.light.processes import linux

KEYS = ["at", "profile", "op", "pid", "program", "answer", "parents"]


def entry(number: int, **more: str) -> Entry:
    """Some entry, told from others by its pid."""
    values = {"profile": "account-a", "op": "credentials", "program": "aws", "answer": "ok", **more}
    return Entry(at="2026-01-31T21:07:09Z", pid=number, parents=("bash",), **values)


def entries(rig: Rig, *words: str) -> list[dict[str, object]]:
    """What `log --json` prints."""
    done = rig.run("log", "--json", *words)
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


# From end to end


def test_each_request_is_there_with_its_program_and_answer(rig: Rig) -> None:
    """What was asked, by which process, and what it got; with the agent stopped, it can still be read."""
    rig.unlock()
    process = rig.start("account-a", "--", "sh", "-c", "exit 0")
    process.communicate(timeout=30)
    rig.run("acount-a", "--", "true")
    rig.run("lock")
    rig.run("account-b", "--no-wait", "--", "true")
    rig.run("agent", "stop")
    found = entries(rig)
    assert all(list(one) == KEYS for one in found)
    assert [(one["op"], one["profile"], one["answer"]) for one in found] == [
        ("auth", "", "ok"),
        ("credentials", "account-a", "ok"),
        ("credentials", "acount-a", "unknown_profile"),
        ("lock", "", "ok"),
        ("credentials", "account-b", "locked"),
        ("stop", "", "ok"),
    ]
    assert (found[1]["program"], found[1]["pid"]) == ("sh", process.pid)
    assert "answer=" not in rig.log
    assert [one["op"] for one in entries(rig, "-n", "2")] == ["credentials", "stop"]
    assert not rig.agent_pid


def test_the_chain_of_parents_leads_to_the_terminal(open_rig: Rig) -> None:
    """A command that a script in a shell runs is shown with both, nearest first, at most eight of them."""
    script = open_rig.write("deploy.sh", '#!/bin/bash\n"$@"\nexit $?\n')
    script.chmod(0o755)
    line = f"{script} {' '.join(COMMAND)} account-a -- env; exit $?"
    subprocess.run(["bash", "-c", line], env=open_rig.env, capture_output=True, timeout=30, check=True)
    last = entries(open_rig, "-n", "1")[0]
    parents = last["parents"]
    assert isinstance(parents, list)
    assert last["program"] == "env"
    assert parents[:2] == ["deploy.sh", "bash"]
    assert len(parents) <= 8
    row = open_rig.run("log", "-n", "1").out.splitlines()[1]
    assert "env ← deploy.sh ← bash" in row


def test_a_caller_that_does_not_wait_is_there_too(rig: Rig) -> None:
    """Who hangs up before there is an answer got none: `gone`."""
    rig.settings('[prompt]\nmethod = ["sleep", "60"]\n')
    rig.start_agent()
    process = rig.start("account-a", "--", "true")
    eventually("the prompt", lambda: rig.phase() == "prompting")
    process.kill()
    process.communicate(timeout=10)
    eventually("the entry", lambda: [one["answer"] for one in entries(rig)] == ["gone"])


def test_names_cannot_draw_on_the_terminal(open_rig: Rig) -> None:
    """A name with escape sequences or line ends is shown as what it is; a secret typed as a name is not written."""
    secret = open_rig.sim.world.user_key().secret
    open_rig.run("\x1b]0;owned\x07\nnext", "--", "true")
    open_rig.run(secret, "--", "true")
    out = open_rig.run("log", "-n", "2").out
    assert "\x1b" not in out
    assert "\\x1b]0;owned\\x07\\nnext" in out
    assert len(out.splitlines()) == 3
    assert secret not in out
    assert secret not in open_rig.desk.home("home/.local/state/trayexec/requests.jsonl").read_text()


def test_follow_tells_what_comes(open_rig: Rig) -> None:
    """`--follow` begins with the end of what there is, then each request as it is answered; Ctrl-C ends it quietly."""
    open_rig.run("account-a", "--", "true")
    terminal = open_rig.terminal("log", "--follow", "-n", "1")
    terminal.wait_for("account-a .*true")
    open_rig.run("account-b", "--", "printf", "x")
    assert "ok" in terminal.wait_for("account-b .*printf")
    terminal.type("\x03")
    status, rest = terminal.ended()
    assert status == 130
    assert "Traceback" not in rest


def test_without_a_ledger_it_says_so(bare: Rig) -> None:
    """Before the first request there is nothing to print, which is no error; nor is an agent started."""
    done = bare.run("log")
    assert (done.status, done.out) == (0, "")
    assert "nothing has been asked" in done.err
    assert not bare.socket.exists()


@pytest.mark.parametrize("words", [["-n", "-1"], ["-n", "x"], ["-n", "²"], ["more"]])
def test_wrong_words_are_usage(bare: Rig, words: list[str]) -> None:
    """What is no number of lines is refused."""
    assert bare.run("log", *words).status == 2


@pytest.mark.parametrize("kind", ["folder", "pipe", "full", "link"])
def test_a_ledger_that_cannot_be_written_stops_nobody(rig: Rig, kind: str) -> None:
    """Whatever stands in its place, credentials are handed out, and nothing is written through a link."""
    place = rig.write("home/.local/state/trayexec/agent.log", "").parent / "requests.jsonl"
    target = rig.write("target", "")
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/full" if kind == "full" else target)
    rig.unlock()
    assert rig.run("account-a", "--", "true").status == 0
    assert target.read_text() == ""
    done = rig.run("log")
    assert (done.status, done.out) == (125, "")
    assert "requests.jsonl cannot be read" in done.err


# The file


def read(path: Path) -> list[int]:
    """The pids of all entries."""
    with Reader(path) as reader:
        return [one.pid for one in reader.entries()]


def test_the_file_is_private_and_stays_small(tmp_path: Path) -> None:
    """0600 in a folder 0700; with two older files beside it, it never takes more than three times its size."""
    path = tmp_path / "state" / "requests.jsonl"
    ledger = FileLedger(path, size=2000)
    for number in range(100):
        ledger.note(entry(number))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(list(path.parent.iterdir())) == 3
    assert all(file.stat().st_size <= 2000 for file in path.parent.iterdir())
    kept = read(path)
    assert kept == list(range(100 - len(kept), 100))
    assert len(kept) > 20


def test_an_open_file_is_closed_to_others(tmp_path: Path) -> None:
    """A ledger that others could read is made private with the next entry."""
    path = tmp_path / "requests.jsonl"
    path.touch(0o644)
    path.chmod(0o644)
    FileLedger(path).note(entry(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_torn_and_foreign_lines_cost_only_themselves(tmp_path: Path) -> None:
    """After a crash in the middle of a line, and among lines of something else, every whole entry is read."""
    path = tmp_path / "requests.jsonl"
    ledger = FileLedger(path)
    ledger.note(entry(1))
    with path.open("ab") as file:
        file.write(b'[]\n"x"\n\xff\n{"at": 1}\n' + b"[" * 100_000 + b'\n{"at": "2026-01-31T2')
    ledger.note(entry(2))
    assert read(path) == [1, 2]


def test_a_full_disk_loses_an_entry_and_no_more(tmp_path: Path) -> None:
    """While nothing can be written entries are lost; once there is room again, the next one is whole."""
    path = tmp_path / "requests.jsonl"
    child = (
        "import resource, signal, sys; from pathlib import Path; from trayexec.adapters.ledger import FileLedger;"
        "from trayexec.core.ports import Entry; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "ledger = FileLedger(Path(sys.argv[1])); hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1];"
        "note = lambda pid: ledger.note(Entry('2026-01-31T21:07:09Z', 'a', 'credentials', pid, 'aws', 'ok'));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard)); [note(pid) for pid in range(5)];"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)); note(5)"
    )
    subprocess.run([sys.executable, "-c", child, str(path)], timeout=30, check=True)
    assert read(path)[-1] == 5
    assert read(path)[0] == 0
    assert len(read(path)) < 6


def test_a_reader_goes_on_across_changes_of_files(tmp_path: Path) -> None:
    """Followed while it is written to and changed for another many times, the ledger tells every entry once."""
    path = tmp_path / "requests.jsonl"
    ledger = FileLedger(path, size=5000)
    seen: list[int] = []
    turn, done = threading.Barrier(2), 400

    def write() -> None:
        for number in range(done):
            ledger.note(entry(number))
            if number % 50 == 0:
                turn.wait(20)  # never more changes of files ahead of the reader than there are older files

    writer = threading.Thread(target=write)
    with Reader(path) as reader:
        writer.start()
        while writer.is_alive():
            seen += [one.pid for one in reader.entries()]
            if not turn.broken and turn.n_waiting:
                seen += [one.pid for one in reader.entries()]  # all there is: the writer stands still
                turn.wait(20)
        writer.join()
        seen += [one.pid for one in reader.entries()]
        assert seen == list(range(done))
        path.unlink()
        ledger.note(entry(done))
        assert [one.pid for one in reader.entries()] == [done]


def test_a_reader_catches_up_with_several_changes_of_files(tmp_path: Path) -> None:
    """As long as no file has been given up since the last look, nothing is missed and nothing told twice."""
    path = tmp_path / "requests.jsonl"
    ledger = FileLedger(path, size=1)  # a file for each entry
    with Reader(path) as reader:
        for number in range(1, 10):
            ledger.note(entry(number))
            if number % 3 == 0:
                assert [one.pid for one in reader.entries()] == [number - 2, number - 1, number]
        for number in range(10, 20):
            ledger.note(entry(number))
        assert [one.pid for one in reader.entries()] == [17, 18, 19]  # what is left
        path.write_bytes(b"")
        assert not list(reader.entries())
        ledger.note(entry(20))
        assert [one.pid for one in reader.entries()] == [20]


def test_json_is_utf8_whatever_was_typed(open_rig: Rig) -> None:
    """A name with bytes that are no UTF-8 is in the ledger, and every line of `log --json` can be read."""
    assert open_rig.run("env", "caf\udce9 日本").status == 125
    done = open_rig.run("log", "--json", "-n", "1")
    assert "caf\\udce9 日本" in done.out
    assert json.loads(done.out)["answer"] == "unknown_profile"


def test_parents_are_those_of_the_process() -> None:
    """The walk begins at the parent; what has ended has no parents, no name and no start."""
    with ended(subprocess.Popen(["sleep", "60"])) as child:
        try:
            assert linux.names_from(linux.stat_of(child.pid)[1])[0] == linux.stat_of(os.getpid())[0]
            assert linux.started(child.pid) >= linux.started(os.getpid()) > 0
            assert len(linux.names_from(child.pid)) <= linux.MOST_PARENTS
        finally:
            child.kill()
        eventually("the end", lambda: linux.started(child.pid) == 0)
    assert (linux.names_from(child.pid), linux.stat_of(child.pid)) == ((), ("", 0, 0))


def test_a_credential_process_asks_for_who_started_it(open_rig: Rig) -> None:
    """What stands in the ledger is the program that wants the credentials, not the helper that fetches them."""
    line = f"{' '.join(COMMAND)} credential-process account-a; :"
    with ended(
        subprocess.Popen(["bash", "-c", line], env=open_rig.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    ) as asking:
        out, err = asking.communicate(timeout=30)
    assert b"SecretAccessKey" in out, err
    last = entries(open_rig, "-n", "1")[0]
    assert (last["program"], last["pid"]) == ("bash", asking.pid)
